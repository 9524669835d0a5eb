"""Which names can be a repository on the Hub."""

import re

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
_LONGEST = 96


def is_hub_id(name: str) -> bool:
    """Tell whether *name* can be a repository on the Hub: `organisation/name`."""
    return (
        len(name) <= _LONGEST
        and _HUB_ID.fullmatch(name) is not None
        and "--" not in name
        and ".." not in name
        and not name.endswith((".git", ".", "-"))
    )
