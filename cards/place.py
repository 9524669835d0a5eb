"""A result's place on a board, cut down to what its card may depend on."""

from msgspec import Struct
from msgspec.structs import replace

from ..board.figures import Value, figures
from ..board.model import Board, Entry
from ..board.notes import Field
from ..board.workspace import Settings, Suite
from .standing import Standing, standing


class Place(Struct, frozen=True, kw_only=True):
    """One result as its card sees it.

    Nothing else of the boards reaches a card but the quantiles that it asks its field for. So a
    card whose places, quantiles and settings are the same as before is the same as before.
    """

    entry: Entry
    """Without rank, resolution and step data, which change with other results or say nothing."""
    suite: Suite | None
    standing: Standing | None
    """`None` where the result is not ranked."""
    tasks: int | None
    """On which intervals rest."""
    figures: dict[str, Value]


def place_of(entry: Entry, board: Board | None, field: Field | None, settings: Settings) -> Place:
    """Return the place of *entry* on *board*, of which *field* is the field of ranked entries."""
    spot = field.place(entry) if field else None
    return Place(
        entry=replace(entry, rank=None, rank_text="", tied_with=(), resolution=None, facts=None),
        suite=board.suite if board else None,
        standing=standing(entry, board, settings.cards.rank) if board else None,
        tasks=board.method.tasks if board and board.method else None,
        figures=spot.known if spot else figures(entry),
    )
