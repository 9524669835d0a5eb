"""Sites of boards that the sample does not show: empty, long, several, other policies."""

import json
import re

import pytest
from msgspec.structs import replace

from cardboard.board.judge.build import build_boards
from cardboard.board.workspace.settings import Identity, Profile, Suite
from cardboard.eval import records
from cardboard.site.frame import pagination as listing
from cardboard.tests.making import (
    SETTINGS,
    SUITE,
    a_reading,
    a_result,
    a_workspace,
    boards_of,
    measured,
)
from cardboard.tests.site.links import Site


def read(folder, path=""):
    return (folder / path / "index.html").read_text(encoding="utf-8")


def test_a_workspace_without_results_has_a_site_that_says_so(build):
    folder = build(boards_of(), SETTINGS)
    assert "There are no results yet" in read(folder)
    assert "Every result has a rank" not in read(folder, "unranked")
    assert "아직 평가 결과가 없습니다" in read(folder, "ko")
    assert Site(folder).complaints() == []


def test_beyond_what_a_browser_bears_a_board_goes_on_in_pages(build, monkeypatch):
    monkeypatch.setattr(listing, "ALL_AT_ONCE", 20)
    monkeypatch.setattr(listing, "ROWS_A_PAGE", 10)
    folder = build(boards_of(*(a_result(f"org/m{n}", 0.9 - n / 100) for n in range(21))), SETTINGS)
    pages = [folder, *(folder / "pages" / f"mini-1-models-{number}" for number in (2, 3))]
    shown = [re.findall(r"<td class=cb-rank>(\d+)", read(page)) for page in pages]
    assert [len(ranks) for ranks in shown] == [10, 10, 1]
    assert [int(rank) for ranks in shown for rank in ranks] == list(range(1, 22))
    assert "cardboard/board." in read(folder)
    assert "cardboard/board." not in read(pages[1]), "sorting one page of three would mislead"
    assert Site(folder).complaints() == []


@pytest.fixture(scope="module")
def several(quick_site):
    """Return the site of two suites and two classes, one result of each."""
    other = Suite(name="mini", version="2", title={"en": "Second"}, steps=9, tasks=3)
    workspace = a_workspace(
        suites=(SUITE, other), models={"org/try": Profile(class_="sweep", series="run-1")}
    )
    results = [
        a_result("org/a"),
        a_result("org/try", 0.7),
        a_result("org/a", 0.3, suite=records.Suite(name="mini", version="2")),
        a_result("org/lost", suite=records.Suite(name="nowhere")),
    ]
    counts = records.Counts(expected=9, scored=9, failed=0, tasks=3)
    results[2] = replace(results[2], counts=counts)
    boards = build_boards([a_reading(result) for result in results], workspace)
    return quick_site(boards, workspace.settings)


def test_every_suite_and_class_has_a_board_of_its_own_and_a_link(several):
    assert ">org/</span>" in read(several)
    for slug in ("mini-1-sweep", "mini-2-models"):
        assert f'href="boards/{slug}/"' in read(several)
        assert 'aria-current="page"' in read(several, f"boards/{slug}")
    assert "org/try" not in re.sub("<[^>]*>", "", read(several, "boards/mini-2-models"))
    assert Site(several).complaints() == []


def test_a_board_of_checkpoints_tells_how_many_runs_they_come_from(several):
    assert "come from 1 training run" in read(several, "boards/mini-1-sweep")


def test_a_model_on_two_suites_has_one_page_with_both(several):
    page = read(several, "models/org__a")
    assert 'id="mini-1-models"' in page
    assert 'id="mini-2-models"' in page
    assert "50.00" in page
    assert "30.00" in page


def test_a_result_without_a_suite_is_listed_as_such(several):
    assert 'id="unplaced"' in read(several, "unranked")
    assert "suite-unknown" in read(several, "models/org__lost")


def test_all_attempts_are_shown_with_the_one_that_stands(build):
    results = [
        a_result("org/a", f1, finished_at=f"2026-01-0{day}T00:00:00Z")
        for day, f1 in enumerate((0.5, 0.6, 0.7), start=1)
    ]
    page = read(build(boards_of(*results), SETTINGS), "models/org__a")
    assert page.count("superseded") == 2
    assert page.count(">this page</span>") == 1
    assert all(score in page for score in ("50.00", "60.00", "70.00"))


def test_a_policy_that_differs_is_shown_with_its_default(build):
    policy = {"revision-not-recorded": "unranked", "off-protocol": "warning"}
    folder = build(boards_of(a_result(), policy=policy), replace(SETTINGS, policy=policy))
    page = read(folder, "ranking")
    assert "2 findings have another verdict than by default" in page
    assert page.count("(default: unranked)") == 1
    assert page.count("(default: warning)") == 1
    assert "기본값: unranked" in read(folder, "ko/ranking")


def test_intervals_and_rank_ranges_are_shown_where_steps_allow_them(build):
    suite = Suite(name="mini", version="1", steps=40, tasks=20)
    workspace = a_workspace(suites=(suite,))
    readings = [
        measured(name, *([(x + n % 5) / 10, x / 10] for n in range(20)))
        for name, x in (("org/a", 5), ("org/b", 1))
    ]
    boards = build_boards(readings, workspace)
    best = boards.boards[0].ranked[0]
    assert best.resolution is not None
    assert best.resolution.score is not None
    folder = build(boards, workspace.settings)
    interval = f"{best.resolution.score.low:.2f} to {best.resolution.score.high:.2f}"
    assert f"<small>{best.resolution.score.low:.2f}–{best.resolution.score.high:.2f}</small>" in (
        read(folder)
    )
    assert f"95% interval {interval}" in read(folder, "models/org__a")
    assert f"({best.resolution.low}" in read(folder)


def test_a_workspace_chooses_its_languages(build):
    board = Identity(title={"ko": "보드"}, languages=("ko",))
    folder = build(boards_of(a_result()), replace(SETTINGS, board=board))
    assert '<html lang="ko"' in read(folder)
    assert not (folder / "ko").exists()
    assert "hreflang" not in read(folder)


def test_a_site_with_an_address_has_canonical_links_and_a_sitemap(build):
    board = replace(SETTINGS.board, site_url="https://example.org/board")
    folder = build(boards_of(a_result("org/a")), replace(SETTINGS, board=board))
    page = "https://example.org/board/ko/models/org__a/"
    assert f'<link rel="canonical" href="{page}">' in read(folder, "ko/models/org__a")
    sitemap = (folder / "sitemap.xml").read_text()
    assert f"<loc>{page}</loc>" in sitemap
    assert sitemap.count("<loc>") == len(list(folder.rglob("index.html")))
    assert 'hreflang="x-default" href="https://example.org/board/models/org__a/"' in sitemap
    robots = (folder / "robots.txt").read_text()
    assert robots.endswith("Sitemap: https://example.org/board/sitemap.xml\n")
    assert Site(folder, "/board/").complaints() == []


def test_a_site_without_an_address_has_no_sitemap(sample_site):
    assert not list(sample_site.rglob("sitemap.xml*"))


def test_a_shared_link_says_what_it_leads_to_in_its_language(build):
    board = replace(SETTINGS.board, site_url="https://example.org/board", organisation="org")
    folder = build(boards_of(a_result("org/a")), replace(SETTINGS, board=board))
    told = {
        path: dict(re.findall(r'="og:([a-z_:]+)" content="([^"]*)"', read(folder, path)))
        for path in ("ko/models/org__a", "ko/ranking", "")
    }
    model = told["ko/models/org__a"]
    assert model["title"] == "org/a"
    assert model["locale"] == "ko_KR"
    assert model["url"] == "https://example.org/board/ko/models/org__a/"
    assert told["ko/ranking"]["title"] == "순위 계산 방법"
    assert all(page["description"] for page in told.values())
    (data,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', read(folder))
    dataset = json.loads(data)
    assert (dataset["@type"], dataset["creator"]["name"]) == ("Dataset", "org")
    files = [one["contentUrl"] for one in dataset["distribution"]]
    assert files == [f"https://example.org/board/data/board.{end}" for end in ("csv", "json")]
