"""The page of downloads: what there is, how large it is, and its SHA-256."""

from collections import Counter
from collections.abc import Iterator
from typing import get_args

from ..data.exports import FOLDER, amount
from ..data.published_files import MOST_BYTES, Reason
from ..frame.page import Page, root_of
from ..source.source import Source

PATH = "downloads/"
REASONS: tuple[Reason, ...] = get_args(Reason)


def download_pages(source: Source) -> Iterator[Page]:
    """Yield the page of downloads."""
    copies = source.data.copies
    reasons = Counter(copies.withheld.values())
    html = source.render.html(
        "downloads",
        root=root_of(PATH),
        data=f"{source.above(PATH)}{FOLDER}/",
        boards=[(one, amount(one.size)) for one in source.data.boards],
        snapshots=[(one, amount(one.size)) for one in source.data.snapshots],
        results=len(copies.paths),
        size=amount(sum(copies.sizes.values())),
        withheld=[(reason, reasons[reason]) for reason in REASONS if reasons[reason]],
        limit=amount(MOST_BYTES),
        repository=source.settings.board.repository_url,
    )
    title = source.render.text("site.downloads.title")
    yield Page(path=PATH, title=title, description=title, slots={"downloads": html})
