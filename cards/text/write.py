"""Cards to files: written aside, moved into place, and only where the bytes differ."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from ...board.model import Boards, Entry
from ...board.workers import collector_paused, forks, side_by_side
from ...board.workspace.settings import Workspace
from .cache import CardCache, digest_of
from .card import Deck, left_out
from .render import Renderer

MANY = 256
"""From so many cards on, they are shared out to all processors."""
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

    Cards are written one by one as they are rendered, so that 10,000 of them need no memory; many
    are shared out to all processors. Note rules and catalogues are checked before the first; each
    file is whole at every moment.
    """
    folder = workspace.build / "cards"
    report = _gone_through(boards, workspace, lambda slug, text: _write(folder / slug, text))
    for name in report.removed:
        shutil.rmtree(folder / name)
    return report


def changed_cards(boards: Boards, workspace: Workspace) -> CardReport:
    """Return what `write_cards` would do, and do nothing."""
    return _gone_through(boards, workspace, lambda slug, text: None)


def _gone_through(
    boards: Boards, workspace: Workspace, write: Callable[[str, bytes], None]
) -> CardReport:
    """Give *write* the slug and the text of every card whose file does not hold it."""
    deck = Deck(boards, workspace.settings)
    cache = CardCache(workspace.root / ".cardboard" / "cards", workspace.settings, deck.fields)
    with collector_paused():
        if len(deck.slugs) < MANY:
            changed = _differing(deck, cache, deck.slugs, workspace, write)
        else:
            changed = _shared_out(deck, cache, workspace, write)
    cache.save(deck.slugs)
    there = {slug: slug in changed for slug in deck.slugs}
    return CardReport(
        changed=tuple(slug for slug, differs in there.items() if differs),
        unchanged=tuple(slug for slug, differs in there.items() if not differs),
        removed=tuple(name for name in _cards_in(workspace.build / "cards") if name not in there),
        left_out=left_out(boards),
    )


def _differing(
    deck: Deck,
    cache: CardCache,
    slugs: Iterable[str],
    workspace: Workspace,
    write: Callable[[str, bytes], None],
    renderer: Renderer | None = None,
) -> set[str]:
    """Give *write* those of the cards *slugs* whose file does not hold them, and return which."""
    folder, changed = workspace.build / "cards", set()
    for slug in slugs:
        entries, present = deck.entries(slug), _present(folder / slug)
        made_of = digest_of(entries)
        if present is not None and cache.is_right(slug, made_of, present):
            continue
        renderer = renderer or Renderer(workspace.settings)
        told, parts = renderer.told(deck.card(slug, entries))
        text = told.encode("utf-8", "replace")
        cache.keep(slug, made_of, text, parts)
        if text != present:
            write(slug, text)
            changed.add(slug)
    return changed


def _shared_out(
    deck: Deck, cache: CardCache, workspace: Workspace, write: Callable[[str, bytes], None]
) -> set[str]:
    """Do what `_differing` does with all cards, on all processors.

    What a process that was killed has written already counts as unchanged.
    """
    # Where every card is to be rendered, what renders them is made once, before there are several.
    renderer = Renderer(workspace.settings) if cache.knows_none else None
    deck.prepare()
    with tempfile.TemporaryDirectory() as aside:

        def work(number: int) -> None:
            slugs = deck.slugs[number::parts]
            changed = _differing(deck, cache, slugs, workspace, write, renderer)
            Path(aside, str(number)).write_bytes(cache.told(changed))

        parts = forks()
        side_by_side(work, range(parts))
        found = (cache.heard(Path(aside, str(number)).read_bytes()) for number in range(parts))
        return set().union(*found)


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
