"""What an episode was: facts and scores that follow from its transcript, and are found again."""

from collections.abc import Mapping, Sequence
from typing import Any

from ....records import Step
from ..kind import Recount, Reference, Scored
from . import dialogues, transcript
from .transcript import Facts, Transcript

SCORER = "shell-episode/1"

STALLED = 3
"""Answers in a row that type nothing new, by which an episode is one that stalled."""

UNKNOWN = (126, 127)
"""Exit statuses of what is no command: the words of an answer that was no shell at all."""

LIMITS = ("turns", "tokens", "wall", "context")


def score(reference: Reference, answer: str, version: str | None) -> Scored:
    """Return what the episode of the transcript *answer* was."""
    found = transcript.decode(answer)
    if found is None:
        return Scored({}, {}, "the transcript cannot be read")
    parsed = facts_of(reference, found) | {"transcript_sha256": transcript.sha256(answer)}
    return Scored(parsed, scores_of(parsed))


def facts_of(reference: Reference, episode: Transcript) -> dict[str, Any]:
    """Return the facts of *episode*; *reference* knows how it should have ended."""
    turns, whole = episode.facts, episode.extra
    typed = [one for turn in turns for one in turn.typed]
    ended = next((turn.end for turn in turns if turn.end is not None), None)
    expected = "panic" if reference.get("outcome") == "blocked" else "exit"
    passed = whole.passed is True
    tokens = [turn.metrics.completion_tokens if turn.metrics else None for turn in episode.turns]
    known = [count for count in tokens if count is not None]
    return {
        "dialogue": whole.dialogue,
        "end": whole.end,
        "expected": expected,
        "ended": ended,
        "reason": next((turn.reason for turn in turns if turn.reason), None),
        "reached": any(one.status is not None and one.status not in UNKNOWN for one in typed),
        "found": whole.found,
        "passed": passed,
        "clean": ended == expected and passed,
        "false_claim": ended == "exit" and not (passed and expected == "exit"),
        "overrun": ended is None and passed and expected == "exit",
        "stalled": _stalled(turns),
        "turns": len(turns),
        "commands": len([one for one in typed if one.fault != "long"]),
        "failing": sum(one.status not in (None, 0) for one in typed),
        "stopped": sum(one.fault in ("running", "flooded", "unfinished") for one in typed),
        "invalid": sum(not turn.valid for turn in turns),
        "tokens": sum(known) if len(known) == len(tokens) else None,
        "model_seconds": whole.model_seconds,
        "room_seconds": whole.room_seconds,
    }


def _stalled(turns: Sequence[Facts]) -> bool:
    """Tell whether so many answers in a row typed nothing that had not been typed before."""
    seen: set[str] = set()
    idle = 0
    for turn in turns:
        lines = {one.line.strip() for one in turn.typed} - {""}
        idle = 0 if lines - seen or turn.end is not None else idle + 1
        seen |= lines
        if idle >= STALLED:
            return True
    return False


_SHARES = ("clean", "reached", "found", "passed", "false_claim", "overrun", "stalled")
_COUNTS = ("turns", "commands", "failing", "invalid", "tokens", "model_seconds", "room_seconds")


def scores_of(parsed: Mapping[str, Any]) -> dict[str, float | None]:
    """Return the scores of an episode by its facts."""
    told = {name: parsed[name] for name in (*_SHARES, *_COUNTS)}
    told["terminated"] = parsed["ended"] is not None
    return {name: None if value is None else float(value) for name, value in told.items()}


def recount(steps: Sequence[Step]) -> Recount:
    """Read transcripts again, and the answers in them: do facts and scores follow from both?"""
    count, misread, wrong = 0, list[str](), list[str]()
    for step in steps:
        if not step.scored or step.answer is None or step.reference is None:
            continue
        count += 1
        trial = f"#{step.trial}" if step.trial else ""
        name = f"{step.task_id}/{step.step_idx}{trial}"
        found = transcript.decode(step.answer)
        again = {} if found is None else facts_of(step.reference, found)
        if found is None or not _ends_as_said(found) or not _follows(step.parsed or {}, again):
            misread.append(name)
        scores = scores_of(again) if again else {}
        if any(said is not None and said != scores.get(key) for key, said in step.scores.items()):
            wrong.append(name)
    return Recount(count, tuple(wrong), count, tuple(misread))


def _follows(parsed: Mapping[str, Any], again: Mapping[str, Any]) -> bool:
    """Tell whether what was stored is what is found *again*; unknown is no claim."""
    return all(parsed.get(name) in (None, value) for name, value in again.items())


def _ends_as_said(episode: Transcript) -> bool:
    """Tell whether the answers themselves say how it ended, and a limit stands where one was met.

    A shell may also end because of a command in it; then nothing is typed after that.
    """
    turns, end = episode.turns, episode.extra.end
    facts = episode.facts
    if any(one.end is not None for one in facts[:-1]):
        return False
    last = facts[-1].end if facts else None
    if (last is None) != (end in LIMITS) or (last is not None and last != end):
        return False
    for turn, fact in zip(turns, facts, strict=True):
        said = dialogues.read(episode.extra.dialogue, turn.message)
        lines = [one.line for one in fact.typed]
        if lines != list(said.lines)[: len(lines)] and not any(one.fault for one in fact.typed):
            return False
        if fact.end == "panic" and not any(map(_panics, said.lines)):
            return False
        if said.valid != fact.valid:
            return False
    return True


def _panics(line: str) -> bool:
    ends = dialogues.ending(line)
    return ends is not None and ends[0] == "panic"


def summarise(steps: Sequence[Step]) -> dict[str, float]:
    """Return the share of scenarios with a job to be found in which it was."""
    told = [step.scores.get("found") for step in steps if "found" in step.scores]
    known = [value for value in told if value is not None]
    return {"found_pct": round(100 * sum(known) / len(known), 6)} if known else {}
