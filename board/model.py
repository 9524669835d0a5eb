"""The values that flow through the board stage: readings in, boards of entries out."""

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field

from ..eval.audit.reports import Audit
from ..eval.backends.gguf.figures import FileFigures
from ..eval.metrics import Measured, Metric
from ..eval.records import Evidence, Result
from .statistics.measurement import Method, Resolution
from .words.findings import Finding
from .workspace.settings import Profile, Settings, Suite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .statistics.scores_alone import ScoresAlone
    from .statistics.tasks import Floats

Kind = Literal[
    "result",
    "partial",
    "shard",
    "status",
    "postprocessed",
    "proxy",
    "published-table",
    "import",
    "refused",
    "other",
]
Class = Literal["models", "sweep"]


class StepFacts(Struct, frozen=True, kw_only=True):
    """What a result's steps say, small enough to keep for 10,000 results.

    The sums are integers in millionths of a step's score, one a task, in the order of *tasks*, so
    that adding them up is exact on every machine. Trials of one step are averaged first.
    """

    steps: int
    scored: int
    """Steps that were answered and scored, however often."""
    answers: int
    """Scored answers: more than steps where there are several trials of each."""
    failed: int
    unique: int
    """Different steps."""
    repeated: int = 0
    """Answers that are there once more, by step and trial."""
    duplicates: tuple[str, ...] = ()
    """The first few repeated steps, as `task-000/3`."""
    keys_sha256: str
    """SHA-256 over the sorted step ids: the same for every result with the same steps."""
    fingerprint: str | None = None
    """SHA-256 over step ids and references, where every step holds its reference. What was asked is
    in no result: a suite's fingerprint of version 2 follows from this one and its prompts' hash."""
    empty_references: int | None = None
    answers_sha256: str | None = None
    """SHA-256 over step ids and answers; `None` where they are unknown or all the same."""
    length_stops: int | None = None
    """Answers that the token limit cut; `None` where neither reasons nor lengths were recorded."""
    too_long: int = 0
    """Answers of more tokens than the result says were allowed."""
    blank: int | None = None
    """Answers without a single sign; `None` where no answer is kept."""
    tasks: tuple[str, ...] = ()
    steps_per_task: tuple[int, ...] = ()
    sums: dict[str, tuple[int, ...]] = {}
    """By the name of a step score; where steps have trials, `NAME@k` and `NAME^k` are the sums of
    the chances that any, or all, of k trials succeed. Empty where a scored step has no value."""
    medians: dict[str, float] = {}
    """The middle of a step score over all steps."""
    summary: dict[str, float] = {}
    """Metrics that the suite's kind recounts from what was read of the answers."""
    trials: tuple[int, int] = (1, 1)
    """The fewest and the most scored answers to one step."""
    rescored: int = 0
    """Steps whose units were scored again."""
    rescore_differs: int = 0
    """Steps whose stored score does not follow from their units."""
    rescore_example: str | None = None
    reread: int = 0
    """Answers that were read again."""
    misread: int = 0
    """Answers among them that do not say what is stored of them."""
    misread_example: str | None = None
    same: int = 0
    """Answers that are their reference, unit for unit."""
    scored_otherwise: int = 0
    """Answers that another version of the scorer gives another score."""
    versions: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {}
    """Of each language in which tasks stand: the steps of every task in it, 0 where it has none,
    and the sums of the score that the suite's kind is ranked by. Empty where tasks have one."""
    group_differs: tuple[str, str, float, float] | None = None
    """The first group whose mean does not follow from its rows: division and group, metric, the
    mean as it is stored, and as its rows give it."""


class Reading(Struct, frozen=True, kw_only=True):
    """One file of `results/`, read: what it is, what it says, and what is wrong with it.

    A file of another program holds many results, each of them a reading among its `parts`.
    """

    file: str
    """Path below the results folder, with `/`."""
    sha256: str
    kind: Kind
    shape: str | None = None
    """Which of the known shapes, e.g. `v1`, `replay-2026-05`, `published-table`."""
    result: Result | None = None
    """Without its steps; they are in the file."""
    facts: StepFacts | None = None
    findings: tuple[Finding, ...] = ()
    part: str | None = None
    """Which of the results of its file, e.g. `gsm8k`; `None` where it is the only one."""
    parts: tuple["Reading", ...] = ()
    figures: tuple[Metric, ...] = ()
    """What its metrics are, as far as another program's file tells."""
    beside: dict[str, str] = {}
    """Files that were read along, with their hashes, by their place from this file's folder."""
    measures: tuple[FileFigures, ...] = ()
    """What the file says of models' files beside any result: speeds, perplexity, divergence."""
    made_from: str = ""
    """Hash of all that this was made from, where that is not the file alone."""

    @property
    def identity(self) -> str:
        """Return the hash of all that this was made from: the same only for the same result."""
        return self.made_from or self.sha256

    @property
    def results(self) -> tuple["Reading", ...]:
        """Return the readings of single results: its parts, or itself."""
        return self.parts or (self,)

    @property
    def evidence(self) -> Evidence:
        """Return what stands under the figures: rows, the file's own means, a table, a person."""
        source = self.result.provenance if self.result else None
        told = source.evidence if source else None
        if told == "by-hand":
            return told
        if self.facts is not None:
            return "rows"
        return "quoted" if self.kind == "published-table" or told == "quoted" else "summary"


class Attempt(Struct, frozen=True, kw_only=True):
    """Another result of the same model on the same suite, and why it does not stand."""

    result_id: str
    file: str
    sha256: str
    score: float | None
    steps: int | None
    finished_at: str | None
    findings: tuple[Finding, ...]


class Entry(Struct, frozen=True, kw_only=True):
    """A model's line on the board: its standing result, ranked or unranked with the reason."""

    model: str
    """Its name with what tells it from other models of that name: one model, one such text."""
    name: str
    """The name alone, by which a repository may be found."""
    slug: str
    """Safe as a file name, unique in the workspace, never a reserved name."""
    result_id: str
    """First 12 digits of the file's SHA-256."""
    label: str
    """The model; where none of its results stands, also what tells this one from the others."""
    rank: int | None = None
    rank_text: str = "–"
    """`12`, or `12=` where the rank is shared."""
    tied_with: tuple[str, ...] = ()
    score: float | None = None
    """The ranked metric as it is printed."""
    metrics: dict[str, Measured]
    """Every figure of the suite that is known, by the metric's id."""
    template_status: str
    """As recorded; `unknown` where nothing was recorded."""
    class_: Class = field(name="class")
    evidence: Evidence
    rankable: bool
    findings: tuple[Finding, ...] = ()
    file: str
    sha256: str
    part: str | None = None
    """Which of the results of its file, where another program's file holds several."""
    beside: tuple[str, ...] = ()
    """Files that were read along, by their place from its file's folder."""
    profile: Profile
    """What models.toml says of the model, and what was guessed."""
    result: Result
    """As read, without steps."""
    facts: StepFacts | None = None
    resolution: Resolution | None = None
    """`None` without a rank or without per-step data: never a width of zero."""
    attempts: tuple[Attempt, ...] = ()

    def value(self, metric: str) -> float | None:
        """Return the value of *metric* in its own unit; `None` where it is not known."""
        found = self.metrics.get(metric)
        return None if found is None else found.value


class Board(Struct, frozen=True, kw_only=True, dict=True):
    """All entries of one suite version and one class: ranked first, then unranked by name."""

    suite: Suite
    class_: Class = field(name="class")
    entries: tuple[Entry, ...]
    policy: dict[str, str]
    """The verdict in force for every finding code."""
    method: Method | None = None
    """`None` where no ranked entry has per-step data."""
    worth: float | None = None
    """How many tasks of equal size the suite is worth, as far as that is known without rows."""

    @cached_property
    def ranked(self) -> tuple[Entry, ...]:
        """Return the entries that have a rank, best first."""
        return tuple(entry for entry in self.entries if entry.rank is not None)

    @cached_property
    def by_model(self) -> dict[str, Entry]:
        """Return the best ranked entry of each model, by its name in small letters."""
        return {entry.model.lower(): entry for entry in reversed(self.ranked)}

    @cached_property
    def unranked(self) -> tuple[Entry, ...]:
        """Return the entries that are listed with the reason why they have no rank."""
        return tuple(entry for entry in self.entries if entry.rank is None)

    @cached_property
    def scorers(self) -> dict[str | None, int]:
        """Return how many ranked results each scorer scored; `None` stands for not recorded.

        There are none where results of the suite are not scored here.
        """
        if self.suite.of_kind.scorer is None:
            return {}
        told = Counter(entry.result.scorer for entry in self.ranked)
        return dict(sorted(told.items(), key=lambda one: one[0] or "~"))

    @cached_property
    def alone(self) -> "ScoresAlone | None":
        """Return what the scores alone can tell, where no ranked entry has per-step data.

        `None` for fewer than two entries, a suite whose tasks nobody counted, and a metric without
        two bounds.
        """
        metric, entries = self.suite.ranked, self.ranked
        values = [entry.value(metric.id) for entry in entries]
        if self.method is not None or self.worth is None or len(entries) < 2:
            return None
        if None in metric.bounds or None in values or metric.aggregate in ("median", "sum"):
            return None
        from .statistics.scores_alone import scores_alone

        return scores_alone(self._shares(entries), self.worth)

    def told_alone(self, one: Entry, other: Entry) -> bool:
        """Tell whether the scores alone tell two ranked entries apart, in the worst case.

        Unlike in the ranks that stay open, this pair alone is asked about. Not for a board without
        `alone`.
        """
        from .statistics.scores_alone import told_apart

        assert self.worth is not None
        return told_apart(self._shares((one, other)), self.worth)

    def _shares(self, entries: "Sequence[Entry]") -> "Floats":
        """Return the ranked metric of *entries* as shares of its span, so that more is better."""
        import numpy as np

        metric = self.suite.ranked
        low, high = metric.bounds
        assert low is not None and high is not None
        values = np.array([entry.value(metric.id) for entry in entries], np.float64)
        shares = (values - low) / (high - low)
        return np.clip(1 - shares if metric.better == "lower" else shares, 0.0, 1.0)

    @cached_property
    def _place(self) -> dict[str, int]:
        return {entry.result_id: place for place, entry in enumerate(self.ranked)}

    def open_ranks(self, entry: Entry) -> tuple[int, int] | None:
        """Return the first and last rank that stay open to *entry*: by its rows, or its score."""
        found = entry.resolution
        if found is not None:
            return found.low, found.high
        if entry.rank is None or self.alone is None:
            return None
        return self.alone.ranges[self._place[entry.result_id]][:2]

    def level_below(self, entry: Entry) -> int:
        """Return how many entries right below *entry*, one after another, are not told from it.

        Of entries with rows only others with rows are counted.
        """
        if entry.resolution is not None:
            return entry.resolution.level_below
        if entry.rank is None or self.alone is None:
            return 0
        return self.alone.ranges[self._place[entry.result_id]].level_below


class Boards(Struct, frozen=True, kw_only=True):
    """Every board of a workspace, and every file that was looked at."""

    boards: tuple[Board, ...]
    unplaced: tuple[Entry, ...] = ()
    """Results whose suite nobody could tell; never ranked."""
    readings: tuple[Reading, ...]
    sha256: str
    """SHA-256 over the sorted hashes of the files: the identity of the input."""
    audits: tuple[Audit, ...] = ()
    """Of chat templates, as the workspace keeps them."""
    settings: Settings | None = None
    """What they were judged by."""
    sources: dict[str, str] = {}
    """SHA-256 of board.toml and of all that stands beside it, by path below the workspace."""

    @property
    def files(self) -> int:
        """Return how many files were read."""
        return sum(reading.kind != "other" for reading in self.readings)
