"""Ollama renders a template of Go, which is compared with the model's own by what comes out."""

from pathlib import Path

import pytest

from cardboard.eval.audit.audit import audit
from cardboard.eval.audit.drift import drift
from cardboard.eval.audit.reports import Audit
from cardboard.eval.audit.sources.resolve import open_source
from cardboard.eval.errors import UsageError
from cardboard.eval.sandbox.go_templates import rendered
from cardboard.tests.eval.audit.samples import GOOD
from cardboard.tests.eval.audit.shipping import a_gguf
from cardboard.tests.eval.speaking import Call, Reply, Speaker, speaking

SAME = (
    "{{- range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n"
    "{{ end }}<|im_start|>assistant\n"
)
OTHER = SAME.replace("<|im_start|>assistant\n", "<|im_start|>assistant\n<think>\n")


def a_modelfile(
    folder: Path, template: str, *, source: str = "./tiny.gguf", more: str = ""
) -> Path:
    a_gguf(folder / "tiny.gguf", GOOD)
    path = folder / "Modelfile"
    text = f'FROM {source}\nTEMPLATE """{template}"""\nPARAMETER stop "<|im_end|>"\n{more}'
    path.write_text(text, encoding="utf-8")
    return path


def audited(path: Path) -> Audit:
    [found] = audit([open_source(str(path))], comparing=True)
    return found


def of_ollama(found: Audit) -> set[str]:
    return {one.probe for one in found.differences if "ollama" in (one.one, one.other)}


def test_a_modelfile_that_renders_as_the_model_does_differs_only_by_how_ollama_joins_turns(
    tmp_path: Path,
) -> None:
    found = audited(a_modelfile(tmp_path, SAME))
    apart = {
        one.probe for one in found.differences if {one.one, one.other} == {"llama.cpp", "ollama"}
    }
    assert apart == {"two users", "developer"}


def test_a_modelfile_of_another_template_is_told_with_its_first_difference(tmp_path: Path) -> None:
    found = audited(a_modelfile(tmp_path, OTHER))
    [told, *_] = [one for one in found.findings if one.values.get("other") == "ollama"]
    assert told.code == "audit-engines-prompts"
    assert told.values["probe"] == "user"
    assert str(told.values["others"]).endswith("<think>\\n")


@pytest.mark.parametrize("template", ['{{ template "x" . }}', "{{ unknown .Messages }}"])
def test_what_the_reader_does_not_know_is_cannot_tell(tmp_path: Path, template: str) -> None:
    found = audited(a_modelfile(tmp_path, template))
    assert of_ollama(found) == set()
    [told] = [one for one in found.findings if one.code == "audit-ollama-untold"]
    assert str(told.values["error"]).startswith("cannot tell: ")


def test_a_system_text_of_the_modelfile_is_told(tmp_path: Path) -> None:
    found = audited(a_modelfile(tmp_path, SAME, more='SYSTEM "Talk like a pilot."\n'))
    [told] = [one for one in found.findings if one.code == "audit-ollama-system"]
    assert told.values == {"text": "Talk like a pilot."}


@pytest.mark.parametrize("source", ["llama3.2:1b", "../elsewhere.gguf", "absent.gguf"])
def test_a_model_that_does_not_lie_beside_its_modelfile_is_not_opened(
    tmp_path: Path, source: str
) -> None:
    a_gguf(tmp_path / "elsewhere.gguf", GOOD)
    (tmp_path / "inner").mkdir()
    found = audited(a_modelfile(tmp_path / "inner", SAME, source=source))
    assert [one.code for one in found.findings] == ["audit-ollama-from"]


def test_a_modelfile_without_a_model_is_none(tmp_path: Path) -> None:
    path = tmp_path / "Modelfile"
    path.write_text("TEMPLATE x\n")
    with pytest.raises(UsageError, match="no FROM"):
        open_source(str(path))


class Ollama(Speaker):
    """A server of Ollama; an older one does not know how to show what it renders."""

    def __init__(self, template: str, *, shows: bool = True) -> None:
        super().__init__(chat=lambda call: Reply(status=500))
        self.template, self.shows, self.chats = template, shows, 0
        listed = {"id": "tiny:latest", "object": "model", "owned_by": "library"}
        self.pages = {
            "/v1/models": {"object": "list", "data": [listed]},
            "/api/version": {"version": "0.14.0"},
        }

    def reply(self, call: Call) -> Reply:
        if call.path != "/api/chat":
            return super().reply(call)
        self.chats += 1
        if not self.shows:
            return Reply({"model": "tiny", "message": {"role": "assistant", "content": "I"}})
        messages = [{**one, "name": one.get("tool_name")} for one in call.body["messages"]]
        known = {"messages": messages, "tools": call.body.get("tools")}
        text = rendered(self.template, known, "2026-01-15T09:30:00", 9999)
        return Reply({"model": "tiny", "_debug_info": {"rendered_template": text}})


def test_a_running_server_shows_what_it_renders_and_is_compared(tmp_path: Path) -> None:
    server = Ollama(OTHER)
    with speaking(server):
        source = open_source(server.url)
    assert source.renders is not None
    told = drift(open_source(str(a_gguf(tmp_path / "tiny.gguf", GOOD))), source)
    [found] = [one for one in told if one.code == "audit-drift-render"]
    assert found.values["probe"] == "user"
    assert "Which lamp" in str(found.values["theirs"])


def test_a_server_that_would_answer_is_asked_once() -> None:
    server = Ollama(SAME, shows=False)
    with speaking(server):
        source = open_source(server.url)
    assert source.renders is None
    assert server.chats == 1
    assert [one.code for one in source.findings] == ["audit-template-untold"]
