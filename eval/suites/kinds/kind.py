"""What a kind of suite brings: its rows and how they are asked, scored, counted and doubted."""

import json
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from ...engine import Answer, Message, Setting
from ...metrics import Metric
from ...records import Count, Protocol, Result, Step

Reference = Mapping[str, Any]


class Row(Struct, frozen=True, kw_only=True):
    """One step of a suite. Each kind has a row of its own, whose fields are those of its files."""

    task_id: Annotated[str, Meta(min_length=1, max_length=1000)]
    sample_idx: Count | None = None
    step_idx: Count

    @property
    def key(self) -> tuple[str, int | None, int]:
        """Return the step's id: task, sample, step."""
        return self.task_id, self.sample_idx, self.step_idx

    @property
    def conversation(self) -> tuple[Message, ...]:
        """Return what is asked: the turns before the answer."""
        raise NotImplementedError  # each kind that asks anything says it of its own rows

    @property
    def tools(self) -> Sequence[Any]:
        """Return the tools that the model may call, each as its JSON has it."""
        return ()

    @property
    def named(self) -> Sequence[str]:
        """Return the names of the tools, which the prompt must hold."""
        found = []
        for one in self.tools:
            inner = one.get("function")
            name = (inner if isinstance(inner, dict) else one).get("name")
            found += [name] if isinstance(name, str) and name else []
        return tuple(found)

    @property
    def groups(self) -> dict[str, str]:
        """Return the step's group in each division of the suite."""
        return {}

    @property
    def reference(self) -> dict[str, Any]:
        """Return what the right answer holds, as results store it."""
        raise NotImplementedError  # as above: a row of no kind does not exist


def key_of(row: Row, trial: int = 0) -> str:
    """Return the key of a step: `task-000/3`, or `task-000.1/3` with a sample index.

    The second of several answers to it has `task-000/3#1`.
    """
    sample = "" if row.sample_idx is None else f".{row.sample_idx}"
    return f"{row.task_id}{sample}/{row.step_idx}" + (f"#{trial}" if trial else "")


class Scored(NamedTuple):
    """What was read from an answer, and what it is worth."""

    parsed: dict[str, Any]
    scores: Mapping[str, float | None]
    error: str | None = None
    """Why it cannot be scored; then it has no scores."""


Score = Callable[[Reference, str, str | None], Scored]
"""A reference, an answer and the suite's version to what the answer is worth."""

Rule = Callable[[Row], str]
"""A step to an answer, without a model."""

Baseline = Callable[[Sequence[Row], Mapping[str, Setting]], Rule]
"""All steps of a suite and the settings `noise` and `seed` to a rule; `UsageError` for bad ones."""


Player = Callable[[Row, Sequence[Message]], str]
"""A step that is played, and its conversation so far, to what is answered without a model."""


class Terms(Struct, frozen=True, kw_only=True):
    """How the steps of a suite that is played are asked."""

    dialogue: str
    """How turns are asked and read: one of those that the kind names."""
    isolation: str = "auto"
    """What closes the room in which an episode is played, as `--isolation` names it."""


class Played(Struct, frozen=True, kw_only=True):
    """What came of an episode."""

    text: str | None
    """Its transcript; `None` where it cannot be scored."""
    ended: str
    """Why it ended, in the kind's words."""
    error: str | None = None
    """Why it cannot be scored."""


Play = Generator[tuple[Message, ...], Answer, Played]
"""One episode: it yields what is to be answered and is sent the answer, until it is over. An answer
that did not come has an error; its `finish_reason` is `context` where the window is full."""


class Staged(Struct, frozen=True, kw_only=True):
    """How a kind plays its steps: what is asked next follows from what was answered."""

    dialogues: tuple[str, ...]
    """Ways of asking, which no board mixes; the first is the usual one."""
    opening: Callable[[Row, str], tuple[Message, ...]]
    """A step and a dialogue to what is asked first."""
    play: Callable[[Row, Terms], Play]
    """A step to its episode, which may be closed at any time."""
    turns: int
    """The most answers of an episode."""
    players: Mapping[str, Callable[[Sequence[Row], Mapping[str, Setting]], Player]] = {}
    """As `Kind.baselines`, for what is played."""
    account: Callable[[Terms], dict[str, Setting]]
    """What a result records of where episodes are played; `UsageError` where none can be."""
    lacking: Callable[[Row], tuple[str, ...]] = lambda row: ()
    """A step to the programs that it needs and this machine lacks: it cannot be played here."""
    packages: Callable[[Iterable[str]], tuple[str, ...]] = tuple
    """Programs to the packages of Debian that have them."""


class Offered(Struct, frozen=True, kw_only=True):
    """How a kind offers tools, beside handing them to the chat template."""

    prompted: Callable[[Row], tuple[Message, ...]]
    """A step to its conversation with the tools told in the system text."""
    account: Callable[[str | None, bool], dict[str, Setting]]
    """A chat template, and whether tools are told so, to what results record of how calls are
    read."""


class Joined(Struct, frozen=True, kw_only=True):
    """Another kind of suite, some of whose tasks are those of this kind, asked in another way."""

    kind: str
    metric: str
    """Id of the metric of this kind that stands beside what the other kind is ranked by."""
    task: Callable[[Reference], str | None]
    """A step's reference to the other suite's task; `None` where it is none of them."""


class Saying(NamedTuple):
    """A message of the kind's catalogue, and what it speaks of."""

    key: str
    values: Mapping[str, object] = {}


class Line(NamedTuple):
    """One line of what pages show between a step's reference and its answer."""

    mark: Literal["both", "reference", "answer", "kept", "broken", "fact"]
    """Whose line it is; or, of something asked for, whether the answer has it; or a bare fact."""
    text: str = ""
    """As the reference or the answer has it, in no language."""
    said: tuple[Saying, ...] = ()
    """In place of the text, where the catalogue has all of it: one sentence, in parts."""


class Doubt(Struct, frozen=True, kw_only=True):
    """A finding on a metric that is suspiciously low, whatever it is ranked by."""

    code: str
    metric: str
    below: float
    """In the metric's own unit; a workspace may set another under `[thresholds]`."""


class Derived(Struct, frozen=True, kw_only=True):
    """A figure that follows from others, for note rules."""

    id: str
    decimals: int
    coarse: int
    """Decimals of its quantiles."""
    of: Callable[[Result], float | None]
    like: str | None = None
    """The metric on whose scale it is printed."""


class Recount(NamedTuple):
    """What steps show when their answers are read and scored again."""

    steps: int = 0
    """Scored again."""
    differs: tuple[str, ...] = ()
    """Steps whose stored score does not follow from what was read of the answer."""
    read: int = 0
    """Answers read again."""
    misread: tuple[str, ...] = ()
    """Steps whose stored reading does not follow from the answer."""
    same: int = 0
    """Answers that are their reference, unit for unit."""
    otherwise: int = 0
    """Steps that another of the kind's scorers gives another score."""


class Earlier(NamedTuple):
    """A scorer of before: results that name it are still read, and checked, as it scored them."""

    score: Score
    recount: Callable[[Sequence[Step]], Recount]


def _nothing_again(steps: Sequence[Step]) -> Recount:
    return Recount()


def _nothing_told(result: Result) -> dict[str, str]:
    return {}


def _no_view(step: Step) -> None:
    return None


def _no_lines(step: Step) -> None:
    return None


def _as_json(reference: Reference) -> str:
    return json.dumps(reference, ensure_ascii=False, indent=1, sort_keys=True)


def _no_summary(steps: Sequence[Step]) -> dict[str, float]:
    return {}


def _nothing_beside(step: Step, protocol: Protocol) -> dict[str, Any]:
    return {}


def _kinds_own(rows: Sequence[Row]) -> dict[str, str]:
    return {}


class Kind(Struct, frozen=True, kw_only=True):
    """How suites of one kind are measured; the file `kind.py` of its folder holds one."""

    name: str
    metrics: tuple[Metric, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    derived: tuple[Derived, ...] = ()
    divisions: tuple[str, ...] = ()
    """Divisions that rows of this kind always have."""
    groups: tuple[str, ...] = ()
    """Names of groups that stand in this order; all others come after them, by name."""
    row: type[Row] | None = None
    """What a row of its files is decoded as; `None` where nothing is asked here."""
    score: Score | None = None
    """`None` where nothing is scored here."""
    scorer: str | None = None
    """Name and version of `score`, as `Result.scorer` records them."""
    beside: Callable[[Step, Protocol], Mapping[str, Any]] = _nothing_beside
    """What the score of a step depends on beside reference and text; `score` finds it in the
    reference."""
    earlier: Mapping[str, Earlier] = {}
    """Scorers of before by name, the first of them first: it scored what names no scorer."""
    baselines: Mapping[str, Baseline] = {}
    """Rules that answer its suites without a model, by name."""
    staged: Staged | None = None
    """How its steps are played, where one question does not do."""
    offered: Offered | None = None
    """How its tools are offered, where the kind measures what is made of them."""
    output: Callable[[Sequence[Row]], dict[str, str]] = _kinds_own
    """What answers to these rows look like, by language; nothing where the kind's words say it."""
    units: Callable[[Reference], Sequence[str]] | None = None
    """What of a reference makes two suites the same; `None` where references are whole texts."""
    recount: Callable[[Sequence[Step]], Recount] = _nothing_again
    """Read and score stored answers again: do the readings and the scores follow from them?"""
    summarise: Callable[[Sequence[Step]], dict[str, float]] = _no_summary
    """Metrics of scored steps that no step score holds, by id."""
    joined: Joined | None = None
    """The kind whose tasks are compared with its own, where a model has results of both."""
    trained: str | None = None
    """The division of whose groups models.toml may tell which ones a model was trained on."""
    told: Callable[[Result], Mapping[str, str]] = _nothing_told
    """What the kind's section of a card says of a result beside its figures: words by name."""
    view: Callable[[Step], object | None] = _no_view
    """What sheets and pages of episodes show of a step; `templates/kinds/NAME/` lays it out."""
    lines: Callable[[Step], Sequence[Line] | None] = _no_lines
    """What stands between a step's reference and its answer; `None` where it cannot be told."""
    right: Callable[[Reference], str | None] = _as_json
    """What would have been right, to be read; `None` where the lines say it all."""

    @property
    def scorers(self) -> tuple[str, ...]:
        """Return the names of all its scorers, the present one last."""
        return (*self.earlier, *([] if self.scorer is None else [self.scorer]))

    def as_scored_by(self, scorer: str | None) -> "Kind":
        """Return the kind as it was when *scorer*, as a result names it, was the present one.

        One that is not of the kind changes nothing.
        """
        name = next(iter(self.earlier), None) if scorer is None else scorer
        then = self.earlier.get(name or "")
        if then is None:
            return self
        return replace(self, scorer=name, score=then.score, recount=then.recount)

    def identity(self, reference: Reference) -> Sequence[str]:
        """Return what of *reference* enters a suite's fingerprint: its units, or all of it."""
        if self.units is not None:
            return self.units(reference)
        return (msgspec.json.encode(reference, order="deterministic").decode(),)

    def is_empty(self, reference: Reference) -> bool:
        """Tell whether *reference* holds nothing that an answer could be scored against."""
        return not (reference if self.units is None else self.units(reference))
