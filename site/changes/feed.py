"""The feed of a language: one entry a publish, with what had moved since the one before (Atom)."""

import uuid
from collections.abc import Iterator
from html import escape

from ...board.history.history import Publish
from ..frame.security import printable
from ..source.source import Source
from .moves import Told, told

NAME = "feed.xml"
# A reader's client asks for the feed again and again: the newest will do.
_MOST_ENTRIES, _MOST_ROWS = 20, 30


def feed(source: Source, page: str) -> str | None:
    """Return the feed of the language of *source*; `None` where nothing was ever kept.

    *page* is the path of the page that shows the same.
    Ids and dates come from the snapshots alone, so that the same history gives the same bytes.
    """
    publishes = source.history.publishes
    if not publishes:
        return None
    return printable("".join(_pieces(publishes[:_MOST_ENTRIES], publishes[-1], source, page)))


def _pieces(
    publishes: tuple[Publish, ...], first: Publish, source: Source, page: str
) -> Iterator[str]:
    language, say = source.render.language, source.render.text
    known = source.settings.board.site_url is not None
    here = source.addresses.absolute(language, "") if known else ""
    yield '<?xml version="1.0" encoding="utf-8"?>\n'
    yield f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{language}">\n'
    yield f"<id>{_identity('feed', language, first)}</id>\n"
    yield f"<title>{escape(source.title)}</title>\n"
    yield f"<subtitle>{escape(say('site.feed.subtitle'))}</subtitle>\n"
    yield f"<updated>{_instant(publishes[0])}</updated>\n"
    author = source.settings.board.organisation or source.title
    yield f"<author><name>{escape(author)}</name></author>\n"
    # Nobody reads a feed from where it lies: a link that is not absolute would lead nowhere.
    if known:
        yield f'<link rel="self" type="application/atom+xml" href="{escape(here + NAME)}"/>\n'
        yield f'<link rel="alternate" type="text/html" href="{escape(here + page)}"/>\n'
    for publish in publishes:
        yield "<entry>\n"
        yield f"<id>{_identity('entry', language, publish)}</id>\n"
        yield f"<title>{escape(say('site.feed.entry', label=publish.label))}</title>\n"
        yield f"<updated>{_instant(publish)}</updated>\n"
        if known:
            link = f"{here}{page}#at-{publish.label}"
            yield f'<link rel="alternate" type="text/html" href="{escape(link)}"/>\n'
        yield f'<content type="html">{escape(_content(publish, source))}</content>\n'
        yield "</entry>\n"
    yield "</feed>\n"


def _content(publish: Publish, source: Source) -> str:
    """Return what moved, as HTML."""
    say = source.render.text
    counts = say("site.history.counts", listed=publish.listed, ranked=publish.ranked)
    if publish.moves is None:
        return f"<p>{escape(counts)}</p><p>{escape(say('site.history.first'))}</p>"
    return f"<p>{escape(counts)}</p>" + "".join(_moves(told(publish.moves, source), source))


def _moves(moved: Told, source: Source) -> Iterator[str]:
    say = source.render.text
    if not moved.kinds:
        yield f"<p>{escape(say('site.history.nothing'))}</p>"
    for kind in moved.kinds:
        yield f"<p>{escape(say(f'site.history.{kind.what}', n=kind.total))}</p>"
        if kind.what != "rank":
            rows = "".join(
                f"<li>{escape(row.label)}: {escape(_course(row.rank_before, row.rank_after))}"
                f" ({escape(_course(row.score_before, row.score_after))}), {escape(row.board)}</li>"
                for row in kind.rows[:_MOST_ROWS]
            )
            yield f"<ul>{rows}{'<li>…</li>' if kind.total > _MOST_ROWS else ''}</ul>"


def _course(before: str | None, after: str | None) -> str:
    return before or "–" if before == after else f"{before or '–'} → {after or '–'}"


def _identity(what: str, language: str, publish: Publish) -> str:
    """Return an id that follows from the snapshot, and from nothing that a workspace may change."""
    said = f"cardboard {what} {language} {publish.label} {publish.sha256}"
    return uuid.uuid5(uuid.NAMESPACE_OID, said).urn


def _instant(publish: Publish) -> str:
    return f"{publish.date}T00:00:00Z"
