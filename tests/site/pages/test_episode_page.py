"""The page of a model's episodes: every screen, filters, keys, links, and all without scripts."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from cardboard.board.judge.build import build_boards
from cardboard.board.read.reader import read_results
from cardboard.board.workspace.settings import Profile, Settings, Suite, Workspace
from cardboard.eval import records
from cardboard.eval.records import Counts, Model, Prompts, Protocol, Result, Step, encode
from cardboard.eval.suites.kinds.aggregate import divided, measured
from cardboard.eval.suites.kinds.registry import kind_of
from cardboard.eval.suites.kinds.shell import scoring, transcript
from cardboard.eval.suites.kinds.shell.transcript import Facts, Transcript, Typed
from cardboard.site.assembly.server import serving
from cardboard.tests.eval.suites.kinds.shell.episodes import a_transcript, a_turn
from cardboard.tests.making import SETTINGS
from cardboard.tests.site.browsing import barriers, browsing
from cardboard.tests.site.hostile import HARM

PLAYED = "episodes/org__player/"
FAILED = Facts(typed=(Typed(line=f"cat {HARM}", status=1),), valid=False)
EPISODES: dict[str, Transcript] = {
    "count-files": a_transcript(a_turn("ls"), a_turn("ls | wc -l > n", end="exit")),
    "find-key": a_transcript(a_turn("ls"), FAILED, a_turn(end="panic", reason=HARM)),
    "never-ends": a_transcript(*[a_turn("ls")] * 20, passed=False),
}
GROUPS = {"count-files": "files", "find-key": "security", "never-ends": "files"}


def step_of(task: str, episode: Transcript) -> Step:
    """Return the step of an *episode*."""
    text = transcript.encode(episode)
    reference = {"outcome": "blocked" if task == "find-key" else "done"}
    found = scoring.score(reference, text, "1")
    return Step(
        task_id=task,
        step_idx=0,
        groups={"group": GROUPS[task], "outcome": reference["outcome"]},
        reference=reference,
        answer=text,
        parsed=found.parsed,
        scores={name: value for name, value in found.scores.items() if value is not None},
        finish_reason=episode.extra.end,
    )


@pytest.fixture(scope="module")
def played(quick_site: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the site of one model that played three episodes."""
    root = tmp_path_factory.mktemp("played")
    (root / "results").mkdir()
    steps = tuple(step_of(*one) for one in EPISODES.items())
    kind = kind_of("shell")
    result = Result(
        model=Model(id="org/player", revision="0" * 40),
        suite=records.Suite(name="paper", version="1", kind="shell", steps=3, tasks=3),
        protocol=Protocol(temperature=0.0, dialogue="shell", extra={"isolation": "bubblewrap"}),
        prompts=Prompts(template_status="chat_template"),
        counts=Counts(expected=3, scored=3, failed=0, tasks=3),
        metrics=measured(kind, kind.metrics, steps),
        divisions=divided(kind.metrics, steps),
        status="complete",
        scorer=kind.scorer,
        steps=steps,
    )
    (root / "results" / "player.json").write_bytes(encode(result))
    suite = Suite(name="paper", version="1", kind="shell", steps=3, tasks=3)
    settings = Settings(board=SETTINGS.board, suites=(suite,), protocols={})
    models = {"org/player": Profile(trained_groups={"paper": ("files",)})}
    workspace = Workspace(root=root, settings=settings, models=models)
    boards = build_boards(read_results(workspace.results), workspace)
    return quick_site(boards, settings, results=workspace.results)


@pytest.fixture(scope="module")
def url(played: Path) -> Iterator[str]:
    """Give the site's address."""
    with serving(played, 0) as address:
        yield address


def test_it_holds_every_screen_and_escapes_what_a_model_wrote(played: Path) -> None:
    for language in ("", "ko/"):
        html = (played / language / PLAYED / "index.html").read_text(encoding="utf-8")
        assert html.count('<details class="cb-step cb-episode"') == 3
        assert len(re.findall(r'<li id="e-[a-z-]+\.\d+"', html)) == 2 + 3 + 20
        assert HARM not in html


def test_the_models_page_leads_to_each_episode(played: Path) -> None:
    html = (played / "models/org__player/index.html").read_text(encoding="utf-8")
    assert 'href="../../episodes/org__player/"' in html
    listed = (played / "steps/org__player/index.html").read_text(encoding="utf-8")
    assert 'href="../../episodes/org__player/#e-never-ends"' in listed


def test_the_models_page_tells_of_groups_that_it_was_not_trained_on(played: Path) -> None:
    """One of two episodes of files is clean, and the one of security is."""
    told = {
        "": "what models.toml says of it: Security. Episodes that ended cleanly there: "
        "1/1 [21–100 %]; in the archetypes that it was trained on: 1/2 [9–91 %].",
        "ko/": "학습에 쓰이지 않은(held-out) 유형은 보안입니다",
    }
    for language, words in told.items():
        html = (played / language / "models/org__player/index.html").read_text(encoding="utf-8")
        assert words in html


@pytest.mark.parametrize("language", ["", "ko/"])
@pytest.mark.parametrize(
    "options",
    [{}, {"color_scheme": "dark"}, {"viewport": {"width": 360, "height": 740}}],
    ids=["light", "dark", "phone"],
)
def test_nobody_is_shut_out(
    browser: Browser, url: str, language: str, options: dict[str, object]
) -> None:
    with browsing(browser, url, **options) as page:
        page.goto(f"{language}{PLAYED}#e-find-key")
        expect(page.locator("#e-find-key")).to_have_attribute("open", "")
        assert barriers(page) == []
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0


def test_a_link_opens_its_screen_and_keys_lead_to_others(browser: Browser, url: str) -> None:
    with browsing(browser, url) as page:
        page.goto(f"{PLAYED}#e-count-files.1")
        expect(page.locator("[id='e-count-files.1']")).to_be_focused()
        page.keyboard.press("ArrowRight")
        expect(page.locator("[id='e-count-files.2']")).to_be_focused()
        assert page.url.endswith("#e-count-files.2")
        page.keyboard.press("n")
        expect(page.locator(".cb-episode[open]")).to_have_count(2)


def test_filters_choose_by_end_and_group(browser: Browser, url: str) -> None:
    with browsing(browser, url) as page:
        page.goto(PLAYED)
        page.get_by_label("Archetype").select_option("Files")
        expect(page.locator(".cb-episode:visible")).to_have_count(2)
        page.get_by_label("How it ended").first.select_option("limit of answers")
        expect(page.locator(".cb-episode:visible")).to_have_count(1)
        page.get_by_label("Full score").select_option("yes")
        expect(page.get_by_text("No episode fits.")).to_be_visible()


def test_without_scripts_episodes_open_and_stand_by_how_they_ended(
    browser: Browser, url: str
) -> None:
    with browsing(browser, url, java_script_enabled=False) as page:
        page.goto(PLAYED)
        page.get_by_role("link", name="gave up (panic)").click()
        page.locator("#e-find-key > summary").click()
        expect(page.locator("[id='e-find-key.2']")).to_be_visible()
        expect(page.locator("select")).to_have_count(0)
