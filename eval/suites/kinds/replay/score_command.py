"""`cardboard score`: rows of commands scored without any suite or model."""

import sys

import click

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

    from ....errors import RecordError
    from .score_rows import score_row

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
