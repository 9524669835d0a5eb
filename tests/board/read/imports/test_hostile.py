"""Files of other programs, changed at random: none breaks the reader, none tells a path."""

import copy
import json
import random
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cardboard.board.judge.build import build_boards
from cardboard.board.read.reader import read_results
from cardboard.board.words.catalogue import Words
from cardboard.eval.records import Result, encode
from cardboard.tests.imports import DATA
from cardboard.tests.making import a_workspace

EACH = 60
HOSTILE: tuple[Any, ...] = (
    None, True, 0, -1, 10**30, 1e308, 0.5, "", " ", "N/A", "nan", "x" * 5000, "../../etc/passwd",
    "/home/worker/run/checkpoint-1", "\ud7ff\u202e", "<script>", "=1+1", [], {}, [[]], [None],
    {"": {}}, {"value": {}}, ["a", 1, {}], "2026-02-30T00:00:00Z",
)  # fmt: skip
SIGNS = (b"", b",", b'"', b"\x00", b"\xff", b"\n{[")
SOURCES = sorted(
    path for path in DATA.rglob("*") if path.is_file() and path.name != "eval_summary.json"
)


def places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every value inside *value*."""
    inner: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [way, *(place for key, one in inner for place in places(one, (*way, key)))]


def changed(value: Any, chance: random.Random) -> Any:
    """Return *value* with one to four of its parts replaced or left out."""
    for _ in range(chance.randint(1, 4)):
        *way, last = chance.choice(places(value)[1:] or [("nothing",)])
        held = value
        for key in way:
            held = held[key]
        if last == "nothing":
            continue
        if chance.random() < 0.2:
            del held[last]
        else:
            held[last] = copy.deepcopy(chance.choice(HOSTILE))
    return value


def written(source: Path, chance: random.Random) -> bytes:
    """Return what *source* holds, changed: by its structure if it has one, else byte by byte."""
    data = source.read_bytes()
    if chance.random() < 0.7 and source.suffix == ".json":
        return json.dumps(changed(json.loads(data), chance)).encode("utf-8", "surrogatepass")
    if chance.random() < 0.5 and source.suffix == ".jsonl":
        rows = [changed(json.loads(row), chance) for row in data.splitlines()]
        return "\n".join(map(json.dumps, rows)).encode("utf-8", "surrogatepass")
    odd = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(odd))
        odd[at : at + chance.randint(0, 4)] = chance.choice(
            (b"", b",", b'"', b"\x00", b"\xff", b"\n{[")
        )
    return bytes(odd[: chance.randint(1, len(odd))] if chance.random() < 0.3 else odd)


@pytest.mark.parametrize("name", ["results_**.json", "results_[.json", "results_?*.json"])
@pytest.mark.parametrize("family", ["lighteval", "harbor", "lm-eval-0.3", "mteb", "swe-bench"])
def test_a_name_that_looks_like_a_pattern_is_only_a_name(family, name, tmp_path):
    source = next((DATA / family).rglob("*.json"))
    (tmp_path / name).write_bytes(source.read_bytes())
    assert [one.kind for one in read_results(tmp_path)] == ["import"]


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.relative_to(DATA).parts[0])
def test_whatever_a_file_holds_it_is_read_or_refused_in_words(source, tmp_path):
    chance = random.Random(source.name)  # the same for everyone
    family = DATA / source.relative_to(DATA).parts[0]
    folder = tmp_path / "results" / family.name
    shutil.copytree(family, folder, copy_function=shutil.copyfile)
    say = Words("en").finding
    for _ in range(EACH):
        (folder / source.relative_to(family)).write_bytes(written(source, chance))
        readings = read_results(tmp_path / "results")
        build_boards(readings, a_workspace())
        for reading in readings:
            assert all(say(one) for one in reading.findings)
            assert reading.parts or reading.findings or reading.result or reading.measures
            for part in reading.parts:
                assert part.result is not None
                text = encode(part.result)
                assert msgspec.json.decode(text, type=Result) == part.result
                assert b"/home/worker" not in text
