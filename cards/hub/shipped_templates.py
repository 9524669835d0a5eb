"""The templates that models ship on the Hub now, against those that they were evaluated with."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from ...board.model import Boards, Entry
from ...board.words.catalogue import Words
from ...board.words.findings import Finding
from ...eval.audit.drift import drift
from ...eval.audit.sources.folder_source import is_hub_name
from ...eval.audit.sources.hub_source import TEMPLATES, hub_source
from ...eval.audit.sources.sources import Source
from ...eval.errors import CardboardError


class Moved(Struct, frozen=True, kw_only=True):
    """A result of a template that its model does not ship any more."""

    label: str
    was: str
    now: str
    """The first digits of the SHA-256 of each."""
    message: str


class Shipped(NamedTuple):
    """What was found of the templates on a board."""

    moved: tuple[Moved, ...]
    unknown: tuple[str, ...] = ()
    """Lines of which nobody could tell."""


def moved_by_audits(boards: Boards) -> Shipped:
    """Return what the audits that the workspace keeps tell, as the judge found it."""
    moved = (
        _moved(entry, finding.values["was"], finding.values["now"])
        for entry in _lines(boards)
        for finding in entry.findings
        if finding.code == "template-moved"
    )
    return Shipped(tuple(moved))


def models_with_template(boards: Boards) -> dict[str, list[Entry]]:
    """Return the lines of *boards* that know the template they were asked through, by model."""
    found: dict[str, list[Entry]] = defaultdict(list)
    for entry in _lines(boards):
        model = entry.result.model
        if entry.result.prompts.template_sha256 is not None:
            found[model.adapter.id if model.adapter else model.id].append(entry)
    return dict(sorted(found.items()))


def moved_on_hub(models: Mapping[str, Sequence[Entry]], tell: Callable[[], None]) -> Shipped:
    """Ask the Hub which templates *models* ship now; *tell* is called after each of them."""
    moved: list[Moved] = []
    unknown: list[str] = []
    for name, entries in models.items():
        now = _on_the_hub(name)
        for entry in entries:
            found = _compared(entry, now) if now is not None else None
            if found is None:
                unknown.append(entry.label)
            else:
                moved += found
        tell()
    return Shipped(tuple(moved), tuple(unknown))


def _lines(boards: Boards) -> Iterator[Entry]:
    for board in boards.boards:
        yield from board.entries
    yield from boards.unplaced


def _on_the_hub(name: str) -> Source | None:
    try:
        return hub_source(name, wanted=TEMPLATES) if is_hub_name(name) else None
    except CardboardError:
        return None


def _compared(entry: Entry, now: Source) -> Sequence[Moved] | None:
    """Return how *entry* differs from what is shipped, if it does; `None` where nothing is."""
    used = entry.result.prompts.template_sha256
    was = Source(name=entry.label, kind="result", recorded=used)
    for finding in drift(was, now):
        if finding.code != "audit-drift-recorded":
            return None
        return [_moved(entry, finding.values["was"], finding.values["now"])]
    return []


def _moved(entry: Entry, was: object, now: object) -> Moved:
    values = {"was": str(was), "now": str(now)}
    said = Finding(code="template-moved", severity="warning", values=dict(values))
    return Moved(label=entry.label, message=Words("en").finding(said), **values)
