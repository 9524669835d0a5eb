"""The acceptance sheet of one result: what was asked, what became of it, on which machine."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from msgspec import Struct

from ...board.model import Reading, StepFacts
from ...board.statistics.intervals import Interval, Scale, intervals
from ...board.statistics.tasks import Tasks
from ...board.words.catalogue import Words
from ...board.workspace.settings import Fits
from ...eval.metrics import Metric
from ...eval.records import Result, Step
from ...eval.suites.kinds.kind import Kind, Row
from ...eval.suites.kinds.registry import kind_of
from ...eval.suites.suite import Suite

GIGABYTE = 10**9


class Limit(Struct, frozen=True, kw_only=True):
    """One limit of the machine that a model is for, and what was measured."""

    name: str
    limit: float
    found: float | None
    """`None` where it was not measured."""
    kept: bool | None


class Answer(Struct, frozen=True, kw_only=True):
    """One question with its answer, and what became of its clauses."""

    task: str
    groups: dict[str, str]
    question: str | None
    answer: str | None
    error: str | None
    score: str | None
    passed: bool
    """Whether it has the full score."""
    view: Any
    """What the suite's kind shows of it."""


class Sheet(Struct, frozen=True, kw_only=True):
    """All that a sheet says, without its words."""

    result: Result
    sha256: str
    metric: Metric
    score: float | None
    """As it is printed."""
    interval: Interval | None
    figures: tuple[tuple[Metric, float], ...]
    """The other figures of the board, in their own units."""
    answers: tuple[Answer, ...]
    limits: tuple[Limit, ...]
    least: float | None
    """The score that is asked for."""

    @property
    def complete(self) -> bool:
        """Tell whether every question was answered."""
        return self.result.status == "complete" and self.score is not None

    @property
    def fits(self) -> bool | None:
        """Tell whether it keeps every limit; `None` where one was not measured."""
        told = [one.kept for one in self.limits]
        if False in told:
            return False
        return None if None in told or not told else True

    @property
    def accepted(self) -> bool:
        """Tell whether it is complete, scores enough, and breaks no limit."""
        enough = self.least is None or (self.score is not None and self.score >= self.least)
        return self.complete and enough and self.fits is not False


def sheet_of(
    reading: Reading, result: Result, suite: Suite, *, fits: Fits, least: float | None = None
) -> Sheet:
    """Return the sheet of *result*, with all its steps, which *reading* summarises.

    *fits* are the limits of the machine that it is for, *least* is the score that is asked for.
    """
    kind = kind_of(result.suite.kind)
    metric = next(one for one in kind.metrics if one.ranked)
    known = {
        one.id: result.metrics[one.id].value for one in kind.metrics if one.id in result.metrics
    }
    share = known.get(metric.id)
    rows = {row.key: row for row in suite.rows}
    order = {key: at for at, key in enumerate(rows)}
    steps = sorted(result.steps, key=lambda step: order.get(_key(step), len(order)))
    return Sheet(
        result=result,
        sha256=reading.sha256,
        metric=metric,
        score=None if share is None else metric.printed(share),
        interval=_interval(reading.facts, metric),
        figures=tuple(
            (one, value)
            for one in kind.metrics
            if one.shown == "board" and not one.ranked and (value := known.get(one.id)) is not None
        ),
        answers=tuple(_answer(step, rows.get(_key(step)), metric, kind) for step in steps),
        limits=tuple(_limits(result, fits)),
        least=least,
    )


def _key(step: Step) -> tuple[str, int | None, int]:
    return step.task_id, step.sample_idx, step.step_idx


def _interval(facts: StepFacts | None, metric: Metric) -> Interval | None:
    sums = facts.sums.get(metric.score or "", ()) if facts is not None else ()
    if facts is None or len(sums) != len(facts.tasks) or not sums or 0 in facts.steps_per_task:
        return None
    tasks = Tasks.of(facts.fingerprint or facts.keys_sha256, facts.steps_per_task)
    scale = Scale(points=metric.scale * metric.factor)
    found = intervals(tasks, np.array([sums], dtype=np.int64), scale)
    return found[0] if found else None


def _answer(step: Step, row: Row | None, metric: Metric, kind: Kind) -> Answer:
    score = step.scores.get(metric.score or "")
    return Answer(
        task=step.task_id,
        groups=step.groups,
        question=row.conversation[-1].content if row is not None and row.conversation else None,
        answer=step.answer,
        error=step.error,
        score=None if score is None else f"{metric.scale * score:.{metric.decimals}f}",
        passed=score is not None and score >= 1.0,
        view=kind.view(step),
    )


def _limits(result: Result, fits: Fits) -> Iterable[Limit]:
    file, timing = result.model.file, result.timing
    first = timing.first_token_seconds
    size, peak = file.bytes if file else None, result.machine.peak_memory_bytes
    most = (
        ("file_gb", fits.file_gb, None if size is None else size / GIGABYTE),
        ("memory_gb", fits.memory_gb, None if peak is None else peak / GIGABYTE),
        ("first_token_seconds", fits.first_token_seconds, first.median if first else None),
    )
    for name, limit, found in most:
        if limit is not None:
            kept = None if found is None else found <= limit
            yield Limit(name=name, limit=limit, found=found, kept=kept)
    if (limit := fits.answer_tokens_per_second) is not None:
        found = timing.answer_tokens_per_second
        kept = None if found is None else found >= limit
        yield Limit(name="answer_tokens_per_second", limit=limit, found=found, kept=kept)


class Printer:
    """Put sheets into words and on A4, in one language."""

    def __init__(self, language: str, own: str | None = None) -> None:
        """Say it in *language*; *own* is a workspace's catalogue of it."""
        self.words = Words(language, own)
        environment = Environment(
            loader=PackageLoader("cardboard", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.globals.update(t=self.words.text, k=self.words.of_kind, has=self.words.has)
        environment.filters["group"] = self._group
        self._template = environment.get_template("acceptance/sheet.html.jinja")

    def html(self, sheet: Sheet) -> str:
        """Return *sheet* as a page that needs no other file."""
        words, result = self.words, sheet.result
        return self._template.render(
            sheet=sheet,
            lang=words.language,
            kind=result.suite.kind or "",
            title=words.metric(sheet.metric, result.suite.kind or ""),
            figures=[
                (words.metric(one, result.suite.kind or ""), _printed(one, value))
                for one, value in sheet.figures
            ],
            facts=_facts(result, sheet.sha256),
            settings=[(words.text(f"protocol.{name}"), value) for name, value in _settings(result)],
            limits=[(one, _number(one.limit), _number(one.found)) for one in sheet.limits],
        )

    def _group(self, group: str, kind: str) -> str:
        key = f"{kind}:group.{group}"
        return self.words.text(key) if self.words.has(key) else group


def _printed(metric: Metric, value: float) -> str:
    text = f"{metric.scale * value:.{metric.decimals}f}"
    return f"{text} %" if metric.unit == "percent" else text


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:.3g}"


def _facts(result: Result, sha256: str) -> list[tuple[str, str | None]]:
    """Return what was measured and with what, by the names of their words; unknown is `None`."""
    model, machine, timing = result.model, result.machine, result.timing
    file, first = model.file, timing.first_token_seconds
    return [
        ("model", model.id),
        ("file", file.name if file else None),
        ("file_bytes", f"{file.bytes:,}" if file and file.bytes is not None else None),
        ("file_sha256", (file.sha256 if file else None) or model.weights_sha256),
        ("template_sha256", result.prompts.template_sha256),
        ("suite", " ".join(filter(None, (result.suite.name, result.suite.version)))),
        ("fingerprint", result.suite.fingerprint),
        ("finished", result.finished_at),
        ("processor", machine.processor),
        ("cores", None if machine.cores is None else str(machine.cores)),
        ("memory", _gigabytes(machine.memory_bytes)),
        ("peak_memory", _gigabytes(machine.peak_memory_bytes)),
        ("operating_system", machine.operating_system),
        ("versions", ", ".join(f"{n} {v}" for n, v in sorted(result.versions.items())) or None),
        ("load", _number(timing.load_seconds)),
        ("first_token", _number(first.median if first else None)),
        ("prompt_speed", _number(timing.prompt_tokens_per_second)),
        ("answer_speed", _number(timing.answer_tokens_per_second)),
        ("result_sha256", sha256),
    ]


def _gigabytes(size: int | None) -> str | None:
    return None if size is None else f"{size / GIGABYTE:.2f} GB"


_SETTINGS = ("temperature", "top_p", "top_k", "max_tokens", "max_model_len", "thinking", "seed")


def _settings(result: Result) -> list[tuple[str, str]]:
    told: Mapping[str, object] = {
        name: getattr(result.protocol, name, None) for name in ("backend", *_SETTINGS)
    }
    return [(name, str(value)) for name, value in told.items() if value is not None]


def write(
    sheet: Sheet,
    languages: Sequence[str],
    folder: Path,
    name: str,
    own: Mapping[str, str] = MappingProxyType({}),
) -> list[Path]:
    """Write the sheet into *folder*, a file a language; return their paths.

    *own* are a workspace's catalogues, by language.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for language in languages:
        path = folder / f"{name}.{language}.html"
        path.write_text(
            Printer(language, own.get(language)).html(sheet), encoding="utf-8", newline="\n"
        )
        written.append(path)
    return written
