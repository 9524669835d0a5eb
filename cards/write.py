"""Cards to files: written aside, moved into place, and only where the bytes differ."""

import os
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

from msgspec import Struct

from ..board.model import Boards
from ..board.workspace import Settings, Workspace
from .facts import cards_of
from .render import Renderer

_ASIDE = ".aside"


class CardReport(Struct, frozen=True, kw_only=True):
    """What a run did to the folder of cards, by slug."""

    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]

    @property
    def total(self) -> int:
        """Return how many cards there are now."""
        return len(self.changed) + len(self.unchanged)


def write_cards(boards: Boards, workspace: Workspace) -> CardReport:
    """Write `build/cards/<slug>/README.md` for every model, and remove cards of models that left.

    Cards are written one by one as they are rendered, so that 10,000 of them need no memory. Note
    rules and catalogues are checked before the first; each file is whole at every moment.
    """
    folder = workspace.build / "cards"
    changed: list[str] = []
    unchanged: list[str] = []
    for slug, text in _rendered(boards, workspace.settings):
        (changed if _write(folder / slug, text) else unchanged).append(slug)
    return CardReport(
        changed=tuple(changed),
        unchanged=tuple(unchanged),
        removed=_remove_stale(folder, {*changed, *unchanged}),
    )


def changed_cards(boards: Boards, workspace: Workspace) -> CardReport:
    """Return what `write_cards` would do, and do nothing."""
    folder = workspace.build / "cards"
    changed: list[str] = []
    unchanged: list[str] = []
    for slug, text in _rendered(boards, workspace.settings):
        (unchanged if _present(folder / slug) == text else changed).append(slug)
    kept = {*changed, *unchanged}
    return CardReport(
        changed=tuple(changed),
        unchanged=tuple(unchanged),
        removed=tuple(name for name in _cards_in(folder) if name not in kept),
    )


def _rendered(boards: Boards, settings: Settings) -> Iterator[tuple[str, bytes]]:
    renderer = Renderer(settings)
    for card in cards_of(boards, settings):
        yield card.slug, renderer.readme(card).encode("utf-8", "replace")


def _write(card: Path, text: bytes) -> bool:
    """Bring the card in the folder *card* up to *text*; tell whether that changed anything."""
    if _present(card) == text:
        return False
    card.mkdir(parents=True, exist_ok=True)
    aside = card / f"README.md{_ASIDE}"
    aside.write_bytes(text)
    aside.replace(card / "README.md")
    return True


def _present(card: Path) -> bytes | None:
    try:
        return (card / "README.md").read_bytes()
    except FileNotFoundError:
        return None


def _cards_in(folder: Path) -> list[str]:
    """Return the names of the folders in *folder* that hold a card or what a crash left of one."""
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))


def _remove_stale(folder: Path, kept: Collection[str]) -> tuple[str, ...]:
    stale = [name for name in _cards_in(folder) if name not in kept]
    for name in stale:
        shutil.rmtree(folder / name)
    return tuple(stale)
