"""The files of one model: which belong together, what they lost, and which of them suffices."""

import pytest
from msgspec.structs import replace

from cardboard.board.compare.comparison import compare
from cardboard.board.compare.files import bench_of, families_of, figures_of, plain_name
from cardboard.board.judge.build import build_boards
from cardboard.board.model import Boards
from cardboard.board.workspace.settings import Fits, Profile
from cardboard.eval import records
from cardboard.tests.making import measured
from cardboard.tests.quantised import (
    FITS,
    a_file,
    a_quantised_board,
    a_quantised_workspace,
    files,
    named,
    told_by_hand,
)


@pytest.fixture(scope="module")
def boards() -> Boards:
    return a_quantised_board()[0]


def the_only(boards: Boards, fits: Fits = FITS):
    (family,) = families_of(boards, fits)
    (found,) = family.boards
    return family, found


def board_of(*readings, **settings) -> Boards:
    return build_boards(readings, a_quantised_workspace(**settings))


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("aster-1b-Q4_K_M.gguf", "aster-1b"),
        ("Aster-1B.i1-IQ3_XXS", "Aster-1B"),
        ("org/Aster-1B-UD-Q4_K_XL", "org/Aster-1B"),
        ("org/Aster-1B-GGUF", "org/Aster-1B"),
        ("aster-F16-00001-of-00003.gguf", "aster"),
        ("SmolLM2-135M-Instruct.Q4_1", "SmolLM2-135M-Instruct"),
        ("org/Aster-1B", "org/Aster-1B"),
        ("Q8_0.gguf", "Q8_0"),
    ],
)
def test_a_name_says_at_its_end_how_weights_are_held(name: str, plain: str) -> None:
    assert plain_name(name) == plain


def test_files_are_one_family_by_their_names_with_the_largest_first(boards: Boards) -> None:
    family, found = the_only(boards)
    assert (family.name, family.told) == ("aster-1b", "names")
    assert [one.name for one in found.files] == ["F16", "Q8_0", "Q4_K_M", "Q2_K"]
    assert found.largest is found.files[0]
    assert [round(one.bits or 0, 2) for one in found.files] == [16.01, 8.5, 5.2, 3.71]


def test_differences_are_those_of_compare(boards: Boards) -> None:
    _, found = the_only(boards)
    (board,) = boards.boards
    for one in found.files[1:]:
        assert [one.held] == compare(board, [(one.entry, found.files[0].entry)])


def test_models_toml_brings_files_of_other_names_together_with_their_base() -> None:
    readings = [a_file("Q8_0"), a_file("Q4_K_M", model=records.Model(id="stranger"))]
    base = measured("org/Base", *[[0.5, 0.7]] * 20, suite=records.Suite(name="mini", version="1"))
    models = {
        **told_by_hand("org/base"),
        "stranger": Profile(base_model="org/base", base_model_relation="quantized"),
    }
    family, found = the_only(board_of(*readings, base, models=models))
    assert (family.name, family.told) == ("org/base", "models.toml")
    assert {one.entry.name for one in found.files} == {"org/Base", "stranger", "aster-1b-Q8_0:Q8_0"}
    assert found.largest is not None and found.largest.entry.name == "org/Base"


def test_one_file_alone_and_plain_models_are_no_family() -> None:
    plain = [measured(f"org/m-{n}", *[[0.5, 0.7]] * 20) for n in (1, 2)]
    assert families_of(board_of(a_file("Q8_0"), *plain), FITS) == ()


def test_the_smallest_that_fits_and_is_not_shown_to_be_worse_is_named_with_what_stays_open(
    boards: Boards,
) -> None:
    verdict = the_only(boards)[1].verdict
    assert verdict is not None and verdict.file is not None
    assert (verdict.file.name, verdict.fitting, verdict.unknown) == ("Q4_K_M", 4, ())
    held = verdict.file.held
    assert held is not None and held.paired is not None and held.paired.low is not None
    assert verdict.worst == -held.paired.low > verdict.margin


@pytest.mark.parametrize(
    ("fits", "name"),
    [
        (Fits(memory_gb=3, margin=30), "Q2_K"),
        (Fits(memory_gb=3, margin=0), "Q4_K_M"),
        (Fits(memory_gb=1, margin=3), None),
        (Fits(memory_gb=0.5), None),
    ],
)
def test_margin_and_memory_are_the_board_s_own(boards: Boards, fits: Fits, name: str) -> None:
    verdict = the_only(boards, fits)[1].verdict
    assert verdict is not None
    assert (verdict.file.name if verdict.file else None) == name


def test_without_evidence_nothing_is_said_and_what_is_missing_has_a_name() -> None:
    assert the_only(board_of(*files()), Fits())[1].missing == "memory_gb"
    unmeasured = {"machine": records.Machine()}
    blind = board_of(*files(**dict.fromkeys(("F16", "Q8_0", "Q4_K_M", "Q2_K"), unmeasured)))
    assert the_only(blind)[1].missing == "weighed"
    one_blind = the_only(board_of(*files(Q2_K=unmeasured)))[1].verdict
    assert one_blind is not None and [one.name for one in one_blind.unknown] == ["Q2_K"]


def test_where_less_is_better_a_file_is_worse_that_has_more(boards: Boards) -> None:
    (board,) = boards.boards
    suite = replace(board.suite)
    turned = replace(board.suite.ranked, better="lower")
    suite.__dict__["metrics"] = (turned,)
    suite.__dict__["ranked"] = turned
    backwards = replace(boards, boards=(replace(board, suite=suite),))
    verdict = the_only(backwards)[1].verdict
    assert verdict is not None and verdict.file is not None and verdict.file.name == "Q2_K"
    assert verdict.worst is None


def test_speeds_stand_side_by_side_only_where_machine_engine_and_settings_are_the_same() -> None:
    def of(**differs):
        result = a_file("Q8_0", **differs).result
        assert result is not None
        return bench_of(result)

    assert of() == of(timing=records.Timing()) is not None
    assert of(machine=records.Machine()) is None
    assert of() != of(machine=records.Machine(processor="Ryzen 7 7800X3D", cores=4))
    assert of() != of(versions={"xllamacpp": "2026.11.1"})


def test_what_other_programs_measured_belongs_to_the_file_of_that_name(boards: Boards) -> None:
    _, found = the_only(boards)
    told = {one.name: figures_of(one.entry, boards) for one in found.files}
    assert {name: len(figures) for name, figures in told.items()} == {
        "F16": 0, "Q8_0": 1, "Q4_K_M": 4, "Q2_K": 0,
    }  # fmt: skip
    assert all(place for figures in told.values() for _, place in figures)
    assert named("Q4_K_M") == told["Q4_K_M"][0][0].file.name
