"""Servers: what is sent to them, what counts as an answer, and what is tried again."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from cardboard.eval.backends import openai_retries as retries
from cardboard.eval.backends.openai import OpenAI
from cardboard.eval.backends.openai_servers import base_url, key_for
from cardboard.eval.engine import Answer, Message, Options, Prompt, Sampling, seed_of
from cardboard.eval.errors import DeadEngine, UsageError
from cardboard.eval.records import Logprob, Said, ToolCall

from ..speaking import CHAT, STREAM, Call, Reply, Speaker, pieces, said, speaking

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
Serve = Callable[..., Speaker]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return a function that starts a server with one reply, a function, or a list in turn."""
    with ExitStack() as stack:

        def start(chat: Any, **pages: Any) -> Speaker:
            replies = iter(chat) if isinstance(chat, list) else None
            if replies is not None:
                chat = lambda call: next(replies)  # noqa: E731
            elif isinstance(chat, Reply):
                one = chat
                chat = lambda call: one  # noqa: E731
            paths = {"/" + name.replace("__", "/"): page for name, page in pages.items()}
            return stack.enter_context(speaking(Speaker(chat, paths)))

        yield start


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the list of all waits between tries, none of which is really waited."""
    waited: list[float] = []
    sleep = asyncio.sleep

    async def noted(seconds: float) -> None:
        if seconds:  # none is the turn of the next call
            waited.append(seconds)
        await sleep(0)

    monkeypatch.setattr("cardboard.eval.backends.openai.asyncio.sleep", noted)
    return waited


def prompts(count: int = 1) -> list[Prompt]:
    return [Prompt(key=f"t/{n}", messages=(Message("user", f"step {n}"),)) for n in range(count)]


def answers(server: Speaker, count: int = 1, **differs: Any) -> list[Answer]:
    sampling = differs.pop("sampling", Sampling())
    backend = OpenAI(Options(model="org/m", base_url=server.url, **differs))
    return sorted(backend.answers(prompts(count), sampling), key=lambda answer: answer.key)


def models(owner: str, **differs: Any) -> dict[str, Any]:
    return {"data": [{"id": "org/m", "owned_by": owner, **differs}]}


def test_an_answer_is_what_the_server_said(serve: Serve) -> None:
    (answer,) = answers(serve(Reply(said("ls", "length"))))
    assert (answer.seconds or 0) >= 0
    assert replace(answer, seconds=None) == Answer(
        key="t/0", text="ls", finish_reason="length", prompt_tokens=7, output_tokens=3
    )


def test_every_setting_is_said_though_servers_have_defaults(serve: Serve) -> None:
    server = serve(Reply(said("ls")))
    answers(server, sampling=Sampling(max_tokens=9, seed=4, stop=("END",)))
    assert server.asked == [
        {
            "model": "org/m",
            "messages": [{"role": "user", "content": "step 0"}],
            "temperature": 0.0,
            "top_p": 1.0,
            "presence_penalty": 0.0,
            "frequency_penalty": 0.0,
            "max_tokens": 9,
            "seed": 4,
            "stop": ["END"],
        }
    ]


def test_tools_calls_and_parts_are_sent_as_the_api_takes_them(serve: Serve) -> None:
    server = serve(Reply(said("ls")))
    function = {"name": "bash", "arguments": {"command": "ls"}}
    call = {"type": "function", "function": function, "id": "c1"}
    parts = [{"type": "text", "text": "list"}]
    tools = ({"type": "function", "function": {"name": "bash"}},)
    messages = (
        Message("user", "list", {"content": parts}),
        Message("assistant", "", {"tool_calls": [call]}),
        Message("tool", "a", {"tool_call_id": "c1"}),
    )
    backend = OpenAI(Options(model="org/m", base_url=server.url))
    prompt = Prompt(key="t/0", messages=messages, tools=tools)
    list(backend.answers([prompt], Sampling()))
    wired = call | {"function": function | {"arguments": '{"command":"ls"}'}}
    assert server.asked[0]["tools"] == list(tools)
    assert server.asked[0]["messages"] == [
        {"role": "user", "content": parts},
        {"role": "assistant", "content": "", "tool_calls": [wired]},
        {"role": "tool", "content": "a", "tool_call_id": "c1"},
    ]


@pytest.mark.parametrize(("owner", "told"), [("vllm", False), ("sglang", False), ("me", None)])
def test_servers_that_cut_special_tokens_out_leave_them_where_tools_are_offered(
    serve: Serve, owner: str, told: bool | None
) -> None:
    """Families begin and end their calls with them."""
    server = serve(Reply(said("ls")), v1__models=models(owner))
    backend = OpenAI(Options(model="org/m", base_url=server.url))
    tools = ({"type": "function", "function": {"name": "bash"}},)
    (bare,) = prompts()
    list(backend.answers([bare, replace(bare, key="t/1", tools=tools)], Sampling()))
    asked = {"tools" in one: one.get("skip_special_tokens") for one in server.asked}
    assert asked == {False: None, True: told}


@pytest.mark.parametrize("offered", [True, False])
def test_calls_are_the_answer_where_tools_were_offered(serve: Serve, offered: bool) -> None:
    call = {"id": "c", "function": {"name": "bash", "arguments": '{"command": "ls"}'}}
    server = serve(Reply(said("Looking.", "tool_calls", tool_calls=[call])))
    backend = OpenAI(Options(model="org/m", base_url=server.url))
    tools = ({"type": "function", "function": {"name": "bash"}},) if offered else UNSET
    prompt = Prompt(key="t/0", messages=(Message("user", "list"),), tools=tools)
    (answer,) = backend.answers([prompt], Sampling())
    text = '<tool_call>\n{"name":"bash","arguments":{"command":"ls"}}\n</tool_call>'
    assert answer.text == ("Looking.\n" + text if offered else "Looking.")


def test_each_sampled_step_has_a_seed_of_its_own_whatever_is_asked_beside_it(serve: Serve) -> None:
    warm = Sampling(temperature=0.7, seed=4)

    def seeds(count: int) -> dict[str, int]:
        server = serve(Reply(said("ls")))
        answers(server, count, sampling=warm)
        return {body["messages"][0]["content"]: body["seed"] for body in server.asked}

    many = seeds(6)
    assert seeds(2).items() <= many.items()
    assert many["step 3"] == seed_of(warm, "t/3")
    assert len(set(many.values())) == 6
    server = serve(Reply(said("ls")))
    answers(server, sampling=Sampling(temperature=0.7, seed=None))
    assert "seed" not in server.asked[0]


@pytest.mark.parametrize(
    ("owner", "seeding"),
    [("vllm", "step"), ("llamacpp", "step"), ("sglang", "unknown"), ("someone", "unknown")],
)
def test_what_a_server_makes_of_a_seed_is_told(serve: Serve, owner: str, seeding: str) -> None:
    server = serve(Reply(said("ls")), v1__models=models(owner))
    assert OpenAI(Options(model="org/m", base_url=server.url)).account.seeding == seeding


@pytest.mark.parametrize(
    ("owner", "kind", "own"),
    [
        ("vllm", "vllm", {"min_p": 0.0, "repetition_penalty": 1.0, "top_k": 0}),
        ("sglang", "sglang", {"min_p": 0.0, "repetition_penalty": 1.0, "top_k": -1}),
        ("llamacpp", "llama.cpp", {"repeat_penalty": 1.0, "min_p": 0.0, "top_k": 0}),
        ("me", "llama-cpp-python", {"repeat_penalty": 1.0, "min_p": 0.0, "top_k": 0}),
        ("organization_owner", "lm-studio", {"repeat_penalty": 1.0, "top_k": 0}),
        ("library", "ollama", {}),
        ("someone", "other", {}),
    ],
)
def test_a_known_kind_of_server_is_told_in_its_own_words(
    serve: Serve, owner: str, kind: str, own: dict[str, Any]
) -> None:
    server = serve(Reply(said("ls")), v1__models=models(owner))
    backend = OpenAI(Options(model="org/m", base_url=server.url))
    list(backend.answers(prompts(), Sampling()))
    assert own.items() <= server.asked[0].items()
    assert backend.account.extra["server"] == kind


def test_transformers_is_kept_from_the_settings_that_a_model_brings(serve: Serve) -> None:
    server = serve(Reply(said("ls")), **{"openapi.json": {"paths": {"/load_model": {}}}})
    answers(server, sampling=Sampling(temperature=0.5))
    assert server.asked[0]["generation_config"] == (
        '{"do_sample":true,"num_beams":1,"repetition_penalty":1.0,"top_k":0}'
    )


def test_a_setting_that_the_server_has_no_word_for_is_refused(serve: Serve) -> None:
    with pytest.raises(UsageError, match="has no top_k"):
        answers(serve(Reply(said("ls"))), sampling=Sampling(top_k=5))


def test_template_settings_and_the_users_own_are_sent(serve: Serve) -> None:
    server = serve(Reply(said("ls")))
    answers(server, template_kwargs={"enable_thinking": False}, extra={"priority": 2})
    assert server.asked[0]["chat_template_kwargs"] == {"enable_thinking": False}
    assert server.asked[0]["priority"] == 2


def test_a_llama_server_tells_template_window_and_build(serve: Serve) -> None:
    props = {
        "chat_template": "{{ bos_token }}{{ messages }}",
        "bos_token": "<s>",
        "build_info": "b6000",
        "default_generation_settings": {"n_ctx": 4096},
    }
    server = serve(Reply(said("ls")), v1__models=models("llamacpp"), props=props)
    backend = OpenAI(Options(model="org/m", base_url=server.url))
    assert backend.template is not None
    assert (backend.template.source, backend.template.text) == ("server", props["chat_template"])
    assert backend.template.special_tokens == {"bos_token": "<s>"}
    assert backend.account.max_model_len == 4096
    assert backend.account.versions == {"llama.cpp": "b6000"}


@pytest.mark.parametrize(
    ("template", "prompt", "refused"),
    [
        ("{{ messages }}", "<|im_start|>user\n?<|im_end|>", True),
        (None, "<|im_start|>user\n?<|im_end|>", True),
        ("<|im_start|>{{ messages }}", "<|im_start|>user\n?<|im_end|>", False),
        ("{{ messages }}", "?", False),
    ],
)
def test_a_llama_server_that_gave_the_models_template_up_is_refused(
    serve: Serve, template: str | None, prompt: str, refused: bool
) -> None:
    pages = {"props": {"chat_template": template}, "apply-template": {"prompt": prompt}}
    server = serve(Reply(said("ls")), v1__models=models("llamacpp"), **pages)
    options = Options(model="org/m", base_url=server.url)
    if refused:
        with pytest.raises(UsageError, match="uses another one, ChatML"):
            OpenAI(options)
    else:
        assert OpenAI(options).account.extra["server"] == "llama.cpp"


def test_a_vllm_server_tells_template_window_version_and_token_ids(serve: Serve) -> None:
    reply = said("ls") | {"prompt_token_ids": list(range(20))}
    server = serve(
        Reply(reply),
        v1__models=models("vllm", max_model_len=512),
        version={"version": "0.32.0"},
        tokenizer_info={"chat_template": "{{ messages }}", "eos_token": "</s>"},
    )
    backend = OpenAI(Options(model="org/m", base_url=server.url))
    (answer,) = backend.answers(prompts(), Sampling())
    assert server.asked[0]["return_token_ids"] is True
    assert answer.first_token_ids == tuple(range(8))
    assert backend.template is not None
    assert backend.account.max_model_len == 512
    assert backend.account.versions == {"vllm": "0.32.0"}


def test_ollama_and_lm_studio_tell_the_window_of_the_loaded_model(serve: Serve) -> None:
    ollama = serve(
        Reply(said("ls")),
        v1__models=models("library"),
        api__version={"version": "0.9"},
        api__ps={"models": [{"name": "org/m:latest", "context_length": 4096}]},
    )
    account = OpenAI(Options(model="org/m", base_url=ollama.url)).account
    assert (account.max_model_len, account.versions) == (4096, {"ollama": "0.9"})
    loaded = {"loaded_context_length": 2048, "quantization": "Q4_K_M"}
    pages = {"/v1/models": models("organization_owner"), "/api/v0/models/org/m": loaded}
    with speaking(Speaker(lambda call: Reply(said("ls")), pages)) as studio:
        account = OpenAI(Options(model="org/m", base_url=studio.url)).account
    assert (account.max_model_len, account.quantisation) == (2048, "Q4_K_M")


def test_a_server_that_tells_nothing_has_no_template(serve: Serve) -> None:
    backend = OpenAI(Options(model="org/m", base_url=serve(Reply(said("ls"))).url))
    assert backend.template is None
    assert backend.account.max_model_len is None


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (said(None, None), "the reply has no text"),
        ({"choices": []}, "the reply has no choices"),
        ({"id": 1}, "not a reply of this API"),
        ({"error": {"message": "no GPU is free"}}, "no GPU is free"),
        (b"<html>", "not a reply of this API"),
        (said("half", "content_filter"), "ended the answer with content_filter"),
        (said("half", "SAFETY"), "ended the answer with SAFETY"),
        (said({"text": "ls"}), "neither text nor a list of parts"),
    ],
)
def test_what_is_no_answer_is_a_failed_step_and_never_an_empty_one(
    serve: Serve, reply: Any, error: str
) -> None:
    (answer,) = answers(serve(Reply(reply)))
    assert answer.text is None
    assert answer.error is not None
    assert error in answer.error


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content", "thinking"])
def test_a_model_cut_off_in_its_thoughts_has_said_an_empty_text(serve: Serve, field: str) -> None:
    (answer,) = answers(serve(Reply(said(None, "length", **{field: "Let me"}))))
    assert (answer.text, answer.finish_reason, answer.error) == ("", "length", None)
    assert answer.said == Said(reasoning="Let me")


@pytest.mark.parametrize(
    "word",
    [
        "stop",
        "length",
        "eos",
        "eos_token",
        "stop_sequence",
        "max_tokens",
        "end_turn",
        "STOP",
        "MAX_TOKENS",
        "a word of tomorrow",
    ],
)
def test_how_an_answer_ended_is_recorded_in_the_servers_own_word(serve: Serve, word: str) -> None:
    (answer,) = answers(serve(Reply(said("ls", word))))
    assert (answer.text, answer.finish_reason, answer.error) == ("ls", word, None)


CALL = {"id": "1", "type": "function", "function": {"name": "shell", "arguments": '{"a": 1}'}}
DECODED = {"function": {"name": "shell", "arguments": {"a": 1}}}
IMAGE = {"type": "image_url", "image_url": {"url": "x"}}


class TestWhatComesBesideTheText:
    """It is kept, whatever form it has, and never taken for the answer."""

    @pytest.mark.parametrize(
        ("message", "text", "kept"),
        [
            ({"content": None}, "", None),
            (
                {"content": None, "tool_calls": [CALL]},
                "",
                Said(tool_calls=(ToolCall(name="shell", arguments='{"a": 1}', id="1"),)),
            ),
            (
                {"content": "ls", "tool_calls": [DECODED]},
                "ls",
                Said(tool_calls=(ToolCall(name="shell", arguments='{"a": 1}'),)),
            ),
            (
                {"content": "", "function_call": CALL["function"]},
                "",
                Said(tool_calls=(ToolCall(name="shell", arguments='{"a": 1}'),)),
            ),
            ({"content": "ls", "tool_calls": ["?"]}, "ls", Said(parts=('"?"',))),
            ({"content": None, "refusal": "I will not."}, "", Said(refusal="I will not.")),
            (
                {"content": "ls", "reasoning": "hm", "reasoning_content": "hm"},
                "ls",
                Said(reasoning="hm"),
            ),
            (
                {"content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
                    {"type": "text", "text": "l"},
                    "s",
                    {"type": "refusal", "refusal": "no"},
                    IMAGE,
                ]},
                "ls",
                Said(reasoning="hm", refusal="no", parts=(json.dumps(IMAGE),)),
            ),
        ],
        ids=["nothing", "a tool call", "decoded arguments", "an old call", "no call", "a refusal",
             "thoughts twice", "parts"],
    )  # fmt: skip
    def test_it_is_kept(
        self, serve: Serve, message: dict[str, Any], text: str, kept: Said | None
    ) -> None:
        reply = {"choices": [{"message": message, "finish_reason": "stop"}]}
        (answer,) = answers(serve(Reply(reply)))
        assert (answer.text, answer.said, answer.error) == (text, kept, None)

    @pytest.mark.parametrize(
        ("told", "kept"),
        [
            (
                {"content": [{"token": "ls", "logprob": -0.5, "bytes": [1], "top_logprobs": [
                    {"token": "ls", "logprob": -0.5}, {"token": "cd", "logprob": -2}]}]},
                (Logprob(token="ls", logprob=-0.5, top={"ls": -0.5, "cd": -2.0}),),
            ),
            (
                {"tokens": ["l", "s"], "token_logprobs": [None, -1.0], "top_logprobs": None},
                (Logprob(token="l"), Logprob(token="s", logprob=-1.0)),
            ),
            ({"content": "?"}, ()),
        ],
    )  # fmt: skip
    def test_log_probabilities_are_kept_in_one_form(
        self, serve: Serve, told: Any, kept: tuple[Logprob, ...]
    ) -> None:
        reply = said("ls")
        reply["choices"][0]["logprobs"] = told
        (answer,) = answers(serve(Reply(reply)), extra={"logprobs": True, "top_logprobs": 2})
        assert answer.text == "ls"
        assert (answer.said.logprobs if answer.said else ()) == kept

    def test_half_a_surrogate_pair_is_replaced_and_the_answer_kept(self, serve: Serve) -> None:
        body = rb'{"choices": [{"message": {"content": "a\ud83d b\ude00 \ud83d\ude00 \\ud83d", '
        body += rb'"reasoning": "\udc00"}, "finish_reason": "stop"}]}'
        (answer,) = answers(serve(Reply(body)))
        assert answer.text == "a\ufffd b\ufffd \U0001f600 \\ud83d"
        assert answer.said == Said(reasoning="\ufffd")

    @pytest.mark.parametrize("depth", [400, 100_000])
    def test_depth_breaks_nothing(self, serve: Serve, depth: int) -> None:
        deep = b"[" * depth + b"]" * depth
        body = b'{"choices": [{"message": {"content": "ls", "tool_calls": %b}}]}' % deep
        (answer,) = answers(serve(Reply(body)))
        assert (answer.text == "ls") is (depth == 400)
        assert (answer.error is None) is (depth == 400)


def test_a_prompt_that_fills_the_window_was_cut_to_it(serve: Serve) -> None:
    server = serve(Reply(said("ls")), v1__models=models("vllm", max_model_len=7))
    (answer,) = answers(server)
    assert answer.error == "the server cut the prompt to its window of 7 tokens"


def test_the_window_of_a_server_that_does_not_tell_it_is_the_one_that_is_given(
    serve: Serve,
) -> None:
    (answer,) = answers(serve(Reply(said("ls"))), max_model_len=7)
    assert answer.error == "the server cut the prompt to its window of 7 tokens"
    told = serve(Reply(said("ls")), v1__models=models("vllm", max_model_len=512))
    backend = OpenAI(Options(model="org/m", base_url=told.url, max_model_len=7))
    assert backend.account.max_model_len == 512


@pytest.mark.parametrize("status", sorted(retries.AGAIN))
def test_a_busy_server_is_asked_again(serve: Serve, waits: list[float], status: int) -> None:
    server = serve([Reply({}, status), Reply({}, status), Reply(said("ls"))])
    (answer,) = answers(server)
    assert answer.text == "ls"
    assert waits == [1.0, 2.0]
    assert len(server.asked) == 3


def test_the_server_says_how_long_to_wait(serve: Serve, waits: list[float]) -> None:
    server = serve([Reply({}, 429, {"Retry-After": "37"}), Reply(said("ls"))])
    assert answers(server)[0].text == "ls"
    assert waits == [37.0]


def test_a_connection_that_breaks_is_made_again(serve: Serve, waits: list[float]) -> None:
    server = serve([Reply(cut=True), Reply(said("ls"))])
    assert answers(server)[0].text == "ls"


def test_a_reply_that_cannot_be_unpacked_is_a_failed_step(serve: Serve, waits: list[float]) -> None:
    (answer,) = answers(serve(Reply(b"no gzip", 200, {"Content-Encoding": "gzip"})))
    assert (answer.text, waits) == (None, list(retries.WAITS))
    assert answer.error


def test_each_call_at_a_time_has_one_connection_and_keeps_it(serve: Serve) -> None:
    """The pool of one client for all would be searched for each call."""
    opened: list[object] = []
    server = serve(Reply(said("ls")))
    backend = OpenAI(Options(model="org/m", base_url=server.url, concurrency=3))
    connect = asyncio.BaseEventLoop.create_connection

    async def noted(self: Any, *given: Any, **more: Any) -> Any:
        opened.append(given)
        return await connect(self, *given, **more)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(asyncio.BaseEventLoop, "create_connection", noted)
        assert len(list(backend.answers(prompts(30), Sampling()))) == 30
    assert len(opened) == 3


def test_a_call_that_fails_to_the_end_is_a_failed_step_and_the_others_go_on(
    serve: Serve, waits: list[float]
) -> None:
    def chat(call: Call) -> Reply:
        if call.body["messages"][0]["content"] == "step 1":
            return Reply({"error": {"message": "out of luck"}}, 503)
        return Reply(said("ls"))

    server = serve(chat)
    found = answers(server, 3)
    assert [answer.text for answer in found] == ["ls", None, "ls"]
    assert found[1].error == "HTTP 503: out of luck"
    assert waits == list(retries.WAITS)
    assert len(server.asked) == 2 + len(retries.WAITS) + 1


@pytest.mark.parametrize(
    "body", [{"error": {"message": "too long"}}, {"error": "too long"}, {"detail": "too long"}]
)
def test_a_call_that_is_wrong_is_not_repeated(
    serve: Serve, waits: list[float], body: dict[str, Any]
) -> None:
    (answer,) = answers(serve(Reply(body, 400)))
    assert (answer.error, waits) == ("HTTP 400: too long", [])


@pytest.mark.parametrize("status", sorted(retries.NEVER))
def test_what_every_call_would_meet_ends_the_run(serve: Serve, status: int) -> None:
    server = serve(Reply({"error": "no more credit"}, status))
    with pytest.raises(DeadEngine, match=f"HTTP {status}: no more credit"):
        answers(server, 50, concurrency=2)
    assert len(server.asked) <= 4


def test_a_server_that_is_gone_ends_the_run(serve: Serve, waits: list[float]) -> None:
    with speaking(Speaker(lambda call: Reply(said("ls")))) as server:
        backend = OpenAI(Options(model="org/m", base_url=server.url))
    with pytest.raises(DeadEngine, match="cannot be reached"):
        list(backend.answers(prompts(), Sampling()))
    with pytest.raises(DeadEngine, match="cannot be reached"):
        OpenAI(Options(model="org/m", base_url=server.url))


def test_no_more_calls_than_allowed_are_open_at_a_time(serve: Serve) -> None:
    lock, most = threading.Lock(), [0, 0]

    def chat(call: Call) -> Reply:
        with lock:
            most[0] += 1
            most[1] = max(most)
        barrier.wait(120)
        with lock:
            most[0] -= 1
        return Reply(said("ls"))

    barrier = threading.Barrier(3)
    assert len(answers(serve(chat), 9, concurrency=3)) == 9
    assert most == [0, 3]


def test_whoever_stops_listening_leaves_no_call_open(serve: Serve) -> None:
    server = serve(Reply(said("ls")))
    backend = OpenAI(Options(model="org/m", base_url=server.url, concurrency=2))
    stream = backend.answers(prompts(40), Sampling())
    next(stream)
    stream.close()  # type: ignore[attr-defined]  # it is a generator
    assert len(server.asked) <= 4


def test_a_model_that_vllm_does_not_serve_is_named(serve: Serve) -> None:
    server = serve(Reply(said("ls")), v1__models={"data": [{"id": "o/a", "owned_by": "vllm"}]})
    with pytest.raises(UsageError, match=r"does not serve org/m\. It serves o/a"):
        answers(server)


def test_a_key_goes_into_the_header_and_nowhere_else(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THE_KEY", "sk-secret")
    server = serve(Reply({"error": "no such key: sk-secret"}, 400))
    (answer,) = answers(server, api_key_variable="THE_KEY")
    call = next(call for call in server.calls if call.path == CHAT)
    assert call.headers["Authorization"] == "Bearer sk-secret"
    assert answer.error == "HTTP 400: no such key: (key)"
    (answer,) = answers(
        serve(Reply({"error": "no such key: sk-secret"})), api_key_variable="THE_KEY"
    )
    assert "no such key: (key)" in (answer.error or "")


def test_a_refused_key_is_named_by_its_remedy(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    server = serve(Reply(said("ls")), v1__models=Reply({"error": "bad sk-secret"}, 401))
    with pytest.raises(UsageError) as refusal:
        answers(server)
    assert "sk-secret" not in refusal.value.message
    assert "--api-key-variable" in refusal.value.message


@pytest.mark.parametrize(
    ("url", "variable", "sent"),
    [
        ("https://api.openai.com/v1", "OPENAI_API_KEY", True),
        ("http://127.0.0.1:8000/v1", "OPENAI_API_KEY", True),
        ("http://localhost:8000/v1", "OPENAI_API_KEY", True),
        ("https://elsewhere.example/v1", "OPENAI_API_KEY", False),
        ("https://elsewhere.example/v1", "ELSEWHERE_KEY", True),
    ],
)
def test_a_key_for_openai_goes_to_nobody_else(
    monkeypatch: pytest.MonkeyPatch, url: str, variable: str, sent: bool
) -> None:
    monkeypatch.setenv(variable, "sk-secret")
    assert key_for(Options(model="m", api_key_variable=variable), url) == (
        "sk-secret" if sent else None
    )


@pytest.mark.parametrize(
    ("given", "base"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/v1/"),
        ("http://127.0.0.1:8000/v1/", "http://127.0.0.1:8000/v1/"),
        ("https://host/api/v3", "https://host/api/v3/"),
    ],
)
def test_an_address_ends_where_the_api_begins(given: str, base: str) -> None:
    assert base_url(given) == base


@pytest.mark.parametrize(
    "given",
    [None, "host:8000", "ftp://host", "http://", "http://me:secret@host/v1", "http://h?k=1"],
)
def test_what_is_no_address_or_holds_a_password_is_refused(given: str | None) -> None:
    with pytest.raises(UsageError) as refusal:
        base_url(given)
    assert "secret" not in refusal.value.message


def test_adapters_are_named_as_models(serve: Serve) -> None:
    with pytest.raises(UsageError, match="Give the adapter's name as MODEL"):
        OpenAI(Options(model="m", base_url="http://127.0.0.1:1", adapter="a"))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("nan", None),
        ("soon", None),
        ("Fri, 02 Jan 2026 03:05:05 GMT", 60.0),
        ("Fri, 02 Jan 2026 03:05:05 -0000", 60.0),
        ("Fri, 02 Jan 2026 03:00:00 GMT", 0.0),
    ],
)
def test_retry_after_is_a_number_or_a_date(value: str | None, seconds: float | None) -> None:
    assert retries.retry_after(value, NOW) == seconds


def test_patience_has_an_end() -> None:
    assert retries.wait_before(len(retries.WAITS), {}, NOW) is None
    assert retries.wait_before(0, {"retry-after": "601"}, NOW) is None
    assert retries.wait_before(0, {"retry-after": "600"}, NOW) == 600.0


def test_a_stop_in_the_middle_of_a_call_is_a_stop_however_many_are_open(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C may come while a call is being made, and not only while all are waited for."""
    last = prompts(3)[2].key

    async def stopped(self: OpenAI, client: Any, prompt: Prompt, body: bytes) -> Any:
        if prompt.key == last:
            raise KeyboardInterrupt
        await asyncio.sleep(300)

    monkeypatch.setattr(OpenAI, "_answer", stopped)
    with pytest.raises(KeyboardInterrupt):
        answers(serve(Reply(said("ls"))), 3, concurrency=3)


def talk(
    server: Speaker, sampling: Sampling | None = None, stop_after: str | None = None
) -> tuple[Answer, list[tuple[str, str]]]:
    """Return an answer and the pieces of it that were heard; stop once a piece was."""
    heard: list[tuple[str, str]] = []
    backend = OpenAI(Options(model="org/m", base_url=server.url, stream=True))
    answer = backend.talk(
        prompts()[0],
        sampling or Sampling(),
        lambda kind, piece: heard.append((kind, piece)),
        lambda: stop_after in {piece for _, piece in heard},
    )
    return answer, heard


def test_an_answer_is_heard_while_it_comes(serve: Serve) -> None:
    thought = {"choices": [{"delta": {"reasoning": "hm", "reasoning_content": "hm"}}]}
    events = [f"data: {json.dumps(thought)}\n\n".encode(), *pieces(["l", "s"])]
    answer, heard = talk(serve(Reply(iter(events), headers=STREAM)))
    assert heard == [("thought", "hm"), ("text", "l"), ("text", "s")]
    assert (answer.text, answer.finish_reason, answer.output_tokens) == ("ls", "stop", 3)
    assert answer.timing is not None
    assert answer.timing.first_token_seconds is not None


def test_what_is_told_of_a_talk_is_what_was_sent_with_the_seed_itself(serve: Serve) -> None:
    server = serve(Reply(pieces(["ls"]), headers=STREAM), v1__models=models("vllm"))
    sampling = Sampling(temperature=0.5, seed=7)
    talk(server, sampling)
    backend = OpenAI(Options(model="org/m", base_url=server.url, stream=True))
    [body] = server.asked
    del body["messages"]
    assert backend.sent(sampling) == body
    assert body["seed"] == 7


def test_an_answer_that_is_stopped_keeps_what_was_heard(serve: Serve) -> None:
    let_go = threading.Event()

    def slowly() -> Iterator[bytes]:
        yield from pieces(["once upon"], finish=None)
        let_go.wait(30)

    answer, _ = talk(serve(Reply(slowly(), headers=STREAM)), stop_after="once upon")
    let_go.set()
    assert (answer.text, answer.finish_reason, answer.error) == ("once upon", "stopped", None)


def test_a_talk_is_tried_once(serve: Serve) -> None:
    server = serve(Reply({"error": "busy"}, 503))
    answer, _ = talk(server)
    assert (answer.text, answer.error) == (None, "HTTP 503: busy")
    assert len(server.asked) == 1


def test_a_talk_that_breaks_off_fails_and_was_heard(serve: Serve) -> None:
    answer, heard = talk(serve(Reply(pieces(["l"], finish=None), headers=STREAM)))
    assert (answer.text, answer.error, heard) == (None, "the stream broke off", [("text", "l")])


def test_whoever_hears_may_end_a_talk(serve: Serve) -> None:
    def gone(kind: str, piece: str) -> None:
        raise BrokenPipeError

    server = serve(Reply(pieces(["l"]), headers=STREAM))
    backend = OpenAI(Options(model="org/m", base_url=server.url, stream=True))
    with pytest.raises(BrokenPipeError):
        backend.talk(prompts()[0], Sampling(), gone, lambda: False)


def test_nobody_to_talk_to_is_a_dead_engine(serve: Serve) -> None:
    server = serve(Reply({"error": "no"}, 401))
    with pytest.raises(DeadEngine, match="401"):
        talk(server)


TEMPLATE = "{% for m in messages %}<|im_start|>{{ m.content }}{% endfor %}"


def test_a_prompt_is_shown_as_the_server_renders_it_or_its_template_does(serve: Serve) -> None:
    told = {
        "props": {"chat_template": TEMPLATE},
        "apply-template": {"prompt": "<|im_start|>as llama.cpp does"},
        "tokenizer_info": {"chat_template": TEMPLATE},
    }
    shown = {}
    for owner in ("llamacpp", "vllm", "library"):
        server = serve(Reply(said("ls")), v1__models=models(owner), **told)
        backend = OpenAI(Options(model="org/m", base_url=server.url))
        shown[owner] = backend.rendered(prompts()[0])
    assert shown == {
        "llamacpp": "<|im_start|>as llama.cpp does",
        "vllm": "<|im_start|>step 0",
        "library": None,
    }
