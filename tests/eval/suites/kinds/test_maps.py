"""Maps whose keys are known beforehand say what plain ones do."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardboard.eval.suites.kinds.maps import column, fixed

LETTERS = st.characters(
    codec="utf-8", categories=["L", "N", "P", "S", "Z"], exclude_characters='"\\'
)
KEYS = st.lists(st.text(LETTERS, max_size=8), unique=True, max_size=8)
VALUES = st.none() | st.floats(allow_nan=False, allow_infinity=False)


@given(KEYS.flatmap(lambda keys: st.fixed_dictionaries(dict.fromkeys(keys, VALUES))))
def test_a_fixed_map_is_asked_as_a_plain_one(plain: dict[str, float | None]) -> None:
    data = msgspec.json.encode(plain)
    found = msgspec.json.decode(data, type=fixed(list(plain), float | None))
    assert dict(found) == dict(found.items()) == plain
    assert (list(found), list(found.keys())) == (list(plain), list(plain))
    assert (len(found), list(found.values())) == (len(plain), list(plain.values()))
    assert all(key in found and found[key] == found.get(key) for key in plain)
    assert "another key" not in found and found.get("another key", 1) == 1
    assert msgspec.json.encode(found) == data


@pytest.mark.parametrize("text", ['{"a":1}', '{"a":1,"b":2,"c":3}', '{"a":1,"c":2}', '{"a":"x"}'])
def test_a_fixed_map_is_no_map_with_other_keys_or_values(text: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(text, type=fixed(["a", "b"], float | None))


@pytest.mark.parametrize("key", ['a"b', "a\\b", "a\n"])
def test_no_fixed_map_has_a_key_that_needs_an_escape(key: str) -> None:
    with pytest.raises(ValueError, match="must not contain"):
        fixed(["a", key], int)


def test_a_column_has_none_where_maps_have_nothing() -> None:
    kind = fixed(["a", "b"], int)
    held = [msgspec.convert({"a": 1, "b": 2}, kind), msgspec.convert({"a": 3, "b": 4}, kind)]
    assert column(held, "b") == column([dict(one) for one in held], "b") == [2, 4]
    assert column(held, "c") == column([{"a": 1}, {"a": 2}], "c") == [None, None]
    assert column([{"a": 1}, {}], "a") == [1, None]
    assert column([*held, {"a": 5}], "a") == [1, 3, 5]
    assert column([], "a") == []
