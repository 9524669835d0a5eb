"""One result at every level of evidence, settings recorded or not, and what may be said of it."""

import re
from collections.abc import Callable
from itertools import product
from typing import Any, get_args

import pytest
from msgspec.structs import replace

from cardboard.board.judge.build import build_boards
from cardboard.board.model import Boards, Reading
from cardboard.board.words.catalogue import Words
from cardboard.board.workspace.settings import Settings
from cardboard.eval import records
from cardboard.eval.records import Evidence
from cardboard.tests.making import SETTINGS, SUITE, a_reading, a_workspace, measured

NAME = "org/model"
LEVELS: tuple[Evidence, ...] = get_args(Evidence)
CASES = tuple(product(LEVELS, (True, False)))
"""The level, and whether everything was recorded."""

BARE: dict[str, Any] = {
    "protocol": records.Protocol(),
    "model": records.Model(id=NAME),
    "prompts": records.Prompts(template_status="chat_template"),
}
FULL: dict[str, Any] = {
    "protocol": records.Protocol(
        backend="vllm",
        temperature=0.0,
        top_p=1.0,
        max_tokens=1024,
        max_model_len=4096,
        thinking=False,
        seed=0,
        dtype="bfloat16",
    ),
    "model": records.Model(id=NAME, revision="1" * 40),
    "prompts": records.Prompts(
        template_status="chat_template",
        status_counts={"chat_template": 12},
        template_source="tokenizer",
        template_sha256="c" * 64,
        kwargs={"enable_thinking": False},
        truncated=0,
        doubled_bos=False,
    ),
    "timing": records.Timing(load_seconds=57.2, seconds_per_step=0.083),
    "versions": {"vllm": "0.32.0"},
    "finished_at": "2026-05-07T21:50:36+09:00",
}
BY_TASK = [[0.9, 0.8], [0.7, 0.6], [0.6, 0.5], [0.5, 0.4], [0.4, 0.3], [0.2, 0.1]]


def workspace(level: Evidence, recorded: bool) -> tuple[Boards, Settings]:
    """Return the boards and settings of a workspace with one such result between two others."""
    suite = replace(SUITE, steps=12, tasks=6, rows="suites/mini-1.jsonl")
    settings = replace(SETTINGS, suites=(suite,))
    readings = [
        _reading(NAME, 1.0, level, FULL if recorded else BARE),
        _reading("org/better", 1.1, level, FULL),
        _reading("org/worse", 0.2, level, FULL),
    ]
    return build_boards(readings, a_workspace(suites=(suite,))), settings


def _reading(name: str, by: float, level: Evidence, how: dict[str, Any]) -> Reading:
    made = measured(name, *[[round(score * by, 3) for score in task] for task in BY_TASK])
    assert made.result is not None
    differs = {**how, "model": replace(how["model"], id=name)}
    result = replace(made.result, **differs)
    if level == "rows":
        return a_reading(result, facts=made.facts)
    if level == "summary":
        return a_reading(result)
    if level == "by-hand":
        person = records.Provenance(kind="by-hand", evidence="by-hand")
        return a_reading(replace(result, provenance=person), facts=made.facts)
    source = records.Provenance(
        kind="published-table", repository="org/reports", document="REPORT.md", row_label=name
    )
    return a_reading(replace(result, provenance=source), kind="published-table")


Case = tuple[Evidence, bool]
Needs = Callable[[str, bool], bool]


def _of(*levels: str) -> Needs:
    return lambda level, recorded: level in levels


def _recorded(level: str, recorded: bool) -> bool:
    return recorded


def _bare(level: str, recorded: bool) -> bool:
    return not recorded


def _bare_of(*levels: str) -> Needs:
    return lambda level, recorded: level in levels and not recorded


CLAIMS: dict[str, Needs] = {
    "basis.rows": _of("rows"),
    "basis.summary": _of("summary"),
    "basis.quoted": _of("quoted"),
    "basis.by-hand": _of("by-hand"),
    "basis.date": _recorded,
    "template.is-counted": _recorded,
    "template.is-stated": _bare_of("rows", "summary", "by-hand"),
    "template.is-quoted": _bare_of("quoted"),
    "finding.protocol-not-recorded": _bare,
    "finding.revision-not-recorded": _bare,
    "finding.not-checkable-summary": _of("summary"),
    "finding.not-checkable-quoted": _of("quoted"),
    "severity.warning": _bare,
    "card.remarks": _bare,
    "card.missing": _bare,
    "card.setting": _recorded,
    "card.notes": lambda level, recorded: level != "rows" or not recorded,
    "notes.none": lambda level, recorded: level == "rows" and recorded,
    "notes.open": lambda level, recorded: level in ("summary", "quoted") or not recorded,
    "notes.next": lambda level, recorded: level != "rows" or not recorded,
    "means.settings": _bare,
    "means.revision": _bare,
    "means.not-checkable": _of("summary", "quoted"),
    "next.measure": _of("summary", "quoted"),
    "next.measure-by-rule": _of("by-hand"),
    "card.about-by-hand": _of("by-hand"),
    "read.by-hand": _of("by-hand"),
    "replay:card.purpose": _of("rows", "summary", "quoted"),
    "run.missing-person": _of("by-hand"),
    "run.reproduce-rows": _of("rows", "summary", "quoted"),
    "run.reproduce-text": _of("rows", "summary", "quoted"),
    "remedy.protocol-not-recorded": _bare_of("rows"),
    "remedy.revision-not-recorded": _bare_of("rows"),
    "rank.interval": _of("rows", "by-hand"),
    "rank.range": _of("rows", "by-hand"),
    "rank.alone-open": _of("summary", "quoted"),
    "site.interval": _of("rows", "by-hand"),
    "site.level": _of("rows", "by-hand"),
    "run.values-result": _recorded,
    "run.values-suite": _bare,
    "run.kwargs-result": _recorded,
    "run.reproduce-engine": _bare_of("rows", "summary", "quoted"),
    "origin.document": _of("quoted"),
    "origin.repository": _of("quoted"),
    "origin.row": _of("quoted"),
}
"""What each sentence needs that is not said of every result: a level, or recorded settings."""
RECORDED = ("protocol.", "prompts.", "origin.", "metric.", "unit.")
"""Names and units of values, which stand where there is one."""


def tagged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every message carry its key, so that a text shows which it is made of."""
    plain = Words._message

    def message(self: Words, key: str, n: object) -> str:
        return f"⟦{key}⟧{plain(self, key, n)}"

    monkeypatch.setattr(Words, "_message", message)


def keys_in(text: str) -> frozenset[str]:
    """Return the keys of all messages that *text* is made of."""
    return frozenset(re.findall(r"⟦([^⟧]*)⟧", text.replace("\\", "")))


def check(said: dict[tuple[str, bool], frozenset[str]], *, ignored: tuple[str, ...] = ()) -> None:
    """Hold what is *said* of the result in every case to the table."""
    everywhere = frozenset.intersection(*said.values())
    sometimes = frozenset.union(*said.values()) - everywhere
    untold = sorted(
        key for key in sometimes - CLAIMS.keys() if not key.startswith((*RECORDED, *ignored))
    )
    assert untold == [], "what is not said of every result stands in the table of claims"
    for key in sorted(sometimes & CLAIMS.keys()):
        told = [case for case in CASES if key in said[case]]
        assert told == [case for case in CASES if CLAIMS[key](*case)], key
