"""What a card's suites are about: those that are spoken of in the same words, together."""

from collections.abc import Sequence

from msgspec import Struct

from ...board.workspace.settings import SuiteWords, Text
from ...eval.metrics import Metric
from .sheets import Sheet


class Subject(Struct, frozen=True, kw_only=True):
    """Suites of one kind with the same words and metrics."""

    kind: str
    titles: tuple[Text, ...]
    """Of the suites, in the order of the sheets; none where nobody could tell the suite."""
    words: SuiteWords
    """The suites' own, which go before their kind's."""
    ranked: Metric | None
    by_hand: bool
    """Whether a person judged the answers, and no rule."""
    own_rank: bool
    """Whether the kind's words on its score hold here."""
    explained: tuple[Metric, ...]
    """Metrics that the suites explain."""


def subjects_of(sheets: Sequence[Sheet]) -> tuple[Subject, ...]:
    """Return what *sheets* are about, in their order."""
    alike: list[list[Sheet]] = []
    for sheet in sheets:
        group = next((group for group in alike if _same(group[0], sheet)), None)
        if group is None:
            alike.append([sheet])
        else:
            group.append(sheet)
    return tuple(_subject(group) for group in alike)


def _same(one: Sheet, other: Sheet) -> bool:
    return (one.kind, _by_hand(one)) == (other.kind, _by_hand(other)) and (
        one.suite is other.suite
        if one.suite is None or other.suite is None
        else (one.suite.words, one.suite.changes) == (other.suite.words, other.suite.changes)
    )


def _by_hand(sheet: Sheet) -> bool:
    return sheet.entry.evidence == "by-hand"


def _subject(group: Sequence[Sheet]) -> Subject:
    first = group[0]
    metrics = first.suite.metrics if first.suite else ()
    return Subject(
        kind=first.kind,
        titles=tuple(sheet.title for sheet in group if sheet.title),
        words=first.suite.words if first.suite else SuiteWords(),
        ranked=first.ranked,
        by_hand=_by_hand(first),
        own_rank=first.own_rank,
        explained=tuple(
            metric
            for metric in metrics
            if metric.explanation and (metric.ranked or metric.shown != "details")
        ),
    )
