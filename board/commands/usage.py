"""What is wrong with the words of a command line, in one line with what to write instead."""

import re
from pathlib import Path

import click

from ...eval.errors import UsageError
from ..words.names import nearest, visible

_COMMAND = re.compile(r"No such command '(.+?)'")
_SPARE = re.compile(r"Got unexpected extra arguments? \((\S+?)[ )]")
_CHOICE = re.compile(r": '([^']+)' is not one of (.+)$")
# What programs of this kind call the same; spelling alone would not lead there.
_OTHER_NAMES = {
    "benchmark": "eval",
    "build": "publish",
    "create": "init",
    "deploy": "push",
    "diff": "compare",
    "evaluate": "eval",
    "html": "site",
    "leaderboard": "board",
    "lint": "check",
    "list": "board",
    "new": "init",
    "rank": "board",
    "render": "cards",
    "run": "eval",
    "show": "board",
    "start": "demo",
    "upload": "push",
    "validate": "check",
    "web": "serve",
}


def in_one_line(error: click.UsageError) -> click.ClickException:
    """Return *error* as one that says command, mistake and remedy in one line."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error  # nothing is wrong: it prints the help
    context, what = error.ctx, " ".join(error.format_message().split()).rstrip(".")
    names = " ".join(_names(context))
    called = f"cardboard {names}".rstrip()
    remedy = f"See {called} --help."
    if isinstance(error, click.NoSuchOption):
        what = f"No such option: {error.option_name}"
        if names and error.option_name == "-C":
            remedy = f"It stands before the command: cardboard -C DIR {names}"
        elif near := nearest(error.option_name, _options(context)):
            remedy = f"Did you mean {near}? {remedy}"
    elif found := _COMMAND.search(what):
        what = f"No such command: {found[1]}"
        known = _commands(context)
        near = _OTHER_NAMES.get(found[1].lower()) or nearest(found[1].lower(), known)
        if near in known:
            remedy = f"Did you mean {called} {near}? {called} --help lists all."
    elif (found := _SPARE.search(what)) and (Path(found[1]) / "board.toml").exists():
        remedy = f"A workspace stands before the command: cardboard -C {found[1]} {names}"
    elif isinstance(error, click.MissingParameter) and context is not None:
        example = (context.command.epilog or "").strip()
        if example.startswith("Example: "):
            remedy = f"{example}. See {called} --help."
    elif found := _CHOICE.search(what):
        words = re.findall(r"'(.+?)'", found[2])
        if near := nearest(found[1], words):
            remedy = f"Did you mean {near}? {remedy}"
    return UsageError(visible(f"{names}: {what}" if names else what), remedy=visible(remedy))


def _names(context: click.Context | None) -> list[str]:
    """Return the words that lead from the front door to the command that was meant."""
    if context is None or context.parent is None:
        return []
    return [*_names(context.parent), context.info_name or ""]


def _options(context: click.Context | None) -> list[str]:
    return [] if context is None else [name for one in context.command.params for name in one.opts]


def _commands(context: click.Context | None) -> list[str]:
    if context is None or not isinstance(context.command, click.Group):
        return []
    return context.command.list_commands(context)
