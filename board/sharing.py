"""Ten thousand readings in little memory: what is equal in them is held once."""

from msgspec.structs import force_setattr

from .model import Reading

_TUPLES = ("tasks", "steps_per_task")
_SUMS = ("f1_sums", "precision_sums", "recall_sums", "valid_json_sums")
_MOST = 250_000
"""Scores with four decimals have fewer sums than this; others are too many to be held twice."""


class Sharing:
    """Replaces what a fresh reading holds by the equal thing that an earlier one holds."""

    def __init__(self) -> None:
        self._tuples: dict[tuple[object, ...], tuple[object, ...]] = {}
        self._numbers: dict[int, int] = {}

    def share(self, reading: Reading) -> Reading:
        """Return *reading* itself, which nobody else may hold yet."""
        facts, shared = reading.facts, self._numbers.setdefault
        if facts is None:
            return reading
        for name in _TUPLES:
            own = getattr(facts, name)
            force_setattr(facts, name, self._tuples.setdefault(own, own))
        for name in _SUMS if len(self._numbers) < _MOST else ():
            own = getattr(facts, name)
            force_setattr(facts, name, tuple(map(shared, own, own)))
        return reading
