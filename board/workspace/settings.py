"""What a workspace says: the shapes of board.toml and models.toml."""

import re
from pathlib import Path
from typing import Annotated, Literal, get_args

from msgspec import Meta, Struct, field

from ...eval.audit.reports import Audit
from ..words.findings import JUDGING, Verdict

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


class Suite(_Table, frozen=True, kw_only=True):
    """`[[suites]]`: a fixed set of steps, and the evidence by which results are recognised."""

    name: str
    version: str
    title: Text = {}
    description: Text = {}
    steps: Annotated[int, Meta(ge=1)]
    tasks: Annotated[int, Meta(ge=1)]
    fingerprint: str | None = None
    keys_sha256: str | None = None
    """Identity of the step ids, for results that hold no references."""
    buckets: dict[str, int] = {}
    source_groups: dict[str, int] = {}
    empty_references: int | None = None
    rules: Literal["corrected303", "legacy386"] = "corrected303"
    """How steps with two empty lists are scored."""
    protocol: str | None = None
    dataset: str | None = None
    """Hub dataset id, where the suite is published."""
    dataset_task: str | None = None
    """The task's id in the dataset's `eval.yaml`; the suite's slug by default."""

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


class Templates(_Table, frozen=True, kw_only=True):
    """`[templates]`: which recorded template statuses are evidence enough to be ranked."""

    accepted: tuple[str, ...] = ("chat_template",)
    accepted_without_raw: tuple[str, ...] = ("model_specific_or_mixed",)
    """Accepted unless a row was sent raw."""
    raw: tuple[str, ...] = ("mixed_or_raw", "raw", "raw_fallback")


class Ranking(_Table, frozen=True, kw_only=True):
    """`[ranking]`: how intervals and rank ranges are computed."""

    draws: Annotated[int, Meta(ge=200, le=1_000_000)] = 10_000
    correction: Literal["holm", "bh", "none"] = "holm"
    """How the many tests of a board are kept from finding differences by chance."""


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
    when: str
    """A condition over figures and quantiles, e.g. `score >= q90(score)`."""
    text: Text


class Cards(_Table, frozen=True, kw_only=True):
    """`[cards]`: what cards show."""

    rank: Literal["auto", "exact", "band"] = "auto"
    keys: tuple[str, ...] = (
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
    """Front matter keys that are ours; all others belong to whoever wrote them."""
    tags: tuple[str, ...] = ()
    system_prompt: Text = {}


class Hub(_Table, frozen=True, kw_only=True):
    """`[hub]`: how cards are pushed."""

    commits_per_hour: Annotated[int, Meta(ge=1)] = 120
    requests_per_window: Annotated[int, Meta(ge=1)] = 900
    workers: Annotated[int, Meta(ge=1, le=32)] = 4
    eval_results: bool = False
    """Write `.eval_results/cardboard.yaml` beside the card."""


class Settings(_Table, frozen=True, kw_only=True):
    """The whole of board.toml."""

    board: Identity
    suites: tuple[Suite, ...]
    protocols: dict[str, Protocol] = {}
    templates: Templates = Templates()
    policy: dict[str, Verdict] = {}
    thresholds: dict[str, float] = {}
    ranking: Ranking = Ranking()
    families: dict[str, Family] = {}
    notes: tuple[Note, ...] = ()
    cards: Cards = Cards()
    hub: Hub = Hub()


class Profile(_Table, frozen=True, kw_only=True):
    """One table of models.toml: what is known of a model beyond its results."""

    aliases: tuple[str, ...] = ()
    base_model: str | None = None
    base_model_relation: Literal["finetune", "adapter", "merge", "quantized"] | None = None
    purpose: Text = {}
    """What the model is for, in the owner's words."""
    training: Text = {}
    family: str | None = None
    license: str | None = None
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
    repo: str | bool = True
    """Hub repository that gets the card; false for none."""
    chat_template_kwargs: dict[str, bool | str] = {}
    quantised_file: str | None = None
    guessed: tuple[str, ...] = ()
    """Keys filled in from the model's name; not to be written by hand."""


class Workspace(Struct, frozen=True, kw_only=True):
    """A folder with board.toml, models.toml and results/, opened."""

    root: Path
    settings: Settings
    models: dict[str, Profile]
    audits: tuple[Audit, ...] = ()
    """Of chat templates; see `audits`."""

    @property
    def results(self) -> Path:
        """Return the folder of result files."""
        return self.root / "results"

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
