"""The watch over a room: a process of its own, which limits its memory and ends it for certain.

It is started as a file, without the package, so that it costs little and no other work of the
program that started it can hold it up. Where the kernel keeps no account of a group of processes
(control groups need rights that few have), this is what limits all of them together.

It also starts the process that holds the home of a room, and outlives the program that asked for
it: whenever that is killed, even before the walls of a room stand, nothing of the room stays.
"""

import fcntl
import os
import re
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from select import select

_FASTEST = 8 << 30
"""Bytes that one processor can fill in a second, at most."""
_NOTICED = 0.03
"""Seconds that may pass until a process that is to be killed takes no more."""
_DYING = 0.25
"""Seconds that it may take to give back what it held, which nobody can see any more."""
_HIDDEN = 1 << 62
"""What a process counts whose memory cannot be counted."""
_INODE = 1536
"""Bytes of the kernel's memory that an empty file of a temporary file system takes."""
_STRAYING = 2.0
"""Seconds in which a process may still enter a room whose program was killed just then."""
_PARENT = 0xB702
"""NS_GET_PARENT of the kernel: the namespace around one."""
INFORMATION, STANDING = 3, 4
"""Descriptors that the holder of a home is given: for bubblewrap's `--info-fd`, and for a byte that
says that its mounts are there."""


def main() -> None:
    """Hold a room and watch over it, until standard input is closed or says `end`.

    Arguments: the limit in bytes, the folders of the holder whose content counts as memory, `--`,
    and the command that holds them. The first line that goes out is the number of the holder, 0
    where there is none. The numbers of the first processes of rooms come in; each time that
    something was killed, a line with the number of processes goes out.
    """
    at = sys.argv.index("--")
    group, holder = _held_by(sys.argv[at + 1 :])
    space = os.open(f"/proc/{holder}/ns/user", os.O_RDONLY) if holder else None
    os.write(1, b"%d\n" % holder)
    patience = 0.0
    if space is not None:
        inside = [f"/proc/{holder}/root{folder}" for folder in sys.argv[2:at]]
        with suppress(OSError):
            os.nice(-10)
        patience = _watch(int(sys.argv[1]), inside)
    _end(group, space, patience)


def _held_by(command: list[str]) -> tuple[int, int]:
    """Start the *command* that holds a home; return its group, and the number of the holder.

    Its number is known before its mounts are there, and nobody may enter until they are.
    """
    news, told = os.pipe()
    stands, standing = os.pipe()
    actions: list[tuple[object, ...]] = [
        (os.POSIX_SPAWN_OPEN, number, "/dev/null", os.O_RDWR, 0) for number in range(3)
    ]
    # The ends to write to are above those numbers, as pipes are made after standard error.
    actions += [(os.POSIX_SPAWN_DUP2, told, 100), (os.POSIX_SPAWN_DUP2, standing, STANDING)]
    actions += [(os.POSIX_SPAWN_DUP2, 100, INFORMATION), (os.POSIX_SPAWN_CLOSE, 100)]
    group = 0
    with suppress(OSError):
        group = os.posix_spawnp(command[0], command, os.environ, file_actions=actions, setpgroup=0)
    os.close(told)
    os.close(standing)
    with os.fdopen(news, "rb") as file, os.fdopen(stands, "rb") as ready:
        found = re.search(rb'"child-pid": *([0-9]+)', file.read())
        return group, int(found[1]) if found and ready.read() == b"x" else 0


def _end(group: int, space: int | None, patience: float) -> None:
    """Kill the *group* of the holder, so that its home is gone, and nobody can enter any more.

    With *patience*, also all in its user namespace *space* and those inside it, and what still gets
    there in so many seconds.
    """
    if group:
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)  # never waited for, it keeps its number
    until = time.monotonic() + patience
    while space is not None and patience:
        found = [name for name in os.listdir("/proc") if _ended(name, space)]  # noqa: PTH208  # names alone
        if not found and time.monotonic() >= until:
            return
        time.sleep(0.1)


def _ended(name: str, space: int) -> bool:
    """Kill the process called *name* if it is in *space*; tell whether it had to be."""
    if not name.isdigit():
        return False
    with suppress(OSError):
        process = os.pidfd_open(int(name))
        try:
            if _is_in(f"/proc/{name}/ns/user", space) and not select([process], [], [], 0)[0]:
                signal.pidfd_send_signal(process, signal.SIGKILL)
                return True
        finally:
            os.close(process)
    return False


def _is_in(path: str, space: int) -> bool:
    """Tell whether the namespace at *path* is *space*, or one inside of it."""
    wanted = os.fstat(space).st_ino
    inner = os.open(path, os.O_RDONLY)
    try:
        while os.fstat(inner).st_ino != wanted:
            outer: int = fcntl.ioctl(inner, _PARENT)  # fails above the namespace that we are in
            os.close(inner)
            inner = outer
        return True
    finally:
        os.close(inner)


def _watch(limit: int, inside: list[str]) -> float:
    """Limit the memory of rooms; return for how long stragglers are to be waited for afterwards."""
    folders = [os.open(folder, os.O_PATH | os.O_DIRECTORY) for folder in inside]
    opening: list[int] = []
    dying: list[tuple[float, int]] = []
    rooms: list[str] = []
    wanted, killed = limit // 3, set[str]()
    before, pause, told, at = 0, 0.02, b"", time.monotonic()
    while True:
        ready, _, _ = select([0], [], [], pause)
        if ready:
            news = os.read(0, 4096)
            if not news:
                return _STRAYING
            told += news
            *lines, told = told.split(b"\n")
            if b"end" in lines:
                return 0.0
            opening += [int(line) for line in lines]
            if rooms:  # what checks the home is not to suffer for what lies in it
                limit = max(limit, sum(map(_held, folders)) + wanted)
        for first in [*opening]:
            if (room := _room(first)) is not None:
                rooms.append(room)
                opening.remove(first)
        files = sum(map(_held, folders))
        sizes = {path: size for room in rooms for path, size in _processes(room)}
        dying = [(until, size) for until, size in dying if until > time.monotonic()]
        used = files + sum(sizes.values())
        last, at = at, time.monotonic()
        to_come = max(0.0, used - before) / max(at - last, 0.001) * _NOTICED
        before, given = used, sum(size for _, size in dying)
        if used + to_come + given > limit:
            sizes = {path: _exactly(path, size) for path, size in sizes.items()}
            used = files + sum(sizes.values())
        if used + to_come + given > limit:
            new = _kill(sizes, wanted - files) - killed
            killed |= new
            dying += [(at + _DYING, sizes[path]) for path in new if sizes[path] < _HIDDEN]
            if new:
                os.write(1, b"%d\n" % len(new))
            pause = 0.001
            continue
        fastest = _FASTEST * min(os.cpu_count() or 1, max(len(sizes), 1))
        pause = min(0.01 if opening else 0.1, max(0.001, (limit - used) / fastest / 2))


def _room(first: int) -> str | None:
    """Return where the processes of a room are listed, whose *first* has this number out here.

    While its walls are put up there is no such list. Should it have ended, and another process of
    this machine have got its number, there will be none: the list is never that which we are in.
    """
    try:
        listed = os.open(Path("/proc", str(first), "root", "proc"), os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return None
    room = f"/proc/self/fd/{listed}"
    if os.fstat(listed).st_dev == Path("/proc").stat().st_dev or not Path(room, "1").exists():
        os.close(listed)
        return None
    return room


def _processes(room: str) -> list[tuple[str, int]]:
    """Return each process of *room* with what it holds, memory shared by forks in full."""
    found = []
    with suppress(OSError):
        for name in os.listdir(room):  # noqa: PTH208  # many times a second
            # The first is bubblewrap's own: without it the room would be gone.
            if name.isdigit() and name != "1":
                path = f"{room}/{name}"
                with suppress(OSError, ValueError):
                    found.append((path, _size(path)))
    return found


def _size(path: str) -> int:
    with Path(path, "status").open(encoding="ascii", errors="replace") as file:
        values = dict(line.split(":", 1) for line in file)
    kibibytes = 0
    for name in ("RssAnon", "VmPTE"):
        kibibytes += int(values.get(name, "0").split()[0])
    if int(values.get("RssShmem", "0").split()[0]) and _hides(path):
        return _HIDDEN
    return kibibytes << 10


def _hides(path: str) -> bool:
    """Tell whether a process maps /dev/zero to share it: such memory stays when it is unmapped."""
    try:
        with Path(path, "maps").open(encoding="utf-8", errors="replace") as file:
            return any("/dev/zero" in line and line.split()[1].endswith("s") for line in file)
    except OSError:
        return True


def _exactly(path: str, size: int) -> int:
    """Return what a process holds, its part of what forks share; *size* where nobody may know."""
    if size >= _HIDDEN:
        return size
    with suppress(OSError, ValueError):
        rolled = Path(path, "smaps_rollup").read_text(encoding="ascii", errors="replace")
        for line in rolled.splitlines():
            if line.startswith("Pss_Anon:"):
                return int(line.split()[1]) << 10
    return size


def _held(folder: int) -> int:
    state = os.fstatvfs(folder)
    inodes = state.f_files - state.f_ffree
    return (state.f_blocks - state.f_bfree) * state.f_frsize + inodes * _INODE


def _kill(sizes: dict[str, int], wanted: int) -> set[str]:
    """Kill the largest until what is left is as small as *wanted*; return which those were."""
    left, killed = sum(sizes.values()), set[str]()
    for path, size in sorted(sizes.items(), key=lambda item: -item[1]):
        if left <= wanted:
            break
        with suppress(OSError):
            # A descriptor of the folder means this process, whoever gets its number afterwards.
            process = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
            try:
                signal.pidfd_send_signal(process, signal.SIGKILL)
                killed.add(path)
            finally:
                os.close(process)
        left -= size
    return killed


if __name__ == "__main__":
    main()
