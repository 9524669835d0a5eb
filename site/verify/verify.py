"""Whether a published site says what its own files make: fetched, rebuilt and compared."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from msgspec import Struct

from ... import __version__
from ...board.words.names import line, plural
from ...board.workers import collector_paused
from ...eval.errors import CardboardError, RecordError
from ..data.exports import FOLDER, Cards, entries_of, slugs_kept_back
from ..data.manifest import CARDS, LARGEST, NAME, Listed, Manifest, read_manifest
from ..data.published_files import PACKED
from .comparing import Difference, apart, differences
from .origins import Origin, Refused
from .rebuilding import LARGEST_FILE, Rebuilt, has_own_layout, rebuild, unpacked

MOST_FILES = 200_000
MOST_BYTES = 2 * 2**30
"""Of all files together."""
_AT_ONCE = 8
_MORE = 1 << 16
"""Bytes that a file may have beyond twice its size as listed: enough to say what else differs."""
_LONGEST = 1000
# What is made from other files, and so compared with what those make.
_MADE = ("board", "card", "script", "steps")


class Wrong(NamedTuple):
    """One thing that is not as its sources make it, told in a line."""

    file: str
    told: str


class Outcome(Struct, frozen=True, kw_only=True):
    """What a check of a site came to."""

    wrong: tuple[Wrong, ...]
    """Hashes first, then the boards, then what follows from them."""
    unchecked: tuple[str, ...]
    """What nobody can check, a line each."""
    counts: str
    """What was compared."""
    built_by: str
    """Version of the program that built the site."""


def verify(origin: Origin, cards: Cards | None) -> Outcome:
    """Fetch what the site at *origin* publishes, build it anew and compare.

    *cards* makes the cards. Raises `Refused` where there is no manifest to begin with. Whatever is
    fetched lies in a temporary folder, under names that are ours.
    """
    manifest = _manifest(origin)
    with TemporaryDirectory(prefix="cardboard-verify-") as temporary, collector_paused():
        folder = Path(temporary)
        names, wrong = _fetched(origin, manifest, folder)
        try:
            made = _rebuilt(manifest, names, folder, cards)
        except CardboardError as error:
            told = line(f"cannot be rebuilt: {error.format_message()}", _LONGEST)
            wrong.append(Wrong("", told))
            return _outcome(manifest, wrong, [], None)
        unchecked = list(_unchecked(manifest, made))
        cut = _cut(manifest, made)
        hidden = 0
        for one in _compared(manifest, made, names, folder):
            if one.of_texts and cut.intersection((one.file, *one.place)):
                hidden += 1
            else:
                wrong.append(Wrong(one.file, str(one)))
        if hidden:
            unchecked.append(f"{hidden} texts that rest on what was cut out")
        return _outcome(manifest, wrong, unchecked, made)


def _manifest(origin: Origin) -> Manifest:
    """Return the manifest of the site, which asks for no more than a site may hold."""
    place = f"{FOLDER}/{NAME}"
    try:
        data = origin.read(place, LARGEST)
        manifest = read_manifest(data)
    except RecordError as error:
        raise Refused(error.what, file=place, key=error.key) from None
    except Refused as error:
        remedy = error.remedy or "This is the root of no site, or of one without a manifest."
        raise Refused(error.what, file=place, remedy=remedy) from None
    if len(manifest.files) > MOST_FILES:
        raise Refused(f"lists more than {MOST_FILES} files", file=place)
    if sum(one.size for one in manifest.files) > MOST_BYTES:
        raise Refused(f"lists more than {MOST_BYTES} bytes", file=place)
    for one in manifest.files:
        if one.size > LARGEST_FILE:
            raise Refused(f"lists a file of more than {LARGEST_FILE} bytes", file=place)
    return manifest


def _fetched(
    origin: Origin, manifest: Manifest, folder: Path
) -> tuple[dict[str, str], list[Wrong]]:
    """Write every file into *folder*; return the names there by path, and what is wrong."""
    names: dict[str, str] = {}

    def fetch(numbered: tuple[int, Listed]) -> str | None:
        number, one = numbered
        try:
            data = origin.read(f"{FOLDER}/{one.path}", 2 * one.size + _MORE)
        except Refused as error:
            return f"{one.path}: {error.what}"
        (folder / f"{number:06}.json").write_bytes(data)
        names[one.path] = f"{number:06}.json"
        if (found := hashlib.sha256(data).hexdigest()) != one.sha256:
            return (
                f"{one.path}: its SHA-256 is {found[:12]}…, the manifest names {one.sha256[:12]}…"
            )
        if len(data) != one.size:
            return f"{one.path}: has {len(data)} bytes, the manifest names {one.size}"
        return None

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        told = pool.map(fetch, enumerate(manifest.files))
        wrong = [Wrong("", line(one, _LONGEST)) for one in told if one is not None]
    return names, wrong


def _rebuilt(
    manifest: Manifest, names: Mapping[str, str], folder: Path, cards: Cards | None
) -> Rebuilt:
    try:
        return rebuild(manifest, names, folder, cards)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        # Files of a stranger need not be such as this program writes.
        raise Refused(f"these files make no boards ({type(error).__name__}: {error})") from error


def _compared(
    manifest: Manifest, made: Rebuilt, names: Mapping[str, str], folder: Path
) -> Iterator[Difference]:
    """Yield every difference between what is published and what was *made*, by file."""
    listed = {one.path: one.what for one in manifest.files}
    hidden = {f"{CARDS}/{slug}.md" for slug in slugs_kept_back(made.boards, manifest.withheld)}
    if "card" not in listed.values():
        hidden |= {path for path in made.files if path.startswith(f"{CARDS}/")}
    for path, data in made.files.items():
        if path in names:
            published = (folder / names[path]).read_bytes()
            name = path
            if path.endswith(PACKED):  # Another library may pack the same content otherwise.
                published, data = unpacked(published, path), unpacked(data, path)
                name = path.removesuffix(".gz")
            yield from differences(name, published, _as_told(path, data, manifest))
        elif path not in listed and path not in hidden:
            yield Difference(file=path, place=(), published=None, rebuilt="a file")
    for path, what in listed.items():
        if (what == "card" and made.cards is None) or (what == "steps" and not made.steps):
            continue
        if what in _MADE and path not in made.files:
            yield Difference(file=path, place=(), published="a file", rebuilt=None)
    told: dict[str, object] = {"sha256": manifest.sha256}
    own: dict[str, object] = {"sha256": made.boards.sha256}
    if made.cards is not None:
        told["cards"], own["cards"] = manifest.cards, made.cards
    yield from apart(NAME, told, own)


def _as_told(path: str, data: bytes, manifest: Manifest) -> bytes:
    """Return board.json as the program that *manifest* names would have called itself in it."""
    if path != "board.json":
        return data
    own, told = (
        f'"cardboard":{json.dumps(version, ensure_ascii=False)}'.encode("utf-8", "replace")
        for version in (__version__, manifest.cardboard)
    )
    return data.replace(own, told, 1)


def _cut(manifest: Manifest, made: Rebuilt) -> set[str]:
    """Return the names under which differences of texts mean nothing: what they rest on is gone."""
    cut = [one for one in manifest.withheld if one.reading == "cut"]
    names = {one.name for one in cut}
    labels = {one.label for one in entries_of(made.boards) if one.file in names}
    return names | labels | slugs_kept_back(made.boards, cut)


def _unchecked(manifest: Manifest, made: Rebuilt) -> Iterator[str]:
    kept = [one for one in manifest.withheld if one.what == "result"]
    if kept:
        reasons = Counter(one.reason for one in kept)
        told = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))
        yield (
            f"{len(kept)} result files are kept back ({told}): what the site read from them was "
            "taken as it says, and their rows were not recounted"
        )
    if has_own_layout(manifest):
        yield "cards: templates of the site's own lay them out, and those are not run here"
    steps = sum(one.what == "steps" for one in manifest.files)
    if steps and not made.steps:
        yield f"{plural(steps, 'file')} of steps and comparisons: only their hashes"
    cut = sum(one.reading == "cut" for one in kept)
    if cut:
        yield f"texts that name a machine are cut out of {cut} of these"
    snapshots = sum(one.what == "snapshot" for one in manifest.files)
    if snapshots:
        yield f"{snapshots} snapshots of earlier boards: only their hashes"


def _outcome(
    manifest: Manifest, wrong: list[Wrong], unchecked: list[str], made: Rebuilt | None
) -> Outcome:
    counts = ""
    if made is not None:
        boards = made.boards
        entries = len(entries_of(boards))
        counts = (
            f"{plural(len(boards.boards), 'board')} with {plural(entries, 'entry', 'entries')}, "
            f"{plural(len(boards.readings), 'result file')}, "
            f"{plural(len(made.cards or ()), 'card')}, {plural(len(manifest.files), 'file')} in all"
        )
    return Outcome(
        wrong=tuple(wrong),
        unchecked=tuple(unchecked),
        counts=counts,
        built_by=manifest.cardboard,
    )
