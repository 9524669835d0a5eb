"""All that a card says, as plain values: from entries, their boards and the settings."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from msgspec import Struct

from ...board.model import Board, Boards, Entry
from ...board.notes.claims import Claim, on_ranks
from ...board.notes.figures import shown, trained
from ...board.notes.notes import Field, rules
from ...board.show.reproduction import Run, hub_repo, run_of
from ...board.words.catalogue import Words
from ...board.workspace.settings import Settings, Text
from ...eval.records import Scalar, Training, is_hub_id
from . import evidence
from .evidence import Row
from .sheets import Sheet, sheet_of
from .standing import CardEntry, card_entry
from .subjects import Subject, subjects_of


class Trained(Struct, frozen=True, kw_only=True):
    """How an adapter was trained, by the record beside its weights."""

    short: dict[str, Scalar]
    """The values of one sentence."""
    rows: tuple[Row, ...]


class Card(Struct, frozen=True, kw_only=True):
    """One model's card: what is known of the model, and a sheet for each of its results."""

    slug: str
    title: str
    model: str
    repo: str | None
    badge_url: str | None
    page_url: str | None
    """Of the model's page on the site, which has what would change a card too often."""
    site_url: str | None
    purpose: Text
    base: str | None
    base_repo: str | None
    relation: str | None
    training: Text
    """What the workspace says of it."""
    trained: Trained | None
    family: Text
    interpretation: Text
    parameters: str | None
    active: str | None
    guessed: tuple[str, ...]
    datasets: tuple[tuple[str, str | None], ...]
    license: str | None
    links: tuple[tuple[str, str], ...]
    result_ids: tuple[str, ...]
    sweep: bool
    on_ranks: tuple[Claim, ...]
    """What a result needs for a rank."""
    sheets: tuple[Sheet, ...]
    subjects: tuple[Subject, ...]
    run: Run


class Deck:
    """The cards of all models on boards, one for each slug, each made when it is asked for.

    A model on two boards has one card, one on none has none. Raises `ConfigError` where a note
    rule is mistaken.
    """

    def __init__(self, boards: Boards, settings: Settings) -> None:
        self._settings = settings
        self._rules, self._boards = rules(settings), boards.boards
        self._audits = boards.audits
        self.fields = {
            f"{number} {board.suite.slug} {board.class_}": Field(board)
            for number, board in enumerate(boards.boards)
        }
        """By a name that no two boards share."""
        self._there: dict[str, list[tuple[Entry, Board | None, Field | None]]] = defaultdict(list)
        for board, field in zip(boards.boards, self.fields.values(), strict=True):
            for entry in board.entries:
                self._there[entry.slug].append((entry, board, field))
        for entry in boards.unplaced:
            if entry.slug in self._there:
                self._there[entry.slug].append((entry, None, None))

    def prepare(self) -> None:
        """Work out what all cards of a board rest on, such as the tests of all pairs."""
        for board in self._boards:
            for entry in board.ranked[:1]:
                self.card(entry.slug)

    @property
    def slugs(self) -> list[str]:
        """Return the slugs of all cards, sorted."""
        return sorted(self._there)

    def entries(self, slug: str) -> tuple[CardEntry, ...]:
        """Return the entries of one card, as it sees them."""
        return tuple(
            card_entry(*there, self._settings, self._audits) for there in self._there[slug]
        )

    def card(self, slug: str, entries: Sequence[CardEntry] | None = None) -> Card:
        """Return one card; *entries* are its entries, where they are known already."""
        sheets = tuple(
            sheet_of(entry, field, self._rules, self._settings)
            for entry, (_, _, field) in zip(
                self.entries(slug) if entries is None else entries, self._there[slug], strict=True
            )
        )
        return _card(slug, sheets, self._settings)


MOST_LEFT_OUT = 10


def left_out(boards: Boards) -> tuple[Entry, ...]:
    """Return an entry of each model that is on no board, and so gets no card."""
    placed = {entry.slug for board in boards.boards for entry in board.entries}
    found = {one.slug: one for one in reversed(boards.unplaced) if one.slug not in placed}
    return tuple(found[slug] for slug in sorted(found))


def left_out_lines(entries: Sequence[Entry], words: Words) -> Iterator[str]:
    """Yield which models are on no board and get no card, each with the reason."""
    if not entries:
        return
    many = len(entries) > 1
    told = f"{len(entries)} models are" if many else "1 model is"
    yield f"{told} on no board, so {'they get no cards' if many else 'it gets no card'}:"
    for entry in entries[:MOST_LEFT_OUT]:
        why = [words.finding(one) for one in entry.findings if one.code == "suite-unknown"]
        yield f"  {entry.label}: {' '.join(why) or 'its suite is not in board.toml'}"
    if len(entries) > MOST_LEFT_OUT:
        yield f"  … and {len(entries) - MOST_LEFT_OUT} more; cardboard check names all."


def cards_of(boards: Boards, settings: Settings) -> Iterator[Card]:
    """Yield one card for each slug, in the order of slugs; a model on two boards has one card."""
    deck = Deck(boards, settings)
    for slug in deck.slugs:
        yield deck.card(slug)


def _card(slug: str, sheets: Sequence[Sheet], settings: Settings) -> Card:
    entry = sheets[0].entry
    profile = entry.profile
    family = settings.families.get(profile.family or "")
    site = settings.board.site_url.rstrip("/") + "/" if settings.board.site_url else None
    base = profile.base_model
    active = profile.active_parameters
    return Card(
        slug=slug,
        title=entry.label,
        model=entry.model,
        repo=hub_repo(entry),
        badge_url=f"{site}badges/{quote(slug)}.svg" if site else None,
        page_url=f"{site}models/{quote(slug)}/" if site else None,
        site_url=site,
        purpose=profile.purpose,
        base=base,
        base_repo=base if base and is_hub_id(base) else None,
        relation=profile.base_model_relation,
        training=profile.training,
        trained=_trained(sheets),
        family=family.title if family else {},
        interpretation=family.interpretation if family else {},
        parameters=shown("parameters", profile.parameters) if profile.parameters else None,
        active=shown("parameters", active) if active else None,
        guessed=profile.guessed,
        datasets=tuple((name, name if is_hub_id(name) else None) for name in profile.datasets),
        license=profile.license,
        links=tuple(sorted(profile.links.items())),
        result_ids=tuple(sheet.entry.result_id for sheet in sheets),
        sweep=entry.class_ == "sweep",
        on_ranks=on_ranks([(sheet.suite, sheet.entry) for sheet in sheets], settings),
        sheets=tuple(sheets),
        subjects=subjects_of(sheets),
        run=run_of([(sheet.suite, sheet.entry) for sheet in sheets], settings),
    )


def _trained(sheets: Sequence[Sheet]) -> Trained | None:
    adapters = (sheet.entry.result.model.adapter for sheet in sheets)
    told: Training | None = next((one.training for one in adapters if one and one.training), None)
    return None if told is None else Trained(short=trained(told), rows=evidence.trained(told))
