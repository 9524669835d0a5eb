"""Run the Hub by hand: `python -m tests.hub --port 8123`."""

import argparse
import signal
from pathlib import Path

from .accounts import WRITE_TOKEN
from .server import Hub
from .state import Settings


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.hub", description=__doc__)
    parser.add_argument("--port", type=int, default=8123, help="0 takes a free one")
    parser.add_argument(
        "--seed-from",
        type=Path,
        metavar="DIR",
        help="make a repo of each folder DIR/<organisation>/<model> that is not there yet",
    )
    parser.add_argument("--folder", type=Path, help="keep the Hub's state here")
    parser.add_argument(
        "--organisation", action="append", default=[], help="one that Ana belongs to (default acme)"
    )
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each request")
    parser.add_argument("--commits-per-hour", type=int, default=0, help="0: no limit; the Hub: 128")
    parser.add_argument(
        "--requests-per-window", type=int, default=0, help="in 5 minutes; 0: no limit"
    )
    return parser.parse_args()


def seed(hub: Hub, folder: Path) -> None:
    """Make a repo of every folder two levels down."""
    for path in sorted(folder.glob("*/*/")):
        name = f"{path.parent.name}/{path.name}"
        if f"models/{name}" in hub.heads():
            continue
        files = {
            file.relative_to(path).as_posix(): file.read_bytes()
            for file in sorted(path.rglob("*"))
            if file.is_file()
        }
        hub.write(name, files, title="Add files")


def main() -> None:
    """Serve until interrupted."""
    asked = arguments()
    seeded = sorted(path.name for path in asked.seed_from.iterdir()) if asked.seed_from else []
    settings = Settings(
        organisations=tuple(asked.organisation or ["acme"]) + tuple(seeded),
        folder=asked.folder,
        latency=asked.latency,
        commits_per_hour=asked.commits_per_hour,
        requests_per_window=asked.requests_per_window,
    )
    for ending in (signal.SIGINT, signal.SIGTERM):  # a shell's background jobs ignore SIGINT
        signal.signal(ending, signal.default_int_handler)
    with Hub(settings, port=asked.port) as hub:
        if asked.seed_from:
            seed(hub, asked.seed_from)
        print(f"A Hub with {len(hub.heads())} repos is serving. For its client set:\n")
        print(f"  export HF_ENDPOINT={hub.url} HF_HUB_DISABLE_XET=1")
        print(f"  export HF_TOKEN={WRITE_TOKEN}   # to write\n", flush=True)
        try:
            hub.wait()
        except KeyboardInterrupt:
            print("Stopped.")


if __name__ == "__main__":
    main()
