"""What figures are called on cards, and how they are printed, whatever a suite's metrics are."""

from ...board.notes.figures import form_of
from ...board.words.catalogue import Words
from ...board.workspace.settings import Suite
from ...eval.metrics import Metric
from ...eval.suites.kinds.kind import Kind

SIGNED = ("percent", "seconds", "tokens", "bytes", "bits")
"""Units that stand behind a number; the message `unit.NAME` puts them there."""

_SIGNS = {"percent": "%", "seconds": "s"}


def ranked_of(kind: Kind) -> Metric | None:
    """Return the metric by which suites of *kind* rank, where it brings one."""
    return next((metric for metric in kind.metrics if metric.ranked), None)


def keeps_rank(suite: Suite) -> bool:
    """Tell whether *suite* ranks by its kind's own metric, so that the kind's words on it hold."""
    return ranked_of(suite.of_kind) == suite.ranked


def unit_of(metric: Metric, *, scaled: bool) -> str | None:
    """Return the unit to print behind a value of *metric*; `None` where none is."""
    if metric.unit not in SIGNED or (scaled and metric.scale != 1):
        return None
    return metric.unit


def number(metric: Metric, value: float, *, scaled: bool) -> str:
    """Return *value*, in the metric's own unit, as it is printed: *scaled* as on boards, or raw."""
    times = metric.scale if scaled else 1.0
    return f"{times * value:.{form_of(metric, scaled=scaled).decimals}f}"


def coarse_number(metric: Metric, value: float, *, scaled: bool) -> str:
    """Return *value*, a quantile of a field in the metric's own unit, as it is printed."""
    times = metric.scale if scaled else 1.0
    return f"{times * value:.{form_of(metric, scaled=scaled).coarse}f}"


def width(metric: Metric, spread: float) -> str:
    """Return a standard error, in the metric's own unit, as it is printed; never as zero."""
    printed = abs(metric.scale) * spread
    text = f"{printed:.{metric.decimals}f}"
    return text if float(text) or not printed else f"{printed:.1g}"


def score_name(words: Words, metric: Metric, suite: Suite | None, kind: str) -> str:
    """Return what the score is called: in the kind's own words, or after its *metric*."""
    own = f"{kind}:metric.score"
    if (suite is None or keeps_rank(suite)) and words.has(own):
        return words.text(own)
    key = "metric.score-of" if metric.scale == 1 else "metric.score-times"
    return words.text(key, metric=words.metric(metric, kind), scale=f"{metric.scale:g}")


def metric_name(words: Words, metric: Metric, kind: str, *, scaled: bool) -> str:
    """Return what *metric* is called, with what its printed values multiply by."""
    title = words.metric(metric, kind)
    return f"{metric.scale:g} × {title}" if scaled and metric.scale != 1 else title


def plain_name(words: Words, metric: Metric, kind: str) -> str:
    """Return what *metric* is called among plain texts, with the unit of its printed values."""
    title = words.metric(metric, kind)
    if metric.scale != 1:
        return f"{metric.scale:g} x {title}"
    unit = unit_of(metric, scaled=True)
    if unit is None or unit in title.casefold().split():
        return title
    return f"{title} ({_SIGNS.get(unit, unit)})"
