"""Colours of a workspace: whether words in them can be read, and the style sheet that they make."""

from collections.abc import Iterator

from ...eval.errors import ConfigError
from .settings import Colours, Scheme

_PACKAGED = {
    "light": Scheme(
        header="#4a3524",
        header_text="#fff7ea",
        link="#8a4b0f",
        accent="#b45309",
        bar="#d9a566",
    ),
    "dark": Scheme(
        header="#2f261e",
        header_text="#fff7ea",
        link="#e9b270",
        accent="#f3bf80",
        bar="#b7793a",
    ),
}
"""Those of site/assets/frame.css."""
_PAPER = {
    "light": ("#ffffff", "#faf6f0", "#f4ece1"),
    "dark": ("#241f1b", "#2a2520", "#37302a"),
}
"""What words stand on: pages, every other row, headings of tables."""
READABLE, VISIBLE = 4.5, 1.5
"""Least contrast of words (WCAG 2.2, 1.4.3), and of bars beside a printed figure."""
_VARIABLES = {
    "header": (
        "--md-primary-fg-color",
        "--md-primary-fg-color--light",
        "--md-primary-fg-color--dark",
    ),
    "header_text": ("--md-primary-bg-color", "--md-primary-bg-color--light"),
    "link": ("--md-typeset-a-color",),
    "accent": ("--md-accent-fg-color",),
    "bar": ("--cb-bar",),
}
_CUSTOM = '[data-md-color-primary="custom"]'


def check_colours(colours: Colours) -> None:
    """Raise `ConfigError` where words in a workspace's colours could not be read."""
    for name in ("light", "dark"):
        given: Scheme = getattr(colours, name)
        page, *papers = _PAPER[name]
        text = given.header_text or _PACKAGED[name].header_text or ""
        if given.header or given.header_text:
            header = given.header or _PACKAGED[name].header or ""
            key = "header" if given.header else "header_text"
            _need(f"colours.{name}.{key}", header, text, "the header", READABLE)
        for part in ("link", "accent"):
            colour = getattr(given, part)
            under = (page, *papers) if part == "link" else (page,)
            for paper in under if colour else ():
                _need(f"colours.{name}.{part}", colour, paper, f"the paper {paper}", READABLE)
        if given.bar:
            _need(f"colours.{name}.bar", given.bar, page, f"the paper {page}", VISIBLE)


def _need(key: str, colour: str, other: str, where: str, least: float) -> None:
    found = contrast(colour, other)
    if found < least:
        raise ConfigError(
            f"{colour} against {other} has a contrast of {found:.1f}, and {least:g} is needed",
            file="board.toml",
            key=key,
            remedy=f"Take a {'darker' if _light(other) > 0.4 else 'lighter'} colour on {where}.",
        )


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21.

    Source: WCAG 2.2, definition of contrast ratio.
    """
    low, high = sorted((_light(one), _light(other)))
    return (high + 0.05) / (low + 0.05)


def _light(colour: str) -> float:
    """Return the relative luminance of `#rrggbb`."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def style_sheet(colours: Colours) -> str | None:
    """Return the style sheet of a workspace's colours; `None` where it changes none."""
    light, dark = (list(_lines(scheme)) for scheme in (colours.light, colours.dark))
    parts = []
    if light:
        # Paper is white, whatever the screen is.
        parts += [_rule(f'[data-md-color-scheme="default"]{_CUSTOM}', light)]
        parts += [f"@media print {{\n{_rule(_CUSTOM, light)}}}\n"]
    if dark:
        rule = _rule(f'[data-md-color-scheme="slate"]{_CUSTOM}', dark)
        parts += [f"@media screen {{\n{rule}}}\n"]
    return "\n".join(parts) or None


def _lines(scheme: Scheme) -> Iterator[str]:
    for part, variables in _VARIABLES.items():
        colour = getattr(scheme, part)
        for variable in variables if colour else ():
            yield f"  {variable}: {colour.lower()};\n"


def _rule(selector: str, lines: list[str]) -> str:
    return f"{selector} {{\n{''.join(lines)}}}\n"
