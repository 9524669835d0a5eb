"""Steps that are asked more than once: many episodes beside one engine, and each kept as one."""

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cardboard.eval import records
from cardboard.eval.engine import Account, Answer, Feed, Message, Prompt, Sampling
from cardboard.eval.errors import DeadEngine, UsageError
from cardboard.eval.metrics import Metric
from cardboard.eval.records import StepTiming
from cardboard.eval.run.outcomes import Outcome
from cardboard.eval.run.request import result_name
from cardboard.eval.run.run import evaluate, journal_of
from cardboard.eval.sandbox import processes
from cardboard.eval.suites.kinds.kind import Kind, Play, Played, Row, Scored, Staged, Terms
from cardboard.eval.suites.kinds.registry import KINDS
from cardboard.eval.suites.suite import Suite

from ...replays import Spelled, a_request, a_suite


class Climb(Row, frozen=True, kw_only=True):
    """A stair, which a model climbs answer by answer."""

    height: int

    @property
    def conversation(self) -> tuple[Message, ...]:
        """Return the first question."""
        return (Message("user", f"{self.task_id}: step 0"),)

    @property
    def reference(self) -> dict[str, Any]:
        """Return how high it is."""
        return {"height": self.height}


OPEN: set[str] = set()
"""Rooms that are open now."""
MOST = [0]


def climb(row: Row, terms: Terms) -> Play:
    """Ask on each step for `up`; whoever says something else falls."""
    assert isinstance(row, Climb)
    name = f"{row.task_id} {threading.get_ident()} {time.monotonic_ns()}"
    OPEN.add(name)
    MOST[0] = max(MOST[0], len(OPEN))
    try:
        said = list(row.conversation)
        for step in range(1, row.height + 1):
            answer = yield tuple(said)
            if answer.text is None:
                if answer.finish_reason == "context":
                    return Played(text=f"{step - 1} full", ended="context")
                return Played(text=None, ended="call", error=answer.error)
            said += [Message("assistant", answer.text), Message("user", f"step {step}")]
        up = sum(turn.content == "up" for turn in said)
        return Played(text=f"{up} {terms.dialogue}", ended="top")
    finally:
        OPEN.discard(name)


def scored(reference: Any, answer: str, version: str | None) -> Scored:
    """Score how high somebody came."""
    height = int(answer.split()[0])
    return Scored({"height": height}, {"top": float(height == reference["height"])})


def _settings(terms: Terms) -> dict[str, Any]:
    if terms.isolation == "bubblewrap":
        raise UsageError("there is no wall here", key="--isolation")
    return {"isolation": terms.isolation}


CLIMBS = Kind(
    name="climbs",
    metrics=(Metric(id="top_pct", unit="percent", per_step="top", ranked=True, binary=True),),
    row=Climb,
    score=scored,
    scorer="climbs/1",
    staged=Staged(
        dialogues=("step", "jump"),
        opening=lambda row, dialogue: row.conversation,
        play=climb,
        turns=9,
        players={"climber": lambda rows, settings: lambda row, said: "up"},
        account=_settings,
    ),
)


@pytest.fixture(autouse=True)
def _climbs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(KINDS, CLIMBS.name, CLIMBS)
    MOST[0] = 0
    yield
    assert not OPEN, "every room is closed, however an episode ended"


def stairs(*heights: int) -> Suite:
    """Return a suite of stairs."""
    rows = [Climb(task_id=f"s{n}", step_idx=0, height=high) for n, high in enumerate(heights)]
    return Suite(name="stairs", version="1", kind="climbs", rows=tuple(rows))


def result_of(outcome: Outcome) -> records.Result:
    """Return the result that was written."""
    return msgspec.json.decode(outcome.path.read_bytes(), type=records.Result)


def say(prompt: Prompt) -> Answer:
    """Go up."""
    timing = StepTiming(prompt_seconds=0.5, cached_tokens=3)
    return Answer(
        key=prompt.key, text="up", prompt_tokens=10, output_tokens=2, seconds=1.5, timing=timing
    )


class Server(Spelled):
    """A backend that looks for more prompts while it answers, several at a time."""

    in_flight = 3

    def answers(self, prompts: Sequence[Prompt] | Feed, sampling: Sampling) -> Iterator[Answer]:
        """Yield answers, each behind one that was asked later, as far as there are several."""
        held: list[Prompt] = []
        for prompt in prompts:
            if prompt is not None:
                held.append(prompt)
            if len(held) > 1 or (prompt is None and held):
                self.asked.append(held[-1].key)
                yield self._answer(held.pop())
        for one in held:
            yield self._answer(one)

    def _answer(self, prompt: Prompt) -> Answer:
        said = self._say(prompt)
        return said if isinstance(said, Answer) else Answer(key=prompt.key, text=said)


ENGINES = pytest.mark.parametrize("engine", [Spelled, Server])


def test_the_turns_of_a_whole_run_are_rendered_in_one_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the first prompts, by which a run is known, in one before it."""
    started: list[str] = []
    start = processes._started

    def counted(module: str, *told: Any) -> Any:
        started.append(module)
        return start(module, *told)

    monkeypatch.setattr(processes, "_started", counted)
    template = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}"
    backend = Spelled(say, takes="tokens", template=template)
    (done,) = evaluate([a_request()], stairs(2, 4, 5), tmp_path, backend=backend)
    assert [step.scores["top"] for step in result_of(done).steps] == [1.0, 1.0, 1.0]
    assert len(backend.asked) == 11
    assert len(started) == 2


class TestEpisodes:
    @ENGINES
    def test_each_becomes_one_step_whatever_is_played_beside_it(
        self, tmp_path: Path, engine: type[Spelled]
    ) -> None:
        backend = engine(say)
        (outcome,) = evaluate([a_request()], stairs(3, 1, 5, 2, 4), tmp_path, backend=backend)
        result = result_of(outcome)
        assert [step.answer for step in result.steps] == [f"{n} step" for n in (3, 1, 5, 2, 4)]
        assert (result.status, result.metrics["top_pct"].value) == ("complete", 100.0)
        assert len(backend.asked) == len(set(backend.asked)) == 15

    def test_adds_up_what_its_answers_took(self, tmp_path: Path) -> None:
        (outcome,) = evaluate([a_request()], stairs(3), tmp_path, backend=Spelled(say))
        (step,) = result_of(outcome).steps
        assert (step.prompt_tokens, step.output_tokens, step.seconds) == (30, 6, 4.5)
        assert step.timing == StepTiming(prompt_seconds=1.5, cached_tokens=9)
        assert step.finish_reason == "top"

    def test_are_asked_together(self, tmp_path: Path) -> None:
        waves: list[int] = []

        class Waved(Spelled):
            def answers(self, prompts: Sequence[Prompt], sampling: Sampling) -> Iterator[Answer]:
                waves.append(len(prompts))
                return super().answers(prompts, sampling)

        account = Account(backend="waved", versions={}, batch_size=4)
        backend = Waved(lambda prompt: "up", account=account)
        evaluate([a_request()], stairs(*[3] * 4), tmp_path, backend=backend)
        assert waves == [4, 4, 4]

    @ENGINES
    def test_are_no_more_at_a_time_than_the_engine_answers(
        self, tmp_path: Path, engine: type[Spelled]
    ) -> None:
        account = Account(backend="few", versions={}, batch_size=3)
        evaluate([a_request()], stairs(*[2] * 12), tmp_path, backend=engine(say, account=account))
        assert 1 < MOST[0] <= 3

    def test_are_rendered_turn_by_turn_until_the_window_is_full(self, tmp_path: Path) -> None:
        template = "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}"
        seen: list[str] = []

        def told(prompt: Prompt) -> str:
            seen.append("".join(map(chr, prompt.token_ids or ())))
            return "up"

        backend = Spelled(told, takes="tokens", template=template, window=70)
        request = a_request(sampling=Sampling(max_tokens=20))
        (outcome,) = evaluate([request], stairs(3), tmp_path, backend=backend)
        first = "[user]s0: step 0"
        assert seen == [first, f"{first}[assistant]up[user]step 1"]
        (step,) = result_of(outcome).steps
        assert (step.finish_reason, step.scored, step.answer) == ("context", True, "2 full")

    @pytest.mark.parametrize(
        "error",
        [
            "HTTP 400: the request exceeds the available context size",
            "HTTP 400: This model's maximum context length is 4096 tokens",
            "the server cut the prompt to its window of 4096 tokens",
        ],
    )
    def test_end_where_a_server_says_that_it_is_full(self, tmp_path: Path, error: str) -> None:
        def full(prompt: Prompt) -> Answer:
            known = prompt.key.endswith("/0")
            return say(prompt) if known else Answer(key=prompt.key, text=None, error=error)

        (outcome,) = evaluate([a_request()], stairs(3), tmp_path, backend=Server(full))
        assert result_of(outcome).steps[0].finish_reason == "context"


class TestWhatFails:
    def test_a_call_is_no_score_and_is_asked_again(self, tmp_path: Path) -> None:
        def broken(prompt: Prompt) -> str | Answer:
            if prompt.key == "s1/0/1":
                return Answer(key=prompt.key, text=None, error="HTTP 503")
            return "up"

        (outcome,) = evaluate([a_request()], stairs(2, 2, 2), tmp_path, backend=Spelled(broken))
        result = result_of(outcome)
        assert (result.status, result.counts.scored, result.counts.failed) == ("partial", 2, 1)
        assert (result.steps[1].finish_reason, result.steps[1].error) == ("call", "HTTP 503")
        backend = Spelled(say)
        (outcome,) = evaluate(
            [a_request()], stairs(2, 2, 2), tmp_path, mode="resume", backend=backend
        )
        assert (outcome.status, backend.asked) == ("complete", ["s1/0/0", "s1/0/1"])

    @ENGINES
    def test_an_engine_that_dies_loses_no_episode_that_was_over(
        self, tmp_path: Path, engine: type[Spelled]
    ) -> None:
        def dying(prompt: Prompt) -> str:
            if prompt.key == "s3/0/2":
                raise DeadEngine("out of memory")
            return "up"

        suite = stairs(1, 1, 1, 4)
        (outcome,) = evaluate([a_request()], suite, tmp_path, backend=engine(dying))
        assert (outcome.status, result_of(outcome).counts.scored) == ("failed", 3)
        backend = engine(say)
        (outcome,) = evaluate([a_request()], suite, tmp_path, mode="resume", backend=backend)
        assert outcome.status == "complete"
        assert {key.partition("/")[0] for key in backend.asked} <= {"s3"}

    def test_whoever_interrupts_it_can_go_on(self, tmp_path: Path) -> None:
        def stopped(prompt: Prompt) -> str:
            if prompt.key.startswith("s2/"):
                raise KeyboardInterrupt
            return "up"

        account = Account(backend="one", versions={}, batch_size=1)
        backend = Spelled(stopped, account=account)
        (outcome,) = evaluate([a_request()], stairs(1, 2, 3), tmp_path, backend=backend)
        assert outcome.interrupted
        assert result_of(outcome).counts.scored == 2
        backend = Spelled(say, account=account)
        evaluate([a_request()], stairs(1, 2, 3), tmp_path, mode="resume", backend=backend)
        assert backend.asked == ["s2/0/0", "s2/0/1", "s2/0/2"]
        assert not journal_of(outcome.path).exists()

    def test_where_no_room_can_be_made_nothing_is_loaded(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="no wall"):
            evaluate([a_request(isolation="bubblewrap")], stairs(1), tmp_path)


class TestTrials:
    def test_are_steps_of_their_own(self, tmp_path: Path) -> None:
        request = a_request(trials=3)
        (outcome,) = evaluate([request], stairs(1, 2), tmp_path, backend=Spelled(say))
        result = result_of(outcome)
        assert [(step.task_id, step.trial) for step in result.steps] == [
            (task, trial) for task in ("s0", "s1") for trial in range(3)
        ]
        assert (result.protocol.trials, result.counts.expected) == (3, 6)

    def test_are_gone_on_with_each_by_itself(self, tmp_path: Path) -> None:
        def broken(prompt: Prompt) -> str | Answer:
            failed = prompt.key == "s0/0/0#1"
            return Answer(key=prompt.key, text=None, error="no") if failed else "up"

        request = a_request(trials=2)
        evaluate([request], stairs(1), tmp_path, backend=Spelled(broken))
        backend = Spelled(say)
        evaluate([request], stairs(1), tmp_path, mode="resume", backend=backend)
        assert backend.asked == ["s0/0/0#1"]

    def test_are_for_suites_of_every_kind(self, tmp_path: Path) -> None:
        backend = Spelled()
        request = a_request(trials=2)
        (outcome,) = evaluate([request], a_suite(1, 2), tmp_path, backend=backend)
        assert backend.asked == ["t0/0", "t0/0#1", "t0/1", "t0/1#1"]
        assert [step.trial for step in result_of(outcome).steps] == [0, 1, 0, 1]


class TestTheDialogue:
    def test_is_the_kinds_first_where_nobody_says_another(self, tmp_path: Path) -> None:
        (outcome,) = evaluate([a_request()], stairs(1), tmp_path, backend=Spelled(say))
        sent = result_of(outcome).protocol
        assert (sent.dialogue, sent.turns, sent.extra["isolation"]) == ("step", 9, "auto")

    def test_makes_another_result(self, tmp_path: Path) -> None:
        one, other = a_request(), a_request(dialogue="jump")
        assert result_name(one, stairs(1)) == result_name(a_request(dialogue="step"), stairs(1))
        assert result_name(one, stairs(1)) != result_name(other, stairs(1))
        (outcome,) = evaluate([other], stairs(1), tmp_path, backend=Spelled(say))
        assert result_of(outcome).steps[0].answer == "1 jump"

    def test_must_be_one_that_the_kind_knows(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match=r"cannot be asked as dive.*step, jump"):
            evaluate([a_request(dialogue="dive")], stairs(1), tmp_path)

    def test_is_of_no_suite_that_is_not_played(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="tiny is not played"):
            evaluate([a_request(dialogue="step")], a_suite(1, 1), tmp_path)


def test_a_rule_plays_without_a_model(tmp_path: Path) -> None:
    request = a_request(backend="scripted", model="climber")
    (outcome,) = evaluate([request], stairs(2, 3), tmp_path)
    assert [step.answer for step in result_of(outcome).steps] == ["2 step", "3 step"]
