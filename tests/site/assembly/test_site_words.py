"""The catalogues hold every word that a site may need, also those that no sample page uses."""

import re
from pathlib import Path
from typing import get_args

import pytest

from cardboard.board.model import Class, Kind
from cardboard.board.words.catalogue import Words
from cardboard.board.words.findings import JUDGING, THRESHOLDS, Verdict
from cardboard.eval.records import Adapter, Machine, Prompts, Protocol, Status, Timing
from cardboard.eval.suites.kinds.registry import KINDS
from cardboard.site.model.field_file import TIMES
from cardboard.site.source.metric_words import NAMED
from cardboard.site.table.rows import columns_of
from cardboard.site.table.words import SCRIPT
from cardboard.tests.making import SUITE

ROOT = Path(__file__).parents[3]
COLUMNS = columns_of(SUITE)
TIMED = {*Timing.__struct_fields__} - {"load_seconds", "seconds_per_step"}
LATER = (
    "shots",
    "trials",
    "turns",
    "dialogue",
    "tools",
    "system_prompt_sha256",
    "template_kwargs",
    "harness",
)
"""Settings that a page names only where they were recorded."""
SOURCES = [
    *(ROOT / "site").rglob("*.py"),
    *(ROOT / "templates" / "site").iterdir(),
    *(ROOT / "templates" / "kinds").rglob("*.jinja"),
]
WHOLE = re.compile(
    r"""["']((?:site|card|origin|protocol|prompts|metric|language)\.[\w.-]+)["'](?!\|of\()"""
)
KEYS = {
    *(key for source in SOURCES for key in WHOLE.findall(source.read_text(encoding="utf-8"))),
    *(f"site.column.{column.name}" for column in COLUMNS if column.metric is None),
    *(column.unknown for column in COLUMNS),
    *(f"site.fact.{name}" for name in (*TIMED, *Machine.__struct_fields__)),
    *SCRIPT.values(),
    *(f"site.badge.{code}" for code in JUDGING),
    *(f"site.kind.{kind}" for kind in get_args(Kind)),
    *(f"site.verdict.{verdict}" for verdict in get_args(Verdict)),
    *(f"site.status.{status}" for status in get_args(Status)),
    *(f"site.board.title.{name}" for name in get_args(Class)),
    *(f"site.policy.threshold.{code}" for code in THRESHOLDS),
    *(f"site.policy.threshold.{doubt.code}" for kind in KINDS.values() for doubt in kind.doubts),
    *(f"metric.{name}" for name in (*TIMES, "steps", "tasks")),
    *(f"protocol.{name}" for name in Protocol.__struct_fields__ if name not in {*LATER, "extra"}),
    *(f"site.fact.{name}" for name in LATER),
    *(f"site.unit.{name}" for name in NAMED),
    *(f"relation.{name}" for name in ("finetune", "adapter", "merge", "quantized")),
    *(f"notes.{name}" for name in ("strength", "limit", "speed", "next")),
    *(f"replay:group.{name}" for name in KINDS["replay"].groups),
    "template.other",
}


@pytest.mark.parametrize("language", ["en", "ko"])
def test_nothing_is_missing(language):
    words = Words(language)
    # Some keys end where the code appends a name; those are listed above.
    assert sorted(key for key in KEYS if not key.endswith(".") and not words.has(key)) == []


def test_the_search_for_keys_finds_some():
    assert len(KEYS) > 100
    assert "site.policy.title" in KEYS


@pytest.mark.parametrize("record", [Protocol, Prompts, Adapter])
def test_every_recorded_setting_is_shown(record):
    """Whoever adds a field to a record must say how pages show it."""
    shown = (ROOT / "site" / "model" / "facts.py").read_text(encoding="utf-8")
    assert [name for name in record.__struct_fields__ if name not in shown] == []
