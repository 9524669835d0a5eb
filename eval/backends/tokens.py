"""A tokenizer of transformers as the prompts need it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class Tokens:
    """A tokenizer of transformers that adds nothing of its own."""

    def __init__(self, tokenizer: "PreTrainedTokenizerBase") -> None:
        """Encode as *tokenizer* does."""
        self._tokenizer = tokenizer
        self.bos_token_id: int | None = tokenizer.bos_token_id
        self.special_tokens: Mapping[str, str] = {
            name: token
            for name, token in tokenizer.special_tokens_map.items()
            if isinstance(token, str)
        }

    def encode(self, text: str) -> list[int]:
        """Return the ids of *text*, special tokens read as such and none added."""
        return list(self._tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])
