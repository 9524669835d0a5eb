"""BFCL's public items become rows, judged by both rules; a hostile wheel harms nobody."""

import json
import tomllib
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from cardboard.cli import main
from cardboard.eval.errors import UsageError
from cardboard.eval.records import Step
from cardboard.eval.suites.kinds.calls import bfcl
from cardboard.eval.suites.kinds.calls.bfcl_rules import Judged, calls_in, cause, judged
from cardboard.eval.suites.kinds.calls.build import oracle
from cardboard.eval.suites.kinds.calls.kind import CALLS
from cardboard.eval.suites.kinds.calls.matching import Match, match
from cardboard.eval.suites.kinds.calls.parsers.families import named, read
from cardboard.eval.suites.kinds.calls.parsers.reading import Call
from cardboard.eval.suites.kinds.calls.rows import CallsRow, schemas_of
from cardboard.eval.suites.kinds.calls.scoring import score
from cardboard.eval.suites.kinds.kind import Scored

DATA = Path(__file__).parents[4] / "data" / "bfcl" / "items.toml"
TOLD = tomllib.loads(DATA.read_text(encoding="utf-8"))
FUNCTIONS: Mapping[str, Any] = TOLD["functions"]
ITEMS: Mapping[str, Any] = {f"item_{at:02}": one for at, one in enumerate(TOLD["items"])}

INFO = "bfcl_eval-2026.3.23.dist-info/METADATA"
FOLDER = "bfcl_eval/data"


def function(name: str) -> dict[str, Any]:
    told = FUNCTIONS[name]
    parameters = {
        "type": "dict",
        "properties": told["properties"],
        "required": told["required"],
    }
    return {"name": name, "description": told["description"], "parameters": parameters}


def item(name: str, functions: Iterable[dict[str, Any]], **more: Any) -> dict[str, Any]:
    question = [[{"role": "user", "content": "Please."}]]
    return {"id": name, "question": question, "function": list(functions), **more}


def files_of(items: Mapping[str, Any]) -> dict[str, str]:
    """Return the files of *items*, written as BFCL writes them, by their paths in its wheel."""
    lines: dict[str, list[str]] = {}
    for name, one in items.items():
        category = one.get("category", "simple_python")
        offered = one.get("functions") or list(dict.fromkeys(k for w in one["wanted"] for k in w))
        asked = item(name, map(function, offered))
        lines.setdefault(f"{FOLDER}/BFCL_v4_{category}.json", []).append(json.dumps(asked))
        if "wanted" in one:
            right = {"id": name, "ground_truth": one["wanted"]}
            place = f"{FOLDER}/possible_answer/BFCL_v4_{category}.json"
            lines.setdefault(place, []).append(json.dumps(right))
    return {INFO: "Version: 2026.3.23", **{key: "\n".join(one) for key, one in lines.items()}}


def wheel(folder: Path, files: Mapping[str, str | bytes], **packing: Any) -> Path:
    path = folder / "bfcl_eval-2026.3.23-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", **packing) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


USED = tuple({one.get("category", "simple_python"): None for one in ITEMS.values()})


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CallsRow]:
    path = wheel(tmp_path_factory.mktemp("wheel"), files_of(ITEMS))
    found = bfcl.read(path, USED)
    assert not found.left_out
    return {row.task_id: row for row in found.rows}


def both(row: CallsRow, answer: str, family: str = "pythonic") -> tuple[Match, Judged, str | None]:
    assert row.bfcl
    schemas = schemas_of(row.offered)
    found = read(named(family), answer, schemas)
    ours = match(found, row.wanted, schemas, ordered=row.ordered)
    theirs = judged(row.bfcl, answer, found, family)
    why = cause(row.bfcl, ours, theirs, found, exact=ours.outcome == "exact")
    return ours, theirs, why


@pytest.mark.parametrize("name", ITEMS, ids=lambda name: str(ITEMS[name]["rule"]))
def test_each_of_their_rules_gives_what_was_worked_out_by_hand(
    name: str, rows: dict[str, CallsRow]
) -> None:
    told = ITEMS[name]
    ours, theirs, why = both(rows[name], told["answer"])
    assert (theirs.right, ours.outcome == "exact") == (told["theirs"], told["ours"])
    assert why == told.get("why")


def test_items_on_which_the_rules_part_are_listed_with_the_reason(
    rows: dict[str, CallsRow], golden: Callable[[str, str], None]
) -> None:
    parted = []
    for name, told in ITEMS.items():
        ours, theirs, why = both(rows[name], told["answer"])
        if why:
            by = "right" if theirs.right else f"wrong ({theirs.refusal})"
            parted.append(
                f"{told['rule']}\n  {told['answer']}\n  theirs {by}, ours {ours.outcome}: {why}"
            )
    golden("bfcl-rules.txt", f"{len(parted)} of {len(ITEMS)}\n\n" + "\n\n".join(parted) + "\n")


@pytest.mark.parametrize(
    "answer",
    [
        "[" * 5_000 + "]" * 5_000,
        f"[f(a={'-' * 90_000}1)]",
        f"[f(a={'not ' * 20_000}1)]",
        f"[f(a={'x.' * 40_000}y)]",
        f"[f(a={'1+' * 40_000}1)]",
        f"[f(a={'lambda:' * 10_000}1)]",
        f"[f(a='{'x' * 200_000}')]",
        "[f(a=9**9**9)]",
        "[f(a='x' * 10**9)]",
        "[f(a='\0')]",
        "[f(a=__import__('os').getpid() + 0)]",
    ],
    ids=lambda answer: answer[:30].replace("\0", "0"),
)
def test_what_is_long_deep_or_would_have_to_be_executed_is_not_read(answer: str) -> None:
    assert calls_in(answer) is None


def test_sums_of_plain_numbers_are_worked_out() -> None:
    assert calls_in("[f(a=2**10 - 24, b=-1 + +3, c='x' + 'y')]") == (
        Call("f", {"a": 1000, "b": 2, "c": "xy"}),
    )


@given(st.text(alphabet="f(a='1,)[]{}:+-*. \\\n\"<|`tru", max_size=60))
def test_any_text_is_read_or_not(answer: str) -> None:
    calls = calls_in(answer)
    assert calls is None or all(isinstance(one.name, str) for one in calls)


def test_calls_of_other_families_are_those_that_their_readers_of_json_find(
    rows: dict[str, CallsRow],
) -> None:
    row = next(row for row in rows.values() if row.category == "irrelevance")
    said = '<tool_call>\n{"name": "lamp.off", "arguments": {"lamp_id": "a1"}}\n</tool_call>'
    assert [both(row, text, "hermes")[1].right for text in (said, said[:-20], "No.")] == [
        False,
        True,
        True,
    ]


def test_a_row_says_types_as_json_schemas_do_and_keeps_theirs_beside(
    rows: dict[str, CallsRow],
) -> None:
    row = next(row for row in rows.values() if row.wanted and row.wanted[0].name == "mix")
    schema = row.offered[0]["function"]["parameters"]
    assert schema["type"] == "object"
    assert schema["properties"]["size"] == {"type": "array", "items": {"type": "integer"}}
    assert schema["properties"]["weights"]["items"] == {"type": "number"}
    assert schema["properties"]["label"] == {}
    assert row.bfcl
    assert row.bfcl.types["mix"]["size"] == ("tuple", "integer")
    assert (row.suite, row.suite_version, row.language) == ("bfcl-v4-part", "2026.3.23", "en")


def test_the_right_calls_are_right_by_both_rules(rows: dict[str, CallsRow]) -> None:
    for row in rows.values():
        if row.wanted and "from" not in row.wanted[0].arguments:
            answer = named("pythonic").write(oracle(row).calls)
            ours, theirs, why = both(row, answer)
            assert (ours.outcome, theirs.right, why) == ("exact", True, None), row.task_id


def test_an_item_that_contradicts_its_own_tools_is_left_out_by_name(tmp_path: Path) -> None:
    items = {
        "fine": {"wanted": [{"lamp.off": {"lamp_id": ["a1"]}}]},
        "no-such-tool": {"functions": ["lamp.off"], "wanted": [{"lamp.up": {}}]},
        "no-such-parameter": {"wanted": [{"lamp.off": {"lamp_id": ["a1"], "hard": [True]}}]},
        "another-type": {"wanted": [{"book_room": {"city": ["Busan"], "nights": ["two"]}}]},
        "needs-more": {"wanted": [{"book_room": {"city": ["Busan"]}}]},
        "many-forms": {
            "wanted": [{"house_rules": {"rules": [{f"k{at}": [1, 2] for at in range(40)}]}}]
        },
    }
    found = bfcl.read(wheel(tmp_path, files_of(items)), ["simple_python"])
    assert [row.task_id for row in found.rows] == ["fine"]
    assert [(name, fault) for name, fault, _ in found.left_out] == [
        ("no-such-tool", "contradiction"),
        ("no-such-parameter", "contradiction"),
        ("another-type", "contradiction"),
        ("needs-more", "contradiction"),
        ("many-forms", "forms"),
    ]
    assert all(why for _, _, why in found.left_out)


DEEP = json.dumps(item("deep", [function("lamp.off")])).replace(
    '"required"', f'"x": {"[" * 200}{"]" * 200}, "required"'
)


@pytest.mark.parametrize(
    "line",
    [
        "not json",
        "{}",
        "[" * 100_000,
        DEEP,
        json.dumps(item("x", [])),
        json.dumps(item("x", [function("lamp.off")] * 2)),
        json.dumps(item("x", [{"name": "f", "parameters": {"properties": []}}])),
        json.dumps(item("x", [{"name": "f", "parameters": {"properties": {"a": 1}}}])),
        json.dumps(item("x", [function("lamp.off")], question=[])),
        json.dumps(item("x", [function("lamp.off")], question=[[{"role": "spy", "content": ""}]])),
        '{"id": "\ud83d"}'.encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
    ],
)
def test_a_line_that_is_no_item_is_left_out_and_the_others_stay(line: str, tmp_path: Path) -> None:
    fine = json.dumps(item("fine", [function("lamp.off")]))
    files = {INFO: "", f"{FOLDER}/BFCL_v4_irrelevance.json": f"{line}\n{fine}\n"}
    found = bfcl.read(wheel(tmp_path, files), ["irrelevance"])
    assert [row.task_id for row in found.rows] == ["fine"]
    assert [fault for _, fault, _ in found.left_out] == ["unfit"]


GOOD: dict[str, str | bytes] = {
    INFO: "",
    f"{FOLDER}/BFCL_v4_irrelevance.json": json.dumps(item("fine", [function("lamp.off")])),
}


def refusal(path: Path) -> str:
    with pytest.raises(UsageError) as raised:
        bfcl.read(path, ["irrelevance"])
    return str(raised.value)


def test_a_file_that_is_no_wheel_of_theirs_is_refused_with_how_to_get_one(tmp_path: Path) -> None:
    (tmp_path / "text.whl").write_text("no archive")
    assert "cannot be opened as an archive" in refusal(tmp_path / "text.whl")
    assert "pip download --no-deps bfcl_eval" in refusal(tmp_path / "text.whl")
    assert "is no wheel of bfcl_eval" in refusal(wheel(tmp_path, {"other/x.json": "{}"}))
    assert "No such file" in refusal(tmp_path / "none.whl")


def test_a_wheel_that_unpacks_to_more_than_it_may_is_refused_before_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blanks = b" " * (bfcl.MOST_BYTES + 1)
    bomb: dict[str, str | bytes] = {INFO: "", f"{FOLDER}/BFCL_v4_irrelevance.json": blanks}
    path = wheel(tmp_path, bomb, compression=zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 100_000
    assert "holds more than 16 MB" in refusal(path)
    lines = {INFO: "", f"{FOLDER}/BFCL_v4_irrelevance.json": "{}\n" * (bfcl.MOST_ITEMS + 1)}
    assert "more than 20000 items" in refusal(wheel(tmp_path, lines))
    monkeypatch.setattr(bfcl, "MOST_MEMBERS", 1)
    assert "more than 1 files" in refusal(wheel(tmp_path, GOOD))
    monkeypatch.setattr(bfcl, "MOST_WHEEL", 1 << 3)
    assert "is larger than" in refusal(wheel(tmp_path, GOOD))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_wheel_with_a_file_twice_damaged_or_locked_is_refused(tmp_path: Path) -> None:
    path = wheel(tmp_path, GOOD)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(f"{FOLDER}/BFCL_v4_irrelevance.json", "{}")
    assert "holds 2 files" in refusal(path)
    assert "holds 0 files" in refusal(
        wheel(tmp_path, {INFO: "", f"{FOLDER}/BFCL_v4_multiple.json": ""})
    )
    whole = wheel(tmp_path, GOOD, compression=zipfile.ZIP_DEFLATED).read_bytes()
    damaged, locked = bytearray(whole), bytearray(whole)
    start = whole.index(b"irrelevance.json") + len("irrelevance.json")
    damaged[start : start + 40] = b"\xff" * 40
    path.write_bytes(damaged)
    assert "cannot be unpacked" in refusal(path)
    for at in range(len(whole)):  # the flag of a password, in both headers of each file
        if whole[at : at + 4] in (b"PK\x03\x04", b"PK\x01\x02"):
            locked[at + (6 if whole[at + 2] == 3 else 8)] |= 1
    path.write_bytes(locked)
    assert "packed in a way that no wheel is" in refusal(path)


def test_names_that_lead_out_of_the_archive_are_nothing_to_it(tmp_path: Path) -> None:
    found = bfcl.read(wheel(tmp_path, {"../../evil.py": "boom", **GOOD}), ["irrelevance"])
    assert [row.task_id for row in found.rows] == ["fine"]
    assert [one.name for one in tmp_path.iterdir()] == ["bfcl_eval-2026.3.23-py3-none-any.whl"]


def test_the_command_writes_rows_and_says_what_it_left_out(tmp_path: Path) -> None:
    items = {
        "fine": {"wanted": [{"lamp.off": {"lamp_id": ["a1"]}}]},
        "another-type": {"wanted": [{"book_room": {"city": ["Busan"], "nights": ["two"]}}]},
    }
    path = wheel(tmp_path, files_of(items))
    given_ = ["-C", str(tmp_path), "suite", "import", "bfcl", "--wheel", str(path)]
    done = CliRunner().invoke(main, [*given_, "--categories", "simple_python"])
    assert done.exit_code == 0, done.output
    assert "left out: 1 whose right calls do not fit their own tools (contradiction)" in done.output
    assert "another-type: no accepted value of nights fits book_room" in done.output
    rows = (tmp_path / "suites" / "bfcl-v4-part-2026.3.23.jsonl").read_text()
    assert [json.loads(line)["task_id"] for line in rows.splitlines()] == ["fine"]
    done = CliRunner().invoke(main, [*given_, "--categories", "simple_java"])
    assert done.exit_code == 2
    assert "simple_java: values are Java expressions" in done.output


def scored(rows: Mapping[str, CallsRow], name: str) -> Scored:
    return score({**rows[name].reference, "call_format": "pythonic"}, ITEMS[name]["answer"], None)


def test_an_answer_has_both_scores_and_the_cause_stands_beside_what_was_read(
    rows: dict[str, CallsRow],
) -> None:
    for name, told in ITEMS.items():
        found = scored(rows, name)
        assert found.error is None
        assert found.scores["bfcl_right"] == told["theirs"]
        assert found.scores["exact"] == told["ours"]
        assert found.parsed["bfcl"]["differs"] == told.get("why")


def test_a_result_counts_where_the_rules_part_and_why(rows: dict[str, CallsRow]) -> None:
    steps = [
        Step(task_id=name, step_idx=0, parsed=scored(rows, name).parsed, scores={})
        for name in ITEMS
    ]
    causes = Counter(one["why"] for one in ITEMS.values() if "why" in one)
    wanted = {f"rules_differ_{one.replace('-', '_')}": n for one, n in causes.items()}
    assert CALLS.summarise(steps) == {"rules_differ": causes.total(), **wanted}
    assert {metric.id for metric in CALLS.metrics} > {"bfcl_right_pct", "rules_differ", *wanted}
    plain = Step(task_id="a", step_idx=0, parsed={"outcome": "exact"}, scores={})
    assert CALLS.summarise([plain]) == {}


def test_silence_where_no_tool_fits_is_right_by_their_rules_alone(
    rows: dict[str, CallsRow],
) -> None:
    row = next(row for row in rows.values() if row.category == "irrelevance")
    found = score({**row.reference, "call_format": "pythonic"}, "", None)
    assert (found.scores["exact"], found.scores["bfcl_right"]) == (0.0, 1.0)
    assert found.parsed["bfcl"]["differs"] == "silence-is-none"
