"""What goes wrong where boards are kept by hand, and the test that shows each impossible or told.

The 41 points were collected from a year of a lab's reports, issues and scripts. Those that a file
can bring about are tried here with a file; the others name the test that holds them.
"""

import ast
import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from cardboard.board.judge.build import build_boards
from cardboard.board.model import Boards, Entry
from cardboard.board.read.interpretation import summarise
from cardboard.board.workspace.settings import Suite
from cardboard.tests.honest import KNOWN, UNKNOWN, Doc, honest, reading
from cardboard.tests.making import a_workspace

TESTS = Path(__file__).parent
HERE = "test_pain_points.py"

SHOWN = {
    1: (
        "ranks collide",
        "board/judge/test_ranking.py",
        "test_every_rank_is_one_more_than_the_number_of_better_scores",
    ),
    2: (
        "prose and table disagree",
        "cards/text/test_render.py",
        "test_both_languages_say_the_same_in_the_same_order",
    ),
    3: ("a partial run beside full ones", HERE, "test_a_partial_run_has_no_rank"),
    4: ("a score that was adjusted by hand", HERE, "test_an_adjusted_score_has_no_rank"),
    5: (
        "a result that says itself that it must not be ranked",
        HERE,
        "test_a_result_keeps_out_of_the_ranks_by_its_own_word",
    ),
    6: (
        "printed figures that no file holds",
        HERE,
        "test_printed_figures_that_differ_from_the_stored_are_told",
    ),
    7: (
        "one run with many numbers",
        "site/pages/test_other_boards.py",
        "test_all_attempts_are_shown_with_the_one_that_stands",
    ),
    8: (
        "protocols that are mixed on one board",
        HERE,
        "test_settings_that_differ_are_told_even_where_no_protocol_fixes_them",
    ),
    9: (
        "two suites under one name",
        "board/judge/test_recognition.py",
        "test_empty_references_tell_the_legacy_suite_from_one_of_the_same_length",
    ),
    10: (
        "two numbers called score",
        "board/judge/test_ranking.py",
        "test_by_another_metric_of_the_same_kind",
    ),
    11: (
        "faults of a template read as faults of a model",
        "board/commands/test_audit_command.py",
        "test_an_error_ends_with_1_and_says_what_to_do",
    ),
    12: (
        "a measurement made anew that does not replace the old one",
        HERE,
        "test_a_later_measurement_replaces_an_earlier_one",
    ),
    13: (
        "one checkpoint under two names",
        HERE,
        "test_equal_answers_under_two_names_are_told_at_both",
    ),
    14: (
        "merged shards with the identity of the first",
        "eval/run/test_merge.py",
        "TestWhatIsRefused",
    ),
    15: ("cut prompts stay eligible", HERE, "test_cut_prompts_cost_the_rank"),
    16: ("a load time of null", HERE, "test_a_time_that_is_unknown_costs_nothing"),
    17: (
        "status files and parts among results",
        "board/show/test_explanation.py",
        "test_a_part_of_a_split_run_is_told_to_be_merged",
    ),
    18: (
        "the newest file replaces a whole run by a part",
        HERE,
        "test_a_newer_part_does_not_replace_a_whole_run",
    ),
    19: ("a forked scorer", HERE, "test_a_forked_scorer_has_no_rank"),
    20: ("failed calls become valid empty answers", HERE, "test_failed_calls_are_no_answers"),
    21: (
        "long runs die and resume badly",
        "eval/run/test_run.py",
        "test_killed_at_20_random_moments_it_ends_as_if_it_had_never_died",
    ),
    22: (
        "engines that do not start",
        "eval/run/test_run.py",
        "test_a_dead_engine_ends_as_failed_with_its_error_and_can_be_resumed",
    ),
    23: (
        "a window that each engine handles in its own way",
        HERE,
        "test_an_evaluator_that_hides_its_cuts_is_not_believed",
    ),
    24: (
        "a token that is read wrongly",
        "cards/push/test_push_faults.py",
        "test_rights_that_the_account_does_not_tell_are_asked_for",
    ),
    25: ("names in another case", HERE, "test_names_that_differ_in_case_are_one_model"),
    26: (
        "a checkpoint that was overwritten",
        HERE,
        "test_two_hashes_under_one_name_are_two_models",
    ),
    27: ("a sweep that floods the board", HERE, "test_an_unlabelled_sweep_is_told"),
    28: (
        "the best of hundreds of tries at the top",
        "cards/text/test_render.py",
        "test_a_sweep_says_that_it_is_one_of_many_tries",
    ),
    29: (
        "paths of a machine in public",
        "board/read/shapes/test_shapes.py",
        "test_no_path_of_a_machine_survives_in_what_is_published",
    ),
    30: (
        "results that do not say what made them",
        "eval/run/test_journal.py",
        "test_a_run_is_not_resumed_under_other_settings",
    ),
    31: (
        "no uncertainty",
        "board/judge/test_resolution.py",
        "test_every_measured_entry_gets_interval_and_rank_range",
    ),
    32: (
        "ranks on cards go stale",
        "cards/push/test_status.py",
        "test_a_new_result_makes_ranks_stale",
    ),
    33: (
        "cards that claim settings which were never used",
        "cards/text/test_render.py",
        "test_what_was_not_recorded_is_said_to_be_so_and_never_zero",
    ),
    34: (
        "cards that claim two languages and have one",
        "cards/text/test_render.py",
        "test_both_languages_say_the_same_in_the_same_order",
    ),
    35: (
        "a stale narrative",
        "board/notes/test_notes.py",
        "test_a_sentence_whose_evidence_is_unknown_is_not_said",
    ),
    36: (
        "a formula that is written in two ways",
        "board/judge/test_judge.py",
        "test_percentages_that_are_all_shares_are_doubted",
    ),
    37: (
        "a failed job that looks like 0",
        "board/read/shapes/test_shapes.py",
        "test_a_run_without_a_step_has_failed_whatever_its_zeros_say",
    ),
    38: (
        "a proxy that is taken for the real thing",
        HERE,
        "test_another_measurement_is_never_ranked",
    ),
    39: ("a run of the wrong model", HERE, "test_two_organisations_in_one_file_cost_the_rank"),
    40: (
        "junk beside the results",
        "board/read/test_reader.py",
        "test_what_is_hidden_is_passed_over",
    ),
    41: (
        "a report that nobody can read",
        "site/assembly/test_site_is_whole.py",
        "TestTheCheckerItself",
    ),
}
"""What goes wrong, and where it is shown."""


@cache
def names_in(file: str) -> set[str]:
    """Return the names of the tests, and of their classes, in a file."""
    tree = ast.parse((TESTS / file).read_text("utf-8"))
    return {
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }


def test_there_are_41_points() -> None:
    assert list(SHOWN) == list(range(1, 42))


@pytest.mark.parametrize("number", SHOWN)
def test_the_test_that_shows_it_is_there(number: int) -> None:
    _, file, name = SHOWN[number]
    assert name in names_in(file)


# --- Those that a file can bring about ------------------------------------------------------------


def board(*documents: Doc, suite: Suite = KNOWN, **settings: Any) -> Boards:
    readings = [reading(one, f"{number}.json") for number, one in enumerate(documents)]
    return build_boards(readings, a_workspace(suites=(suite,), **settings))


def entries(*documents: Doc, suite: Suite = KNOWN, **settings: Any) -> list[Entry]:
    """Return the lines of *documents*, in their order; attempts that do not stand have none."""
    found = board(*documents, suite=suite, **settings)
    lines = [one for each in found.boards for one in each.entries] + list(found.unplaced)
    return sorted(lines, key=lambda entry: entry.file)


def codes(entry: Entry) -> set[str]:
    return {one.code for one in entry.findings}


def shaped(name: str, **changes: Any) -> Doc:
    """Return a file in a shape of the field, with keys of its top changed."""
    found: Doc = json.loads((TESTS / "data" / "shapes" / f"{name}.json").read_text("utf-8"))
    return found | changes


def test_a_partial_run_has_no_rank() -> None:
    part = honest()
    del part["steps"][-2:]
    (entry,) = entries(part)
    assert (entry.rank, "incomplete" in codes(entry)) == (None, True)


def test_an_adjusted_score_has_no_rank() -> None:
    row = shaped("19-published-row")
    row["provenance"]["printed"]["score"] = "48.19*"
    (entry,) = entries(row, suite=replace(UNKNOWN, steps=row["aggregate"]["steps"]))
    assert (entry.rank, "adjusted" in codes(entry)) == (None, True)


def test_a_result_keeps_out_of_the_ranks_by_its_own_word() -> None:
    told = shaped("05-replay-template")
    told["prompt_template"]["rank_eligible"] = False
    (entry,) = entries(told, suite=replace(UNKNOWN, steps=told["aggregate"]["steps"]))
    assert (entry.rank, "not-eligible" in codes(entry)) == (None, True)


def test_printed_figures_that_differ_from_the_stored_are_told() -> None:
    document = honest()
    printed = {"precision": "0.1234", "recall": "0.3333", "valid_json_pct": "100.0%"}
    document["provenance"] = {"kind": "table", "printed": printed}
    (entry,) = entries(document)
    told = [one.values["field"] for one in entry.findings if one.code == "printed-differs"]
    assert told == ["precision", "recall"], "valid JSON is as it is stored"


def test_settings_that_differ_are_told_even_where_no_protocol_fixes_them() -> None:
    one, other, odd = honest("org/a"), honest("org/b"), honest("org/c")
    odd["protocol"]["max_tokens"] = 4096
    told = entries(one, other, odd, suite=replace(KNOWN, protocol=None))
    assert ["settings-differ" in codes(entry) for entry in told] == [False, False, True]


def test_cut_prompts_cost_the_rank() -> None:
    document = honest()
    document["prompts"]["truncated"] = 12
    (entry,) = entries(document)
    assert (entry.rank, "prompts-truncated" in codes(entry)) == (None, True)


def test_a_time_that_is_unknown_costs_nothing() -> None:
    document = honest()
    document["timing"] = {"load_seconds": None, "seconds_per_step": "n/a"}
    (entry,) = entries(document)
    assert (entry.rank, entry.result.timing.load_seconds) == (1, None)


def test_a_newer_part_does_not_replace_a_whole_run() -> None:
    whole, part = honest(), honest()
    del part["steps"][-2:]
    part["finished_at"] = "2026-07-01T00:00:00+00:00"
    (entry,) = entries(whole, part)
    assert (entry.file, entry.rank) == ("0.json", 1)
    assert [one.file for one in entry.attempts] == ["1.json"]


def test_a_forked_scorer_has_no_rank() -> None:
    document = honest()
    document["scorer"] = "token-f1-fork/2"
    (entry,) = entries(document)
    assert (entry.rank, "scorer-foreign" in codes(entry)) == (None, True)


def test_failed_calls_are_no_answers() -> None:
    """An evaluator of the field wrote a failed call as a well-formed answer without a command."""
    told = shaped("08-anthropic-api")
    (entry,) = entries(told, suite=replace(UNKNOWN, steps=told["aggregate"]["steps"]))
    assert (entry.rank, "steps-failed" in codes(entry)) == (None, True)


@pytest.mark.parametrize("shape", ["09-transformers", "11-prefix-lm"])
def test_an_evaluator_that_hides_its_cuts_is_not_believed(shape: str) -> None:
    told = shaped(shape, num_shards=1)
    template = told.get("prompt_template", {})
    for key in ("truncated_steps", "prompt_tokens_max"):
        template.pop(key, None)
    (entry,) = entries(told, suite=replace(UNKNOWN, steps=told["aggregate"]["steps"]))
    assert (entry.rank, "cuts-hidden" in codes(entry)) == (None, True)


def test_another_measurement_is_never_ranked() -> None:
    for shape in ("01-proxy", "02-format-check"):
        assert summarise(json.dumps(shaped(shape)).encode()).kind == "proxy"


def test_two_organisations_in_one_file_cost_the_rank() -> None:
    told = shaped("05-replay-template", model_path="first-org/Tiny", model="second-org/Tiny")
    (entry,) = entries(told, suite=replace(UNKNOWN, steps=told["aggregate"]["steps"]))
    assert (entry.rank, "names-differ" in codes(entry)) == (None, True)


def test_a_later_measurement_replaces_an_earlier_one() -> None:
    earlier, later = honest(right=3), honest(right=1)
    later["finished_at"] = "2026-06-02T00:00:00+09:00"
    (entry,) = entries(earlier, later)
    assert (entry.file, [one.file for one in entry.attempts]) == ("1.json", ["0.json"])


def test_equal_answers_under_two_names_are_told_at_both() -> None:
    told = entries(honest("org/one"), honest("org/two-8gpu"))
    assert ["same-answers" in codes(entry) for entry in told] == [True, True]


def test_names_that_differ_in_case_are_one_model() -> None:
    later = honest("Org/MODEL", 1)
    later["finished_at"] = "2026-06-02T00:00:00+00:00"
    (entry,) = entries(honest("org/model", 3), later)
    assert len(entry.attempts) == 1


def test_two_hashes_under_one_name_are_two_models() -> None:
    one, other = honest("org/model", 3), honest("org/model", 1)
    for document, sign in ((one, "a"), (other, "b")):
        document["model"]["adapter"] = {"id": "checkpoint-610", "sha256": sign * 64}
    told = entries(one, other)
    assert [entry.rank for entry in told] == [1, 2]
    assert len({entry.label for entry in told}) == 2


def test_an_unlabelled_sweep_is_told() -> None:
    runs = []
    for number in range(6):
        document = honest("org/base", number % 5)
        document["model"]["adapter"] = {"id": f"run/checkpoint-{100 + 50 * number}"}
        runs.append(document)
    found = board(*copy.deepcopy(runs))
    assert [one.class_ for one in found.boards] == ["sweep"]
