"""`cardboard rescore`: stored answers scored again, without any model."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import CardboardError, RecordError, plural

if TYPE_CHECKING:
    from .. import records
    from ..records import Result
    from ..suites.suite import Suite


@click.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--all", "every", is_flag=True, help="All results of the workspace that need it.")
@click.option("--dry-run", is_flag=True, help="Show what would change; write nothing.")
@click.pass_context
def rescore(context: click.Context, files: tuple[Path, ...], every: bool, dry_run: bool) -> None:
    """Parse and score the stored answers of result files again with the present scorer.

    FILES are version-2 result files; they are rewritten where something changes, and the scorer's
    version is in them. What is printed is the scores before and after.

    With --all, these are the results below results/ that another scorer scored, or whose suite has
    other references now and asks the same; `cardboard check --needs` lists them.

    \b
    Examples:
        cardboard rescore --dry-run results/shell-mini/*.json
        cardboard rescore --all
    """
    from ..run.result import write

    if every == bool(files):
        raise click.UsageError("Name FILES, or say --all.", context)
    root: Path = context.find_root().params.get("workspace") or Path()
    suites = _Suites(root / "suites")
    chosen = files or tuple(_older(root / "results", suites))
    if every:
        click.echo(f"{plural(len(chosen), 'result')} to be scored again", err=True)
    failed = False
    for file in chosen:
        try:
            old, new = _rescored(file, suites if every else None)
            if new != old and not dry_run:
                write(file, new)
        except CardboardError as error:
            failed = True
            click.echo(error.format_message(), err=True)
            continue
        click.echo("\n".join(_report(file, old, new)))
    if failed:
        sys.exit(1)


class _Suites:
    """The suites of results, as their rows are now; each is read once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._found: dict[str, Suite | None] = {}

    def of(self, told: "records.Suite") -> "Suite | None":
        """Return the suite that *told* names; `None` where its rows are not here."""
        from ..suites.source import load_version

        name = f"{told.name}@{told.version}" if told.version else told.name or ""
        if name not in self._found:
            try:
                self._found[name] = load_version(name, self._folder)
            except CardboardError:
                self._found[name] = None
        return self._found[name]

    def differs(self, told: "records.Suite") -> bool:
        """Tell whether the suite has other references now than a result was scored by."""
        now = self.of(told)
        return (
            now is not None
            and told.prompts_sha256 is not None
            and now.prompts_sha256 == told.prompts_sha256
            and now.fingerprint != told.fingerprint
        )


def _older(folder: Path, suites: _Suites) -> "Iterator[Path]":
    """Yield the results of version 2 below *folder* that are not scored as they would be now."""
    import msgspec

    from ..run.plans.needs import Told
    from ..suites.kinds.registry import kind_of

    for path in sorted(folder.rglob("*.json")):
        try:
            told = msgspec.json.decode(path.read_bytes(), type=Told)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            continue  # a file of another shape or program, which nothing here scored
        kind = kind_of(told.suite.kind)
        ours = told.scorer in kind.scorers and kind.score is not None
        if ours and (told.scorer != kind.scorer or suites.differs(told.suite)):
            yield path


def _rescored(file: Path, suites: _Suites | None) -> "tuple[Result, Result]":
    import msgspec

    from ..records import Result
    from ..run.result import referenced, rescored

    try:
        old = msgspec.json.decode(file.read_bytes(), type=Result)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RecordError(
            f"is not a version-2 result: {error}",
            file=file.name,
            remedy="Only files that hold each answer in full can be scored again.",
        ) from error
    asked = old
    if suites is not None and suites.differs(old.suite):
        suite = suites.of(old.suite)
        assert suite is not None
        asked = referenced(old, suite, file.name)
    return old, rescored(asked, file.name)


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
