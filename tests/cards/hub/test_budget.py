"""The budget lets requests and commits pass as the quotas allow, on a clock of its own."""

import threading

import pytest

from cardboard.cards.hub.budget import HOUR, WINDOW, Budget, told_wait
from cardboard.cards.hub.errors import Stopped


class Clock:
    """A clock that only waiting moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.said: list[tuple[str, float]] = []

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        assert seconds > 0
        self.now += seconds

    def say(self, why: str, seconds: float) -> None:
        """Note an announcement."""
        self.said.append((why, seconds))


@pytest.fixture
def clock() -> Clock:
    """Return a clock at 1,000 seconds."""
    return Clock()


def test_how_long_commits_are_held_is_known_before_the_first(clock: Clock) -> None:
    budget = a_budget(clock, commits=3, past=(clock.now - 600,))
    assert [budget.held(count) for count in (0, 2, 3, 5, 6)] == [0, 0, 3000, 3600, 6600]
    started = clock.now
    for _ in range(6):
        budget.commit()
    assert clock.now - started == 6600


def a_budget(
    clock: Clock, commits: int = 3, requests: int = 5, past: tuple[float, ...] = ()
) -> Budget:
    """Return a small budget."""
    return Budget(
        commits_per_hour=commits,
        requests_per_window=requests,
        clock=clock,
        wait=clock.wait,
        say=clock.say,
        past=past,
    )


def test_commits_wait_until_the_oldest_is_an_hour_old(clock: Clock) -> None:
    budget = a_budget(clock, commits=3)
    for _ in range(3):
        budget.commit()
        clock.now += 60
    budget.commit()
    assert clock.now == 1000 + HOUR
    assert clock.said == [("the budget of 3 commits an hour is spent", HOUR - 180)]


def test_commits_before_a_restart_count(clock: Clock) -> None:
    budget = a_budget(clock, commits=2, past=(1000 - HOUR - 1, 990.0, 995.0))
    budget.commit()
    assert clock.now == 990 + HOUR


def test_no_hour_ever_holds_more_commits_than_the_quota(clock: Clock) -> None:
    budget, made = a_budget(clock, commits=7), []
    for number in range(50):
        budget.commit()
        made.append(clock.now)
        clock.now += number % 5
    assert all(later - first >= HOUR for first, later in zip(made, made[7:], strict=False))


def test_requests_wait_for_the_next_window(clock: Clock) -> None:
    budget = a_budget(clock, requests=5)
    for _ in range(6):
        budget.request("api")
    assert clock.now == 1000 + WINDOW


def test_file_reads_have_a_larger_bucket_of_their_own(clock: Clock) -> None:
    budget = a_budget(clock, requests=5)
    for _ in range(5):
        budget.request("api")
    for _ in range(25):
        budget.request("resolvers")
    assert clock.now == 1000
    budget.request("resolvers")
    assert clock.now == 1000 + WINDOW


def test_the_hub_knows_better_how_much_is_left(clock: Clock) -> None:
    budget = a_budget(clock, requests=500)
    budget.request("api")
    budget.answered({"ratelimit": '"api";r=2;t=40'})
    for _ in range(2):
        budget.request("api")
    assert clock.now == 1000
    budget.request("api")
    assert clock.now == 1040
    assert clock.said == [("the requests of this window are spent", 40.0)]


def test_an_answer_that_was_overtaken_gives_nothing_back(clock: Clock) -> None:
    budget = a_budget(clock, requests=500)
    budget.answered({"ratelimit": '"api";r=0;t=40'})
    budget.answered({"ratelimit": '"api";r=3;t=40'})
    budget.request("api")
    assert clock.now == 1040


@pytest.mark.parametrize("header", ["", "nonsense", '"api";r=-1;t=5', '"api";r=99999999999;t=1'])
def test_a_header_that_nobody_understands_changes_nothing(clock: Clock, header: str) -> None:
    budget = a_budget(clock)
    budget.answered({"ratelimit": header})
    budget.request("api")
    assert clock.now == 1000


def test_a_pause_holds_everybody_and_is_announced_once(clock: Clock) -> None:
    budget = a_budget(clock)
    budget.pause(30, "the Hub's quota is spent")
    budget.pause(10, "shorter")
    budget.request("api")
    budget.commit()
    assert clock.now == 1030
    assert clock.said == [("the Hub's quota is spent", 30.0)]


def test_waiting_can_be_ended_by_the_user(clock: Clock) -> None:
    def stop(seconds: float) -> None:
        raise Stopped

    budget = Budget(
        commits_per_hour=1, requests_per_window=1, clock=clock, wait=stop, say=clock.say
    )
    budget.commit()
    with pytest.raises(Stopped):
        budget.commit()


def test_workers_share_one_budget() -> None:
    waited, lock, made = threading.Event(), threading.Lock(), []

    def wait(seconds: float) -> None:
        waited.set()
        raise Stopped

    budget = Budget(
        commits_per_hour=40,
        requests_per_window=1,
        clock=lambda: 0.0,
        wait=wait,
        say=lambda why, seconds: None,
    )

    def work() -> None:
        try:
            while True:
                budget.commit()
                with lock:
                    made.append(1)
        except Stopped:
            return

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert (len(made), waited.is_set()) == (40, True)


HOURLY = (
    "You have exceeded the rate limit (128 per hour). You can retry this action in about 1 hour."
)


@pytest.mark.parametrize(
    ("headers", "text", "seconds"),
    [
        ({"ratelimit": '"api";r=0;t=55'}, "", 55.0),
        ({"ratelimit": '"api";r=949;t=55', "retry-after": "1800"}, HOURLY, 1800.0),
        ({"ratelimit": '"api";r=949;t=55'}, HOURLY, 3600.0),
        ({}, "You can retry this action in 12 minutes.", 720.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, "", None),
        ({"retry-after": "-5"}, "", None),
        ({"retry-after": "999999"}, "", HOUR),
        ({}, "Too many requests", None),
    ],
)
def test_how_long_a_429_asks_us_to_wait(
    headers: dict[str, str], text: str, seconds: float | None
) -> None:
    assert told_wait(headers, text) == seconds
