"""The page of a try in one language, and the files beside it: all that a browser is given."""

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined

from ...board.words.catalogue import Words, languages
from .conversations import Settings

WORDS = (
    "a", "accept", "accepted", "again", "again-hint", "answering", "answered", "b", "better-a",
    "better-b", "blind-empty", "blind-waiting", "cached", "cleared", "counts", "counts-blind",
    "empty", "ended-length", "ended-stop", "ended-stopped", "error", "error.broken", "error.gone",
    "error.hidden-answer", "figure.first", "figure.prompt", "figure.speed", "figure.tokens",
    "no-prompt", "no-text", "note", "note-hint", "outcome", "outcome.alike",
    "outcome.apart", "outcome.counts", "outcome.none", "prefer", "preferred-a",
    "preferred-b", "preferred-tie", "prompt", "reject", "rejected", "sent", "thought", "tie", "you",
)  # fmt: skip
"""What the script says, by keys below `try.`."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)


class Asset(NamedTuple):
    """A file beside the page."""

    kind: str
    body: bytes


@cache
def assets() -> dict[str, Asset]:
    """Return the files beside the page by their paths."""
    package = files("cardboard")
    here = package / "templates" / "tryout"
    logo = package / "site" / "assets" / "logo.svg"
    return {
        "/page.css": Asset("text/css; charset=utf-8", (here / "page.css").read_bytes()),
        "/page.js": Asset("text/javascript; charset=utf-8", (here / "page.js").read_bytes()),
        "/logo.svg": Asset("image/svg+xml", logo.read_bytes()),
    }


def page(words: Words, *, blind: bool, names: Sequence[tuple[str, str | None]], log: str) -> bytes:
    """Return the page in *words*; *names* and hashes are those of the models that may be told.

    *log* is a file's name.
    """
    language = words.language
    env = Environment(
        loader=PackageLoader("cardboard", "templates"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    others = {one: Words(one).text("language.name") for one in languages()}
    told = {
        "words": {key: _plain(words, f"try.{key}") for key in WORDS},
        "language": language,
        "blind": blind,
    }
    text = env.get_template("tryout/page.html.jinja").render(
        t=words.text,
        lang=language,
        languages=others,
        blind=blind,
        names=names,
        log=log,
        defaults=msgspec.to_builtins(Settings()),
        # No markup can begin inside of it.
        told=json.dumps(told, ensure_ascii=False).replace("<", "\\u003c"),
    )
    return text.encode()


def refusal(words: Words, key: str) -> bytes:
    """Return a page that says in *words* why there is no other."""
    env = Environment(
        loader=PackageLoader("cardboard", "templates"), undefined=StrictUndefined, autoescape=True
    )
    found = env.get_template("tryout/refusal.html.jinja")
    return found.render(t=words.text, lang=words.language, key=key).encode()


def _plain(words: Words, key: str) -> str:
    """Return a message with its values left as `{name}`, for the script to fill in."""
    return words.text(key, **{name: f"{{{name}}}" for name in words.needed(key)})


def chosen(accepted: str) -> str:
    """Return the first of our languages that a browser's `Accept-Language` names, else English."""
    known = languages()
    ranked = []
    for place, part in enumerate(accepted[:200].split(",")):
        name, _, weight = part.strip().partition(";q=")
        try:
            ranked.append((-float(weight or 1), place, name.partition("-")[0].lower()))
        except ValueError:
            continue
    return next((name for _, _, name in sorted(ranked) if name in known), "en")
