"""Cards whose models left the board: which they are, why, and the one sentence that they become."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from msgspec import Struct

from ...board.model import Boards, Entry
from ...board.show.reproduction import hub_repo
from ...board.words.catalogue import Words
from ...board.words.machines import is_local
from ...board.workspace.settings import Settings
from ...eval.identity import fold
from ...eval.records import is_hub_id
from ..readme.markdown import Safe, escaped, link, say
from ..readme.model_index import Ours
from ..text.card import left_out
from .targets import Wanted, board_mark, digest_of, ours, wanted

_DAY = re.compile(r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)")
_HUB = "https://huggingface.co/"
_WHY: dict[bool | None, tuple[str, str]] = {
    False: ("no result of it is left", "card.left"),
    True: ("its card is now at", "card.left-elsewhere"),
    None: ("models.toml gives its card no repository", "card.left-unpublished"),
}
"""By whether the card is elsewhere: why it left, in the plan's words and as a message."""


class Listed(NamedTuple):
    """A repository as a listing tells of it."""

    repo: str
    """As the Hub itself calls it."""
    head: str
    tags: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    """The addresses that results in its front matter name as theirs."""
    marked: bool = False
    """Whether its README was seen to hold our markers."""


class Gathered(Struct, frozen=True, kw_only=True):
    """What a board publishes, and what it needs to take back what it published before."""

    cards: list[Wanted]
    words: tuple[Words, ...]
    """Of every language of the board."""
    title: dict[str, str]
    site: str | None
    mark: str
    ours: Ours
    tags: frozenset[str]
    away: dict[str, str | None]
    """Folded names of repositories to the one that has their card now; `None` if none shall."""
    left_out: tuple[Entry, ...] = ()
    """An entry of each model that is on no board."""

    def is_wanted(self, repo: str) -> bool:
        """Tell whether *repo* shall hold a card."""
        return any(fold(one.repo) == fold(repo) for one in self.cards)

    def may_be_ours(self, listed: Listed) -> bool:
        """Tell whether *listed* is worth a look: its tags or its results are those of a board."""
        return listed.marked or bool(
            self.tags & listed.tags
            or (self.ours.source and self.ours.source.rstrip("/") in listed.sources)
        )

    def withdrawal(self, repo: str, day: str, *, known: bool) -> Wanted:
        """Return what *repo* shall hold now that its model has left the board on *day*.

        *known* says that a card of ours was written there; else the README has to prove it.
        """
        away = self.away.get(fold(repo), "")
        why, key = _WHY[None if away is None else bool(away)]
        lines = [self._sentence(words, key, away or "", day) for words in self.words]
        return Wanted(
            repo=repo,
            label=repo,
            front={},
            body="\n\n".join(lines),
            ours=self.ours,
            with_evals=True,
            marks={"board": self.mark},
            left="known" if known else "found",
            claimed=frozenset(["tags"]),
            notes=(f"{why} {away}" if away else why,),
            digest=digest_of(["left", key, away]),
        )

    def _sentence(self, words: Words, key: str, away: str, day: str) -> Safe:
        board = escaped(self.title.get(words.language) or next(iter(self.title.values()), "board"))
        if self.site and not is_local(self.site):
            board = link(board, self.site)
        repo = link(escaped(away), _HUB + away)
        return say(words, key, date=day, board=board, repo=repo)


def gathered(boards: Boards, settings: Settings) -> Gathered:
    """Return what every repository of the board's models shall hold, and what is taken back."""
    cards = wanted(boards, settings)
    suites = (suite.name for suite in settings.suites)
    return Gathered(
        cards=cards,
        words=tuple(map(settings.words, settings.board.languages)),
        title=settings.board.title,
        site=settings.board.site_url,
        mark=board_mark(settings),
        ours=ours(settings),
        tags=frozenset([*settings.cards.tags, *suites]),
        away=_away(boards, {fold(one.repo) for one in cards}),
        left_out=left_out(boards),
    )


def same_but_for_the_day(body: str, other: str) -> bool:
    """Tell whether two sentences say the same, though they may name different days."""
    return _DAY.sub("", body).strip() == _DAY.sub("", other).strip()


def to_withdraw(
    gathered: Gathered, written: Mapping[str, str], listed: Collection[Listed]
) -> Iterator[tuple[str, bool]]:
    """Yield each repository with a card that the board publishes no more, and if we know of it.

    *written* are those that our records tell of, each with the Hub's own name for it; what is
    *listed* may be ours as well.
    """
    ids = {fold(name) for pair in written.items() for name in pair}
    for repo in written:
        if not gathered.is_wanted(repo):
            yield repo, True
    for one in listed:
        if fold(one.repo) not in ids and not gathered.is_wanted(one.repo):
            yield one.repo, False


def _away(boards: Boards, wanted: Collection[str]) -> dict[str, str | None]:
    """Return where the card is that a repository would have by the names of its model."""
    found: dict[str, str | None] = {}
    every: list[Entry] = [entry for board in boards.boards for entry in board.entries]
    for entry in [*every, *boards.unplaced]:
        profile = entry.profile
        there = None if profile.repo is False else hub_repo(entry)
        if profile.repo is not False and (there is None or fold(there) not in wanted):
            continue
        for name in (entry.name, *profile.aliases):
            repo = name.partition(":")[0]
            if is_hub_id(repo) and fold(repo) not in wanted:
                found[fold(repo)] = there
    return found
