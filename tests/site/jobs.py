"""Work for another process, which finds it by the name of this module."""

import os
import signal
from typing import NoReturn


def double(value: int) -> tuple[int, int]:
    """Return twice the *value*, and who says so."""
    return 2 * value, os.getpid()


def die_elsewhere(here: int) -> str:
    """Be killed in every process but *here*."""
    if os.getpid() != here:
        os.kill(os.getpid(), signal.SIGKILL)
    return "done here"


def fail() -> NoReturn:
    """Raise `ValueError`."""
    raise ValueError("no")
