"""Rows of Every Eval Ever: those of several figures of one sample are one step with its scores."""

import json

import pytest

from cardboard.board.read.reader import read_file, read_whole


def aggregate(**links):
    """Return an aggregate file with a figure for each of *links*, which rows name it by."""
    return {
        "schema_version": "0.3.0",
        "evaluation_id": "demo/acme/1",
        "source_metadata": {"source_type": "evaluation_run"},
        "eval_library": {"name": "lm_eval", "version": "0.4.13"},
        "model_info": {"id": "acme/Aster-1B"},
        "evaluation_results": [
            {
                "evaluation_result_id": link,
                "evaluation_name": "gsm8k",
                "metric_config": {"metric_id": name, "lower_is_better": False, "max_score": 1,
                                  "min_score": 0},
                "score_details": {"score": 0.5},
            }
            for name, link in links.items()
        ],
    }  # fmt: skip


def row(sample, link, score):
    return {
        "evaluation_name": "gsm8k",
        "evaluation_result_id": link,
        "sample_id": sample,
        "evaluation": {"score": score, "is_correct": score == 1},
    }


@pytest.fixture
def read(tmp_path):
    """Return what writes an aggregate file with its rows, and returns it with its steps."""

    def write(document, *rows):
        path = tmp_path / "1.json"
        path.write_text(json.dumps(document))
        (tmp_path / "1_samples.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in rows))
        [part] = read_file(path).parts
        return part, read_whole(path, part.part)[1]

    return write


def test_rows_of_two_figures_are_no_trials_of_one(read):
    part, whole = read(
        aggregate(strict="r1", flexible="r2"),
        *(row("q1", "r1", 0.0), row("q1", "r2", 1.0), row("q2", "r1", 1.0), row("q2", "r2", 1.0)),
    )
    assert (part.facts.steps, part.facts.trials) == (2, (1, 1))
    assert [step.scores for step in whole.steps] == [
        {"strict": 0.0, "flexible": 1.0},
        {"strict": 1.0, "flexible": 1.0},
    ]
    assert [figure.per_step for figure in part.figures] == [True, True]


def test_a_row_that_comes_again_for_its_figure_is_another_trial(read):
    part, _ = read(aggregate(accuracy="r1"), row("q1", "r1", 0.0), row("q1", "r1", 1.0))
    assert (part.facts.steps, part.facts.trials) == (2, (2, 2))


@pytest.mark.parametrize(
    "told", ["{", '{"kind": "result"}', "[" * 5000, '{"kind":"result","version":2,"model":7}']
)
def test_a_broken_note_of_our_own_export_leaves_an_ordinary_file(read, told):
    document = aggregate(accuracy="r1")
    document["source_metadata"]["additional_details"] = {"cardboard.result": told}
    part, _ = read(document, row("q1", "r1", 1.0))
    assert part.result.suite.name == "gsm8k"
    assert part.result.suite.version == "lm_eval"
