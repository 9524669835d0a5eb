"""`cardboard eval` and `cardboard rescore`: what is said, where it lands, which exit code."""

import hashlib
import os
import signal
import threading
from pathlib import Path
from typing import Any

import click
import msgspec
import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from cardboard.cli import main
from cardboard.eval import records
from cardboard.eval.commands import run_command
from cardboard.eval.commands.run_command import evaluate
from cardboard.eval.engine import Options, Prompt, Sampling, Setting
from cardboard.eval.errors import UsageError
from cardboard.eval.metrics import Measured
from cardboard.eval.prompts.texts import Choices
from cardboard.eval.run.options import requests_of, settings
from cardboard.eval.run.request import Request
from cardboard.eval.run.run import journal_of
from cardboard.eval.suites.suite import encode

from ...replays import Spelled, a_suite, an_answer


@pytest.fixture
def suite(tmp_path: Path) -> str:
    path = tmp_path / "tiny.jsonl"
    path.write_bytes(encode(a_suite().rows))
    return str(path)


@pytest.fixture(autouse=True)
def _signals() -> Any:
    """Put the handler of SIGTERM back."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def cardboard(*words: str) -> Result:
    return CliRunner().invoke(main, [*map(str, words)])


def asked(*words: str) -> list[Request]:
    """Return the requests that a command line comes to."""
    context = evaluate.make_context("eval", [*words], resilient_parsing=False)
    given = dict(context.params)
    return requests_of(given.pop("model"), given)


def read(path: str) -> records.Result:
    return msgspec.json.decode(Path(path).read_bytes(), type=records.Result)


def test_a_run_ends_with_the_path_of_its_result(tmp_path: Path, suite: str) -> None:
    done = cardboard(
        "-C", str(tmp_path), "eval", "oracle", "--suite", suite, "--backend", "scripted"
    )
    assert done.exit_code == 0, done.output
    path = done.stdout.splitlines()[-1]
    assert Path(path).parent == tmp_path / "results" / "tiny"
    assert records.value(read(path), "command_f1") == 1.0
    assert "6 of 6 steps" in done.stderr


def test_a_result_that_is_not_complete_exits_with_1_and_says_why(
    tmp_path: Path, suite: str
) -> None:
    answers = tmp_path / "answers.jsonl"
    answers.write_bytes(b'{"key": "t0/0", "text": "{}"}')
    done = cardboard(
        "eval", str(answers), "--suite", suite, "--backend", "scripted", "--output", str(tmp_path)
    )
    assert done.exit_code == 1
    assert "partial: there is no answer to this step" in done.stderr
    result = read(done.stdout.splitlines()[-1])
    assert (result.status, result.counts.scored, result.counts.failed) == ("partial", 1, 5)
    assert result.model.id == "answers.jsonl"


def test_what_is_measured_already_exits_with_2(tmp_path: Path, suite: str) -> None:
    words = ["-C", str(tmp_path), "eval", "oracle", "--suite", suite, "--backend", "scripted"]
    assert [cardboard(*words).exit_code, cardboard(*words).exit_code] == [0, 2]
    assert cardboard(*words, "--resume").exit_code == 0
    assert cardboard(*words, "--restart").exit_code == 0


def test_prompts_that_cannot_be_built_exit_with_2_and_leave_no_file(
    tmp_path: Path, suite: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = Spelled(takes="tokens", template="{{ messages }}", window=1030)
    monkeypatch.setattr("cardboard.eval.run.loaded.open_backend", lambda *given: backend)
    done = cardboard("-C", str(tmp_path), "eval", "m", "--suite", suite, "--backend", "vllm")
    assert done.exit_code == 2
    assert "6 of 6 prompts do not fit the window of 1030 tokens" in done.stderr
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_keeps_what_is_done(
    tmp_path: Path, suite: str, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    def say(prompt: Prompt) -> str:
        if prompt.key == "t1/0":
            os.kill(os.getpid(), number)
        return an_answer("ls")

    monkeypatch.setattr("cardboard.eval.run.loaded.open_backend", lambda *given: Spelled(say))
    assert threading.current_thread() is threading.main_thread()
    done = cardboard("-C", str(tmp_path), "eval", "m", "--suite", suite, "--backend", "openai")
    assert done.exit_code == run_command.INTERRUPTED
    assert "Interrupted. Go on with --resume." in done.stderr
    path = done.stdout.splitlines()[-1]
    assert (read(path).status, read(path).counts.scored) == ("partial", 3)
    assert journal_of(Path(path)).exists()


def test_ctrl_c_while_the_model_is_loaded_exits_as_ctrl_c_does(
    tmp_path: Path, suite: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(*given: object) -> Spelled:
        raise KeyboardInterrupt

    monkeypatch.setattr("cardboard.eval.run.loaded.open_backend", load)
    done = cardboard("-C", str(tmp_path), "eval", "m", "--suite", suite, "--backend", "openai")
    assert done.exit_code == run_command.INTERRUPTED
    assert "Interrupted before a step was asked." in done.stderr
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--noise", "0.4"), "--noise: only the rule noisy-oracle has noise"),
        (("--ray", "local"), "--ray does a plan: name one with --plan."),
        (("--top-p", "0"), "0.0 is not in the range 0<x<=1"),
    ],
)
def test_what_would_change_nothing_is_refused(
    tmp_path: Path, suite: str, words: tuple[str, ...], error: str
) -> None:
    given = ("-C", str(tmp_path), "eval", "oracle", "--suite", suite, "--backend", "scripted")
    done = cardboard(*given, *words)
    assert done.exit_code == 2
    assert error in done.stderr


def test_every_option_reaches_the_request() -> None:
    (request,) = asked(
        "org/model", "--suite", "s", "--backend", "vllm", "--revision", "abc", "--adapter",
        "org/lora",
        "--name", "org/published", "--label", "mine", "--temperature", "0.5", "--top-p", "0.9",
        "--top-k", "20", "--max-tokens", "512", "--seed", "7", "--stop", "END", "--no-thinking",
        "--template-kwarg", "effort=low", "--fold-system", "--merge-turns", "--allow-fallback",
        "chatml", "--allow-raw", "--overflow", "skip", "--window", "4096", "--dtype", "float32",
        "--batch-size", "3", "--concurrency", "4", "--tensor-parallel", "2", "--pipeline-parallel",
        "5", "--base-url", "http://127.0.0.1/v1", "--api-key-variable", "KEY", "--timeout",
        "60", "--set", "gpu_memory_utilization=0.5", "--limit", "9", "--shard", "2/3",
    )  # fmt: skip
    kwargs: dict[str, Setting] = {"effort": "low", "enable_thinking": False}
    assert request == Request(
        backend="vllm",
        options=Options(
            model="org/model",
            revision="abc",
            adapter="org/lora",
            adapters=("org/lora",),
            base_url="http://127.0.0.1/v1",
            api_key_variable="KEY",
            dtype="float32",
            max_model_len=4096,
            batch_size=3,
            concurrency=4,
            timeout=60.0,
            tensor_parallel=2,
            pipeline_parallel=5,
            template_kwargs=kwargs,
            extra={"gpu_memory_utilization": 0.5},
        ),
        name="org/published",
        label="mine",
        sampling=Sampling(
            temperature=0.5, top_p=0.9, top_k=20, max_tokens=512, seed=7, stop=("END",)
        ),
        choices=Choices(
            rules=("fold-system", "merge-turns"),
            kwargs=kwargs,
            fallback="chatml",
            raw=True,
            overflow="skip",
        ),
        shard=(1, 3),
        limit=9,
    )


def test_without_options_decoding_is_greedy_and_nothing_is_allowed() -> None:
    (request,) = asked("org/model", "--suite", "s", "--backend", "vllm")
    assert request == Request(backend="vllm", options=Options(model="org/model"))


def test_gemma_4_is_told_not_to_think_wherever_it_runs() -> None:
    (request,) = asked("google/gemma-4-E2B-it", "--suite", "s", "--backend", "openai")
    assert request.options.template_kwargs == {"enable_thinking": False}
    assert request.choices.rules == ("strip-thoughts",)


def test_every_adapter_is_a_request_of_its_own() -> None:
    requests = asked("m", "--suite", "s", "--backend", "vllm", "--adapter", "a", "--adapter", "b")
    assert [request.options.adapter for request in requests] == ["a", "b"]
    assert all(request.options.adapters == ("a", "b") for request in requests)


def test_each_strength_of_noise_is_a_model_of_its_own() -> None:
    (request,) = asked("noisy-oracle", "--suite", "s", "--backend", "scripted", "--seed", "1")
    assert request.model.id == "noisy-oracle-0.3"
    assert request.options.extra == {"noise": 0.3, "seed": 1}


def test_a_template_file_is_sent_as_its_text(tmp_path: Path) -> None:
    path = tmp_path / "mine.jinja"
    path.write_text("{{ 안녕 }}", encoding="utf-8")
    (request,) = asked("m", "--suite", "s", "--backend", "vllm", "--chat-template", str(path))
    assert request.choices.template == "{{ 안녕 }}"


def test_a_template_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.jinja"
    path.write_bytes(b"\xff")
    with pytest.raises(UsageError, match=r"mine.jinja: --chat-template: cannot be read"):
        asked("m", "--suite", "s", "--backend", "vllm", "--chat-template", str(path))


def test_settings_are_json_where_they_can_be() -> None:
    words = ("a=1", "b=0.5", "c=true", "d=null", "e=text", "f=x=y", "g=[1]", 'h="1"')
    assert settings(words, "--set") == {
        "a": 1, "b": 0.5, "c": True, "d": None, "e": "text", "f": "x=y", "g": "[1]", "h": "1",
    }  # fmt: skip


@pytest.mark.parametrize("word", ["a", "=1"])
def test_a_setting_has_a_name_and_a_value(word: str) -> None:
    with pytest.raises(UsageError, match=r"--set: .* is not NAME=VALUE"):
        settings((word,), "--set")


@pytest.mark.parametrize("shard", ["0/2", "3/2", "a/b", "1", "1/", "-1/2"])
def test_a_shard_is_one_of_so_many(shard: str) -> None:
    with pytest.raises((UsageError, click.UsageError), match=r"is not I/N|No such option"):
        asked("m", "--suite", "s", "--backend", "vllm", "--shard", shard)


@pytest.fixture
def measured(tmp_path: Path, suite: str) -> Path:
    done = cardboard(
        "-C", str(tmp_path), "eval", "oracle", "--suite", suite, "--backend", "scripted"
    )
    return Path(done.stdout.splitlines()[-1])


def test_the_packages_are_listed_beside_the_result_on_request(tmp_path: Path, suite: str) -> None:
    asked = ("-C", str(tmp_path), "eval", "oracle", "--suite", suite, "--backend", "scripted")
    result = Path(cardboard(*asked, "--lock").stdout.splitlines()[-1])
    listed = result.with_suffix(".packages.txt").read_bytes()
    environment = read(str(result)).environment
    assert environment
    assert hashlib.sha256(listed).hexdigest() == environment.packages_sha256
    assert len(listed.splitlines()) == environment.packages


def test_rescoring_what_is_scored_right_changes_no_byte(measured: Path) -> None:
    before = measured.read_bytes()
    done = cardboard("rescore", str(measured))
    assert done.exit_code == 0, done.output
    assert "0 of 6 steps changed, status complete" in done.output
    assert measured.read_bytes() == before


def test_rescoring_scores_the_stored_answers_again_and_shows_before_and_after(
    measured: Path,
) -> None:
    right = read(str(measured))
    step = replace(
        right.steps[0],
        parsed={**(right.steps[0].parsed or {}), "command_units": ["rm"]},
        scores={**right.steps[0].scores, "command_f1": 0.25},
    )
    metrics = right.metrics | {"command_f1": Measured(value=0.75)}
    wrong = replace(right, steps=(step, *right.steps[1:]), metrics=metrics, scorer="token-f1/1")
    measured.write_bytes(records.encode(wrong))
    dry = cardboard("rescore", "--dry-run", str(measured))
    assert "token-f1/1 -> token-f1/2" in dry.output
    assert "command_f1           0.75 -> 1" in dry.output
    assert "1 of 6 steps changed" in dry.output
    assert read(str(measured)) == wrong
    assert cardboard("rescore", str(measured)).exit_code == 0
    assert read(str(measured)) == right


def test_a_step_that_can_be_scored_now_completes_the_result(measured: Path) -> None:
    right = read(str(measured))
    step = replace(right.steps[0], scored=False, error="too many", scores={})
    counts = replace(right.counts, scored=5, failed=1)
    partial = replace(
        right, steps=(step, *right.steps[1:]), counts=counts, status="partial", error="too many"
    )
    measured.write_bytes(records.encode(partial))
    assert cardboard("rescore", str(measured)).exit_code == 0
    assert read(str(measured)) == right


def test_steps_that_were_never_answered_stay_as_they_are(measured: Path) -> None:
    right = read(str(measured))
    step = replace(right.steps[0], scored=False, error="HTTP 500", answer=None, scores={})
    counts = replace(right.counts, scored=5, failed=1)
    partial = replace(right, steps=(step, *right.steps[1:]), counts=counts, status="partial")
    measured.write_bytes(records.encode(partial))
    assert cardboard("rescore", str(measured)).exit_code == 0
    again = read(str(measured))
    assert (again.status, again.counts, again.steps) == ("partial", counts, partial.steps)


@pytest.mark.parametrize("text", [b"{}", b"not json", b'{"kind": "result", "version": 1}'])
def test_what_is_no_result_is_named_and_the_others_go_on(
    measured: Path, tmp_path: Path, text: bytes
) -> None:
    bad = tmp_path / "bad.json"
    bad.write_bytes(text)
    done = cardboard("rescore", str(bad), str(measured))
    assert done.exit_code == 1
    assert "bad.json: is not a version-2 result" in done.stderr
    assert "0 of 6 steps changed" in done.stdout


def test_a_result_without_its_answers_cannot_be_scored_again(measured: Path) -> None:
    right = read(str(measured))
    step = replace(right.steps[0], answer=None)
    for steps, words in (
        ((step,), "t0/0: a scored step has no answer"),
        ((), "holds no steps"),
    ):
        measured.write_bytes(records.encode(replace(right, steps=steps)))
        done = cardboard("rescore", str(measured))
        assert done.exit_code == 1
        assert words in done.stderr
