"""The page of families: who belongs together, and what the best and the middle of them score."""

import pytest
from msgspec.structs import replace

from cardboard.board.workspace.settings import Family, Profile
from cardboard.eval.records import Timing
from cardboard.site.pages import family_page
from cardboard.tests.making import SETTINGS, a_result, boards_of
from cardboard.tests.site.reading import HTML, article, tables, text

FAMILIES = {
    "one": Family(
        title={"en": "One", "ko": "하나"},
        match=("one",),
        interpretation={"en": "Ask with `think` off.", "ko": "`think`를 끄십시오."},
    ),
    "two": Family(title={"en": "Two", "ko": "둘"}, match=("two",)),
    "none": Family(title={"en": "Nobody is here"}),
}


@pytest.fixture(scope="module")
def site(quick_site):
    results = [
        a_result("one-1B", 0.1, timing=Timing(seconds_per_step=3.0)),
        a_result("one-3B", 0.3, timing=Timing(seconds_per_step=1.0)),
        a_result("one-8B", 0.8),
        a_result("two-x", 0.9),
        a_result("two-y", 0.5, status="failed", error="no"),
        a_result("stranger", 0.95),
    ]
    settings = replace(SETTINGS, families=FAMILIES)
    models = {"two-x": Profile(parameters=2.0)}
    return quick_site(boards_of(*results, families=FAMILIES, models=models), settings)


def test_families_are_ordered_by_their_best_and_strangers_come_last(site):
    (rows,) = tables(article(site, "families"))
    assert [[cell for n, cell in enumerate(row) if n != 1] for row in rows] == [
        ["Two", "two-x", "90.00", "90.00", "1", "1", "2B", "—not recorded"],
        ["One", "one-8B", "80.00", "30.00", "3", "0", "1B–8B", "2.000"],
        ["Family not known", "stranger", "95.00", "95.00", "1", "0", "—unknown", "—not recorded"],
    ]


def test_the_marks_are_the_scores(site):
    strips = [
        [line.get("x1") for line in cell.iter() if line.tag.endswith("line")]
        for cell in article(site, "families").iter(f"{HTML}td")
        if cell.get("class") == "cb-spread"
    ]
    assert strips == [["90%"], ["80%", "30%", "10%"], ["95%"]]


def test_what_a_workspace_says_of_a_family_is_there_with_code_as_code(site):
    for language, told in (("", "Ask with think off."), ("ko/", "think를 끄십시오.")):
        content = article(site, f"{language}families")
        assert told in text(content)
        assert [text(code) for code in content.iter(f"{HTML}code")] == ["think"]


def test_of_a_large_family_the_best_are_listed(build, monkeypatch):
    monkeypatch.setattr(family_page, "MOST", 2)
    settings = replace(SETTINGS, families=FAMILIES)
    results = [a_result(f"one-{n}", n / 10) for n in range(4)]
    content = article(build(boards_of(*results, families=FAMILIES), settings), "families")
    (list_,) = content.iter(f"{HTML}ol")
    assert [text(item) for item in list_] == ["1 one-3 30.00", "2 one-2 20.00"]
    assert "The best 2:" in text(content)
