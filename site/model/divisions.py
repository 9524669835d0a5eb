"""The figures of a result's parts, division by division, beside those of the field."""

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

from ...board.show.rows import beside
from ...board.workspace.settings import Suite
from ...eval.records import Group
from ..data.figures import printed, span_of
from ..source.background import PartMedians
from ..source.metric_words import MetricWords

_PLAIN = re.compile(r"[^A-Za-z0-9_]+")


class Slice(Struct, frozen=True, kw_only=True):
    """The figures of a part of the steps."""

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
    values = [group.metrics.get(ranked.id) for group in found.values()]
    middles = [medians.get((name, part)) for part in found]
    span = span_of(ranked, [None if v is None else ranked.scale * v for v in (*values, *middles)])

    def percent(value: float | None) -> float | None:
        return None if value is None else round(span.at(ranked.scale * value), 1)

    rows = tuple(
        Slice(
            name=words.group(name, part),
            steps=found[part].steps,
            value=printed(ranked, value := found[part].metrics.get(ranked.id)),
            others=tuple(printed(metric, found[part].metrics.get(metric.id)) for metric in others),
            median=printed(ranked, middle := medians.get((name, part))),
            wide=percent(value),
            middle=percent(middle),
        )
        for part in places
    )
    return Slices(
        anchor=anchor,
        title=words.division(name),
        metric=words.in_unit(ranked, words.title(ranked)),
        others=tuple(words.column(metric) for metric in others),
        rows=rows,
        compared=any(row.median is not None for row in rows),
    )
