"""GGUF files in llama-cpp-python, in this process: prompt after prompt, prefixes once."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal
from unittest.mock import patch

import llama_cpp

from ...engine import Account, Answer, Options, Prompt, Sampling, Setting, Template, late, seed_of
from ...errors import DeadEngine, MissingExtra, UsageError
from ..weights import file_sha256
from .files import FLOATS, Gguf, gguf_of


class LlamaTokens:
    """A tokenizer that adds nothing of its own; see `Encoder`."""

    def __init__(self, llama: "llama_cpp.Llama") -> None:
        """Encode as the loaded model *llama* does."""
        self._llama = llama
        self._vocab: Any = llama_cpp.llama_model_get_vocab(llama.model)
        bos, eos = (
            told(self._vocab) for told in (llama_cpp.llama_vocab_bos, llama_cpp.llama_vocab_eos)
        )
        self.bos_token_id: int | None = bos if bos >= 0 else None
        self.special_tokens: Mapping[str, str] = {
            name: llama_cpp.llama_vocab_get_text(self._vocab, token).decode("utf-8", "replace")
            for name, token in (("bos_token", bos), ("eos_token", eos))
            if token >= 0
        }

    def encode(self, text: str) -> list[int]:
        """Return the ids of *text*, special tokens read as such and none added."""
        ids: list[int] = self._llama.tokenize(text.encode(), add_bos=False, special=True)
        return ids

    def encode_all(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of each of *texts*."""
        return [self.encode(text) for text in texts]

    def decode(self, tokens: Sequence[int], *, special: bool = False) -> str:
        """Return the text of *tokens*, without special ones unless these are asked for.

        `Llama.detokenize` loses tokens of more than 32 bytes, such as long runs of blanks.
        """
        given = (llama_cpp.llama_token * len(tokens))(*tokens)
        room = 8 * len(tokens) + 64
        while True:
            text = bytes(room)
            size = llama_cpp.llama_detokenize(
                self._vocab, given, len(tokens), text, room, True, special
            )
            if size >= 0:
                return text[:size].decode("utf-8", "replace")
            room = -size

    def ends(self, token: int) -> bool:
        """Tell whether *token* ends an answer."""
        return bool(llama_cpp.llama_vocab_is_eog(self._vocab, token))


try:
    import llama_cpp
except ImportError as missing:
    raise MissingExtra(missing.name or "llama-cpp-python", "gguf") from missing


class LlamaCpp:
    """A loaded GGUF file; see `Backend`."""

    takes: Literal["tokens", "messages"] = "tokens"

    def __init__(self, options: Options) -> None:
        """Load the file that *options* name, a path or `ORG/REPOSITORY/FILE.gguf` on the Hub.

        Raises UsageError where it cannot be loaded, DeadEngine where memory does not suffice.
        """
        if options.adapter is not None:
            raise UsageError("adapters are not for the llama-cpp-python backend", key="--adapter")
        began, self._timeout = time.monotonic(), options.timeout
        file = gguf_of(options.model, options.revision)
        self._llama: Any = _loaded(file, options)
        self.encoder = LlamaTokens(self._llama)
        self.template = _template(self._llama, self.encoder)
        extra: dict[str, Setting] = {"repeat_penalty": 1.0}
        self.account = Account(
            backend="llama-cpp-python",
            versions={"llama-cpp-python": llama_cpp.__version__},
            revision=file.revision,
            file=file.record(file_sha256(file.path)),
            quantisation=None if file.kind in FLOATS else file.kind,
            dtype=FLOATS.get(file.kind or ""),
            max_model_len=self._llama.n_ctx(),
            load_seconds=round(time.monotonic() - began, 3),
            batch_size=1,
            seeding="step",
            extra=extra,
        )

    def answers(self, prompts: Sequence[Prompt], sampling: Sampling) -> Iterator[Answer]:
        """Yield answers in order: what a prompt has in common with the one before is kept.

        Raises DeadEngine where the engine breaks down.
        """
        for prompt in prompts:
            yield self._answer(prompt, sampling)

    def close(self) -> None:
        """Give the model's memory back."""
        if self._llama is not None:
            self._llama.close()
        self._llama = None

    def _answer(self, prompt: Prompt, sampling: Sampling) -> Answer:
        said, ended, text = [], False, ""
        began = time.monotonic()
        try:
            for token in self._tokens(prompt, sampling):
                if ended := self.encoder.ends(token):
                    break
                if time.monotonic() - began > self._timeout:
                    return late(prompt.key, self._timeout)
                said.append(token)
                text = self.encoder.decode(said) if sampling.stop else ""
                if len(said) == sampling.max_tokens or _stop(text, sampling) is not None:
                    break
        except (MemoryError, RuntimeError) as error:
            raise DeadEngine(f"{error}" or "out of memory") from error
        text = self.encoder.decode(said, special=bool(prompt.tools))  # marks of calls are special
        stop = _stop(text, sampling)
        return Answer(
            key=prompt.key,
            text=text[:stop],
            finish_reason="length" if stop is None and not ended else "stop",
            prompt_tokens=len(prompt.token_ids or ()),
            output_tokens=len(said) + ended,
            first_token_ids=(prompt.token_ids or ())[:8],
        )

    def _tokens(self, prompt: Prompt, sampling: Sampling) -> Iterator[int]:
        """Yield tokens without end, every setting of the decoding said."""
        seed = seed_of(sampling, prompt.key)
        self._llama.set_seed(time.time_ns() % 2**32 if seed is None else seed % 2**32)
        tokens: Iterator[int] = self._llama.generate(
            list(prompt.token_ids or ()),
            temp=sampling.temperature,
            top_p=sampling.top_p,
            top_k=sampling.top_k or 0,
            min_p=0.0,
            typical_p=1.0,
            repeat_penalty=1.0,
            frequency_penalty=0.0,
            presence_penalty=0.0,
            mirostat_mode=0,
        )
        return tokens


def open_backend(options: Options) -> LlamaCpp:
    """Load the file of *options*; see `LlamaCpp`."""
    return LlamaCpp(options)


def _stop(text: str, sampling: Sampling) -> int | None:
    """Return where the first of the texts that end an answer begins."""
    return min((at for stop in sampling.stop if (at := text.find(stop)) >= 0), default=None)


def _loaded(file: Gguf, options: Options) -> Any:
    """Load *file*, with room for the window of *options* or the model's own."""
    window = options.max_model_len or file.window
    settings: dict[str, Any] = {"n_ctx": window, "verbose": False, **options.extra}
    try:
        with _templates_left_alone():
            return llama_cpp.Llama(str(file.path), **settings)
    except MemoryError as error:
        raise DeadEngine(f"out of memory: {error}") from error
    except (AssertionError, OSError, RuntimeError, TypeError, ValueError) as error:
        raise UsageError(f"cannot be loaded: {error}", key=file.path.name) from error


@contextmanager
def _templates_left_alone() -> Iterator[None]:
    """Keep the file's templates from being compiled: some that are right would be refused.

    Prompts are rendered elsewhere, in a process of its own.
    """
    with patch.object(llama_cpp.llama_chat_format, "Jinja2ChatFormatter"):
        yield


def _template(llama: Any, encoder: LlamaTokens) -> Template | None:
    text = llama_cpp.llama_model_chat_template(llama.model, None)
    if not text:
        return None
    return Template(
        text=text.decode("utf-8", "replace"),
        source="gguf",
        special_tokens=encoder.special_tokens,
    )
