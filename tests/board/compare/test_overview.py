"""The overview: every model on every suite, nothing averaged that is unlike, nothing guessed."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from cardboard.board.compare.overview import Overview, by_suite, overview_of
from cardboard.board.judge.build import load_boards
from cardboard.board.model import Boards
from cardboard.board.show.overview_tables import document, fields, remarks, table
from cardboard.board.words.catalogue import Words
from cardboard.board.workspace.configuration import open_workspace
from cardboard.board.workspace.settings import OverviewRule, Settings
from cardboard.cli import main
from cardboard.eval.errors import UsageError
from cardboard.tests import five


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return five.write(tmp_path_factory.mktemp("five"))


@pytest.fixture(scope="module")
def read(root: Path) -> tuple[Boards, Settings]:
    workspace = open_workspace(root)
    return load_boards(workspace), workspace.settings


@pytest.fixture
def found(read) -> Overview:
    overview = overview_of(*read)
    assert overview is not None
    return overview


def ruled(settings: Settings, *suites: str, rule: bool = True) -> Settings:
    told = OverviewRule(rule="mean-score" if rule else None, suites=suites)
    return replace(settings, overview=told)


def test_each_model_has_a_row_and_each_suite_a_cell(found) -> None:
    assert {row.label for row in found.rows} == set(five.MODELS)
    assert [board.suite.name for board in found.boards] == [
        "tb2-lite", "gsm8k", "bytes", "code", "nine-languages",
    ]  # fmt: skip
    lacking = {row.label: row.coverage for row in found.rows}
    assert lacking["acme/Dogwood-1B"] == 4
    assert lacking["acme/Elm-13B"] == 3
    assert lacking["acme/Aster-1B"] == 5


def test_without_a_rule_nothing_is_averaged(read) -> None:
    boards, settings = read
    overview = overview_of(boards, ruled(settings, rule=False))
    assert overview is not None
    assert not overview.counted
    assert all(row.mean is None and row.rank is None for row in overview.rows)


def test_the_mean_gives_each_suite_the_same_weight(found) -> None:
    counted = [found.boards[place].suite.name for place in found.counted]
    assert counted == ["gsm8k", "code", "nine-languages"]
    for row in found.rows:
        if row.mean is not None:
            scores = [row.entries[place].score for place in found.counted]
            assert row.mean == pytest.approx(sum(scores) / 3, abs=0.011)


def test_a_model_that_lacks_a_suite_is_listed_apart_and_never_filled_in(found) -> None:
    elm = next(row for row in found.rows if row.label == "acme/Elm-13B")
    assert elm.mean is None
    assert elm.rank is None
    assert found.rows[-1] is elm
    said = remarks(found, Words("en").text)
    assert any("acme/Elm-13B" in line for line in said)


def test_leaving_a_model_out_changes_no_other_mean(read, found) -> None:
    boards, settings = read
    fewer = replace(
        boards,
        boards=tuple(
            replace(board, entries=tuple(e for e in board.entries if e.model != "acme/Cedar-7B"))
            for board in boards.boards
        ),
    )
    after = overview_of(fewer, settings)
    assert after is not None
    before = {row.label: row.mean for row in found.rows}
    assert all(row.mean == before[row.label] for row in after.rows)


def test_intervals_hold_the_mean_and_ranks_their_range(found) -> None:
    for row in found.rows:
        if row.mean is None:
            continue
        assert row.sure is not None
        assert row.sure.low < row.mean < row.sure.high
        assert row.sure.rank_low <= row.rank <= row.sure.rank_high
        assert row.sure.low_like is None, "three suites say nothing of suites like these"


@pytest.mark.parametrize(
    ("suites", "why", "because"),
    [
        (("gsm8k", "bytes"), "overview.unlike", "bytes-1"),
        (("gsm8k",), "overview.too-few", "gsm8k-3.0"),
        (("gsm8k", "nowhere"), "overview.unknown", "nowhere"),
    ],
)
def test_unlike_figures_are_not_averaged_and_the_reason_is_said(read, suites, why, because) -> None:
    boards, settings = read
    overview = overview_of(boards, ruled(settings, *suites))
    assert overview is not None
    assert (overview.refused, overview.because) == (why, because)
    assert not overview.counted
    for language in ("en", "ko"):
        (said,) = remarks(overview, Words(language).text)
        assert because in said or why == "overview.too-few"


def test_two_versions_of_a_suite_do_not_count_twice(read) -> None:
    boards, settings = read
    twin = boards.boards[1]
    other = replace(twin, suite=replace(twin.suite, version="3.1"))
    both = replace(boards, boards=(twin, other))
    overview = overview_of(both, ruled(settings))
    assert overview is not None
    assert overview.refused == "overview.same"


def test_models_without_rows_leave_the_order_without_an_interval(read) -> None:
    boards, settings = read
    bare = replace(
        boards,
        boards=tuple(
            replace(board, entries=tuple(replace(e, facts=None) for e in board.entries))
            for board in boards.boards
        ),
    )
    overview = overview_of(bare, settings)
    assert overview is not None
    ranked = [row for row in overview.rows if row.rank is not None]
    assert ranked
    assert all(row.sure is None for row in ranked)
    assert any("no interval" in line for line in remarks(overview, Words("en").text))


def test_one_suite_needs_no_overview(read) -> None:
    boards, settings = read
    assert overview_of(replace(boards, boards=boards.boards[:1]), settings) is None


def test_it_can_be_sorted_by_each_suite(found) -> None:
    for board in found.boards:
        ranks = [
            entry.rank
            for row in by_suite(found, board.suite.name).rows
            if (entry := row.entries[found.boards.index(board)]) is not None
        ]
        assert ranks == sorted(ranks)
    with pytest.raises(UsageError, match="no suite of the overview"):
        by_suite(found, "nowhere")


def test_the_command_prints_it_in_every_form(root: Path, golden) -> None:
    def said(*arguments: str) -> str:
        done = CliRunner().invoke(main, ["-C", str(root), "overview", *arguments])
        assert done.exit_code == 0, done.output
        return done.output

    golden("five/overview.md", said("--format", "md"))
    golden("five/overview.csv", said("--format", "csv"))
    assert said("--format", "json").startswith("{")
    assert "0.8700 (#1)" in said("--sort", "bytes").splitlines()[2]


def test_rows_for_programs_hold_no_row_for_a_suite_that_a_model_lacks(found) -> None:
    rows = fields(found)
    assert len(rows.rows) == 25 - 3
    assert document(found)["rule"] == "mean-score"
    assert len(table(found).rows) == 5
