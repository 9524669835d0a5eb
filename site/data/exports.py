"""The data that the site gives away: the whole board in three formats, snapshots, result files."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from ...board.history.snapshots import snapshot_files
from ...board.model import Boards
from ...board.show.document import OF_ENTRIES, OF_RUNS, field_names, fields, pieces
from ...board.show.tables import Cell, Table, to_csv
from ...board.words.catalogue import Words
from .published_files import Copies, copy_results

FOLDER = "data"
"""Below the site's root: data have no language."""

_WHOLE = ("rank", "rank_low", "rank_high", "tie_group", "level_with", "steps")
_REAL = (
    "score",
    "score_low_95",
    "score_high_95",
    "score_standard_error",
    "seconds_per_step",
    "load_seconds",
)


class DataFile(Struct, frozen=True, kw_only=True):
    """A file that can be downloaded."""

    path: str
    """Below the folder of data."""
    size: int
    """In bytes."""
    sha256: str


class Data(Struct, frozen=True, kw_only=True):
    """Everything that can be downloaded."""

    boards: tuple[DataFile, ...] = ()
    snapshots: tuple[DataFile, ...] = ()
    copies: Copies = Copies()


def write_tables(boards: Boards, folder: Path) -> Table:
    """Write every entry of every board as board.csv and board.json into *folder*.

    Return the same rows, for `write_parquet`.
    """
    folder.mkdir(parents=True)
    names = field_names(boards.boards)
    tables = [fields(board, names) for board in boards.boards]
    _write(folder / "board.csv", [to_csv(tables or [Table(names, [])])])
    _write(folder / "board.json", pieces(boards, Words("en").finding))
    return Table(names, [row for table in tables for row in table.rows])


def _write(path: Path, texts: Iterable[str]) -> None:
    # Line ends and lone surrogates are the same on every machine.
    with path.open("w", encoding="utf-8", errors="replace", newline="\n") as file:
        file.writelines(texts)


def write_parquet(table: Table, path: Path) -> None:
    """Write *table* as a Parquet file with a type for each column; those of metrics are real."""
    import pyarrow
    from pyarrow import parquet

    types = dict.fromkeys((*OF_ENTRIES, *OF_RUNS), pyarrow.string())
    types |= dict.fromkeys(_WHOLE, pyarrow.int64()) | dict.fromkeys(_REAL, pyarrow.float64())
    schema = pyarrow.schema([(name, types.get(name, pyarrow.float64())) for name in table.columns])
    columns = zip(*table.rows, strict=True) if table.rows else [()] * len(table.columns)
    arrays = [
        pyarrow.array([_storable(value) for value in column], type=field.type)
        for column, field in zip(columns, schema, strict=True)
    ]
    parquet.write_table(pyarrow.Table.from_arrays(arrays, schema=schema), path)


def _storable(value: Cell) -> Cell:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def gather(boards: Boards, folder: Path, results: Path | None, history: Path | None) -> Data:
    """Copy result files and snapshots into *folder*, and return all that then is in it."""
    copies = copy_results(boards, results, folder / "results") if results else Copies()
    snapshots = []
    for path in snapshot_files(history) if history else ():
        target = folder / "history" / path.name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(path.read_bytes())
        snapshots.append(_described(target, folder))
    names = ("board.csv", "board.json", "board.parquet")
    return Data(
        boards=tuple(_described(folder / name, folder) for name in names),
        snapshots=tuple(snapshots),
        copies=copies,
    )


def _described(path: Path, folder: Path) -> DataFile:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return DataFile(
        path=path.relative_to(folder).as_posix(), size=path.stat().st_size, sha256=digest
    )


def amount(size: int) -> str:
    """Return a number of bytes as people read it, e.g. `1.2 MB`."""
    for unit, worth in (("MB", 10**6), ("kB", 10**3)):
        if size >= worth:
            return f"{size / worth:.1f} {unit}"
    return f"{size} B"
