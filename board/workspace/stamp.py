"""What was made, and from what: where neither has changed since, there is nothing to do."""

import hashlib
import os
import stat
import time
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.resources import as_file, files
from pathlib import Path

import msgspec
from msgspec import Struct

from ... import __version__
from .configuration import INPUTS
from .settings import Workspace

SETTLED = 2_000_000_000
"""Nanoseconds after which a second change of a file shows in its times on every file system."""
_CODE = (".py", ".jinja", ".po", ".md", ".toml", ".yml", ".js", ".css", ".html", ".svg", ".woff2")
_PUBLISHED = ("cards", "site")

Marks = dict[str, tuple[int, ...]]
"""Size, times and number of each file, by its path; of a folder none."""


class Published(Struct, frozen=True, kw_only=True):
    """What was made, what from, what it left, and what there is to say once more."""

    made_by: str
    inputs: Marks
    young: dict[str, str] = {}
    """SHA-256 of inputs that had changed so lately that their times prove nothing."""
    outputs: Marks
    refused: tuple[str, ...] = ()
    """A line for each file that could not be used."""
    told: tuple[str, ...]
    """What is said where nothing has changed."""


class Stamp:
    """The state of a workspace at one moment, taken before anything in it is read."""

    def __init__(
        self, workspace: Workspace, name: str = "published", made: Iterable[str] = _PUBLISHED
    ) -> None:
        """Take the state before what is *made*: folders of `build`; its note is called *name*."""
        self._workspace, self._made = workspace, tuple(made)
        self._file = workspace.root / ".cardboard" / f"{name}.json"
        self._now = time.time_ns()
        self._inputs = _inputs(workspace)

    def unchanged(self) -> Published | None:
        """Return what was made where neither that nor its inputs have changed since."""
        try:
            found = msgspec.json.decode(self._file.read_bytes(), type=Published)
        except (OSError, msgspec.DecodeError):
            return None
        same = (
            found.made_by == maker()
            and found.inputs == self._inputs
            and all(_sha256(path) == digest for path, digest in found.young.items())
            and found.outputs == self._outputs()
        )
        return found if same else None

    def keep(self, *, refused: Iterable[str] = (), told: Iterable[str]) -> None:
        """Note what was made from this state, unless its inputs have changed meanwhile."""
        if _inputs(self._workspace) != self._inputs:
            return
        young = {
            path: _sha256(path)
            for path, mark in self._inputs.items()
            if mark and self._now - max(mark[1:3]) < SETTLED
        }
        found = Published(
            made_by=maker(),
            inputs=self._inputs,
            young=young,
            outputs=self._outputs(),
            refused=tuple(refused),
            told=tuple(told),
        )
        aside = self._file.with_suffix(".aside")
        try:
            self._file.parent.mkdir(exist_ok=True)
            aside.write_bytes(msgspec.json.encode(found))
            aside.replace(self._file)
        except OSError:
            return  # Nothing here is ever needed.

    def _outputs(self) -> Marks:
        return _marked(self._workspace.build.absolute() / name for name in self._made)


@cache
def maker() -> str:
    """Return the hash of all code, words and pages of this package, and of what it stands on."""
    digest = hashlib.sha256(__version__.encode())
    with as_file(files("cardboard")) as package:
        for place in ("eval", "board", "cards", "site", "templates", "cli.py", "mkdocs.yml"):
            for path, mark in sorted(_marks(Path(package) / place)):
                if path.endswith(_CODE):
                    digest.update(f"{path} {mark}\n".encode("utf-8", "surrogateescape"))
    for name in sorted(_libraries()):
        try:
            digest.update(f"{name} {version(name)}\n".encode())
        except PackageNotFoundError:
            continue
    return digest.hexdigest()


def _libraries() -> Iterator[str]:
    """Yield the names of the libraries that every installation has."""
    try:
        told = requires("cardboard") or []
    except PackageNotFoundError:
        return
    for one in told:
        if "extra ==" not in one:
            yield one.split(";")[0].split("[")[0].split(">")[0].split("=")[0].split("<")[0].strip()


def _inputs(workspace: Workspace) -> Marks:
    root = workspace.root.absolute()
    return _marked([*(root / name for name in INPUTS), workspace.results.absolute()])


def _marked(places: Iterable[Path]) -> Marks:
    return {path: mark for place in places for path, mark in _marks(place)}


def _marks(place: Path) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield each file at or below *place* with its mark, and each folder without one.

    What goes meanwhile is not there.
    """
    if place.is_file():
        yield str(place), _mark(place.stat())
        return
    pending, seen = [str(place)], set[tuple[int, int]]()
    while pending:
        try:
            with os.scandir(pending.pop()) as entries:
                found = list(entries)
        except OSError:
            continue
        for one in found:
            try:
                status = one.stat()
                if not one.is_dir():
                    yield one.path, _mark(status)
                elif one.name != "__pycache__" and (status.st_dev, status.st_ino) not in seen:
                    seen.add((status.st_dev, status.st_ino))  # a link may lead to a folder above
                    pending.append(one.path)
                    yield one.path, ()
            except OSError:
                continue


def _mark(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def _sha256(path: str) -> str:
    """Return the hash of a file; what is none, such as a pipe that never ends, is not opened."""
    try:
        if not stat.S_ISREG(Path(path).stat().st_mode):
            return ""
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
