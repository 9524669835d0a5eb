"""A model's page: where it stands, why, and everything that its results recorded."""

from collections.abc import Iterator

from .page import Page, root_of
from .source import Source
from .standing import Standing, standing

# Figures that stand in large print at the top of a page.
LARGE = ("command_precision", "command_recall", "first_cmd_exact_pct", "valid_json_pct")


def model_pages(source: Source) -> Iterator[Page]:
    """Yield one page for every name on a board."""
    for slug, placed in source.pages.items():
        path = f"models/{slug}/"
        first = placed[0].entry
        standings = [standing(one, source) for one in placed]
        description = _description(standings[0], source)
        html = source.render.html(
            "model",
            root=root_of(path),
            standings=standings,
            large=LARGE,
            purpose=source.render.own(first.profile.purpose),
            others=[model for model in source.models[first.model] if model.slug != slug],
        )
        yield Page(
            path=path,
            title=first.label,
            description=description,
            slots={"body": html},
            search=description,
        )


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
