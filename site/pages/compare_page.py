"""The page on which any models of a board are compared: by group, by task, and answer by answer."""

import hashlib
import json
from collections.abc import Iterator

from ...board.compare.counted import counted
from ...board.judge.resolution import tasks_of
from ...board.model import Board, Entry
from ...board.statistics.paired import reach_of
from ...board.words.catalogue import Words
from ..data.exports import FOLDER as DATA
from ..data.figures import as_printed
from ..data.manifest import COMPARED
from ..frame.page import Page, root_of
from ..frame.security import printable
from ..model.step_page import board_config
from ..source.paired_table import best_against
from ..source.source import Place, Placed, Source
from ..source.tasks import BoardTasks
from ..table.script_data import MODELS_A_FILE, points_files, script_scale
from ..table.words import pair_words

FOLDER = "compare/"
MOST_COMPARED = 4

_WORDS = (
    "pick", "another", "none", "all", "ahead", "behind", "level", "task", "group", "groups",
    "steps", "against", "show", "count", "failed", "minus", "no-steps", "full",
)  # fmt: skip


def compare_pages(source: Source) -> Iterator[Page]:
    """Yield the page of comparisons of every board whose results hold steps."""
    for place, board in zip(source.places, source.boards.boards, strict=True):
        tasks = source.tasks_of(place)
        if tasks is not None:
            yield _page(source, place, board, tasks)


def _page(source: Source, place: Place, board: Board, tasks: BoardTasks) -> Page:
    path = f"{FOLDER}{place.slug}/"
    root = root_of(path)
    models = _models(source, place, board, tasks)
    points = dict(points_files(place, board))
    title = source.render.text("site.compare.title", board=place.title)
    rows = best_against(board)
    html = source.render.html(
        "compare",
        root=root,
        place=place,
        best=board.ranked[0],
        rows=rows,
        words=source.words_of(place.suite),
        config=_config(source, place, board, tasks, path, models[0], tuple(points)),
    )
    description = source.render.text("site.compare.description", board=place.title)
    return Page(
        path=path,
        title=title,
        description=description,
        slots={"body": html},
        script="compare",
        files=dict([models, *points.items()]),
    )


def _models(source: Source, place: Place, board: Board, tasks: BoardTasks) -> tuple[str, str]:
    """Return path and text of the file that names the models, with their figures by group."""
    explored = source.background.step_files.explored
    words, metric = source.words_of(place.suite), board.suite.ranked
    groups = list(
        dict.fromkeys(
            (division, group)
            for line in tasks.lines
            for division, found in line.entry.result.divisions.items()
            for group in found
        )
    )

    def value(entry: Entry, division: str, group: str) -> float | None:
        found = entry.result.divisions.get(division, {}).get(group)
        held = found.metrics.get(metric.id) if found else None
        return None if held is None else round(metric.scale * held, 6)

    told = {
        "groups": [
            {
                "division": printable(words.division(division)),
                "group": printable(words.group(division, group)),
                "steps": max(
                    (
                        found[group].steps
                        for line in tasks.lines
                        if group in (found := line.entry.result.divisions.get(division, {}))
                    ),
                    default=0,
                ),
            }
            for division, group in groups
        ],
        "models": [
            {
                "slug": line.entry.slug,
                "label": printable(line.entry.label),
                "rank": line.entry.rank_text,
                "score": count.text
                if (count := counted(line.entry, metric))
                else as_printed(metric, line.entry.score),
                "file": one.path if (one := explored.get(line.entry.result_id)) else None,
                "prompts": one is not None and one.prompts,
                "groups": [value(line.entry, *group) for group in groups],
            }
            for line in tasks.lines
        ],
    }
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return f"data/{place.slug}{COMPARED}{digest}.json", text


def _config(
    source: Source,
    place: Place,
    board: Board,
    tasks: BoardTasks,
    path: str,
    models: str,
    points: tuple[str, ...],
) -> dict[str, object]:
    root = root_of(path)
    field = source.background.step_files.fields.get(source.places.index(place))
    first = Placed(tasks.lines[0].entry, place)
    method = board.method
    titled = source.words_of(board.suite).task
    return {
        **board_config(source, path, first, field, prompts=True),
        "models": root + models,
        "points": [root + one for one in points],
        "modelsAFile": MODELS_A_FILE,
        "pages": f"{root}models/",
        "data": f"{source.above(path)}{DATA}/",
        "stepPages": f"{root}steps/",
        "tasks": [
            {
                "task": printable(task),
                "title": printable(titled(task)),
                "slug": tasks.slugs[task],
            }
            for task in tasks.tasks
        ],
        "scale": script_scale(board),
        "reach": reach_of(tasks_of(board, [line.entry for line in tasks.lines])),
        "test": None
        if method is None or method.critical is None
        else {"critical": method.critical, "lead": method.lead},
        "most": MOST_COMPARED,
        "own": _words(source.render.words),
    }


def _words(words: Words) -> dict[str, str]:
    slots = {"against": ("model",), "count": ("shown", "total"), "ahead": ("model",)}
    slots |= {"minus": ("one", "other"), "pick": ("number",)}
    own = {
        name: words.text(f"site.compare.{name}", **{one: f"%{one}" for one in slots.get(name, ())})
        for name in _WORDS
    }
    return own | pair_words(words)
