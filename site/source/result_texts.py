"""Result files that are read once more, for what of their steps pages show."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ...board.model import Boards, Entry
from ...board.read.reader import read_whole, weight_of
from ...board.workspace.settings import Suite as Known
from ...eval.errors import CardboardError
from ...eval.metrics import Change
from ...eval.records import Result
from ...eval.suites.kinds.registry import DEFAULT, kind_of
from ...eval.suites.source import load
from ...eval.suites.suite import Suite
from .episodes import Played, episodes
from .joined import joined_tasks

MOST_READ = 1_000
"""Files that are read once more for their texts, best ranks first."""
MOST_BYTES = 64 * 2**20
"""A longer file is not."""


class Told(NamedTuple):
    """What pages need of the steps of one result file beside its file of steps."""

    episodes: tuple[Played, ...] = ()
    joined: dict[str, str] = {}  # noqa: RUF012  # never written to
    """By task: the task of another suite that it is as well."""


class Texts:
    """The steps of result files with their texts, read when they are asked for.

    *results* is the workspace's folder of result files, with `suites/` beside it. At most 1,000
    files are read, those of the first boards and the best ranks, and none but what was judged.
    *copies* say by SHA-256 where files lie that are not there under their own names.
    """

    def __init__(
        self, boards: Boards, results: Path, copies: Mapping[str, Path] | None = None
    ) -> None:
        everywhere = [(board.suite, entry) for board in boards.boards for entry in board.entries]
        everywhere += [(stand_in(entry), entry) for entry in boards.unplaced]
        holding = [(suite, entry) for suite, entry in everywhere if _holds_texts(suite, entry)]
        self._results, self._copies = results, copies
        self._suites: dict[str, Suite | None] = {}
        self._wanted = {entry.result_id: suite for suite, entry in holding[:MOST_READ]}
        self._kept: dict[str, Told] = {}

    def episodes(self, entry: Entry) -> tuple[Played, ...]:
        """Return the episodes of *entry*; none where its steps are not played."""
        return self._told(entry).episodes

    def joined(self, entry: Entry) -> dict[str, str]:
        """Return which tasks of *entry* are those of another suite, and which ones."""
        return self._told(entry).joined

    def _told(self, entry: Entry) -> Told:
        if entry.result_id not in self._kept:
            suite = self._wanted.get(entry.result_id)
            kind = suite.of_kind if suite else None
            wanted = kind is not None and (kind.staged is not None or kind.joined is not None)
            result = self.result(entry) if wanted else None
            self._kept[entry.result_id] = (
                Told(episodes(result, suite), joined_tasks(result, suite))
                if result is not None and suite is not None
                else Told()
            )
        return self._kept[entry.result_id]

    def result(self, entry: Entry) -> Result | None:
        """Return the result of *entry* with all its steps; `None` where its file is not read."""
        copies = self._copies
        path = self._results / entry.file if copies is None else copies.get(entry.sha256)
        if path is None or entry.result_id not in self._wanted:
            return None
        if not 0 < weight_of(path, entry.beside) <= MOST_BYTES:
            return None
        reading, result = read_whole(path, entry.part)
        return result if reading.sha256 == entry.sha256 else None

    def suite(self, known: Known, entry: Entry) -> Suite | None:
        """Return the suite of *entry* with its prompts, where that at hand has the same steps."""
        if not known.name:
            return None
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
