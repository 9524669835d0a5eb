"""Plain values as YAML that every reader takes back unchanged: our own fast block emitter."""

import json
import math
import re
from functools import lru_cache

Scalar = str | int | float | bool | None
Value = Scalar | dict[str, "Value"] | list["Value"]

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_/.-]*\Z")
# Words that YAML 1.1 or 1.2 reads as something else than text.
_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"))
# Printable for JSON, but not for YAML: these need an escape inside quotes.
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def emit(data: dict[str, Value]) -> str:
    """Return *data* as a YAML block with a final newline; the order of keys is kept.

    Text is quoted wherever a reader might take it for a number, a date or a truth value. Raises
    `ValueError` for NaN and infinity, naming the key. Half of a surrogate pair becomes U+FFFD.
    """
    if not data:
        return "{}\n"
    lines: list[str] = []
    _mapping(data, "", lines, "")
    return "\n".join(lines) + "\n"


def _mapping(data: dict[str, Value], indent: str, lines: list[str], way: str) -> None:
    for key, value in data.items():
        _entry(f"{_text(key)}:", value, indent, lines, f"{way}.{key}" if way else key)


def _entry(head: str, value: Value, indent: str, lines: list[str], way: str) -> None:
    if isinstance(value, dict):
        lines.append(f"{indent}{head}" if value else f"{indent}{head} {{}}")
        _mapping(value, indent + "  ", lines, way)
    elif isinstance(value, list):
        lines.append(f"{indent}{head}" if value else f"{indent}{head} []")
        _sequence(value, indent + "  ", lines, way)
    else:
        lines.append(f"{indent}{head} {_scalar(value, way)}")


def _sequence(values: list[Value], indent: str, lines: list[str], way: str) -> None:
    for number, value in enumerate(values):
        place = f"{way}[{number}]"
        if isinstance(value, dict) and value:
            start = len(lines)
            _mapping(value, indent + "  ", lines, place)
            lines[start] = f"{indent}- {lines[start].lstrip(' ')}"
        elif isinstance(value, list) and value:
            lines.append(f"{indent}-")
            _sequence(value, indent + "  ", lines, place)
        else:
            _entry("-", value, indent, lines, place)


def _scalar(value: Scalar, way: str) -> str:
    if isinstance(value, str):
        return _text(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if not math.isfinite(value):
        raise ValueError(f"{way}: {value} may not stand in front matter")
    return _float(value)


def _float(value: float) -> str:
    """Return *value* so that YAML 1.1 reads a float: a dot before any exponent, which is signed."""
    text = repr(value)
    if "e" not in text:
        return text
    mantissa, _, exponent = text.partition("e")
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}e{int(exponent):+03d}"


@lru_cache(maxsize=4096)
def _text(value: str) -> str:
    if _PLAIN.match(value) and value.lower() not in _WORDS:
        return value
    quoted = json.dumps(_SURROGATE.sub("\ufffd", value), ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", quoted)
