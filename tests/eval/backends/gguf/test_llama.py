"""A real model in a real engine: asked, audited, scored, ranked, on its card; told if it dies."""

import json
import os
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gguf
import msgspec
import pytest
from click.testing import CliRunner
from huggingface_hub.utils import httpx  # type: ignore[attr-defined]  # exported on demand
from msgspec import UNSET
from msgspec.structs import replace

from cardboard.cli import main
from cardboard.eval import engine
from cardboard.eval.backends.gguf.files import gguf_of
from cardboard.eval.backends.gguf.llama import Llama
from cardboard.eval.engine import Answer, Feed, Options, Prompt, Sampling, Setting
from cardboard.eval.errors import DeadEngine, UsageError
from cardboard.eval.records import Result
from cardboard.eval.run.request import Request
from cardboard.eval.run.run import evaluate, journal_of
from cardboard.eval.sandbox.rendering import Job, Program
from cardboard.eval.suites.kinds.replay.rows import Message, ReplayRow
from cardboard.eval.suites.source import load_version
from cardboard.eval.suites.suite import Suite, encode

from ....replays import a_row
from ....smol import FILE, NAME, smol
from ...audit.samples import here
from .test_files import a_file

TOKENS = 32
"""Of an answer: enough to see what the model says, few enough for every change to be tested."""

SETTINGS = f"""
[board]
languages = ["en", "ko"]
title = {{ en = "Part", ko = "일부" }}

[protocols.short]
temperature = 0.0
max_tokens = {TOKENS}
"""


def cardboard(*words: object, code: int = 0) -> str:
    """Run a command and return what it said."""
    done = CliRunner().invoke(main, [*map(str, words)], catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.output


def measure(workspace: Path, *more: object, code: int = 0) -> str:
    words = ("--suite", "part", "--backend", "llama", "--name", NAME, "--max-tokens", TOKENS)
    return cardboard(
        "-C", workspace, "eval", smol(), *words, "--set", "n_threads=1", *more, code=code
    )


def result_in(workspace: Path) -> Result:
    [path] = (workspace / "results").rglob("*.json")
    return msgspec.json.decode(path.read_bytes(), type=Result)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a workspace with a part of shell-mini, on which the model was measured."""
    folder = tmp_path_factory.mktemp("workspace")
    (folder / "suites").mkdir()
    whole = [row for row in load_version("shell-mini", folder).rows if isinstance(row, ReplayRow)]
    tasks = sorted({row.task_id for row in whole})[::25]
    rows = [
        replace(row, suite="part", total_steps=2)
        for row in whole
        if row.task_id in tasks and row.step_idx < 2
    ]
    (folder / "suites" / "part.jsonl").write_bytes(encode(rows))
    block = cardboard("-C", folder, "suite", "info", "part", "--format", "toml")
    named = block.replace('name = "part"', 'name = "part"\nprotocol = "short"', 1)
    (folder / "board.toml").write_text(SETTINGS + named, encoding="utf-8")
    (folder / "models.toml").write_text("", encoding="utf-8")
    measure(folder)
    return folder


def test_every_step_of_a_real_model_is_answered_and_scored(workspace: Path) -> None:
    result = result_in(workspace)
    assert (result.status, result.counts.scored) == ("complete", 4)
    assert all(step.answer and step.scores for step in result.steps)
    assert {step.finish_reason for step in result.steps} <= {"stop", "length"}
    assert result.steps[1].prompt_tokens > result.steps[0].prompt_tokens > 200  # type: ignore[operator]


def test_the_result_says_what_answered_and_how(workspace: Path) -> None:
    result = result_in(workspace)
    file, extra = result.model.file, result.protocol.extra
    assert file is not None and (file.name, file.bytes) == (FILE, smol().stat().st_size)
    assert file.sha256 == result.model.weights_sha256
    assert (result.model.id, result.model.quantisation) == (NAME, "Q4_1")
    assert (result.protocol.backend, result.protocol.max_model_len) == ("llama", 8192)
    assert (extra["n_threads"], extra["n_parallel"], extra["cache_prompt"]) == (1, 1, True)
    assert (extra["repeat_penalty"], result.protocol.seed) == (1.0, 0)
    assert set(result.versions) == {"cardboard", "python", "xllamacpp"}


def test_the_result_says_how_fast_it_was_and_what_memory_llama_cpp_took(workspace: Path) -> None:
    result = result_in(workspace)
    assert (result.timing.prompt_tokens_per_second or 0) > 0
    assert (result.timing.answer_tokens_per_second or 0) > 0
    assert (result.machine.peak_memory_bytes or 0) > smol().stat().st_size


def test_it_went_through_the_files_own_template(workspace: Path) -> None:
    prompts = result_in(workspace).prompts
    assert (prompts.template_status, prompts.template_source) == ("chat_template", "gguf")
    assert prompts.template_sha256 is not None
    assert prompts.template_sha256[:12] in cardboard("audit", smol(), "--all", "--no-lint")


def test_no_path_of_this_machine_is_in_it(workspace: Path) -> None:
    [path] = (workspace / "results").rglob("*.json")
    text = path.read_text(encoding="utf-8")
    assert not [part for part in (smol().parent, workspace, Path.home()) if str(part) in text]


def test_it_is_ranked_and_has_its_card(workspace: Path) -> None:
    [board] = json.loads(cardboard("-C", workspace, "board", "--format", "json"))["boards"]
    [entry] = board["entries"]
    assert (entry["model"], entry["rank"]) == (f"{NAME}:Q4_1", 1)
    cardboard("-C", workspace, "cards")
    [card] = (workspace / "build" / "cards").rglob("README.md")
    assert "Q4_1" in card.read_text(encoding="utf-8")


def test_the_same_run_gives_the_same_result_but_for_its_times(workspace: Path) -> None:
    before = result_in(workspace)
    measure(workspace, "--restart")
    assert timeless(result_in(workspace)) == timeless(before)


def timeless(result: Result) -> Result:
    """Return *result* without what differs from run to run."""
    blank = Result(model=result.model, suite=result.suite, counts=result.counts, status="complete")
    steps = tuple(replace(step, seconds=None, timing=UNSET) for step in result.steps)
    times = {name: getattr(blank, name) for name in ("timing", "machine", "started_at")}
    return replace(result, steps=steps, finished_at=None, **times)


OPTIONS = Options(model=str(smol()), max_model_len=512, extra={"n_threads": 1})


class Dying(Llama):
    """A backend whose server dies after the first answer, with others in the making."""

    def answers(self, prompts: Sequence[Prompt] | Feed, sampling: Sampling) -> Iterator[Answer]:
        """Yield what comes."""
        for answer in super().answers(prompts, sampling):
            os.kill(self._server._process.pid, signal.SIGKILL)
            yield answer


def test_a_server_that_dies_in_mid_answer_is_told_and_the_run_goes_on(tmp_path: Path) -> None:
    said = ("What is the capital of France? One word.", "Count from 1 to 2000, one a line.")
    rows = [
        a_row(f"t{place}", messages=(Message(role="user", content=text),))
        for place, text in enumerate(said)
    ]
    suite = Suite(name="two", version="1", rows=tuple(rows))
    options = replace(OPTIONS, extra={"n_threads": 1, "n_parallel": 2})
    request = Request(backend="llama", options=options, sampling=Sampling(max_tokens=64))

    dying = Dying(options)
    [failed] = evaluate([request], suite, tmp_path, backend=dying)
    dying.close()
    assert (failed.status, failed.error) == ("failed", "llama.cpp ended while it answered: SIGKILL")
    assert journal_of(failed.path).exists()

    [whole] = evaluate([request], suite, tmp_path, mode="resume")
    assert whole.status == "complete"
    result = msgspec.json.decode(whole.path.read_bytes(), type=Result)
    assert "Paris" in (result.steps[0].answer or "")


def test_settings_of_the_server_are_started_with_and_others_sent_with_each_call() -> None:
    extra: dict[str, Setting] = {"n_batch": 64, "speculative": "ngram-simple", "ignore_eos": True}
    backend = Llama(replace(OPTIONS, extra={**OPTIONS.extra, **extra}))
    try:
        prompts = [Prompt(key="t/0", messages=a_row().conversation)]
        [answer] = backend.answers(prompts, Sampling(max_tokens=40))
    finally:
        backend.close()
    assert (answer.output_tokens, answer.finish_reason) == (40, "length")
    assert backend.account.extra.items() >= extra.items()
    assert backend.account.max_model_len == 512


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("n_threads", 0, "n_threads is a whole number from 1"),
        ("n_parallel", True, "n_parallel is a whole number from 1"),
        ("n_gpu_layers", -1, "n_gpu_layers is a whole number from 0"),
        ("n_batch", "many", "n_batch is a whole number from 1"),
        ("speculative", "luck", "speculative is one of none, ngram-simple"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(name: str, value: Setting, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Llama(replace(OPTIONS, extra={name: value}))


def test_a_file_without_a_template_is_refused_before_it_is_loaded(tmp_path: Path) -> None:
    file = a_file(tmp_path / "base.gguf", kind=15)
    with pytest.raises(UsageError, match="no chat template") as caught:
        Llama(replace(OPTIONS, model=str(file)))
    assert "--backend llama-cpp-python" in (caught.value.remedy or "")


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{% if enable_thinking is defined and not enable_thinking %}off{% endif %}", True),
        ("{% if enable_thinking %}on{% endif %}", None),
        ("{{ messages[0].content }}", None),
    ],
)
def test_thoughts_are_left_to_the_template_where_llama_cpp_would_switch_them_off(
    template: str, said: bool | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def post(url: str, *, json: dict[str, Any], timeout: float) -> httpx.Response:
        """Render as llama.cpp does: thoughts are off unless they are asked for."""
        kwargs = {"enable_thinking": False} | json["chat_template_kwargs"]
        job = Job(program=Program(text), messages=json["messages"], kwargs=kwargs, prompt=True)
        return httpx.Response(200, json={"prompt": here([job])[0].text})

    text = f"{template}<answer>"
    writer = gguf.GGUFWriter(tmp_path / "m.gguf", "llama")
    writer.add_chat_template(text)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    monkeypatch.setattr(httpx, "post", post)
    backend = object.__new__(Llama)
    backend._server = SimpleNamespace(address="http://127.0.0.1:1")  # type: ignore[assignment]
    found = backend._own_thinking(gguf_of(str(tmp_path / "m.gguf"), None), {})
    assert found == ({} if said is None else {"enable_thinking": said})
    assert backend._own_thinking(gguf_of(str(smol()), None), {"enable_thinking": False}) == {}


def test_adapters_are_refused() -> None:
    with pytest.raises(UsageError, match="adapters are not for the llama backend"):
        Llama(replace(OPTIONS, adapter="org/lora"))


def test_an_answer_is_heard_and_can_be_stopped_and_the_prompt_shown() -> None:
    backend = Llama(replace(OPTIONS, stream=True))
    try:
        prompt = Prompt(key="t/0", messages=(engine.Message("user", "Count to 2000."),))
        heard: list[str] = []
        answer = backend.talk(
            prompt, Sampling(), lambda _, piece: heard.append(piece), lambda: len(heard) > 3
        )
        assert (answer.text, answer.finish_reason) == ("".join(heard), "stopped")
        shown = backend.rendered(prompt)
        assert shown is not None
        assert shown.endswith("<|im_start|>user\nCount to 2000.<|im_end|>\n<|im_start|>assistant\n")
        short = backend.talk(prompt, Sampling(max_tokens=2), lambda *_: None, lambda: False)
        assert (short.finish_reason, short.output_tokens) == ("length", 2)
        os.kill(backend._server._process.pid, signal.SIGKILL)
        with pytest.raises(DeadEngine, match=r"llama\.cpp ended while it answered: SIGKILL"):
            backend.talk(prompt, Sampling(), lambda *_: None, lambda: False)
    finally:
        backend.close()
