"""Kinds of suites: one more is a folder and a line, and nobody else knows what one measures."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cardboard.eval import records
from cardboard.eval.backends.registry import open_backend
from cardboard.eval.engine import Message, Options
from cardboard.eval.errors import CardboardError, UsageError
from cardboard.eval.metrics import Measured, Metric
from cardboard.eval.records import Group, Step
from cardboard.eval.run.result import rescored
from cardboard.eval.run.run import evaluate
from cardboard.eval.suites.fingerprints import fingerprint, with_prompts
from cardboard.eval.suites.info import as_text, as_toml, facts
from cardboard.eval.suites.kinds.kind import Kind, Reference, Row, Scored
from cardboard.eval.suites.kinds.registry import KINDS, kind_of
from cardboard.eval.suites.source import load
from cardboard.eval.suites.suite import SuiteError, read

from ...replays import a_request

EVAL = Path(__file__).parents[3] / "eval"
REPLAY, DATA = EVAL / "suites/kinds/replay", EVAL / "suites/data"


@pytest.mark.parametrize("word", ["command_f1", "valid_json", "first_cmd", "command_units"])
def test_only_the_folder_of_a_kind_knows_what_it_measures(word: str) -> None:
    files = [path for path in EVAL.rglob("*") if path.suffix in (".py", ".toml")]
    files = [path for path in files if not {REPLAY, DATA} & {*path.parents}]
    assert len(files) > 80
    assert not [path for path in files if word in path.read_text(encoding="utf-8")]


class SumRow(Row, frozen=True, kw_only=True):
    """A sum to be worked out."""

    left: int
    right: int
    level: str = ""

    @property
    def conversation(self) -> tuple[Message, ...]:
        """Return the question."""
        return (
            Message("system", "Answer with a number."),
            Message("user", f"{self.left} + {self.right}?"),
        )

    @property
    def groups(self) -> dict[str, str]:
        """Return how hard it is."""
        return {"level": self.level} if self.level else {}

    @property
    def reference(self) -> dict[str, Any]:
        """Return the sum."""
        return {"sum": self.left + self.right}


def right_or_not(reference: Reference, answer: str, version: str | None) -> Scored:
    """Score a number: right or not."""
    if not answer.strip().isdecimal():
        return Scored({"number": None}, {"right": 0.0, "near": None})
    number = int(answer)
    if number > 1000:
        return Scored({"number": number}, {}, "the number is beyond all measure")
    return Scored({"number": number}, {"right": float(number == reference["sum"]), "near": None})


SUMS = Kind(
    name="sums",
    metrics=(Metric(id="right_pct", unit="percent", per_step="right", ranked=True, shown="board"),),
    divisions=("level",),
    groups=("easy", "hard"),
    row=SumRow,
    score=right_or_not,
    scorer="right-or-not/1",
)
ROWS: list[dict[str, Any]] = [
    {"task_id": "small", "step_idx": 0, "left": 1, "right": 2, "level": "hard"},
    {"task_id": "small", "step_idx": 1, "left": 2, "right": 2, "level": "easy"},
    {"task_id": "large", "step_idx": 0, "left": 20, "right": 20, "level": "easy"},
]


def lines(rows: list[dict[str, Any]], **more: Any) -> bytes:
    """Return *rows* as a file of the suite."""
    said = {"suite": "adding", "suite_version": "1", "suite_kind": "sums", **more}
    return b"".join(json.dumps(row | said).encode() + b"\n" for row in rows)


@pytest.fixture
def _sums(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the line into the registry; the folder is this file."""
    monkeypatch.setitem(KINDS, SUMS.name, SUMS)


@pytest.mark.usefixtures("_sums")
class TestAKindThatIsNew:
    def test_its_suites_are_read_and_described(self) -> None:
        suite = read(lines(ROWS), "adding.jsonl")
        assert (suite.name, suite.version, suite.kind) == ("adding", "1", "sums")
        assert suite.record.kind == "sums"
        references = ['{"sum":3}', '{"sum":4}', '{"sum":40}']
        keys = [("small", None, 0), ("small", None, 1), ("large", None, 0)]
        whole = [(*key, [text]) for key, text in zip(keys, references, strict=True)]
        assert suite.references_sha256 == fingerprint(whole)
        assert suite.fingerprint == with_prompts(suite.references_sha256, suite.prompts_sha256)
        assert suite.divisions == {"level": {"easy": 2, "hard": 1}}
        told = facts(suite)
        assert 'kind = "sums"' in as_toml(told)
        assert '[suites.divisions."level"]\n"easy" = 2\n"hard" = 1' in as_toml(told)
        assert "levels          easy 2, hard 1" in as_text(told)

    def test_a_bad_row_is_named_as_in_any_suite(self) -> None:
        with pytest.raises(SuiteError, match=r"adding\.jsonl:1: right: must be a whole number"):
            read(lines([ROWS[0] | {"right": "2"}]), "adding.jsonl")

    def test_answers_of_a_file_become_a_result(self, tmp_path: Path) -> None:
        suite = read(lines(ROWS), "adding.jsonl")
        answers = tmp_path / "answers.jsonl"
        told = {"small/0": "3", "small/1": "5", "large/0": "forty"}
        answers.write_text(
            "\n".join(json.dumps({"key": key, "text": text}) for key, text in told.items())
        )
        request = a_request(backend="scripted", model=str(answers), name="me/adder")
        (outcome,) = evaluate([request], suite, tmp_path)
        result = msgspec.json.decode(outcome.path.read_bytes(), type=records.Result)
        assert (result.version, result.suite.kind, result.status) == (2, "sums", "complete")
        assert result.scorer == "right-or-not/1"
        assert result.metrics == {"right_pct": Measured(value=33.333333)}
        assert result.divisions == {
            "level": {
                "easy": Group(steps=2, metrics={"right_pct": 0.0}),
                "hard": Group(steps=1, metrics={"right_pct": 100.0}),
            }
        }
        assert result.steps[2] == Step(
            task_id="large",
            step_idx=0,
            groups={"level": "easy"},
            reference={"sum": 40},
            answer="forty",
            parsed={"number": None},
            scores={"right": 0.0},
            finish_reason="stop",
        )
        assert rescored(result, "adder.json") == result

    def test_what_cannot_be_scored_has_no_scores_and_says_why(self, tmp_path: Path) -> None:
        answers = tmp_path / "answers.jsonl"
        answers.write_text('{"key": "small/0", "text": "9999"}')
        request = a_request(backend="scripted", model=str(answers))
        (outcome,) = evaluate([request], read(lines(ROWS[:1]), "adding.jsonl"), tmp_path)
        assert outcome.error == "the number is beyond all measure"
        (step,) = msgspec.json.decode(outcome.path.read_bytes(), type=records.Result).steps
        assert (step.scored, step.scores, step.parsed) == (False, {}, {"number": 9999})

    def test_a_kind_without_baselines_says_so(self) -> None:
        suite = read(lines(ROWS), "adding.jsonl")
        with pytest.raises(UsageError, match="no such file of answers: oracle") as told:
            open_backend("scripted", Options(model="oracle"), suite.of_kind, suite.rows)
        assert "kind sums offer no rules" in (told.value.remedy or "")

    def test_a_suite_is_of_one_kind(self) -> None:
        mixed = lines(ROWS) + (DATA / "shell-mini/shell-mini.jsonl").read_bytes()
        with pytest.raises(UsageError, match="suite_kind: the rows say replay and sums"):
            read(mixed, "mixed.jsonl")


def test_a_suite_that_names_no_kind_is_a_replay() -> None:
    assert load("shell-mini").kind == "replay"


def test_the_packaged_suite_is_the_one_that_it_was() -> None:
    """Its results would be strangers to it otherwise."""
    suite = load("shell-mini")
    assert (suite.fingerprint, suite.references_sha256, suite.keys_sha256) == (
        "f2297b785a724f234d60d3fd4850ec98437b2bf1cc2f0df2f14f9e66d9396de6",
        "9f0d8a2a1f5af7bdfc4dc6bf6e42a87f209e1deb40d8f8fc733d982047e1d04d",
        "5f092616c85f34dad34d21e52406f38d98bcacf61834e488c95e2fbe3c2bf208",
    )


def test_what_was_measured_elsewhere_cannot_be_asked(tmp_path: Path) -> None:
    (tmp_path / "gsm8k.jsonl").write_bytes(lines(ROWS, suite_kind="reported"))
    with pytest.raises(UsageError) as told:
        load("gsm8k", folder=tmp_path)
    assert "suites of the kind reported are measured elsewhere" in told.value.format_message()


def test_an_unknown_kind_names_those_that_can_be_asked() -> None:
    with pytest.raises(UsageError, match="no kind of suite called juggling") as told:
        read(lines(ROWS, suite_kind="juggling"), "adding.jsonl")
    assert told.value.remedy == "Known: replay, home, shell, calls."


def test_a_result_that_was_reported_cannot_be_scored_again() -> None:
    result = records.Result(
        model=records.Model(id="m"),
        suite=records.Suite(name="gsm8k", kind="reported"),
        counts=records.Counts(scored=1),
        status="complete",
        steps=(Step(task_id="t", step_idx=0, answer="4"),),
    )
    with pytest.raises(CardboardError, match="suites of the kind reported are not scored here"):
        rescored(result, "m.json")


def test_every_kind_has_one_ranked_metric_or_leaves_it_to_the_suite() -> None:
    for name, kind in KINDS.items():
        assert kind_of(name) is kind
        assert sum(metric.ranked for metric in kind.metrics) == (1 if kind.metrics else 0)
