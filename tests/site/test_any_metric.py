"""Suites of any metric: tables, model pages, charts and exports follow what the suite says."""

import csv
import re
from pathlib import Path

import pytest
from pyarrow import parquet

from cardboard.board.show.rows import field_names
from cardboard.site.assembly.server import serving
from cardboard.site.charts.charts import charts_of
from cardboard.site.charts.scales import upward
from cardboard.tests.site.browsing import browsing, open_board
from cardboard.tests.site.hostile import HARM
from cardboard.tests.site.links import Site
from cardboard.tests.site.reading import HTML, article, tables, text
from cardboard.tests.site.two_suites import MODELS, write

ROOT = Path(__file__).parents[2]
OF_REPLAYS = re.compile(r"command_f1|valid_json|first_cmd|precision|recall")
LANGUAGES = pytest.mark.parametrize("language", ["", "ko/"])


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    root = tmp_path_factory.mktemp("two")
    return *write(root), root / "results"


@pytest.fixture(scope="module")
def site(quick_site, written):
    boards, settings, results = written
    return quick_site(boards, settings, results=results)


def test_no_page_names_a_metric_of_a_kind():
    sources = [
        path
        for folder in ("site", "templates/site")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix != ".md" and "__pycache__" not in path.parts
    ]
    assert len(sources) > 80
    named = [p for p in sources if OF_REPLAYS.search(p.read_text("utf-8", "replace"))]
    assert [path.relative_to(ROOT).as_posix() for path in named] == []


@LANGUAGES
def test_a_board_has_the_columns_of_its_suite(site, language):
    page = article(site, language.rstrip("/"))
    (table,) = [one for one in page.iter(f"{HTML}table") if one.get("id") == "table"]
    heads = [head.get("abbr") for head in table.iter(f"{HTML}th") if head.get("scope") == "col"]
    score = heads.index("점수" if language else "Score")
    assert heads[score + 2] == "score", "an id stands where nobody gave a title"
    assert "first token" not in " ".join(heads)
    first = [text(cell) for cell in next(table.iter(f"{HTML}tbody")).find(f"{HTML}tr")]
    assert first[1] == "org/large"
    assert re.fullmatch(r"100\.00 \S+–100\.00", first[score]), first[score]
    assert first[score + 1] == "50.0%", "a column without a value is not shown"
    assert ("정확도 × 100" if language else "Accuracy × 100") in text(page)


@LANGUAGES
def test_the_lowest_is_first_where_less_is_better_with_its_error_as_reported(site, language):
    page = article(site, f"{language}boards/text-1-models")
    rows = [row for row in tables(page)[0] if row]
    assert [row[1].split()[0] for row in rows] == list(MODELS)
    assert [row[0] for row in rows] == ["1", "2", "3"], "no rank range"
    said = f"± 0.0061, 결과 파일 기준({HARM})" if language else f"± 0.0061 as reported ({HARM})"
    assert rows[0][2] == "0.8000"
    assert rows[1][2] == f"0.9000 {said}"
    assert ("낮을수록 좋습니다" if language else "the lower, the better") in text(page)
    assert Site(site).complaints() == []


@LANGUAGES
def test_a_model_page_shows_figures_divisions_and_answers(site, language):
    page = article(site, f"{language}models/org__middle")
    said = text(page)
    figures = {row[0]: row[1] for table in tables(page) for row in table if len(row) > 1}
    score = figures["점수(100 × 정확도)" if language else "Score (100 × Accuracy)"]
    assert re.match(r"\d\d\.\d\d", score), score
    assert figures["first token(초)" if language else "first token (s)"].startswith("—")
    assert figures["score"].startswith("51.0% ± 1.5%")
    parts = [one for one in page.iter(f"{HTML}table") if "cb-parts" in one.get("class", "")]
    names = [text(one.find(f"{HTML}th")) for one in parts[0].find(f"{HTML}tbody")]
    assert names == [f"{'영어' if language else 'English'} {HARM}", "ko"], "ko has no name"
    titles = [text(one) for one in page.iter(f"{HTML}h3")]
    assert ("문제의 언어" if language else "Language of the question") in titles
    listed = article(site, f"{language}steps/org__middle")
    steps = [one for one in listed.iter(f"{HTML}details") if one.get("class") == "cb-step"]
    assert len(steps) == 16
    assert all(HARM in text(one) for one in steps), "answers are shown letter for letter"
    assert "cb-diff" not in {one.get("class") for one in listed.iter(f"{HTML}ul")}
    assert "lm-eval 0.4" in said
    heads = {one.get("id") for one in page.iter(f"{HTML}h2")}
    assert not heads & {"output", "safety"}, "what an answer looks like is for a kind to say"


@LANGUAGES
def test_a_model_page_says_which_difference_is_good(site, language):
    said = text(article(site, f"{language}models/org__middle"))
    assert ("점수는 낮을수록 좋습니다" if language else "The lower score is the better one") in said
    assert "+0.1000" in said


def test_charts_are_of_the_suite_and_turn_where_less_is_better(written):
    quiz, bits = ({chart.name: chart for chart in charts_of(board)} for board in written[0].boards)
    assert list(quiz) == ["size", "speed", "score", "time", "epochs"]
    assert list(bits) == ["size", "speed", "time", "epochs"]
    assert [point.label for point in bits["size"].front] == list(reversed(MODELS))
    assert upward(quiz["size"]).high == 100
    scale = upward(bits["size"])
    assert (scale.low, scale.high) == (0.75, 1.05), "the axis is fitted to what it shows"
    assert all(scale.low <= tick <= scale.high for tick in scale.ticks)


@LANGUAGES
def test_a_chart_prints_scores_as_the_suite_does(site, language):
    page = article(site, f"{language}charts/text-1-models")
    assert "0.8000" in [row[1] for table in tables(page) for row in table]
    assert (
        "더 낮은 모델은 없습니다" if language else "has a lower, and so a better, score"
    ) in text(page)


def test_every_metric_of_any_suite_is_a_column_of_the_exports_once(site, written):
    with (site / "data" / "board.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    table = parquet.read_table(site / "data" / "board.parquet")
    names = field_names(written[0].boards)
    assert tuple(rows[0]) == tuple(table.column_names) == names
    assert len(set(names)) == len(names), "a metric may be called like another field"
    types = {name: str(table.schema.field(name).type) for name in names}
    assert types["accuracy"] == types["bits_per_byte"] == types["first_token"] == "double"
    held = {(row["suite"], row["model"]): row for row in rows}
    assert held["text", "org/small"]["bits_per_byte"] == "1.0"
    assert held["text", "org/small"]["accuracy"] == ""
    quiz = held["quiz", "org/small"]
    assert (quiz["score"], quiz["metric_score"]) != (quiz["metric_score"], "")
    assert quiz["metric_score"] == "52.0"


def test_badges_print_the_score_of_the_first_board(site):
    assert "1 / 3 · 100.00" in (site / "badges" / "org__large.svg").read_text(encoding="utf-8")


def test_the_script_sorts_filters_and_compares_what_is_better_when_it_is_less(browser, site):
    with serving(site, 0) as address, browsing(browser, address) as page:
        open_board(page, "boards/text-1-models/?sort=-rank")
        shown = page.locator("#table tbody tr td.cb-score").all_inner_texts()
        assert [one.split()[0] for one in shown] == ["1.0000", "0.9000", "0.8000"]
        assert f"± 0.0061 as reported ({HARM})" in shown[0]
        best = page.locator("#table tbody td.cb-best.cb-score").all_inner_texts()
        assert [one.split()[0] for one in best] == ["0.8000"]
        open_board(page, "?cmp=org__large&cmp=org__small&metric-score=50.5..")
        assert page.locator("#table tbody tr").count() == 2
        told = page.locator("#comparison").inner_text()
        assert "Difference" in told
        assert re.search(r"\+\d+\.\d\d", told)
