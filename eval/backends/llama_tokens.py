"""The tokenizer in a GGUF file, by llama.cpp's own functions."""

from collections.abc import Mapping, Sequence
from typing import Any

import llama_cpp


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

    def decode(self, tokens: Sequence[int]) -> str:
        """Return the text of *tokens* without special ones.

        `Llama.detokenize` loses tokens of more than 32 bytes, such as long runs of blanks.
        """
        given = (llama_cpp.llama_token * len(tokens))(*tokens)
        room = 8 * len(tokens) + 64
        while True:
            text = bytes(room)
            size = llama_cpp.llama_detokenize(
                self._vocab, given, len(tokens), text, room, True, False
            )
            if size >= 0:
                return text[:size].decode("utf-8", "replace")
            room = -size

    def ends(self, token: int) -> bool:
        """Tell whether *token* ends an answer."""
        return bool(llama_cpp.llama_vocab_is_eog(self._vocab, token))
