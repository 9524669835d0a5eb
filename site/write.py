"""Write the whole site aside and move it into place, so that no reader meets half of one."""

import filecmp
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from html import escape
from itertools import count
from pathlib import Path

from msgspec import Struct

from ..board.model import Boards
from ..board.workspace import Settings
from .addresses import Addresses
from .badges import badges
from .builder import Frame, build_frames
from .page import Page
from .pages import pages, prose_slots
from .render import Renderer
from .source import Source
from .tree import Tree

Progress = Callable[[int, int], None]


class Outcome(Struct, frozen=True, kw_only=True):
    """What a build has done."""

    folder: Path
    pages: int
    languages: tuple[str, ...]
    changed: bool
    """False where the site was there already, byte for byte."""


def write_site(
    boards: Boards, settings: Settings, folder: Path, *, progress: Progress | None = None
) -> Outcome:
    """Build the site of *boards* and put it at *folder*; a site that is the same stays untouched.

    Raises `CardboardError` where the builder fails. Whatever happens, *folder* holds a whole site
    or none, and nothing else is left behind.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        written = _build(boards, settings, aside / "site", progress)
        changed = not _same(folder, aside / "site")
        if changed:
            _swap(aside / "site", folder, aside / "old")
    finally:
        shutil.rmtree(aside)
    return Outcome(
        folder=folder, pages=written, languages=settings.board.languages, changed=changed
    )


def _build(boards: Boards, settings: Settings, target: Path, progress: Progress | None) -> int:
    """Build all languages in *target*; return how many pages there are."""
    addresses = Addresses(settings.board.languages, settings.board.site_url)
    sources = {one: Source(boards, settings, Renderer(one)) for one in addresses.languages}
    places = {one: target.parent / f"frames.{one}" for one in addresses.languages}
    names = {one: source.render.text("language.name") for one, source in sources.items()}
    build_frames(
        [
            Frame(
                language=one,
                folder=places[one],
                base=addresses.base(one),
                languages=names,
                palette={
                    scheme: source.render.text(f"site.palette.{scheme}")
                    for scheme in ("auto", "light", "dark")
                },
            )
            for one, source in sources.items()
        ]
    )
    paths: list[str] = []
    tick = _ticker(progress, sum(len(source.pages) for source in sources.values()))
    for one, source in sources.items():
        tree = Tree(places[one], one, addresses, _everywhere(source))
        tree.write(map(tick, pages(source)), prose_slots(source))
        paths = tree.paths
        places[one].replace(target / one if addresses.prefix(one) else target)
    _write_rest(boards, addresses, paths, target)
    return len(paths) * len(addresses.languages)


def _ticker(progress: Progress | None, total: int) -> Callable[[Page], Page]:
    """Return a function that lets a page pass and tells *progress* of it."""
    numbers = count(1)

    def tick(page: Page) -> Page:
        if progress is not None:
            progress(min(next(numbers), total), total)
        return page

    return tick


def _everywhere(source: Source) -> dict[str, str]:
    """Return what stands on every page of a language."""
    return {
        "site": escape(source.title),
        "footer": source.render.html(
            "footer",
            files=len(source.boards.readings),
            sha256=source.boards.sha256,
            repository=source.settings.board.repository_url,
        ),
    }


def _write_rest(boards: Boards, addresses: Addresses, paths: list[str], target: Path) -> None:
    """Write what no language owns: badges, sitemap, and the note that nothing is to be hidden."""
    (target / "badges").mkdir()
    for path, svg in badges(boards):
        (target / path).write_text(svg, encoding="utf-8")
    if addresses.site_url is not None:
        text = "".join(addresses.sitemap(paths))
        (target / "sitemap.xml").write_text(text, encoding="utf-8")
    # GitHub Pages would leave out files whose names begin with an underscore.
    (target / ".nojekyll").touch()


def _same(old: Path, new: Path) -> bool:
    """Tell whether two folders hold the same files with the same bytes."""
    if not old.is_dir():
        return False
    left, right = _files(old), _files(new)
    return left == right and all(
        filecmp.cmp(old / name, new / name, shallow=False) for name in left
    )


def _files(folder: Path) -> list[str]:
    return sorted(
        f"{place.removeprefix(str(folder))}/{name}".lstrip("/")
        for place, _, names in os.walk(folder)
        for name in names
    )


def _swap(new: Path, folder: Path, old: Path) -> None:
    """Put *new* where *folder* is, moving what was there to *old*."""
    with suppress(FileNotFoundError):
        folder.replace(old)
    try:
        new.replace(folder)
    except OSError:
        if folder.is_dir():
            return  # Somebody else's build arrived in between, and is as good as ours.
        if old.is_dir():
            old.replace(folder)
        raise
