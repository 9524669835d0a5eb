"""An example of each shape, and the suite that comes of it: from files to a scored result."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec import UNSET
from msgspec.structs import replace

from cardboard.cli import main
from cardboard.eval.suites.kinds.replay.build import build
from cardboard.eval.suites.kinds.replay.rows import ReplayRow
from cardboard.eval.suites.shapes.files import sha256_of
from cardboard.eval.suites.shapes.registry import NAMES, read
from cardboard.eval.suites.suite import encode
from cardboard.eval.suites.suite import read as read_suite

EXAMPLES = sorted((Path(__file__).parents[3] / "data" / "conversations").iterdir())


def told(path: Path) -> str:
    """Return in few lines what becomes of the file at *path*."""
    built = build(read(path), thoughts="keep")
    lines = [f"## {path.name}: {', '.join(built.shapes)}"]
    lines += [f"cannot be read: {fault}" for fault in built.malformed]
    lines += [f"noted: {code} {count}" for code, count in sorted(built.notes.items())]
    lines += [f"left out: {code} {count}" for code, count in built.dropped.items() if count]
    lines += [f"without a command: {code} {count}" for code, count in built.unfit.items()]
    for row in built.rows:
        tools = len(row.tools)
        offered = f", {tools} tools" if tools else ""
        lines.append(f"{row.task_id}/{row.step_idx} ({row.form or 'json'}{offered})")
        lines.append(f"  after {row.messages[-1].role}: {row.messages[-1].text!r}")
        lines += [f"  types {unit!r}" for unit in row.ref_command_units]
    return "\n".join(lines)


def test_each_example_becomes_what_is_expected(golden: Callable[[str, str], None]) -> None:
    golden("conversations.txt", "\n\n".join(map(told, EXAMPLES)) + "\n")


def test_every_shape_has_an_example() -> None:
    shapes = {name for path in EXAMPLES for name in build(read(path), thoughts="keep").shapes}
    assert shapes == set(NAMES)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_a_shape_is_told_without_the_name_of_its_file(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "a.txt"
    other.write_bytes(path.read_bytes())
    first, second = (build(read(one), thoughts="keep") for one in (path, other))
    assert (first.shapes, first.rows) == (second.shapes, second.rows)


def test_rows_say_where_they_came_from_and_are_read_again_as_they_were() -> None:
    rows: list[ReplayRow] = []
    for path in EXAMPLES:
        made = build(read(path), thoughts="keep").rows
        assert {row.source_sha256 for row in made} <= {sha256_of(path)}
        rows += [replace(row, task_id=f"{path.name}/{row.task_id}") for row in made]
    assert {"json", "calls", "shell"} == {row.form or "json" for row in rows}
    again = read_suite(encode(rows), "rows.jsonl")
    assert list(again.rows) == rows


@pytest.mark.parametrize(
    ("name", "fingerprint"),
    [
        (
            "openai_messages.jsonl",
            "70d9cb1bc90d80059cbf5092459c29256d7eaadded3e8f5b6c8e076b0f20a938",
        ),
        (
            "openai_extra_keys.jsonl",
            "8c1db2717b6192e765ce7ca98ebb4bbd2ce2c3a258daa39e484ad5441bdb1d89",
        ),
    ],
)
def test_suites_that_were_built_before_shapes_were_kept_are_still_the_same(
    name: str, fingerprint: str
) -> None:
    (path,) = (path for path in EXAMPLES if path.name == name)
    rows = build(read(path), thoughts="keep").rows
    assert read_suite(encode(rows), "f").fingerprint == fingerprint
    without = [replace(row, shape=UNSET, source_sha256=UNSET) for row in rows]
    assert read_suite(encode(without), "f").fingerprint == fingerprint


def test_a_suite_of_many_shapes_is_measured_and_stands_on_a_board(tmp_path: Path) -> None:
    run = CliRunner()

    def typed(*words: str) -> str:
        done = run.invoke(main, ["-C", str(tmp_path), *words])
        assert done.exit_code == 0, done.output
        return done.output

    rows = tmp_path / "suites" / "mine.jsonl"
    files = [str(path) for path in EXAMPLES if path.suffix != ".jsonl" or "mixed" not in path.name]
    typed("suite", "build", *files, "--thoughts", "keep", "--name", "mine", "-o", str(rows))
    block = typed("suite", "info", str(rows), "--format", "toml")
    board = '[board]\nlanguages = ["en"]\ntitle = { en = "Mine" }\n[policy]\n'
    assert "calls of a shell tool" in tomllib.loads(block)["suites"][0]["words"]["output"]["en"]
    (tmp_path / "board.toml").write_text(
        f'{board}"template-unverifiable" = "info"\n{block}', encoding="utf-8"
    )
    for rule in ("oracle", "echo-previous"):
        typed("eval", rule, "--suite", "mine", "--backend", "scripted")
    shown = [line.split() for line in typed("board").splitlines()]
    assert ["1", "oracle", "100.00"] in [line[:3] for line in shown]
    typed("cards")
    card = (tmp_path / "build" / "cards" / "oracle" / "README.md").read_text(encoding="utf-8")
    assert "An answer gives the commands to type as one JSON object or as calls of a shell" in card
    assert "keystrokes" not in card.split("### Output")[-1].split("###")[0]
