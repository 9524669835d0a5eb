"""`.eval_results/cardboard.yaml`: ranked results as the Hub's benchmarks read them."""

from ...board.model import Entry
from ...board.words.catalogue import Words
from ...board.words.machines import is_local
from ...board.workspace.settings import Hub, Suite
from ...eval.metrics import Metric
from ...eval.records import is_hub_id
from ..readme.yaml import Value, emit
from ..readme.yaml_nodes import load, plain
from .card import Card
from .names import keeps_rank
from .sheets import Sheet

PATH = ".eval_results/cardboard.yaml"
_TOKEN = "verifyToken"
HEAD = "# Written by cardboard; edits are overwritten.\n"


def benchmarks(card: Card) -> frozenset[str]:
    """Return the datasets to whose benchmarks results of *card* would belong."""
    suites = (sheet.suite for sheet in card.sheets if sheet.standing)
    return frozenset(
        suite.dataset for suite in suites if suite and suite.dataset and is_hub_id(suite.dataset)
    )


def eval_results(card: Card, board: str, by: Hub) -> str | None:
    """Return the file for *card*, `None` where no ranked result belongs to a Hub benchmark.

    A result is listed where its suite names a Hub dataset. *board* is the title of the source, and
    *by* says whose it is. The format knows no unit, so every entry states in `notes` what its value
    is and which way is up. It has no other key than the Hub documents.
    """
    entries = [entry for sheet in card.sheets if (entry := _entry(sheet, card, board, by))]
    # The emitter writes mappings; an entry is one item of a list.
    return HEAD + "".join(_item(entry) for entry in entries) if entries else None


def with_tokens(text: str, present: bytes | None) -> str:
    """Return our *text* with every token of the *present* file that stands beside the same value.

    The Hub's own jobs sign a result with one; it proves nothing of another value.
    """
    if present is None or _TOKEN.encode() not in present:
        return text
    tokens: dict[object, Value] = {}
    for entry in _read(present.decode("utf-8", "replace")):
        token = entry.get(_TOKEN)
        if isinstance(token, str):
            tokens[_result(entry)] = token
    entries = _read(text)
    if not any(_result(entry) in tokens for entry in entries):
        return text
    return HEAD + "".join(
        _item({**entry, _TOKEN: tokens[_result(entry)]} if _result(entry) in tokens else entry)
        for entry in entries
    )


def _read(text: str) -> list[dict[str, Value]]:
    """Return the entries of a results file; none where it is anything else."""
    try:
        found = plain(load(f"results:\n{text}")["results"])
    except (ValueError, KeyError):
        return []
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _result(entry: dict[str, Value]) -> tuple[str, str, str]:
    """Return what *entry* says of which task."""
    dataset = entry.get("dataset")
    named = dataset if isinstance(dataset, dict) else {}
    return str(named.get("id")), str(named.get("task_id")), repr(entry.get("value"))


def _entry(sheet: Sheet, card: Card, board: str, by: Hub) -> dict[str, Value] | None:
    entry, suite = sheet.entry, sheet.suite
    if suite is None or suite.dataset is None or sheet.standing is None or entry.score is None:
        return None
    if not is_hub_id(suite.dataset):
        return None
    value, notes = _told(entry, suite)
    dataset: dict[str, Value] = {
        "id": suite.dataset,
        "task_id": suite.dataset_task or suite.slug,
    }
    if suite.dataset_revision:
        dataset["revision"] = suite.dataset_revision
    found: dict[str, Value] = {"dataset": dataset, "value": value}
    if entry.result.finished_at:
        found["date"] = entry.result.finished_at[:10]
    if card.site_url and not is_local(card.site_url):
        source: dict[str, Value] = {"url": card.site_url, "name": board or "Leaderboard"}
        if by.source_org or by.source_user:
            source["org" if by.source_org else "user"] = by.source_org or by.source_user
        found["source"] = source
    found["notes"] = notes
    return found


def _told(entry: Entry, suite: Suite) -> tuple[float | None, str]:
    """Return the value, and what it is: in the kind's own way, or in the metric's own unit."""
    words, metric = Words("en"), suite.ranked
    name, own = f"{suite.name} {suite.version}", f"{suite.kind}:hub.notes"
    if keeps_rank(suite) and words.has(own):
        return entry.score, words.text(own, steps=suite.steps, suite=name)
    measured = entry.metrics.get(metric.id)
    items = measured.n if measured and measured.n is not None else entry.result.counts.scored
    parts = [words.metric(metric, suite.kind), _unit(metric), f"{metric.better} is better"]
    count = [f"n = {items}"] if items else []
    trials = entry.result.protocol.trials or 1
    often = [f"{trials} trials each"] if trials > 1 else []
    return entry.value(metric.id), f"{', '.join([*parts, *count, *often])}; {name}"


def _unit(metric: Metric) -> str:
    """Return the unit of values as files hold them, with the range that they cannot leave."""
    low, high = metric.bounds
    return metric.unit if low is None or high is None else f"{metric.unit} {low:g} to {high:g}"


def _item(entry: dict[str, Value]) -> str:
    first, *others = emit(entry).splitlines(keepends=True)
    return "".join([f"- {first}", *(f"  {line}" for line in others)])
