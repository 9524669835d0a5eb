"""Every kind of suite by its name; a new one is a folder here, one in `templates`, and a line."""

from .calls.kind import CALLS
from .home.kind import HOME
from .kind import Kind
from .replay.kind import REPLAY
from .reported.kind import REPORTED
from .shell.kind import SHELL

KINDS: dict[str, Kind] = {kind.name: kind for kind in (REPLAY, HOME, SHELL, CALLS, REPORTED)}

DEFAULT = REPLAY.name
"""Of suites that name none: all were replays once."""


def kind_of(name: str | None) -> Kind:
    """Return the kind called *name*; what is of no kind of ours was reported by somebody."""
    return KINDS.get(name or DEFAULT, REPORTED)
