"""Processor time of board, cards and site, in pairs with an earlier commit on files of its own.

`BEFORE=COMMIT` names the other commit; both write the same synthetic suite, of five metrics.
Packages that only the other one needs are installed beside it.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMMIT = os.environ.get("BEFORE", "fe94b99")  # the last one that knew a single suite's metrics
SIZES = (1_000, 10_000)
PAIRS = 2
BESIDE = ".packages"
STEPS = {
    "board, cold": ("board", "--format", "csv"),
    "board, warm": ("board", "--format", "csv"),
    "cards": ("cards",),
    "site": ("site",),
}
WRITE = (
    "from pathlib import Path; from tests.bench import results; results.workspace(Path({!r}), {})"
)


def main() -> None:
    """Print for each size and step the least that each commit takes in some pairs, and a ratio."""
    with tempfile.TemporaryDirectory() as scratch:
        old = Path(scratch, "old")
        old.mkdir()
        pack = ["git", "archive", COMMIT]
        packed = subprocess.run(pack, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
        subprocess.run(["tar", "-x", "-C", str(old)], input=packed, check=True)
        if lacking := list(lacks(old)):
            pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(old / BESIDE)]
            subprocess.run([*pip, *lacking], check=True)
        print(f"{'results':>8} {'step':<12} {COMMIT[:7]:>10} {'now':>10} {'ratio':>7}")
        for size in map(int, os.environ.get("SIZES", "").split() or SIZES):
            found: dict[str, tuple[list[float], list[float]]] = {one: ([], []) for one in STEPS}
            folders = [workspace(tree, Path(scratch), size) for tree in (old, ROOT)]
            for _ in range(PAIRS):
                for side, (tree, folder) in enumerate(zip((old, ROOT), folders, strict=True)):
                    shutil.rmtree(folder / ".cardboard", ignore_errors=True)
                    command = ("-m", "cardboard", "-C", folder)
                    for step, words in STEPS.items():
                        found[step][side].append(timed(tree, *command, *words))
            for step, (before, now) in found.items():
                one, two = min(before), min(now)
                told = f"{size:>8,} {step:<12} {one:>8.2f} s {two:>8.2f} s {two / one:>6.2f}x"
                print(told, flush=True)
            for folder in folders:
                shutil.rmtree(folder)


def lacks(tree: Path) -> Iterator[str]:
    """Yield what the code in *tree* requires and this environment has not."""
    told = tomllib.loads((tree / "pyproject.toml").read_text(encoding="utf-8"))
    for required in told["project"]["dependencies"]:
        try:
            distribution(re.split(r"[^\w.-]", required)[0])
        except PackageNotFoundError:
            yield required


def workspace(tree: Path, scratch: Path, size: int) -> Path:
    """Return a workspace of *size* results, written by the code in *tree*."""
    folder = scratch / f"{'now' if tree == ROOT else 'before'}-{size}"
    timed(tree, "-c", WRITE.format(str(folder), size))
    return folder


def timed(tree: Path, *words: str | Path) -> float:
    """Run Python with the code in *tree* as `cardboard`; return the seconds of all processors."""
    with tempfile.TemporaryDirectory() as link:
        Path(link, "cardboard").symlink_to(tree)
        places = os.pathsep.join((link, str(tree), str(tree / BESIDE)))
        environment = {**os.environ, "PYTHONPATH": places}
        with subprocess.Popen(
            [sys.executable, *words], stdout=subprocess.DEVNULL, cwd=tree, env=environment
        ) as process:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(map(str, words))} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
