"""How a model does on the groups of a suite that it was not trained on, by what its owner says."""

from collections.abc import Sequence

from msgspec import Struct

from ...eval.metrics import Metric
from ...eval.records import Group
from ..model import Entry
from ..notes.figures import shown
from ..workspace.settings import Suite
from .counted import count_of, counted


class HeldOut(Struct, frozen=True, kw_only=True):
    """The groups that a model was not trained on, and its figures there and in the others."""

    division: str
    groups: tuple[str, ...]
    held: str
    """`3/20 [5–36 %]` where each task is an episode that ended well or not, else the mean."""
    trained: str | None
    """The same of the groups that it was trained on; `None` where it was trained on none."""


def held_out(entry: Entry, suite: Suite) -> HeldOut | None:
    """Return the figures of *entry* on groups of *suite* that models.toml does not list as trained.

    `None` where it lists none for the suite, where no group is left, and where the result has no
    steps, or not every group that is listed.
    """
    division, listed = suite.of_kind.trained, entry.profile.trained_groups.get(suite.name)
    if division is None or listed is None or entry.facts is None:
        return None
    groups = entry.result.divisions.get(division, {})
    left = tuple(sorted(groups.keys() - {*listed}))
    if not left or not {*listed} <= groups.keys():
        return None
    held = _figure([groups[name] for name in left], entry, suite)
    if held is None:
        return None
    trained = _figure([groups[name] for name in listed], entry, suite) if listed else None
    return HeldOut(division=division, groups=left, held=held, trained=trained)


def _figure(groups: Sequence[Group], entry: Entry, suite: Suite) -> str | None:
    """Return the ranked metric over *groups* as it is printed; `None` where one lacks it."""
    metric: Metric = suite.ranked
    values = [(group.steps, group.metrics.get(metric.id)) for group in groups]
    known = [(steps, value) for steps, value in values if value is not None]
    number = sum(steps for steps, _ in known)
    if len(known) < len(values) or not number:
        return None
    mean = sum(steps * value for steps, value in known) / number
    if counted(entry, metric) is not None:
        return count_of(mean / 100 if metric.unit == "percent" else mean, number).text
    sign = "%" if metric.unit == "percent" else ""
    return f"{shown(metric.id, mean, suite)}{sign}"
