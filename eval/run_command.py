"""`cardboard eval`: a model asked every step of a suite, from the command line."""

import signal
import sys
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from .errors import UsageError
from .run_options import options, requests_of

if TYPE_CHECKING:
    from .run import Mode, Outcome
    from .suites import Suite

INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells have it."""


@click.command()
@click.argument("model")
@options
def evaluate(model: str, **given: Any) -> None:
    """Ask a model every step of a suite and write one result file.

    MODEL is a Hub id, a folder, a GGUF file, the name that a server knows, or for the backend
    `scripted` a rule (oracle, noisy-oracle, most-frequent, echo-previous) or a file of answers.

    Every answer is kept as it comes: after a crash, go on with --resume. The last line on standard
    output is the path of the result file. The exit code is 1 unless the result is complete.

    \b
    Examples:
        cardboard eval Qwen/Qwen3-0.6B --suite shell-mini --backend transformers --no-thinking
        cardboard eval noisy-oracle --noise 0.3 --suite shell-mini --backend scripted
    """
    from .progress import Shown
    from .run import evaluate as run
    from .suite_source import load

    context = click.get_current_context().find_root()
    root: Path = context.params.get("workspace") or Path()
    suite = _versioned(load(given["suite"], folder=root / "suites"), given["suite"])
    requests = requests_of(model, given)
    folder = given["output"] or root / "results" / suite.name
    mode: Mode = given["mode"] or "new"
    signal.signal(signal.SIGTERM, _stop)
    with Shown() as watch:
        outcomes = run(requests, suite, folder, mode=mode, watch=watch)
    for outcome in outcomes:
        _tell(outcome)
        if callable(context.obj):
            context.obj(outcome.path)
    if any(outcome.interrupted for outcome in outcomes):
        sys.exit(INTERRUPTED)
    if len(outcomes) < len(requests) or any(one.status != "complete" for one in outcomes):
        sys.exit(1)


def _versioned(suite: "Suite", source: str) -> "Suite":
    """Return *suite*; raise `UsageError` where *source* asks for another version of it."""
    wanted = source.partition("@")[2] if not source.startswith("hf://") else ""
    if wanted and not Path(source).is_file() and suite.version not in (None, wanted):
        raise UsageError(
            f"the version {wanted} is wanted, and the rows are of {suite.version}",
            file=source,
            remedy="Leave the version out, or give the file of that version.",
        )
    return suite


def _stop(number: int, frame: FrameType | None) -> None:
    """End as Ctrl-C does where a scheduler ends the process: with what is done."""
    raise KeyboardInterrupt


def _tell(outcome: "Outcome") -> None:
    """Say what a run came to; the path alone goes to standard output."""
    if outcome.interrupted:
        click.echo("Interrupted. Go on with --resume.", err=True)
    elif outcome.status != "complete":
        click.echo(f"{outcome.status}: {outcome.error or 'not every step was asked'}", err=True)
    click.echo(str(outcome.path))
