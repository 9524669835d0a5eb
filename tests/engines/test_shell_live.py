"""All scenarios of `shell-live`, played to their end by every rule: what a suite must show."""

from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from cardboard.cli import main
from cardboard.eval.records import Result

pytestmark = pytest.mark.engines


def played(folder: Path, rule: str, *more: str) -> Result:
    """Return the result of *rule* on the whole suite."""
    words = ["eval", rule, "--suite", "shell-live", "--backend", "scripted", *more]
    ran = CliRunner().invoke(main, [*words, "--output", str(folder)])
    assert ran.exit_code == 0, ran.output
    (file,) = folder.rglob("*.json")
    return msgspec.json.decode(file.read_bytes(), type=Result)


def counted(result: Result, score: str) -> int:
    """Return how many episodes have a *score* of 1; all 80 must be scored."""
    scores = [step.scores[score] for step in result.steps if step.scored]
    assert len(scores) == 80
    return sum(value == 1 for value in scores)


@pytest.mark.parametrize(
    ("rule", "clean", "passed", "false_claims"),
    [
        ("oracle", 80, 80, 0),
        ("nothing", 0, 10, 80),
        ("claims-done", 0, 10, 80),
        ("gives-up", 10, 10, 0),
    ],
)
def test_every_rule_ends_where_it_should(
    tmp_path: Path, rule: str, clean: int, passed: int, false_claims: int
) -> None:
    result = played(tmp_path, rule)
    found = [counted(result, score) for score in ("clean", "passed", "false_claim")]
    assert found == [clean, passed, false_claims]


def test_a_noisy_oracle_ends_between_nothing_and_the_oracle(tmp_path: Path) -> None:
    result = played(tmp_path, "noisy-oracle")
    assert 10 < counted(result, "clean") < 60
