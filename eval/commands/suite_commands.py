"""The commands that make and describe suites: suite build, suite record, suite info."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click


@click.group()
def suite() -> None:
    """Make and describe suites: the fixed sets of steps that models are asked."""


@suite.command(epilog="Example: cardboard suite info shell-mini --format toml")
@click.argument("source")
@click.option("--name", help="The suite's name, where its rows do not say it.")
@click.option("--version", help="The suite's version, where its rows do not say it.")
@click.option("--empty-references", is_flag=True, help="Accept references without a command.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "toml"]),
    default="table",
    show_default=True,
    help="How to print; toml is a block for board.toml.",
)
def info(
    source: str, name: str | None, version: str | None, empty_references: bool, form: str
) -> None:
    """Check the rows of SOURCE and print identity, size and parts of the suite.

    SOURCE is the name of a packaged suite or of one in the workspace's suites/, a file of JSON
    lines or one JSON array, packed with gzip or not, or a file of a Hub dataset:
    hf://datasets/ORG/NAME@REVISION/FILE.
    """
    from msgspec import json

    from ..suites.info import as_text, as_toml, facts
    from ..suites.source import load

    root: Path = click.get_current_context().find_root().params.get("workspace") or Path()
    rows = load(
        source,
        folder=root / "suites",
        name=name,
        version=version,
        empty_references=empty_references,
    )
    told = facts(rows)
    if form == "json":
        click.echo(json.format(json.encode(told), indent=2))
    else:
        click.echo(as_toml(told) if form == "toml" else as_text(told))


@suite.command(epilog="Example: cardboard suite build talks.jsonl --thoughts strip -o rows.jsonl")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--thoughts",
    required=True,
    type=click.Choice(["keep", "strip"]),
    help="What becomes of <think> parts in the answers that prompts hold.",
)
@click.option("--name", help="The suite's name, written into its rows.")
@click.option("--version", help="The suite's version, written into its rows.")
def build(
    files: tuple[str, ...], output: Path, thoughts: str, name: str | None, version: str | None
) -> None:
    """Make rows from FILES of conversations, one JSON object with messages a line.

    Each answer becomes a step, its prompt being all turns before it. Answers that hold no JSON
    object or no command are left out as steps, and stay in the prompts of later ones; how many, and
    why, is printed.
    """
    from ..errors import CardboardError
    from ..suites.kinds.replay import build as suite_build
    from ..suites.suite import encode

    built = suite_build.build(
        _lines(files),
        thoughts="keep" if thoughts == "keep" else "strip",
        name=name,
        version=version,
    )
    for fault in built.malformed:
        click.echo(fault, err=True)
    click.echo(f"read: {built.conversations} conversations, {built.answers} answers")
    for reason, count in built.dropped.items():
        if count:
            click.echo(f"left out: {count} {suite_build.DROPS[reason]} ({reason})")
    if not built.rows:
        raise CardboardError("no answer could be made a step", remedy=f"{output} is not written.")
    _write(output, encode(built.rows))
    tasks = len({(row.task_id, row.sample_idx) for row in built.rows})
    click.echo(f"{len(built.rows)} steps of {tasks} tasks -> {output}")


@suite.command(epilog="Example: cardboard suite record eval/suites/data/shell-mini")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--only", metavar="TASK", help="Play one task and print its terminal; write nothing.")
@click.option(
    "--isolation",
    type=click.Choice(["auto", "bubblewrap", "plain"]),
    default="auto",
    show_default=True,
    help="How commands are shut in; plain gives them your machine's files and network.",
)
def record(folder: Path, output: Path | None, only: str | None, isolation: str) -> None:
    """Play the reference commands of the tasks in FOLDER and write what the terminal showed.

    FOLDER holds suite.toml and tasks/*.toml; the rows go to FOLDER/NAME.jsonl unless -o says
    otherwise. The programs that the tasks use must be installed; see suite.toml.
    """
    from ..sandbox.sandbox import PLAIN_WARNING, chosen
    from ..suites.info import as_text, facts
    from ..suites.kinds.replay import recording
    from ..suites.kinds.replay.definitions import read
    from ..suites.suite import Suite, encode

    definition, walls = read(folder), chosen(isolation)
    if walls == "plain":
        click.secho(PLAIN_WARNING, fg="yellow", err=True)
    rows = recording.record(definition, isolation=walls, only=only, progress=_progress)
    if only:
        for message in rows[-1].messages[1:]:
            click.echo(message.content)
        return
    output = output or folder / f"{definition.name}.jsonl"
    _write(output, encode(rows))
    click.echo(f"-> {output}")
    suite = Suite(name=definition.name, version=definition.version, rows=rows)
    click.echo(as_text(facts(suite)))


def _progress(task: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"playing {task}", err=True)


def _lines(files: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    for file in files:
        with Path(file).open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield f"{click.format_filename(file)}:{number}", line


def _write(path: Path, content: bytes) -> None:
    """Write aside, then move into place, so that a crash leaves no half file."""
    from ..errors import CardboardError

    aside = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.write_bytes(content)
        aside.replace(path)
    except OSError as error:
        raise CardboardError(
            f"cannot be written: {error.strerror or error}", file=str(path)
        ) from error
