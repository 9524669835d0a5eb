"""GGUF files in llama.cpp's own server, which is started for the run and ended with it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from huggingface_hub.utils import httpx  # type: ignore[attr-defined]  # exported on demand
from msgspec.structs import replace

from ...engine import (
    Account,
    Answer,
    Encoder,
    Feed,
    Heard,
    Options,
    Prompt,
    Sampling,
    Setting,
    Template,
)
from ...errors import DeadEngine, UsageError
from ...sandbox.rendering import Job, Program, run
from ..openai import OpenAI
from ..weights import file_sha256
from .files import FLOATS, Gguf, gguf_of
from .server import COUNTS, GUESSING, SETTINGS, LlamaServer


class Llama:
    """A GGUF file behind a server of our own; see `Talker`."""

    takes: Literal["tokens", "messages"] = "messages"
    encoder: Encoder | None = None

    def __init__(self, options: Options) -> None:
        """Load the file that *options* name, a path or `ORG/REPOSITORY/FILE.gguf` on the Hub.

        `options.extra` holds settings of the server, see `SETTINGS`, and of its calls. Raises
        UsageError where the file cannot be loaded or has no chat template, DeadEngine where
        llama.cpp breaks down.
        """
        if options.adapter is not None:
            raise UsageError("adapters are not for the llama backend", key="--adapter")
        file = gguf_of(options.model, options.revision)
        if file.template is None:
            raise UsageError(
                "the file has no chat template, and llama.cpp would take another model's, ChatML",
                file=file.path.name,
                remedy="Convert the model with its template; or give one with --chat-template, and "
                "--backend llama-cpp-python.",
            )
        settings = {name: _setting(name, options) for name in SETTINGS if name in options.extra}
        calls = {"cache_prompt": True, **options.extra}
        calls = {name: value for name, value in calls.items() if name not in SETTINGS}
        window = options.max_model_len or file.window
        self._server = LlamaServer(file, name=file.path.name, window=window, settings=settings)
        try:
            thinking = self._own_thinking(file, options.template_kwargs)
            self._client = OpenAI(
                replace(
                    options,
                    model=file.path.name,
                    revision=None,
                    base_url=f"{self._server.address}/v1",
                    concurrency=int(self._server.settings["n_parallel"] or 1),
                    template_kwargs={**thinking, **options.template_kwargs},
                    extra=calls,
                )
            )
        except BaseException:
            self.close()
            raise
        asked, self.in_flight = self._client.account, self._client.in_flight
        self.template: Template | None = self._client.template and replace(
            self._client.template, source="gguf"
        )
        self.account = Account(
            backend="llama",
            versions={"xllamacpp": self._server.version},
            revision=file.revision,
            file=file.record(file_sha256(file.path)),
            quantisation=None if file.kind in FLOATS else file.kind,
            dtype=FLOATS.get(file.kind or ""),
            max_model_len=asked.max_model_len,
            load_seconds=self._server.load_seconds,
            batch_size=asked.batch_size,
            seeding=asked.seeding,
            extra={**asked.extra, **self._server.settings, **calls, **thinking},
        )

    def _own_thinking(self, file: Gguf, kwargs: Mapping[str, Setting]) -> dict[str, Setting]:
        """Return `enable_thinking` where llama.cpp would not leave it to the template.

        It switches thoughts off where it does not see that a template has them; every other engine
        lets the template decide.
        """
        template, named = file.template or "", file.header.named
        if "enable_thinking" in kwargs or "enable_thinking" not in template:
            return {}
        special = {f"{name}_token": named[name] for name in ("bos", "eos") if name in named}
        messages = [{"role": "user", "content": "?"}]
        job = Job(program=Program(template, special), messages=messages, kwargs=kwargs, prompt=True)
        [own] = run([job])
        ways: list[dict[str, Setting]] = [{}]
        ways += [{"enable_thinking": True}, {"enable_thinking": False}]
        for said in ways:
            asked = {"messages": messages, "chat_template_kwargs": {**kwargs, **said}}
            reply = httpx.post(f"{self._server.address}/apply-template", json=asked, timeout=60)
            prompt = reply.json().get("prompt") if reply.status_code == 200 else None
            # A BOS that the template writes is left out there: it comes with the tokens.
            if prompt and own.text is not None and own.text.endswith(prompt):
                return said
        return {}

    def answers(self, prompts: Sequence[Prompt] | Feed, sampling: Sampling) -> Iterator[Answer]:
        """Yield answers as they finish; what a prompt has in common with the one before is kept.

        Raises DeadEngine where llama.cpp breaks down.
        """
        with self._watched():
            yield from self._client.answers(prompts, sampling)

    def talk(
        self, prompt: Prompt, sampling: Sampling, heard: Heard, stopped: Callable[[], bool]
    ) -> Answer:
        """Return one answer as it is told piece by piece."""
        with self._watched():
            answer = self._client.talk(prompt, sampling, heard, stopped)
            if answer.error and self._server.ended():
                raise DeadEngine(answer.error)
            return answer

    def sent(self, sampling: Sampling) -> Mapping[str, Any]:
        """Return the body of a call but for its messages."""
        return self._client.sent(sampling)

    def rendered(self, prompt: Prompt) -> str | None:
        """Return the prompt as llama.cpp renders it."""
        with self._watched():
            return self._client.rendered(prompt)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Say how llama.cpp ended, where it did."""
        try:
            yield
        except DeadEngine as error:
            if ended := self._server.ended():
                raise DeadEngine(f"llama.cpp ended while it answered: {ended}") from error
            raise

    def peak_memory(self) -> int | None:
        """Return the most bytes that llama.cpp has used, pages of the file included."""
        return self._server.peak_memory()

    def close(self) -> None:
        """End the server."""
        self._server.close()


def open_backend(options: Options) -> Llama:
    """Start a server for the file of *options*; see `Llama`."""
    return Llama(options)


def _setting(name: str, options: Options) -> Setting:
    value = options.extra[name]
    if name not in COUNTS:
        if value not in GUESSING:
            raise UsageError(f"{name} is one of {', '.join(GUESSING)}", key="--set")
    elif isinstance(value, bool) or not isinstance(value, int) or value < COUNTS[name]:
        raise UsageError(f"{name} is a whole number from {COUNTS[name]}", key="--set")
    return value
