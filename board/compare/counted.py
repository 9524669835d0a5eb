"""How many of its episodes a model ended as it should: k of n with Wilson's interval."""

from msgspec import Struct

from ...eval.metrics import Metric
from ...eval.suites.kinds.registry import kind_of
from ..model import Entry


class Counted(Struct, frozen=True, kw_only=True):
    """A share of episodes as the count that it is, in per cent."""

    right: int
    of: int
    low: float
    """Of Wilson's 95 % interval."""
    high: float

    @property
    def text(self) -> str:
        """Return it as it is printed: `9/16 [33–77 %]`."""
        return f"{self.right}/{self.of} [{self.low:.0f}–{self.high:.0f} %]"


def counted(entry: Entry, metric: Metric) -> Counted | None:
    """Return how many episodes of *entry* have *metric*, each of them in a room of its own.

    `None` where steps are not played, where the metric is nothing that an episode has or has not,
    and where a task has several: these are not independent of each other.
    """
    facts, kind = entry.facts, kind_of(entry.result.suite.kind)
    if facts is None or kind.staged is None or not metric.binary or metric.score is None:
        return None
    sums = facts.sums.get(metric.score)
    number = len(facts.tasks)
    if not sums or not number == facts.scored == facts.answers:
        return None
    from ..statistics.tasks import MICROPOINTS

    return count_of(sum(sums) / MICROPOINTS / number, number)


def count_of(share: float, number: int) -> Counted:
    """Return the *share* of *number* episodes as a count."""
    from ..statistics.intervals import wilson
    from ..statistics.tasks import PRINTED

    right = round(share * number)
    low, high = (100 * end / PRINTED for end in wilson(right / number, number))
    return Counted(right=right, of=number, low=max(0.0, low), high=min(100.0, high))
