"""A plan says how many commits it makes and how long that takes, and the push keeps to it."""

import threading
from collections.abc import Collection
from typing import Any

import pytest

from cardboard.cards.hub.destination import Made
from cardboard.cards.hub.responses import scrubber
from cardboard.cards.plan.plan import Item, Present
from cardboard.cards.plan.targets import Wanted
from cardboard.cards.push.console import Console
from cardboard.cards.push.deliver import deliver
from cardboard.cards.push.journal import Journal
from cardboard.cards.push.push import Push
from cardboard.cards.push.report import COMMIT_TAKES, pace_line, seconds_for
from cardboard.cards.readme.model_index import Ours
from cardboard.tests.cards.hub.test_budget import Clock, a_budget


@pytest.mark.parametrize(
    ("commits", "past", "told"),
    [
        (1, 0, "1 commit at 120 an hour: about 1 min"),
        (60, 0, "60 commits at 120 an hour: about 1 min"),
        (120, 0, "120 commits at 120 an hour: about 1 min"),
        (300, 0, "300 commits at 120 an hour: about 2 h 30 min"),
        (300, 120, "300 commits at 120 an hour: about 3 h"),
        (1000, 0, "1000 commits at 120 an hour: about 8 h 20 min"),
    ],
)
def test_commits_and_time_are_told_before_anybody_agrees(commits, past, told) -> None:
    clock = Clock()
    budget = a_budget(clock, commits=120, past=(clock.now,) * past)
    assert pace_line(commits, budget, workers=4) == told


class Slow:
    """A destination with nothing but commits, each of which takes its time."""

    remote = True
    name = "https://example.org"

    def __init__(self, clock: Clock) -> None:
        self.clock, self.commits = clock, 0

    def commit(self, item: Item, *, propose: bool, plain: Collection[str] = ()) -> Made:
        self.clock.now += COMMIT_TAKES
        self.commits += 1
        return Made(head=f"{self.commits:040}")


@pytest.mark.parametrize("already", [0, 50])
def test_what_a_push_of_300_of_1000_repositories_was_told_to_take_is_kept(already: int) -> None:
    clock = Clock()
    destination: Any = Slow(clock)
    push = Push(
        destination=destination,
        journal=Journal(None, "https://example.org", clock),
        budget=a_budget(clock, commits=120, requests=900, past=(clock.now,) * already),
        console=Console(scrubber(None)),
        stop=threading.Event(),
    )
    told = seconds_for(300, push.budget, push.workers)
    started = clock.now
    outcomes = deliver(
        push, [an_item(n, "changed" if n < 300 else "unchanged") for n in range(1000)]
    )
    assert destination.commits == sum(one.did == "committed" for one in outcomes) == 300
    took = clock.now - started
    assert 0.7 * told < took <= told, (took, told)


def an_item(number: int, state: Any) -> Item:
    """Return what is to be done with one of many repositories."""
    wanted = Wanted(
        repo=f"acme/m{number}", label="m", front={}, body="", ours=Ours(), digest=str(number)
    )
    present = Present(head="0" * 40, readme=b"")
    return Item(wanted=wanted, state=state, present=present, files={"README.md": b"new"})
