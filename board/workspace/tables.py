"""How tables of a workspace's own are read: `imports.toml`."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from msgspec import Meta, Struct

from ...eval.metrics import Better, Unit

Columns = Annotated[str, Meta(min_length=1)]


class ColumnMapping(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[tables.columns.NAME]`: a column of figures, one a model."""

    suite: str | None = None
    """What was measured; the column's name by default."""
    version: str | None = None
    metric: str | None = None
    """The metric's id; by default the column's name."""
    unit: Unit | None = None
    better: Better | None = None
    n: str | int | None = None
    """How many items, or the column that tells."""
    stderr: str | None = None
    """The column of its standard error, in the same unit."""


class TableMapping(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[tables]]`: which files, and what their columns say."""

    file: Columns
    """A pattern for the file's name, or for its place below `results/`: `scores-*.csv`."""
    model: Columns
    """The column of the model's name."""
    revision: str | None = None
    """The column of the model's revision."""
    harness: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][\w .+-]{0,60}$")] = "table"
    """Who measured: results of two harnesses never share a board."""
    harness_version: str | None = None
    shots: str | int | None = None
    """Solved examples before each question, or the column that tells."""
    evidence: Literal["summary", "quoted"] = "quoted"
    """`summary` where the table is what your own evaluation wrote."""
    columns: dict[str, ColumnMapping] = {}
    """Of a table with a row a model: its columns of figures."""
    value: str | None = None
    """Of a table with a row a figure: the column of the figure."""
    suite: str | None = None
    """Of such a table: the column that names what was measured."""
    version: str | None = None
    """Of such a table: the column of the suite's version."""
    metric: str | None = None
    """Of such a table: the column that names the metric."""
    unit: Unit | None = None
    better: Better | None = None
    n: str | int | None = None
    stderr: str | None = None


class Imports(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole of imports.toml."""

    tables: tuple[TableMapping, ...] = ()


def mapping_of(name: str, tables: Sequence[TableMapping]) -> TableMapping | None:
    """Return the first of *tables* that is meant for the file called *name*."""
    short = name.rpartition("/")[2]
    return next(
        (one for one in tables if fnmatchcase(name, one.file) or fnmatchcase(short, one.file)),
        None,
    )
