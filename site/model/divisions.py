"""The figures of a result's parts, division by division, beside those of the field."""

import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape as quoted
from itertools import repeat

from markupsafe import Markup
from msgspec import Struct

from ...board.show.rows import beside
from ...board.workspace.settings import Suite
from ...eval.metrics import Metric
from ...eval.records import Group
from ..data.figures import column, span_of
from ..frame.render import written
from ..source.background import PartMedians
from ..source.metric_words import MetricWords

_PLAIN = re.compile(r"[^A-Za-z0-9_]+")


class Slice(Struct, frozen=True, kw_only=True):
    """The figures of a part of the steps."""

    id: str
    name: str
    steps: int
    value: str | None
    """Of the ranked metric."""
    others: tuple[str | None, ...]
    """Of the other metrics."""
    median: str | None
    """Of the ranked metric, over the board's ranked entries that record this part."""
    wide: float | None
    """Length of the bar for the ranked metric, in per cent of the room."""
    middle: float | None
    """Where the median stands beside it."""


class Slices(Struct, frozen=True, kw_only=True):
    """The parts that one division of the steps makes."""

    name: str
    """Of the division."""
    anchor: str
    title: str
    metric: str
    """Title of the ranked metric."""
    others: tuple[str, ...]
    """Titles of the other metrics that any part has."""
    rows: tuple[Slice, ...]
    compared: bool
    """Whether any part has a median."""


def slices_of(
    divisions: Mapping[str, Mapping[str, Group]],
    medians: PartMedians,
    suite: Suite,
    words: MetricWords,
) -> Iterator[Slices]:
    """Yield every one of *divisions*: of the suite's kind first, then its own, then others."""
    known = dict.fromkeys((*suite.of_kind.divisions, *suite.parts, *sorted(divisions)))
    for number, name in enumerate(known):
        if found := divisions.get(name):
            yield _slices(
                f"by_{_PLAIN.sub('', name) or number}", name, found, medians, suite, words
            )


def _slices(
    anchor: str,
    name: str,
    found: Mapping[str, Group],
    medians: PartMedians,
    suite: Suite,
    words: MetricWords,
) -> Slices:
    ranked = suite.ranked
    others = [
        metric
        for metric in beside(suite)
        if any(group.metrics.get(metric.id) is not None for group in found.values())
    ]
    order = suite.of_kind.groups
    places = sorted(found, key=lambda n: (order.index(n) if n in order else len(order), n))

    def scaled(metric: Metric, numbers: Iterable[float | None]) -> list[float | None]:
        return [None if one is None else metric.scale * one for one in numbers]

    figures = [found[part].metrics for part in places]
    values = scaled(ranked, [one.get(ranked.id) for one in figures])
    middles = scaled(ranked, [medians.get((name, part)) for part in places])
    span = span_of(ranked, (*values, *middles))
    beside_it = [column(m, scaled(m, [one.get(m.id) for one in figures])) for m in others]
    rows = tuple(
        Slice(
            id=part,
            name=words.group(name, part),
            steps=found[part].steps,
            value=value,
            others=more,
            median=median,
            wide=None if at is None else round(span.at(at), 1),
            middle=None if middle is None else round(span.at(middle), 1),
        )
        for part, value, more, median, at, middle in zip(
            places,
            column(ranked, values),
            zip(*beside_it, strict=True) if beside_it else repeat(()),
            column(ranked, middles),
            values,
            middles,
            strict=False,
        )
    )
    return Slices(
        name=name,
        anchor=anchor,
        title=words.division(name),
        metric=words.in_unit(ranked, words.title(ranked)),
        others=tuple(words.column(metric) for metric in others),
        rows=rows,
        compared=any(middle is not None for middle in middles),
    )


def part_rows(group: Slices, unknown: str, *, lasting: bool = False) -> Markup:
    """Return the rows of a table of parts; *unknown* is HTML for a figure that is not known.

    Those of a *lasting* page say which part they are, where their title does not: its median
    comes later.
    """
    told = []
    for one in group.rows:
        part = f' data-part="{quoted(one.id)}"' if lasting and one.id != one.name else ""
        told.append(
            f"<tr{part}><th scope=row>{written(one.name)}<td>{one.steps}<td>{one.value or unknown}"
        )
        if one.wide is not None:
            line = "" if one.middle is None else f'<rect x="{one.middle}%"/>'
            told.append(f'<svg aria-hidden=true><rect width="{one.wide}%"/>{line}</svg>')
        if group.compared:
            told.append(f"<td>{one.median or ''}")
        told += [f"<td>{other or unknown}" for other in one.others]
    return Markup("".join(told))
