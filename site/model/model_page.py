"""A model's page: where it stands, why, and everything that its results recorded."""

import json
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from markupsafe import Markup

from ...board.model import Entry
from ...board.show.reproduction import run_of
from ...board.show.snippets import examples, snippet
from ...board.workspace.settings import Suite
from ..charts.mirror import Bars, mirror
from ..data.exports import FOLDER
from ..data.figures import as_printed
from ..frame.page import Page, root_of
from ..source.joined import Joint
from ..source.metric_words import MetricWords
from ..source.source import Placed, Source
from ..source.task_strip import drawing, table_rows
from .divisions import part_rows
from .episode_page import path_of
from .field_file import field_path
from .language_page import path_of as languages_of
from .standing import Standing, lasting_rank, standing
from .step_page import path_of as steps_at


def page_of(slug: str) -> str:
    """Return where the page of the model *slug* is."""
    return f"models/{slug}/"


def model_pages(source: Source) -> Iterator[Page]:
    """Yield one page for every name on a board."""
    suites = {
        place.slug: board.suite
        for place, board in zip(source.places, source.boards.boards, strict=True)
    }
    for slug, placed in source.pages.items():
        path = page_of(slug)
        made_of = source.made_of.get(slug)
        first = placed[0].entry
        if source.kept.holds(path, made_of):
            title = first.label
            yield Page(
                path=path,
                title=title,
                description="",
                slots={},
                search=title,
                made_of=made_of,
                kept=True,
            )
            continue
        # What does not last of an entry on a large board must not reach its page.
        placed = [
            one._replace(entry=found.entry) if (found := source.lasting(one)) else one
            for one in placed
        ]
        standings = [
            standing(
                one,
                source,
                path_of(slug, one, placed),
                languages_of(slug, one, placed),
                steps_at(slug, one, placed, source),
            )
            for one in placed
        ]
        description = _description(standings[0], source)
        html = source.render.html(
            "model",
            root=root_of(path),
            data=f"{source.above(path)}{FOLDER}/",
            copies=source.data.copies.paths,
            standings=standings,
            drawing=drawing,
            task_rows=table_rows,
            part_rows=part_rows,
            joined=partial(_joined, source=source),
            purpose=source.render.own(first.profile.purpose),
            others=[model for model in source.models[first.model] if model.slug != slug],
            sweep=first.class_ == "sweep",
            files=source.family_pages.get(slug),
            kind=placed[0].suite.kind,
            guide=_guide(placed),
            contents=_contents,
            slug=slug,
            fields=_fields(standings, path, source),
            moving=_moving(slug, standings, path, source),
            lasting_rank=partial(lasting_rank, source=source),
            **_running(placed, suites, source),
        )
        yield Page(
            path=path,
            title=first.label,
            description=description,
            slots={"body": html},
            search=description,
            script="model" if any(one.lasting for one in standings) else "frame",
            made_of=made_of,
        )


class Joined(NamedTuple):
    """The tasks of two suites side by side, as a page shows them."""

    other: str
    """The other suite's name."""
    metric: str
    """What stands beside its score."""
    best: str | None
    """The best that it can be."""
    spans: tuple[str, str, str, str]
    """Where the bars of both begin and end."""
    drawing: Markup
    rows: tuple[tuple[str, str, str, str], ...]
    """Task, the other suite's task, both scores."""
    full: tuple[int, str | None]
    """Tasks with a full score here, and their mean there."""
    rest: tuple[int, str | None]


def _joined(joint: Joint, words: MetricWords, source: Source) -> Joined:
    """Return what a page shows of *joint*."""
    there, here = joint.suite.ranked, joint.metric
    up, down = joint.spans
    rows = tuple(
        (
            one.task,
            one.other,
            as_printed(there, one.there) or "",
            as_printed(here, one.here) or "",
        )
        for one in joint.pairs
    )
    bars = [Bars(up.at(one.there), down.at(one.here)) for one in joint.pairs]
    full, rest = joint.split
    return Joined(
        other=joint.suite.full_name,
        metric=words.title(here),
        best=as_printed(here, down.high),
        spans=(f"{up.low:g}", f"{up.high:g}", f"{down.low:g}", f"{down.high:g}"),
        drawing=mirror(bars),
        rows=rows,
        full=(full[0], as_printed(there, full[1])),
        rest=(rest[0], as_printed(there, rest[1])),
    )


def _running(placed: list[Placed], suites: dict[str, Suite], source: Source) -> dict[str, object]:
    """Return how the model of a page is run, and the commands that repeat its evaluations."""
    entries: list[tuple[Suite | None, Entry]] = [
        (suites[place.slug] if place else None, entry) for entry, place in placed
    ]
    run = run_of(entries, source.settings)
    without: dict[str, list[str]] = {}
    for one in run.repeats:
        if one.missing is not None:
            without.setdefault(one.missing, []).append(source.render.own(one.suite))
    return {
        "run": run,
        "without": without,
        "own": source.render.own,
        "kwargs": json.dumps(run.kwargs, ensure_ascii=False, sort_keys=True),
        "examples": [(one, snippet(run, one.name)) for one in examples(run)],
    }


def _contents(here: Standing) -> tuple[tuple[str, str, object], ...]:
    """Return the sections of a page: id, heading, and whether it is there."""
    return (
        ("figures", "site.model.figures", True),
        ("steps", "site.steps", here.path),
        ("rivals", "site.rivals", here.rivals),
        ("tasks", "site.tasks", here.strip.marks),
        ("findings", "site.model.findings", True),
        ("notes", "card.notes", here.place or here.told),
        ("protocol", "card.protocol", True),
        ("evidence", "card.origin", True),
        ("attempts", "site.model.attempts", True),
    )


def _fields(standings: list[Standing], path: str, source: Source) -> dict[str, str]:
    """Return where the script finds what moves, by the anchor of each board that may grow."""
    return {
        one.anchor: root_of(path) + field_path(one.place)
        for one in standings
        if one.lasting and one.place
    }


def _moving(
    slug: str, standings: list[Standing], path: str, source: Source
) -> dict[str, object] | None:
    """Return what the script must know to fill in what moves; `None` where nothing does."""
    lasting = [one for one in standings if one.lasting]
    if not lasting:
        return None
    root = root_of(path)
    return {
        "models": f"{root}models/",
        "slug": slug,
        "compare": {
            one.anchor: f"{root}compare/{one.anchor}/?m={slug}" for one in lasting if one.tasks
        },
    }


def _guide(placed: list[Placed]) -> str:
    """Return where the guide says how to read the results of a page."""
    first = next((one.place for one in placed if one.place), None)
    return f"reading/#{first.slug}" if first else "reading/"


def _description(here: Standing, source: Source) -> str:
    """Return the page in one sentence, for search results and link previews."""
    entry, place = here.entry, here.place
    if entry.rank is None or place is None:
        return source.render.text("site.model.description.unranked", suite=here.title)
    if here.lasting is not None:
        return source.render.text(
            "site.model.description.lasting",
            suite=here.title,
            rank=lasting_rank(here.lasting, source),
            score=here.score,
        )
    return source.render.text(
        "site.model.description.ranked",
        suite=here.title,
        rank=entry.rank_text,
        ranked=place.ranked,
        score=here.score,
    )
