"""Parts of a split run, checked to be whole and of one run, to one result with figures anew."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from ..errors import RecordError
from ..identity import Identity, identity_of, settled
from ..records import (
    Counts,
    Harness,
    Machine,
    Prompts,
    Protocol,
    Result,
    Status,
    Step,
    Timing,
    instant,
)
from ..suites.kinds.aggregate import measured
from ..suites.kinds.registry import kind_of
from .result import divisions_of

_NAMED = 5


class Part(Struct, frozen=True):
    """One file of a split run."""

    name: str
    sha256: str
    result: Result
    """With its steps."""

    @property
    def index(self) -> int:
        """Return which of the parts it is, from 0."""
        return self.result.shard[0] if self.result.shard is not None else 0

    @property
    def count(self) -> int:
        """Return how many parts the run has."""
        return self.result.shard[1] if self.result.shard is not None else 1


def in_order(parts: Sequence[Part]) -> list[Part]:
    """Return *parts* by their index; raise `RecordError` unless each of them is there once."""
    if not parts:
        raise RecordError("there is nothing to merge", remedy="Name the parts of one run.")
    whole = [part.name for part in parts if part.result.shard is None]
    if whole:
        raise RecordError(
            f"not a part of a split run: {listed(whole)}",
            remedy="A part says its index and the number of parts in `shard`.",
        )
    by_index: dict[int, list[str]] = {}
    for part in parts:
        by_index.setdefault(part.index, []).append(part.name)
    for index, names in sorted(by_index.items()):
        if len(names) > 1:
            raise RecordError(
                f"part {index} comes {len(names)} times: {listed(names)}",
                remedy="Name each part once.",
            )
    _require_same(parts, "number of parts", lambda part: part.count)
    missing = [str(n) for n in range(min(parts[0].count, 10_000)) if n not in by_index]
    if missing:
        raise RecordError(
            f"missing {len(missing)} of {parts[0].count} parts: {listed(missing)}; "
            f"given: {listed(part.name for part in parts)}",
            remedy="Name all parts of the run.",
        )
    foreign = [part.name for part in parts if not 0 <= part.index < part.count]
    if foreign:
        raise RecordError(f"not one of {parts[0].count} parts by its index: {listed(foreign)}")
    return sorted(parts, key=lambda part: part.index)


def check_identity(parts: Sequence[Part]) -> None:
    """Raise `RecordError` unless *parts* are of one model, suite, protocol, scorer and template."""

    def asked(part: Part) -> Identity:
        return settled(identity_of(part.result.model, None, part.result.protocol.extra))

    def sent(part: Part) -> Protocol:
        return replace(part.result.protocol, extra={}, harness=None)

    _require_same(parts, "model", asked)
    _require_same(parts, "suite", lambda part: part.result.suite)
    _require_same(parts, "protocol", sent)
    _require_same(parts, "scorer", lambda part: part.result.scorer)
    _require_same(parts, "template", lambda part: part.result.prompts.template_sha256)
    _require_same(parts, "template's arguments", lambda part: part.result.prompts.kwargs)


def check_steps(parts: Sequence[Part]) -> None:
    """Raise `RecordError` if a part holds no steps, or a step comes more than once."""
    empty = [part.name for part in parts if not part.result.steps]
    if empty:
        raise RecordError(f"no steps in {listed(empty)}", remedy="Without steps nothing can merge.")
    holders: dict[tuple[str, int, int, int], list[str]] = {}
    for part in parts:
        for step in part.result.steps:
            holders.setdefault(place(step), []).append(part.name)
    twice = {where: names for where, names in holders.items() if len(names) > 1}
    if twice:
        (task, index, _, _), names = min(twice.items())
        raise RecordError(
            f"steps that come more than once: {len(twice)}, "
            f"such as {task}/{index} in {listed(names)}",
            remedy="Merge only parts of the same run, each once.",
        )


def place(step: Step) -> tuple[str, int, int, int]:
    """Return where *step* stands: task, step, sample and trial (-1 where there is none)."""
    sample, trial = (-1 if it is None else it for it in (step.sample_idx, step.trial))
    return step.task_id, step.step_idx, sample, trial


def listed(names: Iterable[str]) -> str:
    """Return the first of *names*, and how many more there are."""
    told = list(names)
    more = f" and {len(told) - _NAMED} more" if len(told) > _NAMED else ""
    return ", ".join(told[:_NAMED]) + more


def _require_same(parts: Sequence[Part], what: str, of: Callable[[Part], object]) -> None:
    for part in parts[1:]:
        if of(part) != of(parts[0]):
            raise RecordError(
                f"{parts[0].name} and {part.name} are not of one {what}: "
                f"{_difference(of(parts[0]), of(part))}",
                remedy="Merge only parts of the same run.",
            )


def _difference(one: object, other: object) -> str:
    """Return what sets two values apart, of two records the fields that do."""
    if not isinstance(one, Struct) or not isinstance(other, Struct):
        return f"{_short(one)} and {_short(other)}"
    pairs = ((name, getattr(one, name), getattr(other, name)) for name in one.__struct_fields__)
    return ", ".join(f"{name} {_short(a)} and {_short(b)}" for name, a, b in pairs if a != b)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}…"


T = TypeVar("T")
Number = TypeVar("Number", int, float)
Setting = str | float | bool | None

_ERRORS_KEPT = 10
_RAW = ("raw", "raw_fallback")


def merge(parts: Sequence[Part]) -> Result:
    """Return the one result that *parts* make, in whatever order they are given.

    Its figures are computed anew from the steps, template counts are added up over the parts,
    load and generating times are those of the slowest part. Raises `RecordError` naming the parts
    where one is missing, comes twice, holds no steps, or is of another run.
    """
    ordered = in_order(parts)
    check_identity(ordered)
    check_steps(ordered)
    results = [part.result for part in ordered]
    first = results[0]
    kind = kind_of(first.suite.kind)
    steps = tuple(sorted((step for one in results for step in one.steps), key=place))
    scored = sum(step.scored for step in steps)
    expected = _expected(results)
    return Result(
        model=replace(first.model, label=_same([one.model.label for one in results])),
        suite=first.suite,
        protocol=replace(
            first.protocol,
            harness=_harness([one.protocol.harness for one in results]),
            extra=_shared([one.protocol.extra for one in results]),
        ),
        prompts=_prompts([one.prompts for one in results], len(steps)),
        counts=Counts(
            expected=expected,
            scored=scored,
            failed=len(steps) - scored,
            tasks=len({step.task_id for step in steps}),
        ),
        metrics=measured(kind, kind.metrics, steps),
        divisions=divisions_of(kind, steps),
        timing=_timing([one.timing for one in results], scored),
        machine=_machine([one.machine for one in results]),
        status=_ended(results, scored, expected),
        error=_same([one.error for one in results]),
        scorer=first.scorer,
        versions=_versions([one.versions for one in results]),
        started_at=_moment([one.started_at for one in results], min),
        finished_at=_moment([one.finished_at for one in results], max),
        parts=tuple(part.sha256 for part in ordered),
        adjusted=any(one.adjusted for one in results),
        steps=steps,
    )


def _expected(results: Sequence[Result]) -> int | None:
    """Return how many answers the whole run has: as the suite says, else the sum over parts."""
    if results[0].suite.steps is not None:
        return results[0].suite.steps * (results[0].protocol.trials or 1)
    return _all([one.counts.expected for one in results], sum)


def _ended(results: Sequence[Result], scored: int, expected: int | None) -> Status:
    if not scored:
        return "failed"
    short = expected is not None and scored < expected
    return (
        "complete" if all(one.status == "complete" for one in results) and not short else "partial"
    )


def _timing(times: Sequence[Timing], scored: int) -> Timing:
    generating = _all([one.generate_seconds for one in times], max)
    return Timing(
        load_seconds=_all([one.load_seconds for one in times], max),
        generate_seconds=generating,
        seconds_per_step=round(generating / scored, 3)
        if generating is not None and scored
        else None,
    )


def _machine(machines: Sequence[Machine]) -> Machine:
    """Return what is the same on all machines."""
    names = Machine.__struct_fields__
    return Machine(**{name: _same([getattr(one, name) for one in machines]) for name in names})


def _harness(harnesses: Sequence[Harness | None]) -> Harness | None:
    """Return the harness of all parts, without its version where that differs."""
    names = _same([one.name if one else None for one in harnesses])
    if names is None:
        return None
    return Harness(name=names, version=_same([one.version if one else None for one in harnesses]))


def _prompts(parts: Sequence[Prompts], steps: int) -> Prompts:
    """Return the evidence of all parts; what one of them did not record is not known."""
    counts: Counter[str] = Counter()
    for one in parts:
        counts.update(one.status_counts)
    first = parts[0]
    doubled = [one.doubled_bos for one in parts]
    return Prompts(
        template_status=_status([one.template_status for one in parts], counts, steps),
        status_counts=dict(sorted(counts.items())),
        template_source=_same([one.template_source for one in parts]),
        template_sha256=first.template_sha256,
        kwargs=first.kwargs,
        kwargs_ignored=tuple(sorted({name for one in parts for name in one.kwargs_ignored})),
        truncated=_all([one.truncated for one in parts], sum),
        first_token_ids=first.first_token_ids,
        doubled_bos=True if any(doubled) else _same(doubled),
        tokens_min=_all([one.tokens_min for one in parts], min),
        tokens_max=_all([one.tokens_max for one in parts], max),
        errors=tuple(dict.fromkeys(error for one in parts for error in one.errors))[:_ERRORS_KEPT],
    )


def _status(statuses: Sequence[str | None], counts: Counter[str], steps: int) -> str | None:
    """Return the one status of all parts, or the word for a mix of known ones."""
    if len(set(statuses)) == 1 or None in statuses:
        return _same(statuses)
    if any(counts[status] for status in _RAW) or "mixed_or_raw" in statuses:
        return "mixed_or_raw"
    return "model_specific_or_mixed" if counts.total() >= steps else None


def _same(values: Sequence[T | None]) -> T | None:
    """Return what all *values* are, `None` where they differ."""
    return values[0] if all(value == values[0] for value in values) else None


def _all(
    values: Sequence[Number | None], combine: Callable[[Iterable[Number]], Number]
) -> Number | None:
    """Return what *values* come to, `None` where one of them is not known."""
    known = [value for value in values if value is not None]
    return combine(known) if len(known) == len(values) else None


def _moment(
    times: Sequence[str | None], choose: Callable[[Iterable[datetime]], datetime]
) -> str | None:
    try:
        known = {instant(time): time for time in times if time is not None}
        return known[choose(known)] if known and None not in times else None
    except ValueError:  # no day of the calendar
        return None


def _shared(settings: Sequence[dict[str, Setting]]) -> dict[str, Setting]:
    """Return the settings that all parts have in common."""
    common = settings[0].items()
    return {key: value for key, value in common if all((key, value) in s.items() for s in settings)}


def _versions(versions: Sequence[dict[str, str]]) -> dict[str, str]:
    """Return every package's version, or its versions where parts ran with different ones."""
    names = sorted({name for one in versions for name in one})
    return {
        name: ", ".join(sorted({one[name] for one in versions if name in one})) for name in names
    }
