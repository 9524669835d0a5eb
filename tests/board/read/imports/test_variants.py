"""What other programs write besides the plain case: older names, no counts, odd figures."""

import json

import pytest

from cardboard.board.read.reader import read_file


def written(tmp_path, name, document):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return read_file(path)


def codes(reading):
    return [one.code for one in reading.findings]


def test_lighteval_without_a_count_is_no_part_of_a_run(tmp_path):
    document = {
        "config_general": {"model_name": "acme/M", "model_sha": "abc1234"},
        "results": {"lighteval|gsm8k|5|0": {"qem": 0.4}},
        "config_tasks": {"lighteval|gsm8k": {"effective_num_docs": -1, "original_num_docs": 1319}},
    }
    (part,) = written(tmp_path, "results_x.json", document).parts
    assert (part.kind, part.result.counts.scored) == ("result", None)


def eee(score, **config):
    return {
        "schema_version": "0.2.0",
        "model_info": {"id": "acme/M", "additional_details": {"params_billions": 8.3}},
        "source_metadata": {"source_name": "paper", "source_type": "documentation"},
        "evaluation_results": [
            {"evaluation_name": "e", "metric_config": config, "score_details": {"score": score}}
        ],
    }


def test_every_eval_ever_in_per_cent_under_the_bounds_of_a_share_is_unknown(tmp_path):
    document = eee(61.2, lower_is_better=False, min_score=0, max_score=1)
    reading = written(tmp_path, "a.json", document)
    assert reading.parts[0].result.metrics["score"].value is None
    assert codes(reading) == ["value-unusable"]


def test_every_eval_ever_without_an_upper_bound(tmp_path):
    document = eee(8.1, lower_is_better=True, min_score=0, max_score="Infinity")
    (part,) = written(tmp_path, "a.json", document).parts
    assert (part.figures[0].better, part.figures[0].unit) == ("lower", "points")
    assert part.kind == "published-table"


def test_every_eval_ever_in_levels_has_no_order(tmp_path):
    document = eee(2, lower_is_better=False, score_type="levels")
    reading = written(tmp_path, "a.json", document)
    assert reading.parts[0].figures[0].better == "neither"
    assert codes(reading) == ["direction-unknown"]


@pytest.mark.parametrize("shots", [0, [0]])
def test_lm_eval_of_early_days_tells_its_shots_as_a_number_or_a_list(tmp_path, shots):
    config = {"model": "hf", "model_args": "pretrained=a/b", "num_fewshot": shots}
    document = {"results": {"t": {"acc": 0.5}}, "config": config, "versions": {"t": 1}}
    (part,) = written(tmp_path, "a.json", document).parts
    assert part.result.protocol.shots == 0


@pytest.mark.parametrize(
    "document",
    [
        {"title": "t", "header": [], "rows": []},
        {"adapter_spec": {"model": "a/b"}},
        [{"instance_id": "id1", "stats": []}],
    ],
)
def test_helm_beside_its_statistics_is_named(tmp_path, document):
    assert codes(written(tmp_path, "x.json", document)) == ["beside-alone"]


def test_mteb_with_figures_that_are_not_finite(tmp_path):
    scores = {"test": [{"main_score": 0.5, "v": float("nan")}]}
    text = {"task_name": "T", "mteb_version": None, "scores": scores}
    reading = written(tmp_path, "a__b/external/T.json", text)
    (part,) = reading.parts
    assert (part.result.model.id, part.result.model.revision) == ("a/b", None)
    assert part.result.metrics["main_score"].value == 0.5
    assert codes(reading) == ["value-unusable"]


def test_bigcode_has_a_result_a_task_and_no_path_of_a_machine(tmp_path):
    config = {"model": "a/b", "n_samples": 20, "metric_output_path": "/home/worker/x"}
    document = {"humaneval": {"pass@1": 0.3}, "config": config}
    (part,) = written(tmp_path, "evaluation_results.json", document).parts
    assert part.result.metrics["pass@1"].value == 0.3
    assert part.result.protocol.trials == 20
    assert "/home" not in str(part)


def test_speed_alone_is_said_to_be_so(tmp_path):
    document = {"request_throughput": 1.0, "num_prompts": 3, "request_goodput:": None}
    (found,) = written(tmp_path, "a.json", document).findings
    assert (found.code, found.values) == ("timing-only", {"tool": "vllm-bench"})


def test_opencompass_tables_without_a_value_are_named(tmp_path):
    text = "dataset,version,metric,mode,a\ngsm8k,-,-,-,-\n"
    assert codes(written(tmp_path, "a.csv", text)) == ["figures-unknown", "no-result-inside"]


@pytest.mark.parametrize(
    ("said", "identity", "quantisation"),
    [
        ("vllm/acme/Aster-1B", "acme/Aster-1B", None),
        ("openai/azure/gpt-4o", "openai/gpt-4o", None),
        ("acme__Aster-1B", "acme/Aster-1B", None),
        ("/home/worker/.cache/hub/models--acme--Aster-1B/snapshots/0f3a", "acme/Aster-1B", None),
        ("acme/Aster-1B-GGUF:Q4_K_M", "acme/Aster-1B-GGUF", "Q4_K_M"),
        ("ollama/qwen2.5:0.5b", "qwen2.5:0.5b", None),
    ],
)
def test_a_model_is_called_by_its_own_name(said, identity, quantisation):
    from cardboard.board.read.shapes.foreign_names import named

    assert (named(said).id, named(said).quantisation) == (identity, quantisation)
