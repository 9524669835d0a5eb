"""Badges: a model's rank and score now, as a small picture that other pages can link."""

from collections.abc import Iterator
from typing import NamedTuple
from xml.sax.saxutils import escape

from ...board.model import Board, Boards, Entry
from ..data.figures import as_printed

_HEIGHT, _MARGIN, _LETTER, _LONGEST = 20, 7, 6.6, 28

# Two boxes that stand out on white and on black; the picture follows the reader's scheme as well.
_STYLE = (
    "text{font:11px Verdana,DejaVu Sans,sans-serif;fill:#fff}"
    ".l{fill:#57534e}.r{fill:#92400e}.u{fill:#475569}"
    "@media(prefers-color-scheme:dark){.l{fill:#44403c}.r{fill:#b45309}.u{fill:#64748b}}"
)


class Badge(NamedTuple):
    """What a badge says: which suite, and what of it."""

    name: str
    value: str
    ranked: bool


def badges(boards: Boards) -> Iterator[tuple[str, str]]:
    """Yield path and SVG of one badge a page; a ranked entry goes before an unranked one."""
    best: dict[str, Badge] = {}
    for board in boards.boards:
        for entry in board.entries:
            badge = badge_of(entry, board)
            if entry.slug not in best or (badge.ranked and not best[entry.slug].ranked):
                best[entry.slug] = badge
    for entry in boards.unplaced:
        best.setdefault(entry.slug, Badge("suite unknown", "unranked", False))
    for slug, badge in best.items():
        yield f"badges/{slug}.svg", draw(badge)


def badge_of(entry: Entry, board: Board) -> Badge:
    """Return what the badge of *entry* says, e.g. `tb2-lite | 12= / 82 · 22.45`."""
    name = board.suite.name
    if entry.rank is None:
        return Badge(name, "unranked", False)
    score = as_printed(board.suite.ranked, entry.score)
    value = f"{entry.rank_text} / {len(board.ranked)} · {score}"
    return Badge(name, value, True)


def draw(badge: Badge) -> str:
    """Return *badge* as SVG; its text is stretched to its box, whatever font the reader has."""
    name = badge.name if len(badge.name) <= _LONGEST else f"{badge.name[: _LONGEST - 1]}…"
    left, right = (round(len(text) * _LETTER) for text in (name, badge.value))
    split = left + 2 * _MARGIN
    width = split + right + 2 * _MARGIN
    what = escape(f"{name}: rank {badge.value}" if badge.ranked else f"{name}: {badge.value}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{_HEIGHT}" role="img">'
        f"<title>{what}</title><style>{_STYLE}</style>"
        f'<clipPath id="c"><rect width="{width}" height="{_HEIGHT}" rx="3"/></clipPath>'
        f'<g clip-path="url(#c)"><rect class="l" width="{split}" height="{_HEIGHT}"/>'
        f'<rect class="{"r" if badge.ranked else "u"}" x="{split}" width="{width - split}"'
        f' height="{_HEIGHT}"/></g>'
        f"{_text(name, _MARGIN, left)}{_text(badge.value, split + _MARGIN, right)}</svg>\n"
    )


def _text(text: str, x: int, length: int) -> str:
    return (
        f'<text x="{x}" y="14" textLength="{length}" lengthAdjust="spacingAndGlyphs">'
        f"{escape(text)}</text>"
    )
