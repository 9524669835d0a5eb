"""Our own emitter writes what every YAML reader takes back unchanged."""

import importlib
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from cardboard.cards.readme.yaml import emit

pyyaml: Any = importlib.import_module("yaml")  # installed with the Hub's client, without types

NASTY = [
    "", " ", "yes", "No", "on", "OFF", "y", "N", "true", "null", "~", "nan", ".inf", "NaN",
    "2026-11-20", "2026-11-20T10:00:00Z", "12:30:45", "1e-3", "1_000", "0x10", "0o7", "+1", "-1",
    ".5", "1.", "=", "<<", "-", "- a", "? a", ": a", "a: b", "a #b", "#a", "!tag", "&anchor",
    "*alias", "|", ">", "%x", "@x", "`x`", "'", '"', "\\", "{}", "[]", "a\nb", "a\tb", "\x00",
    "\x7f", "\x85", "\u2028", "\ufeff", "\ufffe", "한국어", "😀", "a" * 2000, "---", "...",
]  # fmt: skip

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**18), 10**18),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=30),
    st.sampled_from(NASTY),
)
keys = st.one_of(
    st.text(min_size=1, max_size=20), st.sampled_from(["model-index", "yes", "1", "a b"])
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=20,
)


def same(one: Any, other: Any) -> bool:
    """Tell whether two values are equal in type as well: 1 is not 1.0 and not true."""
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other)


@settings(deadline=None)
@given(st.dictionaries(keys, values, max_size=5))
def test_pyyaml_and_ruamel_read_back_what_was_written(data):
    text = emit(data)
    assert same(pyyaml.safe_load(text), data)
    assert same(pyyaml.load(text, pyyaml.CSafeLoader), data)
    ruamel = YAML(typ="safe", pure=True)
    assert same(ruamel.load(text), data)


@pytest.mark.parametrize("text", NASTY)
def test_text_stays_text_alone_in_a_list_and_as_a_key(text):
    """A key may have 1,024 signs at most; ours have 20."""
    data = {"alone": text, "list": [text, text], text[:100] or "k": 1}
    assert same(pyyaml.safe_load(emit(data)), data)


def test_half_a_surrogate_becomes_a_replacement_sign():
    text = emit({"model": "a\ud800b"})
    assert text.encode("utf-8")
    assert pyyaml.safe_load(text) == {"model": "a\ufffdb"}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused_by_its_place(value):
    with pytest.raises(ValueError, match=r"model-index\[0\]\.value"):
        emit({"model-index": [{"value": value}]})


def test_dates_are_quoted_and_korean_is_readable():
    assert emit({"date": "2026-11-20", "name": "한국어 모델", "id": "org/Model-1B"}) == (
        'date: "2026-11-20"\nname: "한국어 모델"\nid: org/Model-1B\n'
    )


def test_the_order_of_keys_is_kept_and_empty_values_are_explicit():
    assert emit({"b": [], "a": {}, "c": [[1], [], {}]}) == (
        "b: []\na: {}\nc:\n  -\n    - 1\n  - []\n  - {}\n"
    )
    assert emit({}) == "{}\n"
