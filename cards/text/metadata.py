"""The front matter of a card: what the Hub reads, and nothing that is not known."""

from collections.abc import Iterator

from ...board.model import Entry
from ...board.words.catalogue import Words
from ...board.words.machines import is_local
from ...board.workspace.settings import Settings, Suite
from ...eval.metrics import Metric
from ...eval.records import is_hub_id
from ..readme.yaml import Value, emit
from .card import Card
from .names import keeps_rank, plain_name
from .sheets import Sheet

LONGEST_NAME = 200
_LOADING = frozenset(["transformers", "vllm"])
"""Backends whose models are checkpoints of transformers."""
_ENGLISH = "en"
"""The Hub shows these names to everybody."""


def metadata(card: Card, settings: Settings) -> dict[str, Value]:
    """Return the front matter of *card* by key; keys whose value is unknown are left out.

    `language` is what the model speaks, never what the card is written in. Guesses from a name stay
    out: a reader of front matter could not tell them from facts. `stated` says which keys the
    workspace itself tells; the others fill gaps and never take the place of what people wrote.
    """
    entry = card.sheets[0].entry
    values: dict[str, Value] = {
        "language": [*entry.profile.languages],
        "library_name": entry.profile.library_name or _library(card),
        "pipeline_tag": entry.profile.pipeline_tag or _task(card),
        "tags": [*_tags(card, settings)],
        "base_model": card.base if card.base and _stated(entry, "base_model") else None,
        "base_model_relation": card.relation if card.base_repo else None,
        "datasets": [*(name for name, repo in card.datasets if repo)],
        "license": card.license,
        "model-index": _model_index(card, settings),
    }
    if card.base_repo is None:
        values["base_model"] = None
    return {key: value for key, value in values.items() if value and key in settings.cards.keys}


def stated(card: Card) -> frozenset[str]:
    """Return the keys of `metadata` that models.toml states."""
    entry = card.sheets[0].entry
    profile, adapter = entry.profile, entry.result.model.adapter
    base = profile.base_model and "base_model" not in profile.guessed
    if adapter and adapter.training and adapter.training.base == profile.base_model:
        base = None  # the record of the training tells the same, or alone
    told = {
        "language": profile.languages,
        "library_name": profile.library_name,
        "pipeline_tag": profile.pipeline_tag,
        "base_model": base,
        "base_model_relation": base and profile.base_model_relation,
        "datasets": profile.datasets,
        "license": profile.license,
    }
    return frozenset(key for key, value in told.items() if value)


def front_matter(card: Card, settings: Settings) -> str:
    """Return the front matter of *card* as a YAML block between its two rules."""
    return f"---\n{emit(metadata(card, settings))}---\n"


def _stated(entry: Entry, key: str) -> bool:
    return key not in entry.profile.guessed


def _library(card: Card) -> str | None:
    """Return what loads the model, where an engine that loads nothing else ran it.

    The Hub has no library for GGUF files, and a server may run anything.
    """
    if card.run.adapter:
        return "peft"
    backends = {sheet.entry.result.protocol.backend for sheet in card.sheets}
    loaded = card.run.runnable and not card.run.gguf and backends & _LOADING
    return "transformers" if loaded else None


def _task(card: Card) -> str | None:
    """Return the task where the Hub cannot read it from the repository's own configuration."""
    return "text-generation" if card.run.adapter or card.run.gguf else None


def _tags(card: Card, settings: Settings) -> list[str]:
    tags = [*settings.cards.tags]
    tags += [sheet.suite.name for sheet in card.sheets if sheet.suite]
    return list(dict.fromkeys(tags))


def _model_index(card: Card, settings: Settings) -> list[Value]:
    results: list[Value] = [
        _result(sheet, card, settings) for sheet in card.sheets if sheet.standing
    ]
    if not results:
        return []
    name = card.title if len(card.title) <= LONGEST_NAME else card.title[:LONGEST_NAME]
    return [{"name": name, "results": results}]


def _result(sheet: Sheet, card: Card, settings: Settings) -> dict[str, Value]:
    assert sheet.suite is not None
    suite = sheet.suite
    title = suite.title.get("en") or f"{suite.name} {suite.version}"
    dataset: dict[str, Value] = {
        "name": title,
        "type": suite.dataset if suite.dataset and is_hub_id(suite.dataset) else suite.slug,
    }
    if suite.fingerprint:
        dataset["args"] = {"fingerprint": suite.fingerprint}
    result: dict[str, Value] = {
        "task": {"type": "text-generation", "name": task_name(suite)},
        "dataset": dataset,
        "metrics": list(_metrics(sheet.entry, suite)),
    }
    if card.site_url and not is_local(card.site_url):
        board = settings.board.title.get("en") or next(iter(settings.board.title.values()), "")
        result["source"] = {"name": board or "Leaderboard", "url": card.site_url}
    return result


def task_name(suite: Suite) -> str:
    """Return what *suite* asks of a model, as the Hub names tasks."""
    own = suite.words.task
    if own:
        return own.get(_ENGLISH) or next(iter(own.values()))
    return Words(_ENGLISH).of_kind(suite.kind, "hub.task")


def _metrics(entry: Entry, suite: Suite) -> Iterator[Value]:
    """Yield every metric that boards or pages of models show, at the scale of its name."""
    words = Words(_ENGLISH)
    for metric in (one.own for one in suite.metrics):
        if metric.shown == "details" and not metric.ranked:
            continue
        value = entry.value(metric.id)
        printed = entry.score if metric.ranked else value and metric.printed(value)
        if printed is not None:
            name = _score(words, metric, suite) if metric.ranked else None
            yield {
                "type": metric.hub_type or metric.id,
                "name": name or plain_name(words, metric, suite.kind),
                "value": printed,
            }


def _score(words: Words, metric: Metric, suite: Suite) -> str | None:
    """Return the score's name; `None` where it is that of its metric."""
    own = f"{suite.kind}:hub.score"
    if keeps_rank(suite) and words.has(own):
        return words.text(own)
    return None if metric.scale == 1 else f"Score ({plain_name(words, metric, suite.kind)})"
