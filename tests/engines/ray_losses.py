"""Orders on a local Ray cluster whose workers die: `python ray_losses.py FOLDER`, run where Ray is.

Prints one line of JSON for each order: whether it ended whole, its error, and how often it began.
"""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from cardboard.eval.engine import Options
from cardboard.eval.run.plans import ray_run
from cardboard.eval.run.plans.jobs import Order, Report, Sheet
from cardboard.eval.run.plans.plan import Job
from cardboard.eval.run.request import Request
from cardboard.eval.suites.source import load

FOLDER = Path(sys.argv[1])


def main() -> None:
    """Do one order that is well, one whose worker dies twice and one whose worker always dies."""
    orders = [an_order("oracle", 0), an_order("most-frequent", 2), an_order("echo-previous", 99)]
    ray_run._work = mortal
    for order, report in ray_run.run(orders, "local", lambda outcome: None):
        name = order.job.requests[0].model.id
        told = {"whole": report.whole, "error": report.error, "began": len(begun(name))}
        print(json.dumps({name: told}))


def an_order(model: str, losses: int) -> Order:
    """Return an order of *model* whose worker dies *losses* times."""
    request = Request(backend="scripted", options=Options(model=model), label=f"{losses}")
    job = Job(
        backend="scripted", requests=(request,), suites=("shell-mini",), gpus=0, cpus=1, shards=1
    )
    return Order(job=job, sheets=(Sheet(suite=load("shell-mini"), folder=FOLDER),))


def begun(name: str) -> list[Path]:
    """Return one file for each time that the order *name* was begun."""
    return list(FOLDER.glob(f"{name}.begun.*"))


def mortal(sent: ray_run.Sent, wire: Any) -> tuple[Report, list[bytes | None]]:
    """Do what was *sent* as a worker does, if it lives as long."""
    import cardboard.eval.run.plans.ray_run as real

    request = sent.order.job.requests[0]
    tried = len(begun(request.model.id))
    (FOLDER / f"{request.model.id}.begun.{tried}").touch()
    if tried < int(request.label or 0):
        os.kill(os.getpid(), signal.SIGKILL)
    return real._work(sent, wire)


if __name__ == "__main__":
    main()
