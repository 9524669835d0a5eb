"""The folder `attestations/` of a workspace: a statement for each result, written and read."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ..model import Boards
from .statements import encode, statements

FOLDER = "attestations"
ENDING = ".intoto.json"
LARGEST = 1 << 20
"""Bytes of one statement; of a longer file only so many are looked at, and it is none."""


class Written(NamedTuple):
    """How many statements there are now, and how many of them were written."""

    total: int
    changed: int


def write_statements(boards: Boards, root: Path) -> Written:
    """Write a statement on every judged result below the workspace *root*, where it differs.

    Each is called after its result id. Statements on files that have gone stay: somebody may have
    signed them.
    """
    folder = root / FOLDER
    folder.mkdir(exist_ok=True)
    total = changed = 0
    for sha256, statement in statements(boards):
        path, data = folder / f"{sha256[:12]}{ENDING}", encode(statement)
        total += 1
        if path.is_file() and path.read_bytes() == data:
            continue
        aside = path.with_name(f".{path.name}.{os.getpid()}")
        aside.write_bytes(data)
        aside.replace(path)
        changed += 1
    return Written(total, changed)


def read_statements(root: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of every statement below the workspace *root*, by their names."""
    folder = root / FOLDER
    for path in sorted(folder.glob(f"*{ENDING}")) if folder.is_dir() else ():
        if path.name.startswith("."):
            continue
        data = b""
        if path.is_file():
            with path.open("rb") as file:
                data = file.read(LARGEST + 1)
        yield f"{FOLDER}/{path.name}", data if len(data) <= LARGEST else b""
