"""A push from what is wanted to the exit code: survey, plan, ask, deliver and tell."""

import sys
from collections.abc import Sequence

import click

from ...board.show.tables import dump
from ...board.words.catalogue import Words
from ...board.words.names import visible
from ...board.workspace.settings import Workspace
from ...eval.errors import UsageError, plural
from ..hub.errors import HubError, Stopped
from ..plan.plan import PROBLEMS, TO_DO, Item
from ..plan.targets import Wanted, chosen
from ..plan.withdrawal import Gathered
from ..text.card import left_out_lines
from ..text.eval_results import PATH
from .choosing import choose
from .deliver import Outcome, deliver
from .push import INTERRUPTED, Push
from .report import (
    item_json,
    outcome_json,
    outcome_lines,
    pace_line,
    plan_lines,
    seconds_for,
)
from .setup import Options, choices, opened
from .survey import survey


def pushed(
    gathered: Gathered, workspace: Workspace, options: Options, *, yes: bool, as_json: bool
) -> int:
    """Bring what was *gathered* to its repositories, or say what would be; return the exit code."""
    board, quotas = workspace.settings.board, workspace.settings.hub
    with opened(options, quotas, workspace.root / ".cardboard", workspace.build / "hub") as push:
        targets, spaces = aims(push, gathered, options, board.organisation)
        _check_takes(push, options, targets)
        if not options.repos:
            for line in left_out_lines(gathered.left_out, Words("en")):
                push.console.err(visible(line))
        for repo in sorted(quotas.take.keys() - {one.repo for one in gathered.cards}):
            push.console.err(f"board.toml: hub.take names {repo}, to which no card belongs.")
        try:
            plan = survey(push, gathered, targets, spaces, options.repos)
            if not (yes or as_json or push.only_look) and sys.stdin.isatty():
                plan = choose(push, plan)
            _tell_plan(push, plan, _no_benchmarks(push, plan), as_json=as_json)
            if push.only_look:
                return int(any(item.state in PROBLEMS for item in plan))
            if not (yes or _agreed(push, plan, as_json=as_json)):
                push.console.err("Nothing was changed.")
                return 1
        except (Stopped, click.Abort):
            push.console.err("Stopped; nothing was changed.")
            return INTERRUPTED
        outcomes = deliver(push, plan)
        _tell_outcomes(push, plan, outcomes, as_json=as_json)
        if push.stop.is_set():
            push.console.err("Stopped. Push again to go on: nothing is done twice.")
            return INTERRUPTED
        return int(any(_is_problem(outcome) for outcome in outcomes))


def aims(
    push: Push, gathered: Gathered, options: Options, organisation: str | None
) -> tuple[list[Wanted], set[str]]:
    """Return which cards are meant, and the namespaces in which others may be withdrawn."""
    remote, written = push.destination.remote, push.journal.written()
    targets = chosen(gathered.cards, options.repos, organisation, remote=remote, written=written)
    if options.repos:
        return targets, set()
    spaces = {one.repo.partition("/")[0] for one in targets} - {organisation}
    return targets, {organisation} if organisation else spaces


def _check_takes(push: Push, options: Options, targets: Sequence[Wanted]) -> None:
    known = {*(one.repo for one in targets), *push.journal.written()}
    if unknown := sorted(choices(options.takes)[1].keys() - known):
        raise UsageError(
            f"{unknown[0]} is not among the repositories that are looked at",
            key="--take",
            remedy="Write it as the plan does; see: cardboard push --dry-run",
        )


def _no_benchmarks(push: Push, plan: Sequence[Item]) -> list[str]:
    """Return the datasets of results to be written that the Hub keeps no leaderboard of."""
    named = {name for item in plan if PATH in item.files for name in item.wanted.benchmarks}
    if not named:
        return []
    try:
        known = push.retried(push.destination.benchmarks)
    except HubError as error:
        push.console.err(f"Which datasets are benchmarks of the Hub is not known: {error.why}")
        return []
    return [] if known is None else sorted(named - known)


def _tell_plan(
    push: Push, plan: Sequence[Item], no_benchmarks: Sequence[str], *, as_json: bool
) -> None:
    if as_json:
        if push.only_look:
            count = _to_do(plan)
            seconds = seconds_for(count, push.budget, push.workers)
            pace = {"commits": count, "seconds": round(seconds)} if push.destination.remote else {}
            told = {"repos": [item_json(item) for item in plan], **pace}
            push.console.out(dump({**told, "no_benchmarks": [*no_benchmarks]}))
    elif push.only_look or push.destination.remote:
        push.console.out(f"Plan for {push.destination.name}:")
        for line in plan_lines(plan, diffs=push.only_look):
            push.console.out(line)
        for name in no_benchmarks:
            push.console.out(
                f"{name} is no registered benchmark of the Hub: results on it are written, and no "
                "leaderboard shows them."
            )
        if (count := _to_do(plan)) and push.destination.remote:
            push.console.out(pace_line(count, push.budget, push.workers))


def _agreed(push: Push, plan: Sequence[Item], *, as_json: bool) -> bool:
    """Ask once, on a terminal; elsewhere `--yes` must have said it."""
    count = _to_do(plan)
    if not count or not push.destination.remote:
        return True
    if as_json or not sys.stdin.isatty():
        raise UsageError(
            f"{plural(count, 'repository', 'repositories')} would be written to, and nobody is "
            "there to agree",
            remedy="Look with --dry-run, then pass --yes.",
        )
    how = "Propose" if push.propose else "Push"
    cards = plural(count, "card")
    return click.confirm(f"{how} {cards} to {push.destination.name}?", err=True)


def _tell_outcomes(
    push: Push, plan: Sequence[Item], outcomes: Sequence[Outcome], *, as_json: bool
) -> None:
    remote = push.destination.remote
    if as_json:
        push.console.out(dump({"repos": [outcome_json(outcome) for outcome in outcomes]}))
    elif _to_do(plan) or not remote or any(one.closed or one.standing for one in outcomes):
        push.console.out("" if remote else f"In {push.destination.name}:")
        for line in outcome_lines(outcomes, brief=not remote):
            push.console.out(line)


def _to_do(plan: Sequence[Item]) -> int:
    return sum(item.state in TO_DO for item in plan)


def _is_problem(outcome: Outcome) -> bool:
    undone = outcome.did == "nothing" and outcome.item.state in PROBLEMS
    return undone or outcome.did == "not reached" or bool(outcome.rejected)
