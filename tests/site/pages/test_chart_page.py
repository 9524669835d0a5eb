"""The pages of charts: each chart has its words, its table, or the reason why it is not drawn."""

from xml.etree import ElementTree

import pytest
from msgspec.structs import replace

from cardboard.board.judge.build import build_boards
from cardboard.board.workspace.settings import Profile, Suite
from cardboard.eval import records
from cardboard.tests.making import SETTINGS, SUITE, a_reading, a_result, a_workspace, boards_of
from cardboard.tests.site.links import Site
from cardboard.tests.site.reading import HTML, article, links, tables, text

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def site(quick_site):
    """Return the site of two boards: one with sizes and slopes, one with a single model."""
    other = Suite(name="mini", version="2", steps=6, tasks=3)
    workspace = a_workspace(
        suites=(SUITE, other),
        models={
            "org/small": Profile(parameters=1.5),
            "org/tuned": Profile(parameters=1.5, base_model="org/small", series="run", epoch=1),
            "org/more": Profile(parameters=7, base_model="org/small", series="run", epoch=2),
        },
    )
    results = [
        a_result("org/small", 0.2),
        a_result("org/tuned", 0.4),
        a_result("org/more", 0.35),
        a_result("org/alone", suite=records.Suite(name="mini", version="2")),
    ]
    boards = build_boards([a_reading(result) for result in results], workspace)
    return quick_site(boards, workspace.settings)


def charts(site, path):
    return {
        one.find(f"{HTML}h3").get("id"): one
        for one in article(site, path).iter(f"{HTML}section")
        if "cb-chart" in one.get("class", "").split()
    }


@pytest.mark.parametrize("language", ["", "ko/"])
def test_a_chart_says_the_same_in_its_table(site, language):
    size = charts(site, f"{language}charts")["size"]
    assert tables(size) == [
        [
            [f"org/tuned {'점선 위' if language else 'on the line'}", "40.00", "1.5B", "1"],
            ["org/more", "35.00", "7B", "2"],
            ["org/small", "20.00", "1.5B", "3"],
        ]
    ]


def test_slopes_have_their_ends_and_differences_in_the_table(site):
    found = charts(site, "charts")
    assert tables(found["epochs"]) == [[["run", "1: 40.00, 2: 35.00", "−5.00"]]]
    assert tables(found["bases"]) == [
        [
            ["org/tuned", "org/small", "20.00", "40.00", "+20.00", "–"],
            ["org/more", "org/small", "20.00", "35.00", "+15.00", "–"],
        ]
    ]
    assert "nobody can say how sure it is" in text(found["bases"])


def test_a_chart_that_lacks_data_takes_one_line_that_says_which(site):
    assert "speed" not in charts(site, "charts")
    lines = [text(one) for one in article(site, "charts").iter(f"{HTML}li")]
    assert (
        "Score and seconds per step. The time was recorded for 0 of 3 ranked models, and it takes "
        "two." in lines
    )


def test_a_chart_is_a_picture_and_a_page_for_frames_in_both_languages(site):
    for tree, word in (("", "Score and size"), ("ko/", "점수와 크기")):
        picture = (site / tree / "charts" / "size.svg").read_text(encoding="utf-8")
        root = ElementTree.fromstring(picture)
        assert word in root.find(f"{SVG}title").text
        assert "href" not in picture, "nobody knows where the file will lie"
        frame = (site / tree / "charts" / "size.html").read_text(encoding="utf-8")
        assert 'href="./#size" target="_top"' in frame
        assert 'src="size.svg"' in frame
        assert "<script" not in frame


@pytest.mark.parametrize("name", ["size-front", "bases"])
def test_a_list_is_a_picture_and_a_page_for_frames_as_a_drawing_is(site, name):
    for tree, word in (("", "Score"), ("ko/", "점수")):
        page = (site / tree / "charts" / "index.html").read_text(encoding="utf-8")
        assert f'<a href="{name}.svg" download="mini-1-models-{name}.svg" data-picture>' in page
        root = ElementTree.parse(site / tree / "charts" / f"{name}.svg").getroot()
        said = [one.text for one in root.iter(f"{SVG}text")]
        frame = (site / tree / "charts" / f"{name}.html").read_text(encoding="utf-8")
        for part in (word, "org/tuned", "40.00"):
            assert any(part in one for one in said)
            assert part in frame
        assert 'href="../models/org__tuned/" target="_top"' in frame
        assert float(root.get("width")) >= max(
            float(one.get("x")) for one in root.iter(f"{SVG}text")
        )


def test_the_board_has_a_page_for_frames_with_its_first_rows(site):
    frame = (site / "charts" / "board.html").read_text(encoding="utf-8")
    assert frame.index("org/tuned") < frame.index("org/more") < frame.index("org/small")
    assert "The whole board with 3 ranked entries" in frame
    assert '../models/org__tuned/" target="_top"' in frame
    assert "&lt;iframe src=" in (site / "charts" / "index.html").read_text(encoding="utf-8")


def test_a_drawing_has_title_description_and_words_in_the_readers_language(site):
    for language, words in (("", "Parameters in billions"), ("ko/", "파라미터")):
        drawing = charts(site, f"{language}charts")["size"].find(f"{SVG}svg")
        title, description = drawing.find(f"{SVG}title"), drawing.find(f"{SVG}desc")
        assert drawing.get("aria-labelledby") == title.get("id")
        assert drawing.get("aria-describedby") == description.get("id")
        assert "3" in description.text
        assert words in text(drawing)


def test_points_lead_to_models_from_every_depth(site):
    assert "../models/org__small/" in links(charts(site, "charts")["size"])
    assert Site(site).complaints() == []


def test_every_board_has_a_page_of_its_own(site):
    content = article(site, "charts/mini-2-models")
    assert "Not drawn" in text(content)
    assert "From base model to fine-tune. No fine-tune is ranked" in text(content)
    assert "../../charts/" in links(content)


def test_a_board_that_is_too_large_says_what_is_left_out(build, monkeypatch):
    monkeypatch.setattr("cardboard.site.charts.charts.MOST", 5)
    results = [a_result(f"m{n}", n / 10) for n in range(9)]
    folder = build(boards_of(*results), SETTINGS)
    assert "Drawn are the first 5" in text(charts(folder, "charts")["valid_json_pct"])


def test_without_results_the_page_says_so(build):
    assert "There are no results yet" in text(article(build(boards_of(), SETTINGS), "charts"))


def test_a_hostile_family_or_run_name_stays_text(build):
    name = "<script>harm()</script>"
    models = {n: Profile(series=name, epoch=float(n[1]), parameters=1) for n in ("m1", "m2")}
    boards = boards_of(a_result("m1"), a_result("m2", 0.7), models=models)
    folder = build(boards, replace(SETTINGS))
    assert name in text(charts(folder, "charts")["epochs"])
    for path in (folder / "charts").iterdir():
        assert path.is_dir() or name not in path.read_text(encoding="utf-8")
