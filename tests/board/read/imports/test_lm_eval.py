"""Results of lm-evaluation-harness: filters, groups, limits, missing figures and samples."""

import json

import pytest

from cardboard.board.read.reader import read_file, read_results, read_whole
from cardboard.eval.records import value

TIME = "2026-04-24T10-00-00.123456"


def results(**changes):
    """Return what the harness writes at the top of its file, with *changes*."""
    return {
        "results": {"arc": {"alias": "arc", "acc,none": 0.5, "acc_stderr,none": 0.25}},
        "group_subtasks": {"arc": []},
        "configs": {"arc": {"metric_list": [{"metric": "acc", "aggregation": "mean"}]}},
        "versions": {"arc": 1.0},
        "n-shot": {"arc": 0},
        "higher_is_better": {"arc": {"acc": True}},
        "n-samples": {"arc": {"original": 4, "effective": 4}},
        "config": {"model": "hf", "model_args": "pretrained=acme/Aster-1B", "limit": None},
        "lm_eval_version": "0.4.9",
        "chat_template": None,
    } | changes


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "acme__Aster-1B"


@pytest.fixture
def write(folder):
    """Return what writes a file of results, and one of samples for each task that is named."""

    def _write(document, **samples):
        folder.mkdir(exist_ok=True)
        path = folder / f"results_{TIME}.json"
        path.write_text(json.dumps(document))
        for task, rows in samples.items():
            lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
            (folder / f"samples_{task}_{TIME}.jsonl").write_text("".join(f"{x}\n" for x in lines))
        return path

    return _write


def of(n):
    """Return what says how many documents the one task has."""
    return {"n-samples": {"arc": {"original": n, "effective": n}}}


def sample(doc, acc, **more):
    return {"doc_id": doc, "filter": "none", "metrics": ["acc"], "acc": acc} | more


def only(reading):
    (part,) = reading.parts
    return part


def codes(reading):
    return [one.code for one in reading.findings]


def test_a_file_with_two_tasks_is_two_results(write):
    document = results()
    document["results"]["boolq"] = {"acc,none": 0.75}
    reading = read_file(write(document))
    assert [(part.part, value(part.result, "acc")) for part in reading.parts] == [
        ("arc", 0.5),
        ("boolq", 0.75),
    ]


def test_filters_are_figures_of_their_task_and_no_average(write):
    found = {"exact_match,strict": 0.25, "exact_match,flexible": 0.5}
    part = only(read_file(write(results(results={"arc": found}))))
    assert {name: one.value for name, one in part.result.metrics.items()} == {
        "exact_match.strict": 0.25,
        "exact_match.flexible": 0.5,
    }


def test_a_group_never_stands_beside_its_tasks(write):
    document = results(group_subtasks={"all": ["arc"], "arc": []})
    document["results"]["all"] = {"acc,none": 0.5, " ": " "}
    reading = read_file(write(document))
    assert only(reading).part == "arc"
    assert codes(reading) == ["averages-left-out"]


@pytest.mark.parametrize("nothing", ["N/A", " ", [], None, "NaN"])
def test_a_figure_that_is_not_told_is_unknown_and_costs_nothing_else(write, nothing):
    found = {"acc,none": 0.5, "acc_stderr,none": nothing, "f1,none": nothing}
    text = json.dumps(results(results={"arc": found})).replace('"NaN"', "NaN")
    path = write(results())
    path.write_text(text)
    reading = read_file(path)
    assert only(reading).result.metrics["acc"].value == 0.5
    assert only(reading).result.metrics["acc"].stderr is None
    assert only(reading).result.metrics["f1"].value is None
    assert "figures-unknown" in codes(reading)


@pytest.mark.parametrize(
    "changes",
    [
        {"config": {"model": "hf", "model_args": "pretrained=a/b", "limit": 0.5}},
        {"n-samples": {"arc": {"original": 8, "effective": 4}}},
    ],
)
def test_a_limited_run_is_a_part(write, changes):
    assert only(read_file(write(results(**changes)))).kind == "partial"


def test_samples_of_the_same_time_become_steps(write, folder):
    path = write(results(), arc=[sample(n, float(n > 1)) for n in range(4)])
    (folder / "samples_arc_2026-04-24T11-00-00.000000.jsonl").write_text("no sample of this run")
    part = only(read_file(path))
    assert part.facts.sums == {"acc": (0, 0, 1_000_000, 1_000_000)}
    assert part.result.provenance.evidence == "rows"
    assert part.figures[0].per_step


def test_samples_of_two_filters_are_one_step_each_document(write):
    rows = [
        {"doc_id": n, "filter": f, "metrics": ["exact_match"], "exact_match": float(f == "b")}
        for f in ("a", "b")
        for n in range(2)
    ]
    found = {"exact_match,a": 0.0, "exact_match,b": 1.0}
    part = only(read_file(write(results(results={"arc": found}, **of(2)), arc=rows)))
    assert part.facts.steps == 2
    assert part.facts.sums == {
        "exact_match.a": (0, 0),
        "exact_match.b": (1_000_000, 1_000_000),
    }


def test_two_runs_in_one_file_of_samples_are_told_as_repeated(write):
    part = only(read_file(write(results(**of(1)), arc=[sample(0, 1.0), sample(0, 0.0)])))
    assert part.facts.duplicates == ("0/0",)


def test_samples_of_a_part_say_nothing_of_the_whole(write):
    reading = read_file(write(results(), arc=[sample(0, 1.0), '{"doc_id": 1, "acc"']))
    assert only(reading).facts is None
    assert only(reading).result.provenance.evidence == "summary"
    assert codes(reading) == ["beside-unusable", "samples-short"]
    assert reading.findings[1].values == {"count": 1, "expected": 4}


def test_early_samples_name_no_metrics_and_hold_numbers_only_as_scores(write):
    rows = [{"doc_id": n, "doc": {}, "target": "x", "acc": True, "ppl": [1, 2]} for n in range(4)]
    assert only(read_file(write(results(), arc=rows))).facts.sums == {"acc": (1_000_000,) * 4}


def test_answers_are_read_when_somebody_wants_to_see_them(write):
    path = write(results(), arc=[sample(n, 1.0, filtered_resps=[f"answer {n}"]) for n in range(4)])
    _, result = read_whole(path, "arc")
    assert [step.answer for step in result.steps] == [f"answer {n}" for n in range(4)]


def test_samples_behind_a_link_are_not_read(write, tmp_path):
    path = write(results(), arc=[sample(n, 1.0) for n in range(4)])
    (samples,) = path.parent.glob("*.jsonl")
    samples.rename(tmp_path / "elsewhere.jsonl")
    samples.symlink_to(tmp_path / "elsewhere.jsonl")
    assert only(read_file(path)).facts is None


def test_samples_are_no_files_of_their_own(write, tmp_path):
    write(results(), arc=[sample(0, 1.0)])
    assert [one.kind for one in read_results(tmp_path)] == ["import"]


def test_samples_without_their_results_are_named(write, tmp_path):
    write(results(), arc=[sample(0, 1.0)]).unlink()
    (reading,) = read_results(tmp_path)
    assert codes(reading) == ["rows-alone"]


def test_changed_samples_change_the_result_and_not_only_the_file(write, tmp_path):
    cache = tmp_path / "cache" / "readings.sqlite"
    first = read_results(write(results(**of(1)), arc=[sample(0, 1.0)]).parent, cache=cache)
    again = read_results(write(results(**of(1)), arc=[sample(0, 1.0)]).parent, cache=cache)
    other = read_results(write(results(**of(1)), arc=[sample(0, 0.0)]).parent, cache=cache)
    assert first == again
    assert only(first[0]).identity != only(other[0]).identity
    assert only(other[0]).facts.sums == {"acc": (0,)}


def test_an_adapter_is_told_apart_from_its_base_by_the_tail_of_its_path(write):
    arguments = "pretrained=acme/Aster-1B,peft=/home/worker/out/run-a/checkpoint-300"
    document = results(config={"model": "hf", "model_args": arguments})
    model = only(read_file(write(document))).result.model
    assert (model.id, model.adapter.id) == ("acme/Aster-1B", "checkpoint-300")
    assert model.path_tail == "run-a/checkpoint-300"


def test_arguments_may_be_an_object(write):
    document = results(config={"model": "vllm", "model_args": {"pretrained": "acme/Aster-1B"}})
    assert only(read_file(write(document))).result.model.id == "acme/Aster-1B"


def test_a_template_is_known_by_its_own_text_or_known_not_to_be_used(write):
    used = only(read_file(write(results(chat_template="{{ messages }}")))).result.prompts
    unused = only(read_file(write(results()))).result.prompts
    assert (used.template_status, len(used.template_sha256)) == ("chat_template", 64)
    assert unused.template_status == "not_applied"


def test_a_version_that_lacks_what_is_needed_is_named_with_the_keys(write):
    document = results()
    del document["results"]
    (found,) = read_file(write(document)).findings
    assert (found.code, found.values) == ("tool-unfit", {"tool": "lm-eval", "keys": "results"})
