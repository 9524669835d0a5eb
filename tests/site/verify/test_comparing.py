"""Two versions of a file: nothing is said of equal ones, and what differs is named by its place."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardboard.board.show.tables import Table
from cardboard.site.data.exports import write_parquet
from cardboard.site.verify.comparing import differences

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def told(file, published, rebuilt):
    return [str(one) for one in differences(file, published, rebuilt)]


def of_values(published, rebuilt):
    return told("a.json", json.dumps(published).encode(), json.dumps(rebuilt).encode())


@given(VALUES, VALUES)
def test_something_is_told_exactly_where_bytes_differ(one, other):
    sides = [json.dumps(value).encode() for value in (one, other)]
    assert bool(told("a.json", *sides)) == (sides[0] != sides[1])


@pytest.mark.parametrize(
    ("published", "rebuilt", "said"),
    [
        ({"a": 1}, {"a": 2}, "a.json: a: published 1, rebuilt 2"),
        ({"a": 1}, {"a": "1"}, 'a.json: a: published 1, rebuilt "1"'),
        ({"a": 1}, {"a": True}, "a.json: a: published 1, rebuilt true"),
        ({"a": None}, {}, "a.json: a: published null, rebuilt nothing"),
        ([1], [1, 2], "a.json: [1]: published nothing, rebuilt 2"),
        (
            [{"label": "x", "n": 1}, {"label": "y", "n": 2}],
            [{"label": "y", "n": 3}, {"label": "x", "n": 1}],
            "a.json: y > n: published 2, rebuilt 3",
        ),
        (
            [{"code": "x", "n": 1}, {"code": "x", "n": 2}],
            [{"code": "x", "n": 1}, {"code": "x", "n": 3}],
            "a.json: [1] > n: published 2, rebuilt 3",
        ),
    ],
)
def test_a_difference_names_its_place_and_both_values(published, rebuilt, said):
    assert of_values(published, rebuilt) == [said]


def test_a_list_in_another_order_differs_though_its_members_do_not():
    old, new = ([{"label": name} for name in names] for names in ("xy", "yx"))
    (said,) = of_values(old, new)
    assert said.startswith("a.json: line 1: published")


def test_what_a_stranger_wrote_is_told_in_one_short_printable_line():
    (said,) = of_values({"a\n\x1b": "\x1b[2J" + "x" * 10_000}, {"a\n\x1b": ""})
    assert said.isprintable()
    assert len(said) < 300


def test_a_table_is_compared_row_by_row():
    old, new = (f"label,score\nx,1\ny,{score}\n".encode() for score in (2, 3))
    assert told("a.csv", old, new) == ['a.csv: y > score: published "2", rebuilt "3"']


def test_a_typed_table_is_compared_row_by_row(tmp_path):
    for name, score in (("old", 2.0), ("new", 3.0)):
        write_parquet(Table(("label", "score"), [("x", score)]), tmp_path / name)
    old, new = ((tmp_path / name).read_bytes() for name in ("old", "new"))
    assert told("a.parquet", old, new) == ["a.parquet: x > score: published 2.0, rebuilt 3.0"]


@pytest.mark.parametrize("file", ["a.json", "a.csv", "a.parquet", "a.md"])
@pytest.mark.parametrize("broken", [b"", b"\xff\x00", b"[" * 100_000, b'"\n"', b"PAR1" * 10])
def test_what_cannot_be_read_differs_by_its_first_line(file, broken):
    right = io.BytesIO(b"right\n").getvalue()
    (said, *_) = told(file, broken, right)
    assert said.startswith(f"{file}: ")


def test_a_long_line_is_cut_around_what_differs():
    (said,) = told("a.md", b"x" * 5000 + b"1" + b"y" * 5000, b"x" * 5000 + b"2" + b"y" * 5000)
    assert "x1y" in said
    assert "x2y" in said
    assert len(said) < 300
