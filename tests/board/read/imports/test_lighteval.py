"""Results of lighteval: names of tasks, means that are left out, and details in Parquet."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cardboard.board.read.reader import read_file, read_results

TIME = "2026-03-01T00-00-00.111111"


def results(task="gsm8k|5", value=0.5, **general):
    return {
        "config_general": {
            "lighteval_sha": "203045a8",
            "max_samples": None,
            "model_config": {"model_name": "acme/Aster-1B"},
        }
        | general,
        "results": {task: {"em": value, "em_stderr": 0.1}, "all": {"em": value, "em_stderr": 0.1}},
        "versions": {task: 0},
        "config_tasks": {task: {"effective_num_docs": 4, "original_num_docs": 4}},
    }


@pytest.fixture
def write(tmp_path):
    def _write(document, table=None, task="gsm8k|5"):
        path = tmp_path / "out" / "results" / "acme" / "Aster-1B" / f"results_{TIME}.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(document))
        if table is not None:
            folder = tmp_path / "out" / "details" / "acme" / "Aster-1B" / TIME
            folder.mkdir(parents=True)
            pq.write_table(table, folder / f"details_{task}_{TIME}.parquet")
        return path

    return _write


def only(reading):
    (part,) = reading.parts
    return part


@pytest.mark.parametrize(
    ("key", "suite", "shots"),
    [
        ("gsm8k|5", "gsm8k", 5),
        ("lighteval|gsm8k|5", "gsm8k", 5),
        ("leaderboard|arc:challenge|25|0", "arc:challenge", 25),
    ],
)
def test_old_and_new_names_of_tasks_tell_the_shots(write, key, suite, shots):
    result = only(read_file(write(results(key)))).result
    assert (result.suite.name, result.protocol.shots) == (suite, shots)


def test_means_over_tasks_are_left_out(write):
    document = results()
    document["results"]["mmlu:_average|5"] = {"em": 0.5}
    reading = read_file(write(document))
    assert len(reading.parts) == 1
    assert reading.findings[0].values == {"names": "all, mmlu:_average|5"}


def test_a_bare_nan_costs_its_own_key(write):
    document = results()
    document["results"]["gsm8k|5"]["em_stderr"] = float("nan")
    metric = only(read_file(write(document))).result.metrics["em"]
    assert (metric.value, metric.stderr) == (0.5, None)


def test_a_run_on_some_samples_is_a_part(write):
    assert only(read_file(write(results(max_samples=10)))).kind == "partial"


@pytest.mark.parametrize(
    "table",
    [
        pa.table(
            {"metric": [{"em": 1.0}, {"em": 0.0}, {"em": 1.0}, {"em": 0.0}], "doc": ["x"] * 4}
        ),
        pa.table({"__metric__": ['{"em": 1}', '{"em": 0}', '{"em": 1}', '{"em": 0}']}),
    ],
)
def test_details_become_steps_from_structures_and_from_texts(write, tmp_path, table):
    path = write(results(), table)
    part = only(read_file(path))
    assert part.facts.sums == {"em": (1_000_000, 0, 1_000_000, 0)}
    assert part.figures[0].per_step
    assert [one.kind for one in read_results(tmp_path)] == ["import"]


def test_a_figure_that_is_no_mean_of_its_rows_is_not_made_from_them(write):
    table = pa.table({"metric": [{"em": 1.0}, {"em": 1.0}]})
    assert not only(read_file(write(results(), table))).figures[0].per_step


def test_texts_that_unfold_from_a_small_file_are_not_read(write):
    cells = pa.array(["x" * 2**20] * 300).dictionary_encode()
    path = write(results(), pa.table({"metric": cells}))
    reading = read_file(path)
    assert only(reading).facts.sums == {}


def test_a_file_of_details_that_is_none_costs_only_itself(write):
    path = write(results(), pa.table({"metric": [{"em": 1.0}]}))
    (details,) = path.parents[3].glob("details/*/*/*/*.parquet")
    details.write_bytes(b"PAR1 and nothing more")
    reading = read_file(path)
    assert [one.code for one in reading.findings] == ["averages-left-out", "beside-unusable"]
    assert only(reading).result.metrics["em"].value == 0.5
