"""What tells models of one name apart in the shortest words: what stands behind it in a label."""

from collections.abc import Mapping, Sequence, Set

from ...eval.identity import HASHES, Identity, fold, is_hash
from ..words.names import visible

_LABELS = (
    "revision", "adapter_revision", "thinking", "path_tail", "adapter_sha256", "weights_sha256",
    "served", "system_fingerprint", "server",
)  # fmt: skip
"""The parts by which labels tell models apart, those that say most to a reader first."""
_LONGEST = 60


def values_of(identities: Sequence[Identity]) -> dict[str, str | bool]:
    """Return the parts of one model that a label may name: those in which its results agree."""
    found: dict[str, str | bool] = {}
    for part in _LABELS:
        values = {getattr(one, part) for one in identities} - {None}
        if len(values) == 1 or (part in HASHES and _is_one_hash(values)):
            found[part] = max(values, key=str)
    return found


def _is_one_hash(values: Set[str]) -> bool:
    longest = max(values, key=len, default="")
    return bool(values) and all(longest.startswith(value) for value in values)


def labels(models: Sequence[Mapping[str, str | bool]], name: str) -> list[str]:
    """Return *name* for each of *models*, given by its parts, with as little as tells all apart."""
    for digits in (8, 12, 64):
        forms = [
            {part: _form(part, value, name, digits) for part, value in one.items()}
            for one in models
        ]
        parts = _telling(forms)
        told = [[one[part] for part in parts if part in one] for one in forms]
        found = [f"{name} ({', '.join(words)})" if words else name for words in told]
        if len(set(found)) == len(found):
            return found
    return [f"{label} #{number}" for number, label in enumerate(found, start=1)]


def _telling(forms: Sequence[Mapping[str, str]]) -> list[str]:
    """Return the parts to name: one if one is enough, else as few as tell all apart."""

    def apart(parts: Sequence[str]) -> int:
        return len({tuple(one.get(part) for part in parts) for one in forms})

    alone = [part for part in _LABELS if apart([part]) == len(forms)]
    if alone:
        # One that all of them know goes before one that some do not.
        return [min(alone, key=lambda part: any(part not in one for one in forms))]
    chosen: list[str] = []
    for part in _LABELS:
        if apart([*chosen, part]) > apart(chosen):
            chosen.append(part)
    for part in reversed(chosen):
        fewer = [one for one in chosen if one != part]
        if apart(fewer) == apart(chosen):
            chosen = fewer
    return chosen


def _form(part: str, value: str | bool, name: str, digits: int) -> str:
    """Return the shortest form in which a label may name *value*."""
    if isinstance(value, bool):
        return "thinking" if value else "no thinking"
    if part == "server":
        return f"server {value[:digits]}"
    if part in HASHES and is_hash(value):
        return value[: max(digits - 1, 7) if part.endswith("revision") else digits]
    if part == "path_tail":
        above, _, last = value.rpartition("/")
        value = above if above and fold(name).endswith(fold(last)) else value
    return visible(value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…")
