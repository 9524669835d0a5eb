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


def _key(family: int) -> str:
    return f"--cb-family-{family}" if family else "--cb-chart-mark"


def frame(language: str, root: str, title: str, body: str) -> str:
    """Return a page for frames; *root* leads to the language's tree, *body* is markup of ours."""
    return _FRAME.format(language=language, root=root, title=escape(title), body=body)
