"""A cluster of three nodes with accelerators that are only said: `python ray_cluster.py FOLDER`.

Prints a line of JSON for each thing that is tried: who got which accelerator, what a worker that
was killed in the middle of an answer left to the next one, and what a deadline leaves.
"""

import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ray
from msgspec.structs import replace
from ray.cluster_utils import Cluster

from cardboard.eval.engine import Options
from cardboard.eval.run.deadline import Deadline
from cardboard.eval.run.outcomes import Outcome
from cardboard.eval.run.plans import ray_run
from cardboard.eval.run.plans.jobs import Order, Report, Sheet, paths_of
from cardboard.eval.run.plans.plan import Job
from cardboard.eval.run.request import Request
from cardboard.eval.run.run import journal_of, status_of
from cardboard.tests.eval.speaking import Call, Reply, Speaker, said, speaking
from cardboard.tests.replays import a_suite

FOLDER = Path(sys.argv[1])
SUITE = a_suite(tasks=4, steps=2)


def an_order(name: str, model: str = "oracle", **job: Any) -> Order:
    """Return an order of a rule under the name *name*."""
    request = Request(backend="scripted", options=Options(model=model), name=name)
    whole = {"backend": "scripted", "gpus": 0, "cpus": 0, "shards": 1, **job}
    given = Job(requests=(request,), suites=("tiny",), **whole)
    return Order(job=given, sheets=(Sheet(suite=SUITE, folder=FOLDER / name),))


def of_server(name: str, url: str) -> Order:
    """Return an order of what answers at *url*, one step after another."""
    options = Options(model="m", base_url=url, concurrency=1)
    order = an_order(name, backend="openai")
    request = Request(backend="openai", options=options, name=name)
    return replace(order, job=replace(order.job, requests=(request,)))


def where(sent: ray_run.Sent, wire: Any) -> tuple[Report, list[bytes | None]]:
    """Note where we are and what we have, and hold it until all have theirs."""
    import time

    import cardboard.eval.run.plans.ray_run as real

    context = ray.get_runtime_context()
    told = {"node": context.get_node_id(), "gpus": context.get_accelerator_ids()["GPU"]}
    (FOLDER / f"{sent.order.job.requests[0].name}.here").write_text(json.dumps(told))
    for _ in range(600):
        if len(list(FOLDER.glob("gpu-*.here"))) == 3:
            break
        time.sleep(0.1)
    return real._work(sent, wire)


def noted(sent: ray_run.Sent, wire: Any) -> tuple[Report, list[bytes | None]]:
    """Note which process we are, and see none of the disk that the order comes from."""
    import cardboard.eval.run.plans.ray_run as real

    (FOLDER / "worker.pid").write_text(str(os.getpid()))
    real._shares = lambda sent: False
    return real._work(sent, wire)


def quiet(outcome: Outcome) -> None:
    """Say nothing."""


def tell(what: str, **told: object) -> None:
    """Print what came of *what*."""
    print(json.dumps({what: told}), flush=True)


def accelerators(address: str) -> None:
    """Let three orders ask for one accelerator each, of the three that two nodes have."""
    ray_run._work = where
    orders = [an_order(f"gpu-{n}", "most-frequent", gpus=1) for n in range(3)]
    orders.append(an_order("big", "echo-previous", resources={"big": 1}))
    done = {order.job.requests[0].name: report.whole for order, report in
            ray_run.run(orders, address, quiet)}  # fmt: skip
    places = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.here"))}
    gpus = [(one["node"], *one["gpus"]) for name, one in places.items() if name.startswith("gpu")]
    tell(
        "accelerators",
        whole=all(done.values()),
        different=len(set(gpus)),
        nodes=len({node for node, _ in gpus}),
        big_alone=places["big"]["node"] not in {node for node, _ in gpus},
    )


def too_much(address: str) -> None:
    """Ask for more than any one node has, though all together have it."""
    try:
        list(ray_run.run([an_order("greedy", gpus=3)], address, quiet))
    except Exception as error:  # noqa: BLE001  # whatever it is, the test reads it
        tell("too_much", error=str(error))


def killed(address: str, until: Callable[[str], bool]) -> None:
    """Kill a worker in the middle of its fifth answer; another one goes on with the rest."""
    ray_run._work = noted
    lost = threading.Event()

    def chat(call: Call) -> Reply:
        if len(server.asked) == 5 and not lost.is_set():
            until("answer 4 is here")
            lost.set()
            os.kill(int((FOLDER / "worker.pid").read_text()), 9)
            return Reply(cut=True)
        return Reply(said("ls"))

    with speaking(Speaker(chat)) as server:
        order = of_server("killed", server.url)
        (path,) = paths_of(order)
        (pair,) = ray_run.run([order], address, quiet)
    tell(
        "killed",
        whole=pair[1].whole,
        status=status_of(path),
        asked=len(server.asked),
        journal=journal_of(path).exists(),
    )


def ended(address: str) -> None:
    """Let a deadline come in the middle of an answer, on a worker that does not see our disk."""
    ray_run._work = noted
    deadline = Deadline(3600)
    held = threading.Event()

    def chat(call: Call) -> Reply:
        if len(server.asked) == 4 and not held.is_set():
            deadline._moment = 0.0
            held.wait(20)
        return Reply(said("ls"))

    with speaking(Speaker(chat)) as server:
        order = of_server("ended", server.url)
        (path,) = paths_of(order)
        (pair,) = ray_run.run([order], address, quiet, deadline)
        held.set()
        kept = journal_of(path).read_bytes().count(b'"answer"') if journal_of(path).exists() else 0
        before = len(server.asked)
        (again,) = ray_run.run([order], address, quiet)
        after = len(server.asked) - before
    tell(
        "ended", stopped=pair[1].interrupted, kept_some=kept > 0, whole=again[1].whole,
        asked_less=after < len(SUITE.rows),
    )  # fmt: skip


def main() -> None:
    """Try everything on one cluster."""
    cluster = Cluster()
    cluster.add_node(num_cpus=1, num_gpus=0, resources={"big": 1})
    cluster.add_node(num_cpus=1, num_gpus=2)
    cluster.add_node(num_cpus=1, num_gpus=1)

    def until(what: str) -> bool:
        """Wait until four answers have come to us."""
        import time

        for _ in range(300):
            journals = list((FOLDER / "killed").glob("*.journal"))
            if journals and journals[0].read_bytes().count(b"\n") >= 5:
                return True
            time.sleep(0.1)
        return False

    try:
        accelerators(cluster.address)
        too_much(cluster.address)
        killed(cluster.address, until)
        ended(cluster.address)
    finally:
        cluster.shutdown()


if __name__ == "__main__":
    main()
