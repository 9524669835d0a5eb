"""Every page of one language, in the order in which it is written."""

from collections.abc import Iterator
from itertools import chain

from .board_page import board_pages
from .listed_pages import files_pages, unranked_pages
from .model_page import model_pages
from .page import Page
from .policy_page import policy_html
from .source import Source


def pages(source: Source) -> Iterator[Page]:
    """Yield all computed pages."""
    yield from chain(
        board_pages(source), unranked_pages(source), files_pages(source), model_pages(source)
    )


def prose_slots(source: Source) -> dict[str, str]:
    """Return what hand-written pages may say of this workspace, by slot."""
    return {"policy": policy_html(source)}
