"""Templates: where a model keeps its own, what the named ones write, one word for a whole run."""

import json
from pathlib import Path

import pytest

from cardboard.eval.engine import Message, Template
from cardboard.eval.prompts import prompts as gemma4
from cardboard.eval.prompts.rendering import Job, render
from cardboard.eval.prompts.templates import (
    Fallback,
    fallback_template,
    own_template,
    run_status,
    sha256_of,
)

from ...tiny import TEMPLATE, a_tokenizer

TALK = (
    Message("system", "Rules."),
    Message("user", "Job."),
    Message("assistant", "{}"),
    Message("tool", "out"),
)


WRITTEN: dict[Fallback, str] = {
    "chatml": "<|im_start|>system\nRules.<|im_end|>\n<|im_start|>user\nJob.<|im_end|>\n"
    "<|im_start|>assistant\n{}<|im_end|>\n<|im_start|>user\nout<|im_end|>\n"
    "<|im_start|>assistant\n",
    "gemma": "<start_of_turn>user\nRules.\n\nJob.<end_of_turn>\n<start_of_turn>model\n{}"
    "<end_of_turn>\n<start_of_turn>user\nout<end_of_turn>\n<start_of_turn>model\n",
    "gemma4": "<|turn>system\nRules.<turn|>\n<|turn>user\nJob.<turn|>\n<|turn>model\n{}<turn|>\n"
    "<|turn>user\nout<turn|>\n<|turn>model\n",
}


def test_each_named_template_writes_its_marks() -> None:
    jobs = [Job(template=fallback_template(name), messages=TALK) for name in WRITTEN]
    done = render(jobs, now="2026-01-01T00:00:00")
    assert [one.text for one in done] == list(WRITTEN.values())


@pytest.mark.parametrize(
    ("counts", "word"),
    [
        ({}, None),
        ({"chat_template": 3}, "chat_template"),
        ({"scripted": 3}, "scripted"),
        ({"unknown (remote)": 3}, "unknown (remote)"),
        ({"chatml_fallback": 3}, "model_specific_or_mixed"),
        ({"chat_template": 2, "gemma4_fallback": 1}, "model_specific_or_mixed"),
        ({"chat_template": 2, "raw_fallback": 1}, "mixed_or_raw"),
        ({"raw_fallback": 3}, "mixed_or_raw"),
    ],
)
def test_a_run_has_one_word_for_its_templates(counts: dict[str, int], word: str | None) -> None:
    assert run_status(counts) == word


def test_a_template_file_of_the_models_folder_is_named_as_the_source(tmp_path: Path) -> None:
    tokenizer = a_tokenizer()
    tokenizer.save_pretrained(tmp_path)
    found = own_template(tokenizer, str(tmp_path))
    assert found == Template(
        text=TEMPLATE,
        source="chat_template.jinja",
        special_tokens={"bos_token": "<s>", "eos_token": "<|im_end|>", "pad_token": "<pad>"},
    )


def test_a_template_in_the_tokenizers_settings_is_the_tokenizers(tmp_path: Path) -> None:
    found = own_template(a_tokenizer(), str(tmp_path))
    assert found is not None
    assert found.source == "tokenizer"


def test_a_processors_file_is_named_as_the_source(tmp_path: Path) -> None:
    (tmp_path / "chat_template.json").write_text(json.dumps({"chat_template": TEMPLATE}))
    found = own_template(a_tokenizer(), str(tmp_path))
    assert found is not None
    assert found.source == "processor"


def test_of_several_templates_the_one_without_tools_counts(tmp_path: Path) -> None:
    tokenizer = a_tokenizer()
    tokenizer.chat_template = {"default": "plain", "tool_use": "tools"}
    found = own_template(tokenizer, str(tmp_path))
    assert found is not None
    assert found.text == "plain"
    assert found.where(tools=False) is found


def test_where_tools_are_offered_the_one_that_tells_of_them_takes_its_place(tmp_path: Path) -> None:
    tokenizer = a_tokenizer()
    tokenizer.chat_template = {"default": "plain", "tool_use": "tools"}
    found = own_template(tokenizer, str(tmp_path))
    assert found is not None
    assert found.where(tools=True).text == "tools" == tokenizer.get_chat_template(tools=[{}])
    assert a_tokenizer().chat_template == TEMPLATE
    only = own_template(a_tokenizer(), str(tmp_path))
    assert only is not None
    assert only.where(tools=True) is only


def test_several_templates_with_none_for_plain_talk_are_none(tmp_path: Path) -> None:
    tokenizer = a_tokenizer()
    tokenizer.chat_template = {"rag": "documents", "tool_use": "tools"}
    assert own_template(tokenizer, str(tmp_path)) is None


def test_a_model_without_a_template_has_none(tmp_path: Path) -> None:
    assert own_template(a_tokenizer(template=None), str(tmp_path)) is None


def test_a_template_is_known_by_the_hash_of_its_text() -> None:
    assert sha256_of("abc").startswith("ba7816bf")


@pytest.mark.parametrize(
    ("model", "template", "ours", "big"),
    [
        ("google/gemma-4-E2B-it", None, True, False),
        ("google/gemma-4-31B-it", None, True, True),
        ("me/Gemma4-26B-A4B-sft", None, True, True),
        ("me/checkpoint-31b", "<|turn>user", True, True),
        ("Qwen/Qwen3-31B", "<|im_start|>", False, False),
    ],
)
def test_gemma_4_is_told_by_name_or_turn_mark_and_its_size_by_name(
    model: str, template: str | None, ours: bool, big: bool
) -> None:
    given = Template(text=template, source="tokenizer") if template else None
    assert gemma4.is_gemma4(model, given) == ours
    assert gemma4.closes_thought(model, given) == big


def test_the_empty_thought_is_put_once() -> None:
    once = gemma4.with_empty_thought("<|turn>model\n")
    assert once == "<|turn>model\n<|channel>thought\n<channel|>"
    assert gemma4.with_empty_thought(once) == once
