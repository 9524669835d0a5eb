"""Texts that name somebody's machine: how they are told, and what of them may be published.

This is the one gate of everything that is published. What files say passes it where they are read:
results and what is found of them in `board/read`, configuration and audits in `board/workspace`.
What the site gives away as data passes it once more.
"""

import re
from collections.abc import Callable
from typing import Any

_ROOTED = re.compile(r"(?:[/\\]|~[/\\]|\.{1,2}[/\\]|[A-Za-z]:[/\\]|file:)")
_PART = r"[^\s\"'<>|:,;()/\\]"
# A path inside a sentence: it starts where a word would, and has at least two parts.
_WITHIN = re.compile(
    rf"(?<![\w.:/\\~-])(?:file:/*|~|\.{{1,2}}|[A-Za-z]:)?[/\\]+(?:{_PART}+[/\\]+)+({_PART}*)"
)
# These are the same on all machines, and a sentence on commands may well be about them.
_EVERYWHERE = re.compile(r"/(?:bin|boot|dev|etc|lib(?:32|64)?|proc|run|sbin|sys|usr)/")
_HOST = (
    r"://(?:localhost|127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|\[|[^/.:\s]+(?=[/:\s]|$))"
)
_INNER = re.compile(rf"(?<!\bhf){_HOST}")
_ADDRESS = re.compile(rf"\b(?:https?|wss?|grpc){_HOST}[^\s\"'<>|)]*", re.IGNORECASE)


def is_local(text: str) -> bool:
    """Tell whether *text* is a path of a machine."""
    return _ROOTED.match(text) is not None


def may_hold_paths(text: str) -> bool:
    """Tell quickly whether JSON *text* may hold a path that the functions here would find.

    Inside a Hub id or an address each slash follows a letter, a digit or another slash.
    """
    before = (part[-1:] for part in text.split("/")[:-1])
    return "\\" in text or not all(one.isalnum() or one in "_-" for one in before)


def without_paths(text: str) -> str:
    """Return *text* with each local path cut down to its last part, and no inner address."""
    return _WITHIN.sub(lambda found: found[1] or "…", _ADDRESS.sub("…", text))


def last_part(path: str) -> str:
    """Return the last part of *path*, whichever way its slashes lean."""
    return re.split(r"[/\\]+", path.strip().rstrip("/\\"))[-1].strip()


def named(name: str) -> str:
    """Return *name*, or the last part of the path that it is."""
    return last_part(name) or "unknown" if is_local(name) else without_paths(name)


def prose(text: str) -> str:
    """Return an owner's *text* as `without_paths`, but with paths that are on all machines."""
    told = _ADDRESS.sub("…", text)
    return _WITHIN.sub(
        lambda found: found[0] if _EVERYWHERE.match(found[0]) else found[1] or "…", told
    )


def names_machine(text: str) -> bool:
    """Tell whether *text* holds a path of a machine, or an address inside its network."""
    return is_local(text) or without_paths(text) != text or _INNER.search(text) is not None


def without_machines(value: Any) -> Any:
    """Return a JSON *value* without the texts in it that name a machine."""
    if isinstance(value, str):
        return "…" if names_machine(value) else value
    if isinstance(value, list):
        return [without_machines(member) for member in value]
    if isinstance(value, dict):
        return {
            key: without_machines(member) for key, member in value.items() if not names_machine(key)
        }
    return value


def cleaned(value: Any, clean: Callable[[str, str], str], key: str = "") -> Any:
    """Return a JSON *value* with *clean* of each text in it, which is told the way to the text.

    Keys are cleaned as well; two that become alike are kept apart by a number.
    """
    if isinstance(value, dict):
        found: dict[str, Any] = {}
        for name, member in value.items():
            plain = clean(name, key)
            plain = plain if plain not in found else f"{plain} ({len(found) + 1})"
            found[plain] = cleaned(member, clean, f"{key}.{plain}".lstrip("."))
        return found
    if isinstance(value, list | tuple):
        return [cleaned(member, clean, f"{key}[{n}]") for n, member in enumerate(value)]
    return clean(value, key) if isinstance(value, str) else value
