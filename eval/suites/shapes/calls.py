"""Calls of tools that stand in a text, as model families write them; nothing is ever executed."""

import ast
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from ...records import ToolCall
from .chats import call_of
from .conversation import MOST_DEPTH, Call

LONGEST = 1 << 17
"""Letters of one list of calls."""
MOST_CALLS = 200
"""In one answer."""
MARKS = (
    ("<|tool_call_start|>", "<|tool_call_end|>"),
    ("<tool_call>", "</tool_call>"),
    ("<|tool_call>", "<tool_call|>"),
    ("[TOOL_CALLS]", ""),
    ("<|python_tag|>", ""),
)
"""Between what calls stand: LFM2, Hermes and Qwen, Gemma, Mistral, Llama."""

_QUOTE = re.compile(r"\"\"\"|\'\'\'|[\"\']")
_BRACKET = re.compile(r"[()\[\]{}]")
_FOREIGN = re.compile(r"[^\w\s()\[\]{},:=.\-]|--|\w\s+\w|(?:\.\s*\w+\s*){20}")
_NAMES = {"true": True, "false": False, "null": None}
_FUNCTION = re.compile(r"\s*<function=([^\s<>=]{1,200})>")
_PARAMETER = re.compile(r"\s*<parameter=([^\s<>=]{1,200})>\n?")
_MISTRAL = re.compile(r"\s*([\w.-]{1,200})\s*(?:\[CALL_ID\][\w-]{1,100})?\s*\[ARGS\]")


class NoCall(ValueError):
    """A text is no list of calls."""


def calls_in(text: str) -> tuple[Call, ...]:
    """Return the calls in what a model said, in order; none where there are none that parse.

    They stand between the marks of a family, or are the whole of the text: a list of Python calls
    or JSON objects with a name and arguments.
    """
    found: list[Call] = []
    for opening, closing in MARKS:
        if opening in text:
            for inner in _between(text, opening, closing):
                found += _read(inner)
                if len(found) > MOST_CALLS:
                    return tuple(found[:MOST_CALLS])
            return tuple(found)
    stripped = text.strip()
    if stripped[:1] in ("[", "{") and stripped[-1:] in ("]", "}"):
        found += _read(stripped)
    return tuple(found[:MOST_CALLS])


def has_marks(text: str) -> bool:
    """Tell whether *text* holds the mark with which some family begins its calls."""
    return any(opening in text for opening, _ in MARKS)


def printed(calls: tuple[Call, ...]) -> str:
    """Return *calls* as text, each as a JSON object between the tags of Hermes and Qwen."""
    return "\n".join(
        f"<tool_call>\n{_json({'name': call.name, 'arguments': call.arguments})}\n</tool_call>"
        for call in calls
    )


def as_printed(said: Iterable[ToolCall]) -> str:
    """Return the calls that a server gave apart from the text, `printed`; those without a name are
    left out.
    """
    told = ({"name": one.name, "arguments": one.arguments} for one in said)
    return printed(tuple(call for one in told if (call := call_of(one, Counter())) is not None))


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode("utf-8")


def _between(text: str, opening: str, closing: str) -> Iterator[str]:
    for part in text.split(opening)[1:]:
        yield part.split(closing, 1)[0] if closing else part


def _read(text: str) -> list[Call]:
    if len(text) > LONGEST:
        return []
    for reader in (_pythonic, _objects, _tags, _mistral):
        try:
            return reader(text.strip())
        except NoCall:
            continue
    return []


def _objects(text: str) -> list[Call]:
    """Read one JSON object, or a list of them, each with a name and arguments."""
    if text[:1] not in ("[", "{"):
        raise NoCall
    try:
        read = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        raise NoCall from None
    members = read if isinstance(read, list) else [read]
    found = []
    for one in members:
        known = isinstance(one, dict) and any(
            key in one for key in ("arguments", "parameters", "function")
        )
        call = call_of(one, Counter()) if known else None
        if call is None:
            raise NoCall
        found.append(call)
    return found


def _tags(text: str) -> list[Call]:
    """Read `<function=NAME><parameter=KEY>VALUE</parameter></function>`, as Qwen3-Coder writes."""
    named = _FUNCTION.match(text)
    if named is None:
        raise NoCall
    arguments: dict[str, Any] = {}
    at = named.end()
    while found := _PARAMETER.match(text, at):
        end = text.find("</parameter>", found.end())
        if end < 0:
            raise NoCall
        arguments[found[1]] = text[found.end() : end].removesuffix("\n")
        at = end + len("</parameter>")
    if not text.startswith("</function>", _past_blanks(text, at)):
        raise NoCall
    return [Call(name=named[1], arguments=arguments)]


def _past_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _mistral(text: str) -> list[Call]:
    named = _MISTRAL.match(text)
    if named is None:
        raise NoCall
    call = call_of({"name": named[1], "arguments": text[named.end() :]}, Counter())
    return [call] if call is not None else []


def _pythonic(text: str) -> list[Call]:
    """Read `[name(key=value, ...), ...]`: names, keys and literals, and nothing else at all.

    A place without a key is named by its number. The text is parsed, never run.
    """
    if not text.startswith("["):
        raise NoCall
    _check(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes that mean nothing in Python
            tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise NoCall from None
    if not isinstance(tree, ast.List):
        raise NoCall
    found = []
    for node in tree.elts:
        if not isinstance(node, ast.Call):
            raise NoCall
        arguments = {str(place): _literal(one, 0) for place, one in enumerate(node.args)}
        for keyword in node.keywords:
            if keyword.arg is None or keyword.arg in arguments:
                raise NoCall
            arguments[keyword.arg] = _literal(keyword.value, 0)
        found.append(Call(name=_dotted(node.func, 0), arguments=arguments))
    return found


def _check(text: str) -> None:
    """Refuse what cannot be a list of calls, before the parser sees it: its stack is C's.

    Outside of its texts such a list has names, numbers and few signs, no two words side by side,
    and brackets no deeper than the limit.
    """
    bare = "".join(_outside_texts(text))
    if _FOREIGN.search(bare):
        raise NoCall
    depth = 0
    for sign in _BRACKET.findall(bare):
        depth += 1 if sign in "([{" else -1
        if not 0 <= depth <= MOST_DEPTH:
            raise NoCall


def _outside_texts(text: str) -> Iterator[str]:
    at = 0
    while found := _QUOTE.search(text, at):
        yield text[at : found.start()] + "0"
        closing, at = found[0], found.end()
        end = text.find(closing, at)
        while end >= 0 and (escape := text.find("\\", at, end)) >= 0:
            at = escape + 2
            end = end if at <= end else text.find(closing, at)
        if end < 0:
            raise NoCall
        at = end + len(closing)
    yield text[at:]


def _dotted(node: ast.expr, depth: int) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and depth < MOST_DEPTH:
        return f"{_dotted(node.value, depth + 1)}.{node.attr}"
    raise NoCall


def _literal(node: ast.expr, depth: int) -> Any:
    """Return the value of a literal that JSON has, too. Raises NoCall for everything else."""
    if depth > MOST_DEPTH:
        raise NoCall
    match node:
        case ast.Constant(value=str() | bool() | int() | float() | None as value):
            return value
        case ast.Name(id=name) if name in _NAMES:
            return _NAMES[name]
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return -value
        case ast.List(elts=members) | ast.Tuple(elts=members):
            return [_literal(one, depth + 1) for one in members]
        case ast.Dict(keys=keys, values=values):
            names = [None if key is None else _literal(key, depth + 1) for key in keys]
            if not all(isinstance(name, str) for name in names):
                raise NoCall
            return {
                str(name): _literal(value, depth + 1)
                for name, value in zip(names, values, strict=True)
            }
    raise NoCall
