"""What a push costs a repository, beside a plain push_to_hub loop: `python -m tests.bench.push`."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from ..hub import HubProcess, environment
from ..hub.process import RemoteDesk
from ..pushing import by_hand, write_workspace

REPOS = 1000
PLAIN = 200
"""The loop is slow and the same for each: fewer tell as much."""
ORGANISATION = "acme"
FREE = "commits_per_hour = 1000000\nrequests_per_window = 1000000\nworkers = 1"


class Meter:
    """Count what a piece of work costs: seconds of processor and of time, and requests."""

    def __init__(self, hub: RemoteDesk) -> None:
        self._hub = hub

    def line(self, name: str, count: int, work: Callable[[], object]) -> float:
        """Do *work* for *count* repositories, print what one costs, and return its processor ms."""
        self._hub.clear_log()
        wall, processor = time.perf_counter(), time.process_time()
        work()
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        requests = len(self._hub.lines())
        print(
            f"{name:<52} {requests / count:6.3f} requests  "
            f"{1000 * processor / count:7.2f} ms processor  {1000 * wall / count:7.2f} ms"
        )
        return 1000 * processor / count


def ours(meter: Meter, root: Path, name: str) -> float:
    """Measure a push of the workspace at *root*; rendering the cards is not part of it."""
    from cardboard.board.judge.build import load_boards
    from cardboard.board.workspace.configuration import open_workspace
    from cardboard.cards.plan.withdrawal import gathered
    from cardboard.cards.push.deliver import deliver
    from cardboard.cards.push.setup import Options, opened
    from cardboard.cards.push.survey import survey

    workspace = open_workspace(root)
    board = gathered(load_boards(workspace), workspace.settings)

    def push() -> None:
        options, state = Options(takes=("append",)), root / ".cardboard"
        with opened(options, workspace.settings.hub, state, workspace.build / "hub") as pushing:
            outcomes = deliver(pushing, survey(pushing, board, board.cards, [ORGANISATION]))
        bad = {one.item.state for one in outcomes} - {"new", "changed", "unchanged"}
        assert not bad, bad

    return meter.line(name, len(board.cards), push)


def plain(meter: Meter, root: Path, name: str) -> float:
    """Measure the loop that everybody writes first, over the same cards."""
    from huggingface_hub import ModelCard
    from huggingface_hub.utils import logging

    from cardboard.board.judge.build import load_boards
    from cardboard.board.workspace.configuration import open_workspace
    from cardboard.cards.plan.targets import wanted
    from cardboard.cards.readme.readme import fresh_readme

    logging.set_verbosity_error()
    workspace = open_workspace(root)
    every = wanted(load_boards(workspace), workspace.settings)[:PLAIN]
    texts = {
        one.repo.replace(ORGANISATION, "plain"): fresh_readme(one.front, one.body) for one in every
    }

    def loop() -> None:
        for repo, text in texts.items():
            ModelCard(text).push_to_hub(repo)

    return meter.line(name, len(texts), loop)


def measure(hub: RemoteDesk, folder: Path) -> None:
    """Push a thousand cards in every situation that there is, and the plain loop between them."""
    meter, root = Meter(hub), write_workspace(folder / "workspace", REPOS, score=0.99, hub=FREE)
    names = [f"model-{number:02}" for number in range(REPOS)]
    for name in names:
        hub.write(f"{ORGANISATION}/{name}")
        hub.write(f"plain/{name}")
    first = ours(meter, root, "ours, first push, no README yet")
    loop = plain(meter, root, "ModelCard.push_to_hub, first push")
    ours(meter, root, "ours, nothing changed")
    again = plain(meter, root, "ModelCard.push_to_hub, nothing changed")
    write_workspace(root, REPOS, score=0.98, hub=FREE)
    changed = ours(meter, root, "ours, every card changed")
    for name in names:
        hub.write(f"{ORGANISATION}/{name}", {"README.md": by_hand()})
    patched = ours(meter, root, "ours, front matter of people patched")
    (root / ".cardboard" / "push.jsonl").unlink()
    ours(meter, root, "ours, nothing changed, journal lost")
    print(
        f"push_to_hub takes {loop / first:.1f} times the processor of a first push, "
        f"{again / changed:.1f} times that of a changed card, "
        f"{again / patched:.1f} times that of a patched one"
    )


def main() -> None:
    """Measure in a process that was started with the address of a Hub of its own."""
    folder = os.environ.get("CARDBOARD_BENCH")
    if folder is not None:
        measure(RemoteDesk(os.environ["HF_ENDPOINT"]), Path(folder))
        return
    organisations = [word for name in (ORGANISATION, "plain") for word in ("--organisation", name)]
    with tempfile.TemporaryDirectory() as made, HubProcess(*organisations) as hub:
        # The client reads its environment when it is imported.
        told = environment(hub.url, Path(made) / "home") | {"CARDBOARD_BENCH": made}
        subprocess.run([sys.executable, "-m", "tests.bench.push"], env=told, check=True)


if __name__ == "__main__":
    main()
