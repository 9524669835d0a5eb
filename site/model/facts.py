"""What a result recorded, as rows of name and value: settings, prompts, model, run, origin."""

import re
from collections.abc import Collection, Iterable, Iterator

from msgspec import UNSET, Struct, UnsetType

from ...board.model import Entry
from ...board.notes.claims import asked_here, looked_for
from ...board.notes.figures import trained
from ...board.workspace.settings import Profile, Suite
from ...eval.records import (
    Environment,
    Harness,
    Machine,
    Model,
    ModelFile,
    Quartiles,
    Server,
    Timing,
    is_hub_id,
)
from ..data.figures import Value, billions, plain, timed
from ..frame.render import Renderer
from ..source.source import Source

# What a reader looks for, and is told of when it is not known.
ALWAYS = ("parameters", "family", "base_model", "license")

_LOCAL = re.compile(r"(?:file:)?(?:/|~|\\\\|[A-Za-z]:[\\/])")
_WEB = re.compile(r"https?://[^\s<>\"']+")


class Fact(Struct, frozen=True, kw_only=True):
    """One row: `value` is `None` where nothing is known, and `missing` names the word for that."""

    name: str
    value: str | None
    code: bool = False
    """Whether the value is an identifier, which no language translates."""
    href: str | None = None
    slug: str | None = None
    """Of the model's page that the value names."""
    note: str | None = None
    missing: str = "not-recorded"


class Facts(Struct, frozen=True, kw_only=True):
    """A group of rows under one heading, and in one line the names of those without a value."""

    anchor: str
    heading: str
    """Key in the catalogue."""
    rows: tuple[Fact, ...]
    absent: tuple[tuple[str, str], ...]
    """What is missing, and in which sense: `not-recorded`, `unknown`."""


def facts_of(entry: Entry, suite: Suite | None, source: Source) -> tuple[Facts, ...]:
    """Return everything that the result of *entry* recorded on *suite*, in groups."""
    render = source.render
    wanted = looked_for(suite, source.settings)
    prompts = _prompts(entry, render)
    if not asked_here(suite):
        prompts = (fact for fact in prompts if fact.value is not None)
    return (
        _group("protocol", "card.protocol", _protocol(entry, render, wanted)),
        _group("template", "card.template", prompts),
        _group("model", "card.model", _model(entry, source)),
        _group("run", "site.run", _run(entry, render)),
        _group("evidence", "card.origin", _origin(entry, render)),
    )


def _group(anchor: str, heading: str, facts: Iterable[Fact]) -> Facts:
    rows: list[Fact] = []
    absent: dict[str, list[str]] = {}
    for fact in facts:
        if fact.value is None:
            absent.setdefault(fact.missing, []).append(fact.name)
        else:
            rows.append(fact)
    return Facts(
        anchor=anchor,
        heading=heading,
        rows=tuple(rows),
        absent=tuple((sense, ", ".join(names)) for sense, names in absent.items()),
    )


def _fact(render: Renderer, key: str, value: Value, **more: bool | str | None) -> Fact:
    text = plain(value)
    return Fact(name=render.text(key), value=text or None, **more)  # type: ignore[arg-type]  # the fields of Fact


def _pairs(values: dict[str, Value]) -> str | None:
    """Return named values in one line, sorted, without paths of a machine; `None` for none."""
    told = ((key, plain(value) or "null") for key, value in sorted(values.items()))
    return ", ".join(f"{key}={text}" for key, text in told if not _LOCAL.match(text)) or None


def _protocol(entry: Entry, render: Renderer, wanted: Collection[str]) -> Iterator[Fact]:
    protocol = entry.result.protocol
    for key in (
        "backend",
        "temperature",
        "top_p",
        "top_k",
        "max_tokens",
        "max_model_len",
        "thinking",
        "seed",
        "seeding",
        "batch_size",
        "dtype",
        "tensor_parallel",
    ):
        if (value := getattr(protocol, key)) is not None or key in wanted:
            yield _fact(render, f"protocol.{key}", value, code=True)
    if protocol.stop:
        yield _fact(render, "protocol.stop", ", ".join(map(repr, protocol.stop)), code=True)
    if protocol.prompt_rules:
        yield _fact(render, "protocol.prompt_rules", ", ".join(protocol.prompt_rules), code=True)
    for key, value in (
        ("attention", protocol.attention or None),
        ("shots", protocol.shots),
        ("trials", protocol.trials),
        ("turns", protocol.turns),
        ("dialogue", protocol.dialogue or None),
        ("tools", protocol.tools),
        ("system_prompt_sha256", protocol.system_prompt_sha256),
        ("template_kwargs", _pairs(dict(protocol.template_kwargs))),
        ("harness", _harness(protocol.harness)),
    ):
        if value is not None or key in wanted:
            yield _fact(render, f"site.fact.{key}", value, code=True)
    if protocol.extra:
        yield _fact(render, "site.fact.extra", _pairs(dict(protocol.extra)), code=True)


def _harness(harness: Harness | None) -> str | None:
    return None if harness is None else " ".join(filter(None, (harness.name, harness.version)))


def _prompts(entry: Entry, render: Renderer) -> Iterator[Fact]:
    prompts = entry.result.prompts
    yield _fact(render, "site.fact.template_status", prompts.template_status, code=True)
    yield _fact(render, "prompts.status_counts", _pairs(dict(prompts.status_counts)), code=True)
    yield _fact(render, "prompts.template_source", prompts.template_source, code=True)
    yield _fact(render, "prompts.template_sha256", prompts.template_sha256, code=True)
    yield _fact(render, "prompts.truncated", prompts.truncated)
    yield _fact(render, "prompts.doubled_bos", _yes_no(prompts.doubled_bos, render))
    if prompts.tools_named is not UNSET:
        yield _fact(render, "prompts.tools_named", _yes_no(prompts.tools_named, render))
    if prompts.kwargs:
        yield _fact(render, "prompts.kwargs", _pairs(dict(prompts.kwargs)), code=True)
    if prompts.kwargs_ignored:
        yield _fact(render, "prompts.kwargs_ignored", ", ".join(prompts.kwargs_ignored), code=True)
    sizes = (prompts.tokens_min, prompts.tokens_median, prompts.tokens_max)
    if any(size is not None for size in sizes):
        shown = " / ".join(plain(size) or "–" for size in sizes)
        yield _fact(render, "prompts.tokens", shown)
    if prompts.first_token_ids is not None:
        ids = ", ".join(map(str, prompts.first_token_ids))
        yield _fact(render, "prompts.first_token_ids", ids, code=True)
    if prompts.sha256 is not UNSET:
        yield _fact(render, "site.fact.prompts_sha256", prompts.sha256, code=True)
    for error in prompts.errors:
        yield _fact(render, "site.fact.prompt_error", error)


def _yes_no(value: bool | None, render: Renderer) -> str | None:
    return None if value is None else render.text(f"site.{'yes' if value else 'no'}")


def _model(entry: Entry, source: Source) -> Iterator[Fact]:
    render = source.render
    profile, model = entry.profile, entry.result.model
    repository = profile.repo if isinstance(profile.repo, str) else entry.name
    on_hub = bool(profile.repo) and is_hub_id(repository)
    link = f"https://huggingface.co/{repository}" if on_hub else None
    yield _fact(render, "site.fact.model_id", model.id, code=True, href=link)
    if model.label:
        yield _fact(render, "site.fact.label", model.label)
    yield _fact(render, "origin.revision", model.revision, code=True)
    if model.adapter is not None:
        adapter = ", ".join(
            filter(None, (model.adapter.id, model.adapter.revision, model.adapter.sha256))
        )
        yield _fact(render, "origin.adapter", adapter, code=True)
    file, server = model.file or ModelFile(), model.server or Server()
    told: tuple[tuple[str, Value], ...] = (
        ("weights_sha256", model.weights_sha256),
        ("weights_bytes", model.weights_bytes or None),
        ("path_tail", model.path_tail),
        ("model_file", file.name),
        ("model_file_bytes", file.bytes),
        ("model_file_sha256", file.sha256),
        ("server_model", server.model),
        ("system_fingerprint", server.system_fingerprint),
    )
    for key, detail in told:
        if detail is not None:
            yield _fact(render, f"site.fact.{key}", detail, code=True)
    if model.quantisation:
        yield _fact(render, "origin.quantisation", model.quantisation, code=True)
    relation = profile.base_model_relation
    known = {
        "parameters": ("card.parameters", _parameters(profile, render)),
        "family": ("card.family", source.family(entry)),
        "base_model": ("card.base", profile.base_model),
        "base_model_relation": ("site.fact.relation", relation and f"relation.{relation}"),
        "training": ("card.training", render.own(profile.training) or _trained(model, render)),
        "epoch": ("site.fact.epoch", plain(profile.epoch)),
        "series": ("site.fact.series", profile.series),
        "datasets": ("card.datasets", ", ".join(profile.datasets)),
        "license": ("card.license", profile.license),
    }
    for name, (key, value) in known.items():
        if name == "base_model_relation" and value:
            value = render.text(value)
        if value or name in ALWAYS:
            note = f"({render.text('card.guessed')})" if name in profile.guessed else None
            known_pages = source.models.get(value or "") if name == "base_model" else None
            slug = known_pages[0].slug if known_pages else None
            yield _fact(render, key, value, note=note, slug=slug, missing="unknown")
    for name, address in sorted(profile.links.items()):
        if _WEB.fullmatch(address):
            yield Fact(name=name, value=address, href=address)


def _trained(model: Model, render: Renderer) -> str | None:
    """Return in short how an adapter was trained, where a record beside it says so."""
    training = model.adapter.training if model.adapter else None
    return render.text("trained.short", **trained(training)) if training else None


def _parameters(profile: Profile, render: Renderer) -> str | None:
    everything, active = profile.parameters, profile.active_parameters
    if everything is None or active is None:
        return billions(everything)
    return render.text("card.active", all=f"{everything:g}", active=f"{active:g}")


def _run(entry: Entry, render: Renderer) -> Iterator[Fact]:
    result = entry.result
    yield _fact(render, "site.fact.status", render.text(f"site.status.{result.status}"))
    if result.error:
        yield _fact(render, "site.fact.error", result.error)
    yield _fact(render, "site.fact.expected", result.counts.expected)
    yield _fact(render, "metric.steps", result.counts.scored)
    yield _fact(render, "site.fact.failed", result.counts.failed)
    yield _fact(
        render,
        "site.fact.generate_seconds",
        timed("load_seconds", result.timing.generate_seconds),
    )
    for key, detail in (*_timing(result.timing), *_machine(result.machine)):
        if detail is not None:
            yield _fact(render, f"site.fact.{key}", detail)
    yield _fact(render, "site.fact.started_at", result.started_at, code=True)
    yield _fact(render, "origin.finished_at", result.finished_at, code=True)
    yield _fact(render, "origin.scorer", result.scorer, code=True)
    yield _fact(render, "origin.versions", _pairs(dict(result.versions)), code=True)
    for key, detail in _environment(result.environment):
        if detail is not None:
            yield _fact(render, f"site.fact.{key}", detail, code=key != "packages")
    if result.adjusted:
        yield _fact(render, "site.fact.adjusted", render.text("site.yes"))


def _timing(timing: Timing) -> Iterator[tuple[str, Value]]:
    yield "prompt_tokens_per_second", timing.prompt_tokens_per_second
    yield "answer_tokens_per_second", timing.answer_tokens_per_second
    yield "first_token_seconds", _quartiles(timing.first_token_seconds)
    yield "cached_tokens", timing.cached_tokens or None
    yield "energy_joules", timing.energy_joules
    yield "energy_source", timing.energy_source or None


def _quartiles(told: Quartiles | None) -> str | None:
    if told is None:
        return None
    return " / ".join(plain(one) or "–" for one in (told.low, told.median, told.high))


def _machine(machine: Machine) -> Iterator[tuple[str, Value]]:
    for name in Machine.__struct_fields__:
        found = getattr(machine, name)
        yield name, None if found is UNSET else found


def _environment(environment: Environment | UnsetType) -> Iterator[tuple[str, Value]]:
    if environment is UNSET:
        return
    changed = "+" if environment.git_changed else ""
    yield "git_commit", environment.git_commit and environment.git_commit + changed
    yield "packages", environment.packages
    yield "packages_sha256", environment.packages_sha256


def _origin(entry: Entry, render: Renderer) -> Iterator[Fact]:
    yield _fact(render, "origin.file", entry.file, code=True)
    yield _fact(render, "origin.sha256", entry.sha256, code=True)
    yield _fact(render, "card.result", entry.result_id, code=True)
    for part in entry.result.parts:
        yield _fact(render, "site.fact.part", part, code=True)
    source = entry.result.provenance
    if source is None:
        return
    yield from (
        _fact(render, key, value, code=True)
        for key, value in (
            ("origin.repository", source.repository),
            ("origin.document", source.document),
            ("origin.row", source.row_label),
            ("site.fact.source_kind", source.kind),
            ("site.fact.source_printed", _pairs(dict(source.printed))),
            ("site.fact.harness", _harness(source.harness)),
            ("site.fact.source_sha256", source.source_sha256),
            ("site.fact.source_evidence", source.evidence),
        )
        if value
    )
