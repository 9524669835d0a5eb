"""`cardboard eval --plan`: a table of models measured, as far as that has not been done."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import get_args

import click
from msgspec.structs import replace

from ..errors import plural
from ..run.deadline import Deadline
from ..run.outcomes import Outcome, tell_failed, unfinished
from ..run.plans.jobs import Order, Report, Sheet, aims_of, check_distinct, paths_of, readable
from ..run.plans.needs import Verdict, adopt, needs, stale
from ..run.plans.plan import Job, jobs_of
from ..run.progress import Shown
from ..run.run import journal_of, status_of
from ..suites.source import load_version

Judged = Callable[[Path], None]

INTERRUPTED, DEADLINE = 130, 3
"""The exit codes after Ctrl-C, as shells have it, and where the deadline came first."""


def run_plan(
    plan: Path,
    root: Path,
    output: Path | None,
    address: str | None,
    judged: Judged | None,
    deadline: Deadline | None = None,
) -> None:
    """Measure what *plan* asks for, here or on the Ray cluster at *address*.

    Results go to *output*, by default to the workspace *root*; *judged* is told of each new one.
    Prints the paths of all that are there in the end, those of earlier runs included; the exit
    code is 1 unless all are complete. Raises ConfigError where the plan is none.
    """
    pairs = [readable(_order(job, root, output), Shown()) for job in jobs_of(plan)]
    orders = [order for order, _ in pairs]
    outcomes = [outcome for _, lost in pairs for outcome in lost]
    check_distinct(orders)
    for old, new in adopt(orders):
        _say(f"{old.name} is what is asked for as {new.name}, and is called so now")
    orders = [replace(order, anew=stale(order)) for order in orders]
    left = [order for order in orders if order.left]
    _say(f"{plural(len(orders), 'job')}, {len(orders) - len(left)} of them done before")

    def told(outcome: Outcome) -> None:
        if judged is not None and status_of(outcome.path) is not None:
            judged(outcome.path)

    interrupted = False
    with redirect_stdout(sys.stderr):  # clusters talk; standard output is for the results
        for order, report in _done(left, address, told, deadline):
            _tell(order, report)
            outcomes += _of_suites(order, report)
            interrupted |= report.interrupted
    for path in (path for order in orders for path in paths_of(order)):
        if status_of(path) is not None:
            click.echo(str(path))
    tell_failed(outcomes)
    done = {one.path for one in outcomes if one.status == "complete"}
    orders = [
        replace(order, anew=tuple(path for path in order.anew if path not in done))
        for order in orders
    ]
    unreadable = sum(bool(lost) for _, lost in pairs)
    open_ones = sum(bool(order.left) for order in orders) + unreadable
    if open_ones and deadline is not None and not deadline.left:
        _say("The deadline came. What is left; the same command goes on with it:")
        _tell_left(orders)
        sys.exit(DEADLINE)
    if interrupted:
        sys.exit(INTERRUPTED)
    if open_ones:
        _say(f"{open_ones} of {len(orders)} jobs are not complete; the same command goes on.")
        sys.exit(1)


def tell_needs(plan: Path, root: Path, output: Path | None) -> int:
    """Print what each result of *plan* needs and why; return 1 if any needs something, else 0."""
    pairs = [readable(_order(job, root, output), Shown()) for job in jobs_of(plan)]
    found = list(needs(order for order, _ in pairs))
    for one in found:
        click.echo(f"{one.asked} on {one.suite}: {one.verdict}: {one.reason}")
    for outcome in (outcome for _, lost in pairs for outcome in lost):
        click.echo(f"{outcome.asked}: run again: {outcome.error}")
    counts = Counter(one.verdict for one in found)
    _say(", ".join(f"{counts[verdict]} {verdict}" for verdict in get_args(Verdict)))
    open_ones = len(found) > counts["nothing"] or any(lost for _, lost in pairs)
    return int(open_ones)


def _tell_left(orders: Sequence[Order]) -> None:
    """Say of each order what is not complete, and how far what was begun has come."""
    for order in orders:
        left = order.left
        if not left:
            continue
        begun = sum(journal_of(path).exists() for path in left)
        of = f"{len(left)} of {len(paths_of(order))} results"
        _say(f"  {order.job.name}: {of}" + (f", {begun} of them begun" if begun else ""))


def _of_suites(order: Order, report: Report) -> list[Outcome]:
    """Return the outcomes of *report*, each with its suite where the order has several."""
    if len(order.sheets) < 2:
        return list(report.outcomes)
    suites = {path: sheet.suite.name for path, _, sheet in aims_of(order)}
    return [
        replace(one, asked=f"{one.asked} on {suites[one.path]}") if one.path in suites else one
        for one in report.outcomes
    ]


def _order(job: Job, root: Path, output: Path | None) -> Order:
    suites = (load_version(source, root / "suites") for source in job.suites)
    sheets = tuple(
        Sheet(suite=suite, folder=(output or root / "results" / suite.name).absolute())
        for suite in suites
    )
    return Order(job=job, sheets=sheets)


def _done(
    orders: Sequence[Order],
    address: str | None,
    told: Callable[[Outcome], None],
    deadline: Deadline | None,
) -> Iterator[tuple[Order, Report]]:
    if address is None:
        from ..run.plans.local_run import run

        return run(orders, told, deadline)
    from ..run.plans.ray_run import run as run_on_ray

    return run_on_ray(orders, address, told, deadline)


def _tell(order: Order, report: Report) -> None:
    whole = sum(one.status == "complete" for one in report.outcomes)
    if report.whole:
        _say(f"done: {order.job.name}")
    elif report.interrupted:
        _say(f"interrupted: {order.job.name}, {whole} of {len(paths_of(order))} results complete")
    else:
        reason = report.error or "not every step was answered"
        lost = len(unfinished(report.outcomes))
        of = f" ({lost} of {len(report.outcomes)} results)" if len(report.outcomes) > 1 else ""
        _say(f"failed: {order.job.name}{of}: {reason}")


def _say(text: str) -> None:
    click.echo(text, err=True)
