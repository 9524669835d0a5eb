"""Finished results into the workspace, and exactly what that changes on boards and cards."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from ...board.commands.imports import copy_in, refusal, survey
from ...board.commands.imports import told as told_of
from ...board.history.changes import changes
from ...board.judge.build import build_boards
from ...board.model import Boards, Reading
from ...board.read.decoding.files import status_of
from ...board.read.decoding.json_object import Undecodable
from ...board.read.reader import read_file
from ...board.read.verdicts import BLOCK, SUITE, SUITE_VERSION, results_of
from ...board.show.explanation import told_move
from ...board.words.catalogue import Words
from ...board.words.names import plural
from ...board.workspace.settings import Workspace
from ...eval.errors import UsageError
from ...eval.run.result import write
from ..text.card import cards_of
from ..text.render import Renderer

LOG = ".jsonl"
"""The ending of what `cardboard try` keeps."""
USABLE = ("result", "partial", "postprocessed", "published-table")


class Taken(Struct, frozen=True, kw_only=True):
    """A file to be added: where it lies, what it says, and its name below `results/`."""

    source: Path
    reading: Reading
    name: str
    present: str | None
    """The file below `results/` that holds the same bytes already."""


class Added(Struct, frozen=True, kw_only=True):
    """What adding files came to: lines to print, remarks on what was left out."""

    lines: tuple[str, ...]
    refused: tuple[str, ...]
    files: dict[str, Path]
    """What is new: where each file lies, by its name below the results."""


def add_files(
    files: Sequence[Path], workspace: Workspace, before: Boards, *, dry_run: bool
) -> Added:
    """Copy *files* into the workspace's results, and say what that changes against *before*.

    With *dry_run* nothing is copied, else only after all was computed. Raises `UsageError` for a
    file that is not there.
    """
    refused: list[str] = []
    taken: list[Taken] = []
    foreign: list[Path] = []
    for path in (made for one in files for made in _made(one, workspace)):
        reading = _reading(path, workspace)
        if reading.kind == "import" and reading.parts:
            foreign.append(path)
        elif (one := _take(path, reading, before, refused)) is not None:
            taken.append(one)
    imports, _ = survey(foreign, workspace, before)
    fresh = [one for one in taken if one.present is None]
    lines = [
        f"{one.source} "
        + (f"is there already as {one.present}" if one.present else f"-> results/{one.name}")
        for one in taken
    ]
    lines += [line for one in imports for line in told_of(one)]
    added = [replace(one.reading, file=one.name) for one in fresh]
    added += [one.placed for one in imports if one.present is None]
    after = build_boards([*before.readings, *added], workspace) if added else before
    told = _told(before, after, workspace)
    for one in [] if dry_run else fresh:
        _copy(one.source, workspace.results / one.name)
    for found in [] if dry_run else imports:
        copy_in(found, workspace)
    new = {one.name: one.source for one in fresh}
    for found in imports:
        new |= found.copies if found.present is None else {}
    return Added(lines=(*lines, *told), refused=tuple(refused), files=new)


def missing_board(files: Sequence[Path], workspace: Workspace) -> str | None:
    """Return what board.toml lacks for the logs of `cardboard try` among *files*, if anything."""
    known = {(suite.name, suite.version) for suite in workspace.settings.suites}
    logs = any(path.suffix == LOG for path in files)
    return BLOCK if logs and (SUITE, SUITE_VERSION) not in known else None


def _made(path: Path, workspace: Workspace) -> Iterator[Path]:
    """Yield *path*; of a log the results of what was judged in it, in files of their own.

    Raises RecordError where nothing was.
    """
    if path.suffix != LOG or not path.is_file():
        yield path
        return
    try:
        status_of(path)
    except Undecodable as error:
        raise UsageError(Words("en").finding(error.finding), file=path.name) from None
    folder = workspace.root / ".cardboard" / "judged"
    for number, result in enumerate(results_of(path.read_bytes(), path.name), start=1):
        made = folder / f"{path.stem}-{number}.json"
        write(made, result)
        yield made


def _reading(path: Path, workspace: Workspace) -> Reading:
    if not path.exists():
        raise UsageError("no such file", file=str(path), remedy="Name finished result files.")
    return read_file(path, tables=workspace.tables)


def _take(path: Path, reading: Reading, boards: Boards, refused: list[str]) -> Taken | None:
    """Return *path* as a file to add; tell *refused* why where it holds no result."""
    if reading.result is None or reading.kind not in USABLE:
        refused.append(refusal(f"{path}: not added, it is no result ({reading.kind})", reading))
        return None
    same = next((r.file for r in boards.readings if r.sha256 == reading.sha256), None)
    return Taken(source=path, reading=reading, name=_name(reading), present=same)


def _name(reading: Reading) -> str:
    """Return the file name: model, suite where recorded, and the content's hash."""
    result = reading.result
    assert result is not None
    suite = "-".join(part for part in (result.suite.name, result.suite.version) if part)
    parts = (result.model.id.replace("/", "__"), suite, reading.sha256[:8])
    safe = (re.sub(r"[^A-Za-z0-9._-]+", "-", part)[:80].strip("-.") for part in parts if part)
    return "--".join(filter(None, safe)) + ".json"


def _copy(source: Path, target: Path) -> None:
    """Write *target* whole or not at all, and never over another file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.aside")
    aside.write_bytes(source.read_bytes())
    try:
        os.link(aside, target)
    except FileExistsError:
        raise UsageError(
            "another file has this name", file=str(target), remedy="Rename or remove that file."
        ) from None
    finally:
        aside.unlink()


def _told(before: Boards, after: Boards, workspace: Workspace) -> list[str]:
    lines = [told_move(change) for change in changes(before, after)]
    old, new = _cards(before, workspace), _cards(after, workspace)
    changed = sorted(slug for slug, text in new.items() if old.get(slug) != text)
    moved = f"{len(lines)} {'entry moves' if len(lines) == 1 else 'entries move'}"
    lines.append(f"{moved}; {len(changed)} of {plural(len(new), 'card')} change")
    lines += _placeless(before, after)
    lines += [f"  card {slug}{'' if slug in old else ' (new)'}" for slug in changed]
    return lines


def _placeless(before: Boards, after: Boards) -> Iterator[str]:
    """Say of each result that came onto no board why it did not."""
    say, known = Words("en").finding, {entry.result_id for entry in before.unplaced}
    for entry in after.unplaced:
        if entry.result_id not in known:
            why = [say(one) for one in entry.findings if one.code == "suite-unknown"]
            yield " ".join((f"on no board: {entry.label}.", *why))


def _cards(boards: Boards, workspace: Workspace) -> dict[str, str]:
    renderer = Renderer(workspace.settings)
    return {c.slug: renderer.readme(c) for c in cards_of(boards, workspace.settings)}
