"""Files of other programs into the workspace: what they hold, where they go, which boards lack."""

import os
import posixpath
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from msgspec import Struct
from msgspec.structs import replace

from ...eval.backends.gguf.figures import FileFigures
from ...eval.errors import ConfigError, UsageError
from ..model import Boards, Reading
from ..read.decoding.files import READ, ROWS, ending_of, files, is_measured
from ..read.importing import format_named
from ..read.reader import read_file
from ..show.adoption import Unknown, blocks, unknown_suites
from ..words.catalogue import Words
from ..words.names import plural, visible
from ..workspace.configuration import open_workspace
from ..workspace.settings import Workspace

FOLDER = "imported"
MOST_LISTED = 40
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\\]")


class Taken(Struct, frozen=True, kw_only=True):
    """A foreign file to be imported, with what is read along with it."""

    source: Path
    reading: Reading
    copies: dict[str, Path]
    """Where each file goes below `results/`, the foreign file's own name first."""
    present: str | None
    """The file below `results/` that is the same already."""

    @property
    def placed(self) -> Reading:
        """Return its reading as that of the copy."""
        parts = tuple(replace(part, file=self.name) for part in self.reading.parts)
        return replace(self.reading, file=self.name, parts=parts)

    @property
    def name(self) -> str:
        """Return where the file itself goes."""
        return next(iter(self.copies))


class Imported(Struct, frozen=True, kw_only=True):
    """What an import came to: lines to print, and what was left out and why."""

    lines: tuple[str, ...]
    refused: tuple[str, ...]
    taken: tuple[Taken, ...]


def import_files(
    paths: Sequence[Path], workspace: Workspace, before: Boards, *, dry_run: bool
) -> Imported:
    """Copy foreign files into `results/imported/`, unchanged, and say what they hold.

    *paths* are files, folders and patterns. With *dry_run* nothing is copied. Raises `UsageError`
    for a path where nothing is.
    """
    taken, refused = survey(paths, workspace, before)
    lines = tuple(line for one in taken for line in told(one))
    for one in [] if dry_run else taken:
        copy_in(one, workspace)
    return Imported(lines=lines, refused=tuple(refused), taken=tuple(taken))


def copy_in(one: Taken, workspace: Workspace) -> None:
    """Copy a foreign file into the results with all that belongs to it, if it is not there."""
    if one.present is None:
        for name, source in one.copies.items():
            _copy(source, workspace.results / name)


def missing_suites(
    workspace: Workspace, before: Boards, taken: Sequence[Taken]
) -> tuple[Unknown, ...]:
    """Return the suites of all imported results, present and *taken*, that no board is for."""
    fresh = [one.reading for one in taken if one.present is None]
    return unknown_suites([*before.readings, *fresh], workspace.settings.suites)


def adopt(workspace: Workspace, unknown: Sequence[Unknown]) -> str:
    """Add blocks for *unknown* suites to board.toml, and return them.

    Everything that stands there is kept. Raises `ConfigError` where the file with the blocks could
    not be used, and leaves it as it was.
    """
    return add_blocks(workspace, blocks(unknown))


def add_blocks(workspace: Workspace, added: str) -> str:
    """Add text to board.toml, and return it; as `adopt`."""
    path = workspace.root / "board.toml"
    whole = f"{path.read_text(encoding='utf-8').rstrip()}\n\n{added}"
    aside = workspace.root / ".cardboard" / "adopted"
    aside.mkdir(parents=True, exist_ok=True)
    try:
        for name in ("models.toml", "imports.toml"):
            if (workspace.root / name).exists():
                shutil.copyfile(workspace.root / name, aside / name)
        (aside / "board.toml").write_text(whole, encoding="utf-8", newline="\n")
        try:
            open_workspace(aside)
        except ConfigError as error:
            raise ConfigError(
                f"cannot take the new suites: {error}",
                file="board.toml",
                remedy="Nothing was changed; write the blocks that --dry-run prints by hand.",
            ) from None
        (aside / "board.toml").replace(path)
    finally:
        shutil.rmtree(aside)
    return added


def survey(
    paths: Sequence[Path], workspace: Workspace, before: Boards
) -> tuple[list[Taken], list[str]]:
    """Return what can be imported of *paths*, and why the rest cannot."""
    refused: list[str] = []
    taken: list[Taken] = []
    names: set[str] = {reading.file for reading in before.readings}
    along: set[Path] = set()
    others: Counter[str] = Counter()
    readings: list[tuple[Path, Reading]] = []
    loose: list[Path] = []
    for path in _found(paths):
        ending = ending_of(path.name)
        if ending in READ or is_measured(path):
            reading = read_file(path, tables=workspace.tables)
            readings.append((path, reading))
            along |= {_from(path, where) for where in reading.beside}
        elif ending in ROWS:
            loose.append(path)
        else:
            others[ending or path.name] += 1
    for path, reading in readings:
        if _from(path, "") in along:
            continue
        if reading.kind != "import":
            own = reading.result is not None
            why = "a result file of cardboard's own: use cardboard add" if own else reading.kind
            refused.append(refusal(f"{path}: not imported ({why})", reading, errors_only=own))
        elif not reading.parts and not reading.measures:
            refused.append(refusal(f"{path}: not imported ({reading.shape})", reading))
        else:
            taken.append(_take(path, reading, before, names))
            names.add(taken[-1].name)
    refused += [
        f"{path}: not imported, it belongs to no file that is read"
        for path in loose
        if _from(path, "") not in along
    ]
    refused += [f"{plural(n, 'file')} {ending}: not read" for ending, n in sorted(others.items())]
    return taken, refused


def _found(paths: Sequence[Path]) -> Iterator[Path]:
    """Yield every file at *paths*, each once: files, what is below folders, what patterns fit."""
    seen: set[Path] = set()
    for path in paths:
        if path.exists():
            fitting = [path]
        elif any(sign in str(path) for sign in "*?["):
            start = Path(path.anchor or ".")
            fitting = sorted(start.glob(str(path.relative_to(path.anchor))))
        else:
            fitting = []
        if not fitting:
            raise UsageError(
                "no such file", file=str(path), remedy="Name files, folders or patterns."
            )
        for one in fitting:
            inside = [file.path for file in files(one)] if one.is_dir() else [one]
            for file in inside:
                if file not in seen:
                    seen.add(file)
                    yield file


def _from(path: Path, where: str) -> Path:
    """Return what lies at *where* as seen from the file at *path*; the file itself for nothing."""
    full = path.absolute()
    return Path(posixpath.normpath(full.parent / where if where else full))


def refusal(what: str, reading: Reading, *, errors_only: bool = False) -> str:
    """Return *what* was refused with its findings, in one line."""
    return ": ".join((what, " ".join(_findings(reading, errors_only=errors_only)))).rstrip(": ")


def _findings(reading: Reading, *, errors_only: bool = False) -> Iterator[str]:
    say = Words("en")
    for one in reading.findings:
        if one.severity == "error" or not errors_only:
            remedy = say.remedy(one) if one.severity == "error" else None
            yield f"{one.code}: {' '.join(filter(None, (say.finding(one), remedy)))}"


def _take(path: Path, reading: Reading, before: Boards, names: set[str]) -> Taken:
    found = format_named(reading.shape)
    assert found is not None
    same = next((r.file for r in before.readings if r.identity == reading.identity), None)
    whole = PurePosixPath(*path.absolute().parts[1:])
    parts = [_safe(part) for part in whole.parts[-1 - found.parents(whole) :]]
    name = posixpath.join(FOLDER, found.name, *parts)
    if name in names and same is None:
        name = posixpath.join(FOLDER, found.name, reading.identity[:8], *parts)
    copies = {name: path}
    for where in reading.beside:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(name), where))
        copies[target] = path.parent / where
    return Taken(source=path, reading=reading, copies=copies, present=same)


def _safe(part: str) -> str:
    """Return a folder's or file's name as one that every system takes and that is not hidden."""
    plain = _UNSAFE.sub("_", part)
    return plain if plain == ".eval_results" else plain.lstrip(".") or "_"


def _copy(source: Path, target: Path) -> None:
    """Write *target* whole or not at all; the same file there is left, another one is an error."""
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.aside")
    try:
        shutil.copyfile(source, aside)
        os.link(aside, target)
    except FileExistsError:
        if target.stat().st_size != source.stat().st_size:
            raise UsageError(
                "another file has this name", file=str(target), remedy="Rename or remove that file."
            ) from None
    finally:
        aside.unlink(missing_ok=True)


def told(one: Taken) -> Iterator[str]:
    """Yield what a foreign file holds: programs, models, suites, figures, what is unknown."""
    results = [part for part in one.reading.parts if part.result is not None]
    models = {part.result.model.id for part in results if part.result}
    harness = results[0].result.protocol.harness if results and results[0].result else None
    version = f" {harness.version}" if harness and harness.version else ""
    where = f"is there already as {one.present}" if one.present else f"-> results/{one.name}"
    held = f"{plural(len(results), 'result')} of {plural(len(models), 'model')}"
    if one.reading.measures:
        held = f"figures of {plural(len(one.reading.measures), 'model file')}"
    yield f"{one.source}: {one.reading.shape}{version}, {held} {where}"
    for measured in one.reading.measures[:MOST_LISTED]:
        yield f"  {_measured(measured)}"
    for part in results[:MOST_LISTED]:
        yield f"  {_line(part)}"
    if len(results) > MOST_LISTED:
        yield f"  … and {len(results) - MOST_LISTED} more"
    yield from (f"  {line}" for line in _findings(one.reading))


def _measured(one: FileFigures) -> str:
    """Return what a program measured of a model's file, in one line."""
    told = [f"{speed.test} {speed.tokens_per_second.value:g} t/s" for speed in one.speeds]
    if one.perplexity is not None:
        told.append(f"perplexity {one.perplexity.value:g}")
    if one.distance is not None:
        told.append(f"divergence {one.distance.divergence.value:g}")
        told.append(f"same top token {100 * one.distance.same_top.value:g} %")
    return visible(f"{one.file.name}: {', '.join(told)}")


def _line(part: Reading) -> str:
    result = part.result
    assert result is not None
    model = result.model
    name = f"{model.id}+{model.adapter.id}" if model.adapter else model.id
    figures = [f"{metric} {_figure(measured.value)}" for metric, measured in result.metrics.items()]
    n = next((measured.n for measured in result.metrics.values() if measured.n is not None), None)
    evidence = "rows" if part.facts else (result.provenance and result.provenance.evidence)
    short = "" if result.status == "complete" else f", {result.status}"
    return (
        f"{name} on {result.suite.name} {result.suite.version}: {', '.join(figures)} "
        f"(n {'unknown' if n is None else n}, {evidence}{short})"
    )


def _figure(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.6g}"
