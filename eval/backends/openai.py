"""Any OpenAI-compatible server: calls side by side, tried again where that helps."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec
from huggingface_hub.utils import httpx  # type: ignore[attr-defined]  # exported on demand
from msgspec.structs import replace

from .. import records
from ..engine import (
    STOPPED,
    Account,
    Answer,
    Encoder,
    Feed,
    Heard,
    Message,
    Options,
    Prompt,
    Sampling,
    Template,
    late,
    seed_of,
)
from ..errors import DeadEngine, UsageError
from ..identity import address_sha256
from ..records import StepTiming
from . import openai_retries
from .openai_kinds import LLAMA_CPP, SGLANG, VLLM, seeding_of, spoken
from .openai_servers import HOSTED, Server, ask, base_url, key_for
from .replies.replies import Refusal, answer_of, reason_of
from .replies.streams import Stream

MOST = 32 << 20
"""Bytes of a reply that are read."""

CONNECT_SECONDS = 10.0
_LOOK_SECONDS = 0.05
"""Between two looks whether somebody stopped the answer."""

PAUSE = 0.01
"""Seconds after which a slot looks again for a prompt that follows from other answers."""


class OpenAI:
    """A model behind a server; see `Talker`."""

    takes: Literal["tokens", "messages"] = "messages"
    encoder: Encoder | None = None

    def __init__(self, options: Options) -> None:
        """Ask the server of *options* about itself.

        Raises UsageError where it refuses us or does not serve the model, DeadEngine where there
        is none.
        """
        if options.adapter is not None:
            raise UsageError(
                "a server's adapters have names of their own",
                key="--adapter",
                remedy="Give the adapter's name as MODEL.",
            )
        self._options, self._base = options, base_url(options.base_url)
        self.in_flight = options.concurrency
        self._key = key_for(options, self._base)
        self._url = httpx.URL(f"{self._base}chat/completions")
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        self._headers |= {"Authorization": f"Bearer {self._key}"} if self._key else {}
        self._limits = {"timeout": self._patience().as_dict()}
        self._server = self._asked()
        self.template: Template | None = self._server.template
        kind = self._server.kind
        self.account = Account(
            backend="openai",
            versions={kind.name: self._server.version} if self._server.version else {},
            server=records.Server(address_sha256=address_sha256(self._base)),
            quantisation=self._server.quantisation,
            max_model_len=self._server.window or options.max_model_len,
            batch_size=options.concurrency,
            seeding=seeding_of(kind, options.concurrency),
            extra={"server": kind.name, **kind.said},
        )

    def answers(self, prompts: Sequence[Prompt] | Feed, sampling: Sampling) -> Iterator[Answer]:
        """Yield answers as they finish, with as many calls at a time as the options allow.

        Raises DeadEngine where the server is gone or refuses every call.
        """
        fixed: dict[str, Any] = self._fixed(self._spoken(sampling))
        left: Iterator[Prompt | None] = iter(prompts)
        found, ended = deque[Answer | DeadEngine](), list[BaseException | None]()
        closing = False

        def pause() -> None:
            if not closing:  # which would break off the end of the other calls
                loop.stop()

        def end(slot: asyncio.Task[None]) -> None:
            if not slot.cancelled():
                ended.append(slot.exception())
            pause()

        with asyncio.Runner() as runner:
            loop, connection = runner.get_loop(), self._connection()
            slots = [
                loop.create_task(self._slot(connection, left, fixed, sampling, found, pause))
                for _ in range(min(self._options.concurrency, len(prompts)))
            ]
            for slot in slots:
                slot.add_done_callback(end)
            try:
                while len(ended) < len(slots):
                    stopped = None
                    try:
                        loop.run_forever()
                    except KeyboardInterrupt as stop:
                        stopped = stop
                    # What was answered in the same moment is not lost, whatever ended the others.
                    answered = [one for one in found if isinstance(one, Answer)]
                    dead = [one for one in found if isinstance(one, DeadEngine)]
                    found.clear()
                    yield from answered
                    for reason in (stopped, *dead, *ended):
                        if reason is not None:
                            raise reason
            finally:
                closing = True

    def talk(
        self, prompt: Prompt, sampling: Sampling, heard: Heard, stopped: Callable[[], bool]
    ) -> Answer:
        """Return one answer as it is told piece by piece, if the options ask for that."""
        return asyncio.run(self._talked(prompt, sampling, heard, stopped))

    def sent(self, sampling: Sampling) -> dict[str, Any]:
        """Return the body of a call but for its messages."""
        seed = {} if sampling.seed is None else {"seed": sampling.seed}
        return {**seed, **self._fixed(self._spoken(sampling))}

    def rendered(self, prompt: Prompt) -> str | None:
        """Return the prompt as llama.cpp renders it, or as the template does that a server tells.

        A BOS that comes as a token is in none of them. Raises DeadEngine where the server is gone.
        """
        messages, kwargs = list(map(_wired, prompt.messages)), dict(self._options.template_kwargs)
        if self._server.kind is not LLAMA_CPP:
            return self._rendered_here(prompt, messages, kwargs)
        asked = {"messages": messages, "chat_template_kwargs": kwargs}
        if prompt.tools:
            asked["tools"] = list(prompt.tools)
        url = f"{self._base.removesuffix('v1/')}apply-template"
        try:
            with httpx.Client(headers=self._headers, **self._connection()) as client:
                reply = client.post(url, json=asked, timeout=CONNECT_SECONDS)
            told = msgspec.json.decode(reply.content, type=dict[str, Any])
        except httpx.TransportError as error:
            raise DeadEngine(f"the server cannot be reached: {error}") from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        text = told.get("prompt")
        return text if isinstance(text, str) else None

    def _rendered_here(
        self, prompt: Prompt, messages: list[Any], kwargs: dict[str, Any]
    ) -> str | None:
        from ..sandbox.rendering import Job, Program, run

        if self.template is None:
            return None
        program = Program(self.template.text, self.template.special_tokens)
        tools = list(prompt.tools or ())
        job = Job(program=program, messages=messages, tools=tools, kwargs=kwargs, prompt=True)
        [one] = run([job])
        return one.text

    def close(self) -> None:
        """Do nothing: connections end with the answers."""

    async def _talked(
        self, prompt: Prompt, sampling: Sampling, heard: Heard, stopped: Callable[[], bool]
    ) -> Answer:
        began, pieces = monotonic(), list[str]()

        def keep(kind: Literal["text", "thought"], piece: str) -> None:
            pieces.extend([piece] if kind == "text" else [])
            heard(kind, piece)

        stream, body = Stream(keep), self._body(prompt, self.sent(sampling))
        async with httpx.AsyncClient(**self._connection()) as client:
            call = asyncio.create_task(self._once(client, prompt, body, stream))
            try:
                while not (await asyncio.wait([call], timeout=_LOOK_SECONDS))[0]:
                    if stopped():
                        return Answer(
                            key=prompt.key,
                            text="".join(pieces),
                            finish_reason=STOPPED,
                            timing=stream.timing,
                            seconds=round(monotonic() - began, 3),
                        )
                    if monotonic() - began > self._options.timeout:
                        return late(prompt.key, self._options.timeout)
                answer, _, _ = call.result()
            finally:
                call.cancel()
                await asyncio.wait([call])
        if isinstance(answer, DeadEngine):
            raise answer
        return answer

    async def _slot(
        self,
        connection: dict[str, Any],
        left: Iterator[Prompt | None],
        fixed: dict[str, Any],
        sampling: Sampling,
        found: deque[Answer | DeadEngine],
        pause: Callable[[], None],
    ) -> None:
        """Make one call after another, over one connection, until no prompt is *left*.

        The loop pauses for each answer, and goes on when the next one is wanted.
        """
        async with httpx.AsyncClient(**connection) as client:
            for prompt in left:
                if prompt is None:
                    await asyncio.sleep(PAUSE)
                    continue
                seed = seed_of(sampling, prompt.key)
                body = self._body(prompt, fixed if seed is None else {"seed": seed, **fixed})
                found.append(await self._answer(client, prompt, body))
                pause()
                await asyncio.sleep(0)

    async def _answer(self, client: Any, prompt: Prompt, body: bytes) -> Answer | DeadEngine:
        """Return the answer, or a failure where the step's time runs out in whatever it does."""
        try:
            async with asyncio.timeout(self._options.timeout):
                return await self._tried(client, prompt, body)
        except TimeoutError:
            return late(prompt.key, self._options.timeout)

    async def _tried(self, client: Any, prompt: Prompt, body: bytes) -> Answer | DeadEngine:
        """Call until there is an answer, or no use in calling."""
        for attempt in range(len(openai_retries.WAITS) + 1):
            stream = Stream() if self._options.stream else None
            found, again, headers = await self._once(client, prompt, body, stream)
            if not again:
                return found
            wait = openai_retries.wait_before(attempt, headers, datetime.now(UTC))
            if wait is None:
                break
            await asyncio.sleep(wait)
        return found

    async def _once(
        self, client: Any, prompt: Prompt, body: bytes, stream: Stream | None
    ) -> tuple[Answer | DeadEngine, bool, Mapping[str, str]]:
        """Return what comes of one call, whether another may help, and the headers of the reply."""
        began = monotonic()
        try:
            status, headers, reply, seen = await self._post(client, body, stream)
        except httpx.ConnectError as error:
            return DeadEngine(f"the server cannot be reached: {error}"), True, {}
        except (httpx.TransportError, httpx.DecodingError, Refusal) as error:
            return _failed(prompt, f"{error}" or type(error).__name__), True, {}
        if status == 200:
            answer = answer_of(prompt, reply, self.account.max_model_len, seen)
            answer = replace(answer, seconds=round(monotonic() - began, 3))
            if answer.error:
                answer = replace(answer, error=self._redacted(answer.error))
            return answer, False, headers
        reason = self._redacted(f"HTTP {status}: {reason_of(reply)}")
        if status in openai_retries.NEVER:
            return DeadEngine(reason), False, headers
        return _failed(prompt, reason), status in openai_retries.AGAIN, headers

    async def _post(
        self, client: Any, body: bytes, stream: Stream | None
    ) -> tuple[int, Mapping[str, str], bytes, StepTiming | None]:
        """Return status, headers and body of the reply, and of a stream when its tokens came.

        The request is made here, because a client that makes it joins addresses, headers and
        settings anew for each call. Raises Refusal for a reply without end and for a stream that
        broke off.
        """
        request = httpx.Request(
            "POST", self._url, headers=self._headers, content=body, extensions=self._limits
        )
        response = await client.send(request, stream=True)
        kind, status = response.headers.get("content-type", ""), response.status_code
        if status != 200 or not kind.startswith("text/event-stream"):
            stream = None  # an error, or a server that answers whole all the same
        try:
            data, size = bytearray(), 0
            async for chunk in response.aiter_bytes():
                size += len(chunk)
                if size > MOST:
                    raise Refusal(f"the server's reply has more than {MOST} bytes")
                if stream is None:
                    data += chunk
                else:
                    stream.feed(chunk)
        finally:
            await response.aclose()
        if stream is not None:
            return status, response.headers, stream.reply(), stream.timing
        return status, response.headers, bytes(data), None

    def _spoken(self, sampling: Sampling) -> dict[str, Any]:
        try:
            return spoken(self._server.kind, sampling)
        except ValueError as error:
            raise UsageError(str(error), key="--top-k") from error

    def _fixed(self, settings: dict[str, Any]) -> dict[str, Any]:
        """Return what all calls say alike; what the user sets by the server's names comes last."""
        options = self._options
        fixed = {"model": options.model, **settings}
        if self._server.kind is VLLM:
            fixed["return_token_ids"] = True
        if options.stream:
            fixed |= {"stream": True, "stream_options": {"include_usage": True}}
        if options.template_kwargs:
            fixed["chat_template_kwargs"] = dict(options.template_kwargs)
        if urlsplit(self._base).hostname == HOSTED:
            fixed["max_completion_tokens"] = fixed.pop("max_tokens")
        return fixed | dict(options.extra)

    def _body(self, prompt: Prompt, fixed: dict[str, Any]) -> bytes:
        told = {"messages": list(map(_wired, prompt.messages)), **fixed}
        if prompt.tools:
            told["tools"] = list(prompt.tools)
            if self._server.kind in (VLLM, SGLANG):  # marks of calls are special tokens
                told = {"skip_special_tokens": False, **told}
        return msgspec.json.encode(told)

    def _asked(self) -> Server:
        """Return what the server tells of itself."""
        root = self._base.removesuffix("v1/")
        with httpx.Client(headers=self._headers, **self._connection()) as client:

            def fetch(path: str, body: object = None) -> bytes | None:
                method = "GET" if body is None else "POST"
                try:
                    response = client.request(
                        method, f"{root}{path}", json=body, timeout=CONNECT_SECONDS
                    )
                except httpx.ConnectError as error:
                    raise DeadEngine(f"the server cannot be reached: {error}") from error
                except httpx.TransportError:
                    return None
                if response.status_code in (401, 403):
                    raise UsageError(
                        self._redacted(f"the server refuses us: {reason_of(response.content)}"),
                        key="--base-url",
                        remedy="Name the environment variable that holds the key for it: "
                        "--api-key-variable.",
                    )
                return response.content if response.status_code == 200 else None

            server = ask(fetch, self._options.model, f"{self._base.removeprefix(root)}models")
        names = [one.id for one in server.models]
        if server.kind is VLLM and self._options.model not in names:
            raise UsageError(
                f"the server does not serve {self._options.model}",
                remedy=f"It serves {', '.join(names[:5])}.",
            )
        return server

    def _connection(self) -> dict[str, Any]:
        """Return how a slot connects: over one connection of its own, which needs no search."""
        secure = self._base.startswith("https")
        return {
            "timeout": self._patience(),
            # A context is made anew for each client otherwise, which takes longer than a call.
            "verify": httpx.create_ssl_context() if secure else False,
            "limits": httpx.Limits(max_connections=1, max_keepalive_connections=1),
            "follow_redirects": False,
        }

    def _patience(self) -> Any:
        return httpx.Timeout(self._options.timeout, connect=CONNECT_SECONDS)

    def _redacted(self, text: str) -> str:
        return text.replace(self._key, "(key)") if self._key else text


def open_backend(options: Options) -> OpenAI:
    """Ask the server of *options* about itself; see `OpenAI`."""
    return OpenAI(options)


def _wired(message: Message) -> dict[str, Any]:
    """Return *message* as the API takes it: the arguments of calls are JSON in a text."""
    said = {"role": message.role, "content": message.content, **message.beside}
    if calls := message.beside.get("tool_calls"):
        said["tool_calls"] = [_wired_call(call) for call in calls]
    return said


def _wired_call(call: Mapping[str, Any]) -> dict[str, Any]:
    function = dict(call["function"])
    if not isinstance(function["arguments"], str):
        function["arguments"] = msgspec.json.encode(function["arguments"]).decode("utf-8")
    return {**call, "function": function}


def _failed(prompt: Prompt, error: str) -> Answer:
    return Answer(key=prompt.key, text=None, error=error)
