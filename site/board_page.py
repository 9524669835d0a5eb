"""The leaderboard's pages: one board after another as plain tables."""

from collections.abc import Iterator

from msgspec import Struct

from ..board.model import Entry, Method
from .figures import billions, printed
from .listing import Part, parts
from .page import Page, root_of
from .source import Place, Source


class Column(Struct, frozen=True, kw_only=True):
    """A column of the board: its name in the catalogue, and how a reader will want it sorted."""

    name: str
    number: bool = True
    descends: bool = False
    """Whether the best value is the highest."""


COLUMNS = (
    Column(name="rank"),
    Column(name="model", number=False),
    Column(name="score", descends=True),
    Column(name="precision", descends=True),
    Column(name="recall", descends=True),
    Column(name="first", descends=True),
    Column(name="valid", descends=True),
    Column(name="seconds"),
    Column(name="parameters"),
    Column(name="family", number=False),
    Column(name="template", number=False),
    Column(name="notes", descends=True),
)


class Row(Struct, frozen=True, kw_only=True):
    """An entry as the table prints it; `None` where a figure is unknown."""

    slug: str
    label: str
    organisation: str
    """What stands before the first `/` of the model's id; empty where there is none."""
    name: str
    rank: str
    ranks: str | None
    """The ranks that the paired tests leave open, e.g. `1–9`."""
    tied: bool
    score: str
    low: str | None
    high: str | None
    """Ends of the score's interval."""
    precision: str | None
    recall: str | None
    first: str | None
    valid: str | None
    seconds: str | None
    parameters: str | None
    family: str | None
    template: str
    warnings: int


def board_pages(source: Source) -> Iterator[Page]:
    """Yield every page of every board; the first page of all is there even without a board."""
    if not source.places:
        slots = {"board": _html(source, "", None, None)}
        yield Page(path="", title=source.title, description=source.title, slots=slots)
    for place, board in zip(source.places, source.boards.boards, strict=True):
        description = source.render.text(
            "site.board.description",
            title=place.title,
            ranked=place.ranked,
            unranked=place.unranked,
        )
        rows = [row(entry, source) for entry in board.ranked]
        for part in parts(place.path, place.slug, rows):
            first = part.path == ""
            html = _html(source, part.path, place, part, board.method)
            numbered = place.title if part.number == 1 else f"{place.title} ({part.number})"
            yield Page(
                path=part.path,
                title=source.title if first else numbered,
                description=description,
                slots={"board" if first else "body": html},
                search=description if part.number == 1 else None,
            )


def row(entry: Entry, source: Source) -> Row:
    """Return *entry* as a line of its board."""
    metrics, resolution = entry.metrics, entry.resolution
    interval = resolution.score if resolution else None
    organisation, slash, _ = entry.model.partition("/")
    return Row(
        slug=entry.slug,
        label=entry.label,
        organisation=organisation if slash else "",
        name=entry.label.removeprefix(f"{organisation}/") if slash else entry.label,
        rank=entry.rank_text,
        ranks=ranks(entry),
        tied=bool(entry.tied_with),
        score=printed("score", entry.score) or "",
        low=printed("score", interval.low) if interval else None,
        high=printed("score", interval.high) if interval else None,
        precision=printed("command_precision", metrics.command_precision),
        recall=printed("command_recall", metrics.command_recall),
        first=printed("first_cmd_exact_pct", metrics.first_cmd_exact_pct),
        valid=printed("valid_json_pct", metrics.valid_json_pct),
        seconds=printed("seconds_per_step", metrics.seconds_per_step),
        parameters=billions(entry.profile.parameters),
        family=source.family(entry),
        template=entry.template_status,
        warnings=sum(finding.severity == "warning" for finding in entry.findings),
    )


def ranks(entry: Entry) -> str | None:
    """Return the range of ranks that the tests leave open; `None` where nothing was tested."""
    resolution = entry.resolution
    if resolution is None:
        return None
    low, high = resolution.low, resolution.high
    return str(low) if low == high else f"{low}–{high}"


def _html(
    source: Source,
    path: str,
    here: Place | None,
    part: Part[Row] | None,
    method: Method | None = None,
) -> str:
    return source.render.html(
        "board",
        root=root_of(path),
        boards=source.places,
        here=here,
        method=method,
        columns=COLUMNS,
        rows=part.items if part else (),
        pages=part.links if part else (),
    )
