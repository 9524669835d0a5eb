"""The command that writes the model cards."""

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


commands: list[click.Command] = [cards]
