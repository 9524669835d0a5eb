"""Up to four models of a board side by side, and task by task where their steps are known."""

import itertools

import pytest
from playwright.sync_api import expect

from cardboard.board.compare.comparison import compare
from cardboard.board.judge.resolution import tasks_of
from cardboard.board.statistics.paired import reach_of
from cardboard.site.source.source import Source
from cardboard.site.table.script_data import points_files
from cardboard.tests.site.browsing import browsing, open_board, serve_sources
from cardboard.tests.site.varied import name

MEASURED, OTHER, WITHOUT = name(0), name(4), name(5)


@pytest.fixture
def board(browser, varied_url):
    with browsing(browser, varied_url, viewport={"width": 1280, "height": 900}) as page:
        open_board(page)
        yield page


def slug(model):
    return model.replace("/", "__")


def box(page, model):
    return page.get_by_role("checkbox", name=f"Compare {model}", exact=True)


def told(page):
    """Return the comparison as lists of texts, a row each."""
    rows = page.locator("#comparison tr").all()
    return [[cell.inner_text() for cell in row.locator("th, td").all()] for row in rows]


def test_two_are_enough_and_four_the_most(board):
    bar = board.get_by_role("region", name="Models picked for comparison")
    expect(bar).to_be_hidden()
    box(board, MEASURED).check()
    expect(bar).to_contain_text("1 of 4 picked")
    expect(board.locator("#comparison")).to_be_hidden()
    for number in (1, 2, 4):
        box(board, name(number)).check()
    expect(bar).to_contain_text("4 of 4 picked")
    expect(box(board, name(6))).to_be_disabled()
    expect(board.locator("#comparison .cb-compared thead th")).to_have_count(4)
    bar.get_by_role("button", name="model-1 (remove").click()
    expect(box(board, name(1))).not_to_be_checked()
    expect(box(board, name(6))).to_be_enabled()
    bar.get_by_role("button", name="Clear all").click()
    expect(bar).to_be_hidden()
    expect(board.locator("#comparison")).to_be_hidden()


def test_the_link_leads_to_the_figures_side_by_side(board):
    for model in (MEASURED, OTHER):
        box(board, model).check()
    board.get_by_role("link", name="Compare", exact=True).click()
    expect(board.locator("#comparison")).to_be_in_viewport()
    rows = {row[0]: row[1:] for row in told(board)}
    assert rows[""] == [MEASURED, OTHER]
    assert rows["Score"][0].startswith("86.00 (")
    assert rows["Score"][0].endswith("(best of these)")
    assert rows["Family"] == ["Qwen", "Gemma"]
    assert rows["Parameters"] == ["0.6B", "unknown"]


def test_the_address_holds_what_is_compared(board):
    open_board(board, f"?cmp={slug(MEASURED)}&cmp={slug(OTHER)}#comparison")
    expect(box(board, OTHER)).to_be_checked()
    expect(board.locator("#comparison")).to_be_visible()
    box(board, OTHER).uncheck()
    assert board.url.endswith(f"?cmp={slug(MEASURED)}#comparison")


def test_picked_models_stay_picked_while_others_are_looked_for(board):
    box(board, MEASURED).check()
    board.get_by_role("searchbox", name="Search this table").fill(OTHER)
    box(board, OTHER).check()
    expect(board.locator("#comparison .cb-compared thead th")).to_have_count(2)


def test_pairs_with_steps_are_told_apart_as_the_board_does(board, varied):
    boards, _ = varied
    entries = {entry.label: entry for entry in boards.boards[0].ranked}
    names = [name(0), name(1), name(10), name(22)]
    open_board(board, "?" + "&".join(f"cmp={entries[one].slug}" for one in names))
    expect(board.locator("#comparison")).to_contain_text(f"{names[0]} against the others")
    rows = {row[0]: row[1:] for row in told(board)}
    pairs = compare(boards.boards[0], [(entries[names[0]], entries[one]) for one in names[1:]])
    for one, pair in zip(names[1:], pairs, strict=True):
        found = pair.paired
        assert rows[one][2:] == [
            f"{found.difference:+.2f}".replace("-", "−"),
            f"{found.low:+.2f} … {found.high:+.2f}".replace("-", "−"),
            f"{found.won} / {found.lost} / {found.tied}",
            "Told apart" if pair.separable else "Level",
        ]
    assert {pair.separable for pair in pairs} == {True, False}


def test_without_steps_there_is_no_difference_to_tell(board):
    open_board(board, f"?cmp={slug(MEASURED)}&cmp={slug(WITHOUT)}")
    expect(board.locator("#comparison")).to_contain_text("against the others")
    rows = {row[0]: row[1:] for row in told(board)}
    assert rows[WITHOUT][2:] == ["no per-step data"] * 4


def test_the_script_and_the_board_agree_on_every_pair(board, varied):
    """The same sums, the same rounding, the same verdicts: for all pairs of the board."""
    boards, _ = varied
    (one,) = boards.boards
    measured = [entry for entry in one.ranked if entry.resolution]
    pairs = list(itertools.combinations(measured, 2))
    asked = [
        [
            a.facts.steps_per_task,
            a.facts.sums["command_f1"],
            b.facts.sums["command_f1"],
            {"critical": one.method.critical, "lead": one.method.lead},
            100,
            reach_of(tasks_of(one, measured)),
        ]
        for a, b in pairs
    ]
    serve_sources(board)
    found = board.evaluate(
        """async (asked) => {
            const { paired } = await import("/sources/board/paired.js");
            return asked.map((one) => paired(...one));
        }""",
        asked,
    )
    assert len(found) == 190
    for script, pair in zip(found, compare(one, pairs), strict=True):
        expected = pair.paired
        assert script == {
            "difference": expected.difference,
            "low": expected.low,
            "high": expected.high,
            "error": expected.standard_error,
            "won": expected.won,
            "lost": expected.lost,
            "tied": expected.tied,
            "apart": pair.separable,
        }


def test_points_are_split_into_files_of_bearable_size(varied, monkeypatch):
    from cardboard.site.frame.render import Renderer
    from cardboard.site.table import script_data as board_data

    monkeypatch.setattr(board_data, "MODELS_A_FILE", 8)
    boards, settings = varied
    (place,) = Source(boards, settings, Renderer("en")).places
    files = dict(points_files(place, boards.boards[0]))
    assert len(files) == 3
