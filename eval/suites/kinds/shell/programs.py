"""Which programs the scenarios of a shell need, and which of them this machine lacks."""

import re
import shutil
from collections.abc import Iterable, Mapping
from functools import cache

from .rows import ShellRow

PATH = "/usr/local/bin:/usr/bin:/bin"
"""Where rooms look for programs, whatever the caller's own says."""

PACKAGES: Mapping[str, str] = {
    "bc": "bc",
    "column": "bsdextrautils",
    "curl": "curl",
    "file": "file",
    "gcc": "gcc",
    "git": "git",
    "jq": "jq",
    "make": "make",
    "openssl": "openssl",
    "patch": "patch",
    "perl": "perl",
    "pgrep": "procps",
    "ps": "procps",
    "python3": "python3",
    "rsync": "rsync",
    "sqlite3": "sqlite3",
    "ss": "iproute2",
    "strace": "strace",
    "tmux": "tmux",
    "tree": "tree",
    "unzip": "unzip",
    "wget": "wget",
    "xmllint": "libxml2-utils",
    "xz": "xz-utils",
    "zip": "zip",
    "zstd": "zstd",
}
"""Programs that a bare system may lack, with the package of Debian that has each."""

_NAMES = "|".join(map(re.escape, PACKAGES))
# A program is called where a command begins: at the start of a line or of a substitution, behind
# what joins commands, or behind a word that is followed by one.
_BEFORE = r"^|[|;&`{]|(?:^|[\s$])\(|\b(?:then|do|else|exec|xargs|sudo|nohup|time)\b|! "
_CALLED = re.compile(rf"(?:{_BEFORE})[ \t]*({_NAMES})(?=[\s;|&)`]|$)", re.MULTILINE)
_TEXT = re.compile(r"<<-?\s*(['\"]?)(\w+)\1[^\n]*\n.*?^\s*\2$", re.MULTILINE | re.DOTALL)


def needed(row: ShellRow) -> frozenset[str]:
    """Return the programs of `PACKAGES` that the setup, the check and the solution of *row* call.

    What a script writes into files counts as text, not as commands.
    """
    return _needed(row.setup, row.check, tuple("".join(turn.commands) for turn in row.oracle))


@cache
def _needed(setup: str, check: str, typed: tuple[str, ...]) -> frozenset[str]:
    texts = (_TEXT.sub("", text) for text in (setup, check, *typed))
    return frozenset(name for text in texts for name in _CALLED.findall(text))


def lacking(row: ShellRow) -> tuple[str, ...]:
    """Return the programs that *row* needs and this machine lacks, sorted."""
    return tuple(sorted(name for name in needed(row) if not _is_here(name)))


@cache
def _is_here(name: str) -> bool:
    return shutil.which(name, path=PATH) is not None


def packages(programs: Iterable[str]) -> tuple[str, ...]:
    """Return the packages of Debian that have *programs*, sorted."""
    return tuple(sorted({PACKAGES[name] for name in programs}))
