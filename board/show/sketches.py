"""A sketch of a table's mapping for imports.toml, from the names and values of its columns."""

import re
from collections.abc import Sequence
from pathlib import Path

from ...eval.errors import UsageError
from ..read.decoding.content import Content
from ..read.decoding.json_object import Undecodable
from ..read.imports.tables.tables import Row, rows_of, told
from ..read.shapes.foreign import number
from ..words.catalogue import Words
from ..workspace.figures import figure
from .adoption import key_of, text_of

MOST_BYTES = 64 * 2**20
_MODEL = re.compile(r"model|checkpoint|name|모델", re.IGNORECASE)
_SUITE = re.compile(r"bench|task|dataset|suite|eval|평가|과제", re.IGNORECASE)
_METRIC = re.compile(r"^metric|지표", re.IGNORECASE)
_VALUE = re.compile(r"^(?:value|score|result|점수|값)$", re.IGNORECASE)
_COUNT = re.compile(r"^(?:n|num_samples|samples|count|size|n_samples|문항 ?수)$", re.IGNORECASE)
_ERROR = re.compile(r"stderr|std_?err|standard error|표준 ?오차", re.IGNORECASE)
_NO_FIGURE = re.compile(
    r"(?:^|_)(?:rank|params?|size|date|seed|epochs?|steps?|id)$|순위", re.IGNORECASE
)
_PERCENT = re.compile(r"pct|percent|%|x100|퍼센트", re.IGNORECASE)


def sketch_of(path: Path) -> str:
    """Return a mapping for the table at *path*, as far as names and values of its columns tell.

    Raises `UsageError` where the file is no table.
    """
    if path.stat().st_size > MOST_BYTES:
        raise UsageError("is too large for a sketch", file=str(path), remedy="Cut off some rows.")
    content = Content(path.read_bytes())
    try:
        columns, rows = rows_of(content) if told(content) else ((), [])
    except Undecodable as error:
        raise UsageError(Words("en").finding(error.finding), file=str(path)) from None
    if not columns or not rows:
        raise UsageError(
            "is neither a table nor a list of objects",
            file=str(path),
            remedy="A sketch is made of CSV, TSV, and lists in YAML or JSON.",
        )
    return "\n".join([*_sketch(path.name, columns, rows), ""])


def _sketch(name: str, columns: Sequence[str], rows: Sequence[Row]) -> list[str]:
    numbers = [one for one in columns if _is_number(one, rows)]
    words = [one for one in columns if one not in numbers]
    most = max(words, key=lambda one: len({str(row.get(one)) for row in rows}), default=columns[0])
    model = next((one for one in words if _MODEL.search(one)), most)
    lines = [
        "# Check every line: this is guessed from the names and values of the columns.",
        "[[tables]]",
        f"file = {text_of(name)}",
        f"model = {text_of(model)}",
        '# harness = "name of the program that measured"',
        '# harness_version = "1.0"',
        'evidence = "quoted"  # or "summary", where your own evaluation wrote the table',
    ]
    value = next((one for one in numbers if _VALUE.match(one)), None)
    suite = next((one for one in words if one != model and _SUITE.search(one)), None)
    metric = next((one for one in words if _METRIC.search(one)), None)
    total = next((one for one in numbers if _COUNT.match(one)), None)
    error = next((one for one in numbers if _ERROR.search(one)), None)
    if value and suite and metric:
        lines += [f"value = {text_of(value)}", f"suite = {text_of(suite)}"]
        lines += [f"metric = {text_of(metric)}"]
        lines += [f"n = {text_of(total)}"] if total else []
        lines += [f"stderr = {text_of(error)}"] if error else []
        return lines
    for one in numbers:
        if one in (total, error) or _NO_FIGURE.search(one):
            continue
        values = [number(row.get(one)) for row in rows]
        what = figure(one, values)
        lines += ["", f"[tables.columns.{key_of(one)}]", f"suite = {text_of(one)}"]
        lines.append(f"metric = {text_of(what.id if len(what.id) < 40 else 'score')}")
        known = [value for value in values if value is not None]
        above = what.better == "higher" and max(known, default=0) > 1
        whole = all(0 <= value <= 100 for value in known)
        unit = "percent" if whole and (above or _PERCENT.search(one)) else what.unit
        lines.append(f"unit = {text_of(unit)}")
        guess = "" if what.better != "neither" else "  # to be ranked: higher or lower"
        lines.append(f"better = {text_of(what.better)}{guess}")
        lines += [f"n = {text_of(total)}"] if total else []
    return lines


def _is_number(column: str, rows: Sequence[Row]) -> bool:
    told_of = [row.get(column) for row in rows]
    known = [one for one in told_of if one not in (None, "", "-", "N/A")]
    return bool(known) and all(number(one) is not None for one in known)
