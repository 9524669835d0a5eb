"""Memory limited in total by the kernel: a control group around what a room starts.

Few may make one: somebody with a systemd of his own, or with a part of the tree of control groups
that is his to write to. It is asked for with the rights that there are, and taken only where what
is started in one really is in it.
"""

import itertools
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path
from typing import Literal

Kind = Literal["systemd", "cgroup"]
"""Who makes the group: systemd, as a scope, or this program, in version 2 of the tree."""

TREE = Path("/sys/fs/cgroup")

_BESIDE = 16
"""Tasks of a room that the shell does not know of: what puts up its walls."""
_PROBED = 64 << 20
_REMOVING = 2.0
_numbers = itertools.count()


@cache
def usable() -> Kind | None:
    """Return who can make groups here; `None` where the kernel limits no memory for us."""
    kinds: tuple[Kind, ...] = ("systemd", "cgroup")
    return next((kind for kind in kinds if _works(kind)), None)


def grouped(kind: Kind, total_bytes: int, processes: int, stack: ExitStack) -> list[str]:
    """Return the command that others are started by, each time in the same or in a new group.

    Its memory, files of temporary file systems included, is never more than *total_bytes*. *stack*
    removes what has to be removed. Raises OSError where the group cannot be made.
    """
    tasks = processes + _BESIDE
    if kind == "systemd":
        return _scope(total_bytes, tasks)
    group = _parent() / f"cardboard-{os.getpid()}-{next(_numbers)}"
    group.mkdir()
    stack.callback(_remove, group)
    (group / "memory.max").write_text(f"{total_bytes}\n", encoding="ascii")
    (group / "pids.max").write_text(f"{tasks}\n", encoding="ascii")
    if (swap := group / "memory.swap.max").exists():
        swap.write_text("0\n", encoding="ascii")
    return ["sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', str(group)]


def _scope(total_bytes: int, tasks: int) -> list[str]:
    """Return the command that starts others in a scope of the user's systemd, or root's."""
    limits = {"MemoryMax": total_bytes, "MemorySwapMax": 0, "TasksMax": tasks}
    told = [word for name, limit in limits.items() for word in ("-p", f"{name}={limit}")]
    run = ["systemd-run", "--scope", "--quiet", "--collect", *told]
    if os.geteuid() == 0:
        return [*run, "--"]
    at = os.environ.get("XDG_RUNTIME_DIR", f"/run/user/{os.getuid()}")
    return ["env", f"XDG_RUNTIME_DIR={at}", *run, "--user", "--", "env", "-u", "XDG_RUNTIME_DIR"]


def _works(kind: Kind) -> bool:
    """Tell whether a process that is started in such a group finds the limit of it."""
    if kind == "systemd" and shutil.which("systemd-run") is None:
        return False
    look = 'cat "$0$(sed -n s/^0:://p /proc/self/cgroup)/memory.max"'
    with ExitStack() as stack:
        try:
            command = grouped(kind, _PROBED, 1, stack)
            said = _said([*command, "sh", "-c", look, str(TREE)])
        except (OSError, LookupError, subprocess.TimeoutExpired):
            return False
    return said.strip() == str(_PROBED)


def _said(command: Sequence[str]) -> str:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin"},
        timeout=10,
        check=False,
    )
    return done.stdout.decode("utf-8", "replace")


def _parent() -> Path:
    """Return the nearest group around this process in which we may make others with a limit.

    Raises LookupError where there is none.
    """
    own = re.search(r"^0::/(.*)$", Path("/proc/self/cgroup").read_text(encoding="utf-8"), re.M)
    for group in _upwards(TREE / own[1]) if own else ():
        with suppress(OSError):
            shared = (group / "cgroup.subtree_control").read_text(encoding="ascii").split()
            if {"memory", "pids"} <= {*shared} and os.access(group / "cgroup.procs", os.W_OK):
                return group
    raise LookupError("no group with a limit can be made here")


def _upwards(group: Path) -> Iterator[Path]:
    yield group
    if group != TREE:
        yield from _upwards(group.parent)


def _remove(group: Path) -> None:
    """Remove *group*, whose last processes may be just about to end."""
    until = time.monotonic() + _REMOVING
    while time.monotonic() < until:
        with suppress(OSError):
            group.rmdir()
            return
        time.sleep(0.01)
