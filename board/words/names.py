"""Names and words of strangers: safe to print, in one line, and as slugs for files and URLs."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence

from ...eval.errors import line, nearest, plural, visible

__all__ = ["line", "nearest", "plural", "slugs", "visible"]

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
