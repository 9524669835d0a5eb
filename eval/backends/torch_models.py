"""What engines on torch share: tokenizers as prompts need them, and errors that a run knows."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from ..errors import CardboardError, DeadEngine, UsageError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


_AT_ONCE = 1 << 18
"""Characters that a tokenizer is given at once."""
_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")


class NoMemory(DeadEngine):
    """Memory did not suffice; with fewer prompts at a time it may."""


@contextmanager
def working() -> Iterator[None]:
    """Turn what ends a model's work into DeadEngine, and what more memory would cure apart."""
    try:
        yield
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise NoMemory(f"out of memory: {error}") from error
    except RuntimeError as error:
        kind = NoMemory if any(word in str(error) for word in _MEMORY) else DeadEngine
        raise kind(str(error)) from error


@contextmanager
def loading(name: str) -> Iterator[None]:
    """Turn what keeps a model from being loaded into one sentence."""
    try:
        with working():
            yield
    except NoMemory:
        raise
    except Exception as error:  # files in any state raise whatever their readers know
        what = error.what if isinstance(error, CardboardError) else f"{error}"
        told = " ".join(what.split()) or type(error).__name__
        raise UsageError(
            f"cannot be loaded: {told}",
            key=name,
            remedy="See that its files are whole, and that an adapter is one of this model.",
        ) from error


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
        return self.encode_all([text])[0]

    def encode_all(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of each of *texts*; many go to the tokenizer at once, on all processors.

        Not all of them, as it keeps far more of a token than its id until it is done.
        """
        batches = _batches(texts)
        if not _is_plain(self._tokenizer):
            return [list(ids) for batch in batches for ids in self._called(batch)]
        self._called([""])  # sets it to cut and to fill up nothing, and to read marks as it should
        encode = self._tokenizer.backend_tokenizer.encode_batch_fast
        return [one.ids for batch in batches for one in encode(batch, add_special_tokens=False)]

    def _called(self, batch: list[str]) -> list[list[int]]:
        found = self._tokenizer(
            batch, add_special_tokens=False, return_attention_mask=False, verbose=False
        )
        ids: list[list[int]] = found["input_ids"]
        return ids


def _is_plain(tokenizer: "PreTrainedTokenizerBase") -> bool:
    """Tell whether *tokenizer* passes texts on to the library below it as they are.

    That can be asked for ids alone then, without where in the text each token stands.
    """
    from transformers import PreTrainedTokenizerFast as Plain

    own = type(tokenizer)
    return (
        isinstance(tokenizer, Plain)
        and own.__call__ is Plain.__call__
        and own._encode_plus is Plain._encode_plus
    )


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    """Yield *texts* in their order, in lists of at most `_AT_ONCE` characters, or of one text."""
    batch: list[str] = []
    length = 0
    for text in texts:
        if batch and length + len(text) > _AT_ONCE:
            yield batch
            batch, length = [], 0
        batch.append(text)
        length += len(text)
    if batch:
        yield batch
