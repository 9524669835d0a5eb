"""Names and words of strangers: safe to print, in one line, and as slugs for files and URLs."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST = 100
# Names that a site or a file system gives a meaning of its own.
_RESERVED = frozenset({"index", "con", "prn", "aux", "nul"})


def slugs(names: Sequence[str]) -> list[str]:
    """Return one slug for each of *names*, which are all different.

    A slug holds only letters, digits and `._-`, starts with a letter or digit, and two slugs never
    differ in the case of letters alone.
    """
    plain = [_plain(name) for name in names]
    met = Counter(slug.lower() for slug in plain)
    return [
        slug if met[slug.lower()] == 1 else f"{slug}-{_digest(name)}"
        for slug, name in zip(plain, names, strict=True)
    ]


def _plain(name: str) -> str:
    path = name.replace("/", "__")
    slug = _UNSAFE.sub("-", path).strip("-._")
    if slug and slug == path and len(slug) <= _LONGEST and slug.lower() not in _RESERVED:
        return slug
    # What was lost from the name must not make two models one.
    return f"{slug[:_LONGEST].strip('-._') or 'model'}-{_digest(name)}"


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def visible(text: str, *, mark: str = "\ufffd", kept: str = "") -> str:
    """Return *text* with *mark* for every sign that cannot be printed and is not *kept*."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in kept else mark for c in text)


def line(text: str, longest: int = 200) -> str:
    """Return *text* as one printable line of at most *longest* characters."""
    return visible(text if len(text) <= longest else f"{text[:longest]}…", mark=" ")


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return which of the *known* names *name* may have meant."""
    near = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return near[0] if near else None


def plural(n: int, word: str, words: str = "") -> str:
    """Return *n* with its noun."""
    return f"{n} {word if n == 1 else words or f'{word}s'}"
