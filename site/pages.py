"""Every page of one language, in the order in which it is written."""

from collections.abc import Iterator
from itertools import chain

from .board_page import board_pages
from .chart_page import chart_pages
from .check_guide import checks_html
from .download_page import download_pages
from .family_page import family_pages
from .history_page import history_pages
from .listed_pages import files_pages, unranked_pages
from .lost_page import lost_html
from .model_page import model_pages
from .page import Page
from .policy_page import policy_html
from .source import Source
from .template_page import template_pages


def pages(source: Source) -> Iterator[Page]:
    """Yield all computed pages."""
    yield from chain(
        board_pages(source),
        chart_pages(source),
        family_pages(source),
        unranked_pages(source),
        template_pages(source),
        history_pages(source),
        download_pages(source),
        files_pages(source),
        model_pages(source),
    )


def prose_slots(source: Source) -> dict[str, str]:
    """Return what hand-written pages may say of this workspace, by slot."""
    return {
        "policy": policy_html(source),
        "audit-codes": checks_html(source),
        "lost": lost_html(source),
    }
