"""`cardboard score`: rows of commands scored without any suite or model."""

import sys
from collections.abc import Sequence
from json import JSONDecodeError

import click

from ....errors import RecordError
from .answers import decode_json, parse_answer
from .scoring import RULES, StepScore, UnscorableStep, rescore

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


def score_row(line: bytes, place: str) -> StepScore:
    """Score the row in *line*, which stands at *place*.

    Raises `RecordError` naming *place* and the key when the row does not hold what it must.
    """
    row = _row(line, place)
    suite = row.get("suite")
    rules = RULES.get(suite) if isinstance(suite, str) else None
    if rules is None:
        what = "is missing" if suite is None else f"is {suite!r:.60}"
        raise RecordError(f"{what}; it must be {' or '.join(RULES)}", file=place, key="suite")
    ref, pred = _units(row, "ref", place), _units(row, "pred", place)
    try:
        return rescore(ref, pred, rules)
    except UnscorableStep as error:
        raise RecordError(error.what, file=place, key="pred_command_units") from error


def _row(line: bytes, place: str) -> dict[str, object]:
    try:
        row = decode_json(line.decode())
    except UnicodeDecodeError as error:
        raise RecordError(f"not UTF-8 from byte {error.start + 1} on", file=place) from error
    except JSONDecodeError as error:
        what = f"not JSON: {error.msg} (column {error.colno})"
        raise RecordError(what, file=place) from error
    except ValueError as error:
        raise RecordError(f"not usable JSON: {error}", file=place) from error
    if not isinstance(row, dict):
        raise RecordError("must be a JSON object", file=place)
    return row


def _units(row: dict[str, object], side: str, place: str) -> Sequence[str]:
    """Return one side's units as listed, or else as parsed from its answer text."""
    key, raw_key = f"{side}_command_units", f"{side}_raw"
    units, raw = row.get(key), row.get(raw_key)
    if units is None:
        if raw is None:
            raise RecordError(f"is missing, and so is {raw_key}", file=place, key=key)
        if not isinstance(raw, str):
            raise RecordError("must be a text", file=place, key=raw_key)
        return parse_answer(raw).command_units
    if not isinstance(units, list):
        raise RecordError("must be a list of texts", file=place, key=key)
    for index, unit in enumerate(units):
        if not isinstance(unit, str):
            raise RecordError("must be a text", file=place, key=f"{key}[{index}]")
    return units
