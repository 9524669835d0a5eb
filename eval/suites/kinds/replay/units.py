"""Command units: how they are normalised, split into tokens and compared as bags of tokens."""

import re
from collections.abc import Iterable

WAIT = "<WAIT>"
"""The unit of a command that sends no keys."""

Token = str | tuple[str, int]
"""A token; where a unit has it more than once, the k-th is `(token, k)`."""

Bag = frozenset[Token]
"""A multiset of tokens as a set, so that an overlap is the size of a plain intersection."""

# No group is possessive: Python 3.11.2, which Debian 12 has, loses its place in such a group.
_WORD = re.compile(r"""(?:[^ '"\\]++|\\.|'[^']*+'|"[^"\\]*+(?:\\.[^"\\]*+)*")+""", re.DOTALL)
_QUOTED = re.compile(r"""\\(.)|'([^']*+)'|"([^"\\]*+(?:\\.[^"\\]*+)*)\"""", re.DOTALL)
_ESCAPED = re.compile(r"""\\(["\\])""")


def normalise(unit: str) -> str:
    """Collapse each run of blanks in *unit* to one; a unit that holds nothing else is a wait."""
    return " ".join(unit.split()) or WAIT


def words(line: str) -> list[str]:
    """Split *line*, its blanks collapsed, as `shlex.split` does, or at blanks where that fails."""
    if "'" not in line and '"' not in line and "\\" not in line:
        return line.split()
    line = " ".join(line.split())
    found = _WORD.findall(line)
    # What no word could take in (an open quote, a last backslash) is missing from the words.
    if " ".join(found) != line:
        return line.split()
    if "\\" not in line and '"' not in line:
        return [word.replace("'", "") for word in found]
    if "\\" not in line and "'" not in line:
        return [word.replace('"', "") for word in found]
    return [_QUOTED.sub(_meaning, word) for word in found]


def _meaning(part: re.Match[str]) -> str:
    """Return what an escape or a quoted part of a word stands for."""
    escaped, single, double = part.groups()
    if double is None:
        return str(escaped if single is None else single)
    return _ESCAPED.sub(r"\1", double) if "\\" in double else str(double)


def bag_of(tokens: Iterable[str]) -> Bag:
    """Return the multiset of *tokens*."""
    seen: dict[str, int] = {}
    members: set[Token] = set()
    for token in tokens:
        count = seen[token] = seen.get(token, 0) + 1
        members.add(token if count == 1 else (token, count))
    return frozenset(members)


def bag(unit: str) -> Bag:
    """Return the bag of the tokens of *unit*: normalised, without case, split as a shell does."""
    tokens = words(unit.lower()) or [WAIT.lower()]
    distinct = frozenset(tokens)
    return distinct if len(distinct) == len(tokens) else bag_of(tokens)


def similarity(left: Bag, right: Bag) -> float:
    """Return the F1 of the overlap of two bags, 0..1; two empty bags are equal."""
    if not left or not right:
        return float(not left and not right)
    overlap = len(left & right)
    if not overlap:
        return 0.0
    precision, recall = overlap / len(left), overlap / len(right)
    return 2 * precision * recall / (precision + recall)
