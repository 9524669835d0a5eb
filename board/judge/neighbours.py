"""Names and answers beside those of others: lookalikes, sweeps of checkpoints, equal answers."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from ...eval.identity import checkpoint, fold, skeleton
from ..model import Reading
from ..words.findings import Value
from ..words.names import visible
from ..workspace.settings import Workspace
from .identity import Placed, told
from .profiles import spelled


def compared(
    readings: Sequence[Reading], models: dict[str, Placed], workspace: Workspace
) -> dict[str, Placed]:
    """Return *models*, those of *readings* by identity, with what their neighbours give to say."""
    found = dict(models)
    for compare in (_confusable, _swept, _same_answers):
        compare(readings, found, workspace)
    return found


def _confusable(
    readings: Sequence[Reading], found: dict[str, Placed], workspace: Workspace
) -> None:
    """Say where two names look alike and are not the same."""
    names = {one.plain for one in found.values()}
    seen: dict[str, dict[str, str]] = defaultdict(dict)
    for name in sorted({*names, *workspace.models}):
        seen[skeleton(name)].setdefault(fold(name), name)
    for reading in readings:
        mine = found[reading.identity]
        alike = seen[skeleton(mine.plain)]
        others = [name for folded, name in alike.items() if folded != fold(mine.plain)]
        if others:
            _add(found, "name-confusable", reading, workspace, other=others[0])


def _swept(readings: Sequence[Reading], found: dict[str, Placed], workspace: Workspace) -> None:
    """Put numbered checkpoints of one run into the sweep, unless models.toml has a table for them.

    One checkpoint of a run alone is a model like any other.
    """
    models: dict[str, list[Reading]] = defaultdict(list)
    for reading in readings:
        named = found[reading.identity].named
        if not named.own:
            models[named.name].append(reading)
    runs: dict[_Run, dict[int, list[Reading]]] = defaultdict(lambda: defaultdict(list))
    for members in models.values():
        numbered = [one for one in map(_checkpoint, members) if one is not None]
        if numbered:
            run, number = max(numbered)  # one that tells its run goes before one that does not
            runs[run][number] += members
    for run, checkpoints in runs.items():
        if len(checkpoints) < 2:
            continue
        name = visible(run.name or run.model or "checkpoint")
        for reading in (one for members in checkpoints.values() for one in members):
            mine = found[reading.identity]
            profile = mine.named.profile
            profile = replace(profile, class_="sweep", series=profile.series or name)
            found[reading.identity] = replace(mine, named=replace(mine.named, profile=profile))
            count = len(checkpoints)
            _add(found, "checkpoint-sweep", reading, workspace, run=name, count=count)


class _Run(NamedTuple):
    """A training run, by the model that an adapter or a revision is of and by its own name."""

    model: str
    name: str


def _checkpoint(reading: Reading) -> tuple[_Run, int] | None:
    """Return the run and the number of the checkpoint that a result is of."""
    assert reading.result is not None
    model, adapter = reading.result.model, reading.result.model.adapter
    base = fold(model.id) if adapter is not None else ""
    texts = [(base, tail) for tail in reversed((model.path_tail or "").split("+"))]
    texts += [(base, fold(adapter.id))] if adapter is not None else []
    texts += [("", fold(model.id)), (fold(spelled(model)), fold(model.revision or ""))]
    for of, text in texts:
        if (seen := checkpoint(text)) is not None:
            return _Run(of, seen[0]), seen[1]
    return None


def _same_answers(
    readings: Sequence[Reading], found: dict[str, Placed], workspace: Workspace
) -> None:
    """Name the other model where all answers of two are equal."""
    names: dict[str, set[str]] = defaultdict(set)
    for reading in readings:
        facts = reading.facts
        if facts is not None and facts.answers_sha256 is not None:
            names[facts.answers_sha256].add(found[reading.identity].named.name)
    for reading in readings:
        facts = reading.facts
        if facts is None or facts.answers_sha256 is None:
            continue
        others = names[facts.answers_sha256] - {found[reading.identity].named.name}
        if others:
            steps = facts.scored
            _add(found, "same-answers", reading, workspace, other=min(others), steps=steps)


def _add(
    found: dict[str, Placed], code: str, reading: Reading, workspace: Workspace, **values: Value
) -> None:
    mine = found[reading.identity]
    findings = mine.findings + told(code, reading, workspace, **values)
    found[reading.identity] = replace(mine, findings=findings)
