"""What leaves as Every Eval Ever 0.3.0: files of its schemas that come back as the same board."""

import hashlib
import json
import shutil
import uuid
from itertools import islice
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from cardboard.board.judge.build import load_boards
from cardboard.board.workspace.configuration import open_workspace
from cardboard.cli import main
from cardboard.eval.records import Counts, Model, ModelFile, Step, encode
from cardboard.tests import five
from cardboard.tests.making import a_result

ROOT = Path(__file__).parents[3]
SCHEMAS = ROOT / "tests" / "data" / "every_eval_ever"
SETTINGS = ("board.toml", "models.toml")


def checker(name):
    """Return what validates against the schema called *name*."""
    return jsonschema.Draft7Validator(json.loads((SCHEMAS / name).read_text("utf-8")))


AGGREGATE, INSTANCE = checker("eval.schema.json"), checker("instance_level_eval.schema.json")


def export(workspace, folder):
    done = CliRunner().invoke(
        main, ["-C", str(workspace), "export", "--to", "eee", str(folder)], catch_exceptions=False
    )
    assert done.exit_code == 0, done.output
    return done.output


def boards_in(root):
    return load_boards(open_workspace(root)).boards


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """Return two workspaces: five suites of other programs, and our own with its baselines."""
    other = five.write(tmp_path_factory.mktemp("five"))
    own = tmp_path_factory.mktemp("own")
    for name in SETTINGS:
        shutil.copy(ROOT / name, own / name)
    shutil.copytree(ROOT / "results", own / "results")
    return {"five": other, "own": own}


@pytest.fixture(scope="module")
def exported(sources, tmp_path_factory):
    """Return the same two workspaces with what they were exported to as their only results."""
    found = {}
    for name, source in sources.items():
        found[name] = tmp_path_factory.mktemp("exported") / "workspace"
        export(source, found[name] / "results")
        for one in SETTINGS:
            shutil.copy(source / one, found[name] / one)
    return found


def aggregates(root):
    return sorted((root / "results").rglob("*.json"))


@pytest.mark.parametrize("name", ["five", "own"])
def test_every_aggregate_file_is_of_the_schema(exported, name):
    wrong = {
        path.name: [error.message for error in AGGREGATE.iter_errors(json.loads(path.read_text()))]
        for path in aggregates(exported[name])
    }
    assert wrong
    assert not {file: said for file, said in wrong.items() if said}


@pytest.mark.parametrize("name", ["five", "own"])
def test_rows_are_of_the_schema_and_name_their_aggregate_and_figure(exported, name):
    met = 0
    for path in aggregates(exported[name]):
        whole = json.loads(path.read_text())
        rows = path.with_name(f"{path.stem}_samples.jsonl")
        assert rows.exists() == ("detailed_evaluation_results" in whole)
        if not rows.exists():
            continue
        told = whole["detailed_evaluation_results"]
        content = rows.read_bytes()
        assert told["checksum"] == hashlib.sha256(content).hexdigest()
        assert told["total_rows"] == content.count(b"\n")
        assert exported[name] / "results" / told["file_path"] == rows
        figures = {one["evaluation_result_id"] for one in whole["evaluation_results"]}
        for line in islice(content.splitlines(), 15):
            row = json.loads(line)
            assert not [error.message for error in INSTANCE.iter_errors(row)]
            assert row["evaluation_id"] == whole["evaluation_id"]
            assert row["model_id"] == whole["model_info"]["id"]
            assert row["evaluation_result_id"] in figures
            met += 1
    assert met > 50


@pytest.mark.parametrize("name", ["five", "own"])
def test_files_lie_where_the_store_wants_them_under_ids_of_the_form_of_uuid4(exported, name):
    for path in aggregates(exported[name]):
        place = path.relative_to(exported[name] / "results").parts
        assert len(place) == 5
        assert place[0] == "data"
        assert uuid.UUID(path.stem).version == 4
        assert str(uuid.UUID(path.stem)) == path.stem


@pytest.mark.parametrize("name", ["five", "own"])
def test_the_same_results_give_the_same_files(exported, name, sources, tmp_path):
    export(sources[name], tmp_path / "again")
    first, again = exported[name] / "results", tmp_path / "again"
    files = sorted(path.relative_to(first) for path in first.rglob("*"))
    assert files == sorted(path.relative_to(again) for path in again.rglob("*"))
    for file in files:
        if (first / file).is_file():
            assert (first / file).read_bytes() == (again / file).read_bytes(), file


@pytest.mark.parametrize("name", ["five", "own"])
def test_reading_the_export_gives_the_same_board(exported, name, sources):
    before, after = boards_in(sources[name]), boards_in(exported[name])
    assert [board.suite.slug for board in before] == [board.suite.slug for board in after]
    for was, now in zip(before, after, strict=True):
        assert sorted(map(standing, was.entries)) == sorted(map(standing, now.entries))


def standing(entry):
    """Return what a board says of *entry*; labels may hold the hash of a file."""
    return (
        entry.model,
        entry.rank_text,
        str(entry.score),
        str({name: (one.value, one.n, one.stderr) for name, one in entry.metrics.items()}),
        str(entry.resolution.plain() if entry.resolution else None),
        entry.evidence,
        entry.template_status,
        # How a time was written is a matter of the file, and it is written well now.
        sorted({one.code for one in entry.findings} - {"naive-time"}),
    )


BOARD = """
[board]
title = { en = "A board", ko = "보드" }
[[suites]]
name = "mini"
version = "1"
kind = "reported"
[[suites.metrics]]
id = "accuracy"
per_step = true
ranked = true
[[suites.metrics]]
id = "length"
unit = "tokens"
better = "neither"
"""


@pytest.fixture
def workspace(tmp_path):
    """Return what makes a workspace of one file, exports it, and returns the documents."""

    def make(result):
        (tmp_path / "results").mkdir()
        (tmp_path / "board.toml").write_text(BOARD, encoding="utf-8")
        (tmp_path / "results" / "one.json").write_bytes(encode(result))
        said = export(tmp_path, tmp_path / "out" / "results")
        shutil.copy(tmp_path / "board.toml", tmp_path / "out" / "board.toml")
        return said, [json.loads(path.read_text()) for path in aggregates(tmp_path / "out")]

    return make


def reported(*steps, **differs):
    scored = [step.scores["accuracy"] for step in steps if step.scored]
    metrics = {"accuracy": {"value": sum(scored) / len(scored) if scored else 0.5}}
    whole = {
        "suite": {"name": "mini", "version": "1", "kind": "reported"},
        "counts": Counts(expected=len(steps) or 4, scored=len(scored) or 4),
        "metrics": metrics,
        "steps": steps,
    }
    return a_result(**(whole | differs))


def step(number, score=None, **differs):
    scores = {} if score is None else {"accuracy": score}
    return Step(
        task_id=f"q{number}", step_idx=0, scored=score is not None, scores=scores, **differs
    )


def test_a_step_that_was_never_scored_gets_no_row_and_is_not_lost(workspace, tmp_path):
    lost = step(2, error="no answer came")
    workspace(reported(step(1, 1.0), lost, step(3, 0.0)))
    [rows] = (tmp_path / "out").rglob("*.jsonl")
    assert [json.loads(row)["sample_id"] for row in rows.read_text().splitlines()] == ["q1", "q3"]
    [board] = boards_in(tmp_path / "out")
    [entry] = board.entries
    assert (entry.facts.steps, entry.facts.scored, entry.facts.failed) == (3, 2, 1)


def test_no_path_and_no_server_of_a_machine_leaves(workspace, tmp_path):
    secret = "/home/somebody/secret"
    result = reported(
        step(1, 1.0, error=f"warned in {secret}/x.py"),
        step(2, error=f"died in {secret}/x.py at http://10.0.0.7:8000/v1"),
        error=f"no such file: {secret}",
        model=Model(id="org/model", file=ModelFile(name=f"{secret}/model.gguf")),
    )
    workspace(result)
    for path in (tmp_path / "out").rglob("*.json*"):
        assert b"somebody" not in path.read_bytes()
        assert b"10.0.0.7" not in path.read_bytes()


@pytest.mark.parametrize(
    ("model", "place"),
    [
        ("acme/Aster-GGUF:Q4_K_M", "acme/Aster-GGUF_Q4_K_M"),
        ("oracle", "unknown/oracle"),
        ("acme/nul", "acme/nul-"),
    ],
)
def test_a_model_has_the_folder_in_which_readers_of_the_store_look(
    workspace, tmp_path, model, place
):
    workspace(reported(model=Model(id=model)))
    [path] = aggregates(tmp_path / "out")
    assert (
        path.parent.relative_to(tmp_path / "out/results/data/mini-1").as_posix().startswith(place)
    )


def test_a_figure_without_a_direction_stays_out_of_the_schemas_figures_and_comes_back(
    workspace, tmp_path
):
    metrics = {"accuracy": {"value": 0.5}, "length": {"value": 12.0}}
    _, [document] = workspace(reported(metrics=metrics))
    told = [one["metric_config"]["metric_id"] for one in document["evaluation_results"]]
    assert told == ["accuracy"]
    [entry] = boards_in(tmp_path / "out")[0].entries
    assert entry.value("length") == 12.0


def test_a_result_without_any_figure_is_counted_and_left_out(workspace):
    said, documents = workspace(reported(metrics={}))
    assert not documents
    assert "0 results as Every Eval Ever; 1 without a figure to give are left out" in said


def test_a_changed_figure_of_an_exported_file_is_the_one_that_is_read(workspace, tmp_path):
    workspace(reported())
    [path] = aggregates(tmp_path / "out")
    document = json.loads(path.read_text())
    document["evaluation_results"][0]["score_details"]["score"] = 0.25
    path.write_text(json.dumps(document))
    [entry] = boards_in(tmp_path / "out")[0].entries
    assert entry.score == 0.25


def test_an_export_never_writes_into_a_folder_that_holds_something(workspace, tmp_path):
    workspace(reported())
    out = tmp_path / "out" / "results"
    done = CliRunner().invoke(main, ["-C", str(tmp_path), "export", "--to", "csv", str(out)])
    assert done.exit_code == 2
    assert "is not empty" in done.output
    assert not (out / "board.csv").exists()
