"""The frame of a page, split at its slots: captured once, stamped once a page."""

import re
from collections.abc import Mapping
from typing import NamedTuple, Self

from .lean import lean_frame

# What the frames say where our words belong. None of it reaches a reader.
ORIGIN = "https://cardboard.invalid"
SITE = "CARDBOARD_SITE"

_SLOT = re.compile(
    rf"<!-- cardboard:(?P<hole>[a-z-]+) -->"
    rf"|CARDBOARD_(?P<word>[A-Z]+)"
    rf"|{re.escape(ORIGIN)}/to/(?P<language>[a-z-]+)"
)
_HEAD_LINK = re.compile(r'\s*<link rel="(?:canonical|alternate)" href="[^"]*"[^>]*>')
# The theme's search is a dialog without a name; its own word for it stands inside.
_SEARCH = re.compile(
    r'(<div class="md-search"[^>]* role="dialog")(>.*?<nav class="md-search__options" '
    r'(aria-label="[^"]*"))',
    re.DOTALL,
)
# The policy goes before everything that is loaded.
_CHARSET = re.compile(
    r'<meta charset="utf-8">(?:<meta http-equiv="Content-Security-Policy" content="[^"]*">)?'
)
_ICON = re.compile(
    r'<svg xmlns="http://www\.w3\.org/2000/svg" viewBox="(?P<box>[\d. ]+)">'
    r'(?P<drawn><path d="[^"]*"/>)</svg>'
)


def named(html: str) -> str:
    """Return the frame *html* with a name for its search."""
    return _SEARCH.sub(r"\1 \3\2", html)


def icons_apart(html: str, sheet: str) -> tuple[str, str]:
    """Return *html* with its icons taken from the file at *sheet*, and what belongs into that file.

    An icon is drawn once there, however many pages show it.
    """
    drawn: dict[str, str] = {}

    def refer(found: re.Match[str]) -> str:
        name = drawn.setdefault(found["drawn"], f"i{len(drawn)}")
        return f'<svg viewBox="{found["box"]}"><use href="{sheet}#{name}"/></svg>'

    told = _ICON.sub(refer, html)
    symbols = "".join(f'<g id="{name}">{path}</g>' for path, name in drawn.items())
    return told, f'<svg xmlns="http://www.w3.org/2000/svg">{symbols}</svg>\n'


def switch_target(language: str) -> str:
    """Return the link that a frame holds where the same page in *language* is to be linked."""
    return f"{ORIGIN}/to/{language}"


class Shell(NamedTuple):
    """A page's HTML between its slots, and the slots' names in their order.

    Slots are `<!-- cardboard:NAME -->` and `CARDBOARD_NAME` (NAME in lower case), `to-LANGUAGE` for
    the language switch, and `head`, for links that belong into the page's head.
    """

    literals: tuple[str, ...]
    slots: tuple[str, ...]

    @classmethod
    def capture(cls, html: str, *, compact: bool = False) -> Self:
        """Return the shell of the built page *html*.

        *compact* leaves out what pages do without, for a shell that is stamped often.
        """
        html = named(_HEAD_LINK.sub("", html))
        html = _CHARSET.sub(lambda found: f"{found[0]}<!-- cardboard:head -->", html, count=1)
        if compact:
            html = lean_frame(html)
        literals, slots, end = [], [], 0
        for found in _SLOT.finditer(html):
            literals.append(html[end : found.start()])
            slots.append(
                found["hole"]
                or (found["word"] and found["word"].lower())
                or f"to-{found['language']}"
            )
            end = found.end()
        return cls((*literals, html[end:]), tuple(slots))

    def stamp(self, values: Mapping[str, str]) -> str:
        """Return the page with every slot filled; *values* are HTML, safe where they land.

        Raises `KeyError` for a slot without a value.
        """
        pieces = [self.literals[0]]
        for slot, literal in zip(self.slots, self.literals[1:], strict=True):
            pieces += values[slot], literal
        return "".join(pieces)
