"""What a figure of a suite is, and how the scores of steps become one."""

import re
from collections.abc import Collection, Iterable, Sequence
from math import comb, fsum, log10
from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

Unit = Literal["share", "percent", "points", "seconds", "tokens", "bytes", "count", "bits", "ratio"]
Better = Literal["higher", "lower", "neither"]
Shown = Literal["board", "model page", "details"]
Scale = Annotated[float, Meta(gt=0.0)]
Words = dict[str, str]
"""The same words by language code."""

AGGREGATE = r"^(mean|median|sum|ratio of sums|pass[@^][1-9]\d{0,3})$"
ID = r"^[a-z][a-z0-9_.@^-]{0,99}$"
_OF_TRIALS = re.compile(r"pass([@^])(\d+)")
_RANGES: dict[str, tuple[float | None, float | None]] = {
    "share": (0.0, 1.0),
    "percent": (0.0, 100.0),
    "points": (None, None),
}


class Metric(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One figure of a suite; one of them is ranked."""

    id: Annotated[str, Meta(pattern=ID)]
    title: Words = {}
    """By language; a kind's own metrics have theirs in its catalogue."""
    explanation: Words = {}
    unit: Unit = "share"
    """Of the value as files hold it: a share is 0 to 1, a percentage 0 to 100."""
    low: float | None = None
    high: float | None = None
    """What a value cannot leave; by default what the unit says, and at least 0."""
    better: Better = "higher"
    scale: Scale = 1.0
    """What a printed value multiplies by: 100 for a share that is printed as points."""
    decimals: Annotated[int, Meta(ge=0, le=9)] = 2
    """Of a printed value."""
    per_step: str | bool = False
    """The score of steps that it is made from; true where that is called like the metric. Under a
    percentage the scores of steps are shares."""
    over: str | None = None
    """The score of steps that a `ratio of sums` divides by."""
    binary: bool = False
    """Whether a step has it or has it not."""
    aggregate: Annotated[str, Meta(pattern=AGGREGATE)] = "mean"
    ranked: bool = False
    shown: Shown = "details"
    """How prominent: a column of the board, a row of the model's page, or only among details."""
    hub_type: str | None = None
    """Its type in a `model-index`, where that is not its id: `accuracy`, `exact_match` ..."""
    own_scale: Scale | None = None
    """What it multiplies by where it stands alone, if boards print it on the scale of the score."""

    @property
    def own(self) -> "Metric":
        """Return the metric as it is printed where no score stands beside it."""
        if self.own_scale is None:
            return self
        more = round(log10(self.scale / self.own_scale))
        return replace(self, scale=self.own_scale, decimals=self.decimals + more, own_scale=None)

    @property
    def score(self) -> str | None:
        """Return the name of the step score that it is made from; `None` where there is none."""
        return self.id if self.per_step is True else self.per_step or None

    @property
    def factor(self) -> float:
        """Return what a mean of step scores multiplies by to be a value."""
        return 100.0 if self.unit == "percent" else 1.0

    @property
    def trials(self) -> tuple[Literal["any", "all"], int] | None:
        """Return which of how many trials must succeed; `None` where trials are averaged."""
        found = _OF_TRIALS.fullmatch(self.aggregate)
        return None if found is None else ("any" if found[1] == "@" else "all", int(found[2]))

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """Return what a value cannot leave, `None` where there is no bound."""
        low, high = _RANGES.get(self.unit, (0.0, None))
        return low if self.low is None else self.low, high if self.high is None else self.high

    @property
    def sign(self) -> int:
        """Return what makes more of it better: 1, -1, or 0 where neither is."""
        return {"higher": 1, "lower": -1, "neither": 0}[self.better]

    def holds(self, value: float) -> bool:
        """Tell whether *value* is within bounds."""
        low, high = self.bounds
        return (low is None or value >= low) and (high is None or value <= high)

    def printed(self, value: float) -> float:
        """Return *value* at the scale and decimals that boards and cards print."""
        return round(self.scale * value, self.decimals)


class Measured(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A metric's value in one result, in the metric's own unit; `None` where it is not known."""

    value: float | None = None
    n: Annotated[int, Meta(ge=0)] | None = None
    """Steps or items that it is taken over, where those are others than the result's."""
    tasks: Annotated[int, Meta(ge=0)] | None = None
    stderr: Annotated[float, Meta(ge=0.0)] | None = None
    """As reported, in the metric's own unit."""
    stderr_method: str | None = None
    """`sample`, `bootstrap`, `cluster` ... as whoever measured it calls it."""


def pass_at(successes: int, trials: int, k: int) -> float:
    """Return the chance that any of *k* trials succeeds: 1 - C(n - c, k) / C(n, k).

    The unbiased estimator of Chen et al. (2021, arXiv 2107.03374), section 2.1; k <= n.
    """
    return 1.0 - comb(trials - successes, k) / comb(trials, k)


def pass_all(successes: int, trials: int, k: int) -> float:
    """Return the chance that all of *k* trials succeed: C(c, k) / C(n, k).

    The unbiased estimator of Yao et al. (2024, arXiv 2406.12045), called pass^k there; k <= n.
    """
    return comb(successes, k) / comb(trials, k)


def of_step(metric: Metric, trials: Sequence[float]) -> float | None:
    """Return what the *trials* of one step come to; `None` where there are too few of them.

    Trials are averaged, or for pass@k and pass^k put through the unbiased estimator.
    """
    wanted = metric.trials
    if wanted is None:
        return fsum(trials) / len(trials) if trials else None
    way, k = wanted
    if len(trials) < k:
        return None
    successes = sum(one >= 1.0 for one in trials)
    return (pass_at if way == "any" else pass_all)(successes, len(trials), k)


def value_of(metric: Metric, steps: Sequence[Sequence[float]]) -> float | None:
    """Return the metric's value over *steps*, each given by the scores of its trials.

    At most six decimals. `None` of no steps, and where a step has too few trials. A ratio of sums
    is not made from one score a step: see `ratio`.
    """
    if metric.aggregate == "ratio of sums":
        return None
    values = [of_step(metric, trials) for trials in steps]
    known = [value for value in values if value is not None]
    if not known or len(known) < len(values):
        return None
    if metric.aggregate == "median":
        from statistics import median  # and fractions, decimals and chance

        return round(metric.factor * median(known), 6)
    total = fsum(known)
    return round(metric.factor * (total if metric.aggregate == "sum" else total / len(known)), 6)


def ratio(metric: Metric, above: float, below: float) -> float | None:
    """Return a ratio of two sums over all steps; `None` where nothing is divided by."""
    return round(metric.factor * above / below, 6) if below else None


def merged(own: Sequence[Metric], changes: Sequence["Change"]) -> tuple[Metric, ...]:
    """Return a kind's metrics with a suite's *changes*: replaced in part, hidden, or added.

    Raises `ValueError`, naming the metric, where not exactly one of them is ranked, or where the
    ranked one knows no better.
    """
    found = {metric.id: metric for metric in own}
    named_rank = [change.id for change in changes if change.ranked]
    for change in changes:
        base = found.get(change.id, Metric(id=change.id))
        given = {
            name: value
            for name in Metric.__struct_fields__
            if (value := getattr(change, name, None)) is not None
        }
        metric = replace(base, **given)
        if change.hidden:
            found.pop(change.id, None)
        else:
            found[change.id] = metric
    if named_rank:
        for name in list(found):
            if found[name].ranked and name not in named_rank:
                found[name] = replace(found[name], ranked=False)
    ranked = [metric.id for metric in found.values() if metric.ranked]
    if len(ranked) != 1:
        said = f"{' and '.join(ranked)} are ranked" if ranked else "no metric is ranked"
        raise ValueError(f"{said}; one of them must be")
    if found[ranked[0]].better == "neither":
        raise ValueError(f"{ranked[0]} is ranked, so higher or lower must be better")
    for metric in found.values():
        if metric.aggregate == "ratio of sums" and not (metric.score and metric.over):
            raise ValueError(f"{metric.id} is a ratio of sums, and needs per_step and over")
    stated = {change.id for change in changes if change.scale is not None}
    return on_one_scale(found.values(), stated)


def on_one_scale(metrics: Iterable[Metric], stated: Collection[str] = ()) -> tuple[Metric, ...]:
    """Return *metrics* as they are printed in one row with the score.

    Shares are printed from 0 to 100 where the ranked metric is, unless their scale is *stated*.
    """
    known = tuple(metrics)
    ranked = next((one for one in known if one.ranked), None)
    if ranked is None or [end and ranked.scale * end for end in ranked.bounds] != [0.0, 100.0]:
        return known
    return tuple(
        replace(one, scale=100.0, decimals=max(one.decimals - 2, 0), own_scale=1.0)
        if one.unit == "share" and one.scale == 1 and not one.ranked and one.id not in stated
        else one
        for one in known
    )


class Change(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[suites.metrics]]`: a metric that a suite adds, or what it changes of a kind's."""

    id: Annotated[str, Meta(pattern=ID)]
    title: Words | None = None
    explanation: Words | None = None
    unit: Unit | None = None
    low: float | None = None
    high: float | None = None
    better: Better | None = None
    scale: Scale | None = None
    decimals: Annotated[int, Meta(ge=0, le=9)] | None = None
    per_step: str | bool | None = None
    over: str | None = None
    binary: bool | None = None
    aggregate: Annotated[str, Meta(pattern=AGGREGATE)] | None = None
    ranked: bool | None = None
    shown: Shown | None = None
    hub_type: str | None = None
    hidden: bool = False
