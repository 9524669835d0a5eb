"""The front matter of a card: what the Hub reads, and nothing that is not known."""

from collections.abc import Callable, Iterator

from ...board.model import Entry
from ...board.show.reproduction import is_local
from ...board.workspace.settings import Settings
from ...eval.records import is_hub_id
from ..readme.yaml import Value, emit
from .card import Card
from .sheets import Sheet

LONGEST_NAME = 200
TASK = "Next terminal command"

# Metrics that go to the Hub: their type, their name there, and the figure.
_METRICS: tuple[tuple[str, str, Callable[[Entry], float | None]], ...] = (
    ("command_f1", "Score (100 x mean command F1)", lambda entry: entry.score),
    ("command_precision", "Command precision", lambda entry: entry.metrics.command_precision),
    ("command_recall", "Command recall", lambda entry: entry.metrics.command_recall),
    (
        "first_command_exact",
        "First command exact (%)",
        lambda entry: entry.metrics.first_cmd_exact_pct,
    ),
    ("valid_json", "Valid JSON (%)", lambda entry: entry.metrics.valid_json_pct),
)


def metadata(card: Card, settings: Settings) -> dict[str, Value]:
    """Return the front matter of *card* by key; keys whose value is unknown are left out.

    Guesses stay out: a reader of front matter could not tell them from facts.
    """
    entry = card.sheets[0].entry
    values: dict[str, Value] = {
        "language": [*settings.board.languages],
        "library_name": _library(card),
        "pipeline_tag": "text-generation",
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


def front_matter(card: Card, settings: Settings) -> str:
    """Return the front matter of *card* as a YAML block between its two rules."""
    return f"---\n{emit(metadata(card, settings))}---\n"


def _stated(entry: Entry, key: str) -> bool:
    return key not in entry.profile.guessed


def _library(card: Card) -> str | None:
    if card.run.adapter:
        return "peft"
    if card.run.gguf:
        return "gguf"
    return "transformers" if card.run.runnable else None


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
    title = suite.title.get("en") or suite.full_name
    dataset: dict[str, Value] = {
        "name": title,
        "type": suite.dataset if suite.dataset and is_hub_id(suite.dataset) else suite.slug,
    }
    if suite.fingerprint:
        dataset["args"] = {"fingerprint": suite.fingerprint}
    result: dict[str, Value] = {
        "task": {"type": "text-generation", "name": TASK},
        "dataset": dataset,
        "metrics": list(_metrics(sheet.entry)),
    }
    if card.site_url and not is_local(card.site_url):
        board = settings.board.title.get("en") or next(iter(settings.board.title.values()), "")
        result["source"] = {"name": board or "Leaderboard", "url": card.site_url}
    return result


def _metrics(entry: Entry) -> Iterator[Value]:
    for type_, name, value_of in _METRICS:
        value = value_of(entry)
        if value is not None:
            yield {"type": type_, "name": name, "value": value}
