"""The page of downloads: what there is, how large it is, and its SHA-256."""

from collections import Counter
from collections.abc import Iterator
from typing import get_args

from ..data.exports import FOLDER, amount
from ..data.manifest import NAME, Listed
from ..data.published_files import MOST_BYTES, Reason
from ..frame.page import Page, root_of
from ..source.source import Source

PATH = "downloads/"
REASONS: tuple[Reason, ...] = get_args(Reason)


def _told(file: Listed) -> str:
    """Return the key of what *file* is, which the boards were judged by."""
    return "audit" if "/" in file.path else file.path


def download_pages(source: Source) -> Iterator[Page]:
    """Yield the page of downloads."""
    copies = source.data.copies
    reasons = Counter(copies.withheld.values())
    html = source.render.html(
        "downloads",
        root=root_of(PATH),
        data=f"{source.above(PATH)}{FOLDER}/",
        boards=[(one, amount(one.size), one.path) for one in source.data.boards],
        sources=[(one, amount(one.size), _told(one)) for one in source.data.sources],
        snapshots=[(one, amount(one.size), "snapshot") for one in source.data.snapshots],
        readings=[(one, amount(one.size)) for one in source.data.readings],
        kept=[(one.name, one.reason) for one in source.data.withheld if one.what == "source"],
        manifest=source.data.manifest is not None and NAME,
        site=source.settings.board.site_url,
        results=len(copies.paths),
        size=amount(sum(size for size, _ in copies.packed.values())),
        store=source.data.store,
        withheld=[(reason, reasons[reason]) for reason in REASONS if reasons[reason]],
        limit=amount(MOST_BYTES),
        repository=source.settings.board.repository_url,
    )
    title = source.render.text("site.downloads.title")
    yield Page(path=PATH, title=title, description=title, slots={"downloads": html})
