"""`cardboard rescore`: stored answers scored again, without any model."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import CardboardError, RecordError

if TYPE_CHECKING:
    from ..records import Result


@click.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--dry-run", is_flag=True, help="Show what would change; write nothing.")
def rescore(files: tuple[Path, ...], dry_run: bool) -> None:
    """Parse and score the stored answers of result files again with the present scorer.

    FILES are version-2 result files; they are rewritten where something changes, and the scorer's
    version is in them. What is printed is the scores before and after.

    \b
    Example:
        cardboard rescore --dry-run results/shell-mini/*.json
    """
    from ..run.result import write

    failed = False
    for file in files:
        try:
            old, new = _rescored(file)
            if new != old and not dry_run:
                write(file, new)
        except CardboardError as error:
            failed = True
            click.echo(error.format_message(), err=True)
            continue
        click.echo("\n".join(_report(file, old, new)))
    if failed:
        sys.exit(1)


def _rescored(file: Path) -> "tuple[Result, Result]":
    import msgspec

    from ..records import Result
    from ..run.result import rescored

    try:
        old = msgspec.json.decode(file.read_bytes(), type=Result)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RecordError(
            f"is not a version-2 result: {error}",
            file=file.name,
            remedy="Only files that hold each answer in full can be scored again.",
        ) from error
    return old, rescored(old, file.name)


def _report(file: Path, old: "Result", new: "Result") -> list[str]:
    """Return the lines that say what changed."""
    from ..records import value
    from ..suites.kinds.registry import kind_of

    lines = [f"{file.name}: {old.scorer or 'unknown scorer'} -> {new.scorer}"]
    for metric in kind_of(new.suite.kind).metrics:
        if metric.shown == "board":
            before, after = value(old, metric.id), value(new, metric.id)
            lines.append(f"  {metric.id:<20} {_figure(before)} -> {_figure(after)}")
    changed = sum(was != now for was, now in zip(old.steps, new.steps, strict=True))
    lines.append(f"  {changed} of {len(new.steps)} steps changed, status {new.status}")
    return lines


def _figure(found: float | None) -> str:
    return "unknown" if found is None else f"{found:g}"
