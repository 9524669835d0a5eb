"""Chat templates: where a model keeps its own, and the named ones for models that have none."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Protocol, get_args

from ..engine import Template

Fallback = Literal["chatml", "gemma", "gemma4"]
FALLBACKS: tuple[Fallback, ...] = get_args(Fallback)
"""Templates that may stand in, where the user allows one by name."""

Source = Literal["tokenizer", "chat_template.jinja", "processor"]

WITH_TOOLS = "tool_use"
"""What tokenizers call the one of several templates that tells of tools."""
OWN = "chat_template"
RAW = "raw_fallback"
SCRIPTED = "scripted"
"""Status of a rule's answers: there is no model, so there is no prompt."""
REMOTE = "unknown (remote)"

_FILES: tuple[tuple[str, Source], ...] = (
    ("chat_template.jinja", "chat_template.jinja"),
    ("chat_template.json", "processor"),
)

_CHATML = """\
{%- for message in messages -%}
{%- set role = 'user' if message.role == 'tool' else message.role -%}
{{ '<|im_start|>' + role + '\n' + message.content + '<|im_end|>\n' }}
{%- endfor -%}
{{ '<|im_start|>assistant\n' if add_generation_prompt }}"""

_GEMMA = """\
{%- set lead = namespace(text='') -%}
{%- for message in messages -%}
{%- if message.role == 'system' -%}
{%- set lead.text = lead.text + message.content + '\n\n' -%}
{%- else -%}
{%- set role = 'model' if message.role == 'assistant' else 'user' -%}
{{ '<start_of_turn>' + role + '\n' + lead.text + message.content + '<end_of_turn>\n' }}
{%- set lead.text = '' -%}
{%- endif -%}
{%- endfor -%}
{{ '<start_of_turn>model\n' if add_generation_prompt }}"""

_GEMMA4 = """\
{%- set roles = {'assistant': 'model', 'tool': 'user'} -%}
{%- for message in messages -%}
{{ '<|turn>' + roles.get(message.role, message.role) + '\n' + message.content + '<turn|>\n' }}
{%- endfor -%}
{{ '<|turn>model\n' if add_generation_prompt }}"""

_TEXTS: Mapping[Fallback, str] = {"chatml": _CHATML, "gemma": _GEMMA, "gemma4": _GEMMA4}

MARKS: Mapping[Fallback, tuple[str, ...]] = {
    "chatml": ("<|im_start|>", "<|im_end|>"),
    "gemma": ("<start_of_turn>", "<end_of_turn>"),
    "gemma4": ("<|turn>", "<turn|>"),
}
"""What the tokenizer must know as single tokens, or the fallback is not one for this model."""


class Tokenizer(Protocol):
    """What is needed of a tokenizer of transformers to find its chat template."""

    chat_template: str | dict[str, str] | None

    @property
    def special_tokens_map(self) -> Mapping[str, object]:
        """Return the special tokens by their names."""

    def get_chat_template(self) -> str:
        """Return the template for conversations without tools."""


def fallback_template(name: Fallback) -> Template:
    """Return the named template; the prompt's BOS, if any, is put before it as a token."""
    return Template(text=_TEXTS[name], source="given")


def status_of_fallback(name: Fallback) -> str:
    """Return the status of a row that was rendered by the named template."""
    return f"{name}_fallback"


def own_template(tokenizer: Tokenizer, model: str, revision: str | None = None) -> Template | None:
    """Return the template that *tokenizer*, loaded from *model*, brought with it.

    Where it has several, that for conversations without tools, and beside it the one that is called
    `tool_use`, as transformers and vLLM choose; `None` where there is none of it.
    """
    try:
        text = tokenizer.get_chat_template() if tokenizer.chat_template else None
    except ValueError:  # several, each for a purpose of its own
        text = None
    if text is None:
        return None
    several = tokenizer.chat_template
    special = {
        name: token
        for name, token in tokenizer.special_tokens_map.items()
        if isinstance(token, str)
    }
    return Template(
        text=text,
        source=_source(model, revision),
        special_tokens=special,
        with_tools=several.get(WITH_TOOLS) if isinstance(several, dict) else None,
    )


def sha256_of(text: str) -> str:
    """Return the SHA-256 of a template's *text*, by which it is known everywhere."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def run_status(counts: Mapping[str, int]) -> str | None:
    """Return one word for a whole run from its rows by status; `None` without rows."""
    if not counts:
        return None
    if len(counts) == 1 and RAW not in counts and not any(map(_is_fallback, counts)):
        return next(iter(counts))
    return "mixed_or_raw" if RAW in counts else "model_specific_or_mixed"


def _is_fallback(status: str) -> bool:
    return status in map(status_of_fallback, FALLBACKS)


def _source(model: str, revision: str | None) -> Source:
    """Tell which of a model's files its template stands in."""
    for name, source in _FILES:
        if _file(model, name, revision) is not None:
            return source
    return "tokenizer"


def _file(model: str, name: str, revision: str | None) -> Path | None:
    """Return the file of a local folder, or of the Hub's cache, where it is there."""
    if Path(model).is_dir():
        path = Path(model) / name
        return path if path.is_file() else None
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(model, name, revision=revision)
    return Path(found) if isinstance(found, str) else None
