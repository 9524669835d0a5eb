"""Steps, tasks and comparisons: a stranger's questions, each answered within two clicks."""

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, Page, expect

from cardboard.board.compare.comparison import compare
from cardboard.board.judge.build import build_boards
from cardboard.board.model import Boards
from cardboard.board.read.reader import read_results
from cardboard.board.workspace.settings import Suite
from cardboard.eval.metrics import Measured
from cardboard.eval.records import Group, Result, Step
from cardboard.eval.records import Suite as Recorded
from cardboard.eval.suites.kinds.replay.kind import score
from cardboard.site.assembly.server import serving
from cardboard.tests.making import a_result, a_workspace
from cardboard.tests.site.browsing import barriers, browsing, within_two_clicks
from cardboard.tests.site.hostile import HARM, IMAGE
from cardboard.tests.site.reading import HTML, article, text

NAMES = ("command_f1", "command_precision", "command_recall", "first_cmd_exact", "valid_json")
TASKS = ("copy-files", "find key", f"mend {IMAGE}", "pack-logs", "read-mail", "sort-list", "tell")
WRONG = {
    "org/best": {("tell", 0), ("tell", 1)},
    "org/good": {("tell", 0), ("tell", 1), ("find key", 1)},
    "org/weak": {(task, 0) for task in TASKS} | {("tell", 1)},
}
"""Steps that a model has not right; nobody has those of the last task."""
PLACE = "mini-1-models"


def answered(name: str) -> Result:
    """Return the result of a replay of seven tasks with two steps each."""

    def step(task: str, number: int) -> Step:
        typed = "pwd" if (task, number) in WRONG[name] else "ls -l docs"
        told = {"analysis": f"{name} on {task} {HARM}", "plan": "", "task_complete": False}
        answer = json.dumps({**told, "commands": [{"keystrokes": f"{typed}\n", "duration": 1}]})
        reference = {"command_units": ["ls -l docs"], "task_complete": False}
        scored = score(reference, answer, "1")
        return Step(
            task_id=task,
            step_idx=number,
            groups={"bucket": "early" if number == 0 else "late"},
            reference=reference,
            parsed=scored.parsed,
            answer=answer,
            scores=dict(scored.scores),
            finish_reason="stop",
        )

    steps = tuple(step(task, number) for task in TASKS for number in range(2))
    share = sum(one.scores["command_f1"] or 0.0 for one in steps) / len(steps)
    figures = {one: Measured(value=round(share, 6)) for one in NAMES[:3]}
    figures |= {"first_cmd_exact_pct": Measured(value=round(100 * share, 6))}
    told = a_result(name, steps=steps, metrics=figures | {"valid_json_pct": Measured(value=100.0)})
    count = len(steps)
    counts = replace(told.counts, expected=count, scored=count, tasks=len(TASKS))
    suite = Recorded(name="mini", version="1", steps=count, tasks=len(TASKS))
    groups = {name: _group(steps, name) for name in ("early", "late")}
    return replace(told, counts=counts, suite=suite, divisions={"bucket": groups})


def _group(steps: tuple[Step, ...], name: str) -> Group:
    found = [one.scores["command_f1"] or 0.0 for one in steps if one.groups["bucket"] == name]
    return Group(steps=len(found), metrics={"command_f1": round(sum(found) / len(found), 6)})


@pytest.fixture(scope="module")
def written(quick_site, tmp_path_factory) -> tuple[Path, Boards]:
    """Return a site of three models with all their answers, and its boards."""
    results = tmp_path_factory.mktemp("answers")
    for name in WRONG:
        path = results / f"{name.partition('/')[2]}.json"
        path.write_bytes(msgspec.json.encode(answered(name)))
    suite = Suite(name="mini", version="1", steps=14, tasks=7)
    workspace = a_workspace(suites=(suite,))
    boards = build_boards(read_results(results), workspace)
    return quick_site(boards, workspace.settings, results=results), boards


@pytest.fixture(scope="module")
def url(written) -> Iterator[str]:
    with serving(written[0], 0) as address:
        yield address


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    with browsing(browser, url, viewport={"width": 1280, "height": 900}) as page:
        page.add_init_script("window.harm = () => { window.harmed = true }")
        yield page
        assert page.evaluate("window.harmed") is None


def opened(page: Page) -> list[str]:
    return page.locator("button.cb-open").all_inner_texts()


def test_on_which_tasks_does_a_beat_b(page):
    with within_two_clicks(page, ""):
        page.locator("main a").filter(has_text="good").first.click()
        page.locator(".cb-pairs tbody tr").filter(has_text="org/weak").locator("td a").click()
        expect(page.locator("#cb-compared .cb-pairs tbody tr")).to_have_count(1)
        rows = page.locator("tr[data-task]").all_inner_texts()
        better = [row.split("\t")[0].strip("▸ \n") for row in rows if "+" in row]
        assert sorted(better) == [
            "Copy files",
            f"Mend {IMAGE}",
            "Pack logs",
            "Read mail",
            "Sort list",
        ]
    page.locator("#cb-compared select").select_option("ahead")
    assert opened(page) == ["Copy files", f"Mend {IMAGE}", "Pack logs", "Read mail", "Sort list"]
    page.locator("#cb-compared select").select_option("level")
    assert opened(page) == ["Find key", "Tell"]


def test_what_did_a_answer_to_the_step_that_everybody_else_solved(page):
    with within_two_clicks(page, ""):
        page.locator("main a").filter(has_text="good").first.click()
        page.get_by_role("link", name="Find key, step 2").click()
        answer = page.locator(".cb-steps-open:not([hidden])")
        expect(answer).to_contain_text(f"org/good on find key {HARM}")
    assert answer.locator("mark").all_inner_texts() == ["ls -l docs", "pwd"]


def test_the_way_by_the_count_of_such_steps_is_as_short(page):
    page.goto("models/org__good/")
    page.get_by_role("link", name="Everybody else has it right (1)").click()
    expect(page.locator("[role=status]")).to_have_text("1 of 14 steps")
    assert opened(page) == ["Find key step 2"]


def test_steps_are_chosen_sorted_opened_and_linked_by_keyboard(page):
    page.goto("steps/org__weak/")
    expect(page.locator("[role=status]")).to_have_text("14 of 14 steps")
    assert opened(page)[-1].startswith("Tell"), "what nobody has right tells nothing of a model"
    page.get_by_label("Search task, reference, answer").fill("pack")
    expect(page.locator("[role=status]")).to_have_text("2 of 14 steps")
    assert page.url.endswith("?q=pack")
    page.get_by_role("button", name="Task and step").press("Enter")
    expect(page.locator("th[aria-sort=ascending]")).to_have_count(1)
    first = page.locator("button.cb-open").first
    first.press("Enter")
    expect(page.locator(".cb-steps-open:not([hidden])")).to_contain_text("org/weak on pack-logs")
    assert page.url.endswith("?q=pack&sort=task#pack-logs/1")
    first.press("Enter")
    expect(page.locator(".cb-steps-open:not([hidden])")).to_have_count(0)
    page.get_by_label("Search task, reference, answer").fill("nowhere")
    expect(page.locator("[role=status]")).to_have_text("None")
    page.get_by_role("button", name="Show all").press("Enter")
    expect(page.locator("[role=status]")).to_have_text("14 of 14 steps")


def test_a_link_opens_its_step_whatever_is_filtered(page):
    page.goto("ko/steps/org__good/?show=ahead#find_key/2")
    expect(page.locator(".cb-steps-open:not([hidden])")).to_contain_text("org/good on")
    assert page.locator(":focus").inner_text().startswith("Find key")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_bars_a_reader_from_what_is_opened(page, scheme):
    page.emulate_media(color_scheme=scheme)
    page.goto("steps/org__weak/#copy-files/1")
    expect(page.locator(".cb-steps-open:not([hidden])")).to_contain_text("org/weak on")
    assert barriers(page) == []
    page.goto(f"ko/compare/{PLACE}/?m=org__good&m=org__weak&m=org__best#copy-files/1")
    expect(page.locator(".cb-steps-halves section")).to_have_count(3)
    assert barriers(page) == []
    page.goto(f"tasks/{PLACE}/")
    page.locator(".cb-heat-place").press("ArrowRight")
    assert barriers(page) == []


def test_pages_never_scroll_sideways_on_a_phone(browser, url):
    with browsing(browser, url, viewport={"width": 390, "height": 844}) as page:
        for path in (
            "steps/org__good/#find_key/2",
            f"compare/{PLACE}/?m=org__good&m=org__weak#find_key/2",
            f"tasks/{PLACE}/",
            "models/org__good/",
        ):
            page.goto(path)
            page.wait_for_load_state("networkidle")
            assert page.evaluate("document.documentElement.scrollWidth") == 390, path


def test_the_comparison_prints_what_the_board_computes(page, written):
    board = written[1].boards[0]
    entries = {entry.model: entry for entry in board.ranked}
    (told,) = compare(board, [(entries["org/good"], entries["org/weak"])])
    page.goto(f"compare/{PLACE}/?m=org__good&m=org__weak")
    first = page.locator("#cb-compared .cb-pairs tbody tr").first
    found = told.paired
    expect(first.locator("th, td")).to_have_text(
        [
            "org/weak",
            "3",
            "42.86",
            f"+{found.difference:.2f}",
            f"{found.low:+.2f} … {found.high:+.2f}".replace("-", "−"),
            f"{found.won} / {found.lost} / {found.tied}",
            "Told apart" if told.separable else "Level",
        ]
    )
    groups = page.locator("#cb-compared table").last.locator("tbody tr").all_inner_texts()
    assert [one.split("\t")[-1] for one in groups] == ["+85.71", "−14.29"]


def test_answers_stand_side_by_side_beneath_what_was_asked(page):
    page.goto(f"compare/{PLACE}/?m=org__good&m=org__weak#copy-files/1")
    sides = page.locator(".cb-steps-halves section")
    expect(sides).to_have_count(2)
    expect(sides.nth(0)).to_contain_text(f"org/good on copy-files {HARM}")
    expect(sides.nth(1)).to_contain_text(f"org/weak on copy-files {HARM}")


def test_models_are_named_added_and_taken_away(page):
    page.goto(f"compare/{PLACE}/")
    expect(page.get_by_role("heading", name="org/best against those that follow")).to_be_visible()
    for number, name in enumerate(("org/weak", "good"), start=1):
        page.get_by_label(f"Model {number}").fill(name)
        page.get_by_label(f"Model {number}").press("Enter")
    expect(page.locator("#cb-compared .cb-pairs")).to_contain_text("org/good")
    assert page.url.endswith("?m=org__weak&m=org__good")
    page.get_by_label("Model 2").fill("")
    page.get_by_label("Model 2").press("Enter")
    expect(page.locator("#cb-compared")).to_have_text("Name two to four models.")


def test_the_map_says_each_cell_by_keys(page):
    page.goto(f"tasks/{PLACE}/")
    region = page.locator(".cb-heat-place")
    region.press("ArrowRight")
    expect(page.locator(".cb-heat-said")).to_have_text("org/best · Tell: 0.00")
    region.press("ArrowRight")
    region.press("ArrowDown")
    expect(page.locator(".cb-heat-said")).to_contain_text("org/good")
    region.press("Enter")
    page.wait_for_url("**/tasks/mini-1-models--*/")


def test_tasks_are_told_by_how_hard_they_are(written):
    page = article(written[0], f"tasks/{PLACE}")
    lists = [[text(li).partition(":")[0] for li in ol] for ol in page.iter(f"{HTML}ol")][1:]
    assert (lists[0][:2], lists[1][0]) == (["Tell", "Find key"], "Sort list")
    assert "No model has every step right on 1 of 7 tasks." in text(page)
    task = article(written[0], f"tasks/{PLACE}--tell")
    assert "No model has every step of this task right." in text(task)
    rows = article(written[0], f"tasks/{PLACE}--copy-files").find(f".//{HTML}tbody")
    assert [[text(cell).partition(" (")[0] for cell in row] for row in rows] == [
        ["1", "org/best", "100.00", "100.00", "100.00"],
        ["2", "org/good", "100.00", "100.00", "100.00"],
        ["3", "org/weak", "50.00", "0.00", "100.00"],
    ]


def test_without_scripts_every_step_is_listed_and_the_best_is_compared(browser, url):
    with browsing(browser, url, java_script_enabled=False) as page:
        page.goto("steps/org__good/#find_key/2")
        expect(page.locator("#cb-listed details")).to_have_count(14)
        page.locator("#cb-listed summary", has_text="find key").nth(1).click()
        expect(page.get_by_text(f"org/good on find key {HARM}").nth(1)).to_be_visible()
        page.goto(f"compare/{PLACE}/")
        expect(page.locator(".cb-pairs tbody tr")).to_have_count(2)


def test_what_scripts_read_holds_each_answer_once(written):
    site, _ = written
    files = sorted(path.name for path in (site / "data" / "steps").iterdir())
    assert [name.partition(".")[0] for name in files] == [
        PLACE,
        "org__best",
        "org__good",
        "org__weak",
    ]
    assert not list((site / "ko").rglob("*.gz"))
    (named,) = (site / "data").glob(f"{PLACE}.compare.*.json")
    assert [one["slug"] for one in json.loads(named.read_text("utf-8"))["models"]] == [
        "org__best",
        "org__good",
        "org__weak",
    ]
