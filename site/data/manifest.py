"""The manifest of what a site gives away: every file with its hash, and what was kept back."""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from ...eval.errors import RecordError
from ...eval.records import Count, Sha256
from .published_files import Reason, State

NAME = "manifest.json"
CARDS = "cards"
"""Folder of the cards, each called after its slug."""
STEPS = "steps"
"""Folder of what the steps of results say."""
COMPARED = ".compare."
"""In the name of a file that leads to those of the models of a board."""
LARGEST = 64 * 2**20
"""Bytes of a manifest; that of 100,000 files has a third of it."""

What = Literal["board", "source", "result", "readings", "snapshot", "card", "script", "steps"]
# A path that is safe on every system, below a folder, and in an address.
PATH = r"^(?:(?!\.{1,2}(?:/|$))[A-Za-z0-9._-]{1,200}(?:/(?!$)|$)){1,3}$"
_PATH = re.compile(PATH)

Path_ = Annotated[str, Meta(pattern=PATH, max_length=400)]
Name = Annotated[str, Meta(max_length=4096)]


class Listed(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A file that can be downloaded."""

    path: Path_
    """Below the folder of data."""
    what: What
    size: Count
    """In bytes."""
    sha256: Sha256
    names: tuple[Name, ...] = ()
    """What it is called in the workspace: several names where several files have the same bytes."""


class KeptBack(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file that the boards were made from and that is not given away."""

    what: Literal["source", "result"]
    name: Name
    sha256: Sha256 | None
    reason: Reason
    reading: State | None
    """Whether what was read from it is given instead, and whether texts were cut out of that."""


class Manifest(
    Struct,
    frozen=True,
    kw_only=True,
    tag_field="kind",
    tag="manifest",
    forbid_unknown_fields=True,
):
    """Everything that a site gives away."""

    version: Literal[1] = 1
    cardboard: Annotated[str, Meta(max_length=100)]
    """Version of the program that built the site."""
    sha256: Sha256
    """SHA-256 over the sorted hashes of all result files."""
    files: tuple[Listed, ...]
    withheld: tuple[KeptBack, ...] = ()
    cards: dict[str, dict[str, Sha256]] = {}
    """By slug, the SHA-256 of each part of a card: its front matter, and its text by language."""


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """Write *manifest* into *folder*, one file a line, with all that lies there and is not in it.

    Whatever is not listed yet is a card or was written for a script of the site; what rests on more
    of the result files than their readings is `steps`.
    """
    known = {one.path for one in manifest.files}
    others = [
        listed(path, folder, _what(path))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and (name := path.relative_to(folder).as_posix()) not in known
        and _PATH.match(name)
    ]
    head = msgspec.to_builtins(manifest)
    parts = {
        "files": sorted([*manifest.files, *others], key=lambda one: one.path),
        "withheld": manifest.withheld,
        "cards": manifest.cards,
    }
    facts = [f"{_text(key)}: {_text(value)}" for key, value in head.items() if key not in parts]
    facts += [f"{_text(key)}: {_lines(value)}" for key, value in parts.items()]
    text = ",\n".join(facts)
    (folder / NAME).write_bytes(f"{{\n{text}\n}}\n".encode("utf-8", "replace"))


def _what(path: Path) -> What:
    if path.parent.name == CARDS:
        return "card"
    return "steps" if path.parent.name == STEPS or COMPARED in path.name else "script"


def listed(path: Path, folder: Path, what: What, *names: str) -> Listed:
    """Return the file at *path* below *folder* as a manifest lists it."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Listed(
        path=path.relative_to(folder).as_posix(),
        what=what,
        size=path.stat().st_size,
        sha256=digest,
        names=names,
    )


def read_manifest(data: bytes) -> Manifest:
    """Return the manifest in *data*; raise `RecordError` where it is none."""
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        what, _, place = str(error).partition(" - at ")
        key = place.strip("`").removeprefix("$.")
        raise RecordError(what, file=NAME, key=key or None) from None
    met = Counter(one.path.lower() for one in manifest.files)
    if len(met) < len(manifest.files):
        raise RecordError(f"lists {met.most_common(1)[0][0]} twice", file=NAME, key="files")
    for one in manifest.files:
        if one.what in ("source", "result") and not one.names:
            raise RecordError(f"does not say what {one.path} is called", file=NAME, key="files")
    return manifest


def _lines(value: object) -> str:
    """Return a list or a mapping as JSON, a member a line."""
    if isinstance(value, Mapping):
        members = [f"{_text(key)}: {_text(member)}" for key, member in value.items()]
    else:
        assert isinstance(value, list | tuple)
        members = [_text(member) for member in value]
    opening, closing = "{}" if isinstance(value, Mapping) else "[]"
    inner = ",\n".join(members)
    return f"{opening}\n{inner}\n{closing}" if members else opening + closing


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()
