"""The rules of BFCL's own checker, stated anew: which answers are right by them, and why not.

They are here so that a figure by them can stand beside ours, and are no model of how to score. The
rules are those of the package bfcl_eval 2026.3.23 for items of one turn in Python's syntax. Nothing
of an answer is executed; where their reader would, only sums of plain numbers are worked out.
"""

import ast
import operator
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from .matching import Match
from .parsers.pythonic import PYTHONIC
from .parsers.reading import Call, Reading

Refusal = Literal[
    "reader", "count", "name", "required", "parameter", "type", "value", "left-out", "match", "call"
]
"""Why an answer is wrong by their rules: it cannot be read; another number of calls; another tool;
a required parameter missing; a parameter that is not wanted; its type; its value; one left out that
may not be; no call for a wanted one among several; a call, or none, where the other is right."""

Cause = Literal[
    "broken-is-none",
    "silence-is-none",
    "reader",
    "signs-erased",
    "variable",
    "accepted",
    "greedy",
    "whole-number",
    "default",
    "same-value",
    "other",
]
"""Why their rules and ours part on an answer."""

MOST_LETTERS = 100_000
"""Of an answer that is read as theirs is; a longer one cannot be read."""
MOST_DEPTH = 200
"""Brackets of one that are open at once."""

Types = tuple[str, str | None]


class Bfcl(Struct, frozen=True, kw_only=True):
    """What an item holds by which their rules judge it."""

    category: Annotated[str, Meta(max_length=60)]
    answers: Annotated[tuple[dict[str, dict[str, list[Any]]], ...], Meta(max_length=16)] = ()
    """The right calls: for each parameter the values that are accepted, `""` for leaving it out."""
    types: dict[str, dict[str, Types]] = {}
    """Of each tool's parameters, in their words: the type, and that of the items of a list."""
    required: dict[str, tuple[str, ...]] = {}


class Judged(Struct, frozen=True, kw_only=True):
    """What an answer is by their rules."""

    right: bool
    refusal: Refusal | None = None
    """The first thing that is wrong."""
    made: tuple[Call, ...] | None = None
    """The calls that their reader finds; `None` where it fails."""


def judged(item: Bfcl, answer: str, found: Reading, family: str | None) -> Judged:
    """Return what *answer* is by their rules, *found* being our reading of it as *family* writes.

    Pythonic calls, and those of models that were only told how to call, are read as their reader of
    prompted models does. Others they read as JSON, each with a reader of its own: those are ours.
    """
    pythonic = family in (None, PYTHONIC.name)
    made = calls_in(answer) if pythonic else (None if found.broken else found.calls)
    if "relevance" in item.category:
        none_right = "irrelevance" in item.category
        right = none_right is not bool(made)
        return Judged(right=right, refusal=None if right else "call", made=made)
    refusal: Refusal | None = "reader" if made is None else _refusal(item, made)
    return Judged(right=refusal is None, refusal=refusal, made=made)


def _refusal(item: Bfcl, made: Sequence[Call]) -> Refusal | None:
    if len(made) != len(item.answers):
        return "count"
    if "parallel" not in item.category:
        return fault(made[0], item.answers[0], item)
    left = list(made)
    for answer in item.answers:  # the first call that fits is taken, whatever it leaves the others
        fitting = next((call for call in left if fault(call, answer, item) is None), None)
        if fitting is None:
            return "match"
        left.remove(fitting)
    return None


def fault(call: Call, answer: Mapping[str, Mapping[str, list[Any]]], item: Bfcl) -> Refusal | None:
    """Return why *call* is not *answer* by their rules; `None` where it is."""
    ((name, accepted),) = answer.items()
    if call.name != name:
        return "name"
    if any(one not in call.arguments for one in item.required.get(name, ())):
        return "required"
    types = item.types.get(name, {})
    for parameter, value in call.arguments.items():
        if parameter not in types or parameter not in accepted:
            return "parameter"
        if (wrong := _value_fault(value, accepted[parameter], *types[parameter])) is not None:
            return wrong
    left = [one for one in accepted if one not in call.arguments and "" not in accepted[one]]
    return "left-out" if left else None


_PYTHON: Mapping[str, type] = {
    "string": str,
    "integer": int,
    "float": float,
    "boolean": bool,
    "array": list,
    "tuple": list,
    "dict": dict,
    "any": str,
}


def _value_fault(value: Any, accepted: list[Any], kind: str, inner: str | None) -> Refusal | None:
    wanted, nested = _PYTHON.get(kind), None
    if kind in ("array", "tuple"):
        nested = _PYTHON.get(inner or "")
    if kind == "tuple" and isinstance(value, tuple):
        value = list(value)
    if kind == "float" and type(value) is int:
        value = float(value)
    typed = _typed(value, accepted, wanted, nested)
    if typed is None:
        return "type"
    try:
        return None if _is_accepted(value, accepted, wanted, nested, typed) else "value"
    except (TypeError, KeyError, AttributeError):  # their checker ends with an error here
        return "value"


def _typed(
    value: Any, accepted: list[Any], wanted: type | None, nested: type | None
) -> Literal["value", "variable"] | None:
    """Tell whether the type is right: the tool's, or else that of the first accepted value.

    By that a name may stand for a value of another type: a variable. Lists are looked into once.
    """
    of_accepted = next((type(one) for one in accepted if one != ""), None)
    if type(value) is not wanted:
        return "variable" if of_accepted is not None and type(value) is of_accepted else None
    parts = value if isinstance(value, list) else []
    if nested is not None and not any(
        not isinstance(one, list) or all(_typed(part, one, nested, None) for part in parts)
        for one in accepted
    ):
        return None
    return "value" if of_accepted in (None, wanted) else "variable"


def _is_accepted(
    value: Any, accepted: list[Any], wanted: type | None, nested: type | None, typed: str
) -> bool:
    if typed == "variable":
        return value in accepted
    if wanted is dict:
        return any(one != "" and _is_dict(value, one) for one in accepted)
    if wanted is list and nested is dict:
        return any(
            len(value) == len(one)
            and all(o != "" and _is_dict(v, o) for v, o in zip(value, one, strict=True))
            for one in accepted
        )
    if wanted is str:
        return erased(value) in [erased(one) for one in accepted if isinstance(one, str)]
    if wanted is list:
        return list(map(_erased, value)) in [list(map(_erased, one)) for one in accepted]
    return value in accepted


def _is_dict(value: Mapping[str, Any], accepted: Mapping[str, Any]) -> bool:
    for key, one in value.items():
        if key not in accepted or _erased(one) not in list(map(_erased, accepted[key])):
            return False
    return all(key in value or "" in may for key, may in accepted.items())


_SIGNS = re.compile(r"[ ,./\-_*^]")


def erased(text: str) -> str:
    """Return *text* without blanks and the signs `,./-_*^`, in small letters, its quotes alike."""
    return _SIGNS.sub("", text).lower().replace("'", '"')


def _erased(value: Any) -> Any:
    return erased(value) if isinstance(value, str) else value


_MARKS = re.compile(r"<\|tool_call_(?:start|end)\|>|<\|python_(?:start|end)\|>")
_UNREADABLE = (SyntaxError, ValueError, TypeError, RecursionError, MemoryError, ArithmeticError)


def calls_in(answer: str) -> tuple[Call, ...] | None:
    """Return the calls of *answer* as their reader of Python's syntax finds them, or `None`.

    It adds brackets where there are none, drops arguments without a name, makes of any sign before
    a number a minus and of a name its text.
    """
    text = _MARKS.sub("", answer).strip("`\n ")
    text = text if text.startswith("[") else f"[{text}"
    text = (text if text.endswith("]") else f"{text}]").strip().strip("'")
    if len(text) > MOST_LETTERS or _is_deep(text):
        return None
    try:
        with warnings.catch_warnings(action="ignore"):
            body = ast.parse(text, mode="eval").body
        if isinstance(body, ast.Call):
            return (_call(body),)
        if not isinstance(body, ast.List | ast.Tuple | ast.Set):
            return None
        if not all(isinstance(one, ast.Call) for one in body.elts):
            return None
        return tuple(_call(one) for one in body.elts if isinstance(one, ast.Call))
    except _UNREADABLE:
        return None


def _is_deep(text: str) -> bool:
    deep = 0
    for sign in re.findall(r"[\[({\])}]", text):
        deep += 1 if sign in "[({" else -1
        if deep > MOST_DEPTH:
            return True
    return False


def _call(node: ast.Call) -> Call:
    parts: list[str] = []
    function = node.func
    while isinstance(function, ast.Attribute):
        parts.append(function.attr)
        function = function.value
    if isinstance(function, ast.Name):
        parts.append(function.id)
    given = {str(one.arg): _value(one.value) for one in node.keywords}
    return Call(".".join(reversed(parts)), given)


def _value(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=value):
            return "..." if value is Ellipsis else value
        case ast.UnaryOp(operand=ast.Constant(value=value)):  # whichever sign it is
            return -value  # type: ignore[operator]  # a text is a TypeError, and cannot be read
        case ast.List(elts=parts):
            return [_value(one) for one in parts]
        case ast.Tuple(elts=parts):
            return tuple(_value(one) for one in parts)
        case ast.Dict(keys=keys, values=values):
            named = [_refused() if key is None else _value(key) for key in keys]
            return dict(zip(named, map(_value, values), strict=True))
        case ast.BinOp():
            return _sum(node)
        case ast.Name(id=name):
            return name
        case ast.Call(keywords=[]):
            return ast.unparse(node)
        case ast.Call():
            inner = _call(node)
            return {inner.name: inner.arguments}
        case ast.Subscript(value=of, slice=part):
            return f"{ast.unparse(of)}[{ast.unparse(part)}]"
    raise ValueError("no value that is read")


_SUMS: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}


def _sum(node: ast.expr) -> Any:
    """Return what a sum of plain numbers comes to, or texts joined; nothing else is worked out."""
    match node:
        case ast.Constant(value=int() | float() | str() as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=of):
            return -_sum(of)
        case ast.UnaryOp(op=ast.UAdd(), operand=of):
            return +_sum(of)
        case ast.BinOp(left=one, op=op, right=other):
            left, right = _sum(one), _sum(other)
            if isinstance(left, str) and isinstance(right, str) and isinstance(op, ast.Add):
                return left + right
            if max(abs(left), abs(right)) > 1e15 or (type(op) is ast.Pow and abs(right) > 32):
                raise ValueError("a number too large")
            return _SUMS[type(op)](left, right) if type(op) in _SUMS else _refused()
    return _refused()


def _refused() -> Any:
    raise ValueError("not worked out")


def cause(item: Bfcl, worth: Match, theirs: Judged, found: Reading, *, exact: bool) -> Cause | None:
    """Return why the two judgements differ; `None` where they do not.

    *found* is our reading of the answer, *worth* what its calls are, *exact* whether it is right.
    """
    if exact is theirs.right:
        return None
    return _too_strict(item, theirs, found) if exact else _too_kind(item, worth, theirs, found)


def _too_kind(item: Bfcl, worth: Match, theirs: Judged, found: Reading) -> Cause:
    """Return why what is wrong by our rules is right by theirs."""
    if "irrelevance" in item.category:
        if found.broken:
            return "broken-is-none"
        return "reader" if found.calls else "silence-is-none"
    if theirs.made is not None and (found.broken or _differ(theirs.made, found.calls)):
        return "reader"
    exactly = [
        call
        for call in found.calls
        if any(_is_listed(call, answer) for answer in item.answers if call.name in answer)
    ]
    if any(one.fault == "wrong-type" for one in worth.wrong):
        return "variable"
    if len(exactly) == len(found.calls):
        return "accepted"
    values = any(one.fault in ("wrong-value", "translated-value") for one in worth.wrong)
    return "signs-erased" if values else "other"


def _too_strict(item: Bfcl, theirs: Judged, found: Reading) -> Cause:
    """Return why what is right by our rules is wrong by theirs."""
    if theirs.made is None or _differ(theirs.made, found.calls):
        return "reader"
    if theirs.refusal == "match":
        refusals = {_nearest(call, item) for call in theirs.made}
        if refusals == {None}:
            return "greedy"
        refusal = next(one for one in refusals if one is not None)
    else:
        refusal = theirs.refusal or "call"
    if refusal in ("parameter", "left-out", "required"):
        return "default"
    if refusal == "type":
        given = [one for call in theirs.made for one in call.arguments.values()]
        return "whole-number" if any(map(_has_number, given)) else "other"
    return "same-value" if refusal == "value" else "other"


def _has_number(value: Any) -> bool:
    parts = value if isinstance(value, list | tuple) else [value]
    return any(isinstance(one, int | float) and not isinstance(one, bool) for one in parts)


def _nearest(call: Call, item: Bfcl) -> Refusal | None:
    """Return what keeps *call* from the answers that name its tool; `None` where it is one."""
    found = [fault(call, answer, item) for answer in item.answers if call.name in answer]
    return None if None in found else found[0] if found else "name"


def _is_listed(call: Call, answer: Mapping[str, Mapping[str, list[Any]]]) -> bool:
    """Tell whether each value of *call* is on their list, or as empty as what stands there."""
    accepted = answer[call.name]
    return all(
        value in accepted.get(key, ()) or (value in ([], {}) and "" in accepted.get(key, ()))
        for key, value in call.arguments.items()
    )


def _differ(theirs: Sequence[Call], ours: Sequence[Call]) -> bool:
    return [(one.name, one.arguments) for one in theirs] != [
        (one.name, one.arguments) for one in ours
    ]
