"""Servers: what they tell of their template, what they render, and where the two part."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from cardboard.eval.audit.audit import audit
from cardboard.eval.audit.opening import open_source
from cardboard.eval.audit.probes import PROBES
from cardboard.eval.audit.reports import Audit
from cardboard.eval.audit.sandbox import Job, Program, run
from cardboard.eval.errors import CardboardError, UsageError
from cardboard.tests.eval.audit.samples import GOOD
from cardboard.tests.eval.speaking import Call, Reply, Speaker, speaking

SPECIAL = {"bos_token": "<s>", "eos_token": "<|im_end|>"}
LLAMA = {"data": [{"id": "tiny", "owned_by": "llamacpp"}]}
VLLM = {"data": [{"id": "tiny", "owned_by": "vllm"}]}


class Rendering(Speaker):
    """A server that renders with a template, as llama-server and vLLM do."""

    def __init__(self, template: str, models: Any, told: str | None) -> None:
        super().__init__(chat=lambda call: Reply(status=500))
        self.template = template
        self.pages = {"/v1/models": models}
        if told is not None:
            held = {"chat_template": told, **SPECIAL, "build_info": "b1"}
            self.pages["/props" if models is LLAMA else "/tokenizer_info"] = held
        self.texts: list[str] = []

    def reply(self, call: Call) -> Reply:
        """Render what is asked for; a token is the place of a text that was rendered."""
        if call.path == "/apply-template":
            rendered = self.render(call.body)
            return Reply({"prompt": (rendered.text or "").removeprefix("<s>")})
        if call.path == "/v1/chat/completions/render":
            rendered = self.render(call.body)
            if rendered.text is None:
                return Reply({"error": {"message": rendered.error}}, 400)
            self.texts.append(rendered.text)
            return Reply({"token_ids": [len(self.texts) - 1]})
        if call.path == "/detokenize":
            return Reply({"prompt": self.texts[call.body["tokens"][0]]})
        return super().reply(call)

    def render(self, body: dict[str, Any]) -> Any:
        """Render as a server does: it reads the arguments of calls as JSON first."""
        for message in body["messages"]:
            for call in message.get("tool_calls", []):
                call["function"]["arguments"] = json.loads(call["function"]["arguments"])
        job = Job(
            program=Program(self.template, SPECIAL),
            messages=body["messages"],
            tools=body.get("tools"),
            prompt=True,
            kwargs=body.get("chat_template_kwargs", {}),
        )
        return run([job])[0]


def audited(server: Speaker) -> Audit:
    with speaking(server):
        source = open_source(server.url)
    assert source.kind == "server"
    return audit([source])[0]


def codes(one: Audit) -> set[str]:
    return {finding.code for finding in one.all_findings}


@pytest.mark.parametrize("models", [LLAMA, VLLM])
def test_a_server_that_renders_what_it_tells_is_right(models: Any) -> None:
    server = Rendering(GOOD, models, told=GOOD)
    found = audited(server)
    assert "audit-server-differs" not in codes(found)
    assert found.reports[0].places == ("/props" if models is LLAMA else "/tokenizer_info",)
    asked = [call.path for call in server.calls]
    assert asked.count("/apply-template") + asked.count("/detokenize") >= 15


def test_a_server_that_put_another_template_in_its_place_is_found_out() -> None:
    """llama.cpp goes on with ChatML where it cannot read a model's template."""
    other = GOOD.replace("<|im_start|>", "<|turn>").replace("<|im_end|>", "<turn|>")
    found = audited(Rendering(GOOD, LLAMA, told=other))
    [finding] = [one for one in found.findings if one.code == "audit-server-differs"]
    assert "<|turn>" in str(finding.values["template"])
    assert "<|im_start|>" in str(finding.values["server"])


def test_a_server_that_tells_no_template_is_audited_by_what_it_renders() -> None:
    found = audited(Rendering("{{ bos_token }}" + GOOD, VLLM, told=None))
    [report] = found.reports
    assert report.sha256 is None
    told = {cell.check: (cell.state, cell.value) for cell in report.checks}
    assert told["system"] == ("ok", "supported")
    assert told["thinking"] == ("ok", "none")
    assert told["kwargs"] == ("unknown", None), "nobody knows what it reads"
    assert "audit-template-untold" not in codes(found)


def test_a_server_that_tells_nothing_is_told_so() -> None:
    silent = Speaker(chat=lambda call: Reply(status=500), pages={"/v1/models": {"data": []}})
    assert codes(audited(silent)) == {"audit-template-untold"}


def test_only_what_a_client_can_ask_is_asked() -> None:
    server = Rendering(GOOD, LLAMA, told=GOOD)
    audited(server)
    asked = [call.body for call in server.calls if call.path == "/apply-template"]
    assert all(body["messages"][-1]["role"] != "assistant" for body in asked)
    assert len(asked) < len(PROBES)


ODD: dict[str, Callable[[Call], Reply]] = {
    "no JSON": lambda call: Reply(b"<html>"),
    "other JSON": lambda call: Reply([1, 2]),
    "an error": lambda call: Reply({"error": "sorry"}, 500),
    "a cut connection": lambda call: Reply(cut=True),
}


class Odd(Speaker):
    """A server that replies in its own way to everything but its list of models."""

    def reply(self, call: Call) -> Reply:
        """Reply oddly."""
        return self.chat(call) if call.path != "/v1/models" else Reply(LLAMA)


@pytest.mark.parametrize("name", ODD)
def test_odd_replies_end_in_findings_or_clear_errors(name: str) -> None:
    with speaking(Odd(chat=ODD[name])) as server:
        try:
            source = open_source(server.url)
        except CardboardError as error:
            assert "cannot be reached" in error.what
        else:
            audit([source])


def test_a_server_that_is_not_there_or_refuses_us_is_a_clear_error() -> None:
    with pytest.raises(CardboardError, match="cannot be reached"):
        open_source("http://127.0.0.1:9/v1")
    refusing = Odd(chat=lambda call: Reply({"error": "no"}, 401))
    with speaking(refusing), pytest.raises(UsageError, match="refuses us"):
        open_source(refusing.url)


def test_a_key_is_sent_to_the_server_and_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "sk-secret")
    server = Rendering(GOOD, LLAMA, told=GOOD)
    with speaking(server):
        source = open_source(server.url, api_key_variable="MY_KEY")
    [sent] = {call.headers.get("Authorization") for call in server.calls}
    assert sent == "Bearer sk-secret"
    assert "sk-secret" not in str(source)
