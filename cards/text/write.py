"""Cards to files: written aside, moved into place, and only where the bytes differ."""

import os
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

from msgspec import Struct

from ...board.model import Boards, Entry
from ...board.workers import collector_paused
from ...board.workspace.settings import Workspace
from .cache import CardCache, digest_of
from .card import Deck, left_out
from .render import Renderer

_ASIDE = ".aside"


class CardReport(Struct, frozen=True, kw_only=True):
    """What a run did to the folder of cards, by slug."""

    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]
    left_out: tuple[Entry, ...] = ()
    """An entry of each model that is on no board."""

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
    deck = Deck(boards, workspace.settings)
    with collector_paused():
        for slug, text in _differing(deck, workspace):
            if text is None:
                unchanged.append(slug)
            else:
                _write(folder / slug, text)
                changed.append(slug)
    return CardReport(
        changed=tuple(changed),
        unchanged=tuple(unchanged),
        removed=_remove_stale(folder, {*changed, *unchanged}),
        left_out=left_out(boards),
    )


def changed_cards(boards: Boards, workspace: Workspace) -> CardReport:
    """Return what `write_cards` would do, and do nothing."""
    folder = workspace.build / "cards"
    changed: list[str] = []
    unchanged: list[str] = []
    deck = Deck(boards, workspace.settings)
    for slug, text in _differing(deck, workspace):
        (unchanged if text is None else changed).append(slug)
    kept = {*changed, *unchanged}
    return CardReport(
        changed=tuple(changed),
        unchanged=tuple(unchanged),
        removed=tuple(name for name in _cards_in(folder) if name not in kept),
        left_out=left_out(boards),
    )


def _differing(deck: Deck, workspace: Workspace) -> Iterator[tuple[str, bytes | None]]:
    """Yield the slug of every card, with its text where the file does not hold it."""
    settings, folder = workspace.settings, workspace.build / "cards"
    cache = CardCache(workspace.root / ".cardboard" / "cards", settings, deck.fields)
    renderer: Renderer | None = None
    for slug in deck.slugs:
        entries, present = deck.entries(slug), _present(folder / slug)
        made_of = digest_of(entries)
        if present is not None and cache.is_right(slug, made_of, present):
            yield slug, None
            continue
        renderer = renderer or Renderer(settings)
        told, parts = renderer.told(deck.card(slug, entries))
        text = told.encode("utf-8", "replace")
        cache.keep(slug, made_of, text, parts)
        yield slug, None if text == present else text
    cache.save(deck.slugs)


def texts_at_hand(
    boards: Boards, workspace: Workspace
) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield what `texts_of` yields; cards that lie in `build/cards` as they were are not made."""
    settings, folder = workspace.settings, workspace.build / "cards"
    deck = Deck(boards, settings)
    cache = CardCache(workspace.root / ".cardboard" / "cards", settings, deck.fields)
    renderer: Renderer | None = None
    for slug in deck.slugs:
        entries, present = deck.entries(slug), _present(folder / slug)
        if present is not None and cache.is_right(slug, digest_of(entries), present):
            yield slug, present.decode(), cache.parts(slug)
            continue
        renderer = renderer or Renderer(settings)
        yield slug, *renderer.told(deck.card(slug, entries))


def _write(card: Path, text: bytes) -> None:
    """Bring the card in the folder *card* up to *text*."""
    card.mkdir(parents=True, exist_ok=True)
    aside = card / f"README.md{_ASIDE}"
    aside.write_bytes(text)
    aside.replace(card / "README.md")


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
