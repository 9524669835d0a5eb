"""Rules that answer a suite of tool calls without a model; each shows what a score can mean."""

from collections.abc import Callable, Mapping, Sequence

from ....engine import Setting
from ..kind import Row, Rule
from .build import oracle as right
from .parsers.objects import write_list
from .parsers.reading import Call
from .prompting import names
from .rows import CallsRow

WORDS = "I have no tool for that. What exactly do you want to know?"
"""An answer in words that calls nothing."""


def _answered(answer: Callable[[CallsRow], str]) -> Callable[..., Rule]:
    def baseline(rows: Sequence[Row], settings: Mapping[str, Setting]) -> Rule:
        def rule(row: Row) -> str:
            assert isinstance(row, CallsRow)
            return answer(row)

        return rule

    return baseline


def _oracle(row: CallsRow) -> str:
    found = right(row)
    return write_list(found.calls) if found.calls else found.words or WORDS


def _first(row: CallsRow) -> str:
    return write_list([Call(names(row.offered)[0], {})])


def _asked(row: CallsRow) -> str:
    return [one.content for one in row.conversation if one.role == "user"][-1]


BASELINES = {
    "oracle": _answered(_oracle),
    "first-tool": _answered(_first),
    "all-tools": _answered(lambda row: write_list([Call(one, {}) for one in names(row.offered)])),
    "echo": _answered(_asked),
    "never-calls": _answered(lambda row: WORDS),
    "always-calls": _answered(lambda row: _oracle(row) if row.wanted else _first(row)),
}
"""`first-tool` and `all-tools` give no argument; `always-calls` calls rightly wherever a call is
right, and the first tool elsewhere."""
