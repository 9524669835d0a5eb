"""The conditions of note rules: comparisons of figures and quantiles, nothing that can run."""

import ast
import operator
import re
from collections.abc import Callable, Iterable, Set
from typing import Protocol

from ...eval.errors import nearest
from .figures import TEXTS

Operand = float | str
_EXAMPLE = "`score >= q75(score)`"
_QUANTILE = re.compile(r"q([1-9]\d?)")


class Unknown(Exception):
    """A figure that the condition needs is not known."""


class Mistaken(ValueError):
    """What is no condition, and what to write instead."""

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what)
        self.remedy = remedy or f"Write e.g. {_EXAMPLE}."


class Place(Protocol):
    """Where a condition is judged: one entry in its field; every method may raise `Unknown`."""

    def figure(self, name: str) -> Operand:
        """Return the entry's figure *name*."""
        ...

    def quantile(self, percent: int, name: str, *, same_size: bool) -> float:
        """Return the value that *percent* of the field stay below."""
        ...


Truth = Callable[[Place], bool]
Term = Callable[[Place], Operand]

# Both sides are of one kind, see _comparison.
_COMPARISONS: dict[type[ast.cmpop], Callable[[Operand, Operand], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def parse(text: str, names: Set[str]) -> Truth:
    """Return the condition *text* as a function; raise `ValueError` saying what it may not hold.

    *names* are those of figures that are numbers.

    Allowed are comparisons (`<`, `<=`, `==`, `!=`, `>`, `>=`), `and`, `or`, `not`, numbers, quoted
    words, names of figures, and quantiles of the same board: `q75(score)`, or among models of the
    same size `q25(seconds_per_step, size)`.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise Mistaken("is no condition", _remedy(text)) from None
    return _Parser(names).truth(tree.body)


def _remedy(text: str) -> str:
    if re.search(r"(?<![<>=!])=(?!=)", text):
        return f"Two signs compare: ==. Write e.g. {_EXAMPLE}."
    if re.search(r"&|\||!(?!=)", text):
        return f"Join conditions by the words and, or, not: {_EXAMPLE} and epoch > 1."
    return f"Write e.g. {_EXAMPLE}."


def no_figure(name: str, known: Iterable[str]) -> Mistaken:
    """Return that *name* is none of the *known* figures, with the nearest one or all of them."""
    near = nearest(name, known)
    remedy = f"Did you mean {near}?" if near else f"Figures: {', '.join(sorted(known))}."
    return Mistaken(f"there is no figure {name!r}", remedy)


class _Parser:
    """Turns conditions into functions."""

    def __init__(self, names: Set[str]) -> None:
        self._names = names

    def truth(self, node: ast.expr) -> Truth:
        if isinstance(node, ast.BoolOp):
            parts = [self.truth(value) for value in node.values]
            every = isinstance(node.op, ast.And)
            # No short cut: a rule whose figure is unknown says nothing, whatever else it says.
            return lambda place: (all if every else any)([part(place) for part in parts])
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self.truth(node.operand)
            return lambda place: not inner(place)
        if isinstance(node, ast.Compare):
            return self._comparison(node)
        raise Mistaken(f"{ast.unparse(node)!r} is no comparison")

    def _comparison(self, node: ast.Compare) -> Truth:
        operands = [node.left, *node.comparators]
        words = {_is_text(operand) for operand in operands}
        if len(words) > 1:
            raise Mistaken(f"{ast.unparse(node)!r} compares a word with a number")
        if words == {True} and not all(isinstance(op, (ast.Eq, ast.NotEq)) for op in node.ops):
            raise Mistaken(f"{ast.unparse(node)!r} puts words in order")
        try:
            tests = [_COMPARISONS[type(op)] for op in node.ops]
        except KeyError:
            raise Mistaken(f"{ast.unparse(node)!r} is no comparison of figures") from None
        terms = [self._term(operand) for operand in operands]

        def holds(place: Place) -> bool:
            values = [term(place) for term in terms]
            return all(
                test(one, other)
                for test, one, other in zip(tests, values, values[1:], strict=False)
            )

        return holds

    def _term(self, node: ast.expr) -> Term:
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            number = _number(node.operand)
            return lambda place: -number
        if isinstance(node, ast.Constant):
            constant = node.value if isinstance(node.value, str) else _number(node)
            return lambda place: constant
        if isinstance(node, ast.Name):
            name = node.id
            if name not in self._names and name not in TEXTS:
                raise no_figure(name, (*self._names, *TEXTS))
            return lambda place: place.figure(name)
        if isinstance(node, ast.Call):
            return self._quantile(node)
        raise Mistaken(f"{ast.unparse(node)!r} is neither a number nor a figure")

    def _quantile(self, node: ast.Call) -> Term:
        match = _QUANTILE.fullmatch(node.func.id) if isinstance(node.func, ast.Name) else None
        names = [arg.id for arg in node.args if isinstance(arg, ast.Name)]
        if (
            match is None
            or node.keywords
            or len(names) != len(node.args)
            or not 1 <= len(names) <= 2
        ):
            raise Mistaken(f"{ast.unparse(node)!r} is no quantile such as q75(score)")
        if names[0] not in self._names:
            raise no_figure(names[0], self._names)
        if names[1:] not in ([], ["size"]):
            raise Mistaken(f"quantiles are taken over the board or over `size`, not {names[1]!r}")
        percent, name, same_size = int(match[1]), names[0], len(names) == 2
        return lambda place: place.quantile(percent, name, same_size=same_size)


def _is_text(node: ast.expr) -> bool:
    if isinstance(node, ast.Name):
        return node.id in TEXTS
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _number(node: ast.expr) -> float:
    value = node.value if isinstance(node, ast.Constant) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Mistaken(f"{ast.unparse(node)!r} is no number")
    return float(value)
