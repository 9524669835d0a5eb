"""Every place that templates come from, and which of them each engine takes."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from cardboard.eval.audit.audit import audit
from cardboard.eval.audit.sources.engines import picks
from cardboard.eval.audit.sources.resolve import open_source
from cardboard.eval.audit.sources.sources import Source
from cardboard.eval.backends.gguf.header import BadHeader
from cardboard.eval.errors import UsageError
from cardboard.eval.prompts.templates import sha256_of
from cardboard.tests.eval.audit.samples import GOOD, MARKED, TOOLS
from cardboard.tests.eval.audit.shipping import a_folder, a_gguf, configured
from cardboard.tests.tiny import a_tokenizer


def places(source: Source) -> dict[tuple[str, str], str]:
    return {(one.place, one.name): one.text for one in source.templates}


def taken(source: Source) -> dict[tuple[str, bool], str | None]:
    return {(pick.engine, pick.tools): pick.place for pick in picks(source)}


def codes(source: Source) -> set[str]:
    [found] = audit([source])
    return {finding.code for finding in found.all_findings}


def test_a_folder_tells_its_template_its_tokens_and_its_ends(tmp_path: Path) -> None:
    source = open_source(str(a_folder(tmp_path / "my-model", eos=[2, 3])))
    assert (source.name, source.kind, source.model_type) == ("my-model", "folder", "llama")
    assert places(source) == {("chat_template.jinja", "default"): GOOD}
    assert source.tokens.special == a_tokenizer(GOOD).special_tokens_map
    assert source.tokens.single == {"<s>": 0, "<|im_start|>": 1, "<|im_end|>": 2, "<pad>": 3}
    assert source.tokens.stops == ("<|im_end|>", "<pad>")
    assert source.templates[0].sha256 == sha256_of(GOOD)


def test_files_of_their_own_go_before_settings_but_not_in_a_conversion(tmp_path: Path) -> None:
    """A GGUF file made of such a folder would chat through another template."""
    folder = a_folder(tmp_path / "both", MARKED)
    configured(folder, chat_template=GOOD)
    source = open_source(str(folder))
    assert taken(source) == {
        ("transformers", False): "chat_template.jinja",
        ("vllm", False): "chat_template.jinja",
        ("llama.cpp", False): "tokenizer_config.json",
        ("transformers", True): "chat_template.jinja",
        ("vllm", True): "chat_template.jinja",
        ("llama.cpp", True): "tokenizer_config.json",
    }
    assert "audit-engines-differ" in codes(source)
    assert loaded(folder).chat_template == MARKED


def loaded(folder: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder)


def test_named_templates_are_found_wherever_they_stand(tmp_path: Path) -> None:
    files = a_folder(
        tmp_path / "files", additional_chat_templates___tool_use__jinja=TOOLS,
        additional_chat_templates___rag__jinja=MARKED,
    )  # fmt: skip
    source = open_source(str(files))
    assert taken(source)["transformers", True] == "additional_chat_templates/tool_use.jinja"
    assert taken(source)["transformers", False] == "chat_template.jinja"
    assert loaded(files).get_chat_template(tools=[{}]) == TOOLS
    listed = a_folder(tmp_path / "listed", template=None)
    named = [{"name": "default", "template": GOOD}, {"name": "tool_use", "template": TOOLS}]
    configured(listed, chat_template=named)
    source = open_source(str(listed))
    assert places(source) == {
        ("tokenizer_config.json", "default"): GOOD,
        ("tokenizer_config.json", "tool_use"): TOOLS,
    }
    assert loaded(listed).get_chat_template(tools=[{}]) == TOOLS


def test_a_processor_goes_first_in_vllm_unless_there_are_tools(tmp_path: Path) -> None:
    folder = a_folder(
        tmp_path / "sees",
        chat_template__json={"chat_template": MARKED},
        preprocessor_config__json={},
    )
    chosen = taken(open_source(str(folder)))
    assert chosen["vllm", False] == "chat_template.json"
    assert chosen["vllm", True] == chosen["transformers", False] == "chat_template.jinja"
    (folder / "processor_config.json").write_text(json.dumps({"chat_template": TOOLS}))
    assert taken(open_source(str(folder)))["vllm", False] == "processor_config.json"


def test_a_folder_without_a_template_is_told_with_what_llama_cpp_would_do(tmp_path: Path) -> None:
    source = open_source(str(a_folder(tmp_path / "base", template=None)))
    assert taken(source)["transformers", False] is None
    assert taken(source)["llama.cpp", False] == "chatml"
    assert codes(source) == {"audit-no-template"}


def test_files_that_cannot_be_used_are_told_and_the_rest_is_audited(tmp_path: Path) -> None:
    folder = a_folder(tmp_path / "broken", generation_config__json='{"eos_token_id": "x"}')
    (folder / "config.json").write_bytes(b"\xff{")
    (folder / "special_tokens_map.json").write_text("[" * 100_000, encoding="ascii")
    source = open_source(str(folder))
    assert {one.values["name"] for one in source.findings} == {
        "config.json",
        "generation_config.json",
        "special_tokens_map.json",
    }
    assert "audit-file-unreadable" in codes(source)
    assert places(source) == {("chat_template.jinja", "default"): GOOD}


def test_line_ends_are_read_as_transformers_reads_them(tmp_path: Path) -> None:
    folder = a_folder(tmp_path / "windows")
    (folder / "chat_template.jinja").write_bytes(GOOD.replace("\n", "\r\n").encode())
    [template] = open_source(str(folder)).templates
    assert template.text == GOOD == loaded(folder).chat_template


def test_an_end_mark_that_does_not_stop_generation_is_an_error(tmp_path: Path) -> None:
    wrong = open_source(str(a_folder(tmp_path / "wrong", eos=3)))
    assert wrong.tokens.stops is not None
    assert "<|im_end|>" in wrong.tokens.stops, "the tokenizer names it as its own"
    assert "audit-end-not-stop" not in codes(wrong)
    folder = a_folder(tmp_path / "runs-on", eos=3)
    configured(folder, eos_token="<pad>")
    assert "audit-end-not-stop" in codes(open_source(str(folder)))


def test_marks_of_another_model_are_no_tokens_of_this_one(tmp_path: Path) -> None:
    foreign = GOOD.replace("<|im_end|>", "<end_of_turn>")
    found = codes(open_source(str(a_folder(tmp_path / "foreign", foreign))))
    assert "audit-end-not-token" in found
    other = GOOD.replace("<|im_start|>", "<|turn|>")
    found = codes(open_source(str(a_folder(tmp_path / "other", other))))
    assert "audit-marks-not-tokens" in found


def test_a_bos_that_a_tokenizer_adds_is_counted(tmp_path: Path) -> None:
    from cardboard.tests.eval.audit.test_agreement import with_bos

    folder = a_folder(tmp_path / "adds")
    with_bos(a_tokenizer(GOOD)).save_pretrained(folder)
    assert "audit-bos-added-again" in codes(open_source(str(folder)))
    (folder / "chat_template.jinja").write_text(GOOD.removeprefix("{{ bos_token }}"))
    assert "audit-bos-missing" in codes(open_source(str(folder)))


def an_adapter(folder: Path, base: Path, template: str | None) -> Path:
    config = {"base_model_name_or_path": str(base), "peft_type": "LORA"}
    return a_folder(
        folder, template, eos=None, tokenizer=template is not None, adapter_config__json=config
    )


def test_an_adapter_is_set_against_the_model_that_it_is_for(tmp_path: Path) -> None:
    base = a_folder(tmp_path / "base")
    source = open_source(str(an_adapter(tmp_path / "adapter", base, MARKED)))
    assert source.kind == "adapter"
    assert source.base is not None
    assert source.base.name == "base"
    assert "audit-adapter-differs" in codes(source)
    assert "audit-engines-differ" not in codes(source), "it is the adapter's template, told once"
    assert taken(source) == {
        ("transformers", tools): "chat_template.jinja" for tools in (False, True)
    } | {
        (engine, tools): "base: chat_template.jinja"
        for engine in ("vllm", "llama.cpp")
        for tools in (False, True)
    }
    same = open_source(str(an_adapter(tmp_path / "same", base, GOOD)))
    assert "audit-adapter-differs" not in codes(same)


def test_a_gguf_file_is_read_by_its_header_alone(tmp_path: Path) -> None:
    source = open_source(str(a_gguf(tmp_path / "model.gguf", tool_use=TOOLS, rag=MARKED)))
    assert (source.name, source.kind, source.model_type) == ("model.gguf", "gguf", "llama")
    assert places(source) == {
        ("tokenizer.chat_template", "default"): GOOD,
        ("tokenizer.chat_template.rag", "rag"): MARKED,
        ("tokenizer.chat_template.tool_use", "tool_use"): TOOLS,
    }
    assert source.tokens.special == {"bos_token": "<s>", "eos_token": "<|im_end|>"}
    assert source.tokens.stops == ("<|im_end|>",)
    assert taken(source) == {
        ("llama.cpp", False): "tokenizer.chat_template",
        ("llama.cpp", True): "tokenizer.chat_template.tool_use",
    }
    assert {"audit-bos-added-again", "audit-template-named"} <= codes(source)
    [found] = audit([source])
    [named] = [one for one in found.findings if one.code == "audit-template-named"]
    assert named.values == {"names": "rag"}


def test_marked_answers_in_a_gguf_file_are_told(tmp_path: Path) -> None:
    marked = open_source(str(a_gguf(tmp_path / "marked.gguf", MARKED)))
    assert "audit-generation-tag" in codes(marked)
    assert "audit-generation-tag" not in codes(open_source(str(a_gguf(tmp_path / "plain.gguf"))))
    assert "audit-generation-tag" not in codes(open_source(str(a_folder(tmp_path / "m", MARKED))))


def test_a_gguf_file_without_a_template_is_answered_through_chatml(tmp_path: Path) -> None:
    source = open_source(str(a_gguf(tmp_path / "bare.gguf", None)))
    assert taken(source)["llama.cpp", False] == "chatml"
    assert "audit-no-template" in codes(source)


def test_a_broken_gguf_file_is_named(tmp_path: Path) -> None:
    path = a_gguf(tmp_path / "cut.gguf")
    os.truncate(path, 100)
    with pytest.raises(BadHeader, match=r"cut\.gguf"):
        open_source(str(path))


def test_a_bare_template_is_audited_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "chat.jinja"
    path.write_text(GOOD, encoding="utf-8")
    source = open_source(str(path))
    assert source.kind == "template"
    assert places(source) == {("chat.jinja", "default"): GOOD}


def test_a_result_tells_the_hash_of_its_template(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    prompts = {"template_sha256": sha256_of(GOOD)}
    path.write_text(json.dumps({"model": {"id": "org/m"}, "prompts": prompts}))
    source = open_source(str(path))
    assert (source.name, source.recorded) == ("org/m", sha256_of(GOOD))


NOTHING = (
    "no such thing",
    "a/b/c",
    "./missing",
    "../x/y",
    "model.bin",
    "",
    "~nobody-here/x",
    "a" * 999,
)


@pytest.mark.parametrize("where", NOTHING)
def test_what_is_nothing_is_refused_with_what_can_be_given(where: str) -> None:
    with pytest.raises(UsageError, match="neither a file or folder"):
        open_source(where)


def test_a_file_of_no_known_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    with pytest.raises(UsageError, match="neither a GGUF file"):
        open_source(str(path))


def test_names_and_numbers_that_can_be_of_nothing_do_not_end_an_audit(tmp_path: Path) -> None:
    tokens = {"9" * 5000: {"content": "<x>"}, "²": {"content": "<y>"}, "7": {"content": "<z>"}}
    adapter = {"base_model_name_or_path": "a" * 999}
    folder = a_folder(
        tmp_path / "odd",
        tokenizer=False,
        tokenizer_config__json={"added_tokens_decoder": tokens},
        adapter_config__json=adapter,
    )
    source = open_source(str(folder))
    assert source.tokens.single == {"<z>": 7}
    assert (source.kind, source.base) == ("adapter", None)
