"""A model's page: where it stands, why, and everything that its results recorded."""

import json
from collections.abc import Iterator
from functools import partial

from ...board.model import Entry
from ...board.show.reproduction import run_of
from ...board.show.snippets import examples, snippet
from ...board.workspace.settings import Suite
from ..data.exports import FOLDER
from ..frame.page import Page, root_of
from ..source.source import Placed, Source
from ..source.task_strip import Labels, drawing, table_rows
from .standing import Standing, standing

# Figures that stand in large print at the top of a page.
LARGE = ("command_precision", "command_recall", "first_cmd_exact_pct", "valid_json_pct")


def model_pages(source: Source) -> Iterator[Page]:
    """Yield one page for every name on a board."""
    suites = {
        place.slug: board.suite
        for place, board in zip(source.places, source.boards.boards, strict=True)
    }
    labels = Labels(
        score=source.render.text("site.column.score"),
        median=source.render.text("card.median"),
        unscored=source.render.text("site.tasks.unscored"),
    )
    for slug, placed in source.pages.items():
        path = f"models/{slug}/"
        first = placed[0].entry
        standings = [standing(one, source) for one in placed]
        description = _description(standings[0], source)
        html = source.render.html(
            "model",
            root=root_of(path),
            data=f"{source.above(path)}{FOLDER}/",
            copies=source.data.copies.paths,
            standings=standings,
            large=LARGE,
            drawing=partial(drawing, labels=labels),
            task_rows=table_rows,
            purpose=source.render.own(first.profile.purpose),
            others=[model for model in source.models[first.model] if model.slug != slug],
            sweep=first.class_ == "sweep",
            **_running(placed, suites, source),
        )
        yield Page(
            path=path,
            title=first.label,
            description=description,
            slots={"body": html},
            search=description,
        )


def _running(placed: list[Placed], suites: dict[str, Suite], source: Source) -> dict[str, object]:
    """Return how the model of a page is run, and the commands that repeat its evaluations."""
    entries: list[tuple[Suite | None, Entry]] = [
        (suites[place.slug] if place else None, entry) for entry, place in placed
    ]
    run = run_of(entries, source.settings)
    return {
        "run": run,
        "kwargs": json.dumps(run.kwargs, ensure_ascii=False, sort_keys=True),
        "examples": [(one, snippet(run, one.name)) for one in examples(run)],
        "answer": snippet(run, "answer"),
    }


def _description(here: Standing, source: Source) -> str:
    """Return the page in one sentence, for search results and link previews."""
    entry, place = here.entry, here.place
    if entry.rank is None or place is None:
        return source.render.text("site.model.description.unranked", suite=here.title)
    return source.render.text(
        "site.model.description.ranked",
        suite=here.title,
        rank=entry.rank_text,
        ranked=place.ranked,
        score=here.score,
    )
