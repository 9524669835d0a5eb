"""The process that reads strangers' tokenizers: run by `encoding`."""

import json
import sys
from functools import lru_cache
from typing import Any

from tokenizers import Tokenizer

from ...sandbox.processes import allow, say, shut_in

FIRST = 8
"""Ids that are told of a text with special tokens added."""


def main() -> None:
    """Read one order from standard input and print one line for each of its texts."""
    order = json.load(sys.stdin)
    shut_in(order)
    for text, file in order["texts"]:
        allow(order["seconds"])
        say(_line(text, file))


def _line(text: str, file: str) -> dict[str, Any]:
    tokenizer = _tokenizer(file)
    if tokenizer is None:
        return {}
    found = tokenizer.encode(text, add_special_tokens=False)
    special = tokenizer.encode(text, add_special_tokens=True)
    return {"ids": found.ids, "spans": found.offsets, "with_special": special.ids[:FIRST]}


@lru_cache(maxsize=2)
def _tokenizer(file: str) -> Tokenizer | None:
    try:
        return Tokenizer.from_file(file)
    except Exception as error:  # the package raises nothing more special
        if type(error) is not Exception:
            raise
        return None


if __name__ == "__main__":
    main()
