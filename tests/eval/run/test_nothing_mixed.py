"""Nothing is mixed: no run is made of what two models, two servers or two chances answered."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from cardboard.eval.engine import Account, Answer, Sampling, seed_of
from cardboard.eval.errors import RecordError, UsageError
from cardboard.eval.records import Result
from cardboard.eval.run.outcomes import Outcome
from cardboard.eval.run.plans.jobs import Order, Sheet
from cardboard.eval.run.plans.merge import merge
from cardboard.eval.run.plans.parts import Part
from cardboard.eval.run.plans.plan import Job
from cardboard.eval.run.progress import Silent
from cardboard.eval.run.request import Request
from cardboard.eval.run.run import Mode, evaluate, journal_of

from ...replays import Spelled, a_request, a_suite, an_answer
from ..speaking import Call, Reply, Speaker, said, speaking

SUITE = a_suite(tasks=2, steps=3)
Pair = Callable[[Path], tuple[Request, Request]]


def read(outcome: Outcome) -> Result:
    return msgspec.json.decode(outcome.path.read_bytes(), type=Result)


class Listening(Silent):
    """Hears what is told, and stops a run as Ctrl-C does after some answers."""

    def __init__(self, stop_after: int = 99) -> None:
        self.heard: list[str] = []
        self._left = stop_after

    def say(self, text: str) -> None:
        self.heard.append(text)

    def add(self, answer: Answer) -> None:
        self._left -= 1
        if self._left == 0:
            raise KeyboardInterrupt

    @property
    def warnings(self) -> list[str]:
        return [text for text in self.heard if text.startswith("Warning")]


# Four ways in which two models look like one, and the four places where they could become one.


def folder(path: Path, content: str, name: str = "model.safetensors") -> str:
    path.mkdir(parents=True)
    header = msgspec.json.encode({"__metadata__": {"run": content}})
    (path / name).write_bytes(len(header).to_bytes(8, "little") + header)
    (path / "adapter_config.json").write_text("{}")
    return str(path)


def fine_tunes(root: Path) -> tuple[Request, Request]:
    paths = [folder(root / run / "checkpoint-300", run) for run in ("run-a", "run-b")]
    return a_request(model=paths[0]), a_request(model=paths[1])


def adapters(root: Path) -> tuple[Request, Request]:
    name = "adapter_model.safetensors"
    paths = [folder(root / run / "checkpoint-300", run, name) for run in ("run-a", "run-b")]
    return a_request(options={"adapter": paths[0]}), a_request(options={"adapter": paths[1]})


def revisions(root: Path) -> tuple[Request, Request]:
    first, second = ({"revision": f"step{number}"} for number in (1000, 2000))
    return a_request(options=first), a_request(options=second)


def servers(root: Path) -> tuple[Request, Request]:
    first, second = ({"base_url": f"http://127.0.0.1:{port}/v1"} for port in (8001, 8002))
    return a_request(backend="openai", options=first), a_request(backend="openai", options=second)


pairs = pytest.mark.parametrize("pair", [fine_tunes, adapters, revisions, servers])


class Answering(Spelled):
    """A backend that tells nothing of its model but what the request does."""

    def __init__(self, text: str) -> None:
        super().__init__(lambda prompt: an_answer(text), account=Account(backend="s", versions={}))

    def use(self, adapter: str | None) -> None:
        """Answer as before."""


def measured(request: Request, path: Path, text: str, mode: Mode = "new") -> Outcome:
    return evaluate([request], SUITE, path, mode=mode, backend=Answering(text))[0]


@pairs
def test_two_models_that_look_alike_have_two_results(pair: Pair, tmp_path: Path) -> None:
    one, other = pair(tmp_path)
    outcomes = measured(one, tmp_path / "r", "ls a"), measured(other, tmp_path / "r", "ls b")
    assert outcomes[0].path != outcomes[1].path
    answers = [read(outcome).steps[0].answer for outcome in outcomes]
    assert answers == [an_answer("ls a"), an_answer("ls b")]


@pairs
def test_a_plan_does_not_take_the_second_for_done(pair: Pair, tmp_path: Path) -> None:
    one, other = pair(tmp_path)
    done = measured(one, tmp_path / "r", "ls a")
    orders = [an_order(request, tmp_path / "r") for request in (one, other)]
    assert (orders[0].left, len(orders[1].left)) == ([], 1)
    assert done.path not in orders[1].left


def an_order(request: Request, path: Path) -> Order:
    job = Job(backend="s", requests=(request,), suites=("tiny",), gpus=0, cpus=1, shards=1)
    return Order(job=job, sheets=(Sheet(suite=SUITE, folder=path),))


@pairs
def test_resume_makes_no_result_of_the_second_from_answers_of_the_first(
    pair: Pair, tmp_path: Path
) -> None:
    one, other = pair(tmp_path)
    listening = Listening(stop_after=2)
    stopped = evaluate([one], SUITE, tmp_path / "r", watch=listening, backend=Answering("ls a"))[0]
    assert stopped.interrupted
    whole = measured(other, tmp_path / "r", "ls b", "resume")
    assert {step.answer for step in read(whole).steps} == {an_answer("ls b")}
    # Not even where somebody gives its journal the other's name.
    journal_of(stopped.path).rename(journal_of(whole.path))
    whole.path.unlink()
    with pytest.raises(UsageError, match="the run began with another model"):
        measured(other, tmp_path / "r", "ls b", "resume")


@pairs
def test_parts_of_the_two_are_not_merged(pair: Pair, tmp_path: Path) -> None:
    requests = pair(tmp_path)
    parts = [
        Part(
            f"{index}.json", "0" * 64, read(measured(replace(request, shard=(index, 2)), path, ""))
        )
        for index, (request, path) in enumerate(zip(requests, [tmp_path / "r"] * 2, strict=True))
    ]
    with pytest.raises(RecordError, match="are not of one model"):
        merge(parts)


# Servers.


def replying(model: str | None = None, mark: str | None = None, **more: Any) -> Reply:
    told = {"model": model, "system_fingerprint": mark}
    return Reply(said(an_answer("ls")) | {key: one for key, one in told.items() if one} | more)


def asked(server: Speaker, path: Path, mode: Mode = "resume", **differs: Any) -> tuple[Any, Any]:
    """Return what came of a run on *server*, one call at a time, and who listened to it."""
    watch = Listening(differs.pop("stop_after", 99))
    options = {"base_url": server.url, "concurrency": 1}
    request = a_request(backend="openai", options=options, **differs)
    return evaluate([request], SUITE, path, mode=mode, watch=watch)[0], watch


def versioned(version: str) -> dict[str, Any]:
    models = {"data": [{"id": "org/model", "owned_by": "vllm"}]}
    return {"/v1/models": models, "/version": {"version": version}}


def test_two_models_behind_one_address_end_the_run_at_the_first_answer_of_the_second(
    tmp_path: Path,
) -> None:
    names = iter(["one", "one", "two", "one"])
    with speaking(Speaker(lambda call: replying(next(names)))) as server:
        outcome, _ = asked(server, tmp_path)
    result = read(outcome)
    assert (result.status, result.counts.scored) == ("failed", 2)
    assert "answers as two now, and answered as one before" in (result.error or "")
    assert result.model.server is not None
    assert result.model.server.model == "one"


@pytest.mark.parametrize(
    ("second", "error"),
    [
        (replying("other", "fp_1"), "answers as other now, and answered as real before"),
        (replying("real", "fp_2"), "fingerprint fp_2 now, and answered with fp_1 before"),
    ],
)
def test_a_server_that_was_replaced_between_two_sessions_is_not_gone_on_with(
    tmp_path: Path, second: Reply, error: str
) -> None:
    with speaking(Speaker(lambda call: replying("real", "fp_1"))) as server:
        asked(server, tmp_path, stop_after=3)
        server.chat = lambda call: second
        outcome, _ = asked(server, tmp_path)
        assert error in (outcome.error or "")
        assert read(outcome).counts.scored == 3
        server.chat = lambda call: replying("real", "fp_1")
        outcome, watch = asked(server, tmp_path)
    assert (outcome.status, watch.warnings) == ("complete", [])


def test_a_server_of_another_version_is_not_gone_on_with(tmp_path: Path) -> None:
    with speaking(Speaker(lambda call: replying("m"), versioned("1"))) as server:
        asked(server, tmp_path, stop_after=3)
        server.pages = versioned("2")
        with pytest.raises(UsageError, match=r"versions\.vllm: the run began with '1', not with"):
            asked(server, tmp_path)


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (replying("m"), replying("m"), "neither a version nor a fingerprint"),
        (replying("m", "fp_1"), replying("m"), "no fingerprint now, and did before"),
        (replying("m"), replying("m", "fp_1"), "a fingerprint now, and did not before"),
    ],
)
def test_where_it_cannot_be_known_who_answers_resume_says_so_once(
    tmp_path: Path, first: Reply, second: Reply, told: str
) -> None:
    with speaking(Speaker(lambda call: first)) as server:
        _, watch = asked(server, tmp_path, stop_after=3)
        assert not watch.warnings, "there is nothing to mix yet"
        server.chat = lambda call: second
        outcome, watch = asked(server, tmp_path)
    assert outcome.status == "complete"
    assert len(watch.warnings) == 1
    assert told in watch.warnings[0]


def test_several_fingerprints_in_one_session_are_told_and_recorded(tmp_path: Path) -> None:
    marks = iter(["fp_1", "fp_2"] * 3)
    with speaking(Speaker(lambda call: replying("m", next(marks)))) as server:
        outcome, watch = asked(server, tmp_path)
    assert len(watch.warnings) == 1
    assert "more than one server may be answering" in watch.warnings[0]
    server_record = read(outcome).model.server
    assert server_record is not None
    assert server_record.system_fingerprint == "fp_1, fp_2"


# Chance.

WARM = Sampling(temperature=1.0, max_tokens=12, seed=3)


def texts(outcome: Outcome) -> dict[str, str | None]:
    return {f"{step.task_id}/{step.step_idx}": step.answer for step in read(outcome).steps}


def test_a_sampled_run_that_was_stopped_answers_as_if_it_had_not_been(
    llama: Path, tmp_path: Path
) -> None:
    """Stopped after each number of answers, and gone on with in batches of another size."""
    from cardboard.eval.backends.transformers import open_backend

    def run(path: Path, batch_size: int, stop_after: int, mode: Mode) -> tuple[Outcome, list[str]]:
        options = {"batch_size": batch_size}
        request = a_request(
            backend="transformers", model=str(llama), options=options, sampling=WARM
        )
        backend: Any = open_backend(request.options)
        watch = Listening(stop_after)
        return (
            evaluate([request], SUITE, path, mode=mode, watch=watch, backend=backend)[0],
            watch.warnings,
        )

    whole, _ = run(tmp_path / "whole", 4, 99, "new")
    assert len(set(texts(whole).values())) > 1
    assert read(whole).protocol.seeding == "step"
    assert read(whole).protocol.batch_size == 4
    for number in range(1, 6):
        run(tmp_path / f"{number}", 4, number, "new")
        resumed, told = run(tmp_path / f"{number}", 1 + number % 3, 99, "resume")
        assert texts(resumed) == texts(whole)
        assert read(resumed).protocol.batch_size is None
        assert "4 before" in told[-1]


def test_a_sampled_run_on_a_server_asks_for_the_same_whenever_it_is_resumed(tmp_path: Path) -> None:
    def chat(call: Call) -> Reply:
        return Reply(said(an_answer(f"echo {call.body['seed']}")))

    with speaking(Speaker(chat, versioned("1"))) as server:
        whole, _ = asked(server, tmp_path / "whole", sampling=WARM)
        asked(server, tmp_path / "stopped", sampling=WARM, stop_after=2)
        resumed, _ = asked(server, tmp_path / "stopped", sampling=WARM)
    assert texts(whole) == texts(resumed)
    assert texts(whole)["t1/2"] == an_answer(f"echo {seed_of(WARM, 't1/2')}")
    assert read(whole).protocol.seeding == "step"
