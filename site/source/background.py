"""What pages of every language share, worked out once a build: tests, medians, texts of steps."""

from functools import cached_property
from pathlib import Path
from statistics import median
from typing import NamedTuple

from ...board.compare.files import Family, families_of
from ...board.model import Board, Boards, Entry
from ...board.read.reader import read_whole, weight_of
from ...board.workspace.settings import Fits
from ...board.workspace.settings import Suite as Known
from ...eval.errors import CardboardError
from ...eval.metrics import Change
from ...eval.suites.kinds.registry import DEFAULT, kind_of
from ...eval.suites.source import load
from ...eval.suites.suite import Suite
from .episodes import Played, episodes
from .joined import joined_tasks
from .paired_table import MOST_MEASURED, Rival, rivals_of
from .steps import Extremes, extremes
from .task_strip import Medians, medians_of

MOST_READ = 200
"""Files that are read once more for their texts, best ranks first."""
MOST_BYTES = 64 * 2**20
"""A longer file is not."""

PartMedians = dict[tuple[str, str], float]
"""Of the ranked metric in its own unit, by division and group."""


class Measured:
    """Figures of one board that all its pages need."""

    def __init__(self, board: Board) -> None:
        self.board = board

    @cached_property
    def rivals(self) -> dict[str, tuple[Rival, ...]]:
        """Return whom each ranked entry is compared with, by its result id."""
        return rivals_of(self.board)

    def test_all(self) -> None:
        """Work out intervals by every metric, and open ranks where pages have them."""
        method = self.board.method
        if method is None:
            return
        for metric in self.board.suite.metrics:
            method.of.spans(metric.id)
            if method.measured <= MOST_MEASURED and metric.better != "neither":
                method.of.ranges(metric.id)

    @cached_property
    def tasks(self) -> Medians:
        """Return the median score of every task."""
        return medians_of(self.board)

    @cached_property
    def parts(self) -> PartMedians:
        """Return the median of the ranked metric in every group, over the ranked entries."""
        metric = self.board.suite.ranked.id
        values: dict[tuple[str, str], list[float]] = {}
        for entry in self.board.ranked:
            for division, groups in entry.result.divisions.items():
                for part, one in groups.items():
                    if (value := one.metrics.get(metric)) is not None:
                        values.setdefault((division, part), []).append(value)
        return {part: median(found) for part, found in values.items() if len(found) > 1}


class Told(NamedTuple):
    """What the steps of one result file tell, once it is read again."""

    steps: Extremes | None = None
    episodes: tuple[Played, ...] = ()
    joined: dict[str, str] = {}  # noqa: RUF012  # never written to
    """By task: the task of another suite that it is as well."""


class Texts:
    """The steps of result files with their prompts, read when a page shows them, and kept.

    *results* is the workspace's folder of result files, with `suites/` beside it. At most 200 files
    are read, those of the first boards and the best ranks, and none but what was judged.
    """

    def __init__(self, boards: Boards, results: Path) -> None:
        everywhere = [(board.suite, entry) for board in boards.boards for entry in board.entries]
        everywhere += [(stand_in(entry), entry) for entry in boards.unplaced]
        holding = [(suite, entry) for suite, entry in everywhere if _holds_texts(suite, entry)]
        self._results = results
        self._suites: dict[str, Suite | None] = {}
        self._wanted = {entry.result_id: suite for suite, entry in holding[:MOST_READ]}
        self._kept: dict[str, Told] = {}

    def steps(self, entry: Entry) -> Extremes | None:
        """Return the worst and best steps of *entry*; `None` where there is nothing to show."""
        return self._told(entry).steps

    def episodes(self, entry: Entry) -> tuple[Played, ...]:
        """Return the episodes of *entry*; none where its steps are not played."""
        return self._told(entry).episodes

    def joined(self, entry: Entry) -> dict[str, str]:
        """Return which tasks of *entry* are those of another suite, and which ones."""
        return self._told(entry).joined

    def _told(self, entry: Entry) -> Told:
        if entry.result_id not in self._wanted:
            return Told()
        if entry.result_id not in self._kept:
            self._kept[entry.result_id] = self._read(entry)
        return self._kept[entry.result_id]

    def _read(self, entry: Entry) -> Told:
        path = self._results / entry.file
        if not 0 < weight_of(path, entry.beside) <= MOST_BYTES:
            return Told()
        reading, result = read_whole(path, entry.part)
        if result is None or reading.sha256 != entry.sha256:
            return Told()
        suite = self._wanted[entry.result_id]
        prompts = self._prompts(suite, entry) if suite.name else None
        return Told(
            extremes(result, suite, prompts), episodes(result, suite), joined_tasks(result, suite)
        )

    def _prompts(self, known: Known, entry: Entry) -> Suite | None:
        """Return the suite with its prompts, where the one at hand holds the very same steps."""
        if known.slug not in self._suites:
            self._suites[known.slug] = self._load(known)
        suite = self._suites[known.slug]
        same = suite and entry.facts and suite.references_sha256 == entry.facts.fingerprint
        return suite if same else None

    def _load(self, known: Known) -> Suite | None:
        if "/" in known.name:  # Neither a download nor a path: a name, or nothing.
            return None
        try:
            return load(f"{known.name}@{known.version}", folder=self._results.parent / "suites")
        except CardboardError:
            return None


class Background:
    """What stands behind the pages of all boards.

    *results* is where files may be read again, *fits* are the limits of a machine.
    """

    def __init__(self, boards: Boards, results: Path | None = None, fits: Fits = Fits()) -> None:  # noqa: B008  # frozen
        self.boards = tuple(Measured(board) for board in boards.boards)
        self._all, self._fits = boards, fits
        self._texts = Texts(boards, results) if results is not None else None

    @cached_property
    def families(self) -> tuple[Family, ...]:
        """Return the models that have several files or quantisations."""
        return families_of(self._all, self._fits)

    def ready(self) -> None:
        """Work out all that the boards' pages share, before several processes need it."""
        _ = self.families
        for board in self.boards:
            _ = board.rivals, board.tasks, board.parts
            board.test_all()

    def steps(self, entry: Entry) -> Extremes | None:
        """Return the worst and best steps of *entry*, where files may be read and hold them."""
        return self._texts.steps(entry) if self._texts is not None else None

    def episodes(self, entry: Entry) -> tuple[Played, ...]:
        """Return the episodes of *entry*, where files may be read and hold some."""
        return self._texts.episodes(entry) if self._texts is not None else ()

    def joined(self, entry: Entry) -> dict[str, str]:
        """Return the tasks of other suites that those of *entry* are, where files may be read."""
        return self._texts.joined(entry) if self._texts is not None else {}


def _holds_texts(suite: Known, entry: Entry) -> bool:
    """Tell whether the file of *entry* may hold references or answers."""
    facts = entry.facts
    if facts is None:
        return False
    # Where nothing is scored again, nobody has looked for answers yet.
    return suite.of_kind.units is None or facts.fingerprint is not None or facts.rescored > 0


def stand_in(entry: Entry) -> Known:
    """Return a suite without a name for an *entry* whose own is unknown: of its kind, if any.

    Where its kind ranks by nothing, it has the metrics of the file, the first one ranked.
    """
    kind = entry.result.suite.kind or DEFAULT
    if any(metric.ranked for metric in kind_of(kind).metrics):
        return Known(name="", version="", kind=kind)
    ids = sorted(entry.metrics) or ["score"]
    changes = tuple(
        Change(id=name, unit="points", decimals=4, shown="model page", ranked=name == ids[0])
        for name in ids
    )
    return Known(name="", version="", kind=kind, changes=changes)
