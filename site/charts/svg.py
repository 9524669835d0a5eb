"""From Vega's SVG to markup for a page: our colours, our links, and nothing that pages refuse."""

import re
from collections.abc import Iterator
from html import escape
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

# What a drawing is made with, and what it stands for on a page in the reader's colour scheme.
INK, GRID, MARK, BEST = "#010101", "#020202", "#030303", "#040404"
FAMILIES = tuple(f"#0501{number:02}" for number in range(1, 9))
"""One a family, by its number."""
SHAPES = (
    "circle", "square", "diamond", "triangle-up", "cross", "triangle-down", "triangle-right",
    "triangle-left",
)  # fmt: skip
"""Signs that go with them, for whoever cannot tell the colours."""
SIGNS = "●■◆▲✚▼▶◀"
COLOURS = {
    **{colour: f"var(--cb-family-{n})" for n, colour in enumerate(FAMILIES, start=1)},
    INK: "var(--cb-chart-ink)",
    GRID: "var(--cb-line)",
    MARK: "var(--cb-chart-mark)",
    BEST: "var(--cb-chart-best)",
}
LINK = "https://cardboard.invalid/"
"""Where links of a drawing lead to: what follows is the page's to complete."""

_NAMESPACE = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_KEPT = {
    "g": ("transform", "fill"),
    "a": (),
    "path": ("transform", "d", "fill", "stroke", "stroke-width", "stroke-dasharray", "opacity"),
    "line": ("transform", "x2", "y2", "stroke", "stroke-width", "opacity"),
    "text": ("transform", "text-anchor", "font-size", "fill"),
}
_SAYS_NOTHING = {("transform", "translate(0,0)"), ("opacity", "1"), ("stroke-width", "1")}
_NUMBER = re.compile(r"-?\d+\.\d{3,}(?:e-?\d+)?")


def inner(svg: str, way: str) -> str:
    """Return what is in the root of the drawing *svg*; links lead to *way* and the rest of them."""
    root = ElementTree.fromstring(svg)
    return "".join(piece for child in root for piece in _pieces(child, way))


def _pieces(element: Element, way: str) -> Iterator[str]:
    """Yield *element* in pieces, without what Vega says of how it came about."""
    name = element.tag.removeprefix(_NAMESPACE)
    if name not in _KEPT or element.get("class") in ("background", "foreground"):
        return
    inside = [piece for child in element for piece in _pieces(child, way)]
    text = escape(element.text or "", quote=False)
    if name == "g":
        if inside:
            yield from (f"<g{_attributes(element, name)}>", *inside, "</g>")
    elif name == "a":
        href = escape(way + element.get(_HREF, "").removeprefix(LINK))
        said = escape(element[0].get("aria-label", ""), quote=False)
        yield from (f'<a href="{href}" tabindex="-1"><title>{said}</title>', *inside, "</a>")
    elif text:
        yield f"<{name}{_attributes(element, name)}>{text}</{name}>"
    else:
        yield f"<{name}{_attributes(element, name)}/>"


def _attributes(element: Element, name: str) -> str:
    told = ((key, element.get(key)) for key in _KEPT[name])
    return "".join(
        f' {key}="{_value(value)}"'
        for key, value in told
        if value is not None and (key, value) not in _SAYS_NOTHING
    )


def _value(value: str) -> str:
    """Return an attribute's value with our colours, and numbers at a hundredth of a unit."""
    plain = COLOURS.get(value) or _NUMBER.sub(lambda n: f"{round(float(n[0]), 2):g}", value)
    return escape(plain.removesuffix("px"))
