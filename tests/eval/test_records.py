"""The record of a result: moments that exist, and those that only look like one."""

import re
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardboard.eval.records import Timestamp, instant

LIKE_A_MOMENT = re.compile(Timestamp.__metadata__[0].pattern)  # type: ignore[attr-defined]  # of Annotated


@pytest.mark.parametrize(
    "stamp",
    [
        "2026-02-30T00:00:00Z",
        "2026-05-09T25:00:00Z",
        "2026-05-09T24:00:00Z",
        "2026-05-09T23:59:60Z",
        "2026-05-09T00:00:00+99:99",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "２０２６-05-09T00:00:00Z",
    ],
)
def test_what_looks_like_a_moment_and_is_none_is_refused(stamp):
    assert LIKE_A_MOMENT.match(stamp)
    with pytest.raises(ValueError, match=r"\S"):
        instant(stamp)


@given(st.from_regex(LIKE_A_MOMENT, fullmatch=True))
def test_whatever_fits_the_record_is_a_moment_or_is_refused(stamp):
    with suppress(ValueError):
        assert instant(stamp).tzinfo is UTC


@given(st.datetimes(timezones=st.timezones()))
def test_a_moment_is_the_same_in_every_zone(moment):
    if abs(moment.year - 5000) > 4990 or moment.utcoffset().seconds % 60:
        return
    assert instant(moment.isoformat()) == moment.astimezone(UTC)


def test_a_moment_has_no_place():
    assert instant("2026-05-09T09:00:00+09:00") == datetime(2026, 5, 9, tzinfo=UTC)
