"""From a folder of results to the site in two languages, and how soon its board answers."""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from . import results, site_browser, site_peer

SIZES = (56, 1_000, 10_000)
LANGUAGES = 2
BETWEEN_LOOKS = 0.25


class Cost(NamedTuple):
    """What a command took, with all the processes that it started."""

    seconds: float
    processor: float
    """Seconds of all processors."""
    largest: float
    """Peak of the largest process, with what it shares with others, in MB."""
    together: float
    """Peak of all processes, with what they share counted once, in MB."""


class Output(NamedTuple):
    """What a folder holds."""

    files: int
    megabytes: float


def main() -> None:
    """Print what builds cost, what the peer's cost at as many pages, and what a browser takes."""
    print("whole commands; site = board + all pages, nothing kept from before\n")
    print(f"{'models':>7} {'board':>8} {'site':>8} {'processor':>9} {'again':>8}", end="")
    print(f" {'largest':>8} {'together':>9} {'output':>8} {'files':>7} {'copying it':>11}")
    # Nothing is removed before the end: a disk is slow for a while after it has lost many files.
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            build(Path(folder, str(size)), size)
        publish(Path(folder, "published"), SIZES[-1])
        compare(Path(folder, "ours"), Path(folder, "peer"))
        browse(Path(folder, str(SIZES[-1]), "build", "site"), SIZES[-1])


def build(root: Path, size: int) -> None:
    """Print what a site of *size* models costs."""
    command = workspace(root, size)
    board = timed([*command, "board", "--format", "csv"])
    (root / ".cardboard").rename(root / ".kept")
    site, again = timed([*command, "site"]), timed([*command, "site"])
    output = held(root / "build" / "site")
    began = time.perf_counter()
    shutil.copytree(root / "build" / "site", root / "copy")
    copying = time.perf_counter() - began
    seconds = (board.seconds, site.seconds, site.processor, again.seconds)
    print(f"{size:>7,}", *(f"{one:>6.1f} s" for one in seconds), end="")
    print(f" {site.largest:>5.0f} MB {site.together:>6.0f} MB {output.megabytes:>5.0f} MB", end="")
    print(f" {output.files:>7,} {copying:>9.1f} s", flush=True)


def publish(root: Path, size: int) -> None:
    """Print what it costs to publish *size* results, cards and site, and then one more."""
    command = [*workspace(root, size), "publish"]
    full = timed(command)
    results.write_one(size, root / "results")
    before = files(root / "build")
    one = timed(command)
    after = files(root / "build")
    written = sum(before.get(path) != told for path, told in after.items())
    print(
        f"\n{size:,} results published, cards and site: {full.seconds:.1f} s"
        f" ({full.processor:.1f} s of processors), {len(before):,} files\n"
        f"one new result: {one.seconds:.1f} s ({one.processor:.1f} s of processors)"
        f" = 1/{full.seconds / one.seconds:.1f} of that; {written:,} of {len(after):,} files"
        " written",
        flush=True,
    )


def files(folder: Path) -> dict[str, tuple[int, int]]:
    """Return what tells of each file in *folder*, by its path, whether it was written."""
    told = ((path, path.stat()) for path in folder.rglob("*") if path.is_file())
    return {str(path): (status.st_mtime_ns, status.st_ino) for path, status in told}


def compare(ours: Path, theirs: Path) -> None:
    """Print a page's cost beside that of the default MkDocs Material, at as many pages."""
    models = site_peer.PAGES // LANGUAGES
    own = timed([*workspace(ours, models), "site"])
    peer = timed(site_peer.write(theirs))
    pages = [
        len([*folder.rglob("*.html")]) for folder in (ours / "build" / "site", theirs / "site")
    ]
    each = [1e3 * cost.seconds / count for cost, count in zip((own, peer), pages, strict=True)]
    print(
        f"\n{pages[0]} pages of ours, with board and charts of {models} models:"
        f" {own.seconds:.1f} s, {each[0]:.1f} ms a page\n"
        f"{pages[1]} pages by the default MkDocs Material: {peer.seconds:.1f} s,"
        f" {each[1]:.1f} ms a page = {each[1] / each[0]:.1f}x",
        flush=True,
    )


def browse(folder: Path, size: int) -> None:
    """Print how soon the board of the site in *folder* answers."""
    found = site_browser.board_page(folder)
    print(f"\nboard of {size:,} rows in Chromium, least of several: ready {found.ready:.0f} ms")
    for name, pair in (
        ("first sort by words", found.first_sort),
        ("sort by words", found.sort),
        ("search", found.search),
    ):
        print(f"{name:>20}: rows drawn {pair[0]:5.0f} ms, seen {pair[1]:5.0f} ms", flush=True)


def workspace(root: Path, size: int) -> list[str]:
    """Write a workspace of *size* results at *root*, and return the beginning of its commands."""
    results.workspace(root, size)
    return [sys.executable, "-m", "cardboard", "-C", str(root)]


def held(folder: Path) -> Output:
    """Return how much *folder* holds."""
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return Output(len(sizes), sum(sizes) / 1e6)


def timed(command: list[str]) -> Cost:
    """Run *command* in a session of its own; return its wall time and its peaks of memory."""
    began = time.perf_counter()
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, start_new_session=True, env=environment
    ) as process:
        with watched(process.pid) as seen:
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return Cost(
        seconds=time.perf_counter() - began,
        processor=usage.ru_utime + usage.ru_stime,
        largest=usage.ru_maxrss / 1024,
        together=max(seen, default=0.0),
    )


@contextmanager
def watched(session: int) -> Iterator[list[float]]:
    """Give a list that grows with the memory of all processes of *session*, in MB."""
    seen: list[float] = []
    over = threading.Event()

    def look() -> None:
        while not over.wait(BETWEEN_LOOKS):
            seen.append(sum(map(_share, _members(session))))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def _members(session: int) -> Iterator[Path]:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(process.name)) == session:
                yield process
        except ProcessLookupError:
            continue


def _share(process: Path) -> float:
    """Return the memory of a process with its share of what it has in common, in MB."""
    try:
        lines = (process / "smaps_rollup").read_text(encoding="ascii").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


if __name__ == "__main__":
    main()
