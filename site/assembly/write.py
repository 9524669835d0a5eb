"""Write the whole site aside and move it into place, so that no reader meets half of one."""

import filecmp
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from html import escape
from itertools import count
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ...board.model import Boards
from ...board.workers import side_by_side
from ...board.workspace.settings import Settings
from ...board.workspace.stamp import maker
from ..charts.badges import badges
from ..data.exports import FOLDER, Cards, slugs_kept_back, write_cards
from ..data.manifest import CARDS, write_manifest
from ..frame.builder import Frame, build_frames
from ..frame.own import Own, own_frame
from ..frame.page import Addresses, Page
from ..frame.render import Renderer, renderer
from ..frame.reuse import Kept, link
from ..model.model_page import page_of
from ..pages.pages import pages, prose_slots
from ..source.dependencies import model_digests
from ..source.source import Source
from .beside import beside
from .navigation import nearby, slots
from .preparation import prepare
from .previews import Previews
from .sitemap import robots, sitemaps
from .tree import Tree

Progress = Callable[[int, int], None]
Job = Callable[[], None]
Texts = Callable[[], Iterable[tuple[str, str, Mapping[str, str]]]]


class Outcome(Struct, frozen=True, kw_only=True):
    """What a build has done."""

    folder: Path
    pages: int
    languages: tuple[str, ...]
    changed: bool
    """False where the site was there already, byte for byte."""
    files: int
    bytes: int


class Marks:
    """What the pages of the site in *folder* follow from, as the folder *place* tells."""

    def __init__(self, place: Path, folder: Path) -> None:
        self._place, self._folder = place, folder

    def of(self, language: str, addresses: Addresses, made_by: bytes) -> Kept:
        """Return the pages of *language*, as *made_by* would make them now."""
        folder = self._folder / addresses.prefix(language)
        return Kept.read(_marks(self._place, language), folder, made_by)

    def of_data(self) -> Kept:
        """Return the files of data, where this very program has written them."""
        return Kept.read(_marks(self._place, FOLDER), self._folder / FOLDER, maker().encode())

    def keep(self, aside: Path) -> None:
        """Take over what the build in the folder *aside* has noted of its pages."""
        with suppress(OSError):  # Nothing here is ever needed.
            self._place.mkdir(parents=True, exist_ok=True)
            for file in aside.glob(_marks(aside, "*").name):
                shutil.move(file, self._place / file.name)


def _marks(folder: Path, language: str) -> Path:
    return folder / f"pages.{language}"


def write_site(
    boards: Boards | Callable[[], Boards],
    settings: Settings,
    folder: Path,
    *,
    results: Path | None = None,
    snapshots: Path | None = None,
    root: Path | None = None,
    cards: Cards | None = None,
    progress: Progress | None = None,
    marks: Path | None = None,
) -> Outcome:
    """Build the site of *boards* and put it at *folder*; a site that is the same stays untouched.

    Where *boards* are still to be read, that is done while the frames of pages are built.
    *results* and *snapshots* are the folders of the files that the site gives away, *root* that of
    board.toml, and *cards* makes the cards. The folder *marks* tells what the pages there follow
    from, and those that would be made from the same again are not made.
    Raises `CardboardError` where the builder fails.
    Whatever happens, *folder* holds a whole site or none, and nothing else is left behind.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        kept = Marks(marks, folder) if marks is not None else None
        copies = kept.of_data() if kept is not None else Kept()
        sources, own = _sources(boards, settings, aside, results, snapshots, root, copies)
        copies.save(_marks(aside, FOLDER))
        texts = partial(cards, _boards(sources), settings) if cards else tuple
        written = _build(sources, own, texts, aside / "site", progress, kept)
        files = _files(aside / "site")
        changed = not _settle(aside / "site", folder, files)
        if changed:
            _swap(aside / "site", folder, aside / "old")
        if kept is not None:
            kept.keep(aside)
    finally:
        shutil.rmtree(aside)
    return Outcome(
        folder=folder,
        pages=written,
        languages=settings.board.languages,
        changed=changed,
        files=len(files),
        bytes=sum(one.size for one in files.values()),
    )


def _sources(
    boards: Boards | Callable[[], Boards],
    settings: Settings,
    aside: Path,
    results: Path | None,
    snapshots: Path | None,
    root: Path | None,
    copies: Kept,
) -> tuple[dict[str, Source], Own]:
    """Build the frames of all languages in *aside*, and what fills them, side by side."""
    renderers = {one: renderer(one, settings.overrides) for one in settings.board.languages}
    own = own_frame(settings, root, aside)
    # A thread does nothing here but wait for other processes.
    with ThreadPoolExecutor(1) as pool, beside() as elsewhere:
        framed = pool.submit(build_frames, _to_frame(settings, renderers, own, aside))
        prepared = prepare(
            boards() if callable(boards) else boards,
            settings,
            renderers,
            aside / FOLDER,
            elsewhere,
            results=results,
            snapshots=snapshots,
            root=root,
            copies=copies,
        )
        sources = prepared()
        framed.result()
        return sources, own


def _to_frame(
    settings: Settings, renderers: Mapping[str, Renderer], own: Own, aside: Path
) -> list[Frame]:
    addresses = Addresses(settings.board.languages, settings.board.site_url)
    names = {one: words.text("language.name") for one, words in renderers.items()}
    return [
        Frame(
            language=one,
            folder=_frames(aside, one),
            base=addresses.base(one),
            languages=names,
            palette={
                scheme: words.text(f"site.palette.{scheme}") for scheme in ("auto", "light", "dark")
            },
            own=own,
        )
        for one, words in renderers.items()
    ]


def _boards(sources: Mapping[str, Source]) -> Boards:
    return next(iter(sources.values())).boards


def _frames(aside: Path, language: str) -> Path:
    return aside / f"frames.{language}"


def _build(
    sources: Mapping[str, Source],
    own: Own,
    texts: Texts,
    target: Path,
    progress: Progress | None,
    marks: Marks | None,
) -> int:
    """Build all languages in *target* from what lies beside it; return how many pages there are.

    *progress* is told of the first one, in the time of which the others are written as well, and
    the *texts* of cards.
    """
    first, *_ = sources.values()
    addresses = first.addresses
    trees = [_tree(source, own, _frames(target.parent, one)) for one, source in sources.items()]
    data = target.parent / FOLDER
    if marks is not None:
        made_of = model_digests(first)
        for tree, (language, source) in zip(trees, sources.items(), strict=True):
            tree.kept = source.kept = marks.of(language, addresses, tree.made_by(source.settings))
            source.made_of = {
                slug: tree.made_of(page_of(slug), one) for slug, one in made_of.items()
            }
    tick = _ticker(progress, len(first.pages))

    def write(number: int) -> None:
        source = tuple(sources.values())[number]
        computed = pages(source)
        trees[number].write(computed if number else map(tick, computed), prose_slots(source))
        source.kept.save(_marks(target.parent, source.render.language))

    hashes = target.parent / "cards.json"
    jobs: list[Job] = [partial(write, number) for number in range(len(trees))]
    without = slugs_kept_back(first.boards, first.data.withheld)
    side_by_side(_do, [*jobs, lambda: write_cards(texts(), data / CARDS, hashes, without)])
    for one in sources:
        folder = addresses.prefix(one)
        _frames(target.parent, one).replace(target / one if folder else target)
    _write_rest(first.boards, addresses, trees[0].paths, target)
    _move(data, target / FOLDER)
    if first.data.manifest is not None:
        told = msgspec.json.decode(hashes.read_bytes())
        write_manifest(replace(first.data.manifest, cards=told), target / FOLDER)
    return len(trees[0].paths) * len(trees)


def _do(job: Job) -> None:
    job()


def _tree(source: Source, own: Own, frames: Path) -> Tree:
    """Return the tree of one language, about to be written over its *frames*."""
    language = source.render.language
    links = nearby(own.navigation[language], own.docs[language], _group_titles(source))
    return Tree(
        frames,
        language,
        source.addresses,
        _everywhere(source),
        links,
        own_style=own.style,
        previews=Previews(source),
    )


def _move(source: Path, target: Path) -> None:
    """Move everything in *source* into *target*, where other files may be already."""
    target.mkdir(exist_ok=True)
    for path in sorted(source.iterdir()):
        path.replace(target / path.name)


def _ticker(progress: Progress | None, total: int) -> Callable[[Page], Page]:
    """Return a function that lets a page pass and tells *progress* of it."""
    numbers = count(1)

    def tick(page: Page) -> Page:
        if progress is not None:
            progress(min(next(numbers), total), total)
        return page

    return tick


def _group_titles(source: Source) -> dict[str, str]:
    """Return the title of every group of the navigation, by its slot."""
    return {slot: source.render.text(f"site.group.{slot}") for slot in slots()}


def _everywhere(source: Source) -> dict[str, str]:
    """Return what stands on every page of a language."""
    return {
        **{slot: escape(title) for slot, title in _group_titles(source).items()},
        "site": escape(source.title),
        "footer": _footer(source, source.boards.files, source.boards.sha256),
        "footer-own": _footer(source, None, None),
    }


def _footer(source: Source, files: int | None, sha256: str | None) -> str:
    """Return what stands below a page of all result *files*, or below any other one."""
    repository = source.settings.board.repository_url
    return source.render.html("footer", files=files, sha256=sha256, repository=repository)


def _write_rest(boards: Boards, addresses: Addresses, paths: list[str], target: Path) -> None:
    """Write what no language owns: badges, sitemap, and the note that nothing is to be hidden."""
    (target / "badges").mkdir()
    for path, svg in badges(boards):
        (target / path).write_text(svg, encoding="utf-8")
    (target / "robots.txt").write_text(robots(addresses), encoding="utf-8")
    if addresses.site_url is not None:
        for name, text in sitemaps(addresses, paths):
            (target / name).write_text(text, encoding="utf-8")
    # GitHub Pages would leave out files whose names begin with an underscore.
    (target / ".nojekyll").touch()


class _File(NamedTuple):
    size: int
    number: tuple[int, int]
    """Of its disk, and on it: what has the same is the same file."""


def _settle(new: Path, old: Path, files: Mapping[str, _File]) -> bool:
    """Put those of the *files* of *new* that *old* has in their place; tell whether that is all.

    So whoever copies a site to its host finds by its times what has changed.
    """
    if not old.is_dir():
        return False
    before = _files(old)
    same = before.keys() == files.keys()
    for name, one in files.items():
        there = before.get(name)
        if there is not None and there.number == one.number:
            continue
        if there is None or there.size != one.size or not _equal(old / name, new / name):
            same = False
        else:
            (new / name).unlink()
            link(old / name, new / name)
    return same


def _equal(old: Path, new: Path) -> bool:
    return filecmp.cmp(old, new, shallow=False)


def _files(folder: Path, below: str = "") -> dict[str, _File]:
    """Return every file in *folder*, by its path below."""
    found: dict[str, _File] = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            path = f"{below}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                found |= _files(Path(entry.path), f"{path}/")
            else:
                status = entry.stat()
                found[path] = _File(status.st_size, (status.st_dev, status.st_ino))
    return found


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
