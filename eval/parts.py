"""The parts of a split run: in their order, none missing, none twice, all of one run."""

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from .errors import RecordError
from .records import Model, Protocol, Result, Step

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

    def asked(part: Part) -> Model:
        return replace(part.result.model, label=None)

    def sent(part: Part) -> Protocol:
        return replace(part.result.protocol, extra={})

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
    holders: dict[tuple[str, int, int], list[str]] = {}
    for part in parts:
        for step in part.result.steps:
            holders.setdefault(place(step), []).append(part.name)
    twice = {where: names for where, names in holders.items() if len(names) > 1}
    if twice:
        (task, index, _), names = min(twice.items())
        raise RecordError(
            f"steps that come more than once: {len(twice)}, "
            f"such as {task}/{index} in {listed(names)}",
            remedy="Merge only parts of the same run, each once.",
        )


def place(step: Step) -> tuple[str, int, int]:
    """Return where *step* stands in its suite: task, step, sample (-1 where there is none)."""
    return step.task_id, step.step_idx, -1 if step.sample_idx is None else step.sample_idx


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
