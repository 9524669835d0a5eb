"""Slugs: safe as file names and URLs, unique in any case of letters, stable."""

import re

from hypothesis import given
from hypothesis import strategies as st

from cardboard.board.words.names import slugs


def test_a_plain_hub_id_stays_readable():
    assert slugs(["org/Model-1.2B"]) == ["org__Model-1.2B"]


def test_names_that_differ_only_in_case_get_slugs_that_differ_in_more():
    one, two = slugs(["org/Ouro-sft", "org/Ouro-SFT"])
    assert one.lower() != two.lower()


def test_the_name_of_the_front_page_is_not_taken():
    assert slugs(["index"]) != ["index"]


@given(st.lists(st.text(max_size=200), unique=True, max_size=20))
def test_any_names_give_distinct_safe_slugs(names):
    given_slugs = slugs(names)
    assert len({slug.lower() for slug in given_slugs}) == len(names)
    for slug in given_slugs:
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}", slug)
        assert not slug.endswith(".")
