"""The front door: one group that gathers every stage's commands and computes nothing itself."""

import errno
import importlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import __version__
from .eval.errors import CardboardError, RecordError, plural

if TYPE_CHECKING:
    from .board.model import Boards
    from .board.workspace.settings import Settings, Workspace
    from .eval.training.contract import Contract

# Our matrix products are many and small: a second BLAS thread waits more than it computes.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

INTERRUPTED = 130
"""The exit code of a command that the user ended."""
_DEMO = "cardboard-demo"
_SCRIPTED = (["oracle"], ["noisy-oracle", "--noise", "0.3"], ["echo-previous"])
_FIRST = 12
"""Entries of each board that the demo prints."""
# Where each command lives, by what it is for, with what the list of commands says of it. A stage is
# imported only when one of its commands is asked for, and none for that list.
SECTIONS: dict[str, dict[str, tuple[str, str]]] = {
    "A board of your own": {
        "init": ("board.commands.init_command:init", "Make a workspace."),
        "eject": ("board.commands.eject_command:eject", "Copy a template or words to change them."),
        "import": (
            "board.commands.import_command:import_",
            "Bring in results of other programs.",
        ),
        "add": ("cards.commands.card_commands:add", "Add a result; say what moves."),
        "check": ("cards.commands.card_commands:check", "Say what is wrong; change nothing."),
        "fetch": ("cards.commands.store_commands:fetch", "Bring results of the store on the Hub."),
        "merge": ("board.commands.result_commands:merge", "Make one result of a split run."),
        "schema": ("board.commands.result_commands:schema", "Print the form of a result file."),
    },
    "Look": {
        "board": ("board.commands.board_commands:board", "Print the ranked boards."),
        "overview": ("board.commands.board_commands:overview", "Print models against suites."),
        "explain": ("board.commands.board_commands:explain", "Say why a model has its rank."),
        "compare": ("board.commands.compare_commands:compare", "Say whether two models differ."),
        "compare-files": (
            "eval.commands.compare_files_command:compare_files",
            "Say how far quantised files are from another.",
        ),
        "gate": ("board.commands.compare_commands:gate", "Stop a release that is worse."),
        "moves": ("board.commands.board_commands:moves", "Print what moved between two folders."),
    },
    "Publish": {
        "document": (
            "cards.commands.document_command:document",
            "Write what law asks of a model's provider.",
        ),
        "cards": ("cards.commands.card_commands:cards", "Write the model cards."),
        "site": ("site.commands:site", "Write the site."),
        "serve": ("site.commands:serve", "Show the site on this machine."),
        "push": ("cards.commands.push_commands:push", "Push the cards to the Hub."),
        "status": ("cards.commands.push_commands:status", "Say which cards on the Hub are stale."),
        "watch": ("cards.commands.push_commands:watch", "Push whenever results change."),
        "snapshot": ("board.commands.snapshot_command:snapshot", "Keep what the boards say now."),
        "export": ("site.commands:export", "Write the boards as tables for others."),
        "attest": ("board.commands.result_commands:attest", "Write statements on the results."),
        "verify": ("site.commands:verify", "Rebuild a published site, and compare."),
    },
    "Measure": {
        "eval": ("eval.commands.run_command:evaluate", "Ask a model a suite; write a result."),
        "accept": ("cards.commands.accept_command:accept", "Print an acceptance sheet of a model."),
        "try": ("cards.commands.try_command:try_", "Talk to models and judge them."),
        "audit": ("board.commands.audit_command:audit", "Audit chat templates."),
        "train": ("eval.commands.train_command:train", "Train an adapter as it will be asked."),
        "rescore": ("eval.commands.rescore_command:rescore", "Score stored answers again."),
        "score": ("eval.suites.kinds.replay.score_command:score", "Score commands row by row."),
        "suite": ("eval.commands.suite_commands:suite", "Make and describe suites."),
    },
}
_OF_ALL = "Publish"
"""Where the commands stand that span the stages."""
COMMANDS = {name: place for some in SECTIONS.values() for name, (place, _) in some.items()}


class Front(click.Group):
    """A group that finds its commands in the stages."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Return all names, those of the stages and those that span them."""
        return sorted([*COMMANDS, *self.commands])

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Import and return the command *name*."""
        if name in self.commands:
            return self.commands[name]
        if name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[name].partition(":")
        command = getattr(importlib.import_module(f".{module}", __package__), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands by what they are for, without importing one."""
        own = {name: one.get_short_help_str() for name, one in self.commands.items()}
        for title, some in SECTIONS.items():
            rows = [(name, told) for name, (_, told) in some.items()]
            if title == _OF_ALL:
                rows = [*own.items(), *rows]
            with formatter.section(title):
                formatter.write_dl(rows)

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Read the options before the command; what is wrong with them is told in one line."""
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.UsageError as error:
            from .board.commands.usage import in_one_line

            raise in_one_line(error) from error

    def invoke(self, context: click.Context) -> object:
        """Run the command; what is wrong with its words, or with the disk, is told in one line.

        Ctrl-C ends with 130 wherever it comes, as shells have it.
        """
        try:
            return super().invoke(context)
        except click.UsageError as error:
            from .board.commands.usage import in_one_line

            raise in_one_line(error, context.invoked_subcommand) from error
        except (KeyboardInterrupt, click.Abort):
            click.echo("Stopped.", err=True)
            context.exit(INTERRUPTED)
        except OSError as error:
            if error.filename is None and error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise CardboardError(
                error.strerror or "cannot be used",
                file=None if error.filename is None else str(error.filename),
                remedy="Nothing that was finished before is lost; mend this and run it again.",
            ) from error


@click.group(cls=Front, epilog="Example: cardboard -C my-board publish")
@click.version_option(__version__)
@click.option(
    "-C",
    "workspace",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="The workspace's folder; the current one by default.",
)
@click.pass_context
def main(context: click.Context, workspace: Path) -> None:
    """Turn a folder of evaluation results into a judged leaderboard and honest model cards."""

    def judged(result: Path) -> None:
        """Say what the judge says of a result that was just measured, which `eval` cannot know."""
        from .board.show.explanation import explain_file

        for line in explain_file(result, workspace):
            click.echo(line, err=True)

    def told(found: "Contract", language: str) -> None:
        """Say in words what was found of a training file, which `train` cannot."""
        from .board.show.audit_tables import print_contract

        print_contract(found, form="text", language=language, err=True)

    context.obj = judged
    context.meta["cardboard.contract"] = told
    context.meta["cardboard.cards"] = card_texts
    context.meta["cardboard.written-cards"] = written_card_texts


def card_texts(
    boards: "Boards", settings: "Settings"
) -> "Iterator[tuple[str, str, Mapping[str, str]]]":
    """Yield each card's slug, text and hashes: for the site, which knows nothing of cards."""
    from .cards.text.render import texts_of

    yield from texts_of(boards, settings)


def written_card_texts(
    boards: "Boards", workspace: "Workspace"
) -> "Iterator[tuple[str, str, Mapping[str, str]]]":
    """Yield the same; those that lie in the folder of cards as they would be are not made again."""
    from .cards.text.write import texts_at_hand

    yield from texts_at_hand(boards, workspace)


@main.command(
    epilog="Example: cardboard publish --snapshot 2026-11", short_help="Write cards and site anew."
)
@click.option(
    "--snapshot",
    "label",
    is_flag=False,
    flag_value="",
    help="First keep what the boards say now, by default under the day of the newest result.",
)
@click.option("--strict", is_flag=True, help="Publish nothing if a file cannot be used.")
@click.pass_context
def publish(context: click.Context, label: str | None, strict: bool) -> None:
    """Write all cards and the site anew; only what differs is touched."""
    from .board.commands.load import HELD, boards_of, tell_refused, workspace_of
    from .board.workspace.stamp import Stamp

    workspace = workspace_of(context)
    stamp = Stamp(workspace)
    published = stamp.unchanged() if label is None else None
    if published is not None and not (strict and published.refused):
        for line in published.refused:
            click.echo(line, err=True)
        for line in published.told:
            click.echo(line)
        return
    boards = boards_of(workspace)
    refused = tell_refused(boards, strict=strict)
    if not boards.boards and not boards.unplaced:
        raise RecordError(
            f"none of {plural(boards.files, 'file')} in results/ holds a result, so nothing is "
            "published",
            remedy="Put result files there, or bring them in with cardboard import.",
        )
    if label is not None:
        context.invoke(_command(context, "snapshot"), label=label or None, day=None, replace=False)
    context.meta[HELD] = boards
    told = [context.invoke(_command(context, name)) for name in ("cards", "site")]
    stamp.keep(refused=refused, told=told)


@main.command(epilog="Example: cardboard demo", short_help="Show all of it without a network.")
@click.pass_context
def demo(context: click.Context) -> None:
    """Print the board, write its cards and its site, push into a folder: all without a network.

    Where there is no workspace, it makes one in cardboard-demo, and measures three scripted models.
    """
    from .board.commands.board_commands import print_first
    from .board.commands.load import boards_of, called, workspace_of

    options = context.find_root().params
    if not (options["workspace"] / "board.toml").exists():
        options["workspace"] /= _DEMO
        _measure(options["workspace"])
    print_first(boards_of(workspace_of(context)), _FIRST)
    context.invoke(publish, label=None, strict=False)
    hub = context.find_root().params["workspace"] / "build" / "hub"
    context.invoke(_command(context, "push"), to=hub, repos=(), takes=(), form="text")
    click.echo(f"Look at the site with: {called('serve')}")


def _measure(folder: Path) -> None:
    """Make a workspace in *folder*, and measure what needs no model, unless that is done."""
    steps = []
    if not (folder / "board.toml").exists():
        steps.append(["init", str(folder), "--kind", "replay", "--title", "cardboard demo"])
    for model in _SCRIPTED:
        if not any((folder / "results").rglob(f"{model[0]}-*.json")):
            asked = ["--suite", "shell-mini", "--backend", "scripted"]
            steps.append(["-C", str(folder), "eval", *model, *asked])
    for step in steps:
        main(step, prog_name="cardboard", standalone_mode=False)


def _command(context: click.Context, name: str) -> click.Command:
    command = main.get_command(context, name)
    assert command is not None
    return command
