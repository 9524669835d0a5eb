"""Which picture a link to a page shows where it is shared, and the files of these pictures."""

import hashlib
from collections.abc import Callable, Iterator
from functools import cached_property, partial
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from ...board.model import Board, Entry
from ..charts.previews import MOST_ROWS, Card, Row, of_board, of_model, told
from ..data.figures import Span, as_printed, span_of
from ..frame.page import Preview
from ..model.standing import lasting_rank
from ..source.source import Place, Placed, Source
from ..table.rows import ranks, score_span

FOLDER = "previews"
_OF_A_MODEL = ("models", "steps", "episodes", "languages")
_LONGEST_ALT = 400


class _Shown(NamedTuple):
    """A model with a picture of its own, and the board that this speaks of."""

    entry: Entry
    place: Place
    board: Board


class Picture(NamedTuple):
    """A picture that is still to be drawn."""

    path: str
    """Below the language's tree."""
    made_of: bytes
    """Digest of all that it shows."""
    draw: Callable[[], bytes]


class Previews:
    """The pictures of one language: those of its boards, and of the best models of each."""

    def __init__(self, source: Source) -> None:
        """Choose what is drawn: nothing where nobody knows the address that networks ask."""
        self._source = source
        self._boards: dict[str, tuple[Place, Board]] = {}
        self._models: dict[str, _Shown] = {}
        if source.settings.board.site_url is None:
            return
        for place, board in zip(source.places, source.boards.boards, strict=True):
            if not board.ranked:
                continue
            self._boards[place.slug] = place, board
            for entry in board.ranked[: source.settings.site.previews]:
                self._models.setdefault(entry.slug, _Shown(entry, place, board))

    def of(self, path: str) -> Preview | None:
        """Return the picture of the page at *path*: its model's, its board's, or the first's."""
        kind, name, *_ = (*path.split("/"), "")
        # Behind two hyphens stands which of several a page is of: a suite, a task.
        names = [name, name.rpartition("--")[0], name.partition("--")[0]]
        if kind in _OF_A_MODEL:
            for one in names:
                if one in self._models:
                    return self._preview(f"models/{one}", _told_of(self._models[one], self._source))
            placed = self._source.pages.get(name, ())
            names = [one.place.slug for one in placed if one.place is not None]
        slug = next((one for one in names if one in self._boards), next(iter(self._boards), None))
        if slug is None:
            return None
        return self._preview(f"boards/{slug}", self._alts[slug])

    def pictures(self) -> Iterator[Picture]:
        """Yield every picture, to be drawn where it is not there already."""
        for slug, (place, board) in self._boards.items():
            best = board.ranked[:MOST_ROWS]
            span = self._spans[slug]
            rows = [_row(one, board, span) for one in best]
            yield _picture(f"boards/{slug}", of_board, self._card(place, board), rows)
        places: dict[str, list[float]] = {
            slug: [_at(one.score, self._spans[slug]) for one in board.ranked]
            for slug, (_, board) in self._boards.items()
        }
        for slug, (entry, place, board) in self._models.items():
            card, row = self._card(place, board), _row(entry, board, self._spans[place.slug])
            others = places[place.slug]
            if lasting := self._source.lasting(Placed(entry, place)):
                card, others = replace(card, ranked=None, counted=""), []
                span = span_of(board.suite.ranked, [entry.score])
                rank = told(lasting_rank(lasting, self._source), entry.rank_text)
                row = replace(_row(entry, board, span), rank=rank, ranks=None)
            yield _picture(f"models/{slug}", of_model, card, row, others)

    def _preview(self, name: str, alt: str) -> Preview:
        return Preview(_file(name), alt[:_LONGEST_ALT])

    @cached_property
    def _alts(self) -> dict[str, str]:
        alts = {}
        for slug, (place, board) in self._boards.items():
            best = "; ".join(_said(one, board) for one in board.ranked[:MOST_ROWS])
            # All pages of models without a picture of their own say it.
            large = self._source.measured[slug].lasting
            alts[slug] = place.title if large else f"{place.title}: {best}"
        return alts

    @cached_property
    def _spans(self) -> dict[str, Span]:
        """Return what the scales of each board reach from and to: all scores and intervals."""
        return {slug: score_span(board) for slug, (_, board) in self._boards.items()}

    def _card(self, place: Place, board: Board) -> Card:
        say = self._source.render.text
        return Card(
            title=told(place.title, place.slug),
            site=told(self._source.title),
            rank=told(say("site.column.rank")),
            score=told(say("site.column.score")),
            interval=told(say("site.rivals.interval")) if _measured(board) else "",
            counted=told(say("site.state.ranked", n=len(board.ranked))),
            ranked=len(board.ranked),
        )


def _file(name: str) -> str:
    return f"{FOLDER}/{name}.png"


def _picture(name: str, draw: Callable[..., bytes], *shown: object) -> Picture:
    made_of = hashlib.sha256(msgspec.msgpack.encode(shown)).digest()
    return Picture(_file(name), made_of, partial(draw, *shown))


def _told_of(shown: _Shown, source: Source) -> str:
    entry, place, board = shown
    say = source.render.text
    lasting = source.lasting(Placed(entry, place))
    rank = lasting_rank(lasting, source) if lasting else f"{entry.rank_text} / {len(board.ranked)}"
    figures = f"{say('site.column.rank')} {rank}"
    score = f"{say('site.column.score')} {as_printed(board.suite.ranked, entry.score)}"
    interval = _interval(entry, board)
    more = f", {say('site.rivals.interval')} {interval}" if interval else ""
    return f"{entry.label}: {figures}, {score}{more}. {place.title}"


def _said(entry: Entry, board: Board) -> str:
    interval = _interval(entry, board)
    score = as_printed(board.suite.ranked, entry.score)
    return f"{entry.rank_text}. {entry.label} {score}{f' ({interval})' if interval else ''}"


def _row(entry: Entry, board: Board, span: Span) -> Row:
    owner, slash, _ = entry.name.partition("/")
    name = entry.label.removeprefix(f"{owner}/") if slash else entry.label
    found = entry.resolution.score if entry.resolution else None
    # Where a name cannot be drawn, that of its page stands for all of it.
    whole = told(owner if slash else "") or not slash
    return Row(
        name=told(name, entry.slug) if whole else entry.slug,
        owner=told(owner) if slash and told(name) else "",
        rank=entry.rank_text,
        ranks=ranks(entry, board),
        score=as_printed(board.suite.ranked, entry.score) or "",
        interval=_interval(entry, board),
        at=_at(entry.score, span),
        reach=(_at(found.low, span), _at(found.high, span)) if found else None,
    )


def _interval(entry: Entry, board: Board) -> str | None:
    found = entry.resolution.score if entry.resolution else None
    if found is None:
        return None
    metric = board.suite.ranked
    return f"{found.low:.{metric.decimals}f}–{as_printed(metric, found.high)}"


def _measured(board: Board) -> bool:
    return any(one.resolution and one.resolution.score for one in board.ranked[:MOST_ROWS])


def _at(score: float | None, span: Span) -> float:
    return span.at(span.low if score is None else score) / 100
