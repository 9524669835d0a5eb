"""Parts of a split run: whether they are whole and of one run, and what cannot be known of that."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from ...errors import RecordError
from ...identity import Identity, engine_versions, identity_of, settled
from ...records import Protocol, Result, Scalar, Step

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
    """Raise `RecordError` unless *parts* are of one model, suite, protocol, scorer and template.

    Versions of the engine, and what servers tell of themselves, must agree as far as they are
    known; `doubts` says where they are not.
    """

    def asked(part: Part) -> Identity:
        told = identity_of(part.result.model, None, part.result.protocol.extra)
        return replace(settled(told), **dict.fromkeys(_OF_SERVERS))

    def sent(part: Part) -> Protocol:
        return replace(part.result.protocol, extra={}, harness=None, batch_size=None)

    _require_same(parts, "model", asked)
    for name in _OF_SERVERS[:-1]:
        _require_same(_knowing(parts, name), "model", partial(_told, name=name))
    _require_common_fingerprint(_knowing(parts, "system_fingerprint"))
    _require_same(parts, "suite", lambda part: part.result.suite)
    _require_same(parts, "protocol", sent)
    if _sampled(parts) and parts[0].result.protocol.seeding != "step":
        _require_same(parts, "batch size", lambda part: part.result.protocol.batch_size)
    for name in sorted({name for part in parts for name in _engines(part)}):
        knowing = [part for part in parts if name in _engines(part)]
        _require_same(knowing, f"version of {name}", partial(_version, name=name))
    _require_same(parts, "scorer", lambda part: part.result.scorer)
    _require_same(parts, "template", lambda part: part.result.prompts.template_sha256)
    _require_same(parts, "template's arguments", lambda part: part.result.prompts.kwargs)


def doubts(parts: Sequence[Part]) -> tuple[str, ...]:
    """Return what is not known of *parts* that can be merged, a sentence for each such thing."""
    found = []
    for name, words in zip(
        _OF_SERVERS, ("the server", "its model", "its fingerprint"), strict=True
    ):
        others = [part.name for part in parts if _told(part, name) is None]
        if 0 < len(others) < len(parts):
            found.append(f"{listed(others)}: {words} is not told, so it may be another one")
    marks = {mark for part in parts for mark in _fingerprints(part)}
    if len(marks) > 1:
        found.append("replies carry several fingerprints: more than one server may have answered")
    elif not marks and any(part.result.model.server and not _engines(part) for part in parts):
        found.append(
            "the server told neither a version nor a fingerprint: whether one model gave "
            "all answers cannot be known"
        )
    for name in sorted({name for part in parts for name in _engines(part)}):
        others = [part.name for part in parts if name not in _engines(part)]
        found += [f"{listed(others)}: the version of {name} is not recorded"] if others else []
    if _sampled(parts) and len({part.result.protocol.batch_size for part in parts}) > 1:
        found.append(
            "answers were sampled in batches of different sizes: each has a seed of its "
            "own, but sums are rounded otherwise"
        )
    extras = [part.result.protocol.extra for part in parts]
    if odd := sorted({name for one in extras for name in one} - {*shared(extras)}):
        found.append(f"parts differ in {listed(odd)}, which the result leaves out")
    return tuple(found)


_OF_SERVERS = ("server", "served", "system_fingerprint")
"""Parts of an identity that servers tell, or do not."""


def _told(part: Part, name: str) -> str | None:
    found: str | None = getattr(identity_of(part.result.model), name)
    return found


def _fingerprints(part: Part) -> set[str]:
    """Return the fingerprints that replies carried; there are several where several answer."""
    return {*filter(None, (_told(part, "system_fingerprint") or "").split(", "))}


def _knowing(parts: Sequence[Part], name: str) -> list[Part]:
    return [part for part in parts if _told(part, name) is not None]


def _engines(part: Part) -> dict[str, str]:
    return engine_versions(part.result.versions)


def _version(part: Part, name: str) -> str:
    return part.result.versions[name]


def _sampled(parts: Sequence[Part]) -> bool:
    return (parts[0].result.protocol.temperature or 0) > 0


def _require_common_fingerprint(parts: Sequence[Part]) -> None:
    """Raise `RecordError` unless there is a fingerprint that replies of all *parts* carry."""
    common: set[str] = set()
    for part in parts:
        marks = _fingerprints(part)
        common = common & marks if part is not parts[0] else marks
        if not common:
            raise RecordError(
                f"{parts[0].name} and {part.name} are not of one server: their fingerprints are "
                f"{_short(_told(parts[0], 'system_fingerprint'))} and "
                f"{_short(_told(part, 'system_fingerprint'))}",
                remedy="Merge only parts of the same run.",
            )


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


def shared(settings: Sequence[dict[str, Scalar]]) -> dict[str, Scalar]:
    """Return the settings that all parts have in common."""
    common = settings[0].items()
    return {key: value for key, value in common if all((key, value) in s.items() for s in settings)}
