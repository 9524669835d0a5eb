"""`cardboard attest`: what the judge found, as a statement bound to each result file's hash."""

import click

from .load import boards_of, workspace_of


@click.command(epilog="Example: cardboard attest")
@click.pass_context
def attest(context: click.Context) -> None:
    """Write an in-toto test-result statement for each result to attestations/; none is signed."""
    from ..attest.attestations import FOLDER, write_statements

    workspace = workspace_of(context)
    written = write_statements(boards_of(workspace), workspace.root)
    click.echo(
        f"{FOLDER}: {written.changed} of {written.total} statements written, none of them signed"
    )
