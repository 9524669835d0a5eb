"""The pages of a model's episodes: each with all its screens, by how it ended."""

from collections.abc import Iterator

from ..frame.page import Page, root_of
from ..source.episodes import Played
from ..source.source import Placed, Source

FOLDER = "episodes/"


def path_of(slug: str, placed: Placed, beside: list[Placed]) -> str:
    """Return where the episodes of *placed* are, one of the results of the model *slug*."""
    played = [one for one in beside if one.suite.of_kind.staged is not None]
    return own_path(FOLDER, slug, placed, len(played))


def own_path(folder: str, slug: str, placed: Placed, count: int) -> str:
    """Return where in *folder* the page of *placed* is, one of *count* of the model *slug*."""
    if count < 2 or placed.place is None:
        return f"{folder}{slug}/"
    return f"{folder}{slug}--{placed.place.slug}/"


def episode_pages(source: Source) -> Iterator[Page]:
    """Yield a page for each result that holds episodes."""
    for slug, placed in source.pages.items():
        for one in placed:
            if found := source.background.episodes(one.entry):
                yield _page(source, slug, path_of(slug, one, placed), one, found)


def _page(source: Source, slug: str, path: str, placed: Placed, found: tuple[Played, ...]) -> Page:
    suite, label = placed.suite, placed.entry.label
    words = source.words_of(suite)
    title = source.render.text("site.episodes.title", model=label)
    order = list(dict.fromkeys(one.ended for one in found))
    parts = [(end, [one for one in found if one.ended == end]) for end in order]
    html = source.render.html(
        "episodes",
        root=root_of(path),
        model=f"models/{slug}/",
        label=label,
        kind=suite.kind,
        words=words,
        parts=sorted(parts, key=lambda part: (-len(part[1]), part[0])),
        total=len(found),
        good=sum(one.good is True for one in found),
        scored=sum(one.good is not None for one in found),
        layout=f"kinds/{suite.kind}/episode.html.jinja",
        divisions=[
            (name, list(dict.fromkeys(one.groups[name] for one in found if name in one.groups)))
            for name in suite.of_kind.divisions
        ],
    )
    return Page(
        path=path,
        title=title,
        description=title,
        slots={"body": html},
        search=title,
        script="episodes",
    )
