"""`cardboard score` and `cardboard rescore`: rows or stored answers scored without any model."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import CardboardError, RecordError

if TYPE_CHECKING:
    from ..records import Result


_FIGURES = (
    ("avg_command_f1", "F1"),
    ("avg_command_precision", "precision"),
    ("avg_command_recall", "recall"),
    ("first_cmd_exact_pct", "first command %"),
    ("valid_json_pct", "valid JSON %"),
)


@click.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--dry-run", is_flag=True, help="Show what would change; write nothing.")
def rescore(files: tuple[Path, ...], dry_run: bool) -> None:
    """Parse and score the stored answers of result files again with the present scorer.

    FILES are version-1 result files; they are rewritten where something changes, and the scorer's
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
            f"is not a version-1 result: {error}",
            file=file.name,
            remedy="Only files that hold each answer in full can be scored again.",
        ) from error
    return old, rescored(old, file.name)


def _report(file: Path, old: "Result", new: "Result") -> list[str]:
    """Return the lines that say what changed."""
    lines = [f"{file.name}: {old.scorer or 'unknown scorer'} -> {new.scorer}"]
    for name, words in _FIGURES:
        before, after = getattr(old.aggregate, name), getattr(new.aggregate, name)
        lines.append(f"  {words:<16} {_figure(before)} -> {_figure(after)}")
    was = {(step.task_id, step.sample_idx, step.step_idx): step for step in old.steps}
    changed = sum(was[step.task_id, step.sample_idx, step.step_idx] != step for step in new.steps)
    lines.append(f"  {changed} of {len(new.steps)} steps changed, status {new.status}")
    return lines


def _figure(value: float | None) -> str:
    return "unknown" if value is None else f"{value:g}"


_BOM = b"\xef\xbb\xbf"


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
def score(file: str) -> None:
    """Score predicted commands against reference commands, row by row.

    FILE holds one JSON object a line; - reads standard input. A row names its suite version,
    corrected303 or legacy386, and has the commands of both sides: as lists of units, or as answer
    texts to be parsed.

    \b
        {"suite": "corrected303", "ref_command_units": ["ls -la"], "pred_command_units": ["ls"]}
        {"suite": "corrected303", "ref_raw": "{\\"commands\\": []}", "pred_raw": "pwd"}

    One row of scores is printed for each. A row that cannot be scored is named on standard error,
    the others go on, and the exit code is 1.

    \b
    Example:
        cardboard score steps.jsonl > scores.jsonl
    """
    from msgspec import json

    from ..errors import RecordError
    from ..score.score_rows import score_row

    name, failed = click.format_filename(file), False
    with click.open_file(file, "rb") as lines:
        for number, line in enumerate(lines, start=1):
            row = (line.removeprefix(_BOM) if number == 1 else line).strip()
            if not row:
                continue
            try:
                print(json.encode(score_row(row, f"{name}:{number}")).decode())
            except RecordError as error:
                failed = True
                click.echo(error.format_message(), err=True)
    if failed:
        sys.exit(1)
