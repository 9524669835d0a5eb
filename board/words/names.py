"""Names of strangers: safe to print, fit for the Hub, and as slugs for files and URLs."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence

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


def visible(text: str) -> str:
    """Return *text* with a replacement mark for every sign that cannot be printed."""
    return text if text.isprintable() else "".join(c if c.isprintable() else "\ufffd" for c in text)


_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
_LONGEST_ID = 96


def is_hub_id(name: str) -> bool:
    """Tell whether *name* can be a repository on the Hub: `organisation/name`."""
    return (
        len(name) <= _LONGEST_ID
        and _HUB_ID.fullmatch(name) is not None
        and "--" not in name
        and ".." not in name
        and not name.endswith((".git", ".", "-"))
    )
