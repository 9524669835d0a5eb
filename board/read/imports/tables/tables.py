"""Tables of a workspace's own: CSV, TSV, and lists in YAML and JSON, as imports.toml maps them."""

import re
from collections.abc import Iterator

from msgspec.structs import replace

from .....eval.metrics import Better, Measured, Metric, Unit
from .....eval.records import Harness, Protocol
from ....workspace.figures import figure
from ....workspace.tables import ColumnMapping, TableMapping, mapping_of
from ...decoding.content import Content
from ...decoding.json_object import Document
from ...shapes import foreign_names
from ...shapes.foreign import Foreign, Format, Missing, Part, count, listed, number, result, text

NAME = "table"
_FORMULA = re.compile(r"[=@+]|-(?!\d|\.|$)")

Row = dict[str, object]


def told(content: Content) -> bool:
    """Tell a table by its rows, a list by its objects of plain values."""
    if content.form == "table":
        return True
    rows = content.members
    return bool(rows) and all(_is_plain(row) for row in rows[:20])


def _is_plain(row: Document) -> bool:
    return len(row) > 1 and not any(isinstance(one, (dict, list)) for one in row.values())


def read(foreign: Foreign) -> Iterator[Part]:
    """Yield one result for each row and suite; without a mapping the columns mean nothing."""
    columns, rows = rows_of(foreign.content)
    found = mapping_of(foreign.place.as_posix(), foreign.tables)
    if found is None:
        foreign.note("table-unmapped", columns=listed(columns))
        return
    _check(found, columns)
    if found.value is not None:
        yield from _long(foreign, found, rows)
    else:
        yield from _wide(foreign, found, rows)


def rows_of(content: Content) -> tuple[tuple[str, ...], list[Row]]:
    """Return the names of all columns, and the rows."""
    if content.form == "table":
        return content.table.columns, [dict(row) for row in content.table.rows]
    rows = content.members
    return tuple(dict.fromkeys(str(name) for row in rows for name in row)), [
        {str(name): value for name, value in row.items()} for row in rows
    ]


def _check(found: TableMapping, columns: tuple[str, ...]) -> None:
    """Raise `Missing` for columns that the mapping names and the table has not."""
    named = [found.model, found.revision, found.value, found.suite, found.version, found.metric]
    named += [found.stderr, *found.columns]
    named += [one for one in (found.n, found.shots) if isinstance(one, str)]
    for one in found.columns.values():
        named += [one.stderr, one.n if isinstance(one.n, str) else None]
    missing = [name for name in named if name is not None and name not in columns]
    if missing:
        raise Missing(*(f"column {name}" for name in missing))


def _wide(foreign: Foreign, found: TableMapping, rows: list[Row]) -> Iterator[Part]:
    suites: dict[tuple[str, str | None], dict[str, ColumnMapping]] = {}
    for name, column in found.columns.items():
        suites.setdefault((column.suite or name, column.version), {})[name] = column
    unknown: list[str] = []
    for at, row in enumerate(rows):
        model = _model(foreign, found, row)
        if model is None:
            continue
        for (suite, version), columns in suites.items():
            figures: list[tuple[Metric, Measured]] = []
            n = None
            for name, column in columns.items():
                value = number(row.get(name))
                if value is None:
                    unknown.append(f"{model}: {name}")
                    continue
                n = _count(row, column.n)
                figures.append(
                    _figure(column.metric or name, value, column.unit, column.better,
                            n, number(row.get(column.stderr or "")))
                )  # fmt: skip
            if figures:
                yield _part(
                    foreign,
                    found,
                    row,
                    f"{at} {suite} {version or ''}".strip(),
                    model,
                    suite,
                    version,
                    figures,
                    n,
                )
    foreign.unknown(unknown)


def _long(foreign: Foreign, found: TableMapping, rows: list[Row]) -> Iterator[Part]:
    groups: dict[tuple[str, str, str | None], list[Row]] = {}
    unknown: list[str] = []
    for row in rows:
        model, suite = _model(foreign, found, row), text(row.get(found.suite or ""))
        if model is None or suite is None:
            continue
        version = text(row.get(found.version)) if found.version else None
        groups.setdefault((model, suite, version), []).append(row)
    for (model, suite, version), members in groups.items():
        figures = []
        n = None
        for row in members:
            metric, value = text(row.get(found.metric or "")), number(row.get(found.value or ""))
            if metric is None or value is None:
                unknown.append(f"{model}: {suite}")
                continue
            n = _count(row, found.n)
            figures.append(
                _figure(
                    metric, value, found.unit, found.better, n, number(row.get(found.stderr or ""))
                )
            )
        if figures:
            name = " ".join(filter(None, (model, suite, version)))
            yield _part(foreign, found, members[0], name, model, suite, version, figures, n)
    foreign.unknown(unknown)


def _model(foreign: Foreign, found: TableMapping, row: Row) -> str | None:
    """Return the model's name; a formula of a spreadsheet is none."""
    said = row.get(found.model)
    name = str(said).strip() if isinstance(said, (str, int, float)) else ""
    if not name:
        return None
    if _FORMULA.match(name):
        foreign.note("value-unusable", found.model, wanted="name")
        return None
    return name


def _count(row: Row, said: str | int | None) -> int | None:
    return said if isinstance(said, int) else count(row.get(said)) if said else None


def _figure(
    name: str,
    value: float,
    unit: Unit | None,
    better: Better | None,
    n: int | None,
    stderr: float | None,
) -> tuple[Metric, Measured]:
    way = None if better in (None, "neither") else better == "higher"
    one = figure(name, [value], unit=unit, better=way)
    if better == "neither":
        one = replace(one, better="neither")
    spread = stderr if stderr is not None and stderr >= 0 else None
    method = "unstated" if spread is not None else None
    return one, Measured(value=value, n=n, stderr=spread, stderr_method=method)


def _part(
    foreign: Foreign,
    found: TableMapping,
    row: Row,
    name: str,
    model: str,
    suite: str,
    version: str | None,
    figures: list[tuple[Metric, Measured]],
    n: int | None,
) -> Part:
    harness = Harness(name=found.harness, version=found.harness_version)
    revision = text(row.get(found.revision)) if found.revision else None
    return Part(
        name=name,
        result=result(
            model=foreign_names.named(model, revision=revision),
            suite=suite,
            version=version,
            harness=harness,
            metrics={metric.id: measured for metric, measured in figures},
            n=n,
            evidence=found.evidence,
            document=foreign.place.name,
            protocol=Protocol(harness=harness, shots=_count(row, found.shots)),
        ),
        figures=tuple(metric for metric, _ in figures),
    )


FORMAT = Format(NAME, told, read, named=True)
