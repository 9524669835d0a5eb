"""All episodes of a result, each with what its kind shows of it, for a page of their own."""

import re
from collections.abc import Iterable, Sequence

from msgspec import Struct

from ...board.workspace.settings import Suite as Known
from ...eval.records import Result, Step

MOST_LETTERS = 1_500_000
"""Of transcripts on one page; what is beyond is in the result's file."""
MOST_EPISODES = 1000

_UNSAFE = re.compile(r"[^a-z0-9.]+")


class Played(Struct, frozen=True, kw_only=True):
    """One episode."""

    anchor: str
    task: str
    trial: int | None
    groups: dict[str, str]
    ended: str
    """Why it ended, in the kind's words."""
    good: bool | None
    """Whether it has a full score of what is ranked; `None` where it has none."""
    error: str | None
    view: object | None
    """What the kind shows of it; `None` beyond the most letters, and where there is nothing."""


def anchors_of(steps: Sequence[Step]) -> list[str]:
    """Return where on their page the episodes of *steps* stand, no two of them at one place."""
    taken: set[str] = set()
    found = []
    for number, step in enumerate(steps, start=1):
        trial = f"-{step.trial + 1}" if step.trial is not None else ""
        anchor = f"e-{_UNSAFE.sub('-', step.task_id.lower())[:80].strip('-')}{trial}"
        found.append(f"{anchor}-{number}" if anchor in taken else anchor)
        taken.add(found[-1])
    return found


def episodes(result: Result, known: Known) -> tuple[Played, ...]:
    """Return the episodes of *result* in its order; none where it holds none."""
    if known.of_kind.staged is None:
        return ()
    return tuple(_played(result.steps[:MOST_EPISODES], known))


def _played(steps: Sequence[Step], known: Known) -> Iterable[Played]:
    left = MOST_LETTERS
    score = known.ranked.score
    for step, anchor in zip(steps, anchors_of(steps), strict=True):
        left -= len(step.answer or "")
        held = step.scores.get(score or "") if step.scored else None
        yield Played(
            anchor=anchor,
            task=step.task_id,
            trial=step.trial,
            groups=step.groups,
            ended=step.finish_reason or "",
            good=None if held is None else held >= 1.0,
            error=step.error,
            view=known.of_kind.view(step) if left >= 0 else None,
        )
