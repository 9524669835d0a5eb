"""Which files the site gives away, what it gives in place of others, and why."""

import gzip
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Literal, Protocol

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ...board.model import Boards, Reading
from ...board.read.shapes import version1
from ...board.words.machines import may_hold_paths, names_machine, without_machines
from ...board.workers import processors
from ...eval.records import Step

Reason = Literal["no-result", "foreign", "older-shape", "machine", "changed", "too-much"]
State = Literal["whole", "cut"]
"""Of a reading that is published in place of its file: texts that name a machine are cut out."""

# A host for static pages takes a gigabyte at most, and the pages themselves need room.
MOST_BYTES = 100 * 10**6
"""Of all result files that a site gives away, compressed; of all readings, as they are."""
PACKED = ".json.gz"
_AT_ONCE = 64
"""Files that are held in memory together."""
# Files of these shapes hold what our own programs wrote: all of it is known, and can be looked at.
_SHAPES = ("v2", "v1", "published-table")
# What a step is, and what was said in it: terminal text is full of paths of sandboxes. Whatever
# else stands in a step, an error above all, is looked at.
_PLAIN = frozenset((*Step.__struct_fields__, *version1.Step.__struct_fields__)) - {"error"}


class _Unread(Struct):
    """A step of which nothing is looked at."""


_DECODER = msgspec.json.Decoder(dict[str, msgspec.Raw])
_STEPS = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_OBJECTS = msgspec.json.Decoder(list[_Unread])
_NO_STEPS = msgspec.Raw(b"[]")
_SLASHES = re.compile(rb"[/\\]")


class Copies(Struct, frozen=True, kw_only=True):
    """What is given away, by the SHA-256 of the file."""

    paths: dict[str, str] = {}
    """Below the folder of data."""
    packed: dict[str, tuple[int, str]] = {}
    """Bytes and SHA-256 of the compressed file."""
    withheld: dict[str, Reason] = {}


class Readings(Struct, frozen=True, kw_only=True):
    """What was read from files that are not given away, as they are listed."""

    lines: tuple[bytes, ...] = ()
    """A reading as JSON a line."""
    states: tuple[State | None, ...] = ()
    """One for each of the files; `None` where no line stands for it."""


class Kept(Protocol):
    """Files of the last build: one that would be made from the same need not be made."""

    def holds(self, path: str, made_of: bytes | None) -> bool:
        """Tell whether the file at *path* is there as it follows from what has that digest."""

    def file(self, path: str) -> str:
        """Return where it is."""

    def take(self, path: str, target: Path) -> None:
        """Put it to *target*."""

    def note(self, path: str, made_of: bytes, file: Path) -> None:
        """Remember that *file* follows from *made_of*."""


def copy_results(boards: Boards, results: Path, folder: Path, kept: Kept | None = None) -> Copies:
    """Write into *folder* every file of *results* that may be published, compressed with gzip.

    It is named after the hash of its content, which is that of which the board was made. Where they
    come to more than `MOST_BYTES`, those of the best ranks go first, then the others by name. Those
    that *kept* holds are taken over.
    """
    files = {reading.sha256: reading for reading in boards.readings if reading.sha256}
    withheld: dict[str, Reason] = {
        sha256: reason for sha256, one in files.items() if (reason := _kind(one)) is not None
    }
    wanted = iter([sha256 for sha256 in _in_order(boards, files) if sha256 not in withheld])
    names = {sha256: results / one.file for sha256, one in files.items()}
    packed: dict[str, tuple[int, str]] = {}
    room = MOST_BYTES
    with ThreadPoolExecutor(processors()) as pool:  # What takes the time lets other threads run.
        while room > MOST_BYTES // 100 and (some := list(islice(wanted, _AT_ONCE))):
            for sha256, told in zip(
                some, pool.map(partial(_packed, names, kept), some), strict=True
            ):
                if not isinstance(told, bytes):
                    withheld[sha256] = told
                elif len(told) > room:
                    withheld[sha256] = "too-much"
                else:
                    folder.mkdir(parents=True, exist_ok=True)
                    _put(told, sha256, folder, kept)
                    packed[sha256] = (len(told), hashlib.sha256(told).hexdigest())
                    room -= len(told)
    withheld |= dict.fromkeys(wanted, "too-much")
    paths = {sha256: _path(sha256) for sha256 in packed}
    return Copies(paths=paths, packed=packed, withheld=withheld)


def _in_order(boards: Boards, files: Mapping[str, Reading]) -> Iterable[str]:
    """Return the hashes of *files*: of what is ranked first, the best ranks of all boards first."""
    ranked = sorted(
        (entry.rank or 0, number, entry.sha256)
        for number, board in enumerate(boards.boards)
        for entry in board.ranked
    )
    others = sorted(files, key=lambda sha256: (files[sha256].file, sha256))
    return dict.fromkeys([*(sha256 for *_, sha256 in ranked if sha256 in files), *others])


def _path(sha256: str) -> str:
    """Return where a copy lies below the folder of data."""
    return f"results/{sha256[:12]}{PACKED}"


def _put(told: bytes, sha256: str, folder: Path, kept: Kept | None) -> None:
    path, made_of = _path(sha256), bytes.fromhex(sha256)
    file = folder.parent / path
    if kept is not None and kept.holds(path, made_of):
        kept.take(path, file)
        return
    file.write_bytes(told)
    if kept is not None:
        kept.note(path, made_of, file)


def _packed(names: Mapping[str, Path], kept: Kept | None, sha256: str) -> bytes | Reason:
    """Return the compressed content of a file, or why it is not published."""
    if kept is not None and kept.holds(path := _path(sha256), bytes.fromhex(sha256)):
        return _content(Path(kept.file(path)))
    content = _content(names[sha256])
    return _trouble(content, sha256) or gzip.compress(content, 6, mtime=0)


def _kind(reading: Reading) -> Reason | None:
    """Return why a file like this is never published; `None` where its content decides."""
    if reading.kind == "import":
        return "foreign"
    if reading.result is None:
        return "no-result"
    if reading.shape not in _SHAPES:
        return "older-shape"
    return "machine" if any(f.code == "local-path-dropped" for f in reading.findings) else None


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _trouble(content: bytes, sha256: str) -> Reason | None:
    """Return why the file with this *content* is not published."""
    if hashlib.sha256(content).hexdigest() != sha256:
        return "changed"
    try:
        head = _DECODER.decode(content)
        written_steps = head.pop("steps", _NO_STEPS)
        text = content.decode()
        if not may_hold_paths(text) and "file:" not in text:
            _OBJECTS.decode(written_steps)
            return None
        steps = _STEPS.decode(written_steps)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "older-shape"  # It was read with some forgiveness; a copy gets none.
    told = [raw for step in steps for key, raw in step.items() if key not in _PLAIN]
    # Without a slash there is neither a path nor an address.
    pieces = (raw for raw in (*head.values(), *told) if _SLASHES.search(raw))
    texts = (text for raw in pieces for text in _texts(msgspec.json.decode(raw)))
    return "machine" if any(map(names_machine, texts)) else None


def _texts(value: object) -> Iterator[str]:
    """Yield every text in *value*."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for member in value:
            yield from _texts(member)
    elif isinstance(value, dict):
        for key, member in value.items():
            yield key
            yield from _texts(member)


def copy_sources(
    sources: Mapping[str, str], root: Path, folder: Path
) -> tuple[dict[str, str], dict[str, Reason]]:
    """Copy into *folder* the configuration and audits below *root* that may be published.

    Return their paths below *folder*, and why others are kept back, by their names in *sources*.
    """
    paths: dict[str, str] = {}
    withheld: dict[str, Reason] = {}
    for name, sha256 in sorted(sources.items()):
        content = _content(root / name)
        if hashlib.sha256(content).hexdigest() != sha256:
            withheld[name] = "changed"
        elif any(map(names_machine, content.decode("utf-8", "replace").splitlines())):
            withheld[name] = "machine"
        else:
            inner = "/" in name
            ending = Path(name).suffix
            path = f"{name.partition('/')[0]}/{sha256[:12]}{ending}" if inner else name
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
            paths[name] = path
    return paths, withheld


def readings_of(readings: Iterable[Reading]) -> Readings:
    """Return what may be published of *readings*, in place of the files that they come from."""
    lines: list[bytes] = []
    states: list[State | None] = []
    for reading in readings:
        own = tuple(one for one in reading.findings if one.code != "duplicate-file")
        try:
            line = msgspec.json.encode(replace(reading, findings=own))
        except (OverflowError, UnicodeEncodeError):  # beyond 64 bits, or half of a surrogate pair
            states.append(None)
            continue
        value = msgspec.json.decode(line) if _SLASHES.search(line) else None
        cut = any(map(names_machine, _texts(value)))
        lines.append(msgspec.json.encode(without_machines(value)) if cut else line)
        states.append("cut" if cut else "whole")
    if sum(map(len, lines)) > MOST_BYTES:
        return Readings(states=(None,) * len(states))
    return Readings(lines=tuple(lines), states=tuple(states))
