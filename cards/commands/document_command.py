"""`cardboard document`: what regulation asks of a model's provider, from evidence alone."""

import click

from ...board.commands.load import boards_of, workspace_of


@click.command(epilog="Example: cardboard document org/model")
@click.argument("model")
@click.pass_context
def document(context: click.Context, model: str) -> None:
    """Write documentation of MODEL to build/documents: fields that EU and Korean law ask for.

    They are filled from results and models.toml, everything else is "not recorded". This is no
    legal advice.
    """
    from ..documents.documentation import counted, entries_of, recorded
    from ..documents.documentation import document as text_of

    workspace = workspace_of(context)
    entries = entries_of(boards_of(workspace), model)
    folder = workspace.build / "documents"
    folder.mkdir(parents=True, exist_ok=True)
    settings = workspace.settings
    for language in settings.board.languages:
        path = folder / f"{entries[0][1].slug}.{language}.md"
        path.write_text(text_of(entries, settings, language), encoding="utf-8", newline="\n")
        click.echo(str(path))
    held, every = counted(recorded(entries, settings.words(settings.board.languages[0])))
    click.echo(f"{held} of {every} fields recorded; no legal advice.")
