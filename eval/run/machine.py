"""What this machine is, as far as it may change how fast a model answers: no name, no path."""

import os
import platform
import sys
from pathlib import Path

from ..records import Machine

_PROCESSORS = Path("/proc/cpuinfo")


def machine() -> Machine:
    """Return processor, memory, system, and the accelerator if this process computes on one."""
    return Machine(
        processor=_processor(),
        cores=os.cpu_count(),
        accelerator=_accelerator(),
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
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return None
    return str(torch.cuda.get_device_name())
