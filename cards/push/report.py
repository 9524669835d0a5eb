"""Plans and outcomes in words and as JSON: what is printed before, after and instead of a push."""

from collections import Counter
from collections.abc import Iterable, Sequence

from ..plan.plan import PROBLEMS, TO_DO, Item, diff
from .deliver import Outcome

SHORT_DIFF = 20
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
    for item in items:
        if item.state == "unchanged" and not item.reason and not item.wanted.notes:
            continue
        lines.append(f"{item.state:<14} {item.repo}{_onto(item)}")
        lines += _why(item)
        if diffs or item.state == "conflict":
            lines += _diff_lines(item, None if diffs else SHORT_DIFF)
    return [*lines, counted(item.state for item in items)]


def _diff_lines(item: Item, longest: int | None) -> list[str]:
    lines = diff(item).splitlines()
    shown = [f"    {line}" if line else "" for line in lines[:longest]]
    rest = len(lines) - len(shown)
    return [*shown, f"    ({rest} more lines: --dry-run shows all)"] if rest else shown


def _onto(item: Item) -> str:
    return f" (pull request #{item.pull})" if item.pull and item.state in TO_DO else ""


def _why(item: Item) -> list[str]:
    notes = (*filter(None, (item.reason, item.remedy)), *item.wanted.notes)
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
        lines += [f"    the Hub rejects the results file: {why}" for why in outcome.rejected]
    return [*lines, counted(ending(outcome) for outcome in outcomes)]


def ending(outcome: Outcome) -> str:
    """Return one word for what became of a repository."""
    gone = outcome.did == "committed" and outcome.item.wanted.left
    return _DONE.get("withdrawn" if gone else outcome.did, outcome.item.state)


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
        "pull_request": item.pull,
        "files": sorted(item.files),
        "notes": list(item.wanted.notes),
        "diff": diff(item) or None,
    }


def outcome_json(outcome: Outcome) -> dict[str, object]:
    """Return *outcome* as the JSON of a push has it."""
    return {
        **item_json(outcome.item),
        "ending": ending(outcome),
        "commit": outcome.commit or None,
        "url": outcome.url or None,
        "pull_request": outcome.pull or outcome.item.pull,
        "rejected": list(outcome.rejected),
    }
