"""Pictures of shared links as PNG, drawn with a font that comes along and nothing of a machine."""

import io
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from msgspec import Struct

from ..frame.page import PREVIEW_SIZE

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

WIDTH, HEIGHT = PREVIEW_SIZE
MOST_ROWS = 5

FONT = "cardboard-sans.otf"
_LETTERS = "".join(map(chr, (*range(0x20, 0x7F), *range(0xA0, 0x100)))) + "‐–—‘’“”•…→−≤≥★"

_EDGE, _HEAD = 60, 150
_LONGEST, _END = 200, 10
# The sign for it stands at half height in a Korean font.
_GAP = "..."
# Sixteen colours, so that two dots share a byte: paper, the tan of bars and ink; cardboard, cream.
_BODY = ((255, 253, 249), (217, 165, 102), (43, 29, 18))
_TOP = ((74, 53, 36), (255, 247, 234))
_SHADES, _ALL = 10, 16
# How dark something is drawn on its ground.
_INK, _QUIET, _BAR, _LINE = 255, 200, 120, 50


class Row(Struct, frozen=True, kw_only=True):
    """A ranked entry as a picture shows it: words, and where its score lies among all, 0 to 1."""

    name: str
    owner: str
    rank: str
    ranks: str | None
    """The ranks that stay open."""
    score: str
    interval: str | None
    at: float
    reach: tuple[float, float] | None
    """Where the ends of the interval lie."""


class Card(Struct, frozen=True, kw_only=True):
    """What a picture says beside its rows; what cannot be drawn is empty."""

    title: str
    site: str
    rank: str
    """The words for it, as those below."""
    score: str
    interval: str
    """Empty where there is none."""
    counted: str
    """How many are ranked, in words."""
    ranked: int | None
    """`None` where the rank is told as a band."""


def drawable(text: str) -> bool:
    """Tell whether the font has every letter of *text*: Latin, and the Hangul of KS X 1001."""
    return all(letter in _LETTERS or _hangul(letter) for letter in text)


def _hangul(letter: str) -> bool:
    # The codec knows all other syllables as well, as the eight bytes of their letters.
    return "가" <= letter <= "힣" and len(letter.encode("euc_kr")) == 2


def told(text: str, instead: str = "") -> str:
    """Return *text* in one line, or *instead* where the font lacks any of its letters."""
    line = " ".join(unicodedata.normalize("NFC", text[:_LONGEST]).split())
    return line if drawable(line) else instead[:_LONGEST]


def of_board(card: Card, rows: Sequence[Row]) -> bytes:
    """Return the picture of a board: its best *rows*, five at most."""
    image, draw = _begun(card)
    spread = (_INK, "ra")
    for number, row in enumerate(rows[:MOST_ROWS]):
        y = _HEAD + 14 + 82 * number
        _write(draw, (150, y), row.rank, 38, *spread, width=90)
        _write(draw, (150, y + 46), row.ranks or "", 20, _QUIET, "ra", width=120)
        _write(draw, (190, y), row.owner, 20, _QUIET, width=500)
        _write(draw, (190, y + (24 if row.owner else 14)), row.name, 34, width=500, ends=True)
        _write(draw, (WIDTH - _EDGE, y), row.score, 38, *spread, width=200)
        _write(draw, (WIDTH - _EDGE, y + 46), row.interval or "", 20, _QUIET, "ra", width=200)
        _scale(draw, row, (730, y + 36, 220), 16)
    _write(draw, (_EDGE, HEIGHT - 46), card.interval, 22, _QUIET, width=700)
    _write(draw, (WIDTH - _EDGE, HEIGHT - 46), card.counted, 22, _QUIET, "ra", width=300)
    return _packed(image)


def of_model(card: Card, row: Row, others: Sequence[float]) -> bytes:
    """Return the picture of a model; *others* are where all scores of its board lie, 0 to 1."""
    image, draw = _begun(card)
    wide = WIDTH - 2 * _EDGE
    _write(draw, (_EDGE, _HEAD + 24), row.owner, 28, _QUIET, width=wide)
    _write(draw, (_EDGE, _HEAD + 58), row.name, 62, width=wide, ends=True)
    beside = f"{card.interval}: {row.interval}" if card.interval else row.interval
    rank = row.rank if card.ranked is None else f"{row.rank} / {card.ranked}"
    for x, title, value, below in (
        (_EDGE, card.rank, rank, row.ranks),
        (WIDTH // 2, card.score, row.score, beside if row.interval else None),
    ):
        _write(draw, (x, _HEAD + 166), title, 26, _QUIET, width=480)
        _write(draw, (x, _HEAD + 196), value, 84, width=510)
        _write(draw, (x, _HEAD + 304), below or "", 28, _QUIET, width=510)
    y = HEIGHT - 74
    for place in sorted({_EDGE + round(other * wide) for other in others}):
        draw.line((place, y - 14, place, y + 14), fill=_BAR, width=2)
    _scale(draw, row, (_EDGE, y, wide), 24)
    return _packed(image)


def _begun(card: Card) -> "tuple[Image, ImageDraw]":
    """Return an empty picture with its head written, which has a ground of its own later."""
    from PIL import Image, ImageDraw

    image = Image.new("L", (WIDTH, HEIGHT), 0)
    draw = ImageDraw.Draw(image)
    title, site = (card.title, card.site) if card.title else (card.site, "")
    wide = WIDTH - 2 * _EDGE
    _write(draw, (_EDGE, 24), title, 46, width=wide)
    _write(draw, (_EDGE, 92), site, 28, _QUIET, width=wide)
    return image, draw


def _scale(draw: "ImageDraw", row: Row, place: tuple[int, int, int], half: int) -> None:
    """Draw where the score of *row* lies, with its interval, on a line from x, y and so wide."""
    x, y, wide = place
    draw.line((x, y, x + wide, y), fill=_LINE, width=2)
    if row.reach is not None:
        low, high = (x + round(end * wide) for end in row.reach)
        draw.rectangle((low, y - half // 2, max(high, low + 2), y + half // 2), fill=_BAR)
    at = x + round(row.at * wide)
    draw.rectangle((at - 3, y - half, at + 3, y + half), fill=_INK)


def _write(
    draw: "ImageDraw",
    place: tuple[int, int],
    text: str,
    size: int,
    shade: int = _INK,
    anchor: str = "la",
    *,
    width: int,
    ends: bool = False,
) -> None:
    """Write *text*, smaller where it is too wide, and cut where that does not help.

    *ends* leaves the last letters, in which names of models differ.
    """
    for smaller in (size, size * 5 // 6, size * 2 // 3):
        font = _font(smaller)
        if font.getlength(text) <= width:
            break
    else:
        text = _cut(text, font, width, text[-_END:] if ends else "")
    # A smaller line stands on the same ground as one of full size would.
    drop = (size - smaller) * 7 // 8
    draw.text((place[0], place[1] + drop), text, fill=shade, font=font, anchor=anchor)


def _cut(text: str, font: "FreeTypeFont", width: int, end: str) -> str:
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if font.getlength(f"{text[:middle]}{_GAP}{end}") <= width:
            low = middle
        else:
            high = middle - 1
    return f"{text[:low].rstrip()}{_GAP}{end}"


@lru_cache(maxsize=32)
def _font(size: int) -> "FreeTypeFont":
    from PIL import ImageFont

    data = (files("cardboard") / "site" / "charts" / "fonts" / FONT).read_bytes()
    # The other layout is that of a library which a machine may have or not.
    return ImageFont.truetype(io.BytesIO(data), size, layout_engine=ImageFont.Layout.BASIC)


def _packed(image: "Image") -> bytes:
    """Return the drawn shades as PNG: those of the head on cardboard, all others on paper."""
    from PIL import Image

    split = (0, 0, WIDTH, _HEAD), (0, _HEAD, WIDTH, HEIGHT)
    steps = _SHADES - 1, _ALL - _SHADES - 1
    head = image.crop(split[0]).point([_SHADES + round(n * steps[1] / 255) for n in range(256)])
    body = image.crop(split[1]).point([round(n * steps[0] / 255) for n in range(256)])
    image.paste(head, split[0])
    image.paste(body, split[1])
    packed = Image.frombytes("P", image.size, image.tobytes())
    packed.putpalette([part for colour in _colours() for part in colour])
    out = io.BytesIO()
    packed.save(out, "PNG", bits=4, compress_level=6)
    return out.getvalue()


def _colours() -> list[tuple[int, ...]]:
    half = (_SHADES - 1) / 2
    body = [
        _between(*(_BODY[:2] if n <= half else _BODY[1:]), n / half if n <= half else n / half - 1)
        for n in range(_SHADES)
    ]
    return body + [_between(*_TOP, n / (_ALL - _SHADES - 1)) for n in range(_ALL - _SHADES)]


def _between(one: tuple[int, ...], other: tuple[int, ...], way: float) -> tuple[int, ...]:
    return tuple(round(a + (b - a) * way) for a, b in zip(one, other, strict=True))
