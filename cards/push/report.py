"""Plans and outcomes in words and as JSON: what is printed before, after and instead of a push."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from ..hub.budget import HOUR, Budget
from ..plan.plan import PROBLEMS, TO_DO, Item, diff
from .deliver import Outcome

SHORT_DIFF = 20
COMMIT_TAKES = 2.0
"""Seconds of one commit, with the requests that go with it: what the Hub mostly takes."""
_DONE = {
    "committed": "pushed",
    "withdrawn": "withdrawn",
    "proposed": "proposed",
    "not reached": "not reached",
}


def plan_lines(items: Sequence[Item], *, diffs: bool) -> list[str]:
    """Return the plan, one repository after the other.

    With *diffs* every README comes with its difference; a conflict always, though cut short.
    """
    lines: list[str] = []
    own = [item for item in items if item.has_own_readme]
    together = {item.repo for item in own} if len(own) > 1 and not diffs else set()
    for item in items:
        if item.repo in together:
            continue
        if item.state == "unchanged" and not item.reason and not item.wanted.notes:
            continue
        lines.append(f"{item.state:<14} {item.repo}{_onto(item)}")
        lines += _why(item)
        if diffs or item.state == "conflict":
            lines += _diff_lines(item, None if diffs else SHORT_DIFF)
    if together:
        lines += [f"{item.state:<14} {item.repo}" for item in own]
        lines.append(f"    {len(own)} repositories have a README of their own. Choose one of:")
        lines.append("    --take append (adds our part below it), --take ours, --take theirs")
        lines.append("    For one repository: --take REPO=WAY; --dry-run shows each difference.")
    return [*lines, counted(item.state for item in items)]


def _diff_lines(item: Item, longest: int | None) -> list[str]:
    lines = diff(item).splitlines()
    shown = [f"    {line}" if line else "" for line in lines[:longest]]
    rest = len(lines) - len(shown)
    return [*shown, f"    ({rest} more lines: --dry-run shows all)"] if rest else shown


def _onto(item: Item) -> str:
    return f" (pull request #{item.pull})" if item.pull and item.state in TO_DO else ""


def _why(item: Item) -> list[str]:
    notes = [*filter(None, (item.reason, *item.told, item.remedy)), *item.wanted.notes]
    if item.needless is not None and item.state in TO_DO:
        notes.append(f"our pull request #{item.needless}, if still open, is closed after that")
    return [f"    {line}" for note in notes for line in note.splitlines()]


def outcome_lines(outcomes: Sequence[Outcome], *, brief: bool = False) -> list[str]:
    """Return what became of every repository; where *brief*, only what went wrong and the sum."""
    lines: list[str] = []
    for outcome in outcomes:
        item = outcome.item
        if outcome.did != "nothing" and not brief:
            pull = f" as pull request #{outcome.pull}" if outcome.pull else ""
            lines.append(f"{ending(outcome):<14} {item.repo}{pull} {outcome.url}".rstrip())
        elif item.state in PROBLEMS:
            lines += [f"{item.state:<14} {item.repo}", *_why(item)]
        elif outcome.closed is not None or outcome.standing:
            lines.append(f"{item.state:<14} {item.repo}")
        lines += [f"    {line}" for line in _said(outcome)]
    return [*lines, counted(ending(outcome) for outcome in outcomes)]


def _said(outcome: Outcome) -> Iterator[str]:
    """Yield what the Hub says of what it was given, and what became of a needless pull request."""
    yield from (f"the Hub rejects the results file: {why}" for why in outcome.rejected)
    yield from (f"the Hub warns: {why}" for why in outcome.warnings)
    if outcome.closed is not None:
        yield f"our pull request #{outcome.closed} was closed: it is not needed any more"
    if outcome.standing:
        yield outcome.standing


def ending(outcome: Outcome) -> str:
    """Return one word for what became of a repository."""
    gone = outcome.did == "committed" and outcome.item.wanted.left
    return _DONE.get("withdrawn" if gone else outcome.did, outcome.item.state)


def seconds_for(commits: int, budget: Budget, workers: int) -> float:
    """Return how many seconds so many *commits* take: those of the quota, and their own."""
    held = budget.held(commits)
    # What was sent within the last hour counts as well, so the even pace may be too short.
    paced = max(held, HOUR * commits / budget.commits_per_hour) if held else 0.0
    return paced + COMMIT_TAKES * min(commits, budget.commits_per_hour) / workers


def pace_line(commits: int, budget: Budget, workers: int) -> str:
    """Return how many commits there are to make, and how long that takes."""
    minutes = math.ceil(seconds_for(commits, budget, workers) / 60)
    if minutes > 60:
        minutes = 5 * round(minutes / 5)
    hours, rest = divmod(minutes, 60)
    parts = [*([f"{hours} h"] if hours else []), *([f"{rest} min"] if rest else [])]
    count = "1 commit" if commits == 1 else f"{commits} commits"
    return f"{count} at {budget.commits_per_hour} an hour: about {' '.join(parts)}"


def counted(words: Iterable[str]) -> str:
    """Return how often each word comes, most frequent first, as one line."""
    counts = sorted(Counter(words).items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{number} {word}" for word, number in counts) or "no repositories"


def item_json(item: Item) -> dict[str, object]:
    """Return *item* as the plan's JSON has it."""
    return {
        "repo": item.repo,
        "label": item.wanted.label,
        "state": item.state,
        "reason": item.reason or None,
        "remedy": item.remedy or None,
        "head": (item.present.head or None) if item.present else None,
        "pull_request": item.needless if item.pull is None else item.pull,
        "files": sorted(item.files),
        "notes": [*item.told, *item.wanted.notes],
        "diff": diff(item) or None,
    }


def outcome_json(outcome: Outcome) -> dict[str, object]:
    """Return *outcome* as the JSON of a push has it."""
    return {
        **item_json(outcome.item),
        "ending": ending(outcome),
        "commit": outcome.commit or None,
        "url": outcome.url or None,
        "pull_request": outcome.pull or outcome.item.pull or outcome.item.needless,
        "rejected": list(outcome.rejected),
        "warnings": list(outcome.warnings),
        "closed_pull_request": outcome.closed,
        "standing": outcome.standing or None,
    }
