"""What is wrong in a file that people write, in words: which key, what it is, what to write."""

import codecs
import datetime
import re
import tomllib
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import Struct

from ..errors import ConfigError, line, meant, nearest
from ..metrics import AGGREGATE, ID

T = TypeVar("T")

_LISTED = 16
"""Known keys that are told at the most; of more than that only the nearest is."""
_KINDS: dict[Any, str] = {
    str: "a text in quotes",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    list: "a list",
    tuple: "a list",
    dict: "a table",
    type(None): "nothing",
    datetime.date: "a date",
    datetime.datetime: "a date",
    datetime.time: "a time",
}
_PATTERNS = {
    r"^\w[\w.-]{0,95}$": "Write its name on the Hub, without spaces or slashes.",
    "^#[0-9a-fA-F]{6}$": "Write # and six of the signs 0-9 and a-f, as in #1a6fb5.",
    r"^0[0-7]{3}$": "Write the rights of a file as a text, as in 0644.",
    r"^[a-z0-9]+(-[a-z0-9]+)*$": "Write lower-case letters and digits, with - between words.",
    r"^[a-z0-9][a-z0-9._-]*$": "Write lower-case letters, digits and ._-, without a slash.",
    "^[0-9a-f]{40}$": "Write the whole hash of a commit, 40 of the signs 0-9 and a-f.",
    ID: "Write lower-case letters, digits and _, as in bits_per_byte.",
    AGGREGATE: "Write mean, median, sum or, with a number in place of k, pass@k or pass^k.",
}
_PLACE = re.compile(r"\(at line (\d+), column \d+\)")


class Mistake(NamedTuple):
    """What is wrong, at which key, and what to write instead."""

    what: str
    key: str
    remedy: str


def mistake(value: object, shape: Any, key: str = "") -> Mistake | None:
    """Return the first thing that keeps *value*, which stands at *key*, from being *shape*."""
    return next(_mistakes(value, shape, key, shape), None)


def read_table(file: Path, shape: type[T], *, name: str | None = None) -> T:
    """Read the TOML *file*, which people write, as *shape*; *name* is what messages call it.

    Raises `ConfigError` that names file, key and remedy.
    """
    called = str(file) if name is None else name
    text = text_of(read_bytes(file, called), called)
    try:
        value = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        found = no_toml(error, text)
        raise ConfigError(found.what, file=called, key=found.key, remedy=found.remedy) from None
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise misfit(error, called, value, shape) from None


def misfit(
    error: msgspec.ValidationError, file: str, value: object, shape: Any, *within: str
) -> ConfigError:
    """Return what is wrong in words: key, kind and remedy, in place of msgspec's own."""
    found = mistake(value, shape, ".".join(within))
    if found is None:  # a rule of the shape's own, which says its key and what it wants
        what, _, place = str(error).partition(" - at `$")
        key = ".".join(filter(None, (*within, place.strip("`."))))
        return ConfigError(what, file=file, key=key or None)
    return ConfigError(found.what, file=file, key=found.key or None, remedy=found.remedy)


def read_bytes(file: Path, name: str) -> bytes:
    """Return what *file* holds; raise `ConfigError`, which calls it *name*."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        what, remedy = "no such file", "Write it, or name the folder that holds it."
    except IsADirectoryError:
        what, remedy = "is a folder", "A file belongs there: move the folder away."
    except OSError as error:
        what, remedy = error.strerror or "cannot be read", "See that you may read it."
    raise ConfigError(what, file=name, remedy=remedy)


def text_of(data: bytes, name: str) -> str:
    """Return the text of *data*, with line feeds; raise `ConfigError` where it is not Unicode.

    A byte order mark may stand before it.
    """
    try:
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            text = data.decode("utf-16")
        else:
            text = data.decode("utf-8-sig")
        if "\0" in text:
            raise ValueError
    except ValueError:
        raise ConfigError(
            "is not UTF-8", file=name, remedy="Save it as UTF-8 in your editor."
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def no_toml(error: Exception, text: str) -> Mistake:
    """Say in which line a *text* is no TOML, and what may be meant there."""
    place = _PLACE.search(str(error))
    lines = text.splitlines() or [""]
    number = int(place[1]) if place else len(lines)
    shown = lines[min(number, len(lines)) - 1].strip()
    what = _PLACE.sub("", str(error)).replace("(at end of document)", "").strip()
    what = f"is not TOML: {what[:1].lower()}{what[1:]}: {line(shown, 80)}"
    return Mistake(what, f"line {number}", _toml_remedy(what, shown))


def _toml_remedy(what: str, shown: str) -> str:
    if bracketed := _bracket_remedy(shown):
        return bracketed
    key, sign, value = (part.strip() for part in shown.partition("="))
    if "twice" in what or "overwrite" in what:
        return "Each table and key stands once: put both into one, or begin a list with [[...]]."
    if re.search("[\u2018-\u201f]", shown):
        return 'Write straight quotes: "...".'
    if not sign and ":" in shown:
        name, _, rest = shown.partition(":")
        return f"Write {name.strip()} = {rest.strip() or '...'}"
    if value in ("True", "False"):
        return f"Write {key} = {value.lower()}"
    if "\\" in value:
        return f"Write {key} = '...' with single quotes: there a backslash is a backslash."
    if re.match(r"\d+,\d+$", value):
        return f"Write {key} = {value.replace(',', '.')}"
    if sign and re.match(r"[^\W\d]", value) and not value.startswith(("true", "false")):
        return f'Put the text in quotes: {key} = "{value}"'
    if sign and not re.fullmatch(r"[A-Za-z0-9_.\"' -]+", key):
        return f'Put the key in quotes: "{key}" = {value}'
    if any(part in what for part in ("nclosed", "nterminated", "xpected ']'", r"'\n'")):
        return "Close what is open there: a quote, a bracket or a brace."
    return 'Write one KEY = VALUE a line, texts in quotes, as in name = "my-suite".'


def _bracket_remedy(shown: str) -> str:
    """Return what to write where a line is meant as the name of a table; nothing elsewhere."""
    if shown.startswith("{"):
        return "Write TOML and not JSON: [TABLE] on a line, and KEY = VALUE on lines below it."
    if shown.startswith("[") and shown.count("[") > shown.count("]") and "=" not in shown:
        return f"Close the bracket: {shown}{']' * (shown.count('[') - shown.count(']'))}"
    if re.fullmatch(r"\[+[^\]\"']*[^\w.\]\"'-][^\]\"']*\]+", shown):
        name = shown.strip("[]").strip()
        return f'Put the name in quotes: ["{name}"]'
    return ""


def _mistakes(value: object, shape: Any, key: str, whole: Any) -> Iterator[Mistake]:
    inner = _plain(shape)
    tagged = _tagged(inner)
    if _is_struct(inner):
        yield from _in_struct(value, inner, key, whole)
    elif tagged and isinstance(value, dict):
        yield from _in_one_of(value, tagged, key, whole)
    elif get_origin(inner) in (dict, Mapping) and isinstance(value, dict):
        for name, one in value.items():
            yield from _mistakes(one, get_args(inner)[1], _below(key, name), whole)
    elif get_origin(inner) is tuple and isinstance(value, list):
        for number, one in enumerate(value):
            yield from _mistakes(one, get_args(inner)[0], f"{key}[{number}]", whole)
        if not value:
            yield from _unfit(value, shape, key)
    else:
        yield from _unfit(value, shape, key)


def _unfit(value: object, shape: Any, key: str) -> Iterator[Mistake]:
    try:
        msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        yield _misfit(value, _plain(shape), key, str(error))


def _tagged(kind: Any) -> dict[str, type[Struct]]:
    """Return the tables of which *kind* is one, by the word that tells which."""
    if get_origin(kind) not in (Union, types.UnionType):
        return {}
    some = [one for one in get_args(kind) if _is_struct(one)]
    return {str(one.__struct_config__.tag): one for one in some if one.__struct_config__.tag}


def _in_one_of(
    value: dict[str, Any], tagged: Mapping[str, type[Struct]], key: str, whole: Any
) -> Iterator[Mistake]:
    told_by = str(next(iter(tagged.values())).__struct_config__.tag_field)
    word = value.get(told_by)
    if isinstance(word, str) and word in tagged:
        yield from _in_struct(value, tagged[word], key, whole)
        return
    one = f"one of: {', '.join(tagged)}."
    if word is None:
        yield Mistake(f"{told_by} is missing", key, f"Add {told_by}, {one}")
    else:
        place = _below(key, told_by)
        remedy = f"{meant(str(word), tagged)}Write {one}"
        yield Mistake(f"{_shown(word)} is none of its words", place, remedy)


def _in_struct(value: object, shape: type[Struct], key: str, whole: Any) -> Iterator[Mistake]:
    if not isinstance(value, dict):
        yield _misfit(value, shape, key, "")
        return
    fields = {field.encode_name: field for field in msgspec.structs.fields(shape)}
    rule = shape.__struct_config__
    for name in value:
        if name not in fields and name != rule.tag_field and rule.forbid_unknown_fields:
            yield Mistake("no such key", _below(key, name), _known(name, fields, whole))
    for name, field in fields.items():
        if name in value:
            yield from _mistakes(value[name], field.type, _below(key, name), whole)
        elif field.required:
            text = _example(name, field.type, "...")
            yield Mistake(f"{name} is missing", key, f"Add {text}")


def _known(name: str, fields: Mapping[str, object], whole: Any) -> str:
    """Return which key may have been meant, in this table or in another one."""
    if near := nearest(name, fields):
        return f"The nearest known key is {near}."
    places = [place for place in _places(name, whole, "") if place]
    if places:
        return f"It belongs under {places[0]}."
    if len(fields) <= _LISTED:
        return f"Known keys: {', '.join(fields)}."
    return "Every key is documented under \u201cFile formats\u201d."


def _places(name: str, shape: Any, table: str, depth: int = 0) -> Iterator[str]:
    """Yield the tables of *shape* that have a key *name*, the outermost first."""
    inner = _plain(shape)
    if not _is_struct(inner) or depth > 2:
        return
    fields = msgspec.structs.fields(inner)
    if any(field.encode_name == name for field in fields):
        yield table
    for field in fields:
        kind = _plain(field.type)
        inside = get_args(kind)[-1 if get_origin(kind) is dict else 0] if get_args(kind) else kind
        within = f"{table.strip('[]')}.{field.encode_name}".lstrip(".")
        shown = {dict: f"[{within}.NAME]", tuple: f"[[{within}]]"}
        yield from _places(name, inside, shown.get(get_origin(kind), f"[{within}]"), depth + 1)


def _misfit(value: object, inner: Any, key: str, told: str) -> Mistake:
    """Say what *value* is and what it must be, with an example that keeps what was meant."""
    name = re.sub(r"\[\d+\]$", "", key.rpartition(".")[2])
    words = _words(inner)
    if words and told.startswith("Invalid enum"):
        remedy = f"{meant(str(value), words)}Write one of: {', '.join(words)}."
        return Mistake(f"{_shown(value)} is none of its words", key, remedy)
    length = re.search(r"of length (>=|<=) (\d+)", told)
    if length and isinstance(value, (str, list, dict)):
        if length[1] == ">=":
            return Mistake("is empty", key, f"Write {_example(name, inner, '...')}")
        return Mistake(f"is longer than {length[2]}", key, "Make it shorter.")
    pattern = re.search(r"matching regex '(.*)'$", told.partition(" - at ")[0])
    if pattern:
        plain = pattern[1].replace("\\\\", "\\")
        return Mistake(
            f"{_shown(value)} does not fit", key, _PATTERNS.get(plain, f"It must match {plain}")
        )
    bound = re.search(r"(>=|<=|>|<) ([\d.e+-]+)", told)
    if bound and isinstance(value, (int, float)) and not isinstance(value, bool):
        sign = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}[bound[1]]
        limit = bound[2].removesuffix(".0")
        remedy = f"Write a number that is {sign} {limit}."
        return Mistake(f"{value} must be {sign} {limit}", key, remedy)
    wanted = _KINDS.get(get_origin(inner) or inner) or ("a table" if _is_struct(inner) else None)
    if words:
        wanted = _KINDS[str]
    if wanted is None:
        kinds = [one for one in get_args(inner) if one is not type(None)]
        wanted = " or ".join(_KINDS.get(get_origin(one) or one, "a table") for one in kinds)
    found = _KINDS.get(type(value), "something else")
    remedy = f"Write {_example(name, inner, value)}"
    return Mistake(f"must be {wanted}, and is {found}", key, remedy)


def _example(name: str, kind: Any, value: object) -> str:
    """Return *name* as it may be written, with *value* where that can be meant."""
    inner = _plain(kind)
    origin = get_origin(inner)
    name = name if re.fullmatch("[A-Za-z0-9_-]+", name) else f'"{name}"'
    text = _shown(value if isinstance(value, (str, int, float)) else "...")
    words = _words(inner)
    if words:
        return f'{name} = "{words[0]}"'
    if _is_struct(inner):
        return f"it as a table of its own: [{name}]"
    if inner == dict[str, str] and name == "links":
        return f'{name} = {{ paper = "https://..." }}'
    if inner == dict[str, str]:
        return f'{name} = {{ en = {text}, ko = "..." }}'
    if origin is tuple and _is_struct(_plain(get_args(inner)[0])):
        return f"[[{name}]] with two brackets, once for each"
    if origin is tuple:
        return f"{name} = [{text}]"
    if origin is dict:
        return f"it as a table of its own: [{name}]"
    if origin in (Union, types.UnionType) and not {int, float} & {*get_args(inner)}:
        return f'{name} = "..."'
    if inner in (int, float) or origin in (Union, types.UnionType):
        number = re.search(r"-?\d+(?:\.\d+)?", str(value))
        return f"{name} = {number[0] if number else 1}"
    if inner is bool:
        return f"{name} = {'false' if str(value).lower() in ('false', 'no', '0') else 'true'}"
    return f'{name} = "{value}"' if isinstance(value, (int, float)) else f'{name} = "..."'


def _shown(value: object) -> str:
    return '"' + line(str(value), 60).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _words(kind: Any) -> list[str]:
    """Return the words that *kind* knows; none where it takes others as well."""
    if get_origin(kind) is Literal:
        return [str(one) for one in get_args(kind)]
    return []


def _plain(kind: Any) -> Any:
    """Return *kind* without bounds, other names and `None`."""
    if get_origin(kind) is Annotated:
        return _plain(get_args(kind)[0])
    if get_origin(kind) in (Union, types.UnionType):
        rest = [one for one in get_args(kind) if one is not type(None)]
        return _plain(rest[0]) if len(rest) == 1 else kind
    return kind


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Struct)


def _below(key: str, name: str) -> str:
    return f"{key}.{name}".lstrip(".")
