"""The examples and the command on a card name only what is known."""

import shlex
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from cardboard.board.judge.build import load_boards
from cardboard.board.show.reproduction import Repeat, Run, hub_repo, run_of
from cardboard.board.show.snippets import snippet
from cardboard.board.workspace.configuration import open_workspace
from cardboard.board.workspace.settings import Profile, Protocol, Suite
from cardboard.cli import main
from cardboard.eval import records
from cardboard.eval.backends.registry import BACKENDS
from cardboard.eval.commands.run_command import evaluate
from cardboard.eval.records import is_hub_id
from cardboard.tests.making import SETTINGS, a_result, entries_of
from cardboard.tests.making import SUITE as WITHOUT_ROWS

SUITE = replace(WITHOUT_ROWS, rows="mini@1")


def run(result: records.Result, suite: Suite | None = SUITE, **profile: Any) -> Run:
    models = {result.model.id: Profile(**profile)} if profile else {}
    (entry,) = entries_of(result, models=models)
    return run_of([(suite, entry)], SETTINGS)


@pytest.mark.parametrize(
    ("name", "can_be"),
    [
        ("org/model", True),
        ("LLM-OS-Models/LFM2.5-1.2B_x", True),
        ("model", False),
        ("org/model/more", False),
        ("/home/me/model", False),
        ("../model", False),
        ("org/..", False),
        ("org/a--b", False),
        ("org/model.git", False),
        ("-org/model", False),
        ("org/mo del", False),
        ("org/모델", False),
        ("org/" + "x" * 100, False),
        ("org/model\n", False),
    ],
)
def test_a_hub_id_is_an_organisation_and_a_name(name, can_be):
    assert is_hub_id(name) is can_be


def test_the_repository_is_the_models_name_without_its_quantisation():
    (entry,) = entries_of(a_result("maker/Big-GGUF", model=records.Model(
        id="maker/Big-GGUF", quantisation="Q4_K_M")))  # fmt: skip
    assert entry.model == "maker/Big-GGUF:Q4_K_M"
    assert hub_repo(entry) == "maker/Big-GGUF"
    assert hub_repo(replace(entry, profile=Profile(repo="org/elsewhere"))) == "org/elsewhere"
    assert hub_repo(replace(entry, name="GLM-5.1")) is None


def test_the_command_repeats_every_setting_that_was_recorded_and_no_other():
    sent = records.Protocol(backend="vllm", temperature=0.0, max_tokens=1024, thinking=False)
    (command,) = run(a_result(protocol=sent)).commands
    assert shlex.split(command) == [
        "cardboard", "eval", "org/model", "--suite", "mini@1", "--revision", "0" * 40,
        "--backend", "vllm", "--temperature", "0.0", "--max-tokens", "1024", "--no-thinking",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "hostile",
    ["x; rm -rf ~", "$(reboot)", "`reboot`", "a b", "/home/me/model", "--help", "a\nb", "x" * 300],
)
def test_nothing_a_stranger_wrote_reaches_a_command_line(hostile):
    model = records.Model(id="org/model", revision=hostile)
    sent = records.Protocol(dtype=hostile, template_kwargs={"colour": hostile})
    (command,) = run(a_result(model=model, protocol=sent)).commands
    assert hostile not in command
    assert run(a_result(model=records.Model(id=hostile))).commands == ()
    assert not run(a_result(model=records.Model(id=hostile))).runnable


def test_values_come_from_the_result_else_from_the_protocol_else_they_are_examples():
    warm = records.Protocol(temperature=0.7, max_tokens=256)
    bare = records.Protocol()
    free = replace(SUITE, protocol=None)
    assert (run(a_result(protocol=warm)).temperature, run(a_result(protocol=warm)).max_tokens) == (
        0.7,
        256,
    )
    assert run(a_result(protocol=warm)).values_from == "result"
    assert run(a_result(protocol=bare)).values_from == "suite"
    assert run(a_result(protocol=bare)).max_tokens == 1024
    assert run(a_result(protocol=bare), free).values_from == "example"


def test_of_several_accepted_lengths_the_longest_is_used():
    settings = replace(
        SETTINGS, protocols={"greedy": Protocol(temperature=0.0, max_tokens=(768, 900))}
    )
    (entry,) = entries_of(a_result(protocol=records.Protocol()), protocols=settings.protocols)
    assert run_of([(SUITE, entry)], settings).max_tokens == 900


def test_an_adapter_runs_on_its_base():
    adapter = records.Adapter(id="org/lora")
    shown = run(a_result(model=records.Model(id="vendor/base", adapter=adapter)))
    assert (shown.model, shown.adapter, shown.served) == ("vendor/base", "org/lora", "adapter")
    named = run(a_result("org/lora"), base_model="vendor/base", base_model_relation="adapter")
    assert (named.model, named.adapter, named.served) == ("vendor/base", "org/lora", "adapter")


@pytest.mark.parametrize(
    ("model", "profile", "gguf", "file"),
    [
        (records.Model(id="maker/B-GGUF", quantisation="Q4_K_M"), {}, "maker/B-GGUF:Q4_K_M", None),
        (records.Model(id="maker/B-GGUF"), {}, "maker/B-GGUF", None),
        (records.Model(id="maker/B"), {"quantised_file": "b.Q8_0.gguf"}, "maker/B", "b.Q8_0.gguf"),
        (records.Model(id="maker/B", quantisation="FP8"), {}, None, None),
        (records.Model(id="maker/B"), {}, None, None),
    ],
)
def test_a_gguf_file_runs_in_llama_cpp_and_nothing_else_does(model, profile, gguf, file):
    shown = run(a_result(model=model), **profile)
    assert (shown.gguf, shown.gguf_file) == (gguf, file)


def test_template_arguments_are_those_that_took_effect():
    prompts = records.Prompts(
        template_status="chat_template",
        kwargs={"enable_thinking": False, "colour": "blue"},
        kwargs_ignored=("colour",),
    )
    assert run(a_result(prompts=prompts)).kwargs == {"enable_thinking": False}
    known = run(a_result(prompts=prompts), chat_template_kwargs={"enable_thinking": True})
    assert known.kwargs == {"enable_thinking": True}


@pytest.mark.parametrize(
    ("status", "own"), [("chat_template", None), (None, None), ("gemma4_native", "gemma4_native")]
)
def test_a_template_that_the_repository_does_not_ship_is_pointed_out(status, own):
    assert run(a_result(prompts=records.Prompts(template_status=status))).own_template == own


def test_a_scripted_baseline_or_a_hosted_name_has_nothing_to_run():
    scripted = records.Protocol(backend="scripted")
    assert not run(a_result(protocol=scripted)).runnable
    assert not run(a_result(model=records.Model(id="GLM-5.1"))).runnable


def test_a_rule_that_comes_in_strengths_is_repeated_with_its_noise_and_its_seed():
    sent = records.Protocol(backend="scripted", extra={"noise": 0.3, "seed": 1})
    (command,) = run(a_result("noisy-oracle-0.3", protocol=sent)).commands
    assert shlex.split(command) == [
        "cardboard", "eval", "noisy-oracle", "--suite", "mini@1",
        "--backend", "scripted", "--noise", "0.3", "--seed", "1",
    ]  # fmt: skip
    hostile = records.Protocol(backend="scripted", extra={"noise": "; reboot", "seed": None})
    (command,) = run(a_result("oracle", protocol=hostile)).commands
    assert "--noise" not in command and "--seed" not in command


def a_repeat(result: records.Result, suite: Suite = SUITE, **profile: Any) -> Repeat:
    (only,) = run(result, suite, **profile).repeats
    return only


LM_EVAL = records.Protocol(harness=records.Harness(name="lm-eval", version="1.0"))
OURS = records.Protocol(harness=records.Harness(name="cardboard", version="1.0"))
GGUF = records.Model(id="maker/B-GGUF", quantisation="Q4_K_M")


@pytest.mark.parametrize(
    ("result", "suite", "missing"),
    [
        (a_result(protocol=OURS), SUITE, None),
        (a_result(protocol=LM_EVAL), SUITE, "harness"),
        (a_result(), replace(SUITE, kind="reported", rows=None), "harness"),
        (a_result(), WITHOUT_ROWS, "rows"),
        (a_result(model=records.Model(id="GLM-5.1")), SUITE, "model"),
        (a_result(model=GGUF), SUITE, "model"),
        (a_result("ours", protocol=records.Protocol(backend="scripted")), SUITE, "model"),
    ],
)
def test_a_command_is_there_only_where_it_can_run_and_else_the_reason(result, suite, missing):
    repeat = a_repeat(result, suite)
    assert repeat.missing == missing
    assert (repeat.command is None) is (missing is not None)


@pytest.mark.parametrize(
    ("sent", "words", "engine"),
    [
        (records.Protocol(), ["--backend", "vllm"], "vllm"),
        (records.Protocol(backend="hf"), ["--backend", "vllm"], "vllm"),
        (records.Protocol(backend="transformers"), ["--backend", "transformers"], None),
        (
            records.Protocol(backend="openai"),
            ["--backend", "openai", "--base-url", "http://localhost:8000/v1"],
            None,
        ),
    ],
)
def test_a_command_always_names_an_engine_and_says_where_it_was_not_recorded(sent, words, engine):
    repeat = a_repeat(a_result(protocol=sent))
    assert repeat.command is not None
    assert shlex.split(repeat.command)[7 : 7 + len(words)] == words
    assert repeat.engine == engine


def test_every_command_is_one_that_the_program_takes():
    """Click reads each, whatever was recorded; nothing is run."""
    sent = (
        records.Protocol(),
        records.Protocol(backend="vllm", temperature=0.7, top_p=0.9, top_k=-1, thinking=True),
        records.Protocol(backend="openai", max_tokens=9, max_model_len=99, dtype="bfloat16"),
        records.Protocol(backend="transformers", template_kwargs={"level": 2, "loud": True}),
    )  # fmt: skip
    for protocol in sent:
        repeat = a_repeat(a_result(protocol=protocol))
        assert repeat.command is not None
        _, command, *words = shlex.split(repeat.command)
        assert command == "eval"
        with evaluate.make_context("eval", words) as context:
            assert context.params["backend"] in BACKENDS


def test_a_gguf_file_is_asked_by_its_address_on_the_hub():
    repeat = a_repeat(a_result(model=GGUF), quantised_file="b.Q4_K_M.gguf")
    assert repeat.command is not None
    assert repeat.command.startswith("cardboard eval maker/B-GGUF/b.Q4_K_M.gguf ")
    assert "--backend llama" in repeat.command


def test_what_llama_cpp_was_started_with_and_where_answers_stopped_is_repeated():
    file = records.ModelFile(name="m-Q4_K_M.gguf")
    extra = {"n_threads": 1.0, "speculative": "ngram-simple", "server": "llama.cpp", "min_p": 0.0}
    sent = records.Protocol(backend="llama", stop=("END",), extra=extra)
    model = records.Model(id="org/m-GGUF", file=file)
    command = a_repeat(a_result(model=model, protocol=sent)).command or ""
    assert "--stop END --set n_threads=1 --set speculative=ngram-simple" in command
    assert "min_p" not in command


def test_rows_that_only_the_board_has_and_the_code_that_scored_are_pointed_out():
    code = "https://example.org/evaluator"
    own = a_repeat(a_result(), replace(SUITE, rows="suites/mini.jsonl", evaluator=code))
    assert (own.own_rows, own.evaluator) == (True, code)
    assert not a_repeat(a_result()).own_rows
    public = a_repeat(a_result(), replace(SUITE, rows="hf://datasets/org/mini/rows.jsonl"))
    assert not public.own_rows and "--suite hf://datasets/org/mini/rows.jsonl" in str(
        public.command
    )


@pytest.mark.parametrize(
    ("protocol", "profile", "kwargs", "source"),
    [
        (records.Protocol(), {}, {}, "result"),
        (records.Protocol(thinking=False), {}, {"enable_thinking": False}, "thinking"),
        (records.Protocol(template_kwargs={"a": 1}), {}, {"a": 1}, "result"),
        (
            records.Protocol(thinking=False),
            {"chat_template_kwargs": {"thinking": "off"}},
            {"thinking": "off"},
            "board",
        ),
    ],
)
def test_the_thinking_switch_stands_in_the_code_where_it_was_recorded(
    protocol, profile, kwargs, source
):
    shown = run(a_result(protocol=protocol), **profile)
    assert (shown.kwargs, shown.kwargs_from) == (kwargs, source)


def test_number_format_and_graphics_cards_stand_in_the_code_where_they_were_recorded():
    sent = records.Protocol(dtype="bfloat16", tensor_parallel=4, max_model_len=49152)
    shown = run(a_result(protocol=sent))
    assert 'dtype="bfloat16"' in snippet(shown, "vllm")
    assert "tensor_parallel_size=4" in snippet(shown, "vllm")
    assert 'dtype="bfloat16"' in snippet(shown, "transformers")
    assert "--dtype bfloat16 --tensor-parallel-size 4" in snippet(shown, "serve")
    plain = run(a_result(protocol=records.Protocol(dtype="; reboot")))
    assert "dtype=" not in snippet(plain, "vllm") and "reboot" not in snippet(plain, "serve")


def test_the_commands_of_the_demos_own_suite_run_and_give_its_scores(tmp_path: Path) -> None:
    """What a card or page prints is copied as it is into an empty folder, and makes the result."""
    root = Path(__file__).parents[3]
    workspace = open_workspace(root)
    suite = next(one for one in workspace.settings.suites if one.name == "shell-mini")
    (board,) = [one for one in load_boards(workspace).boards if one.suite.name == suite.name]
    by_rule = [one for one in board.ranked if one.result.protocol.backend == "scripted"]
    assert len(by_rule) > 3
    for entry in by_rule:
        (repeat,) = run_of([(suite, entry)], workspace.settings).repeats
        assert repeat.command is not None
        program, *words = shlex.split(repeat.command)
        assert program == "cardboard"
        done = CliRunner().invoke(main, ["-C", str(tmp_path), *words])
        assert done.exit_code == 0, done.output
        data = Path(done.stdout.splitlines()[-1]).read_bytes()
        made = msgspec.json.decode(data, type=records.Result)
        assert made.metrics == entry.result.metrics
        assert made.model.id == entry.result.model.id
        assert made.suite == entry.result.suite


@pytest.mark.parametrize(
    ("backend", "words"),
    [("transformers", "--batch-size 4"), ("openai", "--concurrency 4"), ("vllm", None)],
)
def test_how_many_steps_were_asked_at_a_time_is_repeated_where_it_can_be_said(
    backend: str, words: str | None
) -> None:
    command = a_repeat(a_result(protocol=records.Protocol(backend=backend, batch_size=4))).command
    assert command is not None
    assert (words in command) if words else ("4" not in command.split("--backend")[1])
