"""What a model ships for its conversations: every template there is, and what they rest on."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from ...prompts.templates import sha256_of
from ...sandbox.rendering import Program, Rendered
from ..findings import Finding

Kind = Literal[
    "hub", "folder", "adapter", "gguf", "template", "server", "result", "modelfile", "unreadable"
]
Shelf = Literal["files", "config", "legacy", "processor", "gguf", "server", "ollama"]
"""Kind of place; engines look on some shelves before others, and on some never."""

USUAL = ("bos_token", "eos_token", "pad_token", "unk_token", "sep_token", "cls_token", "mask_token")
"""Special tokens that transformers has a name for."""
_NAMED = re.compile(r"\b(?!add_|is_|has_|num_|max_|use_)[a-z]\w{0,40}_token\b")
"""Names of further tokens, such as `image_token`."""


class Found(Struct, frozen=True, kw_only=True):
    """A template that a source holds."""

    text: str
    place: str
    """File or metadata key, such as `chat_template.jinja`."""
    shelf: Shelf
    name: str = "default"
    """As the source calls it: `default`, `tool_use` ..."""

    @property
    def sha256(self) -> str:
        """Return the SHA-256 of the text, as result files record it."""
        return sha256_of(self.text)


class Tokens(Struct, frozen=True, kw_only=True):
    """What is known of the tokenizer and of when generation ends; unknown is `None`."""

    special: Mapping[str, str] = {}
    """`bos_token`, `eos_token` ... as templates name them."""
    told: bool = True
    """Whether anything says what they are; where nothing does, templates are given stand-ins."""
    single: Mapping[str, int] | None = None
    """Ids of texts that are always one token: control tokens and others that were added."""
    stops: tuple[str, ...] | None = None
    """Tokens at which generation ends."""
    adds_bos: bool | None = None
    """Whether tokenising with special tokens puts a BOS first."""
    settings: bool = False
    """Whether there is a folder with settings that could tell when generation ends."""
    response: Any = None
    """How transformers takes answers apart, `response_template` of `tokenizer_config.json`."""
    file: Path | None = None
    """`tokenizer.json`, where there is one at hand."""

    @property
    def bos(self) -> str | None:
        """Return the text of the BOS token."""
        return self.special.get("bos_token")

    def given(self, template: str) -> Mapping[str, str]:
        """Return the special tokens for *template*, or stand-ins for those that it may name."""
        if self.told:
            return self.special
        named = (*USUAL, *_NAMED.findall(template))
        return {**{name: f"<|{name}|>" for name in named}, **self.special}


class Source(Struct, frozen=True, kw_only=True):
    """A place with templates, opened."""

    name: str
    """As it may be shown and stored: a Hub id, a folder's or file's own name, an address."""
    kind: Kind
    revision: str | None = None
    templates: tuple[Found, ...] = ()
    tokens: Tokens = Tokens()
    model_type: str | None = None
    """As `config.json` or the GGUF header says it."""
    has_processor: bool = False
    """Whether a processor for images or sound stands before the tokenizer."""
    base_name: str | None = None
    """The model under an adapter, as the adapter names it."""
    base: "Source | None" = None
    """That model, opened."""
    findings: tuple[Finding, ...] = ()
    """What was wrong with reading it."""
    mistral_common: str | None = None
    """The file from which mistral-common builds prompts, where there is one."""
    recorded: str | None = None
    """SHA-256 of the template of a result, which does not keep the text."""
    renders: Mapping[str, Rendered] | None = None
    """What a server made of the probes, where it renders on demand; by their names."""

    def program(self, template: Found) -> Program:
        """Return *template* with the special tokens of this source."""
        special = self.tokens.given(template.text)
        language: Literal["jinja", "go"] = "go" if template.shelf == "ollama" else "jinja"
        return Program(template.text, special, language=language)

    def on(self, shelf: Shelf) -> dict[str, Found]:
        """Return the templates on *shelf* by their names."""
        return {one.name: one for one in self.templates if one.shelf == shelf}
