"""Time limits: what is read as one, and how a run ends at it with nothing lost."""

import signal
import threading
from datetime import datetime
from pathlib import Path

import click
import msgspec
import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from cardboard.cli import main
from cardboard.eval import records
from cardboard.eval.commands.run_command import DEADLINE
from cardboard.eval.run.deadline import Deadline, Reached, WhenType, ending, seconds_until
from cardboard.eval.run.outcomes import Outcome
from cardboard.eval.run.plans import local_run
from cardboard.eval.run.plans.jobs import Order, Sheet, paths_of
from cardboard.eval.run.plans.plan import Job
from cardboard.eval.run.run import journal_of

from ...replays import a_request, a_suite
from ..speaking import Call, Reply, Speaker, said, speaking

NOW = datetime.fromisoformat("2026-11-30T22:15:00+09:00")


def cardboard(*words: object) -> Result:
    return CliRunner().invoke(main, [*map(str, words)])


def read(path: Path) -> records.Result:
    return msgspec.json.decode(path.read_bytes(), type=records.Result)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("90s", 90),
        ("0.5s", 0.5),
        ("90m", 5400),
        ("8h", 28800),
        ("1d2h3m4s", 93784),
        ("07:00", 8.75 * 3600),
        ("22:15", 24 * 3600),
        ("22:16", 60),
        ("2026-12-01T07:00", 8.75 * 3600),
        ("2026-11-30T22:00:00+00:00", 8.75 * 3600),
    ],
)
def test_a_deadline_is_a_length_a_time_of_day_or_a_moment(text: str, seconds: float) -> None:
    assert seconds_until(text, NOW) == seconds


@pytest.mark.parametrize("text", ["", "soon", "25:00", "8 hours", "-3", "2020-11-30T22:00", "1e9y"])
def test_anything_else_is_refused_with_the_forms_that_are_read(text: str) -> None:
    with pytest.raises(click.BadParameter, match="say 8h, 90m, 07:00 or 2026-12-01T07:00"):
        WhenType().convert(text, None, None)


def test_the_alarm_ends_what_is_going_on_and_is_off_afterwards() -> None:
    with pytest.raises(Reached), ending(Deadline(0)):
        threading.Event().wait(30)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    with ending(Deadline(3600)):
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 3000
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


class WhenToldTo(Deadline):
    """A deadline that comes when a test says so."""

    def __init__(self) -> None:
        """Be far away."""
        super().__init__(3600)
        self.came = threading.Event()

    @property
    def left(self) -> float:
        """Return whether it has come."""
        return 0.0 if self.came.is_set() else 60.0


def test_at_the_deadline_a_plan_keeps_what_is_answered_and_begins_nothing_more(
    tmp_path: Path,
) -> None:
    deadline, held = WhenToldTo(), threading.Event()

    def chat(call: Call) -> Reply:
        if len(server.asked) > 2 and not held.is_set():
            deadline.came.set()
            held.wait(60)
        return Reply(said("ls"))

    with speaking(Speaker(chat)) as server:
        request = a_request(backend="openai", options={"base_url": server.url, "concurrency": 1})
        sheet = Sheet(suite=a_suite(tasks=3, steps=2), folder=tmp_path / "a")
        job = Job(backend="openai", requests=(request,), suites=("tiny",), gpus=0, cpus=1, shards=1)
        first = Order(job=job, sheets=(sheet,))
        second = replace(first, sheets=(replace(sheet, folder=tmp_path / "b"),))
        told: list[Outcome] = []
        (done,) = local_run.run([first, second], told.append, deadline)
        held.set()
        (path,) = paths_of(first)
        assert done[1].interrupted
        assert [one.interrupted for one in told] == [True]
        assert (read(path).status, read(path).counts.scored) == ("partial", 2)
        assert journal_of(path).exists()
        assert not (tmp_path / "b").exists()
        assert [report.whole for _, report in local_run.run([first, second], told.append)] == [
            True,
            True,
        ]
    assert read(path).status == "complete"


def test_a_plan_says_what_is_left_and_exits_with_a_code_of_its_own(
    tmp_path: Path, suite: Path
) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(
        f"suites = ['{suite}']\nbackends = ['scripted']\n[[models]]\nmodel = 'oracle'\n"
        "[[models]]\nmodel = 'most-frequent'\n"
    )
    words = ("eval", "--plan", plan, "--output", tmp_path / "results")
    done = cardboard(*words, "--deadline", "0.001s")
    assert (done.exit_code, done.stdout) == (DEADLINE, "")
    told = done.stderr.partition("The deadline came. ")[2]
    assert told.splitlines() == [
        "What is left; the same command goes on with it:",
        "  oracle (scripted): 1 of 1 results",
        "  most-frequent (scripted): 1 of 1 results",
    ]
    assert cardboard(*words, "--deadline", "1h").exit_code == 0


def test_a_run_of_one_model_ends_at_its_deadline_too(tmp_path: Path, suite: Path) -> None:
    held = threading.Event()

    def chat(call: Call) -> Reply:
        held.wait(60)
        return Reply(said("ls"))

    with speaking(Speaker(chat)) as server:
        words = ("eval", "m", "--suite", suite, "--backend", "openai", "--base-url", server.url)
        done = cardboard(*words, "--output", tmp_path / "results", "--deadline", "1s")
        held.set()
        assert done.exit_code == DEADLINE
        again = cardboard(*words, "--output", tmp_path / "results", "--resume")
        assert again.exit_code == 0, again.stderr


def test_a_server_that_never_answers_is_given_up_and_the_rest_can_be_asked_later(
    tmp_path: Path, suite: Path
) -> None:
    held = threading.Event()

    def chat(call: Call) -> Reply:
        held.wait(60)
        return Reply(said("ls"))

    with speaking(Speaker(chat)) as server:
        words = ("eval", "m", "--suite", suite, "--backend", "openai", "--base-url", server.url)
        limits = ("--timeout", "0.2", "--concurrency", "2")
        done = cardboard(*words, *limits, "--output", tmp_path / "results")
        assert done.exit_code == 1
        assert "failed: the server stopped answering: 4 steps ran out of time" in done.stderr
        (path,) = map(Path, done.stdout.split())
        assert {step.error for step in read(path).steps} == {"no answer within 0.2 s"}
        held.set()
        again = cardboard(*words, "--output", tmp_path / "results", "--resume")
        assert again.exit_code == 0, again.stderr
    assert read(path).status == "complete"


def test_a_step_that_trickles_or_is_tried_again_has_no_more_time_than_another(
    tmp_path: Path, suite: Path
) -> None:
    """The time is that of the step: a server that asks for patience does not get more of it."""

    def chat(call: Call) -> Reply:
        if len(server.asked) == 1:
            return Reply({"error": "busy"}, 503, {"Retry-After": "300"})
        return Reply(said("ls"))

    with speaking(Speaker(chat)) as server:
        words = ("eval", "m", "--suite", suite, "--backend", "openai", "--base-url", server.url)
        limits = ("--timeout", "5", "--concurrency", "2")
        done = cardboard(*words, *limits, "--output", tmp_path / "results")
    assert "partial: no answer within 5 s" in done.stderr
    (path,) = map(Path, done.stdout.split())
    assert (read(path).counts.scored, read(path).counts.failed) == (5, 1)
