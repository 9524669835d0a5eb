"""`cardboard compare` and `gate` on results with steps: the same figures in every format."""

import csv
import io
import json
import shutil
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from cardboard.cli import main

ROOT = Path(__file__).parents[3]
PAIR = ("noisy-oracle-0.1", "noisy-oracle-0.3")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("workspace")
    shutil.copy(ROOT / "board.toml", root)
    shutil.copytree(ROOT / "results" / "shell-mini", root / "results")
    return root


@pytest.fixture
def run(root):
    return lambda *words: CliRunner().invoke(main, ["-C", str(root), *words])


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_csv_holds_one_figure_a_field_for_the_pair_and_for_each_of_its_parts(run):
    whole, *parts = rows(run("compare", *PAIR, "--format", "csv").stdout)
    difference = float(whole["score_a"]) - float(whole["score_b"])
    assert float(whole["difference"]) == pytest.approx(difference, abs=0.011)
    assert float(whole["low"]) < float(whole["difference"]) < float(whole["high"])
    assert (whole["suite"], whole["part_of"], whole["verdict"]) == ("shell-mini", "", "better")
    assert {row["part"] for row in parts if row["part_of"] == "bucket"} == {"early", "mid", "late"}
    assert {"git", "security"} <= {row["part"] for row in parts if row["part_of"] != "bucket"}


def test_a_negative_difference_stays_a_number_in_csv(run):
    whole, *_ = rows(run("compare", *reversed(PAIR), "--format", "csv").stdout)
    assert float(whole["difference"]) < 0


def test_json_says_of_each_part_what_it_is_a_part_of_and_keeps_numbers(run):
    found = json.loads(run("compare", *PAIR, "--format", "json").stdout)
    (pair,) = found["pairs"]
    assert (pair["class"], pair["verdict"], pair["separable"]) == ("models", "better", True)
    early = next(one for one in found["effects"] if one["part"] == "early")
    assert (early["part_of"], early["suite"], early["a"]) == ("bucket", "shell-mini", PAIR[0])
    assert isinstance(early["difference"], float) and isinstance(early["won"], int)


def test_steps_that_two_files_file_under_different_parts_are_compared_by_the_first(run, root):
    ours = run("compare", *PAIR, "--format", "json").stdout
    path = next((root / "results").glob(f"{PAIR[1]}--*"))
    kept = path.read_bytes()
    document = msgspec.json.decode(kept)
    for step in document["steps"]:
        step["bucket"], step["source_group"] = "early", None
    try:
        path.write_bytes(msgspec.json.encode(document))
        theirs = run("compare", *PAIR, "--format", "json").stdout
    finally:
        path.write_bytes(kept)
    assert json.loads(theirs)["effects"] == json.loads(ours)["effects"]


def test_with_no_base_to_compare_that_is_said(run):
    assert run("compare", "--base").stdout.startswith("Nothing to compare: ")


@pytest.mark.parametrize(
    ("model", "against", "more", "code", "word"),
    [
        (*PAIR, (), 0, "passed"),
        (*reversed(PAIR), (), 1, "failed"),
        (*reversed(PAIR), ("--margin", "50"), 0, "passed"),
        (*PAIR, ("--margin", "-50"), 1, "failed"),
        (*PAIR, ("--margin", "-15"), 3, "open"),
        (*PAIR, ("--margin", "-15", "--open", "pass"), 0, "open"),
        (*PAIR, ("--margin", "-15", "--open", "fail"), 1, "open"),
    ],
)
def test_the_gate_has_three_answers(run, model, against, more, code, word):
    told = run("gate", "--model", model, "--against", against, *more)
    assert (told.exit_code, told.stdout.partition(" ")[0]) == (code, word)
    assert "these 50 tasks show only differences of" in told.stdout


def test_what_is_open_says_how_many_tasks_would_settle_it(run):
    told = run("gate", "--model", PAIR[0], "--against", PAIR[1], "--margin", "-16")
    assert told.exit_code == 3
    assert ": between 12.95 points better and 17.90 points better (95 %), " in told.stdout


def test_the_same_result_under_two_names_is_identical_and_passes(run, root):
    (path,) = (root / "results").glob(f"{PAIR[0]}--*")
    document = msgspec.json.decode(path.read_bytes())
    document["model"]["id"] = "twin"
    copy = path.with_name("twin.json")
    copy.write_bytes(msgspec.json.encode(document))
    try:
        told = run("gate", "--model", "twin", "--against", PAIR[0], "--margin", "0")
    finally:
        copy.unlink()
    assert told.exit_code == 0, told.output
    assert "identical in every step" in told.stdout


@pytest.mark.parametrize("margin", ["nan", "inf", "-inf"])
def test_the_gate_refuses_a_number_that_is_none(run, margin):
    told = run("gate", "--model", PAIR[0], "--against", PAIR[1], "--margin", margin)
    assert told.exit_code == 2
