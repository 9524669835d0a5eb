"""The commands about result files themselves: `merge`, `schema` and `attest`."""

import json
import os
from pathlib import Path

import click

from ...eval.run.plans.parts import Part, doubts
from .load import boards_of, workspace_of

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(
    epilog="Example: cardboard merge run.part00.json run.part01.json -o results/run.json"
)
@click.argument("parts", metavar="PART...", nargs=-1, required=True, type=_FILE)
@click.option("-o", "--output", required=True, type=_FILE, help="Where the result is written.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def merge(parts: tuple[Path, ...], output: Path, force: bool) -> None:
    """Make one result of all parts of a split run, checked step by step."""
    from ...eval.errors import UsageError, plural
    from ...eval.records import encode, value
    from ...eval.run.plans.merge import merge as merged
    from ...eval.suites.kinds.registry import kind_of

    if output.exists() and not force:
        raise UsageError(f"{output} exists", remedy="Name another file, or give --force.")
    if not output.parent.is_dir():
        raise UsageError(f"there is no folder {output.parent}", remedy="Make it first.")
    if output.resolve() in {part.resolve() for part in parts}:
        raise UsageError(f"{output} is one of the parts", remedy="Name another file.")
    read = [_part(path) for path in parts]
    result = merged(read)
    for doubt in doubts(read):
        click.echo(f"Warning: {doubt}", err=True)
    aside = output.with_name(f".{output.name}.{os.getpid()}")
    aside.write_bytes(encode(result))
    aside.replace(output)
    ranked = next((metric for metric in kind_of(result.suite.kind).metrics if metric.ranked), None)
    found = None if ranked is None else value(result, ranked.id)
    told = "no score"
    if ranked is not None and found is not None:
        told = f"score {ranked.printed(found):.{ranked.decimals}f}"
    click.echo(
        f"{output}: {result.model.id}, {plural(result.counts.scored or 0, 'step')} of "
        f"{plural(len(parts), 'part')}, "
        f"{result.status}, {told}"
    )


@click.command(epilog="Example: cardboard schema > result.schema.json")
def schema() -> None:
    """Print the JSON Schema of a result file."""
    from ...eval import records

    click.echo(json.dumps(records.schema(), indent=2, ensure_ascii=False))


def _part(path: Path) -> Part:
    """Return the part in the file at *path*; raise `RecordError` where it holds none."""
    from ...eval.errors import RecordError
    from ..read.reader import problems, read_whole

    reading, result = read_whole(path)
    if result is None:
        told = [f"{one.key}: {one.code}" if one.key else one.code for one in problems([reading])]
        raise RecordError(", ".join(told) or f"is of the kind {reading.kind}", file=str(path))
    return Part(str(path), reading.sha256, result)


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
