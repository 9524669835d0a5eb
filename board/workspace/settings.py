"""What a workspace says: the shapes of board.toml and models.toml."""

import re
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, TypeVar, get_args

from msgspec import Meta, Struct, field

from ...eval.audit.reports import Audit
from ...eval.metrics import Change, Metric, merged
from ...eval.suites.kinds.kind import Kind
from ...eval.suites.kinds.registry import DEFAULT, kind_of
from ..words.catalogue import Words
from ..words.findings import JUDGING, Finding, Verdict
from .overrides import Overrides
from .store import results_folder
from .tables import TableMapping

T = TypeVar("T")
Positive = Annotated[float, Meta(gt=0)]
Text = dict[str, str]
"""The same words by language code: `{"en": ..., "ko": ...}`."""


class _Table(Struct, frozen=True, forbid_unknown_fields=True):
    """Refuse keys that nobody reads: a typing error in a setting must not pass in silence."""


class Identity(_Table, frozen=True, kw_only=True):
    """`[board]`: how the board names itself."""

    title: Text
    languages: tuple[str, ...] = ("en", "ko")
    organisation: str | None = None
    """Hub organisation whose repositories get cards."""
    site_url: str | None = None
    repository_url: str | None = None


class DivisionWords(_Table, frozen=True, kw_only=True):
    """`[suites.words.divisions.NAME]`: what a division and its groups are called."""

    title: Text = {}
    groups: dict[str, Text] = {}


class SuiteWords(_Table, frozen=True, kw_only=True):
    """`[suites.words]`: what a suite measures, in place of its kind's words."""

    task: Text = {}
    """Its name in lists of tasks, e.g. `Grade school mathematics`."""
    purpose: Text = {}
    """What a model that does well is fit for: one sentence."""
    output: Text = {}
    """What an answer must look like."""
    reading: Text = {}
    """How its score is to be read."""
    safety: Text = {}
    """What to mind where its answers are used."""
    divisions: dict[str, DivisionWords] = {}
    tasks: dict[str, Text] = {}
    """What its tasks are called, by their ids."""

    def division(self, name: str) -> Text:
        """Return the title of a division; none where nobody gave one."""
        found = self.divisions.get(name)
        return found.title if found else {}

    def group(self, division: str, name: str) -> Text:
        """Return the name of a group of a division; none where nobody gave one."""
        found = self.divisions.get(division)
        return found.groups.get(name, {}) if found else {}


class Suite(_Table, frozen=True, kw_only=True, dict=True):
    """`[[suites]]`: a fixed set of steps, and the evidence by which results are recognised."""

    name: str
    version: str
    kind: str = DEFAULT
    """How it is asked and scored; `reported` where somebody else does both."""
    changes: tuple[Change, ...] = field(name="metrics", default=())
    """Metrics that it adds to its kind's, renames, hides or replaces."""
    words: SuiteWords = SuiteWords()
    title: Text = {}
    description: Text = {}
    steps: Annotated[int, Meta(ge=1)] | None = None
    """`None` where nobody knows, as may be for what was reported."""
    tasks: Annotated[int, Meta(ge=1)] | None = None
    fingerprint: str | None = None
    prompts_sha256: str | None = None
    """Identity of what is asked, which results record as well."""
    keys_sha256: str | None = None
    """Identity of the step ids, for results that hold no references."""
    buckets: dict[str, int] = {}
    source_groups: dict[str, int] = {}
    divisions: dict[str, dict[str, int]] = {}
    """Further ways of cutting the suite: steps by group, e.g. `{language = {en = 50, ko = 50}}`."""
    empty_references: int | None = None
    rules: Literal["corrected303", "legacy386"] = "corrected303"
    """How steps with two empty lists are scored."""
    protocol: str | None = None
    rows: str | None = None
    """Where `cardboard eval --suite` finds its rows; those in the package by themselves."""
    evaluator: str | None = None
    """Address of the code that asks and scores it."""
    dataset: str | None = None
    """Hub dataset id, where the suite is published."""
    dataset_task: str | None = None
    """The task's id in the dataset's `eval.yaml`; the suite's slug by default."""
    dataset_revision: Annotated[str, Meta(pattern="^[0-9a-f]{40}$")] | None = None
    """The commit of the dataset that holds the steps."""

    @cached_property
    def metrics(self) -> tuple[Metric, ...]:
        """Return its kind's metrics with its own changes; `ValueError` where none is ranked."""
        return merged(self.of_kind.metrics, self.changes)

    @cached_property
    def ranked(self) -> Metric:
        """Return the metric that its entries are ranked by."""
        return next(metric for metric in self.metrics if metric.ranked)

    def kept(self, name: str, make: "Callable[[Suite], T]") -> "T":
        """Return what *make* gives for this suite, made once."""
        held: dict[str, T] = self.__dict__.setdefault("_kept", {})
        if name not in held:
            held[name] = make(self)
        return held[name]

    @property
    def of_kind(self) -> Kind:
        """Return its kind."""
        return kind_of(self.kind)

    def metric(self, name: str) -> Metric | None:
        """Return the metric called *name*; `None` where it has none."""
        return next((metric for metric in self.metrics if metric.id == name), None)

    @property
    def parts(self) -> dict[str, dict[str, int]]:
        """Return the steps of every group that is configured, by division."""
        named = {"bucket": self.buckets, "source_group": self.source_groups, **self.divisions}
        return {division: groups for division, groups in named.items() if groups}

    @property
    def full_name(self) -> str:
        """Return the name with the version, as people read it."""
        return f"{self.name} {self.version}"

    @property
    def slug(self) -> str:
        """Return `name-version`, safe in paths and URLs."""
        return re.sub(r"[^a-z0-9.]+", "-", f"{self.name}-{self.version}".lower()).strip("-")


class Protocol(_Table, frozen=True, kw_only=True):
    """`[protocols.NAME]`: the values under which results are comparable; absent keys are free."""

    temperature: float | None = None
    top_p: float | None = None
    thinking: bool | None = None
    max_tokens: int | tuple[int, ...] | None = None
    """One value, or several that are accepted alike."""
    min_window: int | None = None
    """The smallest `max_model_len` that fits every prompt."""
    shots: int | tuple[int, ...] | None = None
    trials: int | None = None
    turns: int | None = None
    dialogue: str | None = None
    """How the turns of an episode are asked and read."""
    tools: str | None = None
    harness: str | None = None
    """The name of the program that asked."""
    harness_version: str | tuple[str, ...] | None = None
    system_prompt_sha256: str | None = None
    template_kwargs: dict[str, str | float | bool] = {}
    """What the chat template must have been given."""
    extra: dict[str, str | float | bool] = {}
    """Settings that results keep under `protocol.extra`, by name."""


class Templates(_Table, frozen=True, kw_only=True):
    """`[templates]`: which recorded template statuses are evidence enough to be ranked."""

    accepted: tuple[str, ...] = ("chat_template",)
    accepted_without_raw: tuple[str, ...] = ("model_specific_or_mixed",)
    """Accepted unless a row was sent raw."""
    raw: tuple[str, ...] = ("mixed_or_raw", "raw", "raw_fallback")


class OverviewRule(_Table, frozen=True, kw_only=True):
    """`[overview]`: one order over several suites, if any."""

    rule: Literal["mean-score"] | None = None
    """The mean of the suites' scores, each weighing the same."""
    suites: tuple[str, ...] = ()
    """Names or slugs of the suites that count; all of them by default."""


class Fits(_Table, frozen=True, kw_only=True):
    """`[fits]`: what a model may take on the machine that it is for; never part of a score."""

    file_gb: Positive | None = None
    """Of the model's file, in units of 10^9 bytes."""
    memory_gb: Positive | None = None
    """At the most, while it answers."""
    first_token_seconds: Positive | None = None
    """Median over the answers."""
    answer_tokens_per_second: Positive | None = None
    """At least, mean over the answers."""
    margin: Annotated[float, Meta(ge=0)] | None = None
    """How much worse than the largest file of a model a smaller one may be, as scores are printed;
    3 points by default where they are printed in points of 100."""


class Family(_Table, frozen=True, kw_only=True):
    """`[families.NAME]`: models that share an architecture."""

    title: Text
    match: tuple[str, ...] = ()
    """Beginnings of names, lower case, for models that models.toml does not place."""
    interpretation: Text = {}


NoteKind = Literal["strength", "limit", "speed", "next"]
NOTE_KINDS: tuple[NoteKind, ...] = get_args(NoteKind)


class Note(_Table, frozen=True, kw_only=True):
    """`[[notes]]`: a sentence that a card says when its condition holds against the field."""

    id: str
    kind: NoteKind
    suite_kind: str | None = None
    """Only on boards of suites of this kind."""
    when: str
    """A condition over figures and quantiles, e.g. `score >= q90(score)`."""
    text: Text


SECTIONS = (
    "summary",
    "results",
    "trained",
    "measured",
    "notes",
    "interpretation",
    "run",
    "output",
    "safety",
    "reading",
)
"""The sections of a card in the order that they have by themselves."""


KEYS = (
    "language",
    "library_name",
    "pipeline_tag",
    "tags",
    "base_model",
    "base_model_relation",
    "datasets",
    "license",
    "model-index",
)
"""The keys of front matter that cards can tell."""


class Section(_Table, frozen=True, kw_only=True):
    """`[cards.add.NAME]`: a section of a workspace's own."""

    title: Text = {}
    text: Text
    """Markdown, as it stands."""


class Cards(_Table, frozen=True, kw_only=True):
    """`[cards]`: what cards show."""

    rank: Literal["auto", "exact", "band"] = "auto"
    languages: tuple[str, ...] = ()
    """In their order; those of the board where none is named."""
    keys: tuple[str, ...] = KEYS
    """Front matter keys that are ours; all others belong to whoever wrote them."""
    tags: tuple[str, ...] = ()
    system_prompt: Text = {}
    sections: tuple[str, ...] = ()
    """Names of sections in their order; what is left out is not shown. All of them by default, and
    then those that are added."""
    add: dict[str, Section] = {}


class ColumnChoice(_Table, frozen=True, kw_only=True):
    """`[[columns]]`: a column of the board's table."""

    name: str
    """That of a column which every board has, or the id of a metric."""
    title: Text = {}
    """Its heading, in place of the package's or the metric's."""
    shown: bool | None = None
    """False for a column that is there when a reader asks for it."""


Colour = Annotated[str, Meta(pattern="^#[0-9a-fA-F]{6}$")]


class Scheme(_Table, frozen=True, kw_only=True):
    """`[colours.light]` and `[colours.dark]`: the colours of the site on a screen of that kind."""

    header: Colour | None = None
    """Of the bar at the top."""
    header_text: Colour | None = None
    link: Colour | None = None
    accent: Colour | None = None
    """Of what is under the pointer or has the focus."""
    bar: Colour | None = None
    """Of bars beside figures, and of the lines under links."""


class Colours(_Table, frozen=True, kw_only=True):
    """`[colours]`: the look of the site."""

    light: Scheme = Scheme()
    dark: Scheme = Scheme()


class Tab(_Table, frozen=True, kw_only=True):
    """`[[site.navigation]]`: a group of pages of a workspace's own."""

    title: Text
    pages: Annotated[tuple[str, ...], Meta(min_length=1)]
    """Below `pages/LANGUAGE/`: `team.md`."""


class Site(_Table, frozen=True, kw_only=True):
    """`[site]`: which pages the navigation of the site leads to."""

    guides: tuple[str, ...] | None = None
    """Names of the guides that are shown, in their order; all of them by default."""
    navigation: tuple[Tab, ...] = ()
    """Groups of own pages; what none of them names stands behind them alone."""
    exact_up_to: Annotated[int, Meta(ge=0)] = 100
    """How many entries a board has at most whose pages of models say what moves with every result.

    Pages of a larger board say what lasts, and their script fetches the rest."""
    previews: Annotated[int, Meta(ge=0)] = 100
    """How many of a board's best models have a picture of their own where a link to their page is
    shared; others show that of their board."""


class Hub(_Table, frozen=True, kw_only=True):
    """`[hub]`: how cards are pushed."""

    commits_per_hour: Annotated[int, Meta(ge=1)] = 120
    requests_per_window: Annotated[int, Meta(ge=1)] = 900
    workers: Annotated[int, Meta(ge=1, le=32)] = 4
    eval_results: bool = False
    """Write `.eval_results/cardboard.yaml` beside the card."""
    source_org: Annotated[str, Meta(pattern=r"^\w[\w.-]{0,95}$")] | None = None
    """The organisation on the Hub to which results files ascribe the results."""
    source_user: Annotated[str, Meta(pattern=r"^\w[\w.-]{0,95}$")] | None = None
    """The user on the Hub to whom they ascribe them, where it is no organisation."""
    take: dict[str, Literal["ours", "theirs", "append"]] = {}
    """What becomes of people's text that is in the way, by repository, as `push --take` has it."""


class Results(_Table, frozen=True, kw_only=True):
    """`[results]`: where the results lie."""

    source: str | None = None
    """`hf://datasets/ORG/NAME`, or the path of a folder from that of board.toml; by default
    `results`."""


class BoardFile(_Table, frozen=True, kw_only=True):
    """The whole of board.toml."""

    board: Identity
    results: Results = Results()
    suites: tuple[Suite, ...] = ()
    protocols: dict[str, Protocol] = {}
    templates: Templates = Templates()
    policy: dict[str, Verdict] = {}
    thresholds: dict[str, float] = {}
    overview: OverviewRule = OverviewRule()
    fits: Fits = Fits()
    families: dict[str, Family] = {}
    notes: tuple[Note, ...] = ()
    columns: tuple[ColumnChoice, ...] = ()
    colours: Colours = Colours()
    site: Site = Site()
    cards: Cards = Cards()
    hub: Hub = Hub()


class Settings(BoardFile, frozen=True, kw_only=True):
    """What board.toml says, and what lies beside it in place of the package's."""

    overrides: Overrides = Overrides()

    def words(self, language: str) -> Words:
        """Return the words of *language*, those of the workspace before the package's.

        Raises `CatalogueError` where nobody has a catalogue for it.
        """
        return Words(language, self.overrides.words.get(language))


class Document(_Table, frozen=True, kw_only=True):
    """`[MODEL.document]`: what only the provider knows, for `cardboard document`."""

    provider: Text = {}
    """The legal name."""
    contact: Text = {}
    release_date: Text = {}
    distribution: Text = {}
    """Channels by which it is given away."""
    architecture: Text = {}
    modalities: Text = {}
    intended_use: Text = {}
    """In place of `purpose`."""
    acceptable_use: Text = {}
    training_data: Text = {}
    """Origin, amount and curation."""
    design: Text = {}
    """Choices and their reasons."""
    compute: Text = {}
    energy: Text = {}
    """Of the training."""
    copyright: Text = {}


class Profile(_Table, frozen=True, kw_only=True):
    """One table of models.toml: what is known of a model beyond its results."""

    aliases: tuple[str, ...] = ()
    base_model: str | None = None
    base_model_relation: Literal["finetune", "adapter", "merge", "quantized"] | None = None
    purpose: Text = {}
    """What the model is for, in the owner's words."""
    training: Text = {}
    family: str | None = None
    languages: tuple[str, ...] = ()
    """Codes of the languages that the model itself speaks, as the Hub has them: `en`, `ko`."""
    license: str | None = None
    pipeline_tag: str | None = None
    """The model's task as the Hub names it: `text-generation`, `image-text-to-text`."""
    library_name: str | None = None
    """The library that loads it, as the Hub names it: `transformers`, `mlx`."""
    links: dict[str, str] = {}
    class_: Literal["models", "sweep"] = field(name="class", default="models")
    parameters: Annotated[float, Meta(gt=0)] | None = None
    """Billions."""
    active_parameters: Annotated[float, Meta(gt=0)] | None = None
    """Billions a token, for mixtures of experts."""
    epoch: Annotated[float, Meta(ge=0)] | None = None
    series: str | None = None
    """The same for checkpoints of one training run."""
    datasets: tuple[str, ...] = ()
    trained_groups: dict[str, tuple[str, ...]] = {}
    """By the name of a suite: the groups whose tasks it was trained on; all others are held out."""
    repo: str | bool = True
    """Hub repository that gets the card; false for none."""
    document: Document = Document()
    """For `cardboard document`."""
    chat_template_kwargs: dict[str, bool | str] = {}
    quantised_file: str | None = None
    merge: bool = False
    """Take results of this name for one model's, whatever revision or weights they tell of."""
    guessed: tuple[str, ...] = ()
    """Keys filled in from the model's name; not to be written by hand."""


class Workspace(Struct, frozen=True, kw_only=True):
    """A folder with board.toml, models.toml and results/, opened."""

    root: Path
    settings: Settings
    models: dict[str, Profile]
    audits: tuple[Audit, ...] = ()
    """Of chat templates; see `audits`."""
    sources: dict[str, str] = {}
    """SHA-256 of every file that this was read from, by its path below the root."""
    tables: tuple[TableMapping, ...] = ()
    """How tables are read, by imports.toml."""
    remarks: tuple[Finding, ...] = ()
    """On the configuration: what of it is not published."""

    @property
    def results(self) -> Path:
        """Return the folder of result files; raise `ConfigError` where it must be fetched first."""
        return results_folder(self.root, self.settings.results.source)

    @property
    def history(self) -> Path:
        """Return the folder of snapshots."""
        return self.root / "history"

    @property
    def build(self) -> Path:
        """Return the folder that everything generated goes to."""
        return self.root / "build"

    def verdict(self, code: str) -> Verdict:
        """Return what the policy in force does with the finding *code*."""
        return self.settings.policy.get(code, JUDGING[code])
