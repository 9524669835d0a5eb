"""What figures are called on cards, and how they are printed, whatever a suite's metrics are."""

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


def unit_of(metric: Metric) -> str | None:
    """Return the unit to print behind a value of *metric*; `None` where none is."""
    return metric.unit if metric.unit in SIGNED and metric.scale == 1 else None


def number(metric: Metric, value: float) -> str:
    """Return *value*, in the metric's own unit, as boards and cards print it."""
    return f"{metric.scale * value:.{metric.decimals}f}"


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


def metric_name(words: Words, metric: Metric, kind: str) -> str:
    """Return what *metric* is called, with what its printed values multiply by."""
    title = words.metric(metric, kind)
    return title if metric.scale == 1 else f"{metric.scale:g} × {title}"


def plain_name(words: Words, metric: Metric, kind: str) -> str:
    """Return what *metric* is called among plain texts, with the unit of its printed values."""
    title = words.metric(metric, kind)
    if metric.scale != 1:
        return f"{metric.scale:g} x {title}"
    unit = unit_of(metric)
    if unit is None or unit in title.casefold().split():
        return title
    return f"{title} ({_SIGNS.get(unit, unit)})"
