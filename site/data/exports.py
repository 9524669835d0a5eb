"""The data that the site gives away: boards in three formats, and all that they were made from."""

import shutil
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from ... import __version__
from ...board.history.snapshots import snapshot_files
from ...board.model import Boards, Entry, Reading
from ...board.show.document import pieces
from ...board.show.rows import field_names, fields
from ...board.show.tables import Cell, Table, to_csv
from ...board.words.catalogue import Words
from ...board.workspace.settings import Settings
from ...board.workspace.store import store_page
from .croissant import CROISSANT, column_types
from .manifest import KeptBack, Listed, Manifest, listed
from .published_files import Copies, Kept, Reason, copy_results, copy_sources, readings_of

FOLDER = "data"
"""Below the site's root: data have no language."""

TABLES = ("board.csv", "board.json", "board.parquet")
"""All boards, in three formats that say the same."""
READINGS = "readings.jsonl"
CARD_BYTES = 50 * 10**6
"""Cards that are longer together are published by their hashes only."""

Cards = Callable[[Boards, Settings], Iterable[tuple[str, str, Mapping[str, str]]]]
"""Gives each card's slug, its whole text, and the SHA-256 of its parts by name."""


class Data(Struct, frozen=True, kw_only=True):
    """Everything that can be downloaded."""

    boards: tuple[Listed, ...] = ()
    sources: tuple[Listed, ...] = ()
    readings: tuple[Listed, ...] = ()
    snapshots: tuple[Listed, ...] = ()
    copies: Copies = Copies()
    withheld: tuple[KeptBack, ...] = ()
    """What of the workspace is not given away, results and all else."""
    store: str | None = None
    """Where all result files lie, if that is on the Hub."""
    manifest: Manifest | None = None
    """All of it; what pages and cards add comes later."""


def write_tables(boards: Boards, folder: Path) -> Table:
    """Write every entry of every board as board.csv and board.json into *folder*.

    Return the same rows, for `write_parquet`.
    """
    folder.mkdir(parents=True)
    _write(folder / "board.json", pieces(boards, Words("en").finding))
    table = rows_of(boards)
    write_csv(table, folder / "board.csv")
    return table


def write_csv(table: Table, path: Path) -> None:
    """Write *table* as CSV, safe for spreadsheets."""
    _write(path, [to_csv([table])])


def rows_of(boards: Boards) -> Table:
    """Return every entry of every board as rows for programs."""
    names = field_names(boards.boards)
    tables = [fields(board, names) for board in boards.boards]
    return Table(names, [row for table in tables for row in table.rows])


def _write(path: Path, texts: Iterable[str]) -> None:
    # Line ends and lone surrogates are the same on every machine.
    with path.open("w", encoding="utf-8", errors="replace", newline="\n") as file:
        file.writelines(texts)


def write_parquet(table: Table, path: Path) -> None:
    """Write *table* as a Parquet file with a type for each column; those of metrics are real."""
    import pyarrow
    from pyarrow import parquet

    types = {"string": pyarrow.string(), "int64": pyarrow.int64(), "double": pyarrow.float64()}
    named = column_types(table.columns)
    schema = pyarrow.schema([(name, types[type_]) for name, type_ in named.items()])
    columns = zip(*table.rows, strict=True) if table.rows else [()] * len(table.columns)
    arrays = [
        pyarrow.array([_storable(value) for value in column], type=field.type)
        for column, field in zip(columns, schema, strict=True)
    ]
    parquet.write_table(pyarrow.Table.from_arrays(arrays, schema=schema), path)


def _storable(value: Cell) -> Cell:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def entries_of(boards: Boards) -> list[Entry]:
    """Return every entry, also those on no board."""
    placed = [entry for board in boards.boards for entry in board.entries]
    return [*placed, *boards.unplaced]


def slugs_kept_back(boards: Boards, withheld: Iterable[KeptBack]) -> set[str]:
    """Return the slugs of entries whose file names a machine: their cards may do so as well."""
    named = [one for one in withheld if one.reason == "machine" or one.reading == "cut"]
    names = {one.name for one in named}
    return {entry.slug for entry in entries_of(boards) if entry.file in names}


def write_cards(
    cards: Iterable[tuple[str, str, Mapping[str, str]]],
    folder: Path,
    hashes: Path,
    without: Collection[str],
) -> None:
    """Write all *cards* into *folder* but for some, or none where they are too long.

    Into the file *hashes* goes the hash of every part of each card, also of those *without* a file.
    """
    told: dict[str, dict[str, str]] = {}
    size = 0
    folder.mkdir(exist_ok=True)
    for slug, text, parts in cards:
        told[slug] = dict(parts)
        data = text.encode("utf-8", "replace")
        size += len(data)
        if size <= CARD_BYTES and slug not in without:
            (folder / f"{slug}.md").write_bytes(data)
    if size > CARD_BYTES:
        shutil.rmtree(folder)
    hashes.write_bytes(msgspec.json.encode(told))


def gather(
    boards: Boards,
    folder: Path,
    *,
    results: Path | None,
    history: Path | None,
    root: Path | None,
    source: str | None = None,
    earlier: Kept | None = None,
) -> Data:
    """Copy into *folder* what the boards were made from, and return all that then is in it.

    *results* and *history* are folders, *root* is that of board.toml, which names the *source* of
    the results, and *earlier* holds the files of the last build.
    """
    copies = copy_results(boards, results, folder / "results", earlier) if results else Copies()
    snapshots = []
    for path in snapshot_files(history) if history else ():
        target = folder / "history" / path.name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(path.read_bytes())
        snapshots.append(listed(target, folder, "snapshot", path.name))
    given, kept = copy_sources(boards.sources, root, folder) if root else ({}, {})
    sources = tuple(listed(folder / path, folder, "source", name) for name, path in given.items())
    readings, withheld = _readings(boards, copies, folder) if results else ((), ())
    written = tuple(listed(folder / name, folder, "board") for name in (*TABLES, CROISSANT))
    withheld = (*_kept(kept, boards.sources), *withheld)
    files = (*written, *sources, *readings, *_results(boards, copies), *snapshots)
    return Data(
        boards=written,
        sources=sources,
        readings=readings,
        snapshots=tuple(snapshots),
        copies=copies,
        withheld=withheld,
        store=store_page(root, source) if root else None,
        manifest=Manifest(
            cardboard=__version__, sha256=boards.sha256, files=files, withheld=withheld
        ),
    )


def _kept(reasons: Mapping[str, Reason], hashes: Mapping[str, str]) -> Iterable[KeptBack]:
    for name, reason in reasons.items():
        yield KeptBack(what="source", name=name, sha256=hashes[name], reason=reason, reading=None)


def _results(boards: Boards, copies: Copies) -> Iterable[Listed]:
    """Return the result files that are given away, each with all its names."""
    names: dict[str, list[str]] = {}
    for reading in boards.readings:
        names.setdefault(reading.sha256, []).append(reading.file)
    for sha256, path in sorted(copies.paths.items()):
        size, packed = copies.packed[sha256]
        told = tuple(names[sha256])
        yield Listed(path=path, what="result", size=size, sha256=packed, names=told)


def _readings(
    boards: Boards, copies: Copies, folder: Path
) -> tuple[tuple[Listed, ...], tuple[KeptBack, ...]]:
    """Write what was read from files that are not given away; return the file and their list."""
    others = [one for one in boards.readings if one.sha256 not in copies.paths]
    found = readings_of(others)
    kept = tuple(
        KeptBack(
            what="result",
            name=one.file,
            sha256=one.sha256 or None,
            reason=_reason(one, copies),
            reading=state,
        )
        for one, state in zip(others, found.states, strict=True)
    )
    if not found.lines:
        return (), kept
    path = folder / READINGS
    path.write_bytes(b"".join(line + b"\n" for line in found.lines))
    return (listed(path, folder, "readings"),), kept


def _reason(reading: Reading, copies: Copies) -> Reason:
    """Return why the file of *reading* is not given away; those without a hash were never read."""
    return copies.withheld.get(reading.sha256, "no-result")


def amount(size: int) -> str:
    """Return a number of bytes as people read it, e.g. `1.2 MB`."""
    for unit, worth in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= worth:
            return f"{size / worth:.1f} {unit}"
    return f"{size} B"
