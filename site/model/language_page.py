"""The pages of a model's languages: the same tasks in each, and how far they are from one."""

from collections.abc import Iterator
from typing import NamedTuple

from ...board.compare.languages import Gap, gaps
from ..data.figures import as_printed, signed
from ..frame.page import Page, root_of
from ..source.source import Placed, Source

FOLDER = "languages/"


class Told(NamedTuple):
    """A language as a page shows it."""

    name: str
    score: str | None
    difference: str | None
    span: str | None
    p: str | None
    counts: str | None
    tasks: int
    verdict: str
    """Key of the sentence on it; empty for the one that others are held against."""


def path_of(slug: str, placed: Placed, beside: list[Placed]) -> str:
    """Return where the languages of *placed* are, one of the results of the model *slug*."""
    if placed.place is None or sum(_has(one) for one in beside) < 2:
        return f"{FOLDER}{slug}/"
    return f"{FOLDER}{slug}--{placed.place.slug}/"


def _has(placed: Placed) -> bool:
    return gaps(placed.entry, placed.suite) is not None


def language_pages(source: Source) -> Iterator[Page]:
    """Yield a page for each result whose tasks stand in several languages."""
    for slug, placed in source.pages.items():
        for one in placed:
            if found := gaps(one.entry, one.suite):
                yield _page(source, slug, path_of(slug, one, placed), one, *found)


def _page(
    source: Source, slug: str, path: str, placed: Placed, first: str, found: tuple[Gap, ...]
) -> Page:
    suite, label = placed.suite, placed.entry.label
    words = source.words_of(suite)
    title = source.render.text("site.languages.title", model=label)
    html = source.render.html(
        "languages",
        root=root_of(path),
        model=f"models/{slug}/",
        label=label,
        suite=placed.place.title if placed.place else suite.full_name,
        first=words.group("language", first),
        metric=words.in_unit(suite.ranked, words.title(suite.ranked)),
        rows=[_told(one, words.group("language", one.language), placed) for one in found],
    )
    return Page(path=path, title=title, description=title, slots={"body": html}, search=title)


def _told(one: Gap, name: str, placed: Placed) -> Told:
    metric = placed.suite.ranked
    score = as_printed(metric, one.score)
    if one.paired is None:
        return Told(name, score, None, None, None, None, one.tasks, "")
    found = one.paired
    few = found.low is None or found.high is None
    return Told(
        name=name,
        score=score,
        difference=signed(metric, found.difference),
        span=None
        if found.low is None or found.high is None
        else f"{signed(metric, found.low)} … {signed(metric, found.high)}",
        p=f"{found.p:.4f}",
        counts=f"{found.won} / {found.tied} / {found.lost}",
        tasks=one.tasks,
        verdict="few" if few else _verdict(one, metric.sign),
    )


def _verdict(one: Gap, sign: int) -> str:
    assert one.paired and one.paired.low is not None and one.paired.high is not None
    if one.paired.low <= 0 <= one.paired.high:
        return "open"
    if not sign:
        return "differs"
    return "better" if (one.paired.difference > 0) == (sign > 0) else "worse"
