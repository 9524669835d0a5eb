"""`cardboard eval --watch`: the checkpoints of a training, each measured as it appears."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from ..backends.registry import SWAPPING
from ..errors import CardboardError, UsageError
from ..run.deadline import Deadline, ending
from ..run.loaded import Loaded
from ..run.options import requests_of
from ..run.outcomes import Outcome, failed, tell_failed
from ..run.plans.watching import Checkpoints
from ..run.progress import Shown, Watch
from ..run.run import evaluate, is_done
from ..suites.source import load_version
from ..suites.suite import Suite

LOOK = 1.0
"""Seconds between two looks into the folders."""
RETRY = 60.0
"""Seconds until a model is loaded once more that memory did not suffice for."""


def watch_run(
    model: str,
    given: Mapping[str, Any],
    root: Path,
    judged: Callable[[Path], None] | None,
    rest: float,
    deadline: Deadline | None,
) -> int:
    """Measure what appears in the folders of `--adapter` until Ctrl-C or *deadline*.

    The base stays loaded; each result lies in its folder, and *judged* is told of it, before the
    next is begun. Returns the exit code: 130 or 3 by what ended it, 1 where the base cannot be
    loaded. Raises UsageError where there is nothing to watch.
    """
    folders = _folders(given)
    suite = load_version(given["suite"], root / "suites")
    results = given["output"] or root / "results" / suite.name
    outcomes: list[Outcome] = []
    loaded = Loaded()
    click.echo(f"Watching {', '.join(map(str, folders))}. Ctrl-C stops.", err=True)
    try:
        with Shown() as watch, ending(deadline):
            waiting = Checkpoints(folders, rest, watch.say)
            while True:
                for path in waiting.due():
                    outcome = _measured(model, given, path, suite, results, loaded, watch)
                    if outcome is None:
                        continue
                    outcomes.append(outcome)
                    _tell(outcome, judged)
                    if outcome.interrupted:
                        raise KeyboardInterrupt
                    if outcome.stage == "loading the model":
                        if outcome.hopeless:
                            return 1
                        loaded = Loaded()
                        time.sleep(RETRY)
                        waiting.again(path)
                time.sleep(LOOK)
    except KeyboardInterrupt:
        return 3 if deadline is not None and not deadline.left else 130
    finally:
        loaded.close()
        tell_failed(outcomes)


def _folders(given: Mapping[str, Any]) -> list[Path]:
    if given["backend"] not in SWAPPING:
        raise UsageError(
            f"{given['backend']} cannot change adapters",
            key="--watch",
            remedy=f"Those that can: {', '.join(SWAPPING)}.",
        )
    if given["mode"] is not None or given["shard"] is not None:
        name = given["mode"] or "shard"
        raise UsageError(f"--{name} has no place beside it", key="--watch")
    folders = [Path(one).expanduser() for one in given["adapters"]]
    if not folders:
        raise UsageError("needs the folder of a training", key="--watch", remedy="--adapter RUNS/")
    for folder in folders:
        if not folder.is_dir():
            raise UsageError("is no folder", file=str(folder), key="--adapter")
    return folders


def _measured(
    model: str,
    given: Mapping[str, Any],
    path: Path,
    suite: Suite,
    results: Path,
    loaded: Loaded,
    watch: Watch,
) -> Outcome | None:
    """Return what came of the checkpoint at *path*; nothing where it was measured before."""
    (request,) = requests_of(model, {**given, "adapters": (str(path),)})
    try:
        if is_done(request, suite, results):
            return None
        (outcome,) = evaluate([request], suite, results, mode="resume", watch=watch, backend=loaded)
    except (CardboardError, OSError) as error:
        return failed(request, results, error, watch)
    return outcome


def _tell(outcome: Outcome, judged: Callable[[Path], None] | None) -> None:
    if outcome.status == "complete":
        click.echo(str(outcome.path))
    elif not outcome.interrupted:
        click.echo(f"{outcome.status}: {outcome.asked}: {outcome.error}", err=True)
    if judged is not None and outcome.path.is_file():
        judged(outcome.path)
