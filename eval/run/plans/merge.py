"""Parts of a split run to one result, with figures anew."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from msgspec import UNSET
from msgspec.structs import replace

from ...records import (
    Counts,
    Harness,
    Machine,
    Prompts,
    Result,
    Server,
    Status,
    Timing,
    instant,
)
from ...suites.kinds.aggregate import measured
from ...suites.kinds.registry import kind_of
from ..result import divisions_of
from ..usage import with_speeds
from .parts import Part, check_identity, check_steps, in_order, place, shared

T = TypeVar("T")
Number = TypeVar("Number", int, float)

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
        model=replace(
            first.model,
            label=_same([one.model.label for one in results]),
            server=_server([one.model.server for one in results]),
        ),
        suite=first.suite,
        protocol=replace(
            first.protocol,
            harness=_harness([one.protocol.harness for one in results]),
            batch_size=_same([one.protocol.batch_size for one in results]),
            extra=shared([one.protocol.extra for one in results]),
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
        timing=with_speeds(_timing([one.timing for one in results], scored), steps),
        machine=_machine([one.machine for one in results]),
        status=_ended(results, scored, expected),
        error=_same([one.error for one in results]),
        scorer=first.scorer,
        environment=_same([one.environment for one in results]) or UNSET,
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
    common: dict[str, Any] = {
        name: _same([getattr(one, name) for one in machines]) for name in names
    }
    return Machine(**{name: value for name, value in common.items() if value is not None})


def _harness(harnesses: Sequence[Harness | None]) -> Harness | None:
    """Return the harness of all parts, without its version where that differs."""
    names = _same([one.name if one else None for one in harnesses])
    if names is None:
        return None
    return Harness(name=names, version=_same([one.version if one else None for one in harnesses]))


def _server(servers: Sequence[Server | None]) -> Server | None:
    """Return what is known of the one server of all parts, with every fingerprint."""
    known = [one for one in servers if one is not None]
    marks = {mark for one in known for mark in (one.system_fingerprint or "").split(", ") if mark}
    if not known:
        return None
    return Server(
        address_sha256=next(filter(None, (one.address_sha256 for one in known)), None),
        model=next(filter(None, (one.model for one in known)), None),
        system_fingerprint=", ".join(sorted(marks)) or None,
    )


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


def _versions(versions: Sequence[dict[str, str]]) -> dict[str, str]:
    """Return every package's version, or its versions where parts ran with different ones."""
    names = sorted({name for one in versions for name in one})
    return {
        name: ", ".join(sorted({one[name] for one in versions if name in one})) for name in names
    }
