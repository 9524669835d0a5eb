"""The one family of errors that a user sees: what happened, where, and what to do."""

import math
from collections.abc import Iterable
from typing import Any

import click


class CardboardError(click.ClickException):
    """Say what happened, in which file and key, and what to do about it.

    `exit_code` 1 means that something was found wrong, 2 that the command was used wrongly.
    """

    def __init__(
        self, what: str, *, file: str | None = None, key: str | None = None, remedy: str = ""
    ) -> None:
        self.what, self.file, self.key, self.remedy = what, file, key, remedy
        told = ": ".join(part for part in (file, key, what) if part)
        # One line, so that it can be found, counted and quoted; what lists things has more.
        stop = "" if not remedy or told.endswith((".", "?", "!", "\n")) else "."
        between = "\n" if "\n" in remedy else " "
        super().__init__(f"{told}{stop}{between}{remedy}".rstrip())


class ConfigError(CardboardError):
    """A workspace's `board.toml` or `models.toml` cannot be used as it stands."""

    exit_code = 2


class RecordError(CardboardError):
    """A file does not hold what a result file must hold."""


class UsageError(CardboardError):
    """The command was given something that cannot be meant."""

    exit_code = 2


class MissingExtra(CardboardError):
    """A command needs an optional part that is not installed."""

    exit_code = 2

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"{package} is not installed",
            remedy=f"Install it with: {installing(extra) or f'pip install {package}'}",
        )


def installing(extra: str) -> str | None:
    """Return the command that installs the *extra* beside this very cardboard.

    It names what the extra needs and never cardboard itself, whose name on an index may be
    another's. `None` where this cardboard is not installed.
    """
    import os
    import shlex
    import sys
    from importlib.metadata import PackageNotFoundError, requires

    try:
        needed = requires("cardboard") or []
    except PackageNotFoundError:
        return None
    chosen = [
        one.partition(";")[0].strip()
        for one in needed
        if one.partition(";")[2].strip().replace('"', "'") == f"extra == '{extra}'"
    ]
    python = os.path.relpath(sys.executable)
    python = python if not python.startswith("..") else sys.executable
    return shlex.join([python, "-m", "pip", "install", *chosen]) if chosen else None


class DeadEngine(CardboardError):
    """The engine is gone or out of memory: the run ends as failed and keeps what is done."""


def visible(text: str, *, mark: str = "\ufffd", kept: str = "") -> str:
    """Return *text* with *mark* for every sign that cannot be printed and is not *kept*."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in kept else mark for c in text)


def line(text: str, longest: int = 200) -> str:
    """Return *text* as one printable line of at most *longest* characters."""
    return visible(text if len(text) <= longest else f"{text[:longest]}…", mark=" ")


class Finite(click.FloatRange):
    """A number on a command line, which is neither infinite nor none at all."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return *value* as a number of the range; fail otherwise."""
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is no finite number.", param, ctx)
        return number


def nearest(name: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Return which of the *known* names *name* may have meant."""
    from difflib import get_close_matches

    names = {one.lower(): one for one in known}
    near = get_close_matches(name.lower(), names, n=1, cutoff=cutoff)
    return names[near[0]] if near else None


def meant(name: str, known: Iterable[str]) -> str:
    """Return the question whether one of the *known* names was meant, with a blank behind it."""
    near = nearest(name, known)
    return f"Did you mean {near}? " if near else ""


def plural(n: int, word: str, words: str = "") -> str:
    """Return *n* with its noun."""
    return f"{n} {word if n == 1 else words or f'{word}s'}"
