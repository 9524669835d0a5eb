"""Every shape of result file that is out there: what it is taken for, and what it becomes."""

import json
from pathlib import Path

import msgspec
import pytest

from cardboard.board.model import Reading
from cardboard.board.read.interpretation import interpret, summarise
from cardboard.board.read.shapes import model_names as naming
from cardboard.board.read.shapes.registry import SHAPES
from cardboard.board.read.shapes.source import Source
from cardboard.board.words import machines
from cardboard.eval.records import Adapter, Counts, Timing, encode, value
from cardboard.tests.making import a_result

HOLDS_NONE = ("proxy", "status")
SHAPES_DIR = Path(__file__).parents[3] / "data" / "shapes"
F1 = 0.5417

KINDS = {
    "01-proxy": ("proxy", "proxy"),
    "02-format-check": ("proxy", "proxy"),
    "03-replay-first": ("replay-2026-04-25", "result"),
    "04-replay-sampling": ("replay-2026-04-26", "result"),
    "05-replay-template": ("replay-2026-05", "result"),
    "06-sweep-adapter": ("replay-2026-06", "result"),
    "07-openai-server": ("openai", "result"),
    "08-anthropic-api": ("anthropic-api", "result"),
    "09-transformers": ("transformers", "result"),
    "10-gemma-text-shard": ("gemma4-text", "shard"),
    "11-prefix-lm": ("prefix-lm", "shard"),
    "12-llama-cpp-partial": ("llama-cpp", "partial"),
    "13-sglang-llada": ("sglang-llada", "result"),
    "14-deepseek-part00": ("deepseek-part", "shard"),
    "14-deepseek-part01": ("deepseek-part", "shard"),
    "15-deepseek-merged": ("deepseek-merged", "result"),
    "16-status": ("progress", "status"),
    "16-status-done": ("progress", "status"),
    "17-postprocessed": ("postprocessed", "postprocessed"),
    "18-merged-shards": ("merged-shards", "result"),
    "19-published-row": ("published-table", "published-table"),
}
FILES = sorted(path.stem for path in SHAPES_DIR.glob("*.json"))
RESULTS = [name for name in FILES if KINDS[name][1] not in HOLDS_NONE]


def example(name):
    return json.loads((SHAPES_DIR / f"{name}.json").read_text(encoding="utf-8"))


def reading(name, **changes):
    """Read an example, some of its top-level keys changed; `None` takes a key away."""
    document = {k: v for k, v in (example(name) | changes).items() if v is not None}
    return summarise(json.dumps(document).encode())


def result(name, **changes):
    found = reading(name, **changes).result
    assert found is not None
    return found


def codes(found):
    return [finding.code for finding in found.findings]


def test_every_shape_has_an_example():
    shown = {shape for shape, _ in KINDS.values()} | {"v1", "v2"}
    assert {shape.name for shape in SHAPES} == shown
    assert sorted(KINDS) == FILES


@pytest.mark.parametrize("name", FILES)
def test_each_shape_is_told_by_its_keys(name):
    found = reading(name)
    assert (found.shape, found.kind) == KINDS[name]


@pytest.mark.parametrize("name", FILES)
def test_each_shape_is_told_whatever_the_order_of_its_keys(name):
    backwards = dict(reversed(example(name).items()))
    found = summarise(json.dumps(backwards).encode())
    assert (found.shape, found.kind) == KINDS[name]


@pytest.mark.parametrize("name", RESULTS)
def test_no_path_of_a_machine_survives_in_what_is_published(name):
    found = result(name)
    told = repr(found)
    assert not [text for text in ("/home", "/data", "/mnt", "/models", "/tmp") if text in told]


@pytest.mark.parametrize(
    "name", [name for name in RESULTS if KINDS[name][1] not in ("shard", "published-table")]
)
def test_stored_scores_follow_from_the_stored_units(name):
    found = reading(name)
    assert found.facts is not None
    assert found.facts.rescored == found.facts.scored
    assert found.facts.rescore_differs == 0


@pytest.mark.parametrize("name", [name for name in FILES if KINDS[name][0].startswith("replay")])
def test_a_replay_keeps_its_figures(name):
    found = result(name)
    assert value(found, "command_f1") == F1
    assert found.divisions["bucket"]["early"].steps == 3
    assert found.divisions["source_group"]["debugging"].metrics["first_cmd_exact_pct"] == 0.0
    assert found.counts == Counts(scored=4, tasks=2)
    assert found.status == "complete"


class TestWhatEachEngineLeavesBehind:
    def test_april_files_have_no_settings_at_all(self):
        found = result("03-replay-first")
        assert found.protocol.temperature is None
        assert found.prompts.template_status is None

    def test_settings_as_sent(self):
        protocol = result("05-replay-template").protocol
        assert (protocol.backend, protocol.temperature, protocol.max_tokens) == ("vllm", 0.0, 1024)
        assert (protocol.max_model_len, protocol.thinking, protocol.tensor_parallel) == (
            49152,
            False,
            2,
        )
        assert protocol.extra["gpu_memory_utilization"] == 0.9
        assert protocol.prompt_rules == ("strip-thoughts", "strip-history-thinking")

    @pytest.mark.parametrize(
        ("mode", "thinking"),
        [
            ("off", False),
            ("chat", False),
            ("on", True),
            ("thinking", True),
            (True, True),
            (None, None),
        ],
    )
    def test_the_words_for_thinking(self, mode, thinking):
        sampling = {"temperature": 0.0, "thinking_mode": mode}
        assert result("04-replay-sampling", sampling=sampling).protocol.thinking is thinking

    def test_an_unknown_word_for_thinking_is_kept_and_not_guessed_at(self):
        protocol = result("04-replay-sampling", sampling={"thinking_mode": "auto"}).protocol
        assert protocol.thinking is None
        assert protocol.extra == {"thinking_mode": "auto"}

    def test_template_evidence(self):
        prompts = result("05-replay-template").prompts
        assert prompts.template_status == "chat_template"
        assert prompts.status_counts == {"chat_template": 4}
        assert prompts.kwargs == {"enable_thinking": False}
        assert (prompts.tokens_min, prompts.tokens_median, prompts.tokens_max) == (512, 900.5, 2048)

    def test_an_adapter_is_named_and_a_secret_is_not(self):
        found = result("06-sweep-adapter")
        assert found.model.adapter == Adapter(id="echo-checkpoint-610")
        assert "sk-not-to-be-shown" not in repr(found)

    def test_a_sweep_may_be_split(self):
        sampling = example("06-sweep-adapter")["sampling"] | {"shard_index": 1, "shard_count": 4}
        found = reading("06-sweep-adapter", sampling=sampling)
        assert found.kind == "shard"
        assert codes(found)[-1] == "shard"

    def test_raw_prompts_of_a_server_are_told_and_its_addresses_are_not(self):
        found = result("07-openai-server")
        assert found.prompts.template_status == "mixed_or_raw"
        assert found.prompts.status_counts == {"raw_fallback": 4}
        assert found.prompts.errors == ("ValueError: no chat template in tokenizer_config.json",)
        assert found.protocol.extra["rank_eligible"] is False
        assert "10.0.0.5" not in repr(found)

    def test_a_failed_call_is_a_failed_step_and_no_empty_answer(self):
        found = interpret(json.dumps(example("08-anthropic-api")).encode())
        assert found.result is not None
        assert found.result.counts == Counts(scored=3, failed=1, tasks=2)
        (failed,) = (step for step in found.rows if not step.scored)
        assert (failed.task_id, failed.step_idx, failed.scores) == ("task-001", 2, {})
        assert failed.error == "HTTP 529 from … overloaded"
        assert found.result.prompts.template_status == "unknown (remote)"

    @pytest.mark.parametrize("errors", [["timeout"], [{"task_id": "task-999", "step_idx": 0}], [7]])
    def test_a_failed_call_that_names_no_step_still_counts(self, errors):
        counts = result("08-anthropic-api", errors=errors).counts
        assert (counts.scored, counts.failed) == (3, 1)

    def test_a_tokenizer_that_may_have_cut_prompts_unseen_is_told(self):
        assert "truncate-right" in result("09-transformers").protocol.prompt_rules

    def test_cut_prompts_are_counted(self):
        found = result("11-prefix-lm")
        assert found.prompts.truncated == 3
        assert "truncate-middle" in found.protocol.prompt_rules
        assert found.protocol.extra["condition"] == "<|answer|>"
        assert found.suite.steps == 8

    def test_a_file_that_says_it_is_not_complete_is_partial(self):
        found = reading("12-llama-cpp-partial")
        assert found.result is not None
        assert found.result.status == "partial"
        assert found.result.counts == Counts(expected=4, scored=2, tasks=1)
        assert found.result.model.id == "example-org/Tiny-1B-GGUF"
        assert found.result.model.quantisation == "UD-Q4_K_XL"
        assert codes(found)[-1] == "part-of-run"

    def test_a_suffix_that_rescues_the_format_is_told_in_the_status(self):
        found = result("13-sglang-llada")
        assert found.prompts.template_status == "chat_template+suffix"
        assert found.protocol.extra["llada_prompt_suffix"] == "Answer with one JSON object only."

    def test_a_part_knows_its_place_and_its_share(self):
        found = result("14-deepseek-part01")
        assert found.shard == (1, 2)
        assert found.suite.steps == 4
        assert found.counts.expected == 2

    def test_a_merged_run_that_recorded_no_template_has_none(self):
        found = result("15-deepseek-merged")
        assert found.prompts.template_status is None
        assert found.timing == Timing(
            load_seconds=15.0, generate_seconds=710.0, seconds_per_step=177.5
        )

    def test_work_done_on_a_result_afterwards_is_told_and_its_booleans_are_read(self):
        found = reading("17-postprocessed")
        assert found.result is not None and found.result.provenance is not None
        assert found.result.provenance.document == "Deep-Pro.json"
        assert found.result.provenance.printed["delta"] == "-6.21"
        assert value(found.result, "command_f1") == F1
        assert codes(found) == ["local-path-dropped", "naive-time", "coerced"]

    def test_a_merger_that_kept_one_shards_evidence_is_not_believed_for_all(self):
        found = result("18-merged-shards")
        assert found.prompts.template_status == "chat_template (1 of 4)"
        assert found.model.id == "example-org/gemma-tiny-it"
        assert found.model.label == "gemma_tiny_it-shard00"

    def test_a_printed_row_with_a_star_was_adjusted_by_hand(self):
        found = result("19-published-row")
        assert found.adjusted
        assert found.counts == Counts(expected=303, scored=71)
        assert found.model.quantisation == "Q4_K_M"
        assert found.provenance is not None
        assert found.provenance.printed["score"] == "40.87*"


@pytest.mark.parametrize("name", RESULTS)
def test_a_run_without_a_step_has_failed_whatever_its_zeros_say(name):
    zeros = {"steps": 0, "tasks": 0, "avg_command_f1": 0.0, "by_bucket": {}}
    found = result(name, aggregate=zeros, per_step=[])
    assert found.status == "failed"
    assert value(found, "command_f1") is None


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("said", [None, True, [], {}, "text", -1, 1.5, [[]], {"steps": [1]}])
def test_no_value_at_any_key_breaks_the_reader(name, said):
    """What does not fit is a finding, what nobody needs may be anything, and records hold."""
    for key in example(name):
        document = example(name) | {key: said}
        found = summarise(json.dumps(document).encode())
        assert msgspec.convert(msgspec.to_builtins(found), Reading) == found


@pytest.mark.parametrize(
    ("aggregate", "code", "key"),
    [
        ({"steps": 303, "avg_command_f1": None}, "missing-key", "aggregate.avg_command_f1"),
        ({"steps": 303}, "missing-key", "aggregate.avg_command_f1"),
        ({"avg_command_f1": 0.5}, "missing-key", "aggregate.steps"),
        ({"steps": 303.0, "avg_command_f1": 0.5}, "coerced", "aggregate.steps"),
        ({"steps": 303.5, "avg_command_f1": 0.5}, "wrong-type", "aggregate.steps"),
        ({"steps": True, "avg_command_f1": 0.5}, "wrong-type", "aggregate.steps"),
        ({"steps": 10**30, "avg_command_f1": 0.5}, "out-of-range", "aggregate.steps"),
        ({"steps": 303, "avg_command_f1": True}, "coerced", "aggregate.avg_command_f1"),
        ({"steps": 303, "avg_command_f1": "0.5"}, "value-unusable", "aggregate.avg_command_f1"),
        ({"steps": 303, "avg_command_f1": -0.1}, "value-unusable", "aggregate.avg_command_f1"),
        ({"steps": 303, "avg_command_f1": 48.19}, "value-unusable", "aggregate.avg_command_f1"),
        (
            {"steps": 303, "avg_command_f1": 0.5, "by_bucket": {"early": {"steps": "9"}}},
            "wrong-type",
            "aggregate.by_bucket.early.steps",
        ),
    ],
)
def test_a_value_that_does_not_fit_is_named_once_with_its_key(aggregate, code, key):
    found = reading("05-replay-template", aggregate=aggregate, per_step=[])
    assert [(one.code, one.key) for one in found.findings] == [(code, key)]
    assert (found.kind == "refused") == (code not in ("coerced", "value-unusable"))


def failed_calls(name):
    """Return every way in which evaluators write down that the first step's call failed."""
    first = example(name)["per_step"][0]
    where = {"task_id": first["task_id"], "step_idx": first["step_idx"]}
    return [
        {"errors": [where | {"error": "529"}]},
        {"errors": [where]},
        {"errors": {"a": where | {"error": "529"}}},
        {"errors": ["task-000: 529"]},
        {"errors": 1},
        {"per_step": [first | {"error": "529"}, *example(name)["per_step"][1:]]},
        {"per_step": [first | {"error": {"code": 529}}, *example(name)["per_step"][1:]]},
    ]


@pytest.mark.parametrize("name", ["05-replay-template", "07-openai-server", "09-transformers"])
def test_a_failed_call_is_no_answer_however_it_is_written_down(name):
    whole = result(name)
    for changes in failed_calls(name):
        found = result(name, **changes)
        assert found.counts.failed == 1, changes
        assert found.counts.scored == whole.counts.scored - 1, changes
    assert result(name, errors=[]).counts.scored == whole.counts.scored


def test_the_same_remark_on_every_step_is_made_once():
    steps = [step | {"command_f1": "high"} for step in example("05-replay-template")["per_step"]]
    found = reading("05-replay-template", per_step=steps)
    assert [(one.code, one.key) for one in found.findings] == [
        ("value-unusable", "per_step[0].command_f1")
    ]
    assert found.kind == "result"


@pytest.mark.parametrize(
    ("time", "kept", "code"),
    [
        ("2026-05-09T00:29:29.036507", None, "naive-time"),
        ("2026-05-09 00:29:29", None, "naive-time"),
        ("2026-05-09T00:29:29Z", "2026-05-09T00:29:29Z", None),
        ("2026-05-09 00:29:29+0900", "2026-05-09T00:29:29+09:00", None),
        ("yesterday", None, "value-unusable"),
        (1778286569, None, "value-unusable"),
        ("2026-02-30T00:00:00Z", None, "value-unusable"),
        ("2026-02-30 00:00:00", None, "value-unusable"),
        ("2026-05-09T00:29:29+99:99", None, "value-unusable"),
    ],
)
def test_a_time_counts_only_where_it_exists_and_with_its_offset(time, kept, code):
    found = reading("05-replay-template", timestamp=time)
    assert codes(found) == ([code] if code else [])
    assert (found.result.finished_at if found.result else None) == kept


def test_a_file_of_our_own_with_a_day_that_is_none_loses_that_day_and_nothing_else():
    whole = a_result(started_at="2026-02-28T00:00:00Z", finished_at="2026-02-30T00:00:00Z")
    found = summarise(encode(whole))
    assert found.result == msgspec.structs.replace(whole, finished_at=None)
    assert [(f.code, f.key) for f in found.findings] == [("value-unusable", "finished_at")]


class TestWhichModel:
    @pytest.mark.parametrize(
        ("keys", "name", "quantisation", "label"),
        [
            ({"model_path": "org/Name", "model": "x"}, "org/Name", None, "x"),
            ({"model_path": "org/Name:Q4_K_M", "model": "x"}, "org/Name", "Q4_K_M", "x"),
            ({"model_path": "org/N-GGUF:n-IQ3_XS.gguf"}, "org/N-GGUF", "IQ3_XS", None),
            ({"model_path": "org/N-GGUF:n.gguf"}, "org/N-GGUF", None, None),
            ({"model_path": "/home/x/run", "model": "org/Name"}, "org/Name", None, None),
            ({"model_path": "alias", "model": "org/Name"}, "org/Name", None, None),
            ({"model_path": "/home/x/run", "model_short": "a-vllmfix3"}, "a-vllmfix3", None, None),
            ({"model_path": "/home/x/run/"}, "run", None, None),
            ({"model": r"C:\models\Tiny"}, "Tiny", None, None),
            ({"model": "~/models/Tiny"}, "Tiny", None, None),
            ({"model": "glm-5.1"}, "glm-5.1", None, None),
            ({"model": "runs/a/b"}, "b", None, None),
            ({"model": "name-H200-local-final"}, "name-H200-local-final", None, None),
        ],
    )
    def test_names(self, keys, name, quantisation, label):
        found = naming.model(Source(keys))
        assert (found.id, found.quantisation) == (name, quantisation)
        assert found.label == label

    def test_a_shard_number_goes_only_where_the_file_says_it_is_that_shard(self):
        keys = {"model": "org/Name-shard07"}
        assert naming.model(Source(keys)).id == "org/Name-shard07"
        assert naming.model(Source(keys), shard=(6, 8)).id == "org/Name-shard07"
        assert naming.model(Source(keys), shard=(7, 8)).id == "org/Name"

    def test_a_file_that_names_no_model_is_refused(self):
        source = Source({"aggregate": {}})
        naming.model(source)
        assert [(one.code, one.key) for one in source.findings] == [("missing-key", "model")]

    @pytest.mark.parametrize(
        ("text", "plain"),
        [
            ("in /home/me/x.json now", "in x.json now"),
            ("open('/mnt/data/a/b.bin')", "open('b.bin')"),
            (r"C:\Users\me\x.json", "x.json"),
            ("file:///data/x/y.txt", "y.txt"),
            ("~/models/x", "x"),
            ("https://example.org/a/b", "https://example.org/a/b"),
            ("org/name and 1/2", "org/name and 1/2"),
            ("/no_think", "/no_think"),
        ],
    )
    def test_paths_inside_sentences(self, text, plain):
        assert machines.without_paths(text) == plain
        assert machines.may_hold_paths(json.dumps(text)) or text == plain


@pytest.mark.parametrize("version", [1, 2])
def test_of_a_path_in_our_own_files_stays_what_tells_runs_apart(version):
    document = json.loads(encode(a_result()))
    for key in () if version == 2 else ("metrics", "divisions", "machine"):
        del document[key]
    path = "/home/somebody/run-a/checkpoint-300"
    document |= {"version": version, "model": {"id": "org/m", "adapter": {"id": path}}}
    found = summarise(json.dumps(document).encode()).result
    assert found is not None
    assert found.model.adapter == Adapter(id="checkpoint-300")
    assert found.model.path_tail == "run-a/checkpoint-300"
    assert b"somebody" not in encode(found)


def test_of_a_path_in_older_shapes_stays_what_tells_runs_apart():
    found = result(
        "06-sweep-adapter", lora_path="/home/somebody/run-b/checkpoint-9", lora_name=None
    )
    assert found.model.adapter == Adapter(id="checkpoint-9")
    assert found.model.path_tail == "run-b/checkpoint-9"
