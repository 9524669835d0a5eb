"""Every page of one language, in the order in which it is written."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import NamedTuple

from msgspec.structs import replace

from ..audits.check_guide import checks_html
from ..audits.template_page import template_pages
from ..changes.history_page import history_pages
from ..frame.page import Page
from ..model.episode_page import episode_pages
from ..model.language_page import language_pages
from ..model.model_page import model_pages
from ..model.step_page import step_pages
from ..source.source import Source
from .board_page import board_pages
from .chart_page import chart_pages
from .compare_page import compare_pages
from .download_page import download_pages
from .family_page import family_pages
from .listed_pages import files_pages, unranked_pages
from .overview_page import overview_pages
from .policy_page import policy_html
from .quant_page import quant_pages
from .reading_guide import readings_html
from .task_page import task_pages


class Way(NamedTuple):
    """What a reader of one language is told, and where the leaderboard is."""

    language: str
    said: str
    link: str
    href: str


def lost_html(source: Source) -> str:
    """Return the content of `404.html`: the words of every language, the tree's own first."""
    own = source.render.language
    languages = sorted(source.addresses.languages, key=lambda one: one != own)
    return source.render.html("lost", ways=[_way(one, source) for one in languages])


def _way(language: str, source: Source) -> Way:
    words = source.settings.words(language)
    return Way(
        language=language,
        said=words.text("site.lost"),
        link=words.text("site.lost.board"),
        href=source.addresses.base(language),
    )


def pages(source: Source) -> Iterator[Page]:
    """Yield all computed pages."""
    yield from chain(
        _of_all(board_pages(source)),
        _of_all(overview_pages(source)),
        chart_pages(source),
        family_pages(source),
        quant_pages(source),
        _of_all(unranked_pages(source)),
        template_pages(source),
        _of_all(history_pages(source)),
        _of_all(download_pages(source)),
        _of_all(files_pages(source)),
        task_pages(source),
        compare_pages(source),
        model_pages(source),
        step_pages(source),
        episode_pages(source),
        language_pages(source),
    )


def _of_all(made: Iterable[Page]) -> Iterator[Page]:
    """Let pages say in their footers which results they were computed from: all there are."""
    return (replace(page, of_all=True) for page in made)


def prose_slots(source: Source) -> dict[str, str]:
    """Return what hand-written pages may say of this workspace, by slot."""
    return {
        "policy": policy_html(source),
        "audit-codes": checks_html(source),
        "lost": lost_html(source),
        "readings": readings_html(source),
    }
