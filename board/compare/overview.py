"""Models on several suites side by side, and where a workspace asks for it one order of all."""

import hashlib
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from ...eval.errors import UsageError
from ..judge.resolution import measured_entries, task_sums
from ..model import Board, Boards, Entry
from ..statistics.overall import OfSuite, Overall, overall
from ..workspace.settings import Settings


class Row(Struct, frozen=True, kw_only=True):
    """One model: its entry on each suite, and its mean over them where it has all."""

    label: str
    slug: str
    entries: tuple[Entry | None, ...]
    """In the order of the suites; `None` where it has no result there."""
    mean: float | None = None
    """Over all suites that count, 0 to 100; `None` where it lacks one, or none was asked for."""
    rank: int | None = None
    rank_text: str = "–"
    sure: Overall | None = None
    """`None` without per-step data on every suite that counts."""

    @property
    def coverage(self) -> int:
        """Return on how many suites it is ranked."""
        return sum(entry is not None and entry.rank is not None for entry in self.entries)


class Overview(Struct, frozen=True, kw_only=True):
    """All models of a workspace on all its suites."""

    boards: tuple[Board, ...]
    rows: tuple[Row, ...]
    """Those with an overall rank first, then by coverage and label."""
    counted: tuple[int, ...] = ()
    """Which boards the mean is taken over, with equal weight; empty where there is none."""
    refused: str | None = None
    """Why there is no overall order though one was asked for: a key of the catalogue."""
    because: str = ""
    """The suite that it fails on."""
    heaviest: int | None = None
    """The board that more than half of the variance comes from."""


def overview_of(boards: Boards, settings: Settings) -> Overview | None:
    """Return the overview; `None` where fewer than two suites have results."""
    shown = tuple(board for board in boards.boards if board.class_ == "models")
    if len(shown) < 2:
        return None
    rows = _rows(shown)
    if settings.overview.rule is None:
        return Overview(boards=shown, rows=_ordered(rows))
    counted = _counted(shown, settings.overview.suites)
    refused = _refused([shown[place] for place in counted], settings.overview.suites)
    if refused is not None:
        why, because = refused
        return Overview(boards=shown, rows=_ordered(rows), refused=why, because=because)
    rows, heaviest = _averaged(shown, rows, counted)
    return Overview(boards=shown, rows=_ordered(rows), counted=counted, heaviest=heaviest)


def _rows(boards: Sequence[Board]) -> list[Row]:
    """Return a row a model; of several results of one model that do not stand, the first."""
    found: dict[str, dict[int, Entry]] = {}
    for place, board in enumerate(boards):
        for entry in board.entries:
            found.setdefault(entry.model, {}).setdefault(place, entry)
    rows = []
    for model, entries in found.items():
        first = entries[min(entries)]
        across = tuple(entries.get(place) for place in range(len(boards)))
        rows.append(Row(label=model, slug=first.slug, entries=across))
    return rows


def _counted(boards: Sequence[Board], named: Sequence[str]) -> tuple[int, ...]:
    return tuple(
        place
        for place, board in enumerate(boards)
        if not named or board.suite.slug in named or board.suite.name in named
    )


def _refused(boards: Sequence[Board], named: Sequence[str]) -> tuple[str, str] | None:
    """Return why the scores of *boards* must not be averaged, and the suite that forbids it."""
    known = {name for board in boards for name in (board.suite.slug, board.suite.name)}
    if missing := [name for name in named if name not in known]:
        return "overview.unknown", missing[0]
    if len(boards) < 2:
        return "overview.too-few", boards[0].suite.slug if boards else ""
    for board in boards:
        metric = board.suite.ranked
        if metric.better != "higher" or metric.bounds not in ((0.0, 1.0), (0.0, 100.0)):
            return "overview.unlike", board.suite.slug
    names = [board.suite.name for board in boards]
    if twice := [name for name in names if names.count(name) > 1]:
        return "overview.same", twice[0]
    return None


def share(board: Board, entry: Entry) -> float | None:
    """Return the ranked metric of *entry* brought to 0 to 1."""
    value, (_, high) = entry.value(board.suite.ranked.id), board.suite.ranked.bounds
    return None if value is None else value / (high or 1.0)


def _averaged(
    boards: Sequence[Board], rows: Sequence[Row], counted: Sequence[int]
) -> tuple[list[Row], int | None]:
    """Return *rows* with means of those that are ranked on every suite that counts."""
    ours = [boards[place] for place in counted]
    whole: dict[str, tuple[Entry, ...]] = {}
    for row in rows:
        entries = [row.entries[place] for place in counted]
        ranked = tuple(one for one in entries if one is not None and one.rank is not None)
        if len(ranked) == len(counted):
            whole[row.label] = ranked
    sure, heaviest = _measured(ours, whole)
    means = {label: round(100 * _mean(ours, entries), 2) for label, entries in whole.items()}
    found = []
    for row in rows:
        if row.label not in means:
            found.append(row)
            continue
        mean = means[row.label]
        rank = 1 + sum(other > mean for other in means.values())
        shared = sum(other == mean for other in means.values()) > 1
        found.append(
            Row(
                label=row.label,
                slug=row.slug,
                entries=row.entries,
                mean=mean,
                rank=rank,
                rank_text=f"{rank}=" if shared else str(rank),
                sure=sure.get(row.label),
            )
        )
    return found, None if heaviest is None else counted[heaviest]


def _mean(boards: Sequence[Board], entries: Sequence[Entry]) -> float:
    shares = [share(board, entry) or 0.0 for board, entry in zip(boards, entries, strict=True)]
    return sum(shares) / len(shares)


def _measured(
    boards: Sequence[Board], whole: dict[str, tuple[Entry, ...]]
) -> tuple[dict[str, Overall], int | None]:
    """Return what per-step data tell of the models that have some on every suite."""
    measured = [{e.result_id for e in measured_entries(board)} for board in boards]
    labels = [
        label
        for label, entries in whole.items()
        if all(e.result_id in known for e, known in zip(entries, measured, strict=True))
    ]
    # Whoever has no rows may belong anywhere, so ranges among the others would promise too much.
    if len(labels) < len(whole) or not labels:
        return {}, None
    suites, seeds = [], []
    for place, board in enumerate(boards):
        entries = [whole[label][place] for label in labels]
        sums, facts = task_sums(board.suite, entries, board.suite.ranked.id), entries[0].facts
        if sums is None or facts is None:
            return {}, None
        suites.append(OfSuite.of(sums.rising, facts.steps_per_task))
        seeds.append(board.suite.fingerprint or facts.fingerprint or facts.keys_sha256)
    outcome = overall(suites, hashlib.sha256("\n".join(seeds).encode()).hexdigest())
    return dict(zip(labels, outcome.of, strict=True)), outcome.heaviest


def by_suite(found: Overview, name: str) -> Overview:
    """Return the overview in the order of ranks on one suite; raise `UsageError` for others."""
    names = [(board.suite.slug, board.suite.name) for board in found.boards]
    places = [place for place, known in enumerate(names) if name in known]
    if not places:
        raise UsageError(
            f"{name!r} is no suite of the overview",
            key="--sort",
            remedy=f"Suites: {', '.join(slug for slug, _ in names)}.",
        )

    def order(row: Row) -> tuple[bool, int, str]:
        entry = row.entries[places[0]]
        rank = entry.rank if entry is not None else None
        return rank is None, rank or 0, row.label

    return replace(found, rows=tuple(sorted(found.rows, key=order)))


def _ordered(rows: Sequence[Row]) -> tuple[Row, ...]:
    return tuple(
        sorted(rows, key=lambda row: (row.rank is None, row.rank or 0, -row.coverage, row.label))
    )
