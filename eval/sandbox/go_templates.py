"""Templates of Go as Ollama renders them: the usual constructs, and no answer for the others."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from .go_values import CannotTell, Map, Printed, Struct, collated, json_of, message_of, tool_of

MOST_STEPS, DEEPEST = 200_000, 40
"""Nodes that one render may go through, and how deep they may lie in one another."""


class Refused(Exception):
    """Ollama would end with an error, too."""


class TooLong(Exception):
    """The prompt is longer than it may be."""


class _Break(Exception):
    pass


class _Continue(Exception):
    pass


Node = tuple[Any, ...]
_ACTION = re.compile(
    r"\{\{(-\s)?\s*(/\*.*?\*/|(?:\"(?:\\.|[^\"\\])*\"|`[^`]*`|[^\"`])*?)\s*?(\s-)?\}\}", re.S
)
_TOKEN = re.compile(
    r"\s*(?:(?P<string>\"(?:\\.|[^\"\\])*\"|`[^`]*`)|(?P<number>-?\d+(?:\.\d+)?)|(?P<sign>:=|=|\||\(|\)|,)"
    r"|(?P<field>(?:\.[A-Za-z_]\w*)+)|(?P<dot>\.(?!\w))|(?P<variable>\$\w*(?:\.[A-Za-z_]\w*)*)"
    r"|(?P<word>[A-Za-z_]\w*))"
)


def rendered(text: str, known: Mapping[str, Any], now: str, most: int) -> str:
    """Return the prompt that Ollama makes of *known*: `messages`, `tools`, `enable_thinking`.

    Raises CannotTell, Refused, and TooLong where it has more than *most* characters.
    """
    nodes = _parsed(text)
    fields = set(_fields(nodes))
    if not fields & {"messages", "response"}:
        nodes = [*nodes, ("print", [[("field", (".Response",))]])]
    thinking = known.get("enable_thinking")
    always = {"Think": bool(thinking), "ThinkLevel": "", "IsThinkSet": thinking is not None}
    system, messages = collated(known["messages"])
    run = _Run(datetime.fromisoformat(now), most)
    if "messages" in fields:
        tools = None if known.get("tools") is None else Printed(map(tool_of, known["tools"]))
        held = [message_of(one) for one in messages]
        root = {"System": system, "Messages": held, "Tools": tools, "Response": ""}
        run.all(nodes, [{"$": {**root, **always}}], {**root, **always})
        return "".join(run.written)
    return _in_pairs(nodes, messages, always, run)


def _in_pairs(
    nodes: list[Node], messages: Sequence[Mapping[str, Any]], always: Mapping[str, Any], run: "_Run"
) -> str:
    """Render as Ollama does through templates that know no messages: question, answer, again."""
    held = {"System": "", "Prompt": "", "Response": ""}

    def execute(tree: list[Node]) -> None:
        root = {**held, **always}
        run.all(tree, [{"$": root}], root)
        held.update(System="", Prompt="", Response="")

    for one in messages:
        role, content = one["role"], one.get("content") or ""
        if (role == "system" and (held["Prompt"] or held["Response"])) or (
            role == "user" and held["Response"]
        ):
            execute(nodes)
        name = {"system": "System", "user": "Prompt", "assistant": "Response"}.get(role)
        if name is not None:
            held[name] = content
    execute(_before_response(nodes)[0])
    return "".join(run.written)


# --- reading --------------------------------------------------------------------------------------


def _parsed(text: str) -> list[Node]:
    pieces = list(_pieces(text))
    nodes, rest = _list(pieces, 0, 0)
    if rest < len(pieces):
        raise CannotTell(f"an end without a beginning: {pieces[rest][1]}")
    return nodes


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """Yield texts and actions in order, blanks taken away where an action asks for it."""
    place, trims = 0, False
    for found in _ACTION.finditer(text):
        before = text[place : found.start()]
        if trims:
            before = before.lstrip(" \t\r\n")
        if found.group(1):
            before = before.rstrip(" \t\r\n")
        if before:
            yield "text", before
        place, trims = found.end(), bool(found.group(3))
        if not found.group(2).startswith("/*"):
            yield "action", found.group(2).strip()
    rest = text[place:].lstrip(" \t\r\n") if trims else text[place:]
    if "{{" in rest:
        raise CannotTell("an action that does not end")
    if rest:
        yield "text", rest


def _list(pieces: Sequence[tuple[str, str]], at: int, depth: int) -> tuple[list[Node], int]:
    """Read nodes until an action `else` or `end` that is not theirs; return them and its place."""
    if depth > DEEPEST:
        raise CannotTell("actions too deep in one another")
    nodes: list[Node] = []
    while at < len(pieces):
        kind, text = pieces[at]
        word, _, rest = text.partition(" ")
        if kind == "text":
            nodes.append(("text", text))
        elif word in ("end", "else"):
            return nodes, at
        elif word in ("if", "range", "with"):
            node, at = _branch(word, rest, pieces, at + 1, depth + 1)
            nodes.append(node)
        elif text in ("break", "continue"):
            nodes.append((text,))
        elif word in ("define", "template", "block"):
            raise CannotTell(f"the action {word}")
        else:
            nodes.append(_action(text))
        at += 1
    return nodes, at


def _branch(
    word: str, condition: str, pieces: Sequence[tuple[str, str]], at: int, depth: int
) -> tuple[Node, int]:
    body, at = _list(pieces, at, depth)
    others: list[Node] = []
    if at < len(pieces) and pieces[at][1].startswith("else"):
        rest = pieces[at][1].removeprefix("else").strip()
        if rest:
            name, _, inner = rest.partition(" ")
            if name not in ("if", "with"):
                raise CannotTell(f"else {name}")
            node, at = _branch(name, inner, pieces, at + 1, depth + 1)
            return (word, _action(condition), body, [node]), at
        others, at = _list(pieces, at + 1, depth)
    if at >= len(pieces) or pieces[at][1] != "end":
        raise CannotTell(f"{word} without end")
    return (word, _action(condition), body, others), at


def _action(text: str) -> Node:
    """Return `("print", pipe)`, `("set", names, declared, pipe)`."""
    tokens = list(_tokens(text))
    names: list[str] = []
    for place, (kind, value) in enumerate(tokens):
        if kind == "variable":
            names.append(value)
        elif value in (":=", "="):
            pipe, _ = _pipe(tokens, place + 1, 0)
            return ("set", names, value == ":=", pipe)
        elif value != ",":
            break
    pipe, end = _pipe(tokens, 0, 0)
    if end < len(tokens):
        raise CannotTell(f"the action {text[:60]}")
    return ("print", pipe)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    text = text.strip()
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise CannotTell(f"the sign {text[place]!r}")
        kind = str(found.lastgroup)
        after = text[found.end() : found.end() + 1]
        if kind == "word" and after == ".":
            raise CannotTell("a field of a call")
        yield kind, found.group(kind)
        place = found.end()


def _pipe(tokens: Sequence[tuple[str, str]], at: int, depth: int) -> tuple[list[list[Node]], int]:
    """Return the commands of a pipe, each a list of its operands."""
    if depth > DEEPEST:
        raise CannotTell("brackets too deep in one another")
    commands: list[list[Node]] = [[]]
    while at < len(tokens):
        kind, value = tokens[at]
        if value == ")" and kind == "sign":
            break
        if kind == "sign" and value == "|":
            commands.append([])
        elif kind == "sign" and value == "(":
            inner, at = _pipe(tokens, at + 1, depth + 1)
            if at >= len(tokens):
                raise CannotTell("a bracket that does not end")
            fields: tuple[str, ...] = ()
            if at + 1 < len(tokens) and tokens[at + 1][0] == "field":
                at += 1
                fields = tuple(tokens[at][1].split(".")[1:])
            commands[-1].append(("pipe", inner, fields))
        elif kind == "sign":
            raise CannotTell(f"the sign {value}")
        else:
            commands[-1].append((kind, value if kind != "field" else (value,)))
        at += 1
    if not all(commands):
        raise CannotTell("an empty command")
    return commands, at


def _fields(nodes: Sequence[Node]) -> Iterator[str]:
    """Yield the names that Ollama finds in a template, as it decides by them what to pass."""
    for node in nodes:
        if node[0] in ("if", "range", "with"):
            yield from _fields([node[1], *node[2], *node[3]])
        elif node[0] in ("print", "set"):
            for command in node[-1]:
                for kind, value, *_ in command:
                    if kind in ("field", "variable"):
                        text = value[0] if kind == "field" else value
                        yield from (name.lower() for name in re.split(r"[.$]", text) if name)


def _before_response(nodes: Sequence[Node]) -> tuple[list[Node], bool]:
    """Return *nodes* up to the field Response, as the model is to go on from there."""
    kept: list[Node] = []
    for node in nodes:
        if node[0] in ("if", "range", "with"):
            body, cut = _before_response(node[2])
            others, other_cut = ([], False) if cut else _before_response(node[3])
            if cut and node[3]:
                raise CannotTell("an answer within a condition that has another case")
            kept.append((node[0], node[1], body, others))
            if cut or other_cut:
                return kept, True
        else:
            kept.append(node)
            if "response" in _fields([node]):
                return kept, True
    return kept, False


# --- rendering ------------------------------------------------------------------------------------


class _Run:
    """One render."""

    def __init__(self, now: datetime, most: int) -> None:
        self.written: list[str] = []
        self._now, self._most, self._steps, self._length = now, most, 0, 0

    def all(self, nodes: Sequence[Node], scopes: list[dict[str, Any]], dot: Any) -> None:
        """Render *nodes* in a scope of their own, within *scopes*."""
        if len(scopes) > DEEPEST:
            raise CannotTell("scopes too deep in one another")
        inner = [*scopes, {}]
        for node in nodes:
            self._step()
            if node[0] == "text":
                self._write(node[1])
            elif node[0] in ("break", "continue"):
                raise _Break if node[0] == "break" else _Continue
            elif node[0] == "print":
                self._write(_printed(self._piped(node[1], inner, dot)))
            elif node[0] == "set":
                self._set(node, inner, dot)
            else:
                self._branch(node, inner, dot)

    def _branch(self, node: Node, scopes: list[dict[str, Any]], dot: Any) -> None:
        word, condition, body, others = node
        inner = [*scopes, {}]
        value = self._piped(condition[-1], scopes, dot)
        names = condition[1] if condition[0] == "set" else []
        if word != "range":
            if names:
                inner[-1][names[0]] = value
            taken = body if _true(value) else others
            self.all(taken, inner, value if word == "with" and _true(value) else dot)
            return
        items = self._items(value)
        for key, one in items:
            self._step()
            if len(names) == 2:
                inner[-1].update({names[0]: key, names[1]: one})
            elif names:
                inner[-1][names[0]] = one
            try:
                self.all(body, inner, one)
            except _Continue:
                continue
            except _Break:
                break
        if not items:
            self.all(others, inner, dot)

    def _items(self, value: Any) -> list[tuple[Any, Any]]:
        if value is None:
            return []
        if isinstance(value, list):
            return list(enumerate(value))
        if isinstance(value, Mapping) and not isinstance(value, Struct):
            return [(key, value[key]) for key in sorted(value)]
        raise CannotTell(f"range over {type(value).__name__}")

    def _set(self, node: Node, scopes: list[dict[str, Any]], dot: Any) -> None:
        _, names, declared, pipe = node
        value = self._piped(pipe, scopes, dot)
        if len(names) != 1 or "." in names[0]:
            raise CannotTell("several variables at once")
        held = scopes[-1] if declared else next((s for s in scopes[::-1] if names[0] in s), None)
        if held is None:
            raise Refused(f"undefined variable {names[0]}")
        held[names[0]] = value

    def _piped(self, pipe: Sequence[Sequence[Node]], scopes: list[dict[str, Any]], dot: Any) -> Any:
        value: Any = None
        for place, command in enumerate(pipe):
            last = [value] if place else []
            value = self._command(command, last, scopes, dot)
        return value

    def _command(
        self, command: Sequence[Node], last: list[Any], scopes: list[dict[str, Any]], dot: Any
    ) -> Any:
        self._step()
        first = command[0]
        if first[0] == "word" and first[1] not in ("true", "false", "nil"):
            return self._call(first[1], command[1:], last, scopes, dot)
        if len(command) > 1 or last:
            raise CannotTell("a call of a method")
        return self._operand(first, scopes, dot)

    def _operand(self, node: Node, scopes: list[dict[str, Any]], dot: Any) -> Any:
        kind, value = node[0], node[1]
        if kind == "pipe":
            return _field(self._piped(value, scopes, dot), node[2])
        if kind == "string":
            return value[1:-1] if value[0] == "`" else _text(value)
        if kind == "number":
            return float(value) if "." in value else int(value)
        if kind == "dot":
            return dot
        if kind == "field":
            return _field(dot, value[0].split(".")[1:])
        if kind == "variable":
            name, *fields = value.split(".")
            scope = next((one for one in scopes[::-1] if name in one), None)
            if scope is None:
                raise Refused(f"undefined variable {name}")
            return _field(scope[name], fields)
        if value in ("true", "false", "nil"):
            return {"true": True, "false": False, "nil": None}[value]
        return self._call(value, (), [], scopes, dot)

    def _call(
        self,
        name: str,
        given: Sequence[Node],
        last: list[Any],
        scopes: list[dict[str, Any]],
        dot: Any,
    ) -> Any:
        if name in ("and", "or"):
            value: Any = None
            for node in given:
                value = self._operand(node, scopes, dot)
                if _true(value) == (name == "or"):
                    return value
            return last[0] if last else value
        values = [self._operand(node, scopes, dot) for node in given] + last
        if name in ("currentDate", "yesterdayDate"):
            day = self._now - timedelta(days=int(name == "yesterdayDate"))
            return day.strftime("%Y-%m-%d")
        if name not in _FUNCTIONS:
            raise CannotTell(f"the function {name}")
        try:
            return _FUNCTIONS[name](*values)
        except (TypeError, LookupError, ValueError) as error:
            raise Refused(f"{name}: {error}") from error

    def _step(self) -> None:
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise CannotTell(f"more than {MOST_STEPS} steps")

    def _write(self, text: str) -> None:
        self._length += len(text)
        if self._length > self._most:
            raise TooLong(f"more than {self._most} characters")
        self.written.append(text)


def _text(quoted: str) -> str:
    try:
        found: str = json.loads(quoted, strict=False)
    except ValueError:
        raise CannotTell(f"the text {quoted[:40]}") from None
    return found


def _field(value: Any, fields: Sequence[str]) -> Any:
    for name in fields:
        if isinstance(value, Struct):
            if name not in value:
                raise Refused(f"can't evaluate field {name}")
            value = value[name]
        elif isinstance(value, Mapping):
            value = value.get(name)
        elif value is None:
            raise Refused(f"nil pointer evaluating {name}")
        else:
            raise Refused(f"can't evaluate field {name}")
    return value


def _true(value: Any) -> bool:
    return True if isinstance(value, Struct) else bool(value)


def _printed(value: Any) -> str:
    if value is None:
        return "<no value>"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int):
        return str(value)
    if isinstance(value, Printed | Map) or hasattr(value, "json"):
        return json_of(value)
    raise CannotTell(f"{type(value).__name__} as text")


def _equal(first: Any, *others: Any) -> bool:
    if not others:
        raise ValueError("missing argument for comparison")
    for one in others:
        if type(one) is not type(first):
            raise TypeError("incompatible types for comparison")
    return any(first == one for one in others)


def _less(first: Any, other: Any) -> bool:
    if type(first) is not type(other) or not isinstance(first, str | int | float):
        raise TypeError("incompatible types for comparison")
    return bool(first < other)


def _length(value: Any) -> int:
    if value is None:
        raise TypeError("len of nil pointer")
    return len(value.encode()) if isinstance(value, str) else len(value)


def _slice(value: Any, *places: int) -> Any:
    start, end = (*places, *(0, _length(value))[len(places) :])[:2]
    if not 0 <= start <= end <= _length(value):
        raise LookupError("index out of range")
    if isinstance(value, str):
        return value.encode()[start:end].decode("utf-8", "replace")
    return type(value)(value[start:end]) if isinstance(value, list) else value[start:end]


def _index(value: Any, *places: Any) -> Any:
    for place in places:
        if isinstance(value, list) and (not isinstance(place, int) or place < 0):
            raise LookupError("index out of range")
        value = value.get(place) if isinstance(value, Mapping) else value[place]
    return value


def _formatted(form: str, *values: Any) -> str:
    rest = list(values)
    pieces = re.split(r"(%[sdvq%])", form)
    if "%" in "".join(pieces[::2]):
        raise CannotTell(f"the format {form}")

    def one(sign: str) -> str:
        if sign == "%%":
            return "%"
        value = rest.pop(0)
        return json.dumps(value, ensure_ascii=False) if sign == "%q" else _printed(value)

    return "".join(one(each) if place % 2 else each for place, each in enumerate(pieces))


def _joined(*values: Any) -> str:
    """Print *values* one after the other, with a blank between two that are no texts."""
    found = ""
    for place, value in enumerate(values):
        texts = isinstance(value, str) or (place and isinstance(values[place - 1], str))
        found += ("" if not place or texts else " ") + _printed(value)
    return found


_FUNCTIONS: Mapping[str, Any] = {
    "eq": _equal,
    "ne": lambda first, other: not _equal(first, other),
    "lt": _less,
    "le": lambda first, other: not _less(other, first),
    "gt": lambda first, other: _less(other, first),
    "ge": lambda first, other: not _less(first, other),
    "not": lambda value: not _true(value),
    "len": _length,
    "slice": _slice,
    "index": _index,
    "json": json_of,
    "print": _joined,
    "println": lambda *values: " ".join(map(_printed, values)) + "\n",
    "printf": _formatted,
}
