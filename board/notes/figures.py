"""The figures of an entry by name: what each is, and how it and its quantiles are printed."""

from collections.abc import Mapping
from typing import NamedTuple

from ..model import Entry


class Kind(NamedTuple):
    """How a figure is printed: decimals of a value, and of a quantile of the field."""

    decimals: int
    coarse: int


_POINTS, _PERCENT, _SHARE = Kind(2, 0), Kind(1, 0), Kind(4, 2)

# Quantiles are coarse on purpose: one more result must not change the sentences of all others.
NUMBERS: dict[str, Kind] = {
    "score": _POINTS,
    "command_f1": _SHARE,
    "command_precision": _SHARE,
    "command_recall": _SHARE,
    "precision_lead": _SHARE,
    "first_cmd_exact_pct": _PERCENT,
    "valid_json_pct": _PERCENT,
    "has_analysis_pct": _PERCENT,
    "has_plan_pct": _PERCENT,
    "complete_true_recall_pct": _PERCENT,
    "premature_complete_rate_pct": _PERCENT,
    "avg_ref_cmds": Kind(2, 1),
    "avg_pred_cmds": Kind(2, 1),
    "seconds_per_step": Kind(3, 2),
    "load_seconds": Kind(1, 0),
    "late_loss": _SHARE,
    "base_score": _POINTS,
    "gain_over_base": _POINTS,
    "parameters": Kind(1, 1),
    "active_parameters": Kind(1, 1),
    "epoch": Kind(1, 1),
}
ALWAYS = (
    "command_f1",
    "command_precision",
    "command_recall",
    "first_cmd_exact_pct",
    "valid_json_pct",
    "seconds_per_step",
    "load_seconds",
)
FURTHER = (
    "has_analysis_pct",
    "has_plan_pct",
    "avg_ref_cmds",
    "avg_pred_cmds",
    "complete_true_recall_pct",
    "premature_complete_rate_pct",
)
"""Figures that every result has a line for, and those that get one where they were recorded."""
TEXTS = ("template_status", "family", "backend", "size_class", "base_model", "base_model_relation")

Value = float | str | None
Figures = Mapping[str, Value]

# Upper bounds in billions of parameters that take part in a token.
_SIZES = (2.0, 5.0, 10.0, 20.0, 40.0)


def figures(entry: Entry, base: Entry | None = None) -> dict[str, Value]:
    """Return all figures of *entry*; *base* is its base model's entry on the same board.

    `precision_lead` is precision minus recall, `late_loss` the F1 of early steps minus that of
    late ones, `gain_over_base` the score minus the base model's.
    """
    metrics, aggregate, profile = entry.metrics, entry.result.aggregate, entry.profile
    early, late = (aggregate.by_bucket.get(name) for name in ("early", "late"))
    base_score = base.score if base else None
    return {
        "score": entry.score,
        "command_f1": metrics.command_f1,
        "command_precision": metrics.command_precision,
        "command_recall": metrics.command_recall,
        "precision_lead": _minus(metrics.command_precision, metrics.command_recall),
        "first_cmd_exact_pct": metrics.first_cmd_exact_pct,
        "valid_json_pct": metrics.valid_json_pct,
        "has_analysis_pct": aggregate.has_analysis_pct,
        "has_plan_pct": aggregate.has_plan_pct,
        "complete_true_recall_pct": aggregate.complete_true_recall_pct,
        "premature_complete_rate_pct": aggregate.premature_complete_rate_pct,
        "avg_ref_cmds": aggregate.avg_ref_cmds,
        "avg_pred_cmds": aggregate.avg_pred_cmds,
        "seconds_per_step": metrics.seconds_per_step,
        "load_seconds": metrics.load_seconds,
        "late_loss": _minus(
            early.avg_command_f1 if early else None, late.avg_command_f1 if late else None
        ),
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
    }


def size_class(billions: float | None) -> str | None:
    """Return the class of models that *billions* of active parameters belong to, as `2–5B`."""
    if billions is None:
        return None
    for low, high in zip((None, *_SIZES), _SIZES, strict=False):
        if billions <= high:
            return f"≤{high:g}B" if low is None else f"{low:g}–{high:g}B"
    return f">{_SIZES[-1]:g}B"


_PLAIN = ("parameters", "active_parameters", "epoch")
_PRINTED = {name: f"%.{kind.decimals}f" for name, kind in NUMBERS.items()}
_PRINTED |= dict.fromkeys(_PLAIN, "%g")


def shown(name: str, value: float) -> str:
    """Return the figure *name* as it is printed."""
    if name == "seconds_per_step" and value >= 10:
        return f"{value:.1f}"
    return _PRINTED[name] % value


def unit(name: str) -> str:
    """Return the sign that stands behind the figure *name*, if any."""
    return "%" if name.endswith("_pct") else ""


def coarse(name: str, value: float) -> float:
    """Return a quantile of the figure *name* at the precision that it is compared and printed."""
    if name == "seconds_per_step":
        return float(f"{value:.2g}")
    return round(value, NUMBERS[name].coarse)


def shown_coarse(name: str, value: float) -> str:
    """Return a quantile of the figure *name* as it is printed."""
    rounded = coarse(name, value)
    if name == "seconds_per_step":
        return f"{rounded:g}"
    return f"{rounded:.{NUMBERS[name].coarse}f}"


def setting(value: str | int | float | bool) -> str:
    """Return a recorded setting as JSON would have it, without quotes; 1.0 is 1."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value)


def _minus(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else round(one - other, 4)
