"""The pages that leave nothing out: unranked results with their reasons, files with theirs."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple, get_args

from ...board.model import Kind
from ...board.words.findings import Finding
from ..data.exports import FOLDER, amount
from ..data.figures import as_printed, plain
from ..data.published_files import MOST_BYTES
from ..frame.page import Page, root_of
from ..frame.pagination import parts
from ..model.standing import reasons
from ..source.source import Placed, Source

KINDS: tuple[Kind, ...] = get_args(Kind)


class Row(NamedTuple):
    """One unranked result."""

    slug: str
    label: str
    score: str | None
    steps: str | None
    reasons: tuple[Finding, ...]


class Group(NamedTuple):
    """The unranked results of one board."""

    slug: str
    title: str
    total: int
    rows: Sequence[Row]


def unranked_pages(source: Source) -> Iterator[Page]:
    """Yield the list of results without a rank, board by board."""
    render = source.render
    listed = [
        Placed(entry, place)
        for place, board in zip(source.places, source.boards.boards, strict=True)
        for entry in board.unranked
    ] + [Placed(entry, None) for entry in source.boards.unplaced]
    for part in parts("unranked/", "unranked", listed):
        groups = [_group(list(members), source) for _, members in groupby(part.items, key=_slug)]
        html = render.html(
            "unranked",
            root=root_of(part.path),
            groups=groups,
            pages=part.links,
            empty=not (source.places or listed),
        )
        yield Page(
            path=part.path,
            title=f"{render.text('site.unranked.title')} ({part.number})",
            description=render.text("site.unranked.title"),
            slots={"unranked" if part.number == 1 else "body": html},
        )


def _slug(placed: Placed) -> str:
    return placed.place.slug if placed.place else "unplaced"


def _group(members: list[Placed], source: Source) -> Group:
    place = members[0].place
    return Group(
        slug=_slug(members[0]),
        title=place.title if place else source.render.text("site.unplaced"),
        total=place.unranked if place else len(source.boards.unplaced),
        rows=[
            Row(
                slug=entry.slug,
                label=entry.label,
                score=as_printed(one.suite.ranked, entry.score),
                steps=plain(entry.result.counts.scored),
                reasons=reasons(entry, source),
            )
            for one in members
            for entry in [one.entry]
        ],
    )


def files_pages(source: Source) -> Iterator[Page]:
    """Yield the list of every file that was looked at, with its findings."""
    render, readings = source.render, source.boards.readings
    met = Counter(reading.kind for reading in readings)
    for part in parts("files/", "files", readings):
        html = render.html(
            "files",
            root=root_of(part.path),
            total=len(readings),
            kinds=[(kind, met[kind]) for kind in KINDS if met[kind]],
            sha256=source.boards.sha256,
            rows=part.items,
            pages_of=source.results,
            data=f"{source.above(part.path)}{FOLDER}/",
            copies=source.data.copies,
            limit=amount(MOST_BYTES),
            pages=part.links,
        )
        yield Page(
            path=part.path,
            title=f"{render.text('site.files.title')} ({part.number})",
            description=render.text("site.files.title"),
            slots={"files" if part.number == 1 else "body": html},
        )
