"""Runs: nothing answered is lost or asked again, and every end leaves an honest file."""

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from cardboard.eval.engine import Answer, Options, Prompt
from cardboard.eval.errors import DeadEngine, UsageError
from cardboard.eval.prompts.texts import Choices
from cardboard.eval.records import ModelFile, Result, Server
from cardboard.eval.run import run as running
from cardboard.eval.run.outcomes import Outcome
from cardboard.eval.run.request import Request
from cardboard.eval.run.run import evaluate, journal_of, status_of
from cardboard.eval.suites.kinds.kind import key_of

from ...replays import Spelled, a_request, a_suite, an_answer
from ..killed import CALLS, PAUSE, SUITE, note

ROOT = Path(__file__).parents[3]


def run(folder: Path, backend: Spelled, *requests: Request, mode: running.Mode = "new") -> Outcome:
    """Run one request and return what came of it."""
    return evaluate(requests or [a_request()], a_suite(), folder, mode=mode, backend=backend)[-1]


def read(outcome: Outcome) -> Result:
    return msgspec.json.decode(outcome.path.read_bytes(), type=Result)


def after(count: int, error: BaseException) -> Spelled:
    """Return a backend that answers *count* prompts and then raises *error*."""
    left = list(range(count))

    def say(prompt: Prompt) -> str:
        if not left:
            raise error
        left.pop()
        return an_answer("ls t0")

    return Spelled(say)


def test_a_run_leaves_one_result_and_no_journal(tmp_path: Path) -> None:
    outcome = run(tmp_path, Spelled())
    assert [path.name for path in tmp_path.iterdir()] == [outcome.path.name]
    result = read(outcome)
    assert result.status == outcome.status == status_of(outcome.path) == "complete"
    assert result.model.id == "org/model"
    assert result.model.revision == "r1"
    assert result.suite == a_suite().record
    assert (result.protocol.backend, result.protocol.max_tokens) == ("spelled", 1024)
    assert result.prompts.status_counts == {"unknown (remote)": 6}
    assert {"cardboard", "python", "spelled"} == set(result.versions)
    assert result.started_at is not None
    assert result.timing.generate_seconds is not None


def test_steps_are_asked_task_by_task_in_the_order_of_the_suite(tmp_path: Path) -> None:
    """What one step has read, the next one of its task reads again: a prefix cache finds it."""
    backend = Spelled()
    run(tmp_path, backend)
    assert backend.asked == ["t0/0", "t0/1", "t0/2", "t1/0", "t1/1", "t1/2"]


def test_ctrl_c_ends_with_what_is_done_and_resume_asks_the_rest(tmp_path: Path) -> None:
    stopped = run(tmp_path, after(4, KeyboardInterrupt()))
    assert stopped.interrupted
    assert (read(stopped).status, read(stopped).counts.scored) == ("partial", 4)
    backend = Spelled()
    finished = run(tmp_path, backend, mode="resume")
    assert backend.asked == ["t1/1", "t1/2"]
    assert finished.path == stopped.path
    assert read(finished).status == "complete"
    assert not journal_of(finished.path).exists()


def test_a_dead_engine_ends_as_failed_with_its_error_and_can_be_resumed(tmp_path: Path) -> None:
    dead = run(tmp_path, after(2, DeadEngine("CUDA out of memory in /srv/engine/worker.py")))
    result = read(dead)
    assert (result.status, result.counts.scored) == ("failed", 2)
    assert result.error == dead.error == "CUDA out of memory in worker.py"
    assert read(run(tmp_path, Spelled(), mode="resume")).status == "complete"


def test_a_failed_call_is_asked_again_by_resume(tmp_path: Path) -> None:
    def say(prompt: Prompt) -> str | Answer:
        if prompt.key == "t0/1":
            return Answer(key=prompt.key, text=None, error="HTTP 503")
        return an_answer("ls t0")

    partial = run(tmp_path, Spelled(say))
    assert (partial.status, partial.error) == ("partial", "HTTP 503")
    again = Spelled()
    assert run(tmp_path, again, mode="resume").status == "complete"
    assert again.asked == ["t0/1"]


def test_a_model_that_cannot_be_loaded_leaves_a_failed_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_memory(*given: object) -> Spelled:
        raise DeadEngine("out of memory")

    monkeypatch.setattr("cardboard.eval.run.loaded.open_backend", no_memory)
    (outcome,) = evaluate([a_request()], a_suite(), tmp_path)
    result = read(outcome)
    assert (result.status, result.error, result.counts.scored) == ("failed", "out of memory", 0)
    assert result.protocol.max_tokens == 1024


def test_but_never_in_place_of_a_better_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    partial = run(tmp_path, after(2, KeyboardInterrupt()))

    def no_memory(*given: object) -> Spelled:
        raise DeadEngine("out of memory")

    monkeypatch.setattr("cardboard.eval.run.loaded.open_backend", no_memory)
    (outcome,) = evaluate([a_request()], a_suite(), tmp_path, mode="resume")
    assert outcome.status == "failed"
    assert read(partial).counts.scored == 2


def test_what_is_measured_is_not_measured_again_unless_asked_for(tmp_path: Path) -> None:
    first = run(tmp_path, Spelled())
    with pytest.raises(UsageError, match="measured already") as told:
        run(tmp_path, Spelled())
    assert "--restart" in told.value.remedy
    idle = Spelled()
    assert run(tmp_path, idle, mode="resume").status == "complete"
    assert not idle.asked
    again = Spelled(lambda prompt: an_answer("ls t1"))
    run(tmp_path, again, mode="restart")
    assert len(again.asked) == 6
    assert read(first).steps[0].answer == an_answer("ls t1")


def test_a_second_measurement_that_fails_does_not_replace_the_first(tmp_path: Path) -> None:
    first = run(tmp_path, Spelled())
    run(tmp_path, after(2, DeadEngine("out of memory")), mode="restart")
    assert read(first).status == "complete"


def test_a_second_measurement_that_was_stopped_is_resumed_and_takes_the_place_of_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A complete result does not make `resume` throw away what was asked since."""
    first = run(tmp_path, Spelled())
    monkeypatch.setattr(running, "_now", lambda: "2026-11-21T00:00:00+00:00")
    run(tmp_path, after(4, KeyboardInterrupt()), mode="restart")
    with pytest.raises(UsageError, match="begun already"):
        run(tmp_path, Spelled())
    backend = Spelled()
    assert run(tmp_path, backend, mode="resume").status == "complete"
    assert backend.asked == ["t1/1", "t1/2"]
    assert read(first).started_at == "2026-11-21T00:00:00+00:00"
    assert not journal_of(first.path).exists()


def test_what_another_process_is_at_is_not_begun_anew(tmp_path: Path) -> None:
    def say(prompt: Prompt) -> str:
        with pytest.raises(UsageError, match="another process is working on this run"):
            run(tmp_path, Spelled(), mode="restart")
        return an_answer("ls t0")

    assert run(tmp_path, Spelled(say)).status == "complete"


def test_a_run_that_has_begun_is_not_begun_again_by_accident(tmp_path: Path) -> None:
    run(tmp_path, after(2, KeyboardInterrupt()))
    with pytest.raises(UsageError, match="begun already") as told:
        run(tmp_path, Spelled())
    assert "--resume" in told.value.remedy


def test_a_try_of_a_few_steps_is_partial_and_a_file_of_its_own(tmp_path: Path) -> None:
    backend = Spelled()
    outcome = run(tmp_path, backend, a_request(limit=2))
    assert backend.asked == ["t0/0", "t0/1"]
    assert (outcome.status, read(outcome).counts.expected) == ("partial", 6)
    assert run(tmp_path, Spelled()).path != outcome.path


def test_a_shard_is_complete_in_itself_and_says_which_it_is(tmp_path: Path) -> None:
    backend = Spelled()
    outcome = run(tmp_path, backend, a_request(shard=(1, 2)))
    assert backend.asked == ["t1/0", "t1/1", "t1/2"]
    result = read(outcome)
    assert (result.status, result.shard, result.counts.expected) == ("complete", (1, 2), 3)
    assert result.suite.steps == 6


def test_prompts_beyond_the_window_leave_a_partial_result_with_the_reason(tmp_path: Path) -> None:
    backend = Spelled(takes="tokens", template="{{ messages[1:] | length * 'x' }}", window=1026)
    outcome = run(tmp_path, backend, a_request(choices=Choices(overflow="skip")))
    result = read(outcome)
    assert result.status == "partial"
    unasked = [(step.step_idx, step.scored) for step in result.steps if step.error is not None]
    assert unasked == [(1, False), (2, False)] * 2
    assert "exceed the window of 1026" in (result.error or "")


def test_half_a_character_in_an_answer_does_not_break_the_file(tmp_path: Path) -> None:
    outcome = run(tmp_path, Spelled(lambda prompt: "\ud83d half"))
    assert read(outcome).steps[0].answer == "\ufffd half"


class Adapting(Spelled):
    """A backend whose adapter can be changed."""

    def use(self, adapter: str | None) -> None:
        """Note the adapter between the keys that are asked."""
        self.asked.append(f"use {adapter}")


def test_adapters_take_turns_over_one_loaded_model(tmp_path: Path) -> None:
    backend = Adapting()
    requests = [
        Request(backend="spelled", options=Options(model="org/m", adapter=adapter), limit=1)
        for adapter in ("org/a", "org/b", None)
    ]
    outcomes = evaluate(requests, a_suite(), tmp_path, backend=backend)
    assert backend.asked == ["use org/a", "t0/0", "use org/b", "t0/0", "use None", "t0/0"]
    adapters = [read(outcome).model.adapter for outcome in outcomes]
    assert [one.id if one else None for one in adapters] == ["org/a", "org/b", None]
    assert not backend.closed, "whoever opened it closes it"


def test_a_backend_without_adapters_refuses_them(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot change adapters"):
        run(tmp_path, Spelled(), a_request(options={"adapter": "org/lora"}))


def killed(root: Path, rounds: int, *server: str) -> list[dict[str, Any]]:
    """Return what came of *rounds* runs, each killed (-9) at a random moment and resumed."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.eval.killed", str(root), str(rounds), *server],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(told) == rounds
    return told


def check(told: dict[str, Any], under_way: int) -> None:
    """Check one killed run: it ended as if it had never died, and asked nothing for nothing."""
    assert told["same"]
    assert told["left"] == []
    assert not set(told["kept"]) & set(told["asked_after"]), "what was answered is not asked again"
    lost = set(told["asked_before"]) - set(told["kept"])
    if not told["finished"]:
        assert len(lost) <= under_way, "only what was under way is lost"
        assert len(told["asked_after"]) == len(set(told["asked_after"]))
        assert {*told["kept"], *told["asked_after"]} == {key_of(row) for row in SUITE.rows}


def test_killed_at_20_random_moments_it_ends_as_if_it_had_never_died(tmp_path: Path) -> None:
    rounds = killed(tmp_path, 20)
    for told in rounds:
        check(told, under_way=1)
    assert len({len(told["kept"]) for told in rounds}) > 5, "the moments really differed"


class Counting(BaseHTTPRequestHandler):
    """A server that answers by the key in the last turn, and logs each prompt that it is asked."""

    log: Path

    def do_GET(self) -> None:
        """Name the one model."""
        self._reply({"data": [{"id": "org/model"}]})

    def do_POST(self) -> None:
        """Count, wait and answer."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        key = asked["messages"][-1]["content"]
        note(self.log, key)
        time.sleep(PAUSE)
        message = {"role": "assistant", "content": an_answer(f"echo {key}", "ls t0")}
        self._reply({"choices": [{"message": message, "finish_reason": "stop"}]})

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # its name there
        """Keep quiet."""

    def _reply(self, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # whoever asked may have been killed
            self.wfile.write(data)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    handler = type("Here", (Counting,), {"log": tmp_path / "asked.log"})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}/v1"
        running.shutdown()
        thread.join()


def test_a_server_is_asked_nothing_twice_that_it_answered(tmp_path: Path, server: str) -> None:
    for told in killed(tmp_path, 10, server):
        check(told, under_way=CALLS)


def replying(name: str | None, mark: str | None = None, *, limit: int = 99) -> Spelled:
    """Return a backend whose replies name *name* and *mark*, and that is stopped after *limit*."""
    left = list(range(limit))

    def say(prompt: Prompt) -> Answer:
        if not left:
            raise KeyboardInterrupt
        left.pop()
        return Answer(key=prompt.key, text="ls", model=name, system_fingerprint=mark)

    backend = Spelled(say)
    backend.account = replace(backend.account, server=Server(address_sha256="a" * 64))
    return backend


def test_what_the_replies_of_a_server_say_of_the_model_is_recorded(tmp_path: Path) -> None:
    result = read(run(tmp_path, replying("real-name", "fp_1")))
    assert result.model.server == Server(
        address_sha256="a" * 64, model="real-name", system_fingerprint="fp_1"
    )


@pytest.mark.parametrize(
    ("second", "error"),
    [
        (("other", "fp_1"), "the server answers as other now, and answered as real before"),
        (("real", "fp_2"), "the server answers with the fingerprint fp_2 now"),
    ],
)
def test_a_run_does_not_go_on_with_another_model_behind_the_same_address(
    tmp_path: Path, second: tuple[str, str], error: str
) -> None:
    run(tmp_path, replying("real", "fp_1", limit=3))
    again = run(tmp_path, replying(*second), mode="resume")
    assert again.status == "failed"
    assert error in (again.error or "")
    assert read(again).counts.scored == 3
    assert read(run(tmp_path, replying("real", "fp_1"), mode="resume")).status == "complete"


def test_a_journal_of_other_weights_is_not_gone_on_with(tmp_path: Path) -> None:
    run(tmp_path, after(3, KeyboardInterrupt()))
    other = Spelled()
    other.account = replace(other.account, file=ModelFile(name="m.gguf", sha256="b" * 64))
    with pytest.raises(UsageError, match=r"another model: .*weights_sha256 None"):
        run(tmp_path, other, mode="resume")


def test_two_adapters_that_come_to_one_result_are_refused_by_name(tmp_path: Path) -> None:
    requests = [a_request(options={"adapter": "org/lora"}) for _ in range(2)]
    with pytest.raises(UsageError, match=r"adapter org/lora and .* come to one result"):
        evaluate(requests, a_suite(), tmp_path)
