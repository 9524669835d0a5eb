"""Scenarios, transcripts and rooms of paper, for tests of what is played in a shell."""

from typing import Any

from cardboard.eval import records
from cardboard.eval.metrics import Measured
from cardboard.eval.records import Step
from cardboard.eval.suites.kinds.shell import scoring, transcript
from cardboard.eval.suites.kinds.shell.rows import ShellRow, Turn
from cardboard.eval.suites.kinds.shell.transcript import Agent, Episode, Facts, Transcript, Typed


def a_scenario(**differs: Any) -> ShellRow:
    """Return a scenario: count the files of a folder, and write the number down."""
    whole: dict[str, Any] = {
        "task_id": "count-files",
        "step_idx": 0,
        "language": "en",
        "group": "files",
        "directive": "told",
        "outcome": "done",
        "folder": "work",
        "start": "work",
        "text": "Write to count.txt how many files there are.",
        "setup": "touch a b c",
        "check": 'test "$(cat count.txt)" = 3',
        "oracle": (Turn(commands=("ls\n",)), Turn(commands=("ls [abc] | wc -l > count.txt\n",))),
        "suite": "paper",
        "suite_version": "1",
    }
    return ShellRow(**(whole | differs))


def a_turn(*lines: str, **differs: Any) -> Facts:
    """Return what came of an answer that typed *lines*, each of them with success."""
    return Facts(typed=tuple(Typed(line=line, status=0) for line in lines), **differs)


def a_transcript(*turns: Facts, dialogue: str = "shell", **whole: Any) -> Transcript:
    """Return the transcript of an episode whose answers are typed as they are."""
    steps = [transcript.Turn(step_id=1, source="system", message="rules")]
    steps.append(transcript.Turn(step_id=2, source="user", message="a screen"))
    for number, facts in enumerate(turns, start=3):
        said = [one.line for one in facts.typed]
        said += {"exit": ["exit"], "panic": [f"panic {facts.reason}"]}.get(facts.end or "", [])
        steps.append(
            transcript.Turn(
                step_id=number,
                source="agent",
                message="\n".join(said),
                observation=transcript.Observation((transcript.Shown("$"),)),
                metrics=transcript.Spent(completion_tokens=10),
                llm_call_count=1,
                extra=facts,
            )
        )
    last = turns[-1].end if turns else None
    told: dict[str, Any] = {"dialogue": dialogue, "end": last or "turns", "passed": True}
    return Transcript(
        session_id="count-files/0",
        agent=Agent(name="cardboard", version="1"),
        steps=tuple(steps),
        extra=Episode(**(told | whole)),
    )


def a_step(task: str, episode: Transcript, **differs: Any) -> Step:
    """Return the step of an *episode* as a run writes it."""
    text = transcript.encode(episode)
    whole: dict[str, Any] = {"reference": {"outcome": "done"}, "groups": {"group": "files"}}
    whole |= differs
    found = scoring.score(whole["reference"], text, "1")
    return Step(
        task_id=task,
        step_idx=0,
        answer=text,
        parsed=found.parsed,
        scores={name: value for name, value in found.scores.items() if value is not None},
        finish_reason=episode.extra.end,
        **whole,
    )


def a_played_result(name: str, clean: int, of: int) -> records.Result:
    """Return the result of a model that ended so many *of* its episodes cleanly, the first ones."""
    steps = tuple(
        a_step(f"job-{number:02}", a_transcript(a_turn("ls", end="exit"), passed=number < clean))
        for number in range(of)
    )
    return records.Result(
        model=records.Model(id=name, revision="0" * 40),
        suite=records.Suite(name="paper", version="1", kind="shell", steps=of, tasks=of),
        protocol=records.Protocol(
            temperature=0.0, max_tokens=1024, dialogue="shell", extra={"isolation": "bubblewrap"}
        ),
        prompts=records.Prompts(template_status="chat_template"),
        counts=records.Counts(expected=of, scored=of, failed=0, tasks=of),
        metrics={"clean_pct": Measured(value=round(100 * clean / of, 6))},
        status="complete",
        scorer=scoring.SCORER,
        steps=steps,
    )
