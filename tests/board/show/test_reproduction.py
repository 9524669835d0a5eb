"""The examples and the command on a card name only what is known."""

import shlex
from typing import Any

import pytest
from msgspec.structs import replace

from cardboard.board.show.reproduction import Run, hub_repo, run_of
from cardboard.board.workspace.settings import Profile, Protocol, Suite
from cardboard.eval import records
from cardboard.eval.records import is_hub_id
from cardboard.tests.making import SETTINGS, SUITE, a_result, entries_of


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
    (command,) = run(a_result(model=model)).commands
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
        "cardboard", "eval", "noisy-oracle", "--suite", "mini@1", "--revision", "0" * 40,
        "--backend", "scripted", "--noise", "0.3", "--seed", "1",
    ]  # fmt: skip
    hostile = records.Protocol(backend="scripted", extra={"noise": "; reboot", "seed": None})
    (command,) = run(a_result("oracle", protocol=hostile)).commands
    assert "--noise" not in command and "--seed" not in command


@pytest.mark.parametrize(("name", "told"), [("cardboard", 1), ("lm-eval", 0)])
def test_what_another_harness_measured_has_no_command_of_ours(name, told):
    sent = records.Protocol(harness=records.Harness(name=name, version="1.0"))
    assert len(run(a_result(protocol=sent)).commands) == told
