"""What a figure of another program is: its unit and direction, by its file and else by its name."""

import hashlib
import re
from collections.abc import Iterable, Sequence

from ...eval.metrics import Better, Metric, Unit

_LOWER = re.compile(
    r"perplexity|ppl|loss|nll|bits_per_byte|bpb|brier|(?:^|_)(?:wer|cer|ter|ece|mae|mse|rmse|error_rate|"
    r"toxicity|latency|cost)(?:$|_|\.)"
)
_SHARE = re.compile(
    r"(?:^|[_.-])(?:acc|accuracy|exact_match|em|f1|mcc|mc1|mc2|pass@\d+|pass_rate|recall|precision|"
    r"correct|resolved|match|auc|map|mrr|ndcg\w*|spearman|pearson|score|main_score|win_rate|rate|"
    r"likelihood|reward|choice|includes)(?:$|[_.-])"
)
_COUNTED = re.compile(r"(?:^|[_.-])(?:bleu|chrf\w*|ter|rouge\w*|sacrebleu|mt_bench)(?:$|[_.-])")
_BINARY = re.compile(
    r"^(?:acc|accuracy|exact_match|em|correct|resolved|passed|pass@1)(?:$|[.@_-])|_acc$|extractive_match"
)


def metric_id(name: str) -> str:
    """Return *name* as a metric's id; one without Latin letters or digits by a hash of it."""
    plain = re.sub(r"[^a-z0-9_.@^-]+", "_", name.strip().lower()).strip("_.-")
    plain = plain or hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:6]
    return (plain if plain[:1].isalpha() else f"m_{plain}")[:100]


def figure(
    name: str,
    values: Iterable[float | None] = (),
    *,
    better: bool | None = None,
    title: str | None = None,
    unit: Unit | None = None,
    per_step: bool = False,
    binary: bool | None = None,
) -> Metric:
    """Return what the metric *name* is, by what its file says and else by its name and *values*.

    *better* tells whether more is better; where nobody knows, its direction is `neither`.
    """
    found = metric_id(name)
    known = [one for one in values if one is not None]
    if unit is None:
        unit = _unit(found, known)
    way: Better
    if better is not None:
        way = "higher" if better else "lower"
    elif _LOWER.search(found):
        way = "lower"
    else:
        way = "higher" if _SHARE.search(found) or _COUNTED.search(found) else "neither"
    is_binary = bool(_BINARY.search(found)) if binary is None else binary
    return Metric(
        id=found,
        title={"en": title, "ko": title} if title else {},
        unit=unit,
        better=way,
        scale=100.0 if unit == "share" else 1.0,
        decimals=2 if unit in ("share", "percent", "points") else 4,
        per_step=per_step,
        binary=is_binary and unit == "share",
    )


def _unit(name: str, values: Sequence[float]) -> Unit:
    """Return the unit of a metric that does not state it."""
    if re.search(r"bits_per_byte|bpb", name):
        return "bits"
    shares = all(0 <= one <= 1 for one in values)
    if _LOWER.search(name) or _COUNTED.search(name) or not shares:
        return "points"
    return "share"


def direction_known(metric: Metric) -> bool:
    """Tell whether anybody knows which way is up."""
    return metric.better != "neither"
