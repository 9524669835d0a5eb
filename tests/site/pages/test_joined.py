"""Tasks that two suites share: one model asked in both ways, drawn and told with their evidence."""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser

from cardboard.board.judge.build import build_boards
from cardboard.board.model import Boards
from cardboard.board.read.reader import read_results
from cardboard.board.workspace.settings import Settings, Suite, Workspace
from cardboard.eval.metrics import Measured
from cardboard.eval.records import Result, Step, encode
from cardboard.eval.records import Suite as Recorded
from cardboard.site.assembly.server import serving
from cardboard.site.charts.charts import charts_of
from cardboard.site.source.joined import joined_scores
from cardboard.tests.eval.suites.kinds.shell.episodes import (
    a_played_result,
    a_step,
    a_transcript,
    a_turn,
)
from cardboard.tests.making import SETTINGS, a_result
from cardboard.tests.site.browsing import barriers, browsing

JOBS = ("count-files", "find-key", "mend-script", "pack-logs")
LIVE = Suite(name="paper", version="1", kind="shell", steps=5, tasks=5)
REPLAY = Suite(name="mini", version="1", steps=4, tasks=4)


def replayed(name: str, right: Sequence[str]) -> Result:
    """Return the result of a replay in which the steps of the jobs *right* are all right."""
    names = ("command_f1", "command_precision", "command_recall", "first_cmd_exact", "valid_json")
    steps = tuple(
        Step(
            task_id=job,
            step_idx=0,
            reference={"command_units": ["ls"], "task_complete": False},
            parsed={
                "command_units": ["ls" if job in right else "pwd"],
                "task_complete": False,
                "valid_json": True,
            },
            scores={**dict.fromkeys(names, float(job in right)), "valid_json": 1.0},
        )
        for job in JOBS
    )
    share = len(right) / len(JOBS)
    figures = {one: Measured(value=share) for one in names[:3]}
    figures |= {"first_cmd_exact_pct": Measured(value=100 * share)}
    told = a_result(name, steps=steps, metrics=figures | {"valid_json_pct": Measured(value=100.0)})
    counts = replace(told.counts, expected=4, scored=4, tasks=4)
    return replace(told, counts=counts, suite=Recorded(name="mini", version="1", steps=4, tasks=4))


def live(name: str, passed: Sequence[str]) -> Result:
    """Return the result of episodes of the same jobs, of one job twice, and of none of them."""
    tasks = {**{job: job for job in JOBS}, "find-key-discover": "find-key"}
    steps = tuple(
        a_step(
            task,
            a_transcript(a_turn("ls", end="exit"), passed=task in passed),
            reference={"outcome": "done", "job": job},
        )
        for task, job in tasks.items()
    )
    clean = Measured(value=100.0 * len(passed) / len(steps))
    return replace(a_played_result(name, 0, 5), steps=steps, metrics={"clean_pct": clean})


def boards_at(root: Path, *results: Result) -> tuple[Boards, Workspace]:
    """Return the boards of *results*, whose files lie below *root*."""
    (root / "results").mkdir()
    for number, one in enumerate(results):
        (root / "results" / f"{number}.json").write_bytes(encode(one))
    settings = Settings(board=SETTINGS.board, suites=(REPLAY, LIVE), protocols={})
    workspace = Workspace(root=root, settings=settings, models={})
    return build_boards(read_results(workspace.results), workspace), workspace


@pytest.fixture(scope="module")
def joined(quick_site: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a site: two models with both results, and one that has played only."""
    boards, workspace = boards_at(
        tmp_path_factory.mktemp("joined"),
        replayed("org/good", JOBS[:3]),
        live("org/good", ("count-files", "find-key", "pack-logs")),
        replayed("org/weak", JOBS[:1]),
        live("org/weak", ()),
        live("org/new", ("count-files",)),
    )
    return quick_site(boards, workspace.settings, results=workspace.results)


@pytest.fixture(scope="module")
def url(joined: Path) -> Iterator[str]:
    """Give the site's address."""
    with serving(joined, 0) as address:
        yield address


def page_of(site: Path, path: str) -> str:
    return (site / path / "index.html").read_text(encoding="utf-8")


def rows(html: str) -> list[list[str]]:
    """Return the cells of the table of tasks in common."""
    table = re.search(r'<table class="cb-table cb-joined">.*?</table>', html, re.DOTALL)
    assert table is not None
    lines = table[0].split("<tr>")[2:]
    return [[cell for cell in re.split(r"<[^>]+>", line) if cell.strip()] for line in lines]


def test_each_task_stands_beside_the_one_that_it_was_made_of_in_the_order_of_that_score(
    joined: Path,
) -> None:
    assert rows(page_of(joined, "models/org__good")) == [
        ["count-files", "count-files", "100.00", "100.0%"],
        ["find-key", "find-key", "100.00", "100.0%"],
        ["find-key-discover", "find-key", "100.00", "0.0%"],
        ["mend-script", "mend-script", "100.00", "0.0%"],
        ["pack-logs", "pack-logs", "0.00", "100.0%"],
    ]


def test_it_says_what_was_found_and_no_more_in_both_languages(joined: Path) -> None:
    good = page_of(joined, "models/org__good")
    assert "is 100.0% on 3 of them, whose mean score on mini 1 is 66.67; on the other 2" in good
    assert "no test stands behind the difference" in good
    assert "is 100.0% on none of the 5" in page_of(joined, "models/org__weak")
    korean = page_of(joined, "ko/models/org__good")
    assert "값이 100.0%인 태스크는 3개이고 mini 1 평균 점수는 66.67입니다" in korean
    assert "차이를 검정하지는 않았습니다" in korean


def test_a_model_without_the_other_result_has_no_such_part(joined: Path) -> None:
    assert "cb-joined" not in page_of(joined, "models/org__new")


def test_the_board_has_a_chart_of_the_models_with_both(joined: Path) -> None:
    html = page_of(joined, "charts/paper-1-models")
    assert "2 of 3 ranked models are ranked on mini 1 as well" in html
    assert "Score on mini 1" in html
    assert 'id="joined"' not in page_of(joined, "charts"), "the suite that is replayed has none"


def test_it_takes_ranks_on_both_and_two_models_make_a_chart(tmp_path: Path) -> None:
    failed = replace(replayed("org/good", JOBS), status="failed", error="no")
    boards, _ = boards_at(tmp_path, failed, live("org/good", JOBS), replayed("org/other", JOBS))
    replay, played = (
        next(one for one in boards.boards if one.suite.name == name) for name in ("mini", "paper")
    )
    ranked = {one.model: [(board, one)] for board in boards.boards for one in board.ranked}
    assert joined_scores(played, ranked) is None
    assert joined_scores(replay, ranked) is None
    (entry,) = played.ranked
    scores = (REPLAY, {entry.result_id: 1.0})
    (chart,) = (one for one in charts_of(played, scores) if one.name == "joined")
    assert (chart.known, chart.shown) == (1, False)
    assert "joined" not in {one.name for one in charts_of(played)}


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
        for path in ("models/org__good/", "charts/paper-1-models/"):
            page.goto(f"{language}{path}")
            assert barriers(page) == []
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
