"""What confines every process of strangers: limits of the kernel, walls, and a certain end."""

import os
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from select import select

import msgspec
from msgspec import Struct

from . import syscalls

HOME = "/home/dev"
USER = "dev"
FOLDER = "/job"
TEMPORARY = "/tmp"
SHARED = "/dev/shm"

_ETC = {
    "/etc/passwd": f"root:x:0:0::/root:/bin/bash\n{USER}:x:1000:1000::{HOME}:/bin/bash\n",
    "/etc/group": f"root:x:0:\n{USER}:x:1000:\n",
    "/etc/hosts": "127.0.0.1 localhost box\n",
}
# What the room's machine is. The real one's processor, memory and kernel are nobody's business, and
# would be other ones in the next run.
_PROC = {
    "cpuinfo": "".join(
        f"processor\t: {number}\nmodel name\t: Processor of a room\ncpu cores\t: 2\n\n"
        for number in range(2)
    ),
    "meminfo": "MemTotal:        1048576 kB\nMemFree:          786432 kB\n"
    "MemAvailable:     917504 kB\nBuffers:               0 kB\nCached:           131072 kB\n"
    "SwapTotal:             0 kB\nSwapFree:              0 kB\nShmem:                 0 kB\n"
    "SReclaimable:          0 kB\n",
    "version": "Linux version 6.1.0 (room) #1 SMP\n",
    "loadavg": "0.00 0.00 0.00 1/64 2000\n",
    "cmdline": "\n",
    "sys/kernel/random/boot_id": "00000000-0000-4000-8000-000000000000\n",
}
_HIDDEN = (
    *("config.gz", "diskstats", "interrupts", "iomem", "ioports", "kallsyms", "key-users"),
    *("keys", "modules", "partitions", "softirqs", "swaps", "timer_list", "vmallocinfo"),
)
# Debian and systemd give these ids to nobody. The kernel counts processes by user, so sandboxes
# of two programs that run side by side had better not share one.
_FREE_UIDS = range(65520, 65534)


class Limits(Struct, frozen=True, kw_only=True):
    """What a room may use; processor time, memory and file size hold for each process."""

    wall_seconds: float = 20.0
    cpu_seconds: int = 20
    memory_bytes: int = 1 << 30
    total_bytes: int = 1 << 30
    """Memory of all processes and files of a room together (`room.Room` only)."""
    processes: int = 64
    file_bytes: int = 32 << 20
    disk_bytes: int = 128 << 20
    """Size of the home folder and of the temporary folder, each (bubblewrap only)."""
    open_files: int = 256


def walls(
    files: Mapping[str, str], folders: Sequence[str], stack: ExitStack
) -> tuple[list[str], list[int]]:
    """Return the bubblewrap command line, and the descriptors that hold its *files*, name by name.

    Inside are a read-only system, an own user, what *folders* mounts for home and temporary files,
    own process ids, a loopback of its own, a machine that is always the same, and the filter of
    system calls. The descriptors are closed by *stack*.
    """
    argv = ["--unshare-user", "--unshare-all", "--disable-userns", "--die-with-parent"]
    argv += ["--uid", "1000", "--gid", "1000", "--hostname", "box", "--cap-drop", "ALL"]
    argv += ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "lib", "lib64", "sbin"):
        if Path("/", name).is_symlink():
            argv += ["--symlink", f"usr/{name}", f"/{name}"]
        else:
            argv += ["--ro-bind-try", f"/{name}", f"/{name}"]
    for path in ("/etc/ld.so.cache", "/etc/alternatives"):
        argv += ["--ro-bind-try", path, path]
    argv += ["--proc", "/proc", "--dev", "/dev", "--dir", FOLDER, *folders]
    filter_ = _in_memory(syscalls.program(), stack)
    descriptors = [filter_]
    contents = _ETC | {f"{FOLDER}/{name}": content for name, content in files.items()}
    contents |= {f"/proc/{name}": content for name, content in _PROC.items()}
    contents |= {f"/proc/{name}": "" for name in _HIDDEN if Path("/proc", name).exists()}
    for path, content in contents.items():
        descriptors.append(_in_memory(content.encode("utf-8"), stack))
        argv += ["--perms", "0444", "--ro-bind-data", str(descriptors[-1]), path]
    argv += ["--seccomp", str(filter_), "--chdir", HOME]
    # Without these /etc, /dev and the like could be written to, and without any limit.
    argv += ["--remount-ro", "/dev", "--remount-ro", "/"]
    # A process list inside shall not tell all that.
    arguments = _in_memory("\0".join(argv).encode("utf-8"), stack)
    return ["bwrap", "--args", str(arguments)], [*descriptors, arguments]


def empty_folders(disk_bytes: int) -> list[str]:
    """Return the mounts of an empty home, temporary folder and shared memory of so many bytes."""
    return [
        word
        for path in (TEMPORARY, HOME, SHARED)
        for word in ("--size", str(disk_bytes), "--tmpfs", path)
    ]


def kernel_limits(*, memory_bytes: int, file_bytes: int, processes: int) -> dict[str, int]:
    """Return what the kernel holds a process to, by the names of `prlimit` and of RLIMIT_..."""
    return {"as": memory_bytes, "fsize": file_bytes, "nproc": processes, "core": 0}


def limited(limits: Limits, *, rooms: int = 1) -> list[str]:
    """Return the command line that gives up root and sets the limits.

    A root process ignores the limit on processes, even in a user namespace. For everybody else
    the kernel counts what the user runs already, in whichever of so many *rooms*.
    """
    root = os.geteuid() == 0
    uid = free_uid() if root else os.getuid()
    drop = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"] if root else []
    held = kernel_limits(
        memory_bytes=limits.memory_bytes,
        file_bytes=limits.file_bytes,
        processes=limits.processes * rooms + _running(uid),
    )
    held |= {"cpu": limits.cpu_seconds, "nofile": limits.open_files}
    return [*drop, "prlimit", *(f"--{name}={limit}" for name, limit in held.items())]


def limit_this_process(limits: Mapping[str, int]) -> None:
    """Hold this process to *limits*, by the names of `kernel_limits`."""
    for name, limit in limits.items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name.upper()}"), (limit, limit))


def free_uid() -> int:
    """Return the user id that this program's sandboxes run under when it is started by root."""
    return _FREE_UIDS[os.getpid() % len(_FREE_UIDS)]


def told_pid(news: bytes) -> int | None:
    """Return the number of a sandbox's first process, which bubblewrap says to `--info-fd`."""
    try:
        return msgspec.json.decode(news, type=dict[str, int])["child-pid"]
    except msgspec.DecodeError:
        return None


def first_process(pid: int | None) -> int | None:
    """Return a descriptor of a sandbox's first process, from its number.

    It becomes readable when that process has ended, and with it every other in the sandbox.
    """
    try:
        return None if pid is None else os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def wait(process: int, seconds: float) -> None:
    """Wait until the process behind the descriptor has ended, at most so long, and close it."""
    try:
        select([process], [], [], seconds)
    finally:
        os.close(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill *process* and its group, which it leads from its start, and take its status."""
    if process.returncode is None:
        # Not yet waited for, the process still holds its number, and the group has the same.
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:  # it is just about to lead one
            process.kill()
        process.wait()


def sweep(root: Path) -> None:
    """Kill every process that works below *root* or was started with its home there."""
    for _ in range(500):
        left = [int(path.name) for path in Path("/proc").glob("[0-9]*") if _lives_in(root, path)]
        if not left:
            return
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.01)


def running(first: int | None, root: Path | None) -> list[str]:
    """Return the command lines of what runs in a sandbox: behind *first*, or else below *root*.

    Its *first* process, bubblewrap's own, is left out. Only the begin of a long line is read.
    """
    listed = Path("/proc") if root is not None else Path("/proc", str(first), "root", "proc")
    found = []
    with suppress(OSError):
        if root is None and listed.stat().st_dev == Path("/proc").stat().st_dev:
            return []  # it has ended, and another process has its number
        for process in listed.glob("[0-9]*"):
            if process.name != "1" and (root is None or _lives_in(root, process)):
                with suppress(OSError), (process / "cmdline").open("rb") as file:
                    found.append(" ".join(file.read(4096).decode("utf-8", "replace").split("\0")))
    return sorted(" ".join(line.split("\n")).strip() for line in found if line.strip())


def remove(root: Path) -> None:
    """Remove the folder *root*, also where something in it was made unreadable."""
    for folder, names, _ in os.walk(root):
        for name in names:
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(0o700)
    shutil.rmtree(root, ignore_errors=True)


def _running(uid: int) -> int:
    """Return how many threads the user *uid* has now."""
    count = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.stat().st_uid == uid:
                count += sum(1 for _ in (process / "task").iterdir())
        except OSError:
            continue
    return count


def _in_memory(content: bytes, stack: ExitStack) -> int:
    descriptor = os.memfd_create("cardboard")
    stack.callback(os.close, descriptor)
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _lives_in(root: Path, process: Path) -> bool:
    try:
        if f"HOME={root}/".encode() in (process / "environ").read_bytes():
            return True
        return (process / "cwd").readlink().is_relative_to(root)
    except OSError:
        return False
