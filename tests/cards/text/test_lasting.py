"""Cards of all but the smallest boards stay as they are when a result is added."""

import random
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

import pytest
from msgspec.structs import replace

from cardboard.board.judge.build import build_boards
from cardboard.board.model import Reading
from cardboard.board.read.reader import read_results
from cardboard.board.workspace.configuration import open_workspace
from cardboard.board.workspace.settings import Identity, Suite, Workspace
from cardboard.cards.text.render import texts_of
from cardboard.eval.metrics import Measured
from cardboard.tests.making import a_workspace, measured

ROOT = Path(__file__).parents[3]
SAMPLE = open_workspace(ROOT)
"""The published board of this repository, with the notes of `init`."""
TASKS, STEPS = 30, 4
BOARD = Identity(
    title={"en": "A board", "ko": "리더보드"},
    languages=("en", "ko"),
    site_url="https://org.example/board/",
)


def workspace() -> Workspace:
    suite = Suite(name="mini", version="1", steps=TASKS * STEPS, tasks=TASKS)
    return a_workspace(suites=(suite,), board=BOARD, notes=SAMPLE.settings.notes)


def results(count: int) -> list[Reading]:
    """Return results of step data, from the worst to the best, whose tests overlap."""
    chance = random.Random(7)
    tasks = [chance.uniform(-0.3, 0.3) for _ in range(TASKS)]
    found = []
    for number in range(count):
        skill = 0.15 + 0.7 * number / count
        steps = [
            [min(1.0, max(0.0, skill + task + chance.gauss(0, 0.15))) for _ in range(STEPS)]
            for task in tasks
        ]
        one = measured(f"org/m{number:03}", *[[round(s, 2) for s in task] for task in steps])
        first = Measured(value=round(100 * skill * chance.uniform(0.5, 1.0), 1))
        assert one.result is not None
        metrics = {**one.result.metrics, "first_cmd_exact_pct": first}
        timed = replace(one.result.timing, seconds_per_step=round(chance.uniform(0.1, 3.0), 3))
        found.append(replace(one, result=replace(one.result, metrics=metrics, timing=timed)))
    return found


def cards(readings: Sequence[Reading], of: Workspace) -> dict[str, str]:
    return {slug: text for slug, text, _ in texts_of(build_boards(readings, of), of.settings)}


def rewritten(after: dict[str, str], readings: Sequence[Reading], place: int, of: Workspace) -> int:
    """Count the cards that the result at *place* changes by being added to the others."""
    before = cards([*readings[:place], *readings[place + 1 :]], of)
    return sum(after[slug] != text for slug, text in before.items())


@pytest.fixture(scope="module")
def hundred() -> tuple[list[Reading], dict[str, str], Workspace]:
    """Give a hundred results and one more, their cards and their workspace."""
    readings, of = results(101), workspace()
    return readings, cards(readings, of), of


@pytest.mark.parametrize("place", [30, 50, 70])
def test_a_result_in_the_middle_of_100_changes_ten_cards_at_most(hundred, place):
    readings, after, of = hundred
    assert rewritten(after, readings, place, of) <= 10


def test_even_the_best_result_leaves_most_cards_as_they_are(hundred):
    readings, after, of = hundred
    changed = rewritten(after, readings, 100, of)
    assert changed <= 30, "only the first ten ranks and what lies on the edge of a band move"


def test_where_cards_shall_be_exact_every_one_changes(hundred):
    readings, _, of = hundred
    exact = replace(of.settings, cards=replace(of.settings.cards, rank="exact"))
    of = replace(of, settings=exact)
    assert rewritten(cards(readings, of), readings, 50, of) == 100


def test_the_published_board_of_91_results_changes_few_cards_with_each():
    readings = read_results(SAMPLE.results, tables=SAMPLE.tables)
    after = cards(readings, SAMPLE)
    counts = [rewritten(after, readings, place, SAMPLE) for place in range(0, 91, 13)]
    assert mean(counts) <= 10, counts


def test_a_lasting_card_reads_as_expected(hundred, golden):
    golden("card-lasting.md", hundred[1]["org__m070"])
