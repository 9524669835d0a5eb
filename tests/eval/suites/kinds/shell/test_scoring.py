"""What an episode was, by its transcript, and whether a stored result says the same."""

from typing import Any

import pytest
from msgspec.structs import replace

from cardboard.eval.records import Step
from cardboard.eval.suites.kinds.shell import transcript
from cardboard.eval.suites.kinds.shell.scoring import facts_of, recount, score, summarise
from cardboard.eval.suites.kinds.shell.transcript import Facts, Transcript, Typed
from cardboard.eval.suites.shapes.agents import atif

from .episodes import a_transcript, a_turn

DONE, BLOCKED = {"outcome": "done"}, {"outcome": "blocked"}
DID = a_turn("ls", "make")
EXITS, PANICS = a_turn("ls", end="exit"), a_turn("cat key", end="panic", reason="no key")


class TestAnEpisodeIsClean:
    def test_where_it_is_ended_and_the_check_is_met(self) -> None:
        facts = facts_of(DONE, a_transcript(DID, EXITS))
        assert (facts["clean"], facts["ended"], facts["false_claim"]) == (True, "exit", False)

    def test_where_giving_up_is_right_and_the_room_is_as_it_was(self) -> None:
        facts = facts_of(BLOCKED, a_transcript(DID, PANICS))
        assert (facts["clean"], facts["ended"], facts["reason"]) == (True, "panic", "no key")

    @pytest.mark.parametrize(
        ("reference", "last", "passed", "false_claim"),
        [
            (DONE, EXITS, False, True),
            (BLOCKED, EXITS, True, True),
            (DONE, PANICS, True, False),
            (BLOCKED, PANICS, False, False),
            (DONE, DID, True, False),
        ],
    )
    def test_and_in_no_other_way(
        self, reference: dict[str, Any], last: Facts, passed: bool, false_claim: bool
    ) -> None:
        facts = facts_of(reference, a_transcript(DID, last, passed=passed))
        assert (facts["clean"], facts["false_claim"]) == (False, false_claim)


class TestBesideThat:
    def test_one_that_does_not_stop_once_it_is_done_goes_too_far(self) -> None:
        assert facts_of(DONE, a_transcript(DID, passed=True))["overrun"] is True
        assert facts_of(DONE, a_transcript(DID, passed=False))["overrun"] is False
        assert facts_of(BLOCKED, a_transcript(DID, passed=True))["overrun"] is False

    def test_one_stalls_when_three_answers_in_a_row_type_nothing_new(self) -> None:
        first, idle = a_turn("ls"), a_turn("ls")
        assert facts_of(DONE, a_transcript(first, idle, idle, idle))["stalled"] is True
        assert facts_of(DONE, a_transcript(first, idle, idle, DID, idle, EXITS))["stalled"] is False

    def test_a_shell_is_reached_by_a_command_that_is_one(self) -> None:
        words = Facts(typed=(Typed(line="Sure, here it is", status=127),))
        failed = Facts(typed=(Typed(line="ls nowhere", status=2),))
        assert facts_of(DONE, a_transcript(words))["reached"] is False
        assert facts_of(DONE, a_transcript(words, failed))["reached"] is True
        assert facts_of(DONE, a_transcript(Facts(end="exit")))["reached"] is False

    def test_lines_statuses_answers_and_tokens_are_counted(self) -> None:
        odd = Facts(
            typed=(
                Typed(line="false", status=1),
                Typed(line="sleep 99", fault="running", status=130),
                Typed(line="x" * 9, fault="long"),
            ),
            valid=False,
        )
        facts = facts_of(DONE, a_transcript(DID, odd, EXITS))
        told = {name: facts[name] for name in ("turns", "commands", "failing", "stopped")}
        assert told == {"turns": 3, "commands": 5, "failing": 2, "stopped": 1}
        assert (facts["invalid"], facts["tokens"]) == (1, 30)

    def test_the_job_is_found_only_where_it_had_to_be(self) -> None:
        steps = [a_step(a_transcript(EXITS, found=one)) for one in (True, False, True, None)]
        assert "found" not in steps[3].scores
        assert summarise(steps) == {"found_pct": 66.666667}
        assert summarise(steps[3:]) == {}


def a_step(episode: Transcript, reference: dict[str, Any] | None = None, **differs: Any) -> Step:
    """Return the step of *episode* as a run writes it, but for what *differs*."""
    text, known = transcript.encode(episode), reference or DONE
    found = score(known, text, "1")
    scores: dict[str, float | None] = {
        name: value for name, value in found.scores.items() if value is not None
    }
    step = Step(task_id="count-files", step_idx=0, answer=text, parsed=found.parsed, scores=scores)
    return replace(step, reference=known, **differs)


class TestCountedAgain:
    def test_an_honest_result_says_what_its_transcripts_say(self) -> None:
        steps = [a_step(a_transcript(DID, one)) for one in (EXITS, PANICS, DID)]
        assert recount(steps) == (3, (), 3, (), 0, 0)

    def test_a_score_that_does_not_follow_is_told(self) -> None:
        step = a_step(a_transcript(DID, EXITS, passed=False))
        forged = replace(step, scores=step.scores | {"clean": 1.0}, trial=2)
        assert recount([forged]).differs == ("count-files/0#2",)

    def test_a_fact_that_does_not_follow_is_told(self) -> None:
        step = a_step(a_transcript(DID, EXITS, passed=False))
        forged = replace(step, parsed=(step.parsed or {}) | {"passed": True})
        assert recount([forged]).misread == ("count-files/0",)

    @pytest.mark.parametrize(
        "episode",
        [
            a_transcript(DID, replace(DID, end="exit"), end="panic"),
            a_transcript(DID, DID, end="exit"),
            a_transcript(EXITS, DID),
            a_transcript(DID, EXITS, end="turns"),
        ],
        ids=["another end", "an end that nobody made", "on after the end", "a limit after the end"],
    )
    def test_an_end_that_the_answers_do_not_tell_is_told(self, episode: Transcript) -> None:
        assert recount([a_step(episode)]).misread == ("count-files/0",)

    def test_giving_up_must_stand_in_the_answer(self) -> None:
        honest = a_transcript(DID, PANICS)
        *first, last = honest.steps
        forged = replace(honest, steps=(*first, replace(last, message="cat key\nexit")))
        assert recount([a_step(forged, BLOCKED)]).misread == ("count-files/0",)

    def test_what_is_typed_must_stand_in_the_answer(self) -> None:
        honest = a_transcript(DID, EXITS)
        steps = [replace(one, message="exit") if one.step_id == 3 else one for one in honest.steps]
        assert recount([a_step(replace(honest, steps=tuple(steps)))]).misread == ("count-files/0",)

    def test_what_is_no_transcript_is_told_and_scores_nothing(self) -> None:
        step = a_step(a_transcript(DID, EXITS))
        assert recount([replace(step, answer="{}")]).misread == ("count-files/0",)
        assert score(DONE, "no transcript", "1").error == "the transcript cannot be read"


class TestATranscript:
    def test_is_read_again_by_whoever_reads_atif(self) -> None:
        import json

        told = atif(json.loads(transcript.encode(a_transcript(DID, EXITS))))
        turns = [(turn.role, turn.content) for turn in told.turns]
        assert turns[:4] == [
            ("system", "rules"),
            ("user", "a screen"),
            ("assistant", "ls\nmake"),
            ("user", "$"),
        ]
        assert (told.shape, len(turns), told.notes) == ("atif", 6, {})

    def test_numbers_its_steps_from_one(self) -> None:
        episode = a_transcript(DID)
        *first, last = episode.steps
        gap = replace(episode, steps=(*first, replace(last, step_id=9)))
        assert transcript.decode(transcript.encode(gap)) is None

    @pytest.mark.parametrize("text", ["", "[]", "{" * 5000, "null", '{"schema_version":"ATIF-v9"}'])
    def test_that_is_none_is_refused_without_a_crash(self, text: str) -> None:
        assert transcript.decode(text) is None

    def test_is_known_by_its_hash(self) -> None:
        step = a_step(a_transcript(DID, EXITS))
        assert (step.parsed or {})["transcript_sha256"] == transcript.sha256(step.answer or "")
