"""Which repository shall hold which card: from boards to what is wanted on the Hub."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Literal

from msgspec import Struct

from ...board.model import Boards, Entry
from ...board.words.findings import Finding
from ...board.words.machines import is_local
from ...board.words.names import plural
from ...board.workspace.settings import Settings
from ...eval.errors import UsageError
from ...eval.identity import fold
from ...eval.records import instant
from ..readme.model_index import Ours
from ..readme.readme import fresh_readme
from ..readme.yaml import Value
from ..text.card import Card, cards_of
from ..text.eval_results import benchmarks, eval_results
from ..text.lint import lint
from ..text.metadata import metadata, stated, task_name
from ..text.render import Renderer

_FORMAT = 2
"""Raised when the same card is to be merged into a README in another way."""


Precedence = tuple[bool, int, float, str]


class Wanted(Struct, frozen=True, kw_only=True):
    """What a repository shall hold."""

    repo: str
    label: str
    front: dict[str, Value]
    body: str
    ours: Ours
    evals: str | None = None
    """The results file; `None` where there shall be none."""
    with_evals: bool = False
    """Whether the results file is ours to write or remove at all."""
    links: dict[str, str] = {}
    """The addresses of the board and of the model's page on it."""
    only_results: bool = False
    """Nothing is written but the results file: the repository is somebody else's."""
    benchmarks: frozenset[str] = frozenset()
    """The datasets to whose benchmarks the results belong."""
    problems: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    marks: dict[str, str] = {}
    """What our opening marker carries: whose card this is."""
    left: Literal["", "known", "found"] = ""
    """Whether the model has left the board, and if we know that we wrote its card or only found
    what looks like one."""
    stated: frozenset[str] = frozenset()
    """Keys of the front matter that the workspace itself states."""
    claimed: frozenset[str] = frozenset()
    """Keys of the front matter that are ours to write or to take back."""
    precedence: Precedence = (False, 0, 0.0, "")
    """Of cards for one repository the least is written."""
    digest: str
    """SHA-256 over all that decides what we write."""


def wanted(boards: Boards, settings: Settings) -> list[Wanted]:
    """Return what every repository of the board's models shall hold, in the order of names.

    Several lines of one model, or several models of one name, may share a repository; the card of a
    ranked line goes first, then that of the most scored steps, then the latest.
    """
    sharing: dict[str, list[Card]] = defaultdict(list)
    for card in cards_of(boards, settings):
        if card.repo and card.sheets[0].entry.profile.repo is not False:
            sharing[fold(card.repo)].append(card)
    renderer = Renderer(settings)
    found = [
        _wanted(sorted(cards, key=_precedence), renderer, settings) for cards in sharing.values()
    ]
    return sorted(found, key=lambda one: one.repo)


def proposals(boards: Boards, settings: Settings, names: Sequence[str]) -> list[Wanted]:
    """Return the results to propose to the models of others that are *named*.

    Raises `UsageError` for a name that no model of the board has, for one whose card is ours to
    push, and where no result of it belongs to a benchmark of the Hub.
    """

    def refuse(what: str, remedy: str) -> UsageError:
        return UsageError(what, key="--propose", remedy=remedy)

    cards: dict[str, list[Card]] = defaultdict(list)
    for card in cards_of(boards, settings):
        if card.repo:
            cards[fold(card.repo)].append(card)
    found = []
    for name in dict.fromkeys(names):
        lines = sorted(cards.get(fold(name), ()), key=_precedence)
        if not lines:
            raise refuse(f"no model of the board is {name}", "Write it as the Hub does: ORG/MODEL")
        if lines[0].sheets[0].entry.profile.repo is not False:
            raise refuse(
                f"{name} gets a card of its own",
                f"Open a pull request with the card: cardboard push --pr --repo {name}\n"
                "Or set `repo = false` for it in models.toml: then it is somebody else's model.",
            )
        one = _results_of(lines[0], settings)
        if one.evals is None:
            raise refuse(
                f"no ranked result of {name} belongs to a data set of the Hub",
                "Name the `dataset` of its suite in board.toml.",
            )
        found.append(one)
    return found


def _results_of(card: Card, settings: Settings) -> Wanted:
    assert card.repo is not None
    title = settings.board.title.get("en") or next(iter(settings.board.title.values()), "")
    evals = eval_results(card, title, settings.hub)
    return Wanted(
        repo=card.repo,
        label=card.title,
        front={},
        body="",
        ours=ours(settings),
        evals=evals,
        with_evals=True,
        only_results=True,
        links=links_of(card),
        benchmarks=benchmarks(card),
        digest=digest_of([_FORMAT, "results", evals]),
    )


def chosen(
    every: Sequence[Wanted],
    named: Sequence[str],
    organisation: str | None,
    *,
    remote: bool,
    written: Collection[str] = (),
) -> list[Wanted]:
    """Return those *named*, else those of the *organisation*, else all.

    A repository that once was *written* may be named, though no card belongs to it any more.

    Raises `UsageError` for a name that no card belongs to, where no repository is of the
    organisation, and where none is set although the repositories are *remote*.
    """
    known = {one.repo for one in every}
    if unknown := sorted(set(named) - known - set(written)):
        raise UsageError(
            f"no card belongs to the repository {unknown[0]}",
            key="--repo",
            remedy=f"{plural(len(known), 'model')} with one: cardboard push --dry-run --to DIR",
        )
    if named:
        return [one for one in every if one.repo in named]
    strangers = organisation is None and remote
    found = [one for one in every if organisation in (None, one.repo.partition("/")[0])]
    if every and (strangers or not found):
        raise UsageError(
            "is not set" if strangers else f"none of {len(every)} repositories is of it",
            file="board.toml",
            key="board.organisation",
            remedy="Set the organisation, or name repositories with --repo.",
        )
    return found


def _precedence(card: Card) -> Precedence:
    ranked = any(sheet.standing for sheet in card.sheets)
    steps = max(sheet.entry.result.counts.scored or 0 for sheet in card.sheets)
    latest = max(_measured(sheet.entry) for sheet in card.sheets)
    return not ranked, -steps, -latest, card.slug


def _measured(entry: Entry) -> float:
    """Return when *entry* was measured, in seconds; 0 where that is unknown or cannot be."""
    stamp = entry.result.finished_at
    if stamp is None or any(finding.code == "time-unusable" for finding in entry.findings):
        return 0.0
    return instant(stamp).timestamp()


def _wanted(cards: list[Card], renderer: Renderer, settings: Settings) -> Wanted:
    card, *others = cards
    assert card.repo is not None
    front, body = metadata(card, settings), renderer.body(card)
    title = settings.board.title.get("en") or next(iter(settings.board.title.values()), "")
    with_evals = settings.hub.eval_results
    evals = eval_results(card, title, settings.hub) if with_evals else None
    return Wanted(
        repo=card.repo,
        label=card.title,
        front=front,
        body=body,
        ours=ours(settings),
        evals=evals,
        with_evals=with_evals,
        links=links_of(card),
        benchmarks=benchmarks(card) if with_evals else frozenset(),
        problems=lint(front, fresh_readme(front, body)),
        notes=tuple(f"not on this card: {other.title}" for other in others),
        marks={"board": board_mark(settings)},
        stated=stated(card),
        claimed=frozenset(settings.cards.keys),
        precedence=_precedence(card),
        digest=digest_of([_FORMAT, front, sorted(stated(card)), body, evals, with_evals]),
    )


def board_mark(settings: Settings) -> str:
    """Return what tells the cards of this board from those of another, in 12 hexadecimal digits.

    That is the address of its site, or else its organisation and its title.
    """
    board = settings.board
    told = [board.site_url.rstrip("/")] if board.site_url else [board.organisation, board.title]
    return digest_of(told)[:12]


def links_of(card: Card) -> dict[str, str]:
    """Return where the board and the page of *card*'s model are, if others can see them."""
    if not card.site_url or not card.page_url or is_local(card.site_url):
        return {}
    return {"The model on the board": card.page_url, "The board": card.site_url}


def ours(settings: Settings) -> Ours:
    """Return by what our results are known in somebody else's `model-index`."""
    types: Iterable[str | None] = (
        name for suite in settings.suites for name in (suite.slug, suite.dataset)
    )
    return Ours(
        source=settings.board.site_url,
        datasets=frozenset(name for name in types if name),
        tasks=frozenset(task_name(suite) for suite in settings.suites),
    )


def digest_of(value: object) -> str:
    """Return the SHA-256 of a plain *value*."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
