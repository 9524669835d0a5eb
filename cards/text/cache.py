"""Which cards are as they were the last time: a file of digests that may be deleted at any time."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Struct

from ...board.notes.notes import Asked, Field
from ...board.workspace.settings import Settings

_RENDERERS = ("babel", "jinja2", "msgspec")


class _Kept(NamedTuple):
    made_of: bytes
    """Digest of the entries that the card was made of."""
    text: bytes
    """Digest of its text."""
    parts: dict[str, str]
    """Digests of its parts, as a site publishes them."""


class _Record(Struct, kw_only=True, array_like=True):
    """What lies in the file."""

    place: str
    """Device and inode of this very file: one that came from elsewhere could claim anything."""
    version: str
    answers: dict[str, dict[Asked, float | None]]
    """Every quantile that a card ever asked for, by field."""
    cards: dict[str, "_Kept"]
    """By slug."""


class _Told(NamedTuple):
    """What a process tells of its cards."""

    changed: set[str]
    asked: dict[str, list[Asked]]
    cards: dict[str, _Kept]


class CardCache:
    """Tell which cards need not be rendered again.

    A card follows from its entries, from the quantiles that it asked for, and from settings, code,
    templates and words. Its file is read and hashed all the same, for somebody may have changed it.
    """

    def __init__(self, path: Path, settings: Settings, fields: Mapping[str, Field]) -> None:
        """Take the file at *path*, which need not exist, and the fields of this run's boards."""
        self._path, self._fields, self._version = path, fields, _version(settings)
        self._cards: dict[str, _Kept] = {}
        self._new: dict[str, _Kept] = {}
        """What this process has found out."""
        kept = _read(path)
        if kept is None or kept.version != self._version or kept.answers.keys() != fields.keys():
            return
        # Every one is asked again, so that this run's answers hold those of all earlier runs.
        same = [
            field.quantile(*asked[:3], fine=asked[3]) == answer
            for name, field in fields.items()
            for asked, answer in kept.answers[name].items()
        ]
        if all(same):
            self._cards = kept.cards

    def is_right(self, slug: str, made_of: bytes | None, text: bytes) -> bool:
        """Tell whether *text* is the card that follows from what has the digest *made_of*."""
        kept = self._cards.get(slug)
        return kept is not None and (kept.made_of, kept.text) == (made_of, _digest(text))

    def parts(self, slug: str) -> dict[str, str]:
        """Return the digests of the parts of a card that is right."""
        return self._cards[slug].parts

    def keep(self, slug: str, made_of: bytes | None, text: bytes, parts: dict[str, str]) -> None:
        """Remember that *text* follows from what has the digest *made_of*, and its *parts*."""
        if made_of is not None:
            self._cards[slug] = self._new[slug] = _Kept(made_of, _digest(text), parts)

    @property
    def knows_none(self) -> bool:
        """Tell whether every card is to be rendered."""
        return not self._cards

    def told(self, changed: set[str]) -> bytes:
        """Return, for another process, which cards have *changed* and what was found out here."""
        asked = {name: list(field.answers) for name, field in self._fields.items()}
        return msgspec.msgpack.encode(_Told(changed, asked, self._new))

    def heard(self, told: bytes) -> set[str]:
        """Take over what another process has *told*, and return which cards have changed."""
        heard = msgspec.msgpack.decode(told, type=_Told)
        for field, asked in heard.asked.items():
            for percent, name, size, fine in asked:
                self._fields[field].quantile(percent, name, size, fine=fine)
        self._cards |= heard.cards
        return heard.changed

    def save(self, slugs: Sequence[str]) -> None:
        """Write what is known of the cards *slugs*; where that cannot be done, nothing is kept."""
        aside = self._path.with_name(f".{self._path.name}.aside")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with aside.open("wb") as file:
                record = _Record(
                    place=_place(os.fstat(file.fileno())),
                    version=self._version,
                    answers={name: field.answers for name, field in self._fields.items()},
                    cards={slug: self._cards[slug] for slug in slugs if slug in self._cards},
                )
                file.write(msgspec.msgpack.encode(record))
            aside.replace(self._path)
        except OSError:
            return


def digest_of(value: object) -> bytes | None:
    """Return a digest of plain values, as cards are made of; `None` where there can be none."""
    try:
        return _digest(msgspec.msgpack.encode(value))
    except (OverflowError, UnicodeEncodeError):  # beyond 64 bits, or half of a surrogate pair
        return None


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _read(path: Path) -> _Record | None:
    if path.is_symlink() or path.parent.is_symlink():
        return None
    try:
        with path.open("rb") as file:
            record = msgspec.msgpack.decode(file.read(), type=_Record)
            return record if record.place == _place(os.fstat(file.fileno())) else None
    except (OSError, msgspec.DecodeError, UnicodeError):
        return None


def _place(status: os.stat_result) -> str:
    return f"{status.st_dev}:{status.st_ino}"


def _version(settings: Settings) -> str:
    """Return the hash of all that every card depends on, so that nobody has to count it up."""
    digest = hashlib.sha256(msgspec.msgpack.encode([settings, _packages()]))
    package = Path(__file__).parents[2]
    for folder in ("board", "cards", "eval", "templates"):
        for source in sorted((package / folder).rglob("*")):
            if source.suffix in (".py", ".jinja", ".po"):
                digest.update(source.read_bytes())
    return digest.hexdigest()


@cache
def _packages() -> dict[str, str]:
    return {name: version(name) for name in _RENDERERS}
