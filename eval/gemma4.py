"""What gemma-4 asks of its prompts: how it is told, and the empty thought of the big pair."""

import re

from .backends.protocol import Template

EMPTY_THOUGHT = "<|channel>thought\n<channel|>"
EMPTY_THOUGHT_RULE = "gemma4-empty-thought"

_NAME = re.compile(r"gemma-?4", re.IGNORECASE)
_BIG = re.compile(r"26b-?a4b|31b", re.IGNORECASE)


def is_gemma4(model: str, template: Template | None) -> bool:
    """Tell by the turn mark of the template or by the name whether *model* is a gemma-4."""
    return bool(_NAME.search(model)) or (template is not None and "<|turn>" in template.text)


def closes_thought(model: str, template: Template | None) -> bool:
    """Tell whether *model* is one of the big pair, whose answer begins after an empty thought.

    That is so with thinking off, and only for the turn to be written, never in history.
    """
    return is_gemma4(model, template) and bool(_BIG.search(model))


def with_empty_thought(prompt: str) -> str:
    """Return a rendered *prompt* that ends in the empty thought, once."""
    return prompt if prompt.rstrip().endswith(EMPTY_THOUGHT) else prompt + EMPTY_THOUGHT
