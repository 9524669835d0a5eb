"""YAML as somebody wrote it: read with its comments, changed in place, written back."""

import io
from collections.abc import Mapping, Sequence

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from .yaml import Value, emit

LONGEST = 200_000
_FAILURES = (
    YAMLError,
    ValueError,
    RecursionError,
    TypeError,
    AttributeError,
    LookupError,
    AssertionError,
)
"""What the reader of YAML raises for what it was not made for."""


def load(text: str) -> CommentedMap:
    """Return the mapping that *text* holds, empty where it holds nothing.

    Raises `ValueError` where it is anything else, or longer than 200,000 characters.
    """
    if len(text) > LONGEST:
        raise ValueError(f"it is longer than {LONGEST} characters")
    try:
        data = _yaml().load(text)
        plain(data)
    except _FAILURES as error:
        said = " ".join(str(error).split())[:200]
        raise ValueError(f"it is not YAML: {said or 'nested too deep'}") from None
    if data is None:
        return CommentedMap()
    if not isinstance(data, CommentedMap):
        raise ValueError("it is not a mapping of keys")
    return data


def dumped(data: CommentedMap) -> str:
    """Return *data* as YAML; raises `ValueError` where it cannot be written."""
    out = io.StringIO()
    try:
        _yaml().dump(data, out)
    except (YAMLError, RecursionError) as error:
        raise ValueError(str(error)) from None
    return out.getvalue()


def plain(value: object) -> Value:
    """Return *value* as plain lists, mappings and scalars; dates become text."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain(inner) for inner in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)


def graft(present: object, wanted: Value) -> object:
    """Return *present* changed into *wanted*; what is equal in both keeps its form and comments."""
    if plain(present) == wanted:
        return present
    if isinstance(present, CommentedMap) and isinstance(wanted, dict):
        for key in [key for key in present if key not in wanted]:
            del present[key]
        for key, value in wanted.items():
            present[key] = graft(present.get(key), value)
        return present
    if isinstance(present, CommentedSeq) and isinstance(wanted, list):
        _graft_items(present, wanted)
        return present
    return _quoted(wanted)


def _graft_items(present: CommentedSeq, wanted: list[Value]) -> None:
    """Change only the items between those that both lists begin and end with."""
    there = [plain(item) for item in present]
    start = _common(there, wanted)
    end = min(_common(there[::-1], wanted[::-1]), len(there) - start, len(wanted) - start)
    middle = wanted[start : len(wanted) - end]
    excess = len(there) - end - start
    for place, value in enumerate(middle[:excess], start):
        present[place] = graft(present[place], value)
    for place in range(start + excess - 1, start + len(middle) - 1, -1):
        del present[place]
    for place, value in enumerate(middle[excess:], start + excess):
        present.insert(place, _quoted(value))


def _common(one: Sequence[Value], other: Sequence[Value]) -> int:
    """Return with how many equal items both lists begin."""
    pairs = zip(one, other, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _quoted(value: Value) -> object:
    """Return *value* with quotes around all text that a reader could take for something else."""
    if isinstance(value, str):
        bare = emit({"k": value}) == f"k: {value}\n"
        return value if bare else DoubleQuotedScalarString(value)
    if isinstance(value, dict):
        return {key: _quoted(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_quoted(inner) for inner in value]
    return value


def _yaml() -> YAML:
    yaml = YAML(typ="rt", pure=True)
    yaml.preserve_quotes = True
    yaml.width = 1_000_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml
