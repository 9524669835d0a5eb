"""Which rung of each engine answers for a GGUF file, and whether that one is wrong for it."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardboard.eval.audit.audit import audit
from cardboard.eval.audit.rendering.formats import NEAR, format_named, listed
from cardboard.eval.audit.rendering.probes import ANSWER, QUESTION, QUESTION_2, SYSTEM
from cardboard.eval.audit.reports import Landing
from cardboard.eval.audit.sources.file_sources import file_source
from cardboard.eval.audit.sources.rungs import rungs
from cardboard.eval.audit.sources.sources import Found, Source
from cardboard.tests.eval.audit.samples import GOOD, TOOLS
from cardboard.tests.eval.audit.shipping import a_gguf
from cardboard.tests.smol import smol

CHATML = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] +"
    " '<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}"
    "{{ '<|im_start|>assistant\\n' }}{% endif %}"
).replace("\\n", "\n")
"""The template by which most files say that they speak ChatML, letter by letter."""
TALK = (
    {"role": "user", "content": QUESTION},
    {"role": "assistant", "content": ANSWER},
    {"role": "user", "content": QUESTION_2},
)


def landed(path: Path) -> Mapping[str, Landing]:
    [told] = audit([file_source(path)], comparing=True)
    return {one.engine: one for one in told.rungs}


def written(path: Path, template: str | None) -> Mapping[str, Landing]:
    return landed(a_gguf(path / "model.gguf", template))


def test_smollm2_loses_its_own_system_text_in_ollama_and_nowhere_else() -> None:
    found = landed(smol())
    for engine in ("llama.cpp", "llama-cpp-python", "mistral.rs"):
        assert (found[engine].rung, found[engine].wrong) == ("metadata", False)
    there = found["ollama"]
    assert (there.rung, there.format, there.edits, there.wrong) == ("named", "chatml", 41, True)
    assert there.probe == "user"
    assert there.rung_says is not None and there.rung_says.startswith("user\\nWhich lamp")
    assert "named SmolLM, trained b" in (there.template_says or "")


def test_llama_cpp_python_knows_chatml_by_its_text_and_writes_an_empty_system_turn(
    tmp_path: Path,
) -> None:
    found = written(tmp_path, CHATML)
    there = found["llama-cpp-python"]
    assert (there.rung, there.format, there.wrong) == ("named", "chatml", True)
    assert "system\\n<|im_end|>" in (there.rung_says or "")
    assert found["ollama"] == Landing(
        engine="ollama", rung="named", format="chatml", edits=0, wrong=False
    )


def test_a_file_without_a_template_gets_what_each_engine_falls_back_to(tmp_path: Path) -> None:
    found = written(tmp_path, None)
    assert {name: (one.rung, one.format) for name, one in found.items()} == {
        "llama.cpp": ("fallback", "chatml"),
        "llama-cpp-python": ("fallback", "llama-2"),
        "ollama": ("fallback", "{{ .Prompt }}"),
        "mistral.rs": ("none", None),
    }
    assert {one.wrong for one in found.values()} == {None}, "there is nothing to hold them against"


def test_ollama_leaves_a_template_with_tools_to_the_file(tmp_path: Path) -> None:
    assert written(tmp_path, TOOLS)["ollama"].rung == "metadata"


def test_a_template_that_an_engine_cannot_load_is_the_wrong_rung(tmp_path: Path) -> None:
    found = written(tmp_path, f"{{% with lamp = 1 %}}{{% endwith %}}{GOOD}")
    assert (found["llama.cpp"].rung, found["llama.cpp"].wrong) == ("metadata", True)
    assert found["llama-cpp-python"].wrong is False


@pytest.mark.parametrize(
    ("architecture", "rung"), [("gptoss", "handler"), ("gpt-oss", "handler"), ("llama", "metadata")]
)
def test_harmony_is_code_of_ollama_s_own(architecture: str, rung: str) -> None:
    text = "<|start|>{{ messages[0].content }}<|end|>{{ tools }}"
    source = Source(
        name="a.gguf",
        kind="gguf",
        templates=(Found(text=text, place="tokenizer.chat_template", shelf="gguf"),),
        model_type=architecture,
    )
    found = {one.engine: one for one in rungs(source, {}, {})}
    assert found["ollama"].rung == rung


def test_only_gguf_files_have_rungs() -> None:
    assert rungs(Source(name="org/model", kind="hub"), {}, {}) == ()


@pytest.mark.parametrize(
    ("engine", "name", "prompt"),
    [
        ("ollama", "mistral-instruct", "[INST] {q}[/INST] {a}</s>[INST] {q2}[/INST]"),
        (
            "llama-cpp-python",
            "mistral-instruct",
            "[INST] {q} [/INST]{a}</s>[INST] {q2} [/INST]",
        ),
        ("ollama", "zephyr", "<|user|>\n{q}</s>\n<|assistant|>\n{a}</s>\n<|user|>\n{q2}</s>\n"
         "<|assistant|>\n"),
    ],
)  # fmt: skip
def test_a_named_format_writes_what_its_engine_writes(engine: str, name: str, prompt: str) -> None:
    form = format_named(engine, name)
    assert form is not None
    assert form.prompt(TALK) == prompt.format(q=QUESTION, a=ANSWER, q2=QUESTION_2)


def test_a_format_without_a_system_turn_folds_its_words_into_the_user_s() -> None:
    form = format_named("ollama", "gemma-instruct")
    assert form is not None
    said = [{"role": "system", "content": SYSTEM}, *TALK[:1]]
    assert form.prompt(said).startswith(f"<start_of_turn>user\n{SYSTEM}\n{QUESTION}<end_of_turn>")


@settings(max_examples=20)
@given(st.text("abcdefgh", min_size=1, max_size=NEAR - 2))
def test_a_word_more_is_as_many_edits_as_it_has_letters(word: str) -> None:
    assert listed(f"{CHATML} {word}") == ("chatml", len(word) + 1)


def test_no_template_of_the_list_is_longer_than_what_is_looked_at() -> None:
    assert listed("a" * 20_000) is None
