"""What a result recorded and what it did not: protocol, prompts and origin, as rows of a card."""

import json
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from msgspec import UNSET

from ...board.model import Entry
from ...board.notes.claims import SETTINGS
from ...board.notes.figures import METHODS, setting
from ...board.words.machines import is_local
from ...eval.records import Prompts, Protocol, Training

SCRIPTED = "scripted"
"""Backend and template status of baselines that follow a rule: they have no settings to record."""
FURTHER = ("top_k", "seeding", "batch_size", "tensor_parallel", "stop", "prompt_rules")
OF_HARNESSES = ("shots", "trials", "turns", "dialogue", "tools", "system_prompt_sha256")


class Row(NamedTuple):
    """A recorded value: the catalogue's key of its name, or a name as the file has it."""

    key: str | None
    name: str
    value: str


class Recorded(NamedTuple):
    """The rows that were recorded, and the names of those that were not."""

    rows: tuple[Row, ...]
    missing: tuple[str, ...]


def protocol(sent: Protocol, wanted: Collection[str] = SETTINGS) -> Recorded:
    """Return the settings of *sent*: named ones first, then whatever else was recorded.

    Only settings that are *wanted* can be missing.
    """
    named = [
        Row(f"protocol.{name}", name, text)
        for name in (*SETTINGS, *FURTHER, *OF_HARNESSES)
        if (text := _text(getattr(sent, name))) is not None
    ]
    if sent.template_kwargs:
        named.append(
            Row("protocol.template_kwargs", "template_kwargs", _json(sent.template_kwargs))
        )
    if sent.harness is not None:
        harness = f"{sent.harness.name} {sent.harness.version or ''}".rstrip()
        named.append(Row("protocol.harness", "harness", harness))
    extra = [
        Row(None, name, text)
        for name, value in sorted(sent.extra.items())
        if (text := _text(value)) is not None and not is_local(text)
    ]
    told = {row.name for row in (*named, *extra)}
    missing = tuple(
        name for name in (*SETTINGS, *OF_HARNESSES) if name in wanted and name not in told
    )
    return Recorded((*named, *extra), () if sent.backend == SCRIPTED else missing)


def prompts(built: Prompts, *, asked: bool = True) -> Recorded:
    """Return how the prompts were *built*, as far as it was recorded; a script builds none.

    Nothing is missing where the suite was not *asked* by this program.
    """
    tokens = (built.tokens_min, built.tokens_median, built.tokens_max)
    values: Mapping[str, str | None] = {
        "template_source": built.template_source,
        "template_sha256": built.template_sha256,
        "kwargs": _json(built.kwargs) if built.kwargs else None,
        "kwargs_ignored": ", ".join(sorted(built.kwargs_ignored)) or None,
        "truncated": _text(built.truncated),
        "doubled_bos": _text(built.doubled_bos),
        "first_token_ids": _text(built.first_token_ids),
        "tokens": " / ".join(_text(n) or "?" for n in tokens) if any(tokens) else None,
    }
    expected = ("template_source", "template_sha256", "truncated", "doubled_bos")
    return Recorded(
        tuple(Row(f"prompts.{name}", name, text) for name, text in values.items() if text),
        ()
        if built.template_status == SCRIPTED or not asked
        else tuple(name for name in expected if values[name] is None),
    )


def origin(entry: Entry) -> tuple[Row, ...]:
    """Return where the numbers of *entry* come from: file, hash, time, scorer, versions, source."""
    result = entry.result
    source = result.provenance
    versions = ", ".join(f"{name} {version}" for name, version in sorted(result.versions.items()))
    values: Mapping[str, str | None] = {
        "file": entry.file,
        "sha256": entry.sha256,
        "revision": result.model.revision,
        "quantisation": result.model.quantisation,
        "adapter": result.model.adapter.id if result.model.adapter else None,
        "finished_at": result.finished_at,
        "scorer": result.scorer,
        "versions": versions or None,
        "parts": str(len(result.parts)) if result.parts else None,
        "repository": source.repository if source else None,
        "document": source.document if source else None,
        "row": source.row_label if source else None,
    }
    return tuple(
        Row(f"origin.{name}", name, text)
        for name, text in values.items()
        if text and not is_local(text)
    )


def trained(training: Training) -> tuple[Row, ...]:
    """Return how an adapter was trained, as its record says."""
    files = training.data
    versions = ", ".join(f"{name} {version}" for name, version in sorted(training.versions.items()))
    done, planned = f"{training.epochs:g}", f"{training.planned_epochs:g}"
    values: Mapping[str, str | None] = {
        "base": training.base,
        "base_revision": training.base_revision,
        "base_sha256": training.base_sha256,
        "data": ", ".join(f"{one.name} ({one.conversations})" for one in files),
        "data_sha256": ", ".join(one.sha256 for one in files),
        "template_sha256": training.template_sha256,
        "rules": ", ".join(training.rules) or None,
        "each_answer": _text(training.each_answer or None),
        "examples": _text(training.examples),
        "left_long": _text(training.left_out.get("long")),
        "left_unwanted": _text(training.left_out.get("unwanted")),
        "tokens": f"{training.trained_tokens} / {training.tokens}",
        "method": METHODS[training.method],
        "rank": _text(training.rank),
        "alpha": _text(training.alpha),
        "dropout": _text(training.dropout),
        "targets": ", ".join(training.targets),
        "epochs": done if done == planned else f"{done} / {planned}",
        "steps": _text(training.steps),
        "batch_size": _text(training.batch_size),
        "learning_rate": f"{training.learning_rate:g}",
        "schedule": training.schedule,
        "seed": _text(training.seed),
        "max_length": _text(training.max_length),
        "dtype": training.dtype,
        "loss": None if training.loss is None else f"{training.loss:.4f}",
        "versions": versions or None,
    }
    return tuple(
        Row(f"trained.{name}", name, text)
        for name, text in values.items()
        if text and not is_local(text)
    )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _text(value: object) -> str | None:
    if value is None or value is UNSET or value == ():
        return None
    if isinstance(value, str | int | float):
        return setting(value)
    return ", ".join(str(part) for part in value) if isinstance(value, Iterable) else str(value)
