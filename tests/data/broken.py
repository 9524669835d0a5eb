"""A folder of one good result and thirty broken ones, each broken in a way of its own."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

GOOD = "good.json"


class Broken(NamedTuple):
    """A broken file: how it is written, and the finding that names what is wrong."""

    write: Callable[[Path], object]
    code: str
    key: str | None = None


def good(**changes: object) -> dict[str, object]:
    """Return a small result of version 1, with top-level keys changed."""
    document: dict[str, object] = {
        "kind": "result",
        "version": 1,
        "model": {"id": "example-org/Tiny-1B"},
        "suite": {"name": "tb2-lite", "version": "corrected303"},
        "protocol": {"temperature": 0.0, "max_tokens": 1024},
        "prompts": {"template_status": "chat_template"},
        "counts": {"expected": 303, "scored": 303, "failed": 0, "tasks": 50},
        "aggregate": {"avg_command_f1": 0.25},
        "status": "complete",
    }
    return document | changes


def second(**changes: object) -> dict[str, object]:
    """Return the same small result as version 2 writes it, with top-level keys changed."""
    document = good(version=2, metrics={"command_f1": {"value": 0.25}})
    del document["aggregate"]
    return document | changes


def replay(**changes: object) -> dict[str, object]:
    """Return a small replay file, as evaluators without a version wrote them."""
    document: dict[str, object] = {
        "model": "example-org/Tiny-1B",
        "model_short": "tiny_1b",
        "timestamp": "2026-05-09T00:29:29+00:00",
        "prompt_template": {"template_status": "chat_template"},
        "aggregate": {"steps": 303, "tasks": 50, "avg_command_f1": 0.25},
        "per_step": [],
    }
    return document | changes


def write(folder: Path) -> dict[str, Broken]:
    """Write the good file and all broken ones to *folder*; return the broken ones by name."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / GOOD).write_text(json.dumps(good()), encoding="utf-8")
    for name, broken in BROKEN.items():
        broken.write(folder / name)
    return BROKEN


def _text(text: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(text, encoding="utf-8")


def _bytes(data: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(data)


def _json(document: object) -> Callable[[Path], object]:
    return _text(json.dumps(document))


def _patched(old: str, new: str, document: dict[str, object]) -> Callable[[Path], object]:
    text = json.dumps(document)
    assert old in text
    return _text(text.replace(old, new))


def _huge(path: Path) -> None:
    """Write a file that is large and takes no room."""
    with path.open("wb") as file:
        file.truncate(257 * 2**20)


STEP = {"task_id": "task-000", "step_idx": 0, "command_f1": 0.5}
STEP_2 = {"task_id": "task-000", "step_idx": 0, "scores": {"command_f1": 0.5}}
"""The same as version 2 writes it."""

BROKEN = {
    "a-folder.json": Broken(Path.mkdir, "is-directory"),
    "a-pipe.json": Broken(os.mkfifo, "unreadable"),
    "a-link-to-nothing.json": Broken(lambda path: path.symlink_to("nothing"), "unreadable"),
    "a-link-to-itself.json": Broken(lambda path: path.symlink_to(path.name), "unreadable"),
    "too-large.json": Broken(_huge, "too-large"),
    "empty.json": Broken(_text(""), "not-json"),
    "blank.json": Broken(_text(" \n\t"), "not-json"),
    "latin-1.json": Broken(_bytes('{"model": "café"}'.encode("latin-1")), "not-json"),
    "utf-16.json": Broken(_bytes('{"model": "x"}'.encode("utf-16")), "other-encoding"),
    "cut-off.json": Broken(
        _text(json.dumps(replay())[:-4]),
        "not-json",
        "per_step",
    ),
    "cut-in-a-string.json": Broken(_text('{"model": {"id": "exam'), "not-json", "model.id"),
    "trailing-comma.json": Broken(_text('{"model": "x",}'), "not-json"),
    "two-documents.json": Broken(_text('{"model": "x"}\n{"model": "y"}'), "other-form"),
    "a-list.json": Broken(_json([good()]), "not-an-object"),
    "a-number.json": Broken(_text("42"), "not-an-object"),
    "not-a-count.json": Broken(
        _patched('"tasks": 50', '"tasks": "many"', good()), "wrong-type", "counts.tasks"
    ),
    "five-thousand-digits.json": Broken(
        _patched('"steps": 303', f'"steps": {"9" * 5000}', replay()),
        "number-too-long",
        "aggregate.steps",
    ),
    "absurdly-deep.json": Broken(_text('{"model": ' + "[" * 100_000), "too-deep", "model[0]"),
    "same-key-twice.json": Broken(
        _text(json.dumps(good())[:-1] + ', "aggregate": {"avg_command_f1": 0.99}}'),
        "duplicate-key",
        "aggregate",
    ),
    "same-key-twice-in-a-step.json": Broken(
        _patched(
            '"command_f1": 0.5}',
            '"command_f1": 0.5, "command_f1": 1.0}',
            replay(per_step=[STEP, STEP | {"step_idx": 1, "command_f1": 0.25}]),
        ),
        "duplicate-key",
        "per_step[0].command_f1",
    ),
    "of-no-known-shape.json": Broken(_json({"loss": [1.0, 0.5]}), "unknown-shape"),
    "from-the-future.json": Broken(_json(good(version=3)), "newer-version", "version"),
    "without-counts.json": Broken(
        _json({key: value for key, value in good().items() if key != "counts"}),
        "missing-key",
        "counts",
    ),
    "fewer-than-none.json": Broken(
        _json(second(counts={"scored": -1})), "out-of-range", "counts.scored"
    ),
    "without-status.json": Broken(
        _json({key: value for key, value in second().items() if key != "status"}),
        "missing-key",
        "status",
    ),
    "half-a-shard.json": Broken(_json(second(shard=[1])), "out-of-range", "shard"),
    "nobody.json": Broken(_json(good(model={"id": ""})), "out-of-range", "model.id"),
    "list-for-a-count.json": Broken(
        _json(replay(aggregate={"steps": [303], "avg_command_f1": 0.25})),
        "wrong-type",
        "aggregate.steps",
    ),
    "nothing-measured.json": Broken(_json(replay(aggregate=None)), "missing-key", "aggregate"),
    "another-measurement.json": Broken(
        _json(
            {"params_B": 1.2, "samples": 50, "aggregate": {"avg_overlap": 0.2}, "per_sample": []}
        ),
        "proxy",
    ),
}
"""Thirty broken files by their names."""

assert len(BROKEN) == 30
