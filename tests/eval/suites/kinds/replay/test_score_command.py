"""`cardboard score`: rows in, scores out, and bad rows named."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cardboard.eval.suites.kinds.replay.score_command import score

SCORES = ["first_cmd_exact", "command_precision", "command_recall", "command_f1"]
GOOD = {
    "suite": "corrected303",
    "ref_command_units": ["cat a", "ls"],
    "pred_command_units": ["cat b"],
}
SCORED = dict(zip(SCORES, [0.0, 0.5, 0.25, 0.3333], strict=True))


def run(path: Path, *rows: object) -> Result:
    """Score *rows*, each an object or the line itself."""
    lines = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
    path.write_bytes(b"\n".join(lines))
    return CliRunner().invoke(score, [str(path)])


def printed(result: Result) -> list[dict[str, float]]:
    """Return the rows of standard output."""
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_each_row_prints_its_four_scores(tmp_path: Path) -> None:
    legacy = {"suite": "legacy386", "ref_command_units": [], "pred_command_units": []}
    result = run(tmp_path / "rows.jsonl", GOOD, legacy)
    assert printed(result) == [SCORED, dict.fromkeys(SCORES, 1.0)]
    assert [list(row) for row in printed(result)] == [SCORES, SCORES]
    assert (result.exit_code, result.stderr) == (0, "")


def test_the_golden_steps_can_be_scored_as_they_are(tmp_path: Path) -> None:
    cases = json.loads((Path(__file__).parents[4] / "data/golden_steps.json").read_text())["cases"]
    result = run(tmp_path / "golden.jsonl", *cases)
    assert printed(result) == [{name: case[name] for name in SCORES} for case in cases]


def test_texts_are_parsed_where_units_are_not_given(tmp_path: Path) -> None:
    said = json.dumps({"commands": [{"keystrokes": "cat a\nls\n"}]})
    row = {"suite": "corrected303", "ref_raw": f"```json\n{said}\n```", "pred_raw": said}
    units_first = {**GOOD, "ref_raw": "not read", "pred_raw": None}
    result = run(tmp_path / "rows.jsonl", row, units_first)
    assert printed(result) == [dict.fromkeys(SCORES, 1.0), SCORED]


@pytest.mark.parametrize(
    "reply", ["[]", "1", "null", "", "[" * 5000, '{"a": ' + "9" * 5000 + "}", "\ud800", "{}"]
)
def test_a_hostile_reply_scores_nothing(tmp_path: Path, reply: str) -> None:
    row = {"suite": "corrected303", "ref_command_units": ["ls"], "pred_raw": reply}
    result = run(tmp_path / "rows.jsonl", row)
    assert printed(result) == [dict.fromkeys(SCORES, 0.0)]
    assert result.exit_code == 0


def without(key: str, **more: object) -> dict[str, object]:
    """Return the good row without *key*, with *more*."""
    return {name: value for name, value in (GOOD | more).items() if name != key}


BAD = [
    (without("suite"), "suite: is missing; it must be corrected303 or legacy386"),
    ({**GOOD, "suite": "tb2"}, "suite: is 'tb2'; it must be corrected303 or legacy386"),
    ({**GOOD, "suite": ["legacy386"]}, "suite: is ['legacy386']; it must be"),
    (without("ref_command_units"), "ref_command_units: is missing, and so is ref_raw"),
    (without("pred_command_units", pred_raw=1), "pred_raw: must be a text"),
    ({**GOOD, "pred_command_units": "ls"}, "pred_command_units: must be a list of texts"),
    ({**GOOD, "pred_command_units": ["ls", 2]}, "pred_command_units[1]: must be a text"),
    (["ls"], "must be a JSON object"),
    (b"{", "not JSON: Expecting property name enclosed in double quotes (column 2)"),
    (b'{"a": \xff}', "not UTF-8 from byte 7 on"),
    (b"[" * 5000, "not usable JSON: nested more than 100 deep"),
    (b'{"a": ' + b"9" * 5000 + b"}", "not usable JSON: an integer of more than 4300 digits"),
    (
        {**GOOD, "ref_command_units": [f"a{i} b" for i in range(5000)],
         "pred_command_units": [f"c{i} b" for i in range(5000)]},
        "pred_command_units: 5000 different predicted commands against 5000",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("row", "message"), BAD)
def test_a_bad_row_is_named_and_the_others_go_on(tmp_path: Path, row: object, message: str) -> None:
    path = tmp_path / "rows.jsonl"
    result = run(path, GOOD, row, GOOD)
    assert printed(result) == [SCORED, SCORED]
    assert result.stderr.startswith(f"{path}:2: {message}")
    assert result.stderr.count("\n") == 1
    assert result.exit_code == 1


def test_a_byte_order_mark_and_blank_lines_do_no_harm(tmp_path: Path) -> None:
    row = json.dumps(GOOD).encode()
    result = run(tmp_path / "rows.jsonl", b"\xef\xbb\xbf" + row, b"", b"  \r", b"[]")
    assert printed(result) == [SCORED]
    assert f"{tmp_path / 'rows.jsonl'}:4: must be a JSON object" in result.stderr


def test_a_dash_reads_standard_input() -> None:
    result = CliRunner().invoke(score, ["-"], input=json.dumps(GOOD) + "\n[]\n")
    assert printed(result) == [SCORED]
    assert result.stderr == "-:2: must be a JSON object\n"


def test_nothing_in_is_nothing_out(tmp_path: Path) -> None:
    result = run(tmp_path / "rows.jsonl")
    assert (result.exit_code, result.output) == (0, "")


@pytest.mark.parametrize("name", ["absent.jsonl", "."])
def test_a_file_that_cannot_be_read_is_a_wrong_use(tmp_path: Path, name: str) -> None:
    assert CliRunner().invoke(score, [str(tmp_path / name)]).exit_code == 2


def test_the_help_shows_an_example() -> None:
    help_text = CliRunner().invoke(score, ["--help"]).output
    assert "cardboard score steps.jsonl > scores.jsonl" in help_text
    assert '"pred_command_units": ["ls"]}' in help_text
