"""The pages of a board's tasks: which are hard, how every model does, and what each one asks."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from markupsafe import Markup

from ...board.model import Entry
from ...eval.suites.kinds.kind import Row
from ..data.figures import as_printed
from ..frame.page import Page, root_of
from ..frame.security import printable
from ..model.step_page import href_of
from ..model.step_page import path_of as steps_at
from ..source.source import Place, Source
from ..source.step_files import StepField, messages_of
from ..source.tasks import BoardTasks, Over

FOLDER = "tasks/"
MOST_CELLS = 12_000
"""Of a map of tasks and models; the best ranks are on it."""
MOST_MODELS = 100
"""That a task's page lists, the best on it first."""
MOST_COLUMNS = 16
"""Steps of a task that have a column of their own."""
MOST_LETTERS = 200_000
"""Of what a task asks that its page shows."""
LEVELS = 6
ENDS = 5
_CELL = 16


class Listed(NamedTuple):
    """A task in a list."""

    slug: str
    title: str
    steps: int
    mean: str | None
    median: str | None
    over: Over


class Cell(NamedTuple):
    """A model's score on a step, and where its answer is."""

    score: str
    href: str | None


class Doing(NamedTuple):
    """A model on one task."""

    entry: Entry
    score: str | None
    steps: tuple[Cell | None, ...]


class Asked(NamedTuple):
    """A step of a task: what is asked beyond the steps before it, and what would be right."""

    number: int
    messages: tuple[tuple[str, str], ...]
    right: str | None


class _Telling(NamedTuple):
    source: Source
    place: Place
    tasks: BoardTasks
    field: StepField | None
    paths: dict[str, str]
    """Of the pages of steps, by result id."""
    titled: Callable[[str], str]
    """What tasks are called."""


def task_pages(source: Source) -> Iterator[Page]:
    """Yield the pages of tasks of every board whose results hold steps."""
    for place in source.places:
        tasks = source.tasks_of(place)
        if tasks is None:
            continue
        field = source.background.step_files.fields.get(source.places.index(place))
        paths = {
            one.entry.result_id: path
            for slug, placed in source.pages.items()
            for one in placed
            if one.place == place and (path := steps_at(slug, one, placed, source))
        }
        telling = _Telling(source, place, tasks, field, paths, source.words_of(place.suite).task)
        yield _index(telling)
        rows = _rows(field)
        for at, task in enumerate(tasks.tasks):
            yield _task(telling, at, rows.get(task, []))


def _index(telling: _Telling) -> Page:
    source, place, tasks = telling[:3]
    path = f"{FOLDER}{place.slug}/"
    order = tasks.by_difficulty
    listed = [_listed(telling, at) for at in order]
    shown = tasks.lines[: min(100, max(1, MOST_CELLS // len(tasks.tasks)))]
    never = [one for one in listed if one.over.scored and not one.over.full]
    title = source.render.text("site.task.index", board=place.title)
    html = source.render.html(
        "tasks",
        root=root_of(path),
        place=place,
        tasks=listed,
        hardest=listed[:ENDS],
        easiest=listed[::-1][:ENDS],
        never=never if tasks.ends[1] is not None else [],
        models=len(tasks.lines),
        metric=source.words_of(place.suite).title(place.suite.ranked),
        lines=shown,
        drawing=_map(telling, shown),
        cells=[[as_printed(tasks.metric, line.scores[at]) for at in order] for line in shown],
        ends=ENDS,
    )
    description = source.render.text(
        "site.task.index.description", tasks=len(listed), models=len(tasks.lines)
    )
    return Page(
        path=path, title=title, description=description, slots={"body": html}, script="tasks"
    )


def _listed(telling: _Telling, at: int) -> Listed:
    tasks = telling.tasks
    over = tasks.over[at]
    return Listed(
        slug=tasks.slugs[tasks.tasks[at]],
        title=telling.titled(tasks.tasks[at]),
        steps=tasks.steps[at],
        mean=as_printed(tasks.metric, over.mean),
        median=as_printed(tasks.metric, over.median),
        over=over,
    )


def _map(telling: _Telling, lines: Sequence[object]) -> Markup:
    """Return the scores as cells, a row a model and a column a task, each level as one path."""
    tasks = telling.tasks
    known = [s for line in tasks.lines for s in line.scores if s is not None]
    worst, best = tasks.ends
    low = worst if worst is not None else min(known, default=0.0)
    high = best if best is not None else max(known, default=1.0)
    levels: list[list[str]] = [[] for _ in range(LEVELS)]
    for y, line in enumerate(tasks.lines[: len(lines)]):
        for x, at in enumerate(tasks.by_difficulty):
            score = line.scores[at]
            if score is None:
                continue
            share = 0.0 if high == low else (score - low) / (high - low)
            level = min(LEVELS - 1, max(0, int(share * (LEVELS - 1) + 0.5)))
            levels[level].append(f"M{x * _CELL} {y * _CELL}h15v15h-15")
    wide, tall = len(tasks.tasks) * _CELL, len(lines) * _CELL
    paths = Markup("").join(
        Markup('<path class="cb-heat-{}" d="{}"/>').format(level, "".join(cells))
        for level, cells in enumerate(levels)
        if cells
    )
    return Markup(
        '<svg class="cb-heat" viewBox="0 0 {wide} {tall}" width="{wide}" height="{tall}"'
        ' aria-hidden="true" focusable="false">{paths}</svg>'
    ).format(wide=wide, tall=tall, paths=paths)


def _rows(field: StepField | None) -> dict[str, list[Row]]:
    """Return the rows of a suite at hand, by task."""
    found: dict[str, list[Row]] = {}
    for row in field.suite.rows if field is not None and field.suite is not None else ():
        found.setdefault(row.task_id, []).append(row)
    return found


def _task(telling: _Telling, at: int, rows: Sequence[Row]) -> Page:
    source, place, tasks, field = telling[:4]
    task = tasks.tasks[at]
    path = f"{FOLDER}{place.slug}--{tasks.slugs[task]}/"
    title = telling.titled(task)
    steps = [
        (step, number)
        for step, (of, number) in (field.tasks.items() if field else ())
        if of == task
    ]
    columns = steps if len(steps) <= MOST_COLUMNS else []
    doing = sorted(
        (line for line in tasks.lines if line.scores[at] is not None),
        key=lambda line: (-tasks.metric.sign * (line.scores[at] or 0.0), line.entry.rank or 0),
    )
    over = _listed(telling, at)
    html = source.render.html(
        "task",
        root=root_of(path),
        place=place,
        task=task,
        title=title,
        own=title != task,
        listed=over,
        models=len(tasks.lines),
        columns=[number for _, number in columns],
        rows=[
            _doing(telling, line.entry, line.scores[at], columns) for line in doing[:MOST_MODELS]
        ],
        left=max(0, len(doing) - MOST_MODELS),
        asked=tuple(_asked(rows, source, place)),
        full=tasks.ends[1] is not None,
        before=_beside(telling, at - 1),
        after=_beside(telling, at + 1),
    )
    return Page(
        path=path,
        title=title,
        description=source.render.text(
            "site.task.description", task=title, board=place.title, models=len(tasks.lines)
        ),
        slots={"body": html},
    )


def _beside(telling: _Telling, at: int) -> tuple[str, str] | None:
    tasks = telling.tasks
    if not 0 <= at < len(tasks.tasks):
        return None
    return tasks.slugs[tasks.tasks[at]], telling.titled(tasks.tasks[at])


def _doing(
    telling: _Telling, entry: Entry, score: float | None, columns: Sequence[tuple[str, int]]
) -> Doing:
    metric = telling.tasks.metric
    found = telling.source.background.step_files.explored.get(entry.result_id)
    path = telling.paths.get(entry.result_id)

    def cell(step: str) -> Cell | None:
        value = found.values.get(step) if found else None
        if value is None:
            return None
        href = href_of(path, found, step, telling.source) if path and found else None
        return Cell(as_printed(metric, value) or "", href)

    return Doing(entry, as_printed(metric, score), tuple(cell(step) for step, _ in columns))


def _asked(rows: Sequence[Row], source: Source, place: Place) -> Iterator[Asked]:
    """Yield what each step asks that the one before it has not asked already."""
    known: set[tuple[str, str]] = set()
    left = MOST_LETTERS
    right = place.suite.of_kind.right
    for row in rows:
        fresh = [one for one in messages_of(row) if one not in known]
        known.update(fresh)
        told = right(row.reference)
        left -= sum(len(text) for _, text in fresh) + len(told or "")
        if left < 0:
            return
        yield Asked(row.step_idx + 1, tuple(fresh), None if told is None else printable(told))
