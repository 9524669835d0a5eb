"""Every claim of a result file, and every way in which its own rows refute it: none ranks silently.

Each case is made from one honest file, which is ranked first; what is done to it is all that
differs. Two boards are tried: one that knows the suite's steps, and one that knows only its name,
where two other honest results tell what is usual.
"""

import copy
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from cardboard.board.judge.build import build_boards
from cardboard.board.model import Entry
from cardboard.board.workspace.settings import Suite
from cardboard.eval import records
from cardboard.eval.run.result import divisions_of
from cardboard.eval.suites.kinds.aggregate import measured
from cardboard.eval.suites.kinds.replay.kind import METRICS, REPLAY, score, score_at_first
from cardboard.tests.honest import KEYS, KNOWN, UNKNOWN, Doc, honest, reading
from cardboard.tests.making import a_workspace

BOARDS = {"steps known": KNOWN, "steps unknown": UNKNOWN}


def entry_of(document: Doc, suite: Suite, *beside: Doc) -> Entry:
    """Return the line of *document* on the board of *suite*, beside two honest results."""
    others = beside or (honest("org/other", 1), honest("org/third", 3))
    readings = [reading(document, "tried.json")]
    readings += [reading(other, f"other-{n}.json") for n, other in enumerate(others)]
    boards = build_boards(readings, a_workspace(suites=(suite,)))
    entries = [e for board in boards.boards for e in board.entries] + list(boards.unplaced)
    return next(one for one in entries if one.file == "tried.json")


def codes(entry: Entry) -> set[str]:
    return {finding.code for finding in entry.findings}


@pytest.mark.parametrize("board", BOARDS)
def test_the_honest_file_is_ranked_without_a_word(board: str) -> None:
    entry = entry_of(honest(), BOARDS[board])
    assert (entry.rank, codes(entry), entry.evidence) == (2, set(), "rows")


# --- What is done to the file, and the finding that it meets --------------------------------------

Change = Callable[[Doc], object]


def every(change: Change, only: Callable[[int], bool] = lambda n: True) -> Change:
    """Return what makes *change* to every row, or to those whose number *only* takes."""

    def change_rows(document: Doc) -> None:
        for number, row in enumerate(document["steps"]):
            if only(number):
                change(row)

    return change_rows


def put(**values: Any) -> Change:
    """Return what sets keys; `a__b` is the key `b` of the object `a`."""

    def change(document: Doc) -> None:
        for path, value in values.items():
            *outer, last = path.split("__")
            place = document
            for name in outer:
                place = place[name]
            place[last] = copy.deepcopy(value)

    return change


def both(*changes: Change) -> Change:
    def change(document: Doc) -> None:
        for one in changes:
            one(document)

    return change


def perfect(row: Doc) -> None:
    """Claim full scores for a row, as they would be stored."""
    row["scores"] = dict.fromkeys(row["scores"], 1.0)


def claim(value: float) -> Change:
    return put(metrics__command_f1={"value": value})


def all_perfect(document: Doc) -> None:
    every(perfect)(document)
    agree(document)


def agree(document: Doc) -> None:
    """Make means and groups follow from the scores that rows claim."""
    rows = [msgspec.convert(row, records.Step) for row in document["steps"]]
    document["metrics"] |= {
        name: {"value": one.value} for name, one in measured(REPLAY, METRICS, rows).items()
    }
    document["divisions"] = {
        division: {
            name: {"steps": group.steps, "metrics": dict(group.metrics)}
            for name, group in groups.items()
        }
        for division, groups in divisions_of(REPLAY, rows).items()
    }


def foreign_ids(document: Doc) -> None:
    every(lambda row: row.update(task_id=f"mine-{row['task_id']}"))(document)


def easier(document: Doc) -> None:
    """Replace every reference by what was answered."""

    def change(row: Doc) -> None:
        row["reference"]["command_units"] = row["parsed"]["command_units"]
        perfect(row)

    every(change)(document)
    agree(document)


def one_easier(document: Doc) -> None:
    """Ask less in one step, and score it as such."""
    row = document["steps"][3]
    row["reference"]["command_units"] = list(row["parsed"]["command_units"])
    row["scores"] = dict(score(row["reference"], row["answer"], None).scores)
    agree(document)


def without_rows(document: Doc) -> None:
    document["steps"] = []


def cut_by(word: str) -> Change:
    return every(put(finish_reason=word))


def drop_last(count: int) -> Change:
    def change(document: Doc) -> None:
        del document["steps"][-count:]

    return change


def repeated(document: Doc) -> None:
    """Answer the best step again in place of the worst."""
    document["steps"][-1] = copy.deepcopy(document["steps"][0])
    agree(document)


def swap_groups(document: Doc) -> None:
    """Keep the weighted mean and claim other means of its groups."""
    groups = document["divisions"]["bucket"]
    assert groups["early"]["steps"] == groups["mid"]["steps"] == 10
    groups["early"], groups["mid"] = groups["mid"], groups["early"]


def units_of_another_answer(document: Doc) -> None:
    def change(row: Doc) -> None:
        row["parsed"]["command_units"] = list(row["reference"]["command_units"])
        perfect(row)

    every(change)(document)
    agree(document)


def no_units(document: Doc) -> None:
    """Leave out what was answered, and claim full scores."""

    def change(row: Doc) -> None:
        row["answer"], row["parsed"] = None, None
        perfect(row)

    every(change)(document)
    agree(document)


def null_units(document: Doc) -> None:
    def change(row: Doc) -> None:
        row["answer"], row["parsed"]["command_units"] = None, None
        perfect(row)

    every(change)(document)
    agree(document)


def broken_json(document: Doc) -> None:
    every(lambda row: row.update(answer=row["answer"][:-1]))(document)


def empty_answers(document: Doc) -> None:
    every(put(answer=""), lambda n: n % 2 == 1)(document)


def errors_in_answers(text: str) -> Change:
    return every(put(answer=text), lambda n: n < 6)


def error_rows(document: Doc) -> None:
    every(put(error="HTTP 503"), lambda n: n < 6)(document)


def no_references(document: Doc) -> None:
    every(put(reference=None))(document)
    all_perfect(document)


REFUTED: dict[str, tuple[Change, str]] = {
    # the mean
    "a raised mean": (claim(0.97), "aggregate-mismatch"),
    "a lowered mean": (claim(0.1), "aggregate-mismatch"),
    "a mean as a percentage": (claim(42.0), "value-unusable|aggregate-mismatch|score-missing"),
    "another metric raised": (
        put(metrics__command_recall={"value": 0.99}),
        "aggregate-mismatch",
    ),
    "valid JSON raised": (put(metrics__valid_json_pct={"value": 50.0}), "aggregate-mismatch"),
    "a figure that no single step has": (
        put(metrics__avg_pred_cmds={"value": 7.5}),
        "aggregate-mismatch",
    ),
    "means of groups exchanged": (swap_groups, "bucket-mismatch"),
    "the mean of a group raised": (
        put(divisions__bucket__early__metrics__command_f1=0.99),
        "bucket-mismatch",
    ),
    # the rows
    "rows left out": (drop_last(3), "incomplete"),
    "a row answered twice in place of another": (repeated, "steps-duplicated"),
    "step ids of another suite": (foreign_ids, "steps-foreign|steps-differ"),
    "references replaced by answers": (easier, "references-differ|steps-differ"),
    "one reference made easier": (
        one_easier,
        "references-differ|steps-differ",
    ),
    "rows marked as unanswered": (
        every(put(scored=False, scores={}), lambda n: n > 14),
        "incomplete",
    ),
    "the suite's size lowered": (
        both(drop_last(4), put(suite__steps=16, counts__expected=16, counts__scored=16)),
        "incomplete",
    ),
    # the scores
    "full scores beside poor answers": (all_perfect, "rescore-mismatch"),
    "one score raised": (both(every(perfect, lambda n: n == 19), agree), "rescore-mismatch"),
    "units that the answer does not say": (units_of_another_answer, "answers-misread"),
    "full scores without units": (no_units, "rescore-mismatch"),
    "full scores beside null units": (null_units, "rescore-mismatch"),
    "valid JSON that cannot be read": (broken_json, "answers-misread"),
    "a plan that was not made": (
        every(put(answer='{"commands": [{"keystrokes": "echo hello\\n"}]}'), lambda n: n % 4 > 1),
        "answers-misread",
    ),
    "a foreign scorer": (put(scorer="own-f1/3"), "scorer-foreign"),
    # calls
    "failed calls with scores": (error_rows, "incomplete|steps-failed"),
    "failed calls by their finish reason": (
        every(put(finish_reason="error"), lambda n: n < 6),
        "incomplete|steps-failed",
    ),
    "a refusal of the server as an answer": (
        errors_in_answers('{"error": {"message": "rate limit", "code": 429}}'),
        "incomplete|steps-failed",
    ),
    "an error text as an answer": (
        errors_in_answers("Error: HTTP 500 from server"),
        "incomplete|steps-failed",
    ),
    "an exception as an answer": (
        errors_in_answers("requests.exceptions.ReadTimeout: timed out"),
        "incomplete|steps-failed",
    ),
    "empty answers as valid ones": (empty_answers, "answers-misread"),
    "failures that are counted": (put(counts__failed=3), "steps-failed"),
    # settings
    "answers beyond the token limit": (
        every(put(output_tokens=2048), lambda n: n == 3),
        "answers-too-long",
    ),
    "more trials than were made": (put(protocol__trials=5), "trials-missing"),
    "another temperature": (put(protocol__temperature=0.7), "off-protocol"),
    # prompts
    "a template that the counts contradict": (
        put(prompts__status_counts={"raw_fallback": 20}),
        "template-raw|template-contradicted",
    ),
    "a template of unknown words": (
        put(prompts__status_counts={"chat_template": 12, "something": 8}),
        "template-contradicted",
    ),
    "counts that leave rows out": (
        put(prompts__status_counts={"chat_template": 12}),
        "template-contradicted",
    ),
    "one unknown word for all": (put(prompts__template_status="fine"), "template-unverifiable"),
    "errors while prompts were built": (
        put(prompts__errors=["no system role"]),
        "prompt-errors",
    ),
    "prompts that were cut": (put(prompts__truncated=2), "prompts-truncated"),
    "an evaluator that hides its cuts": (
        put(
            prompts__truncated=None,
            prompts__tokens_max=None,
            protocol__prompt_rules=["truncate-right"],
        ),
        "cuts-hidden",
    ),
    "prompts as long as the window": (
        put(
            prompts__truncated=None,
            prompts__tokens_max=4096,
            protocol__prompt_rules=["truncate-middle"],
        ),
        "cuts-hidden",
    ),
    # the whole
    "not to be ranked by its own word": (
        put(protocol__extra={"rank_eligible": False}),
        "not-eligible",
    ),
    "complete and failed at once": (put(status="failed", error="killed"), "run-failed"),
    "two organisations": (put(model__label="elsewhere/model"), "names-differ"),
    "a published table with rows": (
        both(put(provenance={"kind": "published-table"}), claim(0.97)),
        "aggregate-mismatch",
    ),
    "a correction by hand": (put(adjusted=True), "adjusted"),
}  # fmt: skip


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("name", REFUTED)
def test_what_rows_refute_is_told_and_not_ranked(name: str, board: str) -> None:
    change, expected = REFUTED[name]
    document = honest()
    change(document)
    entry = entry_of(document, BOARDS[board])
    assert entry.rank is None
    assert codes(entry) & set(expected.split("|")), codes(entry)


OWN_STEPS: dict[str, tuple[Change, str]] = {
    "no rows and a raised mean": (both(without_rows, claim(0.99)), "not-checkable-own"),
    "no rows, no scorer": (both(without_rows, put(scorer=None)), "not-checkable-own"),
    "no rows, as a table": (
        both(without_rows, put(scorer=None, provenance={"kind": "published-table"})),
        "not-checkable-own",
    ),
    "no references": (no_references, "references-missing"),
    "the fingerprint of the suite over other references": (
        both(easier, put(suite__fingerprint=KNOWN.fingerprint)),
        "references-differ",
    ),
}


@pytest.mark.parametrize("name", OWN_STEPS)
def test_what_cannot_be_checked_on_a_suite_whose_steps_are_known_is_not_ranked(name: str) -> None:
    change, expected = OWN_STEPS[name]
    document = honest()
    change(document)
    entry = entry_of(document, KNOWN)
    assert entry.rank is None
    assert expected in codes(entry)


def test_a_score_is_the_mean_of_the_rows_and_not_the_stored_one() -> None:
    """Two equal results share their rank, whatever the last place of a stored mean says."""
    one, other = honest("org/one"), honest("org/two")
    other["metrics"]["command_f1"]["value"] += 0.0001
    kept = entry_of(other, KNOWN, one)
    assert kept.rank_text == "1="
    assert kept.value("command_f1") == one["metrics"]["command_f1"]["value"]


def test_a_figure_that_the_file_leaves_out_is_counted_from_its_rows() -> None:
    document = honest()
    document["metrics"] = {}
    entry = entry_of(document, KNOWN)
    assert (entry.rank, entry.score) == (2, entry_of(honest(), KNOWN).score)


@pytest.mark.parametrize(
    "word",
    ["length", "max_tokens", "MAX_TOKENS", "max_length", "model_length", "max_output_tokens"],
)
def test_cut_answers_are_counted_by_the_word_of_any_engine(word: str) -> None:
    document = honest()
    cut_by(word)(document)
    assert "answers-cut" in codes(entry_of(document, KNOWN))


def test_an_answer_of_as_many_tokens_as_were_allowed_was_cut_whatever_its_reason() -> None:
    document = honest()
    every(put(output_tokens=1024, finish_reason="stop"))(document)
    (told,) = [one for one in entry_of(document, KNOWN).findings if one.code == "answers-cut"]
    assert told.values == {"count": 20, "steps": 20, "share": 100.0}


def test_answers_that_are_their_references_are_told_with_their_share() -> None:
    document = honest()

    def oracle(row: Doc) -> None:
        typed = [{"keystrokes": f"{unit}\n"} for unit in row["reference"]["command_units"]]
        row["answer"] = json.dumps({"commands": typed})
        row["parsed"] = score({}, row["answer"], None).parsed
        row["scores"] = dict(score(row["reference"], row["answer"], None).scores)

    every(oracle)(document)
    agree(document)
    entry = entry_of(document, KNOWN)
    (told,) = [one for one in entry.findings if one.code == "answers-equal-reference"]
    assert (entry.rank, told.severity, told.values["share"]) == (1, "warning", 100.0)


class TestStepsThatTheSuiteDoesNotName:
    """The steps of a suite without identities are those that most of its models were asked."""

    def test_the_odd_one_out_is_named_and_the_others_keep_their_intervals(self) -> None:
        document = honest()
        foreign_ids(document)
        readings = [reading(document, "odd.json")]
        readings += [reading(honest(f"org/m{n}", 1 + n), f"{n}.json") for n in range(3)]
        (board,) = build_boards(readings, a_workspace(suites=(UNKNOWN,))).boards
        odd = next(one for one in board.entries if one.file == "odd.json")
        assert (odd.rank, codes(odd)) == (None, {"steps-differ"})
        assert all(one.resolution for one in board.ranked)
        assert len(board.ranked) == 3

    def test_where_as_many_say_one_thing_as_another_nobody_is_ranked(self) -> None:
        document = honest()
        foreign_ids(document)
        for tried, other in ((document, honest("org/b")), (honest("org/b"), document)):
            entry = entry_of(tried, UNKNOWN, other)
            assert (entry.rank, codes(entry)) == (None, {"steps-differ"})

    def test_more_results_of_one_model_count_once(self) -> None:
        document = honest("org/odd")
        foreign_ids(document)
        again = copy.deepcopy(document)
        again["finished_at"] = "2026-06-02T12:00:00+00:00"
        entry = entry_of(honest(), UNKNOWN, document, again, honest("org/c"))
        assert entry.rank is not None

    def test_results_without_rows_are_not_asked(self) -> None:
        bare = honest("org/bare")
        bare["steps"], bare["scorer"] = [], None
        entry = entry_of(bare, UNKNOWN)
        assert (entry.rank, codes(entry)) == (2, {"not-checkable-summary"})


class TestScorersOfOneKind:
    """Results of two scorers share a board's ranks only where both score their answers alike."""

    def scored(self, name: str, right: int, scorer: str | None, *, thinks: bool) -> Doc:
        document = honest(name, right)
        document["scorer"] = scorer
        rule = score if scorer == "token-f1/2" else score_at_first

        def think(row: Doc) -> None:
            row["answer"] = '<think>{"keystrokes": "make"}</think>' + row["answer"]
            read = rule(row["reference"], row["answer"], None)
            row["parsed"], row["scores"] = read.parsed, dict(read.scores)

        if thinks:
            every(think)(document)
            agree(document)
        return document

    def test_where_they_score_alike_all_are_ranked(self) -> None:
        old = self.scored("org/old", 2, "token-f1/1", thinks=False)
        new = self.scored("org/new", 1, "token-f1/2", thinks=True)
        entry = entry_of(old, KNOWN, new, self.scored("org/third", 3, None, thinks=False))
        assert (entry.rank, codes(entry)) == (2, set())

    @pytest.mark.parametrize("scorer", ["token-f1/1", None])
    def test_where_they_do_not_the_earlier_one_is_named_with_its_remedy(
        self, scorer: str | None
    ) -> None:
        old = self.scored("org/old", 2, scorer, thinks=True)
        new = self.scored("org/new", 1, "token-f1/2", thinks=True)
        entry = entry_of(old, KNOWN, new)
        (told,) = [one for one in entry.findings if one.code == "scorers-differ"]
        assert (entry.rank, told.severity) == (None, "error")
        assert told.values == {"scorer": "token-f1/1", "wanted": "token-f1/2"}
        assert entry_of(new, KNOWN, old).rank == 1

    def test_alone_an_earlier_scorer_is_ranked(self) -> None:
        old = self.scored("org/old", 2, "token-f1/1", thinks=True)
        entry = entry_of(old, KNOWN, honest("org/plain"))
        assert (entry.rank, codes(entry)) == (2, {"valid-json-low"})

    def test_without_the_answers_nobody_knows_and_it_is_named(self) -> None:
        old = self.scored("org/old", 2, "token-f1/1", thinks=False)
        every(put(answer=None))(old)
        new = self.scored("org/new", 1, "token-f1/2", thinks=True)
        assert codes(entry_of(old, KNOWN, new)) == {"scorers-differ"}
        unnamed = {**old, "scorer": None}
        assert codes(entry_of(unnamed, KNOWN, new)) == set()


class TestSettingsThatNoProtocolFixes:
    """A suite without a protocol takes any setting, but not without a word."""

    FREE = replace(KNOWN, protocol=None)

    def told(self, *temperatures: float) -> list[list[Any]]:
        documents = []
        for number, temperature in enumerate(temperatures):
            document = honest(f"org/m{number}", number)
            document["protocol"]["temperature"] = temperature
            documents.append(document)
        readings = [reading(one, f"{n}.json") for n, one in enumerate(documents)]
        (board,) = build_boards(readings, a_workspace(suites=(self.FREE,))).boards
        assert len(board.ranked) == len(documents)
        by_file = sorted(board.entries, key=lambda entry: entry.file)
        return [
            [f.values for f in entry.findings if f.code == "settings-differ"] for entry in by_file
        ]

    def test_the_odd_one_is_warned_of(self) -> None:
        odd = {"setting": "temperature", "value": 1.0, "usual": 0.0}
        assert self.told(0.0, 0.0, 1.0) == [[], [], [odd]]

    def test_where_none_is_usual_each_says_its_own(self) -> None:
        assert [one[0]["value"] for one in self.told(0.0, 1.0)] == [0.0, 1.0]

    def test_equal_settings_need_no_word(self) -> None:
        assert self.told(0.3, 0.3) == [[], []]


class TestAPartOfASuite:
    """Nearly all steps of one suite are an incomplete result of it, not of an unknown one."""

    def part(self, count: int) -> Doc:
        document = honest()
        drop_last(count)(document)
        agree(document)
        counts = {"expected": None, "scored": len(KEYS) - count, "tasks": 5}
        return document | {"counts": counts, "suite": {"kind": "replay"}}

    def test_is_told_as_what_it_lacks(self) -> None:
        entry = entry_of(self.part(1), UNKNOWN)
        (told,) = [one for one in entry.findings if one.code == "incomplete"]
        assert told.values == {"scored": 19, "expected": 20}
        assert "suite-unknown" not in codes(entry)

    def test_is_of_no_suite_where_it_may_be_of_several_and_names_them(self) -> None:
        larger = Suite(name="maxi", version="1", steps=21, tasks=5)
        boards = build_boards([reading(self.part(1), "a")], a_workspace(suites=(UNKNOWN, larger)))
        (entry,) = boards.unplaced
        (told,) = [one for one in entry.findings if one.code == "suite-unknown"]
        assert told.values == {"steps": 19, "near": "mini 1 (20), maxi 1 (21)"}

    def test_is_placed_by_its_groups_where_they_fit_one_of_several(self) -> None:
        buckets = {"early": 10, "mid": 10}
        here = Suite(name="mini", version="1", steps=20, tasks=5, buckets=buckets)
        other = Suite(name="maxi", version="1", steps=21, buckets={"late": 21})
        boards = build_boards([reading(self.part(1), "a")], a_workspace(suites=(here, other)))
        (board,) = boards.boards
        assert board.suite.name == "mini"

    def test_half_of_a_suite_may_be_of_any(self) -> None:
        assert "suite-unknown" in codes(entry_of(self.part(10), UNKNOWN))
