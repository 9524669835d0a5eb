"""Somebody who types what a room must withstand, and tells in JSON what came of it.

`python -m tests.eval.sandbox.intruder SECRET PORT PID UID` plays every attack as the user UID: on a
file of this machine, a port that somebody listens to on it, and a process that must not be reached.
"""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cardboard.eval.sandbox.console import Seen
from cardboard.eval.sandbox.room import Room
from cardboard.eval.sandbox.walls import watch
from cardboard.eval.sandbox.walls.isolation import Limits

MIB = 1 << 20
LIMITS = Limits(total_bytes=320 * MIB, disk_bytes=16 * MIB, processes=40, file_bytes=8 * MIB)
SECONDS = 60.0
# Numbers of x86_64 and aarch64.
CALLS = {
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "io_uring_setup": (425, 425),
    "userfaultfd": (323, 282),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "mount": (165, 40),
    "unshare": (272, 97),
    "setns": (308, 268),
    "pivot_root": (155, 41),
    "open_by_handle_at": (304, 265),
    "memfd_create": (319, 279),
    "shmget": (29, 194),
    "msgget": (68, 186),
}
SETUP_MARK, CHECK_MARK = "MARK-OF-THE-SETUP", "MARK-OF-THE-CHECK"

_ASK = """import ctypes, errno, fcntl, mmap, os, socket, sys
call = ctypes.CDLL(None, use_errno=True).syscall
def say(name, act):
    try:
        print(name, "ok" if act() != -1 else errno.errorcode[ctypes.get_errno()])
    except OSError as error:
        print(name, errno.errorcode[error.errno])
arm = os.uname().machine == "aarch64"
for name, numbers in CALLS.items():
    say(name, lambda: call(numbers[arm], 0, 0, 0, 0, 0))
say("clone", lambda: call(220 if arm else 56, 0x10000000 | 17, 0, 0, 0, 0))
say("clone3", lambda: call(435, 0, 0, 0, 0, 0))
say("newer", lambda: call(600, 0, 0, 0, 0, 0))
say("tiocsti", lambda: fcntl.ioctl(0, 0x5412, b"x"))
say("tiocsti-wide", lambda: call(29 if arm else 16, 0, 0x100005412, b"x"))
say("vsock", lambda: socket.socket(40, socket.SOCK_STREAM).fileno())
say("packet", lambda: socket.socket(17, socket.SOCK_RAW).fileno())
say("shared", lambda: mmap.mmap(-1, 4096) and 0)
say("private", lambda: mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) and 0)
"""
_BOMB = """import os, signal, time
born = set()
for _ in range(8):
    child = os.fork()
    if not child:
        held = bytearray(100 << 20)
        time.sleep(1000)
    born.add(child)
# Three of them have room beside one another. The other five do not come back by themselves.
dead = {os.wait()[0] for _ in range(5)}
for child in born - dead:
    os.kill(child, signal.SIGKILL)
print("fi" + "ve were killed")
"""
_HIDE = """import mmap
zero = open("/dev/zero", "r+b")
held = mmap.mmap(zero.fileno(), 1 << 20)
held[:] = b"x" * (1 << 20)
import time; time.sleep(1000)
"""
_INODES = """import itertools
for number in itertools.count():
    open(f"empty{number}", "w").close()
"""


def program(name: str, text: str) -> str:
    """Return keys that write the Python program *text* and run it."""
    return f"cat > {name}.py <<'END'\n{text}\nEND\npython3 {name}.py\n"


def shown(seen: Seen) -> dict[str, Any]:
    """Return what was seen, in plain values."""
    return {"screen": seen.screen, "state": seen.state, "status": seen.status}


def quiet(secret: str, port: str, pid: str) -> dict[str, Any]:
    """Return what a room shows of this machine to somebody who looks for it."""
    # The brackets keep the search from finding itself.
    look = f"-e {SETUP_MARK.replace('S', '[S]')} -e {CHECK_MARK.replace('C', '[C]')}"
    keys = {
        "network": f"(exec 3<>/dev/tcp/127.0.0.1/{port}); (exec 3<>/dev/tcp/192.0.2.1/53)\n",
        "files": f"cat {secret} /etc/shadow /proc/1/root{secret}; ls -A /root /work\n",
        "machine": "grep -h . /proc/cpuinfo /proc/version; hostname; free -m; nproc\n",
        "processes": f"kill -9 {pid}; ls -d /proc/{pid}; ps -e -o comm= | sort -u\n",
        "written": "for at in / /etc /usr /dev /job /proc /sys; do touch $at/x && echo $at; done\n",
        "calls": program("ask", f"CALLS = {CALLS}\n{_ASK}"),
        "namespaces": "unshare -U true; unshare -n true; bwrap --ro-bind / / true\n",
        "hidden": f"grep -rs {look} /job /proc/[0-9]*/{{cmdline,environ,fd}} ~ /tmp | wc -l\n",
        "disk": "for at in ~ /tmp /dev/shm; do for i in 1 2 3; do "
        "head -c 8000000 /dev/zero > $at/big$i; done; rm -f $at/big*; done\n",
        "escapes": r"printf '\e]0;title\a\e[2J\e[31mred\e[0m\e]52;c;eA==\e\\ \x9b1A\b\0\u202e!\n'"
        "\n",
        "prompt": r"printf '\0361\0370\037~\036'; sleep 0.2; echo; echo still here" + "\n",
        "link": f"ln -s {secret} out; ln -s / root; cat out\n",
        "survivors": "setsid nohup sleep 65.25 > /dev/null 2>&1 & disown; echo left\n",
        "changed": "mkdir -p ~/bin; printf '#!/bin/sh\\necho caught' > ~/bin/stat; "
        "chmod +x ~/bin/stat; cp ~/bin/stat stat; export PATH=~/bin:$PATH; "
        "echo 'echo caught' | tee ~/.bashrc ~/.bash_profile > ~/.profile\n",
    }
    with Room(LIMITS) as room:
        room.run_setup(f"echo {SETUP_MARK} > /dev/null; (sleep 66.25 > /dev/null 2>&1 &)")
        seen = {name: shown(room.terminal.type(text, SECONDS)) for name, text in keys.items()}
        check = f"# {CHECK_MARK}\nstat -c %F out; ls /proc | grep -c '^[0-9]'\n"
        check += "touch /job/home/x || cat out"
        return seen | {"check": [*_plain(room.check(check))]}


def floods() -> dict[str, Any]:
    """Return how a room takes programs that never stop."""
    with Room(LIMITS) as room:
        room.run_setup("")
        seen = {
            "flood": room.terminal.type("yes\n", SECONDS),
            "after": room.terminal.type("echo here\n", SECONDS),
            "deaf": room.terminal.type("sh -c 'trap \"\" INT TERM; while :; do :; done'\n", 1.0),
            "freed": room.terminal.interrupt(),
            "stopped": room.terminal.type("\x13echo here\n", SECONDS),
            "reads": room.terminal.type("cat\n", 0.5),
            "read": room.terminal.type("words\n", 0.5),
            "broken": room.terminal.interrupt(),
            "long": room.terminal.type("x" * 5000 + "\n", SECONDS),
            "gone": room.terminal.type("kill -9 $$\n", SECONDS),
            "nobody": room.terminal.type("echo here\n", SECONDS),
        }
        return {name: shown(one) for name, one in seen.items()}


def forks() -> dict[str, Any]:
    """Return what is left of a fork bomb when its room is checked."""
    with Room(LIMITS) as room:
        room.run_setup("")
        room.terminal.type("bomb() { bomb | bomb & }; bomb 2> /dev/null; sleep 67.25 &\n", 3.0)
        return {"check": [*_plain(room.check("true"))]}


def memory() -> dict[str, Any]:
    """Return what a room makes of programs that want more memory together than it has."""
    told: dict[str, Any] = {}
    for name, text in {"bomb": _BOMB, "hide": _HIDE, "inodes": _INODES}.items():
        limits = LIMITS if name == "bomb" else Limits(total_bytes=64 * MIB, disk_bytes=16 * MIB)
        with Room(limits) as room:
            room.run_setup("")
            seen = room.terminal.type(program(name, text), SECONDS)
            told[name] = shown(seen) | {"check": [*_plain(room.check("ls | head -n 1"))]}
            # It is told of after the deed, which on a busy machine may be some time.
            told[name]["killed"] = room.killed
    return told


def _plain(verdict: Any) -> tuple[str, str, str]:
    return verdict.state, verdict.why, verdict.output


def become(uid: int) -> None:
    """Give up root for good, and use nothing that only root can reach."""
    if uid == os.geteuid():
        return
    shared = tempfile.mkdtemp(prefix="intruder-")
    Path(shared).chmod(0o755)
    watch.__file__ = shutil.copy(watch.__file__, shared)
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
    if not os.access(sys.executable, os.X_OK):
        sys.executable = shutil.which("python3", path="/usr/local/bin:/usr/bin") or ""


def main() -> None:
    """Play every attack."""
    secret, port, pid, uid = sys.argv[1:]
    become(int(uid))
    plays: dict[str, Callable[[], dict[str, Any]]] = {
        "quiet": lambda: quiet(secret, port, pid),
        "floods": floods,
        "forks": forks,
        "memory": memory,
    }
    print(json.dumps({name: play() for name, play in plays.items()}))


if __name__ == "__main__":
    main()
