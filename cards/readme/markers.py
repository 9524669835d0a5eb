"""The two comments between which a README is ours, and the hash that shows edits between them."""

import hashlib
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

_BEGIN = re.compile(
    r"^<!-- cardboard:begin sha256=([0-9a-f]{64})((?: [a-z]+=[\w.,:+-]+)*) -->[ \t]*\r?\n",
    re.MULTILINE | re.ASCII,
)
_END = re.compile(r"^<!-- cardboard:end -->[ \t]*(?=\r?\n|\Z)", re.MULTILINE)
# Text inside a line may name a marker, as a model's name in quotes does; a line begins with one.
_ANY = re.compile(r"^<!--\s*cardboard:(?:begin|end)\b", re.IGNORECASE | re.MULTILINE)

_NONE: Mapping[str, str] = MappingProxyType({})


class Parts(NamedTuple):
    """A README around our part: *before* and *after* are somebody else's, byte for byte."""

    before: str
    body: str
    after: str
    declared: str
    """The hash that the opening marker carries: of what we last wrote."""
    marks: Mapping[str, str] = _NONE
    """What else the opening marker carries, by name: `board`, which is whose card this is."""

    @property
    def edited(self) -> bool:
        """Tell whether somebody changed our part since we wrote it."""
        return digest(self.body) != self.declared


def digest(body: str) -> str:
    """Return the SHA-256 of *body*; how its lines end makes no difference."""
    plain = body.replace("\r\n", "\n") if "\r" in body else body  # looking is far quicker
    plain = plain.strip("\n")
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()


def wrap(body: str, marks: Mapping[str, str] = _NONE) -> str:
    """Return *body* between the markers, with a final newline; the first one carries *marks*."""
    plain = body.strip("\n")
    told = "".join(f" {name}={value}" for name, value in marks.items() if value)
    return (
        f"<!-- cardboard:begin sha256={digest(plain)}{told} -->\n{plain}\n<!-- cardboard:end -->\n"
    )


def split(text: str) -> Parts | None:
    """Return the parts of *text*; `None` where it has no markers.

    Raises `ValueError` where the markers are damaged: one alone, in the wrong order, or repeated.
    """
    if _ANY.search(text) is None:
        return None
    begins, ends = list(_BEGIN.finditer(text)), list(_END.finditer(text))
    if len(begins) != 1 or len(ends) != 1 or len(_ANY.findall(text)) != 2:
        raise ValueError("the cardboard markers are damaged: one of each must stand on its line")
    begin, end = begins[0], ends[0]
    if end.start() < begin.end():
        raise ValueError("the cardboard markers are in the wrong order")
    return Parts(
        before=text[: begin.start()],
        body=text[begin.end() : end.start()],
        after=text[_past_line(text, end.end()) :],
        declared=begin[1],
        marks=dict(pair.split("=", 1) for pair in begin[2].split()),
    )


def _past_line(text: str, position: int) -> int:
    """Return where the line that ends at *position* is over, its line end included."""
    for ending in ("\r\n", "\n"):
        if text.startswith(ending, position):
            return position + len(ending)
    return position
