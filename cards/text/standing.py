"""An entry of a board as its card sees it: the exact rank, or a band that stays true."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from ...board.compare.counted import counted
from ...board.compare.held_out import HeldOut, held_out
from ...board.compare.languages import Gap, gaps
from ...board.model import Board, Entry
from ...board.notes.claims import Claim, basis
from ...board.notes.figures import Value, figures
from ...board.notes.lasting import ALWAYS_EXACT, band, rounded_down
from ...board.notes.notes import Field
from ...board.show.rows import blind_spot, independent
from ...board.workspace.settings import Settings, Suite
from ...eval.audit.reports import Audit, Check
from .names import width

if TYPE_CHECKING:
    from ...board.statistics.intervals import Interval
    from ...board.statistics.measurement import Resolution

Mode = Literal["auto", "exact", "band"]

# Beyond this many entries "k / N", medians and ranges of ranks would change nearly all cards with
# every result that is added.
EXACT_UP_TO = 10
NAMED_SHARERS = 3


class Span(NamedTuple):
    """The ranks that the tests leave open, and how many entries they do not tell apart."""

    low: int
    high: int
    level: int
    own: tuple[int, int] | None
    """The ranks that this entry's own test leaves open, where they are fewer."""


class Bands(NamedTuple):
    """The bands, in per cent from the top, of the best and the worst rank that is open."""

    low: int
    high: int
    by: Literal["open", "open-scores"]
    """Whether paired tests tell them, or scores alone."""


class Alone(NamedTuple):
    """The ranks that scores alone leave open, and the difference that may be chance."""

    low: int
    high: int
    tasks: int
    blind: str


class Standing(NamedTuple):
    """A rank as it is printed; either a number or a band is set.

    What would change with every result that is added is `None` where a card must stay as it is.
    """

    number: int | None
    band: int | None
    """Top so many per cent; 100 stands for the lower half."""
    of: int | None
    """How many results are ranked."""
    at_least: int
    """How many are ranked, rounded down so far that it seldom changes."""
    unranked: int | None
    shared_with: tuple[str, ...]
    """The first few labels that share the rank."""
    more_sharers: int
    interval: "Interval | None"
    """Of the score; `None` without step data or with too few tasks."""
    span: Span | None
    alone: Alone | None = None
    """What scores leave open on a board without per-step data."""
    open: Bands | None = None
    """What is open, where a card must stay as it is."""

    @property
    def shared(self) -> bool:
        """Tell whether another result has the same rank."""
        return bool(self.shared_with)


def standing(entry: Entry, board: Board, mode: Mode) -> Standing | None:
    """Return how *entry*'s rank on *board* is shown; `None` where it has none."""
    if entry.rank is None:
        return None
    count = len(board.ranked)
    exact = is_exact(board, mode)
    named = exact or entry.rank <= ALWAYS_EXACT
    sharers = entry.tied_with if named else ()
    found = entry.resolution
    return Standing(
        number=entry.rank if named else None,
        band=None if named else band(entry.rank, count),
        of=count if exact else None,
        at_least=rounded_down(count),
        unranked=len(board.entries) - count if exact else None,
        shared_with=sharers[:NAMED_SHARERS],
        more_sharers=max(0, len(sharers) - NAMED_SHARERS),
        interval=found.score if found else None,
        span=_span(found) if found and exact else None,
        alone=_alone(entry, board) if exact else None,
        open=None if exact else _bands(entry, board),
    )


def is_exact(board: Board, mode: Mode) -> bool:
    """Tell whether cards may say what changes with every result that *board* gains."""
    return mode == "exact" or (mode == "auto" and len(board.entries) <= EXACT_UP_TO)


def _bands(entry: Entry, board: Board) -> Bands | None:
    count, found = len(board.ranked), entry.resolution
    if found and found.tested:
        return Bands(band(found.low, count), band(found.high, count), "open")
    alone = board.open_ranks(entry) if board.alone else None
    return Bands(band(alone[0], count), band(alone[1], count), "open-scores") if alone else None


def _alone(entry: Entry, board: Board) -> Alone | None:
    open_, blind = board.open_ranks(entry), blind_spot(board)
    if board.alone is None or open_ is None or blind is None:
        return None
    return Alone(*open_, round(board.alone.effective), blind)


def _span(found: "Resolution") -> Span | None:
    """Return the ranks that tests leave open; `None` where too few tasks allow no test."""
    if not found.tested:
        return None
    joint, own = (found.low, found.high), (found.own_low, found.own_high)
    return Span(*joint, found.level_with, own if own != joint else None)


class Wilson(NamedTuple):
    """The 95 % interval of a share of so many items, if none has to do with another."""

    low: str
    high: str
    items: int


class Spread(NamedTuple):
    """A standard error as somebody reported it."""

    width: str
    method: str | None


class Base(NamedTuple):
    """The base of a model, beside it."""

    label: str
    counted: str
    p: str | None
    """Of the paired test by task."""


class CardEntry(Struct, frozen=True, kw_only=True):
    """An entry as its card sees it.

    Nothing else of the boards reaches a card but the quantiles that it asks its field for. So a
    card whose entries, quantiles and settings are the same as before is the same as before.
    """

    entry: Entry
    """Without rank, resolution and step data, which change with other results or say nothing."""
    suite: Suite | None
    standing: Standing | None
    """`None` where the result is not ranked."""
    basis: tuple[Claim, ...]
    """What stands under its figures."""
    tasks: int | None
    """On which intervals rest."""
    figures: dict[str, Value]
    lasting: bool
    """Whether it must stay as it is when the board gains results: no medians, no quantiles."""
    rows: bool
    """Whether the result holds its steps."""
    trials: int | None
    """How often every step was answered, where it was more than once and the steps tell it."""
    spread: Spread | None
    """Of the score, where there are no steps to tell it."""
    counted: str | None
    """How many tasks it got right, with an interval; `None` where the score is no such count."""
    base: Base | None
    """The same of its base model, where that is on the board."""
    wilson: Wilson | None
    """The same where nobody reported one, and the score is a share of items."""
    held_out: HeldOut | None
    """Figures of the groups that it was not trained on, where models.toml tells them."""
    gaps: tuple[str, tuple[Gap, ...]] | None
    """Its figures in each language, and the one that the others are held against."""
    checked: Check | None
    """What an audit of the very template found by the check that is called like the kind."""


def card_entry(
    entry: Entry,
    board: Board | None,
    field: Field | None,
    settings: Settings,
    audits: Sequence[Audit] = (),
) -> CardEntry:
    """Return *entry* of *board* as its card sees it; *field* is the field of ranked entries."""
    spot, mode = field.place(entry) if field else None, settings.cards.rank
    suite = board.suite if board else None
    spread = _spread(entry, suite) if suite else None
    return CardEntry(
        entry=replace(entry, rank=None, rank_text="", tied_with=(), resolution=None, facts=None),
        suite=suite,
        standing=standing(entry, board, mode) if board else None,
        basis=basis(entry, suite),
        tasks=board.method.tasks if board and board.method else None,
        figures=spot.known if spot else figures(entry, suite),
        lasting=board is not None and not is_exact(board, mode),
        rows=entry.facts is not None,
        trials=_trials(entry),
        spread=spread,
        counted=count.text if suite and (count := counted(entry, suite.ranked)) else None,
        base=_base(entry, board) if board else None,
        wilson=_wilson(entry, suite) if suite and spread is None else None,
        held_out=held_out(entry, suite) if suite else None,
        gaps=gaps(entry, suite) if suite else None,
        checked=_checked(entry, suite, audits) if suite else None,
    )


def _checked(entry: Entry, suite: Suite, audits: Sequence[Audit]) -> Check | None:
    sha256 = entry.result.prompts.template_sha256
    return next(
        (
            check
            for audit in audits
            for report in audit.reports
            if sha256 is not None and report.sha256 == sha256
            for check in report.checks
            if check.check == suite.kind and check.value is not None
        ),
        None,
    )


def _base(entry: Entry, board: Board) -> Base | None:
    """Return the count of the model's base, and the paired test of the two."""
    metric, name = board.suite.ranked, entry.profile.base_model
    base = board.by_model.get(name.lower()) if name else None
    count = counted(base, metric) if base is not None else None
    if base is None or count is None or base is entry or counted(entry, metric) is None:
        return None
    from ...board.compare.comparison import compare

    (found,) = compare(board, [(entry, base)])
    return Base(base.label, count.text, f"{found.paired.p:.4f}" if found.paired else None)


def _trials(entry: Entry) -> int | None:
    fewest, most = entry.facts.trials if entry.facts else (1, 1)
    return most if 1 < fewest == most else None


def _spread(entry: Entry, suite: Suite) -> Spread | None:
    measured = entry.metrics.get(suite.ranked.id)
    if entry.facts is not None or measured is None or measured.stderr is None:
        return None
    return Spread(width(suite.ranked, measured.stderr), measured.stderr_method)


def _wilson(entry: Entry, suite: Suite) -> Wilson | None:
    found = independent(entry, suite)
    if found is None:
        return None
    low, high, items = found
    places = suite.ranked.decimals
    return Wilson(f"{low:.{places}f}", f"{high:.{places}f}", items)
