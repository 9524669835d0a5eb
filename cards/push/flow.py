"""From the workspace to the exit code: plan, ask, push and tell, or only look."""

import sys
from collections.abc import Sequence

import click
import msgspec

from ...board.model import Boards
from ...board.show.tables import dump
from ...board.workspace.settings import Workspace
from ...eval.errors import UsageError
from ..hub.errors import Stopped
from ..hub.shipped_templates import Shipped, asked, kept, recorded
from ..plan.plan import PROBLEMS, TO_DO, Item
from ..plan.targets import Wanted, chosen, wanted
from .console import Voice
from .deliver import Outcome, deliver
from .push import Push
from .report import counted, item_json, outcome_json, outcome_lines, plan_lines
from .setup import Options, opened
from .status import status_of
from .survey import survey

INTERRUPTED = 130
"""The exit code of a command that the user ended."""


def pushed(
    workspace: Workspace, boards: Boards, options: Options, *, yes: bool, as_json: bool
) -> int:
    """Plan and, but for a dry run, push; return the exit code."""
    with opened(workspace, options) as (push, voice):
        every = _wanted(workspace, boards, options, push)
        try:
            items = _surveyed(push, every, voice)
        except Stopped:
            voice.err("Stopped; nothing was changed.")
            return INTERRUPTED
        if not as_json and (push.place.remote or options.only_look):
            voice.out(f"Plan for {push.place.name}:")
            for line in plan_lines(items, diffs=options.only_look):
                voice.out(line)
        if options.only_look:
            return _planned(items, voice, as_json=as_json)
        count = sum(item.state in TO_DO for item in items)
        if count and push.place.remote and not yes and not _agreed(count, push, as_json):
            return 1
        return _delivered(push, items, voice, as_json=as_json)


def told_status(
    workspace: Workspace, boards: Boards, options: Options, *, as_json: bool, ask: bool
) -> int:
    """Say which cards are stale; return the exit code.

    Which templates moved follows from the audits kept, or where *ask* is true from the Hub.
    """
    with opened(workspace, options) as (push, voice):
        every = _wanted(workspace, boards, options, push)
        try:
            items = _surveyed(push, every, voice)
        except Stopped:
            return INTERRUPTED
        found = [status_of(item, push.journal) for item in items]
        shipped = _shipped(boards, voice) if ask else kept(boards)
        if as_json:
            told = {"repos": found, "templates": shipped.moved, "not_found": shipped.unknown}
            voice.out(dump(msgspec.to_builtins(told)))
        else:
            for line in shipped.moved:
                voice.out(f"{'template moved':<15} {line.label}  {line.message}")
            for label in shipped.unknown:
                voice.out(f"{'no template':<15} {label}  none can be had from the Hub")
            for one in found:
                if one.standing != "current":
                    voice.out(f"{one.standing:<15} {one.repo}  {one.detail}".rstrip())
            voice.out(counted(one.standing for one in found))
    return int(any(one.standing != "current" for one in found))


def _shipped(boards: Boards, voice: Voice) -> Shipped:
    models = recorded(boards)
    return voice.progress("Asking for templates", len(models), lambda tell: asked(models, tell))


def _wanted(workspace: Workspace, boards: Boards, options: Options, push: Push) -> list[Wanted]:
    """Return what the chosen repositories shall hold; on the Hub only our own unless named."""
    organisation = workspace.settings.board.organisation
    every = wanted(boards, workspace.settings)
    found = chosen(every, options.repos, organisation)
    strangers = organisation is None and push.place.remote and not options.repos
    if every and (strangers or not found):
        raise UsageError(
            "is not set" if strangers else f"none of {len(every)} repositories is of it",
            file="board.toml",
            key="board.organisation",
            remedy="Set the organisation, or name repositories with --repo.",
        )
    if unknown := sorted(push.takes.keys() - {one.repo for one in found}):
        raise UsageError(
            f"{unknown[0]} is not among the repositories that are looked at",
            key="--take",
            remedy="Write it as the plan does; see: cardboard push --dry-run",
        )
    return found


def _surveyed(push: Push, every: Sequence[Wanted], voice: Voice) -> list[Item]:
    return voice.progress("Looking", len(every), lambda tell: survey(push, every, tell))


def _planned(items: Sequence[Item], voice: Voice, *, as_json: bool) -> int:
    """End a dry run."""
    if as_json:
        voice.out(dump({"repos": [item_json(item) for item in items]}))
    return int(any(item.state in PROBLEMS for item in items))


def _agreed(count: int, push: Push, as_json: bool) -> bool:
    """Ask once, on a terminal; elsewhere `--yes` must have said it."""
    if as_json or not sys.stdin.isatty():
        raise UsageError(
            f"{count} repositories would be written to, and nobody is there to agree",
            remedy="Look with --dry-run, then pass --yes.",
        )
    how = "Propose" if push.propose else "Push"
    cards = "1 card" if count == 1 else f"{count} cards"
    return click.confirm(f"{how} {cards} to {push.place.name}?", err=True)


def _delivered(push: Push, items: Sequence[Item], voice: Voice, *, as_json: bool) -> int:
    """Carry the plan out and say what became of it."""
    count = sum(item.state in TO_DO for item in items)
    outcomes = voice.progress("Pushing", len(items), lambda tell: deliver(push, items, tell))
    if as_json:
        voice.out(dump({"repos": [outcome_json(outcome) for outcome in outcomes]}))
    elif count or not push.place.remote:
        voice.out("" if push.place.remote else f"In {push.place.name}:")
        for line in outcome_lines(outcomes, brief=not push.place.remote):
            voice.out(line)
    if push.stop.is_set():
        voice.err("Stopped. Push again to go on: nothing is done twice.")
        return INTERRUPTED
    return int(any(_is_problem(outcome) for outcome in outcomes))


def _is_problem(outcome: Outcome) -> bool:
    undone = outcome.did == "nothing" and outcome.item.state in PROBLEMS
    return undone or outcome.did == "not reached" or bool(outcome.rejected)
