"""A README's front matter, patched key by key: what is not ours keeps its bytes."""

import hashlib
import re
from typing import NamedTuple

from ruamel.yaml.comments import CommentedMap

from .model_index import Ours, merged_index
from .three_way import INDEX, Agreed, Terms, agreed
from .yaml import Value, emit
from .yaml_nodes import dumped, graft, load, plain

# What the Hub takes for front matter, and an empty block, which its reader passes over.
_BLOCK = re.compile(
    r"(\s*---(?:\r\n|\r|\n))(?:(.*?)(\r\n|\r|\n))??(---[ \t]*(?:\r\n|\n|\Z))", re.DOTALL
)
_OPEN = re.compile(r"\s*---[ \t]*(?:\r\n|\r|\n)(?:[ \t]*#[^\r\n]*[\r\n]+)*[\w-]+[ \t]*:(?:\s|$)")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_TRIVIA = re.compile(r"[ \t]*(?:#[^\r\n]*)?(?:\r\n|\r|\n)?")
# Line breaks for YAML 1.1 and none for 1.2: readers disagree about where a line ends.
_DOUBTFUL = re.compile("[\x85\u2028\u2029]")


class Block(NamedTuple):
    """A README cut at its front matter; the four parts together are the text."""

    opening: str
    yaml: str
    closing: str
    rest: str


class _Patch(NamedTuple):
    """What is to become of some keys: their new values, those that go, and those wholly ours."""

    values: dict[str, Value]
    removed: frozenset[str]
    whole: frozenset[str]


class Patched(NamedTuple):
    """Front matter as it shall be, the keys that changed in it, and what became of each."""

    yaml: str
    changed: tuple[str, ...]
    agreed: Agreed


def split(text: str) -> Block | None:
    """Return *text* cut at its front matter, `None` where it has none."""
    found = _BLOCK.match(text)
    if found is None:
        return None
    yaml = (found[2] or "") + (found[3] or "")
    return Block(found[1], yaml, found[4], text[found.end() :])


def is_open(text: str) -> bool:
    """Tell whether *text* begins front matter that nothing ends: a rule, and keys below it."""
    return _OPEN.match(text) is not None and split(text) is None


def sha256(yaml: str) -> str:
    """Return the SHA-256 of a front matter's YAML."""
    return hashlib.sha256(yaml.encode("utf-8", "surrogatepass")).hexdigest()


def patched(yaml: str, wanted: dict[str, Value], ours: Ours, terms: Terms) -> Patched:
    """Return the YAML text *yaml* with our keys as *wanted*; every other key keeps its bytes.

    What is there of our keys gives way or stays by *terms*. In `model-index` the results that are
    *ours* are replaced. Raises `ValueError` where the text is not a YAML mapping that can be
    patched.
    """
    data = load(yaml)
    said = plain(data)
    assert isinstance(said, dict)
    settled = agreed(said, wanted, terms)
    patch = _patch(said, wanted.get(INDEX), settled, ours)
    changed = (*patch.values, *sorted(patch.removed))
    if not changed:
        return Patched(yaml, (), settled)
    order = _order(data)
    for way in (_spliced, _rewritten):
        text = way(yaml, data, patch)
        if text is not None and _holds(text, said, order, patch):
            return Patched(text, changed, settled)
    raise ValueError("it uses YAML that cannot be patched safely")


def differing(yaml: str, wanted: dict[str, Value]) -> tuple[str, ...]:
    """Return the keys of which *yaml* says something else than *wanted*; raises `ValueError`."""
    said = plain(load(yaml))
    assert isinstance(said, dict)
    keys = dict.fromkeys([*said, *wanted])
    return tuple(key for key in keys if said.get(key) != wanted.get(key))


def _patch(said: dict[str, Value], index: Value, settled: Agreed, ours: Ours) -> _Patch:
    values, removed = dict(settled.values), settled.removed
    there = said.get(INDEX)
    results, theirs = merged_index(there, index, ours), merged_index(there, None, ours)
    if results is None and there is not None:
        removed |= {INDEX}
    elif results != there:
        values[INDEX] = results
    whole = frozenset([*values] if theirs is None else [*values.keys() - {INDEX}])
    return _Patch(values, removed, whole)


def _spliced(text: str, data: CommentedMap, patch: _Patch) -> str | None:
    """Return *text* with only the lines of changed keys replaced, `None` if lines do not tell."""
    lines = _LINE.findall(text)
    starts = None if _DOUBTFUL.search(text) else _starts(data, len(lines))
    if starts is None:
        return None
    newline = "\r\n" if "\r\n" in text else "\n"
    first = list(starts.values())
    parts = lines[: first[0] if first else len(lines)]
    # One end more than keys where there are none.
    for (key, start), end in zip(starts.items(), [*first[1:], len(lines)], strict=False):
        own = _without_trivia(lines, start, end)
        if key in patch.values:
            new = _redumped("".join(lines[start:own]), key, patch)
            parts.append(new.replace("\n", newline))
        elif key not in patch.removed:
            parts += lines[start:own]
        parts += lines[own:end]
    fresh = {key: value for key, value in patch.values.items() if key not in starts}
    if fresh and parts and not parts[-1].endswith(("\n", "\r")):
        parts.append(newline)
    return "".join(parts) + (emit(fresh).replace("\n", newline) if fresh else "")


def _starts(data: CommentedMap, count: int) -> dict[str, int] | None:
    """Return the line on which each key begins; `None` unless each begins a line of its own."""
    known = data.lc.data or {}
    places = {str(key): data.lc.key(key) for key in data if key in known}
    lines = [line for line, _ in places.values()]
    ordered = lines == sorted(set(lines)) and all(line < count for line in lines)
    if len(places) < len(data) or not ordered or any(column for _, column in places.values()):
        return None
    return {key: line for key, (line, _) in places.items()}


def _without_trivia(lines: list[str], start: int, end: int) -> int:
    """Return where the key ends: comments and blank lines behind it are somebody else's."""
    while end > start + 1 and _TRIVIA.fullmatch(lines[end - 1]):
        end -= 1
    return end


def _redumped(text: str, key: str, patch: _Patch) -> str:
    """Return the lines of *key* with its new value, keeping the form of what stays in it."""
    value = patch.values[key]
    if "#" not in text and key in patch.whole:
        return emit({key: value})
    try:
        data = load(text.replace("\r\n", "\n"))
        data[key] = graft(data.get(key), value)
        return dumped(data)
    except ValueError:
        return emit({key: value})


def _rewritten(text: str, data: CommentedMap, patch: _Patch) -> str | None:
    """Return *text* as ruamel.yaml writes it anew: values, order and comments stay, not bytes."""
    for key in patch.removed:
        del data[key]
    for key, value in patch.values.items():
        data[key] = graft(data.get(key), value)
    try:
        return dumped(data)
    except ValueError:
        return None


def _holds(text: str, said: Value, order: list[str], patch: _Patch) -> bool:
    """Tell whether *text* says what it should: ours as wanted, all else as was *said*, in order."""
    assert isinstance(said, dict)
    try:
        after = load(text)
    except ValueError:
        return False
    kept = {key: value for key, value in said.items() if key not in patch.removed}
    keys = dict.fromkeys([key for key in order if key not in patch.removed] + [*patch.values])
    return plain(after) == kept | patch.values and _order(after) == list(keys)


def _order(data: CommentedMap) -> list[str]:
    """Return the keys as they are written, without those that `<<` merges in."""
    return [str(key) for key in data.lc.data or {}]
