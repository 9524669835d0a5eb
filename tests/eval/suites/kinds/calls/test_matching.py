"""What calls are worth: each rule with what it takes for right and for which reason it refuses."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardboard.eval.suites.kinds.calls.matching import Wanted, coerced, match, same
from cardboard.eval.suites.kinds.calls.parsers.reading import Call, Reading

SCHEMAS: dict[str, Any] = {
    "weather": {
        "properties": {
            "city": {"type": "string"},
            "unit": {"type": "string", "enum": ["celsius", "kelvin"], "default": "celsius"},
            "days": {"type": "integer"},
            "note": {"type": ["string", "null"]},
        }
    },
    "move": {
        "properties": {
            "to": {"type": "array", "items": {"type": "number"}},
            "how": {
                "type": "object",
                "properties": {"fast": {"type": "boolean", "default": False}},
            },
        }
    },
}
SEOUL = Wanted(
    name="weather",
    arguments={"city": ("Seoul",), "days": (3,)},
    optional=("days",),
    fold=("city",),
    translated={"city": ("서울",)},
)
MOVE = Wanted(name="move", arguments={"to": ([1.5, 2],), "how": ({"fast": False},)})


def worth(calls: list[Call], *wanted: Wanted, ordered: bool = False) -> tuple[str, list[str]]:
    found = match(Reading(calls=tuple(calls)), wanted, SCHEMAS, ordered=ordered)
    return found.outcome, [one.fault for one in found.wrong]


def weather(**arguments: Any) -> Call:
    return Call("weather", arguments)


@pytest.mark.parametrize(
    "call",
    [
        weather(city="Seoul", days=3),
        weather(city="Seoul", days=3.0),
        weather(city="  seoul "),
        weather(city="Seoul", unit="celsius"),
        weather(city="Ｓｅｏｕｌ"),
        weather(city="Seoul", note=None),
    ],
)
def test_what_says_the_same_is_exact(call: Call) -> None:
    assert worth([call], SEOUL) == ("exact", [])


@pytest.mark.parametrize(
    ("call", "fault"),
    [
        (weather(city="Busan"), "wrong-value"),
        (weather(city="Seoul", days=4), "wrong-value"),
        (weather(city="Seoul", unit="kelvin"), "wrong-value"),
        (weather(city="Seoul", unit="Celsius"), "wrong-value"),
        (weather(city="Seoul", note="please"), "wrong-value"),
        (weather(city="서울"), "translated-value"),
        (weather(days=3), "missing-parameter"),
        (weather(city="Seoul", days="3"), "wrong-type"),
        (weather(city="Seoul", days=True), "wrong-type"),
        (weather(city="Seoul", days=3.5), "wrong-type"),
        (weather(city=["Seoul"]), "wrong-type"),
        (weather(city=None), "wrong-type"),
        (weather(city="Seoul", hours=3), "invented-parameter"),
        (Call("move", {"to": [1]}), "wrong-tool"),
        (Call("forecast", {"city": "Seoul"}), "invented-tool"),
    ],
)
def test_each_fault_has_its_own_reason(call: Call, fault: str) -> None:
    assert worth([call], SEOUL) == ("wrong-call", [fault])


def test_no_call_is_right_only_where_none_was_tried() -> None:
    assert worth([]) == ("exact", [])
    assert worth([weather(city="Seoul")]) == ("needless-call", [])
    assert worth([Call("forecast", {})]) == ("needless-call", ["invented-tool"])
    assert match(Reading(broken="no JSON"), (), SCHEMAS).outcome == "unparsable"
    assert match(Reading(broken="no JSON"), (SEOUL,), SCHEMAS).outcome == "unparsable"


def test_missing_and_needless_calls_are_told_apart() -> None:
    assert worth([], SEOUL) == ("missing-call", [])
    assert worth([weather(city="Seoul")], SEOUL, MOVE) == ("missing-call", [])
    assert worth([weather(city="Seoul"), weather(city="Seoul")], SEOUL) == ("needless-call", [])


def test_lists_and_objects_are_compared_member_by_member() -> None:
    for how, outcome in (({}, "exact"), ({"fast": False}, "exact"), ({"fast": True}, "wrong-call")):
        assert worth([Call("move", {"to": [1.5, 2.0], "how": how})], MOVE)[0] == outcome
    assert worth([Call("move", {"to": [2, 1.5], "how": {}})], MOVE) == (
        "wrong-call",
        ["wrong-value"],
    )
    assert worth([Call("move", {"to": [1.5, "2"], "how": {}})], MOVE) == (
        "wrong-call",
        ["wrong-type"],
    )


def test_order_is_free_unless_it_is_asked_for() -> None:
    calls = [Call("move", {"to": [1.5, 2], "how": {}}), weather(city="Seoul")]
    assert worth(calls, SEOUL, MOVE) == ("exact", [])
    assert worth(calls, MOVE, SEOUL, ordered=True) == ("exact", [])
    assert worth(calls, SEOUL, MOVE, ordered=True) == ("wrong-call", ["wrong-order"])


def test_an_order_that_can_be_kept_is_kept() -> None:
    """Each of the two calls fits both places, so either way round is in order."""
    both = Wanted(name="weather", arguments={"city": ("Seoul", "Busan")})
    calls = [weather(city="Seoul"), weather(city="Busan")]
    assert worth(calls, both, both, ordered=True) == ("exact", [])
    assert worth(calls[::-1], both, both, ordered=True) == ("exact", [])


def test_an_answer_that_fits_two_wanted_calls_takes_neither_from_the_other() -> None:
    """A greedy reader gives the first call the first place, and finds none for the second."""
    any_city = Wanted(name="weather", arguments={"city": ("Seoul", "Busan")})
    seoul = Wanted(name="weather", arguments={"city": ("Seoul",)})
    calls = [weather(city="Seoul"), weather(city="Busan")]
    assert worth(calls, any_city, seoul) == ("exact", [])
    assert worth(calls[::-1], any_city, seoul) == ("exact", [])


@given(st.permutations(range(8)), st.permutations(range(8)))
def test_the_assignment_depends_on_no_order(made: list[int], wanted: list[int]) -> None:
    calls = [weather(city=str(one)) for one in made]
    right = [Wanted(name="weather", arguments={"city": (str(one), str(one + 1))}) for one in wanted]
    assert worth(calls, *right) == ("exact", [])


def test_parallel_calls_are_counted_for_precision_and_recall() -> None:
    found = match(
        Reading(calls=(weather(city="Seoul"), weather(city="Busan"))), (SEOUL, MOVE, MOVE), SCHEMAS
    )
    assert (found.matched, found.made, found.wanted) == (1, 2, 3)
    assert found.outcome == "wrong-call"


@pytest.mark.parametrize(
    ("value", "right", "schema", "expected"),
    [
        (0.1 + 0.2, 0.3, {"type": "number"}, True),
        (1, True, {}, False),
        (1, True, {"type": ["integer", "boolean"]}, False),
        ("a  b", "a b", {"type": "string"}, True),
        ("A", "a", {"type": "string"}, False),
        ("ﬁ", "fi", {"type": "string"}, True),
        ("v15", "v1.5", {"type": "string"}, False),
        ("etchosts", "/etc/hosts", {"type": "string"}, False),
        (None, None, {"type": "null"}, True),
    ],
)
def test_two_values_are_one_by_their_type(
    value: Any, right: Any, schema: Any, expected: bool
) -> None:
    assert same(value, right, schema) is expected


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("7", "integer", 7), ("7.5", "number", 7.5), ("True", "boolean", True),
        ("7", "string", "7"), ("x", "integer", "x"), ("inf", "number", "inf"), (7, "integer", 7),
    ],
)  # fmt: skip
def test_what_a_server_that_types_by_schema_would_make_of_a_text_is_known(
    value: Any, kind: str, expected: Any
) -> None:
    assert coerced(value, {"type": kind}) == expected
