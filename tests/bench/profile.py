"""Where processor time goes: by room of the house, and the functions that take most of it.

`SIZE=1000` makes more results than 300. Each command runs by itself, with nothing kept.
What child processes do is not seen.
"""

import cProfile
import io
import os
import pstats
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import redirect_stdout, suppress
from pathlib import Path

from tests.bench import results

PACKAGE = Path(__file__).parents[2]
SIZE = 300
COMMANDS = (("board", "--format", "csv"), ("cards",), ("site",))
SHOWN = 12
STAGES = {
    "read": ("board/read", "eval/records.py", "eval/suites"),
    "judge": ("board/judge", "board/model.py", "board/notes"),
    "statistics": ("board/statistics",),
    "words and tables": ("board/words", "board/show", "board/workspace", "board/commands"),
    "cards": ("cards",),
    "site": ("site",),
}
Place = tuple[str, int, str]


def main() -> None:
    """Print the profile of every command, one after another."""
    if len(sys.argv) > 1:
        profiled(Path(sys.argv[1]), sys.argv[2:])
        return
    size = int(os.environ.get("SIZE", SIZE))
    for command in COMMANDS:
        with tempfile.TemporaryDirectory() as scratch:
            results.workspace(Path(scratch), size)
            told = f"\n{size:,} results, nothing kept: {' '.join(command)}"
            print(told, flush=True)
            words = [sys.executable, "-m", "tests.bench.profile", scratch, *command]
            subprocess.run(words, check=True)


def profiled(root: Path, command: list[str]) -> None:
    """Run one command on the workspace at *root*; print its time by stage and by function."""
    began = time.process_time()
    profile = cProfile.Profile(time.process_time)
    with redirect_stdout(io.StringIO()), suppress(SystemExit):
        profile.enable()
        from cardboard.cli import main as cardboard

        cardboard(["-C", str(root), *command])
    profile.disable()
    whole = time.process_time() - began
    stats = pstats.Stats(profile)
    entries: dict[Place, tuple[int, int, float, float, dict[Place, tuple[float, ...]]]]
    entries = stats.stats  # type: ignore[attr-defined]  # its stub leaves out what it is made of
    stages: dict[str, float] = defaultdict(float)
    for place, (_, _, own, _, callers) in entries.items():
        if place[0] != "~" or not callers:
            stages[stage_of(place[0])] += own
            continue
        # What has no file of its own works for those who called it.
        for caller, told in callers.items():
            stages[stage_of(caller[0])] += told[2]
    print(f"  {whole:.2f} s with the profiler's own share")
    for stage, seconds in sorted(stages.items(), key=lambda one: -one[1]):
        print(f"  {stage:<18} {seconds:>7.2f} s {100 * seconds / sum(stages.values()):>5.1f} %")
    most = sorted(entries.items(), key=lambda one: -one[1][2])[:SHOWN]
    for place, (_, calls, own, _, _) in most:
        print(f"    {own:>6.2f} s {calls:>10,} calls  {named(place)}", flush=True)


def stage_of(file: str) -> str:
    """Return the stage whose code *file* holds."""
    path = inside(file)
    if path is None:
        return "start, libraries"
    return next((name for name, rooms in STAGES.items() if path.startswith(rooms)), "other rooms")


def inside(file: str) -> str | None:
    """Return the path of *file* below the package; `None` where it is not of it."""
    told = Path(file)
    if told.is_absolute() and told.resolve().is_relative_to(PACKAGE) and ".venv" not in told.parts:
        return told.resolve().relative_to(PACKAGE).as_posix()
    return None


def named(place: Place) -> str:
    """Return a function as a person looks for it."""
    file, line, function = place
    if file == "~":
        return function
    return f"{inside(file) or Path(file).name}:{line} {function}"


if __name__ == "__main__":
    main()
