"""Long lists: everything at once while it is short, numbered pages beyond, nothing lost."""

from hypothesis import given
from hypothesis import strategies as st

from cardboard.site.frame.pagination import ALL_AT_ONCE, ROWS_A_PAGE, parts


def test_a_short_list_has_one_page_and_no_links_to_others():
    (only,) = parts("", "x", range(ALL_AT_ONCE))
    assert len(only.items) == ALL_AT_ONCE
    assert len(only.links) == 1


def test_an_empty_list_has_a_page_all_the_same():
    (only,) = parts("files/", "x", [])
    assert (only.path, list(only.items)) == ("files/", [])


def test_a_long_list_goes_on_in_pages_of_its_own():
    pages = list(parts("", "x", range(ALL_AT_ONCE + 1)))
    assert [page.path for page in pages[:3]] == ["", "pages/x-2/", "pages/x-3/"]
    assert [link.text for link in pages[0].links][-2:] == ["401–500", "501–501"]
    assert [link.current for link in pages[1].links][:3] == [False, True, False]


@given(st.integers(0, 2000))
def test_every_item_is_on_one_page_in_its_order(count):
    pages = list(parts("", "x", range(count)))
    assert [item for page in pages for item in page.items] == list(range(count))
    assert len({page.path for page in pages}) == len(pages)
    assert all(len(page.items) <= max(ROWS_A_PAGE, ALL_AT_ONCE) for page in pages)
