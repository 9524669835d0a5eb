"""What the Hub would refuse or misread in a card, found before any network is touched."""

import datetime
import math
from collections.abc import Iterator, Mapping

from ..board.findings import Finding, Severity, Value
from ..board.hub_ids import is_hub_id
from ..board.model import Boards
from ..board.running import is_local
from ..board.workspace import Settings
from .facts import Card, cards_of
from .hub_terms import LANGUAGES, LICENSES, RELATIONS
from .metadata import metadata
from .render import Renderer

LINT: dict[str, Severity] = {
    "lint-not-hub-id": "error",
    "lint-language": "error",
    "lint-license": "error",
    "lint-license-other": "error",
    "lint-not-finite": "error",
    "lint-date": "error",
    "lint-type": "error",
    "lint-relation": "error",
    "lint-model-index": "error",
    "lint-local-path": "error",
    "lint-too-large": "error",
}

MAX_BYTES = 1_000_000
"""Of a whole README: far more than any card of ours, far less than the Hub would take."""

_LISTS = ("language", "tags", "datasets", "metrics", "base_model")
_TEXTS = ("library_name", "pipeline_tag", "license", "license_name", "base_model_relation")


def lint_cards(boards: Boards, settings: Settings) -> Iterator[tuple[str, Finding]]:
    """Yield every problem of every card that *boards* give, with the card's slug."""
    renderer = Renderer(settings)
    for card in cards_of(boards, settings):
        for finding in lint_card(card, settings, renderer.readme(card)):
            yield card.slug, finding


def lint_card(card: Card, settings: Settings, readme: str) -> tuple[Finding, ...]:
    """Return what is wrong with *card* as we would publish it."""
    return lint(metadata(card, settings), readme)


def lint(front: Mapping[str, object], readme: str = "") -> tuple[Finding, ...]:
    """Return every problem of the front matter *front*, as a YAML reader gives it, and of *readme*.

    Pure: asks no server. Repeated checks of one key give one finding each.
    """
    return tuple(
        finding
        for check in (_types, _ids, _languages, _licence, _relation, _leaves, _model_index)
        for finding in check(front)
    ) + tuple(_size(readme))


def _problem(code: str, key: str, **values: Value) -> Finding:
    return Finding(code=code, severity=LINT[code], key=key, values=values)


def _types(front: Mapping[str, object]) -> Iterator[Finding]:
    for key in _LISTS:
        if not all(isinstance(item, str) for item in _items(front, key)):
            yield _problem("lint-type", key, wanted="string")
    for key in _TEXTS:
        if key in front and not isinstance(front[key], str):
            yield _problem("lint-type", key, wanted="string")


def _ids(front: Mapping[str, object]) -> Iterator[Finding]:
    for key in ("base_model", "datasets", "new_version"):
        for item in _items(front, key):
            if isinstance(item, str) and not is_hub_id(item):
                yield _problem("lint-not-hub-id", key, value=item)


def _languages(front: Mapping[str, object]) -> Iterator[Finding]:
    for item in _items(front, "language"):
        if isinstance(item, str) and item not in LANGUAGES and not _is_three_letters(item):
            yield _problem("lint-language", "language", value=item)


def _is_three_letters(code: str) -> bool:
    """Tell whether *code* has the form of ISO 639-2 and 639-3, which are too long to list."""
    return len(code) == 3 and code.isascii() and code.isalpha() and code.islower()


def _licence(front: Mapping[str, object]) -> Iterator[Finding]:
    licence = front.get("license")
    if licence is None or not isinstance(licence, str):
        return
    if licence not in LICENSES:
        yield _problem("lint-license", "license", value=licence)
    elif licence == "other" and not front.get("license_name"):
        yield _problem("lint-license-other", "license_name")


def _relation(front: Mapping[str, object]) -> Iterator[Finding]:
    relation = front.get("base_model_relation")
    if isinstance(relation, str) and relation not in RELATIONS:
        yield _problem("lint-relation", "base_model_relation", value=relation)


def _leaves(front: Mapping[str, object]) -> Iterator[Finding]:
    """Check every single value, wherever it lies."""
    for key, value in _walk(front, ""):
        if isinstance(value, float) and not math.isfinite(value):
            yield _problem("lint-not-finite", key)
        elif isinstance(value, datetime.date | datetime.time):
            yield _problem("lint-date", key, value=str(value))
        elif isinstance(value, str) and is_local(value):
            yield _problem("lint-local-path", key)


def _walk(value: object, way: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _walk(inner, f"{way}.{name}" if way else str(name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _walk(inner, f"{way}[{number}]")
    else:
        yield way, value


def _model_index(front: Mapping[str, object]) -> Iterator[Finding]:
    index = front.get("model-index")
    if index is None:
        return
    if not isinstance(index, list):
        yield _problem("lint-type", "model-index", wanted="list")
        return
    for i, model in enumerate(index):
        place = f"model-index[{i}]"
        results = _of(model, "results")
        if not isinstance(_of(model, "name"), str) or not isinstance(results, list):
            yield _problem("lint-model-index", place)
            continue
        for j, result in enumerate(results):
            yield from _result(result, f"{place}.results[{j}]")


def _result(result: object, place: str) -> Iterator[Finding]:
    for table, name in (("task", "type"), ("dataset", "type"), ("dataset", "name")):
        if not isinstance(_of(_of(result, table), name), str):
            yield _problem("lint-model-index", f"{place}.{table}.{name}")
    metrics = _of(result, "metrics")
    for k, metric in enumerate(metrics if isinstance(metrics, list) else [None]):
        if not isinstance(_of(metric, "type"), str) or _of(metric, "value") is None:
            yield _problem("lint-model-index", f"{place}.metrics[{k}]")
    source = _of(result, "source")
    if source is not None and not isinstance(_of(source, "url"), str):
        yield _problem("lint-model-index", f"{place}.source.url")


def _size(readme: str) -> Iterator[Finding]:
    size = len(readme.encode("utf-8", "replace"))
    if size > MAX_BYTES:
        yield _problem("lint-too-large", "README.md", bytes=size, limit=MAX_BYTES)


def _of(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, Mapping) else None


def _items(front: Mapping[str, object], key: str) -> list[object]:
    """Return the value of *key* as a list, since the Hub takes one value or several alike."""
    value = front.get(key)
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]
