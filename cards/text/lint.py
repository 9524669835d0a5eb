"""What the Hub would refuse or misread in a card, found before any network is touched."""

import datetime
import math
from collections.abc import Iterator, Mapping

from ...board.model import Boards
from ...board.words.findings import Finding, Severity, Value
from ...board.words.machines import is_local
from ...board.workspace.settings import Settings
from ...eval.records import is_hub_id
from .card import Card, cards_of
from .metadata import metadata
from .render import Renderer

RELATIONS = ("finetune", "adapter", "merge", "quantized")

# ISO 639-1, and the two words that the Hub takes beside language codes.
_LANGUAGES = """
aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da
de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz
ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln
lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi
pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti
tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu code multilingual
"""
LANGUAGES = frozenset(_LANGUAGES.split())

_LICENSES = """
apache-2.0 mit openrail bigscience-openrail-m creativeml-openrail-m bigscience-bloom-rail-1.0
bigcode-openrail-m afl-3.0 artistic-2.0 bsl-1.0 bsd bsd-2-clause bsd-3-clause
bsd-3-clause-clear c-uda cc cc0-1.0 cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0
cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-3.0
cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cdla-sharing-1.0
cdla-permissive-1.0 cdla-permissive-2.0 wtfpl ecl-2.0 epl-1.0 epl-2.0 etalab-2.0 eupl-1.1
eupl-1.2 agpl-3.0 gfdl gpl gpl-2.0 gpl-3.0 lgpl lgpl-2.1 lgpl-3.0 isc h-research
intel-research lppl-1.3c ms-pl apple-ascl apple-amlr mpl-2.0 odc-by odbl openmdw-1.0
openrail++ osl-3.0 postgresql ofl-1.1 ncsa unlicense zlib pddl lgpl-lr deepfloyd-if-license
fair-noncommercial-research-license llama2 llama3 llama3.1 llama3.2 llama3.3 llama4
grok2-community gemma unknown other
"""
LICENSES = frozenset(_LICENSES.split())


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
