"""The pages of a model's steps: a list to read, and what the script needs to show all of them."""

from collections.abc import Iterator, Sequence
from urllib.parse import quote

from msgspec import Struct

from ...board.words.catalogue import Words
from ...eval.metrics import Metric
from ..data.exports import FOLDER as DATA
from ..data.figures import as_printed, sign, signed
from ..frame.page import Page, root_of
from ..frame.pagination import ROWS_A_PAGE, Part, parts
from ..source.source import Placed, Source
from ..source.step_files import MOST_LISTED, Explored, StepField, StepFile, StepRow
from ..source.steps import anchor_of, best_of, per_step
from .episode_page import own_path
from .episode_page import path_of as episodes_at

FOLDER = "steps/"
LONGEST_LISTED = 1_000
"""Letters of an answer in such a list; the file of steps has all of it."""

MARKS = ("both", "reference", "answer", "kept", "broken")


class Listed(Struct, frozen=True, kw_only=True):
    """A step of the list."""

    anchor: str
    title: str
    row: StepRow
    score: str | None
    apart: str | None
    """Its difference to the median of the board."""
    scores: tuple[tuple[str, str], ...]
    groups: tuple[str, ...]
    lines: tuple[tuple[str, str], ...]
    answer: str | None
    more: int


def path_of(slug: str, placed: Placed, beside: Sequence[Placed], source: Source) -> str | None:
    """Return where the steps of *placed* are; `None` where they are not at hand."""
    explored = source.background.step_files.explored
    if placed.entry.result_id not in explored:
        return None
    count = sum(one.entry.result_id in explored for one in beside)
    return own_path(FOLDER, slug, placed, count)


def href_of(path: str, found: Explored, step: str, source: Source) -> str:
    """Return where the first answer to *step* stands, of the steps of a result at *path*."""
    at, key = found.places[step]
    number = at // ROWS_A_PAGE + 1
    if number > 1 and _listed_at_all(source):
        path = f"pages/{_name(path)}-{number}/"
    return f"{path}#{quote(anchor_of(key), safe='/~.')}"


def _name(path: str) -> str:
    return f"steps-{path.removeprefix(FOLDER).rstrip('/')}"


def _listed_at_all(source: Source) -> bool:
    """Tell whether the site has few enough steps to list them."""
    files = source.background.step_files
    return sum(one.steps for one in files.explored.values()) <= MOST_LISTED


def field_of(placed: Placed, source: Source) -> StepField | None:
    """Return the steps of the board of *placed*."""
    if placed.place is None:
        return None
    return source.background.step_files.fields.get(source.places.index(placed.place))


def step_pages(source: Source) -> Iterator[Page]:
    """Yield the pages of every result whose steps are at hand."""
    files = source.background.step_files
    listed = _listed_at_all(source)
    for slug, placed in source.pages.items():
        for one in placed:
            if path := path_of(slug, one, placed, source):
                found = files.explored[one.entry.result_id]
                yield from _pages(source, slug, path, placed, one, found, listed=listed)


def _pages(
    source: Source,
    slug: str,
    path: str,
    beside: list[Placed],
    placed: Placed,
    found: Explored,
    *,
    listed: bool,
) -> Iterator[Page]:
    entry, suite = placed.entry, placed.suite
    field, words = field_of(placed, source), source.words_of(suite)
    episodes = episodes_at(slug, placed, beside) if suite.of_kind.staged is not None else None
    title = source.render.text("site.steps.title", model=entry.label)
    rows: tuple[Listed, ...] = ()
    if listed:
        held = source.background.step_files.read(found)
        rows = tuple(_listed(held, placed, field, source))
    for part in parts(path, _name(path), rows, at_once=ROWS_A_PAGE):
        html = source.render.html(
            "steps",
            root=root_of(part.path),
            part=part,
            first=path,
            model=f"models/{slug}/",
            label=entry.label,
            place=placed.place,
            total=found.steps,
            listed=listed,
            data=f"{source.above(part.path)}{DATA}/{found.path}",
            kind=suite.kind,
            words=words,
            tasks=source.tasks_of(placed.place),
            episodes=episodes,
            marks=MARKS,
            compared=field is not None and any(one.models > 1 for one in field.beside.values()),
            config=_config(source, part, slug, placed, found, field, episodes),
        )
        yield Page(
            path=part.path,
            title=title if part.number == 1 else f"{title} ({part.number})",
            description=source.render.text(
                "site.steps.description", model=entry.label, steps=found.steps
            ),
            slots={"body": html},
            script="steps",
        )


def _listed(
    held: StepFile, placed: Placed, field: StepField | None, source: Source
) -> Iterator[Listed]:
    suite = placed.suite
    metric, metrics, words = suite.ranked, per_step(suite), source.words_of(suite)
    titles = [words.column(one) for one in metrics]
    said = held.said[source.render.language]
    for row in held.steps:
        beside = field.beside.get(row.step) if field else None
        median = beside.median if beside is not None and beside.models > 1 else None
        yield Listed(
            anchor=anchor_of(row.key),
            title=words.task(row.task),
            row=row,
            score=as_printed(metric, row.value),
            apart=None
            if row.value is None or median is None
            else signed(metric, row.value - median),
            scores=tuple(
                (title, score)
                for title, score in zip(titles, row.scores, strict=True)
                if score is not None
            ),
            groups=tuple(words.group(name, group) for name, group in row.groups.items()),
            lines=tuple(
                (mark, text if isinstance(text, str) else said[text]) for mark, text in row.lines
            ),
            answer=row.answer[:LONGEST_LISTED] if row.answer is not None else None,
            more=max(0, len(row.answer or "") - LONGEST_LISTED),
        )


def _config(
    source: Source,
    part: Part[Listed],
    slug: str,
    placed: Placed,
    found: Explored,
    field: StepField | None,
    episodes: str | None,
) -> dict[str, object]:
    """Return what the script must know beside the files."""
    root = root_of(part.path)
    data = f"{source.above(part.path)}{DATA}/"
    tasks = source.tasks_of(placed.place)
    return {
        "file": data + found.path,
        "ranked": placed.entry.rank is not None,
        "pages": ROWS_A_PAGE,
        "compare": f"{root}compare/{placed.place.slug}/?m={quote(slug)}"
        if placed.place and tasks
        else None,
        "episodes": f"{root}{episodes}" if episodes else None,
        **board_config(source, part.path, placed, field, prompts=found.prompts),
    }


def board_config(
    source: Source, path: str, placed: Placed, field: StepField | None, *, prompts: bool
) -> dict[str, object]:
    """Return what scripts must know of a board's steps: files, metrics, groups, and words."""
    root, suite, words = root_of(path), placed.suite, source.words_of(placed.suite)
    data = f"{source.above(path)}{DATA}/"
    tasks = source.tasks_of(placed.place)
    return {
        "field": data + field.path if field and field.path else None,
        "prompts": data + field.prompts if prompts and field and field.prompts else None,
        "best": best_of(suite),
        "metrics": [_metric(metric, words.column(metric)) for metric in per_step(suite)],
        "divisions": {name: words.division(name) for name in suite.of_kind.divisions},
        "groups": {
            name: {group: words.group(name, group) for group in groups}
            for name, groups in _groups(source, placed).items()
        },
        "taskPages": f"{root}tasks/{placed.place.slug}--" if placed.place and tasks else None,
        "taskSlugs": {task: slug for task, slug in tasks.slugs.items() if slug != task}
        if tasks
        else {},
        "titles": words.tasks,
        "words": script_words(source.render.words, suite.kind),
    }


def _metric(metric: Metric, title: str) -> dict[str, object]:
    return {
        "title": title,
        "decimals": metric.decimals,
        "sign": sign(metric),
        "better": metric.sign,
    }


def _groups(source: Source, placed: Placed) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, groups in placed.entry.result.divisions.items():
        found[name] = list(groups)
    return found


_WORDS = (
    "task", "step", "trial", "apart", "finish", "show", "search", "any", "count", "none", "prompt",
    "earlier", "reference", "wrote", "lines", "nothing-written", "screens", "of-task", "compare",
    "failed", "next", "previous", "page", "link", "clear",
)  # fmt: skip
SHOWN = ("all", "behind", "ahead", "alone-failed", "alone-solved", "nobody", "everybody")


def script_words(words: Words, kind: str) -> dict[str, object]:
    """Return the words of the script that shows steps."""
    slots = {
        "step": ("number",),
        "trial": ("number",),
        "count": ("shown", "total"),
        "page": ("number", "pages"),
    }
    marks = {"both": "both", "reference": "only-reference", "answer": "only-answer"}
    return {
        **{
            name: words.text(
                f"site.steps.{name}", **{one: f"%{one}" for one in slots.get(name, ())}
            )
            for name in _WORDS
        },
        "shown": {name: words.text(f"site.steps.shown.{name}") for name in SHOWN},
        "marks": {
            **{mark: words.text(f"site.steps.{key}") for mark, key in marks.items()},
            **{mark: words.text(f"site.steps.{mark}") for mark in ("kept", "broken")},
        },
    }
