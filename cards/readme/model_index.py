"""`model-index`: our results replaced, those of other benchmarks kept as they are."""

from collections.abc import Iterator

from msgspec import Struct

from .yaml import Value


class Ours(Struct, frozen=True, kw_only=True):
    """By what our own results are known among others."""

    source: str | None = None
    """The URL that each of our results names as its source."""
    datasets: frozenset[str] = frozenset()
    """Dataset types of our suites, for results that name no source."""
    tasks: frozenset[str] = frozenset()
    """The names of the tasks that go with them."""

    def has(self, result: object) -> bool:
        """Tell whether *result* is one of ours."""
        source = _of(_of(result, "source"), "url")
        if source is not None:
            return self.source is not None and str(source).rstrip("/") == self.source.rstrip("/")
        return (
            _of(_of(result, "dataset"), "type") in self.datasets
            and _of(_of(result, "task"), "name") in self.tasks
        )


def sources_of(index: object) -> Iterator[str]:
    """Yield the address of every source that results of *index* name, without a final slash."""
    for model in index if isinstance(index, list) else []:
        for result in _results(model):
            url = _of(_of(result, "source"), "url")
            if isinstance(url, str):
                yield url.rstrip("/")


def merged_index(present: Value, wanted: Value, ours: Ours) -> Value:
    """Return the index *present* with our results as in *wanted*; `None` if nothing is left.

    Ours stand where they stood, under the name that they had; else under the model of the same
    name; else as a model of their own at the end. Raises `ValueError` where *present* is no list.
    """
    if present is not None and not isinstance(present, list):
        raise ValueError("its model-index is not a list")
    model = wanted[0] if isinstance(wanted, list) and wanted else None
    fresh = _results(model)
    index: list[Value] = []
    for other in present or []:
        there = _results(other)
        kept, place = _without(there, ours)
        if place is None:
            index.append(other)
            continue
        results = [*kept[:place], *fresh, *kept[place:]]
        if results:
            name = _of(other if kept or not fresh else model, "name")
            index.append({**_map(other), "name": name, "results": results})
        fresh = []
    if not fresh:
        return index or None
    names = [_of(other, "name") for other in index]
    if _of(model, "name") not in names:
        return [*index, model]
    place = names.index(_of(model, "name"))
    index[place] = {**_map(index[place]), "results": [*_results(index[place]), *fresh]}
    return index


def _without(results: list[Value], ours: Ours) -> tuple[list[Value], int | None]:
    """Return the results that are not ours, and where the first of ours stood."""
    place = next((n for n, result in enumerate(results) if ours.has(result)), None)
    return [result for result in results if not ours.has(result)], place


def _map(value: Value) -> dict[str, Value]:
    return value if isinstance(value, dict) else {}


def _results(model: object) -> list[Value]:
    found = _of(model, "results")
    return list(found) if isinstance(found, list) else []


def _of(value: object, key: str) -> Value:
    return value.get(key) if isinstance(value, dict) else None
