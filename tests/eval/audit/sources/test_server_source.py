"""Servers: what they tell of their template, what they render, and where the two part."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from cardboard.eval.audit.audit import audit
from cardboard.eval.audit.rendering.probes import PROBES
from cardboard.eval.audit.reports import Audit
from cardboard.eval.audit.sources import server_client
from cardboard.eval.audit.sources.resolve import open_source
from cardboard.eval.audit.sources.server_source import server_prompt
from cardboard.eval.errors import CardboardError, UsageError
from cardboard.eval.sandbox.rendering import Job, Program
from cardboard.tests.eval.audit.samples import GOOD, here
from cardboard.tests.eval.audit.samples import TOOLS as WITH_TOOLS
from cardboard.tests.eval.speaking import Call, Reply, Speaker, speaking

SPECIAL = {"bos_token": "<s>", "eos_token": "<|im_end|>"}
LLAMA = {
    "object": "list",
    "data": [
        {
            "id": "tiny.gguf",
            "object": "model",
            "created": 1780000000,
            "owned_by": "llamacpp",
            "meta": {"vocab_type": 2, "n_vocab": 600, "n_ctx_train": 4096},
        }
    ],
}
VLLM = {
    "object": "list",
    "data": [{"id": "tiny", "object": "model", "owned_by": "vllm", "max_model_len": 4096}],
}
PROPS = {
    "default_generation_settings": {"id": 0, "n_ctx": 4096, "params": {"temperature": 0.8}},
    "total_slots": 1,
    "model_path": "/models/tiny.gguf",
    "modalities": {"vision": False, "audio": False},
    "chat_template_caps": {"supports_tools": True, "supports_system_role": True},
    **SPECIAL,
    "build_info": "b8681-0123abc",
    "is_sleeping": False,
}
"""What llama-server tells beside its template."""


class Rendering(Speaker):
    """A server that renders with a template, as llama-server and vLLM do."""

    def __init__(
        self, template: str, models: Any, told: str | None, *, tools: str | None = None
    ) -> None:
        super().__init__(chat=lambda call: Reply(status=500))
        self.template, self.tool_template = template, tools or template
        self.pages = {"/v1/models": models}
        if told is not None:
            own = {"chat_template": told} | ({"chat_template_tool_use": tools} if tools else {})
            path = "/props" if models is LLAMA else "/tokenizer_info"
            self.pages[path] = {**PROPS, **own} if models is LLAMA else {**SPECIAL, **own}
        self.renders_on_demand = True
        self.texts: list[str] = []

    def reply(self, call: Call) -> Reply:
        """Render what is asked for; a token is the place of a text that was rendered."""
        if call.path == "/apply-template" and self.pages["/v1/models"] is LLAMA:
            rendered = self.render(call.body)
            if rendered.text is None:
                wrong = {"code": 400, "message": rendered.error, "type": "invalid_request_error"}
                return Reply({"error": wrong}, 400)
            return Reply({"prompt": rendered.text.removeprefix("<s>")})
        if call.path == "/v1/chat/completions/render" and not self.renders_on_demand:
            message = "Scale-out endpoints are disabled."
            wrong = {"message": message, "type": "PermissionDeniedError", "code": 403}
            return Reply({"error": wrong}, 403)
        if call.path == "/v1/chat/completions/render":
            if "tools" in call.body and call.body.get("tool_choice") != "none":
                return Reply({"error": {"message": '"auto" tool choice needs a parser'}}, 400)
            return self.tokenised(call.body, "token_ids")
        if call.path == "/tokenize":
            return self.tokenised(call.body, "tokens")
        if call.path == "/detokenize":
            return Reply({"prompt": self.texts[call.body["tokens"][0]]})
        return super().reply(call)

    def tokenised(self, body: dict[str, Any], name: str) -> Reply:
        """Reply with tokens under *name*, as vLLM does."""
        rendered = self.render(body)
        if rendered.text is None:
            return Reply({"error": {"message": rendered.error}}, 400)
        self.texts.append(rendered.text)
        return Reply({name: [len(self.texts) - 1], "model": "tiny"})

    def render(self, body: dict[str, Any]) -> Any:
        """Render as a server does: it reads the arguments of calls as JSON first."""
        for message in body["messages"]:
            for call in message.get("tool_calls", []):
                call["function"]["arguments"] = json.loads(call["function"]["arguments"])
        job = Job(
            program=Program(self.tool_template if body.get("tools") else self.template, SPECIAL),
            messages=body["messages"],
            tools=body.get("tools"),
            prompt=True,
            kwargs=body.get("chat_template_kwargs", {}),
        )
        return here([job])[0]


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


def test_every_server_of_vllm_renders_also_where_its_render_endpoints_are_shut() -> None:
    server = Rendering(GOOD, VLLM, told=GOOD)
    server.renders_on_demand = False
    found = audited(server)
    assert not {"audit-server-differs", "audit-template-untold"} & codes(found)
    asked = [call.path for call in server.calls]
    assert asked.count("/v1/chat/completions/render") == 1, "it is not asked twice in vain"
    assert asked.count("/tokenize") == asked.count("/detokenize") >= 15


def test_a_template_for_tools_of_its_own_is_audited_and_compared_with_tools_alone() -> None:
    found = audited(Rendering(GOOD, LLAMA, told=GOOD, tools=WITH_TOOLS))
    assert [one.places for one in found.reports] == [("/props",), ("/props (tool_use)",)]
    assert "audit-server-differs" not in codes(found)
    assert {pick.sha256 for pick in found.picks} == {one.sha256 for one in found.reports}
    assert found.revision == "b8681-0123abc"


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


@pytest.mark.parametrize("models", [LLAMA, VLLM])
def test_a_server_shows_a_conversation_as_it_would_send_it(models: Any) -> None:
    server = Rendering("{{ bos_token }}{{ messages[0].content }}{{ loud }}", models, told=GOOD)
    asked = {
        "messages": [{"role": "user", "content": "hi"}],
        "chat_template_kwargs": {"loud": "!"},
    }
    with speaking(server):
        rendered = server_prompt(server.url, asked)
    assert rendered.text == ("hi!" if models is LLAMA else "<s>hi!")


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


@pytest.mark.parametrize(
    "address", ["http://[::1", "http://127.0.0.1:x", "http://a:99999", "http://"]
)
def test_what_is_no_address_is_a_clear_error(address: str) -> None:
    with pytest.raises(UsageError, match="not the address of a server"):
        open_source(address)


class Page(Speaker):
    """A server of something else, which replies alike to everything."""

    def reply(self, call: Call) -> Reply:
        """Reply with what was given for a chat."""
        return self.chat(call)


ELSEWHERE: dict[str, Reply] = {
    "a page": Reply(b"<html>Welcome</html>"),
    "another place": Reply(b"", 302, headers={"Location": "http://127.0.0.1:9/v1/models"}),
    "an error": Reply({"error": "sorry"}, 500),
    "other JSON": Reply({"data": 5}),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_is_no_server_of_models_is_not_passed_as_right(name: str) -> None:
    server = Page(chat=lambda call: ELSEWHERE[name])
    with speaking(server), pytest.raises(CardboardError, match="does not answer as servers"):
        open_source(server.url)


def test_a_server_that_is_slow_each_time_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_client, "SECONDS_IN_ALL", 0.0)
    server = Rendering(GOOD, LLAMA, told=GOOD)
    with speaking(server), pytest.raises(CardboardError, match="too slow"):
        open_source(server.url)


def test_a_key_that_a_server_repeats_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "sk-secret")

    class Echo(Rendering):
        def reply(self, call: Call) -> Reply:
            if call.path == "/apply-template":
                return Reply({"error": {"message": f"no: {call.headers['Authorization']}"}}, 400)
            return super().reply(call)

    with speaking(Echo(GOOD, LLAMA, told=GOOD)) as server:
        source = open_source(server.url, api_key_variable="MY_KEY")
    assert "Bearer (key)" in str(source)
    assert "sk-secret" not in str(source)


def test_a_key_is_sent_to_the_server_and_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "sk-secret")
    server = Rendering(GOOD, LLAMA, told=GOOD)
    with speaking(server):
        source = open_source(server.url, api_key_variable="MY_KEY")
    [sent] = {call.headers.get("Authorization") for call in server.calls}
    assert sent == "Bearer sk-secret"
    assert "sk-secret" not in str(source)
