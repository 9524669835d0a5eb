"""`cardboard eval --plan`: a table of models measured, as far as that has not been done."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from pathlib import Path

import click

from ..run.plans.jobs import Order, Report, Sheet, check_distinct, paths_of
from ..run.plans.plan import Job, jobs_of
from ..run.run import status_of
from ..suites.source import load_version

Judged = Callable[[Path], None]

INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells have it."""


def run_plan(
    plan: Path, root: Path, output: Path | None, address: str | None, judged: Judged | None
) -> None:
    """Measure what *plan* asks for, here or on the Ray cluster at *address*.

    Results go to *output*, by default to the workspace *root*; *judged* is told of each new one.
    Prints the paths of all that are there in the end, those of earlier runs included; the exit
    code is 1 unless all are complete. Raises ConfigError where the plan is none.
    """
    orders = [_order(job, root, output) for job in jobs_of(plan)]
    check_distinct(orders)
    left = [order for order in orders if order.left]
    _say(f"{len(orders)} jobs, {len(orders) - len(left)} of them done before")
    interrupted = False
    with redirect_stdout(sys.stderr):  # clusters talk; standard output is for the results
        for order, report in _done(left, address):
            _tell(order, report)
            if judged is not None:
                for outcome in report.outcomes:
                    judged(outcome.path)
            interrupted |= report.interrupted
    for path in (path for order in orders for path in paths_of(order)):
        if status_of(path) is not None:
            click.echo(str(path))
    if interrupted:
        sys.exit(INTERRUPTED)
    unfinished = sum(bool(order.left) for order in orders)
    if unfinished:
        _say(f"{unfinished} of {len(orders)} jobs are not complete; the same command goes on.")
        sys.exit(1)


def _order(job: Job, root: Path, output: Path | None) -> Order:
    suites = (load_version(source, root / "suites") for source in job.suites)
    sheets = tuple(
        Sheet(suite=suite, folder=(output or root / "results" / suite.name).absolute())
        for suite in suites
    )
    return Order(job=job, sheets=sheets)


def _done(orders: Sequence[Order], address: str | None) -> Iterator[tuple[Order, Report]]:
    if address is None:
        from ..run.plans.local_run import run

        return run(orders)
    from ..run.plans.ray_run import run as run_on_ray

    return run_on_ray(orders, address)


def _tell(order: Order, report: Report) -> None:
    whole = sum(one.status == "complete" for one in report.outcomes)
    if report.whole:
        _say(f"done: {order.job.name}")
    elif report.interrupted:
        _say(f"interrupted: {order.job.name}, {whole} of {len(paths_of(order))} results complete")
    else:
        reason = report.error or "not every step was answered"
        _say(f"failed: {order.job.name}: {reason}")


def _say(text: str) -> None:
    click.echo(text, err=True)
