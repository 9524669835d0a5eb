"""Names beside points: as many as fit without covering each other."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .charts import Chart, Point, Scatter
from .scales import HEIGHT, WIDTH, across, upward

# A letter of the labels is about this wide; what is wider at times is cut by its short name.
_LETTER, _LINE, _GAP, _LONGEST = 6.4, 13.0, 7.0, 36
# What tells fine-tunes of one model apart mostly stands at the end.
_END = 14
_LIFT = 9.0
"""How far above its point the name on a line of the best stands."""


class Label(NamedTuple):
    """A name and where it starts: *x* and *y* are values on the scales of the chart."""

    text: str
    x: float
    y: float
    left: bool
    """Whether it ends at its point, because there is no room to the right."""
    lift: float
    """How far above its point it stands."""


class _Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "_Box") -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


def labels(chart: Chart) -> tuple[Label, ...]:
    """Return the names to write: of the line of the best, or of the last point of each slope."""
    if isinstance(chart, Scatter):
        chosen = chart.points if chart.named else chart.front or chart.points[:3]
        named = [(short(point.label), point) for point in chosen]
    else:
        named = [(short(line.label), line.points[-1]) for line in chart.lines]
    ranked = sorted(named, key=lambda one: (-chart.metric.sign * one[1].score, one[0]))
    return tuple(_placed(ranked, chart))


def short(label: str) -> str:
    """Return the end of a model's name that tells it from its fellows, in one line."""
    name = "".join(c for c in label.rsplit("/", 1)[-1] if c.isprintable())
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - _END - 1]}…{name[-_END:]}"


def _placed(named: Iterable[tuple[str, Point]], chart: Chart) -> Iterator[Label]:
    x_scale, y_scale = across(chart), upward(chart)
    lift = _LIFT if isinstance(chart, Scatter) else 0.0
    taken: list[_Box] = []
    for text, point in named:
        x, y = x_scale.at(point.x), HEIGHT - y_scale.at(point.score) - lift
        width = _LETTER * len(text)
        left = x + _GAP + width > WIDTH
        start = x - _GAP - width if left else x + _GAP
        box = _Box(start, y - _LINE / 2, start + width, y + _LINE / 2)
        if start < 0 or any(box.meets(other) for other in taken):
            continue
        taken.append(box)
        yield Label(text=text, x=point.x, y=point.score, left=left, lift=lift)
