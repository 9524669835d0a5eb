"""What confines every process of strangers: limits of the kernel, walls, and a certain end."""

import os
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from select import select

import msgspec
from msgspec import Struct

HOME = "/home/dev"
USER = "dev"
FOLDER = "/job"
TEMPORARY = "/tmp"

_ETC = {
    "/etc/passwd": f"root:x:0:0::/root:/bin/bash\n{USER}:x:1000:1000::{HOME}:/bin/bash\n",
    "/etc/group": f"root:x:0:\n{USER}:x:1000:\n",
    "/etc/hosts": "127.0.0.1 localhost box\n",
}
# Debian and systemd give these ids to nobody. The kernel counts processes by user, so sandboxes
# of two programs that run side by side had better not share one.
_FREE_UIDS = range(65520, 65534)


class Limits(Struct, frozen=True, kw_only=True):
    """What a command may use; memory and file size hold for each process."""

    wall_seconds: float = 20.0
    cpu_seconds: int = 20
    memory_bytes: int = 1 << 30
    processes: int = 64
    file_bytes: int = 32 << 20
    disk_bytes: int = 128 << 20
    """Size of the home folder and of the temporary folder, each (bubblewrap only)."""
    open_files: int = 256


def walls(
    files: Mapping[str, str], disk_bytes: int, stack: ExitStack
) -> tuple[list[str], list[int]]:
    """Return the bubblewrap command line, and the descriptors that hold its *files*, name by name.

    Inside are a read-only system, an own user, empty folders for home and temporary files, own
    process ids and a loopback of its own. The descriptors are closed by *stack*.
    """
    argv = ["bwrap", "--unshare-user", "--unshare-all", "--disable-userns", "--die-with-parent"]
    argv += ["--uid", "1000", "--gid", "1000", "--hostname", "box", "--cap-drop", "ALL"]
    argv += ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "lib", "lib64", "sbin"):
        if Path("/", name).is_symlink():
            argv += ["--symlink", f"usr/{name}", f"/{name}"]
        else:
            argv += ["--ro-bind-try", f"/{name}", f"/{name}"]
    for path in ("/etc/ld.so.cache", "/etc/alternatives"):
        argv += ["--ro-bind-try", path, path]
    argv += ["--proc", "/proc", "--dev", "/dev", "--dir", FOLDER]
    for path in (TEMPORARY, HOME):
        argv += ["--size", str(disk_bytes), "--tmpfs", path]
    descriptors = []
    contents = _ETC | {f"{FOLDER}/{name}": content for name, content in files.items()}
    for path, content in contents.items():
        descriptors.append(_in_memory(content, stack))
        argv += ["--perms", "0444", "--ro-bind-data", str(descriptors[-1]), path]
    # Without the last option /etc and the like could be written to, and without any limit.
    return [*argv, "--chdir", HOME, "--remount-ro", "/"], descriptors


def kernel_limits(*, memory_bytes: int, file_bytes: int, processes: int) -> dict[str, int]:
    """Return what the kernel holds a process to, by the names of `prlimit` and of RLIMIT_..."""
    return {"as": memory_bytes, "fsize": file_bytes, "nproc": processes, "core": 0}


def limited(limits: Limits) -> list[str]:
    """Return the command line that gives up root and sets the limits.

    A root process ignores the limit on processes, even in a user namespace. For everybody else
    the kernel counts what the user runs already.
    """
    root = os.geteuid() == 0
    uid = free_uid() if root else os.getuid()
    drop = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"] if root else []
    held = kernel_limits(
        memory_bytes=limits.memory_bytes,
        file_bytes=limits.file_bytes,
        processes=limits.processes + _running(uid),
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


def first_process(news: bytes) -> int | None:
    """Return a descriptor of a sandbox's first process, from what bubblewrap says to `--info-fd`.

    It becomes readable when that process has ended, and with it every other in the sandbox.
    """
    try:
        return os.pidfd_open(msgspec.json.decode(news, type=dict[str, int])["child-pid"])
    except (msgspec.DecodeError, ProcessLookupError):
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


def _in_memory(content: str, stack: ExitStack) -> int:
    descriptor = os.memfd_create("cardboard")
    stack.callback(os.close, descriptor)
    os.write(descriptor, content.encode("utf-8"))
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _lives_in(root: Path, process: Path) -> bool:
    try:
        if f"HOME={root}/".encode() in (process / "environ").read_bytes():
            return True
        return (process / "cwd").readlink().is_relative_to(root)
    except OSError:
        return False
