"""The page of families: models that share an architecture, side by side on every board."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from statistics import median
from typing import NamedTuple

from ...board.model import Board, Entry
from ...eval.metrics import Metric
from ..data.figures import Span, as_printed, billions, span_of, timed
from ..frame.page import Page, root_of
from ..source.source import Place, Source

PATH = "families/"
# A family's best are its news; the board's own filter shows all of them.
MOST = 20
_MOST_MARKS = 200


class Member(NamedTuple):
    """A model of a family."""

    slug: str
    label: str
    rank: str
    score: str


class Family(NamedTuple):
    """A family on one board; `name` is `None` for models whose family nobody knows."""

    name: str | None
    ranked: int
    unranked: int
    best: Member | None
    median: str | None
    sizes: str | None
    seconds: str | None
    scores: tuple[str, ...]
    """Of its ranked models, for a strip of marks: how far along it each lies, in per cent."""
    members: tuple[Member, ...]


class Group(NamedTuple):
    """The families of one board, the one with the best model first."""

    slug: str
    title: str
    families: tuple[Family, ...]


def family_pages(source: Source) -> Iterator[Page]:
    """Yield the page of families."""
    render = source.render
    groups = [
        _group(place, board, source)
        for place, board in zip(source.places, source.boards.boards, strict=True)
    ]
    told = [
        (render.own(family.title) or name, render.own(family.interpretation))
        for name, family in source.settings.families.items()
        if family.interpretation
    ]
    html = render.html(
        "families", root=root_of(PATH), groups=groups, interpretations=told, most=MOST
    )
    title = render.text("site.families.title")
    yield Page(path=PATH, title=title, description=title, slots={"families": html})


def _group(place: Place, board: Board, source: Source) -> Group:
    met: dict[str | None, list[Entry]] = defaultdict(list)
    for entry in board.entries:
        met[source.family(entry)].append(entry)
    metric = board.suite.ranked
    span = span_of(metric, (entry.score for entry in board.ranked))
    families = [_family(name, entries, metric, span) for name, entries in met.items()]
    # What nobody could place comes last, whatever it scores.
    ordered = sorted(families, key=lambda one: (one.name is None, *_worth(met[one.name])))
    return Group(place.slug, place.title, tuple(ordered))


def _worth(entries: Sequence[Entry]) -> tuple[bool, int, str]:
    best = entries[0]
    return best.rank is None, best.rank or 0, best.label


def _family(name: str | None, entries: Sequence[Entry], metric: Metric, span: Span) -> Family:
    ranked = [entry for entry in entries if entry.rank is not None]
    scores = [entry.score or 0.0 for entry in ranked]
    sizes = sorted({size for entry in ranked if (size := entry.profile.parameters) is not None})
    times = [time for entry in ranked if (time := entry.result.timing.seconds_per_step) is not None]
    ends = dict.fromkeys(billions(size) or "" for size in sizes[:1] + sizes[-1:])
    members = tuple(_member(entry, metric) for entry in ranked[:MOST])
    return Family(
        name=name,
        ranked=len(ranked),
        unranked=len(entries) - len(ranked),
        best=members[0] if members else None,
        median=as_printed(metric, median(scores)) if scores else None,
        sizes="–".join(ends) or None,
        seconds=timed("seconds_per_step", median(times)) if times else None,
        scores=tuple(f"{round(span.at(score), 2):g}" for score in dict.fromkeys(scores))[
            :_MOST_MARKS
        ],
        members=members,
    )


def _places(scores: Sequence[float], span: Span) -> Iterator[str]:
    """Yield how far along *span* each different score lies."""
    return (f"{round(span.at(score), 2):g}" for score in dict.fromkeys(scores))


def _member(entry: Entry, metric: Metric) -> Member:
    score = as_printed(metric, entry.score) or ""
    return Member(entry.slug, entry.label, entry.rank_text, score)
