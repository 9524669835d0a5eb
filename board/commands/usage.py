"""What is wrong with the words of a command line, in one line with what to write instead."""

import re
from pathlib import Path

import click

from ...eval.errors import UsageError
from ..words.names import nearest, visible

_COMMAND = re.compile(r"No such command '(.+?)'")
_SPARE = re.compile(r"Got unexpected extra arguments? \((\S+?)[ )]")
_CHOICE = re.compile(r": '([^']+)' is not (?:one of )?('.+)$")
_PLACE = re.compile(r"(?:File|Directory|Path) '(.+)' (does not exist|is a (?:file|directory))")
_NO_COMMAND = "No such command: "
_TOLD = {
    r"is not a valid (?:float|integer|int)": "Write a number.",
    "is no finite number": "Write a number.",
    "requires an argument$": "Write its value behind it.",
}
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


def in_one_line(error: click.UsageError, command: str | None = None) -> click.ClickException:
    """Return *error* as one that says command, mistake and remedy in one line.

    *command* is what was called, where the error does not know it.
    """
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error  # nothing is wrong: it prints the help
    context, what = error.ctx, " ".join(error.format_message().split()).rstrip(".")
    names = " ".join(_names(context) or ([command] if command else []))
    if isinstance(error, click.NoSuchOption):
        what = f"No such option: {error.option_name}"
    elif found := _COMMAND.search(what):
        what = f"No such command: {found[1]}"
    remedy = _remedy(error, what, names)
    return UsageError(visible(f"{names}: {what}" if names else what), remedy=visible(remedy))


def _remedy(error: click.UsageError, what: str, names: str) -> str:
    """Return what to write in place of what *error* refuses; *names* are those of the command."""
    context, called = error.ctx, f"cardboard {names}".rstrip()
    look = f"See {called} --help."
    if isinstance(error, click.NoSuchOption):
        if names and error.option_name == "-C":
            return f"It stands before the command: cardboard -C DIR {names}"
        near = nearest(error.option_name, _options(context))
        return f"Did you mean {near}? {look}" if near else look
    if what.startswith(_NO_COMMAND):
        name, known = what.removeprefix(_NO_COMMAND).lower(), _commands(context)
        near = _OTHER_NAMES.get(name) or nearest(name, known)
        return (
            f"Did you mean {called} {near}? {called} --help lists all." if near in known else look
        )
    if (found := _SPARE.search(what)) and (Path(found[1]) / "board.toml").exists():
        return f"A workspace stands before the command: cardboard -C {found[1]} {names}"
    if isinstance(error, click.MissingParameter) and context is not None:
        example = (context.command.epilog or "").strip()
        return f"{example}. {look}" if example.startswith("Example: ") else look
    if found := _CHOICE.search(what):
        near = nearest(found[1], re.findall(r"'(.+?)'", found[2]))
        return f"Did you mean {near}? {look}" if near else look
    if found := _PLACE.search(what):
        return _other_place(Path(found[1]), found[2])
    return next((f"{told} {look}" for form, told in _TOLD.items() if re.search(form, what)), look)


def _other_place(path: Path, what: str) -> str:
    """Return what to name in place of *path*, which is not there or is of the other kind."""
    if what != "does not exist":
        return f"Name a {'folder' if what == 'is a file' else 'file'}."
    folder = path.parent
    near = nearest(path.name, (one.name for one in folder.iterdir())) if folder.is_dir() else None
    if near is not None:
        return f"Did you mean {folder / near}?"
    return "Look at where it lies." if folder.is_dir() else f"There is no folder {folder} either."


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
