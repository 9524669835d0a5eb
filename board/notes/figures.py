"""The figures of an entry by name: what each is, and how it and its quantiles are printed."""

from collections.abc import Iterable, Mapping
from math import log10
from typing import Literal, NamedTuple

from ...eval.metrics import Metric
from ...eval.records import Result, Scalar, Training
from ...eval.suites.kinds.registry import KINDS
from ..model import Entry
from ..workspace.settings import Suite


class Form(NamedTuple):
    """How a figure is printed: decimals of a printed value, and of a quantile of the field."""

    decimals: int
    coarse: int
    """Of a quantile as figures are compared, before it is multiplied to be printed."""
    scale: float = 1.0
    """What a printed value multiplies by."""


# Quantiles are coarse on purpose: one more result must not change the sentences of all others.
OF_EVERY_SUITE = {
    "seconds_per_step": Form(3, 2),
    "load_seconds": Form(1, 0),
    "parameters": Form(1, 1),
    "active_parameters": Form(1, 1),
    "epoch": Form(1, 1),
}
OF_SCORES = ("score", "base_score", "gain_over_base")
TEXTS = (
    "template_status",
    "family",
    "backend",
    "size_class",
    "base_model",
    "base_model_relation",
    "evidence",
    "thinking",
    "base_test",
)
BaseTest = Literal["apart", "level", "untested"]
"""Whether a paired test tells an entry from its base model; `untested` where steps are missing."""

Value = float | str | None
Figures = Mapping[str, Value]

_OF_NO_SUITE = OF_EVERY_SUITE | dict.fromkeys(OF_SCORES, Form(2, 0))
_PLAIN = ("parameters", "active_parameters", "epoch")
# Upper bounds in billions of parameters that take part in a token.
_SIZES = (2.0, 5.0, 10.0, 20.0, 40.0)


def form_of(metric: Metric, *, scaled: bool) -> Form:
    """Return how *metric* is printed: *scaled* as on boards, else in its own unit."""
    decimals = metric.decimals
    if not scaled:
        decimals = max(0, decimals + round(log10(abs(metric.scale) or 1.0)))
    low, high = metric.bounds
    if low is None or high is None or high <= low:
        return Form(decimals, max(0, decimals - 1))
    reach = (high - low) * (abs(metric.scale) if scaled else 1.0)
    enough = 2 - round(log10(reach or 1.0))  # a hundredth of all that there can be
    return Form(decimals, min(decimals, max(0, decimals - 2, enough)))


def numbers(suite: Suite | None) -> Mapping[str, Form]:
    """Return every figure of *suite* that is a number, and how it is printed."""
    return _OF_NO_SUITE if suite is None else suite.kept("forms", _forms)


def _forms(suite: Suite) -> dict[str, Form]:
    found = OF_EVERY_SUITE | dict.fromkeys(OF_SCORES, form_of(suite.ranked, scaled=True))
    found |= {
        metric.id: Form(metric.decimals, form_of(metric, scaled=False).coarse, metric.scale)
        for metric in suite.metrics
    }
    scales = {metric.id: metric.scale for metric in suite.metrics}
    return found | {
        one.id: Form(max(0, one.decimals - round(log10(scale))), one.coarse, scale)
        for one in suite.of_kind.derived
        for scale in (scales.get(one.like or "", 1.0),)
    }


def known_names(suites: Iterable[Suite]) -> frozenset[str]:
    """Return the names of all numbers that a rule may speak of, in whichever suite."""
    names = {name for suite in suites for name in numbers(suite)}
    for kind in KINDS.values():
        names |= {metric.id for metric in kind.metrics} | {one.id for one in kind.derived}
    return frozenset({*_OF_NO_SUITE, *names})


def figures(
    entry: Entry,
    suite: Suite | None,
    base: Entry | None = None,
    base_test: BaseTest = "untested",
) -> dict[str, Value]:
    """Return all figures of *entry*, metrics in their own unit.

    *base* is its base model's entry on the same board: `gain_over_base` is the score minus its, and
    *base_test* what a test of the two says.
    """
    profile, timing = entry.profile, entry.result.timing
    base_score = base.score if base else None
    measured: dict[str, Value] = {}
    if suite is not None:
        measured = {metric.id: entry.value(metric.id) for metric in suite.metrics}
        measured |= {one.id: one.of(entry.result) for one in suite.of_kind.derived}
    return {
        "score": entry.score,
        **measured,
        "seconds_per_step": timing.seconds_per_step,
        "load_seconds": timing.load_seconds,
        "base_score": base_score,
        "gain_over_base": _minus(entry.score, base_score),
        "parameters": profile.parameters,
        "active_parameters": profile.active_parameters or profile.parameters,
        "epoch": profile.epoch,
        "template_status": entry.template_status,
        "family": profile.family,
        "backend": entry.result.protocol.backend,
        "size_class": size_class(profile.active_parameters or profile.parameters),
        "base_model": profile.base_model,
        "base_model_relation": profile.base_model_relation,
        "evidence": entry.evidence,
        "thinking": _thinking(entry.result),
        "base_test": None if base is None else base_test,
    }


METHODS = {"lora": "LoRA", "qlora": "QLoRA"}


def trained(training: Training) -> dict[str, Scalar]:
    """Return how an adapter was trained in short: the values of the message `trained.short`."""
    return {
        "method": METHODS[training.method],
        "rank": training.rank,
        "epochs": f"{training.epochs:g}",
        "examples": training.examples,
        "files": ", ".join(one.name for one in training.data),
    }


def _thinking(result: Result) -> str:
    """Return `on`, `off` or `unknown`, as it was recorded."""
    prompts, told = result.prompts, result.protocol.thinking
    if told is None and "enable_thinking" not in prompts.kwargs_ignored:
        given = prompts.kwargs.get("enable_thinking")
        told = given if isinstance(given, bool) else None
    return "unknown" if told is None else "on" if told else "off"


def size_class(billions: float | None) -> str | None:
    """Return the class of models that *billions* of active parameters belong to, as `2–5B`."""
    if billions is None:
        return None
    for low, high in zip((None, *_SIZES), _SIZES, strict=False):
        if billions <= high:
            return f"≤{high:g}B" if low is None else f"{low:g}–{high:g}B"
    return f">{_SIZES[-1]:g}B"


def shown(name: str, value: float, suite: Suite | None = None) -> str:
    """Return the figure *name* as it is printed."""
    if name in _PLAIN:
        return f"{value:g}"
    if name == "seconds_per_step" and value >= 10:
        return f"{value:.1f}"
    form = numbers(suite)[name]
    return f"{form.scale * value:.{form.decimals}f}"


def coarse(name: str, value: float, suite: Suite | None = None) -> float:
    """Return a quantile of the figure *name* at the precision that rules compare it at."""
    if name == "seconds_per_step":
        return float(f"{value:.2g}")
    return round(value, numbers(suite)[name].coarse)


def shown_coarse(name: str, value: float, suite: Suite | None = None) -> str:
    """Return a quantile of the figure *name* as it is printed."""
    rounded = coarse(name, value, suite)
    if name == "seconds_per_step":
        return f"{rounded:g}"
    form = numbers(suite)[name]
    return f"{form.scale * rounded:.{max(0, form.coarse - round(log10(form.scale)))}f}"


def setting(value: str | int | float | bool) -> str:
    """Return a recorded setting as JSON would have it, without quotes; 1.0 is 1."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value)


def _minus(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else round(one - other, 4)
