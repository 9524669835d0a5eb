"""All that a card says, as plain values: from entries, their boards and the settings."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from msgspec import Struct

from ..board.figures import shown
from ..board.model import Board, Boards, Entry
from ..board.notes import Field, rules
from ..board.running import Run, hub_repo, is_hub_id, run_of
from ..board.workspace import Settings, Text
from .sheets import Sheet, sheet_of


class Card(Struct, frozen=True, kw_only=True):
    """One model's card: what is known of the model, and a sheet for each of its results."""

    slug: str
    title: str
    model: str
    repo: str | None
    badge_url: str | None
    site_url: str | None
    purpose: Text
    base: str | None
    base_repo: str | None
    relation: str | None
    training: Text
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
    sheets: tuple[Sheet, ...]
    run: Run


def cards_of(boards: Boards, settings: Settings) -> Iterator[Card]:
    """Yield one card for each slug, in the order of slugs; a model on two boards has one card."""
    checked = rules(settings)
    grouped: dict[str, list[tuple[Board | None, Entry]]] = defaultdict(list)
    for board in (*boards.boards, None):
        for entry in board.entries if board else boards.unplaced:
            grouped[entry.slug].append((board, entry))
    fields = {id(board): Field(board) for board in boards.boards}
    for slug, places in sorted(grouped.items()):
        sheets = tuple(
            sheet_of(entry, board, fields.get(id(board)), checked, settings)
            for board, entry in places
        )
        yield _card(slug, sheets, settings)


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
        site_url=site,
        purpose=profile.purpose,
        base=base,
        base_repo=base if base and is_hub_id(base) else None,
        relation=profile.base_model_relation,
        training=profile.training,
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
        sheets=tuple(sheets),
        run=run_of([(s.board.suite if s.board else None, s.entry) for s in sheets], settings),
    )
