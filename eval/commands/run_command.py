"""`cardboard eval`: a model asked every step of a suite, from the command line."""

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from ..errors import Finite
from ..run.deadline import Deadline, WhenType, ending
from ..run.options import options, requests_of

if TYPE_CHECKING:
    from ..run.outcomes import Outcome
    from ..run.run import Mode

_WITH_PLAN = ("plan", "ray", "needs", "debug", "deadline", "output")
_DEBUG = "CARDBOARD_DEBUG"
_FOR_ONE = ("mode", "limit", "shard", "lock")

INTERRUPTED, DEADLINE = 130, 3
"""The exit codes after Ctrl-C, as shells have it, and where the deadline came first."""


@click.command()
@click.argument("model", required=False)
@options
@click.option(
    "--plan",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Measure every model of a plan that has no complete result yet.",
)
@click.option("--ray", metavar="ADDRESS", help="Do the plan on a Ray cluster; or local.")
@click.option("--needs", is_flag=True, help="Only list what of the plan is to be done, and why.")
@click.option("--debug", is_flag=True, envvar=_DEBUG, help="Show where an error was raised.")
@click.option(
    "--deadline",
    type=WhenType(),
    metavar="WHEN",
    help="End then with what is done: 8h, 90m, 07:00 or 2026-12-01T07:00.",
)
@click.option(
    "--watch",
    is_flag=True,
    help="Measure each new checkpoint in the --adapter folders as it appears.",
)
@click.option(
    "--rest",
    type=Finite(0),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="How long a checkpoint must rest before --watch takes it.",
)
def evaluate(
    model: str | None,
    plan: Path | None,
    ray: str | None,
    needs: bool,
    debug: bool,
    deadline: Deadline | None,
    watch: bool,
    rest: float,
    **given: Any,
) -> None:
    """Ask a model every step of a suite and write one result file.

    MODEL is a Hub id, a folder, a GGUF file, the name that a server knows, or for the backend
    `scripted` a rule (oracle, noisy-oracle, most-frequent, echo-previous) or a file of answers.

    Every answer is kept as it comes: after a crash, go on with --resume. The last line on standard
    output is the path of the result file. The exit code is 1 unless the result is complete, and 3
    where --deadline came first.

    \b
    Examples:
        cardboard eval Qwen/Qwen3-0.6B --suite shell-mini --backend transformers --no-thinking
        cardboard eval noisy-oracle --noise 0.3 --suite shell-mini --backend scripted
        cardboard eval Qwen/Qwen3-8B --suite shell-mini --backend vllm --adapter runs/ --watch
        cardboard eval --plan plan.toml
    """
    context = click.get_current_context()
    root: Path = context.find_root().params.get("workspace") or Path()
    signal.signal(signal.SIGTERM, _stop)
    if debug:
        os.environ[_DEBUG] = "1"  # which the processes that do a plan have too
    if plan is not None:
        _refuse_others(context)
        from .plan_command import run_plan, tell_needs

        if needs:
            sys.exit(tell_needs(plan, root, given["output"]))
        run_plan(plan, root, given["output"], ray, context.find_root().obj, deadline)
        return
    if needs:
        raise click.UsageError("--needs is of a plan: name one with --plan.", context)
    if ray is not None:
        raise click.UsageError("--ray does a plan: name one with --plan.", context)
    for name, value in (
        ("MODEL", model),
        ("--suite", given["suite"]),
        ("--backend", given["backend"]),
    ):
        if value is None:
            raise click.UsageError(f"Missing {name}.", context)
    assert model is not None
    if watch:
        from .watch_command import watch_run

        sys.exit(watch_run(model, given, root, context.find_root().obj, rest, deadline))
    _measure(model, given, root, deadline)


def _measure(model: str, given: dict[str, Any], root: Path, deadline: Deadline | None) -> None:
    """Run one model, through each of its adapters, and say what came of it."""
    from ..run.outcomes import tell_failed
    from ..run.progress import Shown
    from ..run.run import evaluate as run
    from ..suites.source import load_version

    judged = click.get_current_context().find_root().obj
    suite = load_version(given["suite"], root / "suites")
    requests = requests_of(model, given)
    folder = given["output"] or root / "results" / suite.name
    mode: Mode = given["mode"] or "new"

    def told(outcome: "Outcome") -> None:
        _tell(outcome)
        if given["lock"] and outcome.path.exists():
            _lock(outcome.path.with_suffix(".packages.txt"))
        if callable(judged) and outcome.path.exists():
            judged(outcome.path)

    try:
        with Shown() as watch, ending(deadline):
            outcomes = run(requests, suite, folder, mode=mode, watch=watch, tell=told)
    except KeyboardInterrupt:  # while the model was being loaded
        click.echo("Interrupted before a step was asked.", err=True)
        sys.exit(_stopped(deadline))
    if len(requests) > 1:
        tell_failed(outcomes)
    if any(outcome.interrupted for outcome in outcomes):
        left = len(requests) - sum(one.status == "complete" for one in outcomes)
        if _stopped(deadline) == DEADLINE:
            click.echo(f"The deadline came: {left} of {len(requests)} results are left.", err=True)
        sys.exit(_stopped(deadline))
    if len(outcomes) < len(requests) or any(one.status != "complete" for one in outcomes):
        sys.exit(1)


def _stopped(deadline: Deadline | None) -> int:
    """Return the exit code of a run that was stopped: by its deadline, or by somebody."""
    return DEADLINE if deadline is not None and not deadline.left else INTERRUPTED


def _lock(path: Path) -> None:
    """Write the installed packages to *path*, a line each; its hash is in the result."""
    from ..run.machine import packages

    path.write_text("".join(f"{line}\n" for line in packages()), encoding="utf-8")


def _refuse_others(context: click.Context) -> None:
    """Raise a usage error for options whose place is in the plan."""
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        if source is ParameterSource.COMMANDLINE and parameter.name not in _WITH_PLAN:
            name = parameter.opts[0] if isinstance(parameter, click.Option) else "MODEL"
            place = "has no place" if parameter.name in _FOR_ONE else "belongs into the plan"
            raise click.UsageError(f"With --plan, {name} {place}.", context)


def _stop(number: int, frame: FrameType | None) -> None:
    """End as Ctrl-C does where a scheduler ends the process: with what is done."""
    raise KeyboardInterrupt


def _tell(outcome: "Outcome") -> None:
    """Say what a run came to; the path alone goes to standard output."""
    if outcome.interrupted:
        click.echo("Interrupted. Go on with --resume.", err=True)
    elif outcome.status != "complete":
        click.echo(f"{outcome.status}: {outcome.error or 'not every step was asked'}", err=True)
        if outcome.remedy and not outcome.path.exists():
            click.echo(outcome.remedy, err=True)
    if outcome.path.exists():
        click.echo(str(outcome.path))
