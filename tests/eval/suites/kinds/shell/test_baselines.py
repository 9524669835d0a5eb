"""Rules that play scenarios without a model."""

import pytest

from cardboard.eval.errors import UsageError
from cardboard.eval.suites.kinds.shell.baselines import PLAYERS, Answer, noisy_oracle
from cardboard.eval.suites.kinds.shell.build import build
from cardboard.eval.suites.kinds.shell.rows import ShellRow
from cardboard.eval.suites.suite import PACKAGED

ROWS = build(PACKAGED / "shell-live")
DONE = next(row for row in ROWS if row.task_id == "text-access-log")
BLOCKED = next(row for row in ROWS if row.task_id == "data-missing-month")


def played(name: str, row: ShellRow, turns: int = 20, **settings: float) -> list[Answer]:
    """Return what the rule *name* answers to *row* until it ends."""
    rule = PLAYERS[name](ROWS, settings)
    answers: list[Answer] = []
    while len(answers) < turns and not (answers and answers[-1].end):
        answers.append(rule(row, len(answers), row.screen))
    return answers


def test_the_oracle_types_what_the_reference_types_and_ends_as_it_does() -> None:
    for row in ROWS:
        answers = played("oracle", row)
        assert [one.commands for one in answers] == [turn.commands for turn in row.oracle]
        assert [one.duration for one in answers] == [turn.duration for turn in row.oracle]
        assert answers[-1].end == ("panic" if row.outcome == "blocked" else "exit")
        assert answers[-1].reason == row.reason


def test_asked_once_more_the_oracle_says_the_same_end_and_types_nothing() -> None:
    rule = PLAYERS["oracle"](ROWS, {})
    assert rule(DONE, len(DONE.oracle), "") == Answer(end="exit")
    assert rule(BLOCKED, len(BLOCKED.oracle), "") == Answer(end="panic", reason=BLOCKED.reason)


@pytest.mark.parametrize(
    ("name", "commands", "end"),
    [
        ("nothing", [()], "exit"),
        ("claims-done", [("ls -A\n",), ("echo done\n",)], "exit"),
        ("loops", [("ls\n",)] * 20, None),
        ("gives-up", [()], "panic"),
    ],
)
def test_rules_that_know_nothing_do_the_same_everywhere(
    name: str, commands: list[tuple[str, ...]], end: str | None
) -> None:
    for row in (DONE, BLOCKED):
        answers = played(name, row)
        assert [one.commands for one in answers] == commands
        assert answers[-1].end == end
        assert bool(answers[-1].reason) == (end == "panic")


def test_without_noise_the_noisy_oracle_is_the_oracle_and_with_all_of_it_no_command_is_right() -> (
    None
):
    assert [played("noisy-oracle", row, noise=0) for row in ROWS] == [
        played("oracle", row) for row in ROWS
    ]
    for row in ROWS:
        answers = played("noisy-oracle", row, noise=1)
        assert len(answers) == len(row.oracle)
        for answer, turn in zip(answers, row.oracle, strict=True):
            assert answer.commands != turn.commands
            assert all(command.endswith("\n") for command in answer.commands)


def test_its_noise_depends_on_seed_scenario_and_turn_alone() -> None:
    once = [played("noisy-oracle", row, noise=0.3, seed=1) for row in ROWS]
    assert [played("noisy-oracle", row, noise=0.3, seed=1) for row in ROWS] == once
    assert [played("noisy-oracle", row, noise=0.3, seed=2) for row in ROWS] != once
    other = noisy_oracle(ROWS, {"noise": 0.3, "seed": 1})
    assert other(DONE, 3, "another screen") == once[ROWS.index(DONE)][3]


def test_some_of_its_ends_are_wrong() -> None:
    wrong = [
        row
        for row in ROWS
        if played("noisy-oracle", row, noise=0.3)[-1].end != played("oracle", row)[-1].end
    ]
    assert 0 < len(wrong) < len(ROWS) / 4


@pytest.mark.parametrize("noise", [-0.1, 1.5, "much", None])
def test_noise_that_is_no_share_is_refused(noise: object) -> None:
    with pytest.raises(UsageError, match="not a share"):
        noisy_oracle(ROWS, {"noise": noise})  # type: ignore[dict-item]  # bad on purpose
