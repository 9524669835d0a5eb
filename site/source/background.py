"""What pages of every language share, worked out once a build: tests, medians, texts of steps."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from statistics import median

from ...board.compare.files import Family, families_of
from ...board.model import Board, Boards, Entry
from ...board.notes.lasting import Lasting, lasting_of
from ...board.notes.notes import Field, rules
from ...board.words.catalogue import Words
from ...board.workspace.settings import Settings
from .episodes import Played
from .paired_table import MOST_MEASURED, Rival, rivals_of
from .result_texts import Texts
from .step_files import StepFiles, write_step_files
from .task_strip import Medians, medians_of
from .tasks import BoardTasks

PartMedians = dict[tuple[str, str], float]
"""Of the ranked metric in its own unit, by division and group."""


class Measured:
    """Figures of one board that all its pages need."""

    def __init__(self, board: Board, settings: Settings) -> None:
        self.board, self._settings = board, settings

    @cached_property
    def field(self) -> Field:
        """Return the field that the entries are judged against."""
        return Field(self.board)

    @cached_property
    def lasting(self) -> dict[str, Lasting]:
        """Return what pages of models say of each entry, by its result id, on a large board.

        Nothing on one that is small enough for them to say all that moves with every result.
        """
        if len(self.board.entries) <= self._settings.site.exact_up_to:
            return {}
        tasks = bool(self.board_tasks.tasks)
        found = lasting_of(self.board, self.field, rules(self._settings), tasks=tasks)
        return {one.entry.result_id: one for one in found}

    @cached_property
    def rivals(self) -> dict[str, tuple[Rival, ...]]:
        """Return whom each ranked entry is compared with, by its result id."""
        return rivals_of(self.board)

    @cached_property
    def places(self) -> dict[str, int]:
        """Return where each ranked entry stands in the ranking, from 0, by its result id."""
        return {entry.result_id: at for at, entry in enumerate(self.board.ranked)}

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
    def board_tasks(self) -> BoardTasks:
        """Return the tasks of the board with everybody's scores."""
        return BoardTasks(self.board)

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


class Background:
    """What stands behind the pages of all boards.

    *texts* are those of files that may be read again.
    """

    def __init__(self, boards: Boards, settings: Settings, texts: Texts | None = None) -> None:
        self.boards = tuple(Measured(board, settings) for board in boards.boards)
        self._all, self._fits = boards, settings.fits
        self._texts = texts
        self.step_files = StepFiles()
        """Of the steps of all results, once they are written."""

    def write_steps(self, folder: Path, words: Mapping[str, Words]) -> None:
        """Write every step of the results whose files may be read into *folder*, that of data."""
        if self._texts is not None:
            self.step_files = write_step_files(self._all, self._texts, folder, words)

    @cached_property
    def families(self) -> tuple[Family, ...]:
        """Return the models that have several files or quantisations."""
        return families_of(self._all, self._fits)

    def ready(self) -> None:
        """Work out all that the boards' pages share, before several processes need it."""
        _ = self.families
        for board in self.boards:
            _ = board.rivals, board.places, board.tasks, board.parts, board.board_tasks.over
            board.test_all()
            _ = board.lasting

    def episodes(self, entry: Entry) -> tuple[Played, ...]:
        """Return the episodes of *entry*, where files may be read and hold some."""
        return self._texts.episodes(entry) if self._texts is not None else ()

    def joined(self, entry: Entry) -> dict[str, str]:
        """Return the tasks of other suites that those of *entry* are, where files may be read."""
        return self._texts.joined(entry) if self._texts is not None else {}
