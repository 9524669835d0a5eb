"""The commands that make and describe suites: suite build, check, record, import and info."""

import sys
from collections.abc import Container, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import plural

if TYPE_CHECKING:
    from ..suites.kinds.replay.build import Built
    from ..suites.shapes.files import Fault
    from ..suites.shapes.registry import Read

MOST_FAULTS = 50
"""Conversations that cannot be read and are named one by one."""


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
@click.option("--shape", help="The shape of the conversations, where two fit.")
@click.option("--name", help="The suite's name, written into its rows.")
@click.option("--version", help="The suite's version, written into its rows.")
def build(
    files: tuple[str, ...],
    output: Path,
    thoughts: str,
    shape: str | None,
    name: str | None,
    version: str | None,
) -> None:
    """Make rows from FILES of recorded conversations of any shape that is known.

    Each document is told by its keys, so that a file may hold several shapes. Each answer that
    types a command becomes a step, its prompt being all turns before it. Other answers are left out
    as steps, and stay in the prompts of later ones; how many, and why, is printed.
    """
    from ..errors import CardboardError
    from ..suites.kinds.replay import build as suite_build
    from ..suites.suite import encode

    built = suite_build.build(
        _found(files, shape),
        thoughts="keep" if thoughts == "keep" else "strip",
        name=name,
        version=version,
    )
    _account(built)
    if not built.rows:
        raise CardboardError("no answer could be made a step", remedy=f"{output} is not written.")
    _write(output, encode(built.rows))
    tasks = len({(row.task_id, row.sample_idx) for row in built.rows})
    click.echo(f"{plural(len(built.rows), 'step')} of {plural(tasks, 'task')} -> {output}")


@suite.command(epilog="Example: cardboard suite check *.jsonl *.cast trajectories/*.json")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False))
@click.option("--shape", help="The shape of the conversations, where two fit.")
def check(files: tuple[str, ...], shape: str | None) -> None:
    """Say what `suite build` would make of FILES, and write nothing.

    Ends with 1 where a conversation cannot be read or no answer would become a step.
    """
    from ..suites.kinds.replay.build import build

    built = build(_found(files, shape), thoughts="keep")
    _account(built)
    tasks = len({(row.task_id, row.sample_idx) for row in built.rows})
    click.echo(f"{plural(len(built.rows), 'step')} of {plural(tasks, 'task')}")
    if built.malformed or not built.rows:
        raise click.exceptions.Exit(1)


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


@suite.command(epilog="Example: cardboard suite export shell-live --to harbor tasks/")
@click.argument("source", metavar="SUITE")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--to", "form", type=click.Choice(["harbor"]), required=True, help="For which program."
)
def export(source: str, folder: Path, form: str) -> None:
    """Write the scenarios of a shell SUITE into FOLDER, as tasks of another program.

    For Harbor each scenario is a folder with task.toml, instruction.md, environment, tests and
    solution. Results of its jobs come back with `cardboard add` or from results/.
    """
    from ..errors import UsageError
    from ..suites.kinds.shell.harbor import folders
    from ..suites.kinds.shell.rows import ShellRow
    from ..suites.source import load

    root: Path = click.get_current_context().find_root().params.get("workspace") or Path()
    found = load(source, folder=root / "suites")
    rows = [row for row in found.rows if isinstance(row, ShellRow)]
    if not rows:
        raise UsageError(
            "holds no scenario of a shell",
            key=source,
            remedy="Only suites of the kind shell can be exported, shell-live for one.",
        )
    if folder.exists() and any(folder.iterdir()):
        raise UsageError("is not empty", key=str(folder), remedy="Name a new folder.")
    name, version = found.name or folder.name, found.version or "1"
    for path, text in folders(rows, suite=name, version=version):
        _write(folder / path, text.encode("utf-8"))
    click.echo(f"{plural(len(rows), 'task')} for {form.title()} -> {folder}")


@suite.command(
    "import", epilog="Example: cardboard suite import bfcl --wheel bfcl_eval-2026.3.23-*.whl"
)
@click.argument("source", type=click.Choice(["bfcl"]))
@click.option(
    "--wheel",
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The package as its authors publish it: pip download --no-deps bfcl_eval.",
)
@click.option("--categories", help="Only these, by commas, in a suite of another name.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False))
def import_suite(source: str, wheel: Path, categories: str | None, output: Path | None) -> None:
    """Make rows of the public items of SOURCE, a benchmark whose data you have fetched yourself.

    The wheel is read as an archive: nothing of it is installed or executed, and no item comes with
    this package. Answers are scored by our rules and by BFCL's own, side by side. The rows go to
    suites/ of the workspace unless -o says otherwise.
    """
    from ..suites.kinds.calls import bfcl
    from ..suites.suite import encode

    root: Path = click.get_current_context().find_root().params.get("workspace") or Path()
    named = tuple(one.strip() for one in categories.split(",")) if categories else bfcl.CATEGORIES
    found = bfcl.read(wheel, named)
    for name, fault, why in found.left_out[:MOST_FAULTS]:
        click.echo(f"{name}: {why or bfcl.FAULTS[fault]}", err=True)
    for fault, words in bfcl.FAULTS.items():
        if count := sum(one == fault for _, one, _ in found.left_out):
            click.echo(f"left out: {count} {words} ({fault})")
    for category, why in bfcl.NOT_OURS.items():
        click.echo(f"left out: {category}, where {why}")
    for category, count in found.counts.items():
        click.echo(f"{category:<24} {count}")
    output = output or root / "suites" / f"{found.name}-{found.version}.jsonl"
    _write(output, encode(found.rows))
    click.echo(f"{plural(len(found.rows), 'step')} of {found.name} {found.version} -> {output}")


def _progress(task: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"playing {task}", err=True)


def _found(files: Iterable[str], shape: str | None) -> "Iterator[Read | Fault]":
    from ..suites.shapes.registry import read

    for file in files:
        yield from read(Path(file), shape=shape, name=click.format_filename(file))


def _account(built: "Built") -> None:
    """Print what was read, what is to be known of it, and what was left out and why."""
    from ..suites.kinds.registry import KINDS
    from ..suites.kinds.replay.build import DROPS, UNFIT
    from ..suites.shapes.conversation import NOTES

    for fault in built.malformed[:MOST_FAULTS]:
        click.echo(fault, err=True)
    if len(built.malformed) > MOST_FAULTS:
        click.echo(f"and {len(built.malformed) - MOST_FAULTS} more", err=True)
    for remedy in dict.fromkeys(fault.remedy for fault in built.malformed if fault.remedy):
        click.echo(remedy, err=True)
    click.echo(
        f"read: {plural(built.conversations, 'conversation')}, {plural(built.answers, 'answer')}"
    )
    if built.shapes:
        told = (f"{name} {count}" for name, count in built.shapes.items())
        click.echo(f"shapes: {', '.join(told)}")
    for code, words in NOTES.items():
        if built.notes.get(code):
            click.echo(f"noted: {words}: {built.notes[code]} ({code})")
    for reason, (noun, words) in DROPS.items():
        if count := built.dropped[reason]:
            click.echo(f"left out: {plural(count, noun)} {words} ({reason})")
    for code, count in built.unfit.items():
        what = f"{plural(count, 'conversation')} {UNFIT[code]}"
        click.echo(f"without a command: {what}{_fitting(code, built, KINDS)}")


def _fitting(code: str, built: "Built", kinds: Container[str]) -> str:
    """Return which kind of suite asks what conversations without a command hold."""
    if code == "no-turns":
        return ": nothing is asked in them"
    if code == "words":
        return ": the kind home asks such questions, and wants clauses that you write for each"
    named = ", ".join(built.tools[:5]) + (" ..." if len(built.tools) > 5 else "")
    there = "" if "calls" in kinds else ", which this version does not have"
    return f" ({named}): that is for suites of the kind calls{there}"


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
