"""What a board can tell apart, wired from step data to entries, and what it leaves open."""

import random

from msgspec.structs import replace

from cardboard.board.judge.build import build_boards
from cardboard.board.show.rows import fields, summary
from cardboard.board.workspace.settings import Profile, Suite
from cardboard.eval.records import Counts
from cardboard.tests.making import a_reading, a_result, a_workspace, measured, some_facts

SUITE = Suite(name="mini", version="1", steps=40, tasks=20)


def scores(mean, *, seed=0, tasks=20, steps=2):
    chance = random.Random(seed)
    return [
        [min(1.0, max(0.0, round(mean + chance.uniform(-0.2, 0.2), 4))) for _ in range(steps)]
        for _ in range(tasks)
    ]


def board_of(*readings, suite=SUITE, **settings):
    return build_boards(readings, a_workspace(suites=(suite,), **settings)).boards[0]


def test_every_measured_entry_gets_interval_and_rank_range():
    board = board_of(measured("a", *scores(0.7)), measured("b", *scores(0.3, seed=1)))
    best, worst = board.entries
    assert best.resolution.score.low < best.score < best.resolution.score.high
    assert (best.resolution.low, best.resolution.high) == (1, 1)
    assert (worst.resolution.low, worst.resolution.high) == (2, 2)
    assert (worst.resolution.own_low, worst.resolution.own_high) == (2, 2)
    assert (best.resolution.level_with, worst.resolution.level_with) == (0, 0)
    assert (board.method.tasks, board.method.measured, board.method.separable) == (20, 2, 1)


def test_two_identical_runs_are_level():
    same = scores(0.5)
    board = board_of(measured("a", *same), measured("b", *same), measured("c", *scores(0.1)))
    one, two, last = board.entries
    assert (one.rank_text, two.rank_text) == ("1=", "1=")
    assert (one.resolution.level_below, two.resolution.level_below) == (1, 0)
    assert last.resolution.level_below == 0
    assert (one.resolution.level_with, two.resolution.level_with) == (1, 1)
    assert (one.resolution.low, one.resolution.high) == (1, 2)


def test_without_step_data_there_is_no_interval_and_every_range_widens():
    board = board_of(
        measured("a", *scores(0.7)),
        measured("b", *scores(0.3, seed=1)),
        a_reading(a_result("bare", 0.5, counts=type(a_result().counts)(scored=40))),
        suite=replace(SUITE, fingerprint=None),
    )
    by_name = {entry.model: entry for entry in board.entries}
    assert by_name["bare"].resolution is None
    assert by_name["bare"].rank == 2
    assert (by_name["a"].resolution.low, by_name["a"].resolution.high) == (1, 2)
    assert by_name["a"].resolution.level_with == 0
    assert board.method.measured == 2


def test_a_board_without_any_step_data_has_no_method():
    board = board_of(a_reading(a_result("bare", 0.5, counts=type(a_result().counts)(scored=40))))
    assert board.method is None


def test_entries_with_other_steps_are_not_compared():
    suite = replace(SUITE, fingerprint=None)
    other = measured("other", *scores(0.9), keys="o" * 64)
    board = board_of(
        measured("a", *scores(0.7)), measured("b", *scores(0.3, seed=1)), other, suite=suite
    )
    by_name = {entry.model: entry for entry in board.entries}
    assert by_name["other"].resolution is None
    assert by_name["a"].resolution is not None


def test_too_few_tasks_give_ranks_but_no_interval():
    suite = replace(SUITE, steps=8, tasks=4)
    board = board_of(measured("a", *scores(0.7, tasks=4)), suite=suite)
    (entry,) = board.entries
    assert entry.resolution.score is None
    assert (entry.resolution.low, entry.resolution.high) == (1, 1)


def test_the_resolution_depends_on_nothing_but_the_results():
    readings = [measured(f"m{n}", *scores(0.2 + n / 20, seed=n)) for n in range(8)]
    again = [replace(reading, file=f"z{n}.json") for n, reading in enumerate(readings[::-1])]
    assert [e.resolution for e in board_of(*readings).entries] == [
        e.resolution for e in board_of(*again).entries
    ]


def test_the_board_says_how_many_tasks_must_differ():
    readings = [measured(f"m{n}", *scores(0.4 + n / 100, seed=n)) for n in range(12)]
    method = board_of(*readings).method
    assert method.critical < method.fewest <= method.tasks
    few = board_of(measured("a", *scores(0.7, tasks=4)), suite=replace(SUITE, steps=8, tasks=4))
    assert (few.method.critical, few.method.fewest, few.method.enough) == (None, None, False)


def test_unranked_entries_take_no_part():
    partial = replace(measured("a", *scores(0.7)), kind="partial")
    board = board_of(
        replace(partial, result=replace(partial.result, status="partial")),
        measured("b", *scores(0.3)),
        models={"b": Profile()},
    )
    assert [entry.resolution is None for entry in board.entries] == [False, True]


class TestABoardWithoutSteps:
    """Its scores are judged by the worst case; see board/statistics/scores_alone.py."""

    def board(self, *scores, suite=SUITE, more=()):
        counts = Counts(scored=40)
        bare = [
            a_reading(a_result(f"m{n}", score, counts=counts)) for n, score in enumerate(scores)
        ]
        return board_of(*bare, *more, suite=suite)

    def test_its_ranks_stay_open_as_far_as_scores_tell(self):
        board = self.board(0.95, 0.5, 0.45, 0.05)
        assert [board.open_ranks(entry) for entry in board.ranked] == [
            (1, 1), (2, 3), (2, 3), (4, 4),
        ]  # fmt: skip
        assert [board.level_below(entry) for entry in board.ranked] == [0, 1, 0, 0]
        assert (board.alone.pairs, board.alone.separable) == (6, 5)

    def test_it_says_so_and_which_differences_may_be_chance(self):
        board = self.board(0.5, 0.45)
        assert "a difference below about 31 on 20 tasks may be chance" in summary(board)
        assert fields(board, ("rank_low", "rank_high")).rows == [(1, 2), (1, 2)]

    def test_what_a_suite_is_worth_is_known_from_any_result_with_steps(self):
        suite = replace(SUITE, steps=None, tasks=None, fingerprint=None)
        steps = [[0.5] * 10, *([0.5] for _ in range(30))]
        unranked = replace(measured("other", *steps), kind="partial")
        unranked = replace(unranked, result=replace(unranked.result, status="partial"))
        board = self.board(0.5, 0.4, suite=suite, more=[unranked])
        assert board.worth == 40**2 / (10**2 + 30)

    def test_without_a_count_of_tasks_nothing_is_said(self):
        board = self.board(0.9, 0.1, suite=replace(SUITE, tasks=None))
        assert (board.worth, board.alone) == (None, None)
        assert board.open_ranks(board.ranked[0]) is None
        assert "no rank ranges" in summary(board)


def test_a_board_of_which_no_step_was_scored_is_built_all_the_same():
    facts = some_facts([0.5], [0.5])
    nothing = replace(facts, scored=0, failed=2, steps_per_task=(0, 0), sums={})
    suite = replace(SUITE, steps=2, tasks=2)
    board = board_of(a_reading(a_result("a"), facts=nothing), suite=suite)
    assert [entry.rank for entry in board.entries] == [None]


class TestRankRangesThatAreKept:
    """On a large board the test of all pairs is made once for the same steps and scores."""

    MODELS = 120

    def board(self, store, *, lift=0.0):
        readings = [
            measured(f"org/m{n:03}", *scores(0.3 + 0.4 * n / self.MODELS + lift * (n == 7), seed=n))
            for n in range(self.MODELS)
        ]

        def kept(key, make):
            return store[key] if key in store else store.setdefault(key, make())

        (board,) = build_boards(readings, a_workspace(suites=(SUITE,)), kept=kept).boards
        return [(one.resolution.low, one.resolution.high) for one in board.ranked]

    def test_they_are_what_is_worked_out_anew(self):
        store = {}
        first = self.board(store)
        assert self.board(store) == first == self.board({})
        assert len(store) == 1

    def test_other_scores_are_another_key(self):
        store = {}
        self.board(store)
        self.board(store, lift=0.1)
        assert len(store) == 2

    def test_what_cannot_be_read_is_worked_out_anew(self):
        store = {}
        first = self.board(store)
        (key,) = store
        store[key] = b"\xff no ranges"
        assert self.board(store) == first


def test_one_result_alone_has_an_interval_and_nothing_to_compare_with():
    told = summary(board_of(measured("a", *scores(0.7))))
    assert told == "1 ranked, 0 unranked. 95 % intervals, from 20 tasks; nothing to compare"
