"""The command that brings other programs' files into the workspace: `import`."""

from pathlib import Path

import click

from .load import boards_of, workspace_of


@click.command("import", epilog="Example: cardboard import --adopt ../lm-eval/results")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would be imported and change nothing.")
@click.option("--adopt", is_flag=True, help="Write the missing [[suites]] into board.toml.")
@click.option(
    "--sketch",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Print a mapping for this table, to be put into imports.toml.",
)
@click.pass_context
def import_(
    context: click.Context,
    paths: tuple[Path, ...],
    dry_run: bool,
    adopt: bool,
    sketch: Path | None,
) -> None:
    """Copy files, folders or patterns of other programs' results into results/imported/.

    Without a PATH it looks at what lies in results/ already.
    """
    from ..show.adoption import blocks
    from ..words.names import plural, visible
    from ..workspace.store import check_writable
    from .imports import adopt as write_suites
    from .imports import import_files, missing_suites

    if sketch is not None:
        from ..show.sketches import sketch_of

        click.echo(sketch_of(sketch), nl=False)
        return
    workspace = workspace_of(context)
    if paths and not dry_run:
        check_writable(workspace.settings.results.source)
    before = boards_of(workspace)
    done = import_files(paths, workspace, before, dry_run=dry_run)
    for line in done.refused:
        click.echo(visible(line), err=True)
    for line in done.lines:
        click.echo(visible(line))
    unknown = missing_suites(workspace, before, done.taken)
    if unknown and adopt and dry_run:
        click.echo(blocks(unknown), nl=False)
    elif unknown and adopt:
        write_suites(workspace, unknown)
    for one in unknown:
        said = "adopted into board.toml" if adopt and not dry_run else "no [[suites]] block for"
        note = "" if one.ranked else ", as a comment: nobody says which way is up"
        click.echo(
            visible(
                f"{said}: {one.name} {one.version} ({plural(len(one.results), 'result')}){note}"
            )
        )
    if unknown and not adopt:
        click.echo("cardboard import --adopt writes what is missing into board.toml.")
    if paths and not done.taken:
        context.exit(1)
