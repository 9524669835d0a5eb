"""Steps whose every text means harm are shown letter for letter, and nothing happens."""

from pathlib import Path

import msgspec
import pytest

from cardboard.board.judge.build import build_boards
from cardboard.board.read.reader import read_results
from cardboard.eval.records import Step
from cardboard.site.assembly.server import serving
from cardboard.site.assembly.write import write_site
from cardboard.tests.making import a_result, a_workspace
from cardboard.tests.site.browsing import browsing
from cardboard.tests.site.hostile import HARM, IMAGE
from cardboard.tests.site.reading import HTML, document

TEXTS = (
    HARM,
    IMAGE,
    "</code></pre></details><script>harm()</script>",
    "\u202etxt.exe\u2066 and \u200f",
    "x" * 10_000,
    "{{ 7 * 7 }}{% for x in y %}",
)


def a_step(number):
    text = TEXTS[number]
    return Step(
        task_id=f"task-{number // 2}{text[:300]}",
        step_idx=number,
        groups={"source_group": text[:300], text[:100]: text[:100]},
        answer=text,
        reference={"command_units": [text, "ls"]},
        parsed={"command_units": ["ls", text, text]},
        scores={
            "command_f1": 0.5,
            "command_precision": 0.5,
            "command_recall": 0.5,
            "first_cmd_exact": 0.0,
            "valid_json": 1.0,
        },
        finish_reason=text[:300],
    )


@pytest.fixture(scope="module")
def site(quick_site, tmp_path_factory):
    """Return a site with one model, whose result file holds steps."""
    steps = tuple(map(a_step, range(6)))
    results = tmp_path_factory.mktemp("results")
    (results / "one.json").write_bytes(msgspec.json.encode(a_result("org/model", steps=steps)))
    workspace = a_workspace()
    boards = build_boards(read_results(results), workspace)
    return quick_site(boards, workspace.settings, results=results)


def pages(site: Path) -> list[Path]:
    return sorted(site.rglob("steps/*/index.html"))


def test_every_answer_is_shown_letter_for_letter(site):
    assert len(pages(site)) == 2
    for path in pages(site):
        page = document(path)
        shown = {
            "".join(one.itertext()) for name in ("code", "samp") for one in page.iter(HTML + name)
        }
        assert {text for text in TEXTS if len(text) < 200} <= shown
        assert "x" * 1000 in shown


def test_nothing_of_a_step_becomes_markup(site):
    for path in pages(site):
        document(path)
        html = path.read_text(encoding="utf-8")
        assert "<script>" not in html
        assert "<img src=x" not in html


def test_a_file_that_is_no_longer_the_judged_one_shows_no_step(tmp_path, quick):
    results = tmp_path / "results"
    results.mkdir()
    steps = tuple(map(a_step, range(6)))
    (results / "one.json").write_bytes(msgspec.json.encode(a_result("org/model", steps=steps)))
    boards = build_boards(read_results(results), a_workspace())
    (results / "one.json").write_bytes(msgspec.json.encode(a_result("org/other", steps=steps)))
    write_site(boards, a_workspace().settings, tmp_path / "site", results=results)
    assert pages(tmp_path / "site") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_runs_nothing_and_never_scrolls_sideways(browser, site, scheme):
    size = {"width": 390, "height": 844}
    with (
        serving(site, 0) as address,
        browsing(browser, address, viewport=size, color_scheme=scheme) as page,
    ):
        page.add_init_script("window.harm = () => { window.harmed = true }")
        for path in pages(site):
            # A list gives way to what a script makes of it, once this has its file.
            page.goto(f"{path.parent.relative_to(site).as_posix()}/", wait_until="networkidle")
            for step in page.locator("details > summary").all():
                step.click()
            assert page.evaluate("window.harmed") is None
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
