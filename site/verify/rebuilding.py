"""From published files to boards again, and to every file that follows from them."""

import hashlib
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ...board.judge.build import build_boards
from ...board.model import Boards, Reading, StepFacts
from ...board.read.reader import read_content
from ...board.workspace.audits import FOLDER as AUDITS
from ...board.workspace.configuration import open_workspace
from ...board.workspace.overrides import LOCALE, TEMPLATES
from ...board.workspace.settings import Workspace
from ...eval.errors import ConfigError
from ..data.croissant import CROISSANT, write_croissant
from ..data.exports import (
    FOLDER,
    READINGS,
    TABLES,
    Cards,
    write_parquet,
    write_tables,
)
from ..data.manifest import CARDS, STEPS, Manifest
from ..data.published_files import PACKED
from ..frame.page import Page
from ..frame.render import Renderer
from ..pages.board_page import board_pages
from ..pages.compare_page import compare_pages
from ..source.background import Background
from ..source.result_texts import Texts
from ..source.source import Source
from .origins import Refused

_READING = msgspec.json.Decoder(Reading)
LARGEST_FILE = 256 * 2**20
"""Bytes of one file; a result file may have so many."""
_UNDONE = "so nobody can build the boards again"
_CATALOGUE = re.compile(rf"{LOCALE}/[A-Za-z-]{{2,20}}\.po")
_PROMPTS = re.compile(r"\.prompts\.[0-9a-f]+\.json\.gz$")
"""What ends the name of a file of prompts, which is made where the suite is at hand."""
_LARGEST_SUM = 10**15
"""Of a task's scores in millionths: that of 1,000,000,000 steps."""


class Rebuilt(Struct, frozen=True, kw_only=True):
    """What the published files make when the boards are built once more."""

    boards: Boards
    files: dict[str, bytes]
    """By path below the folder of data; without those that are taken as they are."""
    cards: dict[str, dict[str, str]] | None
    """By slug, the hash of each part; `None` where a workspace's own templates write them, which
    are not run for a stranger."""
    steps: bool
    """Whether what steps say was made as well: all result files and suites are at hand."""


def rebuild(
    manifest: Manifest, names: Mapping[str, str], folder: Path, cards: Cards | None
) -> Rebuilt:
    """Return what the files of *manifest* make, which lie in *folder* under their *names*.

    Raises `Refused` for what cannot be built again, and says why.
    """
    workspace = _workspace(manifest, names, folder)
    boards = build_boards(_readings(manifest, names, folder), workspace)
    boards = replace(boards, sources=workspace.sources)
    out = folder / "rebuilt"
    write_parquet(write_tables(boards, out), out / "board.parquet")
    write_croissant(boards, workspace.settings, out, TABLES)
    files = {name: (out / name).read_bytes() for name in (*TABLES, CROISSANT)}
    plain = replace(workspace.settings.overrides, templates={})
    languages = workspace.settings.board.languages
    renderers = {one: Renderer(one, plain) for one in languages}
    source = Source(boards, workspace.settings, renderers[languages[0]])
    files |= _scripts(board_pages(source))
    steps = None
    if not any(one.what == "result" for one in manifest.withheld):
        steps = _steps(source, renderers, _copies(manifest, names, folder), manifest, out)
        files |= steps or {}
    if has_own_layout(manifest):
        return Rebuilt(boards=boards, files=files, cards=None, steps=steps is not None)
    hashes = {}
    for slug, text, parts in cards(boards, workspace.settings) if cards else ():
        files[f"{CARDS}/{slug}.md"] = text.encode("utf-8", "replace")
        hashes[slug] = dict(parts)
    return Rebuilt(boards=boards, files=files, cards=hashes, steps=steps is not None)


def has_own_layout(manifest: Manifest) -> bool:
    """Tell whether cards of the site were laid out by templates of its own, or by unknown words."""
    given = (name for one in manifest.files if one.what == "source" for name in one.names)
    kept = (one.name for one in manifest.withheld if one.what == "source")
    return any(name.startswith(f"{TEMPLATES}/") for name in given) or any(map(_is_layout, kept))


def _is_layout(name: str) -> bool:
    return name.startswith((f"{TEMPLATES}/", f"{LOCALE}/"))


def _workspace(manifest: Manifest, names: Mapping[str, str], folder: Path) -> Workspace:
    """Return the workspace that is published, opened in a folder of its own."""
    for one in manifest.withheld:
        if one.what == "source" and not _is_layout(one.name):
            raise Refused(f"is kept back ({one.reason}), {_UNDONE}", file=one.name)
    root = folder / "workspace"
    (root / AUDITS).mkdir(parents=True)
    original: dict[str, str] = {}
    sources = [(one.names[0], one.path) for one in manifest.files if one.what == "source"]
    layout = {one.names[0]: one.sha256 for one in manifest.files if one.what == "source"}
    for number, (name, path) in enumerate(sorted(source for source in sources if source[0])):
        if name.startswith(f"{TEMPLATES}/"):
            continue
        own = (
            name
            if name in ("board.toml", "models.toml", "imports.toml") or _CATALOGUE.fullmatch(name)
            else f"{AUDITS}/{number:06}.json"
        )
        original[own] = name
        if path in names:
            (root / own).parent.mkdir(exist_ok=True)
            (root / own).write_bytes((folder / names[path]).read_bytes())
    try:
        workspace = open_workspace(root)
    except ConfigError as error:
        named = original.get(error.file or "", error.file)
        raise Refused(error.what, file=Path(named or "board.toml").name, key=error.key) from None
    told = {original.get(own, own): sha256 for own, sha256 in workspace.sources.items()}
    told |= {name: sha256 for name, sha256 in layout.items() if name.startswith(f"{TEMPLATES}/")}
    return replace(workspace, sources=told)


def _readings(manifest: Manifest, names: Mapping[str, str], folder: Path) -> Iterator[Reading]:
    """Yield the reading of every result file, from the file where it is given away."""
    for one in manifest.files:
        if one.what == "result" and one.path in names:
            data = unpacked((folder / names[one.path]).read_bytes(), one.path)
            for name in one.names:
                reading = read_content(data, name)
                # Such a file would be read with those beside it; a site gives none away.
                if reading.kind == "import":
                    raise Refused("is of another program", file=one.path)
                yield reading
    kept = [one for one in manifest.withheld if one.what == "result"]
    for missing in (one for one in kept if one.reading is None):
        raise Refused(f"is kept back ({missing.reason}), {_UNDONE}", file=missing.name)
    lines = (folder / names[READINGS]).read_bytes().splitlines() if READINGS in names else []
    if len(lines) != len(kept):
        raise Refused(f"has {len(lines)} lines for {len(kept)} files", file=READINGS)
    for number, (line, its) in enumerate(zip(lines, kept, strict=True), start=1):
        reading = _reading(line, number)
        if (reading.file, reading.sha256 or None) != (its.name, its.sha256):
            raise Refused(f"line {number} is not of {its.name!r}", file=READINGS)
        yield reading


def unpacked(data: bytes, path: str) -> bytes:
    """Return what the file at *path* holds; `Refused` where that is broken or too large."""
    if not path.endswith(PACKED):  # Sites of older versions give files as they are.
        return data
    unpacker = zlib.decompressobj(wbits=31)
    try:
        content = unpacker.decompress(data, LARGEST_FILE + 1)
    except zlib.error:
        raise Refused("is not compressed with gzip", file=path) from None
    if len(content) > LARGEST_FILE:
        raise Refused(f"holds more than {LARGEST_FILE} bytes", file=path)
    if not unpacker.eof or unpacker.unused_data:
        raise Refused("is not one whole file in gzip", file=path)
    return content


def _reading(line: bytes, number: int) -> Reading:
    try:
        reading = _READING.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(f"line {number}: {error}", file=READINGS) from None
    told = (one.facts for one in reading.results if one.facts is not None)
    if not all(map(_fit_together, told)):
        raise Refused(f"line {number}: its sums do not fit its tasks", file=READINGS)
    return reading


def _fit_together(facts: StepFacts) -> bool:
    """Tell whether *facts* have the form that reading a file gives them."""
    tasks = len(facts.tasks)
    return (
        len(facts.steps_per_task) == tasks
        and all(0 <= steps <= _LARGEST_SUM for steps in facts.steps_per_task)
        and all(len(sums) == tasks for sums in facts.sums.values())
        and all(abs(one) <= _LARGEST_SUM for sums in facts.sums.values() for one in sums)
    )


def _copies(manifest: Manifest, names: Mapping[str, str], folder: Path) -> dict[str, Path]:
    """Return where the content of every result file lies, by its SHA-256."""
    found: dict[str, Path] = {}
    (folder / "results").mkdir()
    for one in manifest.files:
        if one.what == "result" and one.path in names:
            data = unpacked((folder / names[one.path]).read_bytes(), one.path)
            path = folder / "results" / names[one.path]
            path.write_bytes(data)
            found[hashlib.sha256(data).hexdigest()] = path
    return found


def _steps(
    source: Source,
    renderers: Mapping[str, Renderer],
    copies: Mapping[str, Path],
    manifest: Manifest,
    out: Path,
) -> dict[str, bytes] | None:
    """Return the files of all steps and of comparisons; `None` where a suite is not at hand."""
    texts = Texts(source.boards, out.parent / "results", copies)
    background = Background(source.boards, source.settings, texts)
    background.write_steps(out, {one: made.words for one, made in renderers.items()})
    written = {path.relative_to(out).as_posix(): path for path in out.glob(f"{STEPS}/*")}
    asked = {_PROMPTS.sub("", one.path) for one in manifest.files if _PROMPTS.search(one.path)}
    if asked - {_PROMPTS.sub("", name) for name in written}:
        return None
    pages = compare_pages(
        Source(source.boards, source.settings, source.render, background=background)
    )
    return {name: path.read_bytes() for name, path in written.items()} | _scripts(pages)


def _scripts(pages: Iterable[Page]) -> dict[str, bytes]:
    """Return what the scripts of these pages read, as it lies in the first language."""
    return {
        path.removeprefix(f"{FOLDER}/"): text.encode()
        for page in pages
        for path, text in page.files.items()
    }
