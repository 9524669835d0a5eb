"""What a suite's metrics, divisions and groups are called in one language."""

from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache

from ...board.workspace.settings import Suite
from ...eval.metrics import Metric
from ...eval.suites.suite import titles_of
from ..frame.render import Renderer
from .task_strip import title_of

# Of these units a title does not tell what is counted; all others are plain numbers or percentages.
NAMED = ("seconds", "bytes", "tokens", "bits")


class MetricWords:
    """Say what the figures of a suite are."""

    def __init__(self, suite: Suite, render: Renderer) -> None:
        self.suite, self._render = suite, render
        own = next((metric for metric in suite.of_kind.metrics if metric.ranked), None)
        self._usual = own == suite.ranked
        self._known: dict[tuple[str, str], str] = {}
        """What every page of a board asks for again."""
        self._group = lru_cache(1024)(self._titled)

    def _once(self, what: str, metric: Metric, make: Callable[[Metric], str]) -> str:
        key = (what, metric.id)
        if key not in self._known:
            self._known[key] = make(metric)
        return self._known[key]

    def title(self, metric: Metric) -> str:
        """Return the title of *metric*."""
        return self._once("title", metric, self._title)

    def _title(self, metric: Metric) -> str:
        return self._render.words.metric(metric, self.suite.kind)

    def column(self, metric: Metric) -> str:
        """Return the title of a column of *metric*: short, and with its unit."""
        return self._once("column", metric, self._column)

    def _column(self, metric: Metric) -> str:
        key = f"{self.suite.kind}:column.{metric.id}"
        short = self._render.text(key) if not metric.title and self._has(key) else None
        return self.in_unit(metric, short or self.title(metric))

    @cached_property
    def score_title(self) -> str:
        """Return what the score is called: by the kind where it is ranked as usual."""
        ranked, own = self.suite.ranked, f"{self.suite.kind}:metric.score"
        if self._usual and self._has(own):
            return self._render.text(own)
        key = "metric.score-of" if ranked.scale == 1 else "metric.score-times"
        title = self.in_unit(ranked, self.title(ranked))
        return self._render.text(key, metric=title, scale=f"{ranked.scale:g}")

    def explanation(self, metric: Metric) -> str:
        """Return what *metric* measures: the suite's words, its kind's, or which end is better."""
        own = f"{self.suite.kind}:explain.{metric.id}"
        told = self._render.own(metric.explanation)
        if not told and self._has(own):
            told = self._render.text(own)
        better = self._render.text(f"site.explain.{metric.better}", metric=self.title(metric))
        return f"{told} {better}" if told else better

    def in_unit(self, metric: Metric, title: str) -> str:
        """Return *title* with the unit of *metric*, where its values do not tell it."""
        if metric.unit not in NAMED or metric.scale != 1:
            return title
        unit = self._render.text(f"site.unit.{metric.unit}")
        if metric.unit in title.lower() or (len(unit) > 1 and unit in title.lower()):
            return title
        return self._render.text("site.column.in-unit", title=title, unit=unit)

    @property
    def score(self) -> str:
        """Return what a score is, in one sentence."""
        ranked = self.suite.ranked
        if self._usual and self._has(f"{self.suite.kind}:site.board.score"):
            return self._render.text(f"{self.suite.kind}:site.board.score")
        return self._render.text(
            f"site.board.score.{ranked.better}",
            metric=self.in_unit(ranked, self.title(ranked)),
            scale=None if ranked.scale == 1 else f"{ranked.scale:g}",
        )

    @property
    def reading(self) -> tuple[str, ...]:
        """Return how to read the score: what it is, and what the suite's kind adds."""
        kind = self.suite.kind
        keys = [f"{kind}:read.{name}" for name in ("score", "metrics")] if self._usual else []
        of_score = [self._render.text(key) for key in keys if self._has(key)] or [self.score]
        about = f"{kind}:read.{kind}"
        return (*of_score, *([self._render.text(about)] if self._has(about) else ()))

    def of_score(self, key: str, **values: object) -> str:
        """Return a message on the score: the kind's own where it is ranked as usual.

        Where less is better, a message may have a variant that ends in `.lower`.
        """
        own = f"{self.suite.kind}:{key}"
        if self._usual and self._has(own):
            return self._render.text(own, **values)
        lower = f"{key}.lower"
        turned = self.suite.ranked.better == "lower" and self._has(lower)
        return self._render.text(lower if turned else key, **values)

    def of_metric(self, key: str, metric: Metric, **values: object) -> str:
        """Return a message on *metric*: its kind's own, else the one for any."""
        own = f"{self.suite.kind}:{key.replace('metric', metric.id, 1)}"
        if self._has(own):
            return self._render.text(own, **values)
        title = self.title(metric)
        told = self.in_unit(metric, title) if key.endswith(".axis") else title
        return self._render.text(key, metric=told, **values)

    def division(self, name: str) -> str:
        """Return the title of a division: its suite's words, its kind's, or its name."""
        own = f"{self.suite.kind}:division.{name}"
        given = self._render.own(self.suite.words.division(name))
        return given or (self._render.text(own) if self._has(own) else name)

    def group(self, division: str, name: str) -> str:
        """Return the title of a group of steps: its suite's words, its kind's, or its name."""
        return self._group(division, name)

    def _titled(self, division: str, name: str) -> str:
        own = f"{self.suite.kind}:group.{name}"
        given = self._render.own(self.suite.words.group(division, name))
        return given or (self._render.text(own) if self._has(own) else name)

    def task(self, task: str) -> str:
        """Return what a task is called: its suite's words, or its id as words."""
        return self.tasks.get(task) or title_of(task)

    @property
    def tasks(self) -> dict[str, str]:
        """Return what the suite calls those of its tasks that it names."""
        return self.suite.kept(f"tasks.{self._render.language}", self._tasks)

    def _tasks(self, suite: Suite) -> dict[str, str]:
        named: dict[str, Mapping[str, str]] = {**titles_of(suite.name, suite.version)}
        named |= suite.words.tasks
        return {task: title for task, text in named.items() if (title := self._render.own(text))}

    def said(self, key: str, otherwise: str) -> str:
        """Return what the suite's kind says under *key*, or else *otherwise*."""
        own = f"{self.suite.kind}:{key}"
        return self._render.text(own) if self._has(own) else otherwise

    def _has(self, key: str) -> bool:
        return self._render.words.has(key)
