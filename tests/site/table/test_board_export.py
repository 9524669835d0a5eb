"""Exports of a board: what is in view, in its order, and nothing that a spreadsheet would run."""

import csv
import io
import json

import pytest

from cardboard.board.judge.build import build_boards
from cardboard.site.assembly.server import serving
from cardboard.tests.making import a_reading, a_result, a_workspace
from cardboard.tests.site.browsing import browsing, names, open_board

VIEW = (
    "?family=gemma&sort=-seconds&show=backend&show=level"
    "&hide=metric-command_precision&hide=template"
)


def exported(page, form):
    """Return the name and the text of the file that a click on *form* gives."""
    if page.locator("#cb-export").is_hidden():
        page.locator("[aria-controls=cb-export]").click()
    with page.expect_download() as download:
        page.get_by_role("button", name=form, exact=True).click()
    return download.value.suggested_filename, download.value.path().read_text(encoding="utf-8")


@pytest.fixture
def page(browser, varied_url):
    with browsing(browser, varied_url) as opened:
        open_board(opened, VIEW)
        yield opened


@pytest.fixture
def entries(varied):
    return {entry.label: entry for entry in varied[0].boards[0].ranked}


def test_csv_holds_the_rows_and_columns_in_view_with_every_figure_as_printed(page, entries):
    name, text = exported(page, "CSV")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert name == "varied-1-models.csv"
    assert [row["model"] for row in rows] == names(page)
    assert list(rows[0]) == [
        "rank",
        "rank_low",
        "rank_high",
        "model",
        "score",
        "score_low_95",
        "score_high_95",
        "difference_to_base",
        "command_recall",
        "valid_json_pct",
        "seconds_per_step",
        "parameters_billions",
        "family",
        "backend",
        "evidence",
        "level_with",
        "findings",
    ]
    for row in rows:
        entry = entries[row["model"]]
        assert row["rank"] == str(entry.rank)
        assert row["score"] == f"{entry.score:.2f}"
        assert row["family"] == "gemma"
        assert row["backend"] == (entry.result.protocol.backend or "")
        resolution = entry.resolution
        assert row["rank_high"] == (str(resolution.high) if resolution else "")
        assert row["score_low_95"] == (f"{resolution.score.low:.2f}" if resolution else "")
        assert row["findings"] == ", ".join(finding.code for finding in entry.findings)


def test_json_holds_numbers_as_numbers_and_unknown_as_null(page, entries):
    name, text = exported(page, "JSON")
    told = json.loads(text)
    assert name == "varied-1-models.json"
    assert told["title"] == "Varied"
    assert [row["model"] for row in told["rows"]] == names(page)
    for row in told["rows"]:
        entry = entries[row["model"]]
        assert row["rank"] == entry.rank
        assert row["score"] == entry.score
        recall = entry.value("command_recall")
        assert row["command_recall"] == (None if recall is None else round(100 * recall, 2))
        assert row["seconds_per_step"] == pytest.approx(
            entry.result.timing.seconds_per_step, abs=1e-3
        )
        assert row["parameters_billions"] == entry.profile.parameters
        assert row["findings"] == [finding.code for finding in entry.findings]


def test_markdown_is_the_table_as_it_is_shown(page):
    name, text = exported(page, "Markdown")
    lines = text.splitlines()
    assert name == "varied-1-models.md"
    assert lines[0] == "## Varied"
    head = [cell.strip() for cell in lines[2].strip("|").split("|")]
    assert head[:3] == ["Rank", "Model", "Score"]
    shown = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[4:]]
    assert [row[1] for row in shown] == names(page)
    assert all(len(row) == len(head) for row in shown)
    assert shown[0][head.index("Family")] == "Gemma"


def test_every_language_exports_the_same_data(browser, varied_url):
    texts = set()
    for language in ("", "ko/"):
        with browsing(browser, varied_url) as page:
            open_board(page, language + VIEW)
            texts.add(exported(page, "CSV")[1])
    assert len(texts) == 1


EVIL = ["=HYPERLINK(1)", "@sum|a", "-1+1", 'quote",comma', "**bold** [x](y) <b> `c`", "http://x.y"]


@pytest.fixture(scope="module")
def evil_url(quick_site):
    workspace = a_workspace()
    readings = [a_reading(a_result(name, 0.5 - n / 100)) for n, name in enumerate(EVIL)]
    with serving(quick_site(build_boards(readings, workspace), workspace.settings), 0) as address:
        yield address


def test_a_name_is_never_a_formula_or_markup_of_the_file(browser, evil_url):
    with browsing(browser, evil_url) as page:
        open_board(page)
        _, text = exported(page, "CSV")
        told = [row["model"] for row in csv.DictReader(io.StringIO(text))]
        assert told == ["'=HYPERLINK(1)", "'@sum|a", "'-1+1", *EVIL[3:]]
        _, text = exported(page, "Markdown")
        cells = [line.split(" | ")[1] for line in text.splitlines()[4:]]
        assert cells == [
            "=HYPERLINK(1)",
            "&#64;sum\\|a",
            "-1+1",
            'quote",comma',
            "\\*\\*bold\\*\\* \\[x\\](y) &lt;b&gt; \\`c\\`",
            "http\\://x.y",
        ]
