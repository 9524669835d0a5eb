"""The commands that check what would be published, and that write the model cards."""

import click

from ..board.opening import boards_of, workspace_of


@click.command(epilog="Example: cardboard cards")
@click.pass_context
def cards(context: click.Context) -> None:
    """Write a card for every model to build/cards; only what differs is touched."""
    from .write import write_cards

    workspace = workspace_of(context)
    report = write_cards(boards_of(workspace), workspace)
    removed = f", {len(report.removed)} removed" if report.removed else ""
    click.echo(f"{len(report.changed)} of {report.total} cards changed{removed}")


@click.command(epilog="Example: cardboard check --strict")
@click.option("--strict", is_flag=True, help="Exit with 1 if a file or a card is refused.")
@click.pass_context
def check(context: click.Context, strict: bool) -> None:
    """Read every result file, lint every card, and say what is wrong; change nothing."""
    from ..board.checking import report
    from ..board.words import Words
    from .lint import lint_cards

    workspace = workspace_of(context)
    boards = boards_of(workspace)
    outcome = report(boards, workspace)
    for line in outcome.lines:
        click.echo(line)
    words = Words("en")
    problems = list(lint_cards(boards, workspace.settings))
    for slug, finding in problems:
        click.echo(f"Card {slug}: {finding.severity} {finding.code}: {words.finding(finding)}")
    click.echo(f"{len({slug for slug, _ in problems})} cards would be refused by the Hub")
    if strict and (outcome.broken or problems):
        context.exit(1)
