"""One result from all parts of a split run: every step once, all evidence added up."""

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cardboard.eval.errors import RecordError
from cardboard.eval.records import (
    Adapter,
    Counts,
    Harness,
    Machine,
    Model,
    Prompts,
    Server,
    Step,
    Timing,
)
from cardboard.eval.run.plans.merge import merge
from cardboard.eval.run.plans.parts import Part, doubts
from cardboard.eval.suites.kinds.aggregate import measured
from cardboard.eval.suites.kinds.replay.kind import METRICS, REPLAY
from cardboard.tests.bench import results as synthetic

WHOLE = synthetic.result(1, text=True)


def split(count, **differs):
    """Return WHOLE in *count* parts, its steps dealt out like cards."""
    return [
        Part(
            name=f"run.part{index:02}.json",
            sha256=f"{index:064x}",
            result=replace(
                WHOLE,
                shard=(index, count),
                steps=WHOLE.steps[index::count],
                counts=Counts(expected=len(WHOLE.steps[index::count]), scored=0),
                prompts=Prompts(
                    template_status="chat_template",
                    status_counts={"chat_template": len(WHOLE.steps[index::count])},
                    truncated=index,
                    tokens_min=500 + index,
                    tokens_max=9000 + index,
                ),
                timing=Timing(load_seconds=60.0 + index, generate_seconds=606.0 - index),
                started_at=f"2026-06-01T12:00:0{index}+00:00",
                finished_at=f"2026-06-01T1{index}:00:00+00:00",
                **differs,
            ),
        )
        for index in range(count)
    ]


def changed(part, **differs):
    return Part(part.name, part.sha256, replace(part.result, **differs))


def refusal(parts):
    with pytest.raises(RecordError) as caught:
        merge(parts)
    return str(caught.value)


def test_the_whole_comes_back():
    merged = merge(split(4))
    assert merged.steps == WHOLE.steps
    assert merged.metrics == WHOLE.metrics == measured(REPLAY, METRICS, merged.steps)
    assert merged.divisions == WHOLE.divisions
    assert merged.counts == WHOLE.counts
    assert merged.model == WHOLE.model
    assert (merged.status, merged.shard) == ("complete", None)
    assert merged.parts == tuple(f"{index:064x}" for index in range(4))


@given(count=st.integers(1, 8), seed=st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_neither_the_number_of_parts_nor_their_order_changes_the_score(count, seed):
    parts = split(count)
    shuffled = random.Random(seed).sample(parts, count)
    assert merge(shuffled) == merge(parts)
    assert merge(parts).metrics == WHOLE.metrics


def test_evidence_is_added_up_and_not_inherited_from_the_first():
    prompts = merge(split(3)).prompts
    assert prompts.status_counts == {"chat_template": 303}
    assert prompts.template_status == "chat_template"
    assert prompts.truncated == 0 + 1 + 2
    assert (prompts.tokens_min, prompts.tokens_max) == (500, 9002)


def test_the_slowest_part_sets_the_time():
    merged = merge(split(3))
    assert merged.timing == Timing(load_seconds=62.0, generate_seconds=606.0, seconds_per_step=2.0)
    assert merged.started_at == "2026-06-01T12:00:00+00:00"
    assert merged.finished_at == "2026-06-01T12:00:00+00:00"


@pytest.mark.parametrize(
    ("second", "status"),
    [
        (Prompts(template_status="raw", status_counts={"raw_fallback": 151}), "mixed_or_raw"),
        (
            Prompts(template_status="chatml_fallback", status_counts={"chatml_fallback": 151}),
            "model_specific_or_mixed",
        ),
        (Prompts(template_status="chatml_fallback"), None),
        (Prompts(), None),
    ],
)
def test_statuses_that_differ_are_a_mix_or_unknown(second, status):
    first, last = split(2)
    merged = merge([first, changed(last, prompts=second)])
    assert merged.prompts.template_status == status


def test_what_one_part_did_not_record_is_not_known():
    first, last = split(2)
    merged = merge([first, changed(last, timing=Timing(), started_at=None, prompts=Prompts())])
    assert merged.timing == Timing()
    assert merged.started_at is None
    assert merged.prompts.truncated is None


def test_a_doubled_bos_in_one_part_is_one_in_the_whole():
    first, last = split(2)
    doubled = changed(last, prompts=replace(last.result.prompts, doubled_bos=True))
    assert merge([first, doubled]).prompts.doubled_bos is True


def test_settings_that_differ_from_part_to_part_are_left_out():
    parts = [
        changed(
            part,
            protocol=replace(
                part.result.protocol, extra={"dtype": "auto", "port": 8000 + part.index}
            ),
        )
        for part in split(2)
    ]
    assert merge(parts).protocol.extra == {"dtype": "auto"}


def test_versions_of_python_and_cardboard_that_differ_are_both_named():
    first, last = split(2)
    versions = [{"vllm": "1", "python": python} for python in ("3.11", "3.12")]
    merged = merge([changed(first, versions=versions[0]), changed(last, versions=versions[1])])
    assert merged.versions == {"vllm": "1", "python": "3.11, 3.12"}


def test_a_part_that_did_not_end_leaves_a_partial_result():
    first, last = split(2)
    assert merge([first, changed(last, status="partial")]).status == "partial"
    fewer = changed(last, steps=last.result.steps[1:])
    assert merge([first, fewer]).status == "partial"


def test_failed_steps_stay_failed():
    first, last = split(2)
    step = last.result.steps[0]
    lost = Step(
        task_id=step.task_id, step_idx=step.step_idx, sample_idx=step.sample_idx, scored=False
    )
    merged = merge([first, changed(last, steps=(lost, *last.result.steps[1:]))])
    assert (merged.counts.scored, merged.counts.failed, merged.status) == (302, 1, "partial")


def test_each_trial_of_a_step_is_a_step_of_its_own():
    protocol, every = replace(WHOLE.protocol, trials=2), [*range(303), *range(303)]
    steps = tuple(replace(WHOLE.steps[at], trial=n // 303) for n, at in enumerate(every))
    parts = [changed(part, protocol=protocol, steps=steps[part.index :: 2]) for part in split(2)]
    merged = merge(parts)
    assert (merged.counts.expected, merged.counts.scored, merged.status) == (606, 606, "complete")
    assert merged.metrics == WHOLE.metrics
    assert [step.trial for step in merged.steps[:4]] == [0, 1, 0, 1]


def test_a_harness_of_two_versions_and_machines_that_differ_are_told_as_far_as_they_agree():
    first, last = (
        changed(
            part,
            protocol=replace(
                part.result.protocol, harness=Harness(name="cardboard", version=f"{part.index}")
            ),
            machine=Machine(cores=8, memory_bytes=part.index),
        )
        for part in split(2)
    )
    merged = merge([first, last])
    assert merged.protocol.harness == Harness(name="cardboard")
    assert merged.machine == Machine(cores=8)


class TestWhatIsRefused:
    def test_nothing(self):
        assert "nothing to merge" in refusal([])

    def test_a_missing_part(self):
        message = refusal([split(4)[0], split(4)[2]])
        assert "missing 2 of 4 parts: 1, 3" in message
        assert "run.part00.json, run.part02.json" in message

    def test_a_part_that_comes_twice(self):
        parts = split(2)
        again = Part("copy.json", "f" * 64, parts[1].result)
        assert "part 1 comes 2 times: run.part01.json, copy.json" in refusal([*parts, again])

    def test_a_whole_result(self):
        first, last = split(2)
        message = refusal([first, changed(last, shard=None)])
        assert "not a part of a split run: run.part01.json" in message

    def test_parts_of_runs_that_were_split_differently(self):
        first, last = split(2)
        message = refusal([first, changed(last, shard=(1, 3))])
        assert "not of one number of parts: 2 and 3" in message

    def test_a_part_beyond_the_last(self):
        first, last = split(2)
        extra = Part("extra.json", "e" * 64, replace(last.result, shard=(7, 2)))
        assert "extra.json" in refusal([first, last, extra])

    @pytest.mark.parametrize(
        ("differs", "what"),
        [
            ({"model": Model(id="other/model")}, "model: id 'synthetic/model-00001' and 'other/"),
            ({"model": replace(WHOLE.model, adapter=Adapter(id="a/b"))}, "model: adapter"),
            ({"suite": replace(WHOLE.suite, version="2")}, "suite: version '303' and '2'"),
            ({"protocol": replace(WHOLE.protocol, temperature=1.0)}, "protocol: temperature 0.0"),
            ({"scorer": "another/1"}, "scorer"),
            ({"versions": {"vllm": "2"}}, "version of vllm: '1' and '2'"),
            ({"prompts": Prompts(template_sha256="0" * 64)}, "template"),
            ({"prompts": Prompts(kwargs={"thinking": True})}, "template's arguments"),
        ],
    )
    def test_parts_of_different_runs(self, differs, what):
        first, last = (changed(part, versions={"vllm": "1"}) for part in split(2))
        message = refusal([first, changed(last, **differs)])
        assert f"run.part00.json and run.part01.json are not of one {what}" in message

    def test_a_step_that_two_parts_hold(self):
        first, last = split(2)
        message = refusal([first, changed(last, steps=(*last.result.steps, first.result.steps[0]))])
        assert "steps that come more than once: 1, such as task-000/0 in" in message
        assert "run.part00.json, run.part01.json" in message

    def test_parts_without_steps(self):
        first, last = split(2)
        assert "no steps in run.part01.json" in refusal([first, changed(last, steps=())])


def test_labels_that_number_the_shards_are_left_out():
    parts = [
        changed(part, model=replace(part.result.model, label=f"run-shard{part.index:02}"))
        for part in split(2)
    ]
    assert merge(parts).model.label is None


@pytest.mark.parametrize(
    "other",
    [
        {"weights_sha256": "b" * 64},
        {"adapter": Adapter(id="checkpoint-300", sha256="b" * 64)},
        {"server": Server(address_sha256="b" * 64)},
        {"server": Server(address_sha256="a" * 64, model="other")},
        {"path_tail": "run-b/checkpoint-300"},
    ],
)
def test_parts_of_two_models_of_one_name_are_not_one_run(other):
    same = {
        "weights_sha256": "a" * 64,
        "adapter": Adapter(id="checkpoint-300"),
        "server": Server(address_sha256="a" * 64, model="m"),
        "path_tail": "run-a/checkpoint-300",
    }
    parts = split(2)
    first = changed(parts[0], model=Model(id="m", **same))
    assert merge([first, changed(parts[1], model=Model(id="m", **same))]).model.id == "m"
    last = changed(parts[1], model=Model(id="m", **(same | other)))
    assert "are not of one model" in refusal([first, last])


def test_parts_measured_from_copies_of_the_same_weights_are_one_run():
    models = [Model(id="m", weights_sha256="a" * 64, path_tail=f"{n}/final") for n in "ab"]
    parts = [changed(part, model=model) for part, model in zip(split(2), models, strict=True)]
    assert merge(parts).model == models[0]


def served(*tellings, **more):
    """Return a part for each of *tellings*, what its server told of itself."""
    model = {"id": "m", "weights_sha256": None, "path_tail": None}
    return [
        changed(part, model=Model(**model, server=Server(**telling)), versions={}, **more)
        for part, telling in zip(split(len(tellings)), tellings, strict=True)
    ]


@pytest.mark.parametrize(
    ("tellings", "refused"),
    [
        ([{"address_sha256": "a" * 64}, {"address_sha256": "b" * 64}], "model: 'aaa"),
        ([{"model": "one"}, {"model": "two"}], "model: 'one' and 'two'"),
        ([{"model": "one"}, {}, {"model": "two"}], "model: 'one' and 'two'"),
        ([{"system_fingerprint": "f1"}, {"system_fingerprint": "f2"}], "server: .* 'f1' and 'f2'"),
        (
            [{"system_fingerprint": mark} for mark in ("f1", "f1, f2", "f2")],
            "server: .* 'f1' and 'f2'",
        ),
    ],
)
def test_parts_of_two_servers_are_not_mixed(tellings, refused):
    assert re.search(f"are not of one {refused}", refusal(served(*tellings)))


@pytest.mark.parametrize(
    ("tellings", "doubt"),
    [
        (
            [{"model": "m", "system_fingerprint": "f"}, {"model": "m"}],
            "its fingerprint is not told",
        ),
        ([{"system_fingerprint": "f"}, {"model": "m", "system_fingerprint": "f"}], "its model is"),
        ([{"model": "m"}, {"model": "m"}], "neither a version nor a fingerprint"),
        (
            [{"system_fingerprint": "f1"}, {"system_fingerprint": "f1, f2"}],
            "several fingerprints",
        ),
    ],
)
def test_what_servers_do_not_tell_is_told(tellings, doubt):
    parts = served(*tellings)
    assert merge(parts).model.server is not None
    (told,) = doubts(parts)
    assert doubt in told


def test_what_servers_tell_is_kept_once_and_nothing_is_doubtful():
    telling = {"address_sha256": "a" * 64, "model": "m", "system_fingerprint": "f"}
    parts = served(telling, telling)
    assert merge(parts).model.server == Server(**telling)
    assert not doubts(parts)


def test_a_version_that_one_part_does_not_record_is_told():
    first, last = split(2)
    parts = [changed(first, versions={"vllm": "1"}), changed(last, versions={})]
    assert doubts(parts) == ("run.part01.json: the version of vllm is not recorded",)


@pytest.mark.parametrize(("seeding", "refused"), [("step", False), ("none", True), (None, True)])
def test_parts_of_a_sampled_run_have_one_batch_size_unless_each_step_has_its_seed(seeding, refused):
    protocol = replace(WHOLE.protocol, temperature=0.7, seeding=seeding)
    parts = [
        changed(part, protocol=replace(protocol, batch_size=size))
        for part, size in zip(split(2), (8, 4), strict=True)
    ]
    if refused:
        assert "are not of one batch size: 8 and 4" in refusal(parts)
    else:
        assert merge(parts).protocol.batch_size is None
        assert "batches of different sizes" in doubts(parts)[0]


def test_a_greedy_run_may_be_split_into_batches_of_any_size():
    parts = [
        changed(part, protocol=replace(part.result.protocol, batch_size=size))
        for part, size in zip(split(2), (8, 4), strict=True)
    ]
    assert merge(parts).protocol.batch_size is None
    assert not doubts(parts)
