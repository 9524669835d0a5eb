"""The commands that speak to the Hub: push, status and watch."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from ...board.commands.load import boards_of, tell_refused, workspace_of
from ...board.model import Boards
from ...board.workspace.settings import Workspace
from ...eval.errors import Finite

Command = TypeVar("Command", bound=Callable[..., object])
POLL = 1.0
"""Seconds between two looks at a watched folder."""
RETRY = 600.0
"""Seconds until a watch tries once more what could not be pushed."""

_repo_option = click.option(
    "--repo", "repos", multiple=True, metavar="REPO", help="Only this repository; may be repeated."
)
_to_option = click.option(
    "--to",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Use a folder tree instead of the Hub.",
)
_workers_option = click.option(
    "--workers", type=click.IntRange(1, 32), help="Repositories at a time; board.toml has it too."
)
_take_option = click.option(
    "--take",
    "takes",
    multiple=True,
    metavar="[REPO=]WAY",
    help="Where people's text is in the way: ours, theirs or append.",
)
_strict_option = click.option(
    "--strict", is_flag=True, help="Push nothing if a result file cannot be used."
)
_pr_option = click.option("--pr", "propose", is_flag=True, help="Open or update pull requests.")
_form_option = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to print.",
)


def _boards(workspace: Workspace, *, strict: bool = False) -> Boards:
    """Return the boards, after naming every file that they had to do without."""
    boards = boards_of(workspace)
    tell_refused(boards, strict=strict)
    return boards


def _with(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Return a decorator that adds *options* in their order."""

    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


@click.command(epilog="Example: cardboard push --dry-run")
@click.option("--dry-run", is_flag=True, help="Print the plan and each difference; send nothing.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option(
    "--oidc", is_flag=True, help="In CI: write as a trusted publisher of each repository."
)
@click.option(
    "--propose",
    "others",
    multiple=True,
    metavar="ORG/MODEL",
    help="Propose the results of this model of others to it, and do nothing else.",
)
@_with(_pr_option, _take_option, _repo_option, _to_option)
@_with(_strict_option, _workers_option, _form_option)
@click.pass_context
def push(
    context: click.Context,
    dry_run: bool,
    yes: bool,
    oidc: bool,
    others: tuple[str, ...],
    propose: bool,
    takes: tuple[str, ...],
    repos: tuple[str, ...],
    to: Path | None,
    strict: bool,
    workers: int | None,
    form: str,
) -> None:
    """Push all cards to the Hub: only what changed, and nothing that people wrote is lost."""
    from msgspec.structs import replace

    from ..plan.targets import proposals
    from ..plan.withdrawal import gathered as gather
    from ..push.flow import pushed
    from ..push.setup import Options

    workspace = workspace_of(context)
    options = Options(
        to=to,
        repos=repos,
        takes=takes,
        propose=propose,
        workers=workers,
        only_look=dry_run,
        oidc=oidc,
    )
    boards = _boards(workspace, strict=strict)
    gathered = gather(boards, workspace.settings)
    if others:
        if to is not None or repos:
            raise click.UsageError("--propose goes to the Hub, and to the named models alone.")
        results = proposals(boards, workspace.settings, others)
        gathered = replace(gathered, cards=results)
        options = replace(options, propose=True, repos=tuple(one.repo for one in results))
    if code := pushed(gathered, workspace, options, yes=yes, as_json=form == "json"):
        context.exit(code)


@click.command(epilog="Example: cardboard status")
@click.option(
    "--templates",
    "ask",
    is_flag=True,
    help="Ask the Hub which chat templates the models ship now; by default audits kept tell.",
)
@_with(_repo_option, _to_option, _workers_option, _form_option)
@click.pass_context
def status(
    context: click.Context,
    ask: bool,
    repos: tuple[str, ...],
    to: Path | None,
    workers: int | None,
    form: str,
) -> None:
    """Say which cards on the Hub are stale; write nothing, and exit with 1 if any is."""
    from ..plan.withdrawal import gathered as gather
    from ..push.setup import Options
    from ..push.status import told_status

    workspace = workspace_of(context)
    options = Options(to=to, repos=repos, workers=workers, only_look=True, anonymous=True)
    boards = _boards(workspace)
    gathered = gather(boards, workspace.settings)
    as_json = form == "json"
    context.exit(told_status(gathered, boards, workspace, options, as_json=as_json, ask=ask))


@click.command(epilog="Example: cardboard watch --to build/hub")
@_with(_pr_option, _take_option, _repo_option, _to_option, _strict_option, _workers_option)
@click.option(
    "--quiet",
    type=Finite(0, 3600),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="How long the results must rest before they are pushed.",
)
@click.pass_context
def watch(
    context: click.Context,
    propose: bool,
    takes: tuple[str, ...],
    repos: tuple[str, ...],
    to: Path | None,
    strict: bool,
    workers: int | None,
    quiet: float,
) -> None:
    """Push whenever the results or the configuration have changed and come to rest."""
    import time

    from ...eval.errors import CardboardError
    from ..plan.withdrawal import gathered as gather
    from ..push.flow import pushed
    from ..push.push import INTERRUPTED
    from ..push.setup import Options
    from ..push.watch import Debounce, snapshot

    watched = workspace_of(context)
    root, results = watched.root, watched.results
    options = Options(to=to, repos=repos, takes=takes, propose=propose, workers=workers)
    debounce = Debounce(quiet, time.monotonic, snapshot(root, results))
    debounce.again(0)  # what changed while nobody watched
    click.echo(
        "Watching results/, audits/, board.toml, models.toml and imports.toml. Ctrl-C stops.",
        err=True,
    )
    try:
        while True:
            if debounce.due(snapshot(root, results)):
                try:
                    workspace = workspace_of(context)
                    gathered = gather(_boards(workspace, strict=strict), workspace.settings)
                    code = pushed(gathered, workspace, options, yes=True, as_json=False)
                except CardboardError as error:
                    error.show()
                    code = error.exit_code
                if code == INTERRUPTED:
                    context.exit(code)
                if code:
                    click.echo(f"Trying again in {RETRY / 60:.0f} min.", err=True)
                    debounce.again(RETRY)
            time.sleep(POLL)
    except KeyboardInterrupt:
        context.exit(INTERRUPTED)


commands: list[click.Command] = [push, status, watch]
