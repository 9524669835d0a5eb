"""The commands that check what would be published, and that write the model cards."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...board.commands.load import boards_of, workspace_of
from ...board.words.names import plural, visible

if TYPE_CHECKING:
    from ...board.model import Boards
    from ...board.words.catalogue import Words
    from ...board.workspace.settings import Workspace


@click.command(epilog="Example: cardboard cards")
@click.pass_context
def cards(context: click.Context) -> str:
    """Write a card for every model to build/cards; only what differs is touched."""
    from ...board.workspace.stamp import Stamp

    workspace = workspace_of(context)
    stamp = Stamp(workspace, "written", ["cards"])
    if (written := stamp.unchanged()) is not None:
        for line in written.told:
            click.echo(line)
        return written.told[0]
    from ...board.words.catalogue import Words
    from ...board.workers import collector_paused
    from ..text.card import left_out_lines
    from ..text.write import write_cards

    context.with_resource(collector_paused())
    report = write_cards(boards_of(workspace), workspace)
    removed = f", {len(report.removed)} removed" if report.removed else ""
    click.echo(f"{len(report.changed)} of {plural(report.total, 'card')} changed{removed}")
    lines = list(map(visible, left_out_lines(report.left_out, Words("en"))))
    for line in lines:
        click.echo(line)
    unchanged = f"0 of {plural(report.total, 'card')} changed"
    stamp.keep(told=[unchanged, *lines])
    return unchanged


@click.command(epilog="Example: cardboard check --strict")
@click.option("--strict", is_flag=True, help="Exit with 1 if a file or a card is refused.")
@click.option(
    "--attested", is_flag=True, help="Check attestations/ too; exit with 1 if one is broken."
)
@click.option("--needs", is_flag=True, help="List what must be measured or scored again, and why.")
@click.pass_context
def check(context: click.Context, strict: bool, attested: bool, needs: bool) -> None:
    """Read every result file, lint every card, and say what is wrong; change nothing."""
    from ...board.show.check_report import needs_lines, report
    from ...board.words.catalogue import Words
    from ...board.workspace.layouts import check_templates
    from ..text.lint import lint_cards

    workspace = workspace_of(context)
    check_templates(workspace.settings.overrides.templates)
    boards = boards_of(workspace)
    outcome = report(boards, workspace)
    for line in outcome.lines:
        click.echo(visible(line))
    for line in needs_lines(boards, every=needs):
        click.echo(visible(line))
    words = Words("en")
    problems = list(lint_cards(boards, workspace.settings))
    for slug, finding in problems:
        click.echo(f"Card {slug}: {finding.severity} {finding.code}: {words.finding(finding)}")
    refused = len({slug for slug, _ in problems})
    click.echo(f"{plural(refused, 'card')} would be refused by the Hub")
    broken = attested and _tell_attested(boards, workspace, words)
    if broken or (strict and (outcome.broken or problems)):
        context.exit(1)


def _tell_attested(boards: "Boards", workspace: "Workspace", words: "Words") -> bool:
    """Say what of the workspace's statements does not hold; return whether any is broken."""
    from ...board.attest.attestations import read_statements
    from ...board.attest.statements import check as check_statements

    found = check_statements(read_statements(workspace.root), boards)
    for one in found.findings:
        click.echo(visible(f"{one.file}: {one.severity} {one.code}: {words.finding(one)}"))
    click.echo(
        f"Attestations: {found.statements}, {found.broken} broken, {found.missing} results without "
        "one; signatures are not checked"
    )
    return found.broken > 0


@click.command(epilog="Example: cardboard add ../runs/model.json")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would change and add nothing.")
@click.option(
    "--to-store", is_flag=True, help="Open a pull request to the store on the Hub instead."
)
@click.option("--adopt", is_flag=True, help="Write the suite of judgements into board.toml.")
@click.pass_context
def add(
    context: click.Context, files: tuple[Path, ...], dry_run: bool, to_store: bool, adopt: bool
) -> None:
    """Check result FILES, copy them into results/, and print what moves on boards and cards.

    Of a log of `cardboard try` (.jsonl), what was judged becomes a result for each model and
    settings, on a board of its own.
    """
    from ...board.workspace.store import check_writable
    from .additions import add_files, missing_board

    workspace = workspace_of(context)
    if (block := missing_board(files, workspace)) and adopt and not dry_run:
        from ...board.commands.imports import add_blocks

        add_blocks(workspace, block)
        workspace = workspace_of(context)
        click.echo("adopted into board.toml: the board of what a person judged")
    elif block:
        click.echo(f"No board for what a person judged; --adopt writes into board.toml:\n\n{block}")
    if not (dry_run or to_store):
        check_writable(workspace.settings.results.source)
    added = add_files(files, workspace, boards_of(workspace), dry_run=dry_run or to_store)
    for line in added.refused:
        click.echo(visible(line), err=True)
    for line in added.lines:
        click.echo(visible(line))
    if to_store and not dry_run and added.files:
        from .store_commands import propose

        propose(workspace, added.files)
    if added.refused:
        context.exit(1)
