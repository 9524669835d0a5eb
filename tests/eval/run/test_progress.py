"""Progress: a bar for people, lines for logs, and no noise on standard output."""

import io

import pytest
from rich.console import Console

from cardboard.eval.engine import Answer
from cardboard.eval.run import progress
from cardboard.eval.run.progress import Shown, Silent


class Clock:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(progress, "monotonic", made)
    return made


def answer(number: int, error: str | None = None) -> Answer:
    return Answer(key=f"t/{number}", text="{}", output_tokens=50, error=error)


def test_a_log_gets_a_line_at_times_with_speed_and_what_is_left(clock: Clock) -> None:
    log = io.StringIO()
    with Shown(Console(file=log, width=200)) as shown:
        shown.say("Loading [bold]model[/]")
        shown.begin(10, 2)
        for number in range(8):
            clock.now += 10
            shown.add(answer(number, error="HTTP 500" if number == 4 else None))
    assert log.getvalue().splitlines() == [
        "Loading [bold]model[/]",
        "2 of 10 steps",
        "6 of 10 steps, 10.0 s/step, 5 tokens/s, 40 s left",
        "10 of 10 steps, 10.0 s/step, 5 tokens/s, 1 failed",
    ]


def test_a_terminal_gets_one_bar(clock: Clock) -> None:
    screen = io.StringIO()
    console = Console(file=screen, width=100, force_terminal=True)
    with Shown(console) as shown:
        shown.begin(4, 0)
        clock.now += 0.5
        for number in range(4):
            shown.add(answer(number))
    assert "4/4" in screen.getvalue()
    assert "8.0 steps/s, 400 tokens/s" in screen.getvalue()


def test_a_second_adapter_is_counted_from_the_start(clock: Clock) -> None:
    log = io.StringIO()
    shown = Shown(Console(file=log, width=200))
    for _ in range(2):
        shown.begin(1, 0)
        clock.now += 0.5
        shown.add(answer(0))
    assert (
        log.getvalue().splitlines()
        == [
            "0 of 1 step",
            "1 of 1 step, 2.0 steps/s, 100 tokens/s",
        ]
        * 2
    )


def test_silence_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    silent = Silent()
    silent.say("something")
    silent.begin(2, 0)
    silent.add(answer(0))
    assert capsys.readouterr() == ("", "")
