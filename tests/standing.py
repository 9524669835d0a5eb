"""Engines that stand in for real ones: opened as the command line says, they answer at once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

from cardboard.eval.backends import registry
from cardboard.eval.backends.adapters import adapter_record
from cardboard.eval.backends.gguf.files import gguf_of
from cardboard.eval.backends.scripted import open_backend as scripted
from cardboard.eval.engine import (
    Account,
    Answer,
    Encoder,
    Heard,
    Options,
    Prompt,
    Sampling,
    Template,
)
from cardboard.eval.suites.kinds.kind import Kind, Row
from cardboard.tests.tiny import TEMPLATE

opened_in_earnest = registry.open_backend


class Standing:
    """An engine that says what the references say, and records what it was opened with."""

    takes: Literal["tokens", "messages"] = "messages"
    encoder: Encoder | None = None

    def __init__(self, name: str, options: Options, kind: Kind, rows: Sequence[Row]) -> None:
        """Answer steps *rows* of a suite of *kind*, or anything where there are none."""
        gguf = options.model.endswith(".gguf")
        file = gguf_of(options.model, options.revision) if gguf else None
        self.account = Account(
            backend=name,
            versions={name: "1"},
            revision="0" * 40,
            dtype="bfloat16",
            max_model_len=options.max_model_len or 8192,
            batch_size=options.batch_size,
            file=file.record("0" * 64) if file else None,
            quantisation=file.kind if file else None,
            adapter=adapter_record(options.adapter) if options.adapter else None,
            extra=options.extra,
        )
        self.template: Template | None = Template(
            text=TEMPLATE,
            source="gguf" if gguf else "tokenizer",
            special_tokens={"bos_token": "<s>", "eos_token": "<|im_end|>"},
        )
        self._rule = scripted(Options(model="oracle"), kind, rows) if rows else None

    def answers(self, prompts: Sequence[Prompt], sampling: Sampling) -> Iterator[Answer]:
        """Yield the answers in order."""
        if self._rule is not None:
            yield from self._rule.answers(prompts, sampling)
        else:
            for prompt in prompts:
                yield Answer(key=prompt.key, text="Yes.", finish_reason="stop")

    def talk(
        self, prompt: Prompt, sampling: Sampling, heard: Heard, stopped: Callable[[], bool]
    ) -> Answer:
        """Say yes."""
        heard("text", "Yes.")
        return Answer(key=prompt.key, text="Yes.", finish_reason="stop")

    def sent(self, sampling: Sampling) -> Mapping[str, Any]:
        """Return no settings: none is sent anywhere."""
        return {}

    def rendered(self, prompt: Prompt) -> str | None:
        """Return nothing, as an engine does that does not tell."""
        return None

    def close(self) -> None:
        """Do nothing: nothing is held."""


class Swapping(Standing):
    """One that changes adapters."""

    def use(self, adapter: str | None) -> None:
        """Say from now on that *adapter* answers."""
        from msgspec.structs import replace

        self.account = replace(self.account, adapter=adapter_record(adapter) if adapter else None)


def open_backend(name: str, options: Options, kind: Kind, rows: Sequence[Row]) -> object:
    """Open what stands in for the engine *name*; rules and servers are opened in earnest."""
    if name in ("scripted", "openai"):
        return opened_in_earnest(name, options, kind, rows)
    known = name in registry.SWAPPING
    return (Swapping if known else Standing)(name, options, kind, rows)
