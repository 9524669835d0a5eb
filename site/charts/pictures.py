"""A drawing as a file of its own, and a page that others can show in a frame."""

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

from ..frame.security import POLICY
from .scales import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH

_HEAD = 34
"""Room above the drawing for what it is of."""
_LINK = re.compile(r'<a href="[^"]*" tabindex="-1">')
# The colours of pages, by the reader's scheme.
_LIGHT = (
    "--cb-chart-ink:#40372f;--cb-line:#e4d9cc;--cb-page:#fff;--cb-chart-mark:#9a5b16;"
    "--cb-chart-best:#1d4e89;--cb-family-1:#1d4e89;--cb-family-2:#2b7349;--cb-family-3:#a3335c;"
    "--cb-family-4:#6a4fb3;--cb-family-5:#0b6f7d;--cb-family-6:#6b5d00;--cb-family-7:#5b6470;"
    "--cb-family-8:#b4451f"
)
_DARK = (
    "--cb-chart-ink:#d8cec3;--cb-line:#4a4038;--cb-page:#1c1815;--cb-chart-mark:#dba55e;"
    "--cb-chart-best:#8fc1f7;--cb-family-1:#8fc1f7;--cb-family-2:#7fcf9b;--cb-family-3:#f08fb0;"
    "--cb-family-4:#b9a5f5;--cb-family-5:#6fd0dd;--cb-family-6:#d9c64a;--cb-family-7:#b3bcc7;"
    "--cb-family-8:#f0936b"
)
_STYLE = (
    f"svg{{{_LIGHT};background:var(--cb-page);font-family:system-ui,sans-serif}}"
    f"@media(prefers-color-scheme:dark){{svg{{{_DARK}}}}}"
    "text{fill:var(--cb-chart-ink);paint-order:stroke;stroke:var(--cb-page);stroke-width:3px;"
    "stroke-linejoin:round}.t{font-size:16px;font-weight:700}.w{font-size:14px;font-weight:600}"
    ".l{font-size:12px}"
)
_FRAME = (
    '<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
    f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<meta name="robots" content="noindex">'
    '<title>{title}</title><link rel="stylesheet" href="{root}assets/cardboard/embed.css"></head>'
    "<body><main><h1>{title}</h1>{body}</main></body></html>\n"
)


class Written(NamedTuple):
    """A word inside a drawing: where it stands, and by which end."""

    x: float
    y: float
    anchor: str
    text: str


def picture(
    inner: str, words: Iterable[Written], title: str, legend: Sequence[tuple[int, str, str]]
) -> str:
    """Return a drawing as a whole file: what is *inner* on a page, with *title* and *legend*.

    Its links are gone, since nobody knows where the file will lie.
    """
    width, height = LEFT + WIDTH + RIGHT, TOP + HEIGHT + BOTTOM
    told = "".join(
        f'<text class="w" x="{one.x}" y="{one.y}" text-anchor="{one.anchor}">'
        f"{escape(one.text)}</text>"
        for one in words
    )
    lines = -(-len(legend) // 4)
    keys = "".join(
        f'<text class="l" x="{LEFT + number % 4 * 145}" y="{height + 20 + number // 4 * 18}">'
        f'<tspan fill="var({_key(colour)})">{sign}</tspan> {escape(name[:20])}</text>'
        for number, (colour, sign, name) in enumerate(legend)
    )
    plain = _LINK.sub("<g>", inner).replace("</a>", "</g>")
    whole = height + _HEAD + (18 * lines + 12 if lines else 0)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{whole}" '
        f'viewBox="0 {-_HEAD} {width} {whole}" role="img"><title>{escape(title)}</title>'
        f'<style>{_STYLE}</style><text class="t" x="4" y="-12">{escape(title)}</text>'
        f"{plain}{told}{keys}</svg>\n"
    )


class Line(NamedTuple):
    """A line of a list: whose it is, what it says, and where its bar lies, in per cent."""

    label: str
    slug: str
    cells: tuple[str, ...]
    bar: tuple[float, float, float | None] | None = None
    """Its start, how wide it is, and the mark on it."""


class Listed(NamedTuple):
    """A chart that is a list."""

    name: str
    title: str
    columns: tuple[str, ...]
    """What stands over the labels, and over each cell."""
    lines: tuple[Line, ...]


_LINE, _LETTER, _LABEL, _BAR, _LONGEST = 26, 7.2, 330, 150, 40


def listing(listed: Listed) -> str:
    """Return a list as a whole file that looks like `picture`: columns as wide as their words."""
    bars = any(line.bar for line in listed.lines)
    rights, right = [], _LABEL + (_BAR + 20 if bars else 0)
    for number in range(len(listed.columns) - 1):
        head = 1.3 * _wide(_short(listed.columns[number + 1]))
        told = (_wide(_short(line.cells[number])) for line in listed.lines)
        right += round(max(head, *told, 0) * _LETTER) + 16
        rights.append(right)
    drawn = [_line(8, listed.columns[0], listed.columns[1:], rights, 0, bold=True)]
    for number, line in enumerate(listed.lines, start=1):
        y = _LINE * number
        drawn.append(_line(8, line.label, line.cells, rights, y))
        if line.bar is not None:
            start, wide, mark = line.bar
            x = round(_LABEL + start * _BAR / 100, 1)
            long = round(max(wide * _BAR / 100, 1), 1)
            drawn.append(
                f'<rect x="{x}" y="{y + 7}" width="{long}" height="12" opacity=".45" '
                'fill="var(--cb-chart-mark)"/>'
            )
            if mark is not None:
                at = round(_LABEL + mark * _BAR / 100 - 1, 1)
                drawn.append(
                    f'<rect x="{at}" y="{y + 4}" width="2" height="18" fill="var(--cb-chart-ink)"/>'
                )
    high, width = _HEAD + _LINE * (len(listed.lines) + 1) + 6, max(right + 8, 560)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{high}" '
        f'viewBox="0 {-_HEAD} {width} {high}" role="img"><title>{escape(listed.title)}</title>'
        f'<style>{_STYLE}</style><text class="t" x="4" y="-12">{escape(listed.title)}</text>'
        f"{''.join(drawn)}</svg>\n"
    )


def _line(
    x: int, label: str, cells: Sequence[str], rights: Sequence[int], y: int, *, bold: bool = False
) -> str:
    kind = "w" if bold else "l"
    told = [f'<text class="{kind}" x="{x}" y="{y + 18}">{escape(_short(label))}</text>']
    for one, right in zip(cells, rights, strict=True):
        at = f'x="{right}" y="{y + 18}" text-anchor="end"'
        told.append(f'<text class="{kind}" {at}>{escape(_short(one))}</text>')
    return "".join(told)


def _short(text: str) -> str:
    """Return *text* without its middle where it is long: names differ at their ends."""
    if _wide(text) <= _LONGEST:
        return text
    most = _LONGEST // 2 if _wide(text) > len(text) else _LONGEST
    return text if len(text) <= most else f"{text[: most - 13]}…{text[-12:]}"


def _wide(text: str) -> int:
    """Return how many letters of Latin are as wide as *text*."""
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in text)


def list_table(listed: Listed, root: str) -> str:
    """Return a list as a table for a frame; *root* leads to the language's tree."""
    heads = "".join(f'<th scope="col">{escape(one)}</th>' for one in listed.columns)
    rows = "".join(
        f'<tr><th scope="row"><a href="{root}models/{escape(line.slug)}/" target="_top">'
        f"<bdi>{escape(line.label)}</bdi></a></th>"
        f"{''.join(f'<td>{escape(cell)}</td>' for cell in line.cells)}</tr>"
        for line in listed.lines
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _key(family: int) -> str:
    return f"--cb-family-{family}" if family else "--cb-chart-mark"


def frame(language: str, root: str, title: str, body: str) -> str:
    """Return a page for frames; *root* leads to the language's tree, *body* is markup of ours."""
    return _FRAME.format(language=language, root=root, title=escape(title), body=body)
