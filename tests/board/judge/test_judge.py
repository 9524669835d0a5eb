"""The judge: what keeps a result from being ranked, what is only said, and what policy changes."""

from functools import partial
from pathlib import Path

import pytest

from cardboard.board.judge.build import build_boards
from cardboard.board.model import StepFacts
from cardboard.board.read.interpretation import summarise
from cardboard.board.words.findings import JUDGING
from cardboard.board.workspace.settings import Protocol, Suite
from cardboard.eval.metrics import Change, Measured
from cardboard.eval.records import (
    Adapter,
    Counts,
    Group,
    Harness,
    Model,
    Prompts,
    Provenance,
    Result,
    Server,
)
from cardboard.eval.records import Protocol as Sent
from cardboard.eval.records import Suite as Named
from cardboard.eval.suites.fingerprints import with_prompts
from cardboard.tests.making import SUITE, a_reading, a_result, a_training, a_workspace, entries_of


def judged(result=None, *, suite=SUITE, kind="result", facts=None, **settings):
    reading = a_reading(result or a_result(), kind=kind, facts=facts)
    boards = build_boards([reading], a_workspace(suites=(suite,), **settings))
    return (boards.boards[0].entries if boards.boards else boards.unplaced)[0]


def codes(entry):
    return {finding.code for finding in entry.findings}


def facts(**differs):
    whole = {
        "steps": 6,
        "scored": 6,
        "answers": 6,
        "failed": 0,
        "unique": 6,
        "keys_sha256": "k" * 64,
        "tasks": ("task-000", "task-001", "task-002"),
        "steps_per_task": (2, 2, 2),
    }
    return StepFacts(**(whole | differs))


def f1_sums(mean):
    """Return the sums of two steps in each of three tasks, all with this score."""
    return {"command_f1": (round(2e6 * mean),) * 3}


def values(**told):
    return {name: Measured(value=value) for name, value in told.items()}


def prompts(status="chat_template", provenance=None, **differs):
    return a_result(prompts=Prompts(template_status=status, **differs), provenance=provenance)


def test_a_complete_documented_result_is_ranked_without_an_error():
    entry = judged(facts=facts())
    assert entry.rank == 1
    assert entry.findings == ()


UNRANKED = {
    "score-missing": partial(judged, a_result(f1=None)),
    "run-failed": partial(judged, a_result(status="failed", error="out of memory")),
    "incomplete": partial(judged, a_result(counts=Counts(expected=6, scored=5))),
    "steps-failed": partial(judged, a_result(counts=Counts(expected=6, scored=6, failed=1))),
    "steps-duplicated": partial(judged, facts=facts(steps=7, duplicates=("task-0/1",))),
    "steps-missing": partial(judged, facts=facts(unique=5)),
    "steps-foreign": partial(
        judged,
        facts=facts(),
        suite=Suite(name="mini", version="1", steps=6, tasks=3, keys_sha256="x" * 64),
    ),
    "template-raw": partial(judged, prompts("mixed_or_raw")),
    "template-unknown": partial(judged, a_result(prompts=Prompts())),
    "template-unverifiable": partial(judged, prompts("anthropic-api")),
    "doubled-bos": partial(judged, prompts(doubled_bos=True)),
    "prompts-truncated": partial(judged, prompts(truncated=24)),
    "template-contradicted": partial(
        judged, prompts(status_counts={"chat_template": 4, "chatml_fallback": 2})
    ),
    "prompt-errors": partial(judged, prompts(errors=("no system role",))),
    "not-eligible": partial(
        judged,
        a_result(protocol=Sent(temperature=0.0, max_tokens=1024, extra={"rank_eligible": False})),
    ),
    "references-differ": partial(
        judged,
        facts=facts(fingerprint="e" * 64),
        suite=Suite(name="mini", version="1", steps=6, tasks=3, fingerprint="f" * 64),
    ),
    "references-missing": partial(
        judged,
        facts=facts(),
        suite=Suite(name="mini", version="1", steps=6, tasks=3, fingerprint="f" * 64),
    ),
    "cuts-hidden": partial(
        judged,
        a_result(protocol=Sent(temperature=0.0, max_tokens=1024, prompt_rules=("truncate-right",))),
    ),
    "answers-misread": partial(judged, facts=facts(reread=6, misread=1)),
    "answers-too-long": partial(judged, facts=facts(too_long=1)),
    "scorer-foreign": partial(judged, a_result(scorer="own-f1/3")),
    "names-differ": partial(
        judged, a_result(model=Model(id="org/model", revision="0" * 40, label="other/model"))
    ),
    "prompts-differ": partial(
        judged,
        a_result(suite=Named(name="mini", version="1", prompts_sha256="e" * 64)),
        suite=Suite(name="mini", version="1", steps=6, tasks=3, prompts_sha256="f" * 64),
    ),
    "off-protocol": partial(judged, a_result(protocol=Sent(temperature=1.0, max_tokens=1024))),
    "adjusted": partial(judged, a_result(adjusted=True)),
    "post-processed": partial(judged, kind="postprocessed"),
    "aggregate-mismatch": partial(judged, facts=facts(sums=f1_sums(0.4998))),
    "rescore-mismatch": partial(judged, facts=facts(rescored=6, rescore_differs=1)),
    "bucket-mismatch": partial(
        judged,
        a_result(
            divisions={
                "bucket": {
                    "early": Group(steps=2, metrics={"command_f1": 0.5}),
                    "late": Group(steps=4, metrics={"command_f1": 0.6}),
                }
            }
        ),
    ),
    "trials-missing": partial(
        judged,
        facts=facts(trials=(1, 3)),
        suite=Suite(
            name="mini",
            version="1",
            steps=6,
            changes=(Change(id="command_f1", aggregate="pass^2"),),
        ),
    ),
    "not-checkable-own": partial(
        judged, suite=Suite(name="mini", version="1", steps=6, tasks=3, keys_sha256="k" * 64)
    ),
    "suite-unknown": partial(judged, suite=Suite(name="other", version="1", steps=99, tasks=3)),
}


@pytest.mark.parametrize("code", UNRANKED)
def test_this_keeps_a_result_from_being_ranked(code):
    entry = UNRANKED[code]()
    assert entry.rank is None
    assert code in codes(entry)
    assert next(f for f in entry.findings if f.code == code).severity == "error"


def test_every_unranking_code_of_the_table_is_shown_here():
    told_elsewhere = {
        "superseded", "template-faulty", "steps-differ", "scorers-differ", "attempt-undecided",
        "dialogues-differ", "tools-differ", "not-isolated",
    }  # fmt: skip
    assert {c for c, v in JUDGING.items() if v == "unranked"} == set(UNRANKED) | told_elsewhere


@pytest.mark.parametrize("code", sorted(set(UNRANKED) - {"suite-unknown", "score-missing"}))
def test_a_policy_can_relax_what_unranks(code):
    entry = UNRANKED[code](policy={code: "warning"})
    assert entry.rank == 1
    assert next(f for f in entry.findings if f.code == code).severity == "warning"


def test_a_score_that_is_missing_is_never_ranked_whatever_the_policy():
    entry = judged(a_result(f1=None), policy={"score-missing": "off"})
    assert entry.rank is None


FOREIGN = Provenance(harness=Harness(name="lm-eval"))
REPORTED = Suite(
    name="mini", version="1", kind="reported", changes=(Change(id="command_f1", ranked=True),)
)


def adapted(template: str, *rules: str) -> Result:
    """Return a result of an adapter that was trained with fold-system and the template 7."""
    adapter = Adapter(id="org/lora", training=a_training())
    return a_result(
        model=Model(id="org/base", revision="0" * 40, adapter=adapter),
        prompts=Prompts(template_status="chat_template", template_sha256=template * 64),
        protocol=Sent(temperature=0.0, max_tokens=1024, prompt_rules=rules),
    )


WARNED = {
    "asked-otherwise": partial(judged, adapted("8", "fold-system")),
    "template-not-stated": partial(
        judged, a_result(prompts=Prompts(), provenance=FOREIGN), suite=REPORTED
    ),
    "template-not-applied": partial(
        judged, prompts("not_applied", provenance=FOREIGN), suite=REPORTED
    ),
    "count-not-recorded": partial(judged, a_result(counts=Counts(expected=6, scored=None))),
    "protocol-not-recorded": partial(judged, a_result(protocol=Sent())),
    "revision-not-recorded": partial(judged, a_result(model=Model(id="org/model"))),
    "valid-json-low": partial(
        judged, a_result(metrics=values(command_f1=0.5, valid_json_pct=17.2))
    ),
    "answers-cut": partial(judged, facts=facts(length_stops=2)),
    "answers-blank": partial(judged, facts=facts(blank=2)),
    "answers-equal-reference": partial(judged, facts=facts(same=6)),
    "kwargs-ignored": partial(judged, prompts(kwargs_ignored=("enable_thinking",))),
    "chance-unseeded": partial(
        judged,
        a_result(protocol=Sent(temperature=0.7, max_tokens=1024, seeding="unknown")),
        protocols={"greedy": Protocol(temperature=0.7)},
    ),
    "server-several": partial(
        judged, a_result(model=Model(id="org/model", server=Server(system_fingerprint="f1, f2")))
    ),
}


@pytest.mark.parametrize("code", WARNED)
def test_this_is_warned_of_and_ranked(code):
    entry = WARNED[code]()
    assert entry.rank == 1
    assert next(f for f in entry.findings if f.code == code).severity == "warning"


@pytest.mark.parametrize(
    ("temperature", "seeding"), [(0.7, "step"), (0.7, None), (0.0, "unknown"), (None, None)]
)
def test_chance_is_told_only_where_answers_were_sampled_and_seeds_are_not_known_to_count(
    temperature, seeding
):
    sent = Sent(temperature=temperature, max_tokens=1024, seeding=seeding)
    assert "chance-unseeded" not in codes(judged(a_result(protocol=sent)))


def test_what_stands_under_the_figures_is_told_and_policy_decides_about_each_level():
    table = {"kind": "published-table"}
    levels = {"rows": judged(facts=facts()), "summary": judged(), "quoted": judged(**table)}
    assert {level: entry.evidence for level, entry in levels.items()} == {
        level: level for level in levels
    }
    assert {level: codes(entry) for level, entry in levels.items()} == {
        "rows": set(),
        "summary": {"not-checkable-summary"},
        "quoted": {"not-checkable-quoted"},
    }
    assert {entry.rank for entry in levels.values()} == {1}
    strict = {"not-checkable-quoted": "unranked"}
    assert (judged(**table, policy=strict).rank, judged(policy=strict).rank) == (None, 1)
    told = a_result(provenance=Provenance(evidence="quoted"))
    assert judged(told).evidence == "quoted", "an imported table says so itself"


def test_a_policy_can_tighten_a_warning_or_silence_it():
    strict = {"revision-not-recorded": "unranked"}
    unknown = a_result(model=Model(id="org/model"))
    assert judged(unknown, policy=strict).rank is None
    silent = judged(unknown, policy={"revision-not-recorded": "off"})
    assert "revision-not-recorded" not in codes(silent)


def test_mixed_templates_are_ranked_only_without_raw_rows():
    status = "model_specific_or_mixed"
    named = {"chat_template": 4, "chatml_fallback": 2}
    settings = {"templates": a_workspace().settings.templates}
    assert judged(prompts(status, status_counts=named), **settings).rank == 1
    raw = judged(prompts(status, status_counts={"chat_template": 5, "raw_fallback": 1}))
    assert (raw.rank, "template-raw" in codes(raw)) == (None, True)


@pytest.mark.parametrize(
    ("status", "counts", "said"),
    [
        ("chat_template", {"chat_template": 6}, set()),
        ("chat_template", {"chat_template": 6, "raw": 0}, set()),
        ("chat_template", {"chat_template": 5}, {"template-contradicted"}),
        ("chat_template", {"model_specific_or_mixed": 6}, {"template-contradicted"}),
        ("chat_template", {"raw": 6}, {"template-contradicted", "template-raw"}),
        ("model_specific_or_mixed", {"chat_template": 3, "model_specific_or_mixed": 3}, set()),
        ("model_specific_or_mixed", {"chatml_fallback": 5}, {"template-contradicted"}),
    ],
)
def test_the_one_word_for_all_prompts_must_agree_with_the_rows(status, counts, said):
    assert codes(judged(prompts(status, status_counts=counts), facts=facts())) == said


def test_references_are_compared_as_computed_and_only_where_all_steps_are_there():
    suite = Suite(name="mini", version="1", steps=6, tasks=3, fingerprint="f" * 64)
    claimed = a_result(suite=Named(name="mini", version="1", fingerprint="f" * 64))
    for computed, unique, told in (("e", 6, True), ("f", 6, False), ("e", 5, False)):
        found = judged(claimed, facts=facts(fingerprint=computed * 64, unique=unique), suite=suite)
        assert ("references-differ" in codes(found)) == told


def test_a_claimed_fingerprint_that_the_rows_refute_is_told_where_the_suite_names_none():
    claimed = a_result(suite=Named(name="mini", version="1", fingerprint="f" * 64))
    assert "references-differ" in codes(judged(claimed, facts=facts(fingerprint="e" * 64)))


def test_steps_that_were_never_asked_are_missing_and_not_failed():
    skipped = a_result(counts=Counts(expected=6, scored=5, failed=0), status="partial")
    entry = judged(skipped, facts=facts(scored=5, failed=1))
    assert "incomplete" in codes(entry)
    assert "steps-failed" not in codes(entry)


def test_a_count_that_the_steps_do_not_bear_out_is_not_believed():
    assert "incomplete" in codes(judged(facts=facts(scored=5, failed=1)))


def test_one_of_several_accepted_values_is_on_protocol():
    free = {"greedy": Protocol(temperature=0.0, max_tokens=(768, 1024))}
    assert (
        judged(a_result(protocol=Sent(temperature=0.0, max_tokens=768)), protocols=free).rank == 1
    )


def test_a_window_that_is_too_small_is_off_protocol():
    wide = {"greedy": Protocol(min_window=49152)}
    small = judged(a_result(protocol=Sent(max_model_len=8192)), protocols=wide)
    assert "off-protocol" in codes(small)
    assert "protocol-not-recorded" in codes(judged(a_result(protocol=Sent()), protocols=wide))


def test_one_unit_of_rounding_is_no_mismatch():
    assert judged(facts=facts(sums=f1_sums(0.5001))).rank == 1


def test_a_printed_score_that_differs_from_the_stored_one_is_told():
    source = Provenance(printed={"score": "52.30"})
    entry = judged(a_result(provenance=source))
    assert "printed-differs" in codes(entry)
    assert entry.rank == 1


def test_findings_carry_their_evidence_and_the_file():
    entry = judged(a_result(protocol=Sent(temperature=1.0, max_tokens=1024)))
    (finding,) = [f for f in entry.findings if f.code == "off-protocol"]
    assert finding.values == {"setting": "temperature", "value": 1.0, "wanted": 0.0}
    assert (finding.file, finding.sha256) == (entry.file, entry.sha256)
    assert finding.key == "protocol.temperature"


def test_two_entries_have_findings_of_their_own():
    good, bad = entries_of(a_result("a"), a_result("b", adjusted=True))
    assert (codes(good) & {"adjusted"}, codes(bad) & {"adjusted"}) == (set(), {"adjusted"})


class TestProtocolKeys:
    """Whatever a protocol names is compared with what was sent, or said to be missing."""

    SHA = "a" * 64
    SENT = Sent(
        shots=5,
        trials=3,
        turns=20,
        tools="native",
        system_prompt_sha256=SHA,
        harness=Harness(name="lm-eval", version="0.4.9"),
        template_kwargs={"enable_thinking": False},
        extra={"filter": "strict"},
    )

    def found(self, sent, **wanted):
        return judged(a_result(protocol=sent), protocols={"greedy": Protocol(**wanted)})

    @pytest.mark.parametrize(
        ("setting", "wanted", "other"),
        [
            ("shots", {"shots": 5}, {"shots": 0}),
            ("shots", {"shots": (3, 5)}, {"shots": (0, 1)}),
            ("trials", {"trials": 3}, {"trials": 5}),
            ("turns", {"turns": 20}, {"turns": 50}),
            ("tools", {"tools": "native"}, {"tools": "prompted"}),
            (
                "system_prompt_sha256",
                {"system_prompt_sha256": SHA},
                {"system_prompt_sha256": "b" * 64},
            ),
            ("harness", {"harness": "lm-eval"}, {"harness": "inspect"}),
            ("harness_version", {"harness_version": "0.4.9"}, {"harness_version": "0.4.13"}),
            (
                "template_kwargs.enable_thinking",
                {"template_kwargs": {"enable_thinking": False}},
                {"template_kwargs": {"enable_thinking": True}},
            ),
            ("extra.filter", {"extra": {"filter": "strict"}}, {"extra": {"filter": "flexible"}}),
        ],
    )
    def test_each_is_compared(self, setting, wanted, other):
        assert self.found(self.SENT, **wanted).rank == 1
        entry = self.found(self.SENT, **other)
        (finding,) = [one for one in entry.findings if one.code == "off-protocol"]
        assert entry.rank is None
        assert (finding.key, finding.values["setting"]) == (f"protocol.{setting}", setting)
        missing = self.found(Sent(), **wanted)
        (finding,) = [one for one in missing.findings if one.code == "protocol-not-recorded"]
        assert (missing.rank, finding.values) == (1, {"missing": setting})


def test_percentages_that_are_all_shares_are_doubted():
    data = Path(__file__).parents[2] / "data" / "keys" / "shares-for-percentages.json"
    found = summarise(data.read_bytes())
    suite = Suite(name="gsm8k", version="3.0", steps=1319, tasks=1319)
    entry = judged(found.result, suite=suite)
    (finding,) = [one for one in entry.findings if one.code == "percent-as-share"]
    assert (finding.severity, finding.values) == ("warning", {"value": 0.749})
    assert entry.rank == 1
    empty = a_result(metrics=values(command_f1=0.5, valid_json_pct=0.0))
    assert "percent-as-share" not in codes(judged(empty)), "0 % is a percentage"


def test_every_figure_that_rows_can_show_is_counted_again():
    """A refuted claim keeps a result from being ranked, whichever metric it is of."""
    honest = f1_sums(0.5) | {"command_recall": (1_000_000,) * 3}
    assert judged(facts=facts(sums=honest)).rank == 1
    entry = judged(facts=facts(sums=honest | {"valid_json": (2_000_000,) * 3}))
    (finding,) = [one for one in entry.findings if one.code == "aggregate-mismatch"]
    assert finding.key == "metrics.valid_json_pct.value"
    assert finding.values == {"metric": "valid_json_pct", "stored": 80.0, "computed": 100.0}
    assert entry.rank is None


def test_groups_of_any_division_must_give_back_the_whole():
    def divided(**means):
        groups = {name: Group(steps=3, metrics={"command_f1": f1}) for name, f1 in means.items()}
        return a_result(divisions={"language": groups})

    assert judged(divided(en=0.6, ko=0.4)).rank == 1
    entry = judged(divided(en=0.6, ko=0.6))
    (finding,) = [one for one in entry.findings if one.code == "bucket-mismatch"]
    assert (finding.key, finding.values["computed"]) == ("divisions.language", 0.6)


def test_answers_to_each_step_are_not_counted_as_steps():
    """Some writers count every answer of several to a step."""
    trials = {"trials": (3, 3), "answers": 18, "steps": 18}
    entry = judged(a_result(counts=Counts(expected=6, scored=18)), facts=facts(**trials))
    assert (entry.rank, "steps-foreign" in codes(entry)) == (1, False)


REFERENCES, PROMPTS = "a" * 64, "b" * 64
WHOLE = with_prompts(REFERENCES, PROMPTS)
KNOWN = {
    "old": {"fingerprint": REFERENCES},
    "new": {"fingerprint": WHOLE, "prompts_sha256": PROMPTS},
}


@pytest.mark.parametrize("recorded", KNOWN)
@pytest.mark.parametrize("wanted", KNOWN)
def test_fingerprints_of_both_versions_are_known_and_old_ones_say_less(wanted, recorded):
    suite = Suite(name="mini", version="1", steps=6, tasks=3, **KNOWN[wanted])
    result = a_result(suite=Named(**KNOWN[recorded]))
    entry = judged(result, facts=facts(fingerprint=REFERENCES), suite=suite)
    assert entry.rank == 1
    assert ("prompts-unchecked" in codes(entry)) == (wanted != recorded)


def test_a_suite_of_other_prompts_is_told_by_that_and_not_as_an_unknown_one():
    suite = Suite(name="mini", version="1", steps=6, tasks=3, **KNOWN["new"])
    other = {"fingerprint": with_prompts(REFERENCES, "c" * 64), "prompts_sha256": "c" * 64}
    for more in ({"name": "mini", "version": "1"}, {}):
        result = a_result(suite=Named(**other, **more))
        entry = judged(result, facts=facts(fingerprint=REFERENCES), suite=suite)
        assert entry.rank is None
        assert ("prompts-differ" if more else "suite-unknown") in codes(entry)


def test_references_are_checked_below_a_fingerprint_that_covers_prompts_too():
    suite = Suite(name="mini", version="1", steps=6, tasks=3, **KNOWN["new"])
    result = a_result(suite=Named(name="mini", version="1", **KNOWN["new"]))
    edited = judged(result, facts=facts(fingerprint="e" * 64), suite=suite)
    assert "references-differ" in codes(edited)


def test_an_adapter_is_asked_as_it_was_trained_or_it_is_told_in_what_not():
    same, template, rules = (
        judged(one)
        for one in (adapted("7", "fold-system"), adapted("8", "fold-system"), adapted("7"))
    )
    assert "asked-otherwise" not in codes(same)
    told = [
        next(f.values for f in entry.findings if f.code == "asked-otherwise")
        for entry in (template, rules)
    ]
    assert told == [
        {"template": "7" * 12, "asked_template": "8" * 12},
        {"rules": "fold-system", "asked_rules": "–"},
    ]
    assert (same.profile.base_model, same.profile.base_model_relation) == ("org/base", "adapter")
