"""What measures here: the machine and its software, without a name or a path of it."""

import hashlib
import json
import os
import platform
import re
import subprocess
import sys
from contextlib import suppress
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions
from pathlib import Path
from typing import Any

from msgspec import UNSET, UnsetType

from ..records import Environment, Machine

_PROCESSORS = Path("/proc/cpuinfo")
_DRIVERS = {
    "nvidia": Path("/sys/module/nvidia/version"),
    "amdgpu": Path("/sys/module/amdgpu/version"),
}


def machine() -> Machine:
    """Return processor, memory, system, and the accelerator if this process computes on one."""
    return Machine(
        processor=_processor(),
        cores=os.cpu_count(),
        accelerator=_accelerator(),
        accelerators=_count(),
        driver=_driver(),
        memory_bytes=_memory(),
        operating_system=_system(),
    )


def _processor() -> str | None:
    try:
        lines = _PROCESSORS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    pairs = (line.partition(":") for line in lines)
    named = (value.strip() for name, _, value in pairs if name.strip() == "model name")
    return next(filter(None, named), None) or platform.processor() or platform.machine() or None


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def _system() -> str | None:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system() or None


def _accelerator() -> str | None:
    """Return the name of the accelerator that torch uses here; asking must not make it use one."""
    torch = torch_in_use()
    return None if torch is None else str(torch.cuda.get_device_name())


def _count() -> int | UnsetType:
    torch = torch_in_use()
    return UNSET if torch is None else int(torch.cuda.device_count())


def _driver() -> str | UnsetType:
    """Return the version of the accelerator's driver, and what torch speaks to it."""
    torch = torch_in_use()
    if torch is None:
        return UNSET
    told = []
    for name, path in _DRIVERS.items():
        with suppress(OSError):
            told.append(f"{name} {path.read_text().strip()}")
    spoken = {name: getattr(torch.version, name, None) for name in ("cuda", "hip")}
    told += [f"{name} {version}" for name, version in spoken.items() if version]
    return ", ".join(told) or UNSET


def torch_in_use() -> Any:
    """Return torch if this process computes on an accelerator with it, else `None`."""
    torch = sys.modules.get("torch")
    return torch if torch is not None and torch.cuda.is_initialized() else None


_ROOT = Path(__file__).resolve().parents[2]
_SECONDS = 10


@cache
def environment() -> Environment:
    """Return what this process measures with; no path of the machine is in it."""
    listed = packages()
    commit, changed = _commit()
    text = "".join(f"{line}\n" for line in listed)
    return Environment(
        git_commit=commit,
        git_changed=changed,
        packages=len(listed),
        packages_sha256=hashlib.sha256(text.encode()).hexdigest(),
    )


def packages() -> tuple[str, ...]:
    """Return every installed package as a line that pip can install from: `NAME==VERSION`.

    One that was installed from a repository is named with its commit. Names are as PyPA's
    *Names and normalization* has them, and so is their order.
    """
    lines = {_line(one) for one in distributions() if one.metadata["Name"]}
    return tuple(sorted(lines))


def _line(package: Distribution) -> str:
    name = re.sub(r"[-_.]+", "-", package.metadata["Name"]).lower()
    origin = _origin(package)
    vcs, url = origin.get("vcs_info"), origin.get("url")
    if isinstance(vcs, dict) and isinstance(url, str) and "://" in url and "@" not in url:
        return f"{name} @ {vcs.get('vcs', 'git')}+{url}@{vcs.get('commit_id', '')}"
    return f"{name}=={package.version}"


def _origin(package: Distribution) -> dict[str, object]:
    """Return what the installer kept of where *package* came from (PEP 610)."""
    try:
        found = json.loads(package.read_text("direct_url.json") or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _commit() -> tuple[str | None, bool | None]:
    """Return the commit that cardboard runs at, and whether its files differ from it."""
    if (_ROOT / ".git").exists():
        head = _git("rev-parse", "HEAD")
        status = _git("status", "--porcelain", "--untracked-files=no")
        return head, None if status is None or head is None else bool(status)
    try:
        vcs = _origin(distribution("cardboard")).get("vcs_info")
    except PackageNotFoundError:
        return None, None
    commit = vcs.get("commit_id") if isinstance(vcs, dict) else None
    return (str(commit), False) if commit else (None, None)


def _git(*words: str) -> str | None:
    """Return what git says; `None` where there is none, or it does not say it in time."""
    try:
        done = subprocess.run(
            ["git", "--no-optional-locks", "-C", str(_ROOT), *words],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
