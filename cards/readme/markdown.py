"""Text from outside, made harmless for Markdown: everything is escaped that is not `Safe`."""

import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote

from ...board.words.catalogue import Words
from ...board.words.names import line

_LONGEST = 200

_ESCAPES = str.maketrans(
    {sign: f"\\{sign}" for sign in "\\`*_{}[]|~$"}
    | {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "&#64;"}
)
_TROUBLE = re.compile(
    r"[\\`*_{}\[\]<>|~$&@]|^\s*(?:[#+=-]|\d+[.)](?:\s|$))|://|www\.", re.IGNORECASE
)
_BLOCK_START = re.compile(r"^(\s*)([#+=-]|\d+(?=[.)](?:\s|$)))")
_AUTOLINK = re.compile(r":(?=//)|(?<=www)\.", re.IGNORECASE)
# Readers make links of addresses after they have read entities, and formulas of `\\(`: what stands
# in an element of its own is neither.
_ADDRESS = re.compile(r"(?<=[\w.+-])&#64;(?=\w)")
_FORMULA = re.compile(r"\\\\([()]|\\[\[\]])")
_INDENT = re.compile(r"^\s{2,}")
_CODE = re.compile(r"`([^`]+)`")
_URL_SIGNS = ":/?#@!$&'*+,;=%~-._"


class Safe(str):
    """Markdown of our own making, which needs no escaping any more."""

    __slots__ = ()


@lru_cache(maxsize=4096)
def escaped(text: str, longest: int = _LONGEST) -> Safe:
    """Return *text* so that Markdown shows it as it is: in a paragraph, a list or a table cell."""
    text = _INDENT.sub(" ", line(text, longest))
    if _TROUBLE.search(text) is None:
        return Safe(text)
    text = _AUTOLINK.sub(lambda match: f"\\{match[0]}", text.translate(_ESCAPES))
    text = _FORMULA.sub(r"&#92;<span>\1</span>", _ADDRESS.sub("<span>&#64;</span>", text))
    return Safe(_BLOCK_START.sub(_escape_start, text))


def _escape_start(match: re.Match[str]) -> str:
    if match[2].isdigit():
        return f"{match[1]}{match[2][:-1]}&#{ord(match[2][-1])};"
    return f"{match[1]}\\{match[2]}"


@lru_cache(maxsize=4096)
def code(text: object) -> Safe:
    """Return *text* as inline code, also where a table cell holds it."""
    plain = line(str(text)).strip()
    if not plain or any(sign in plain for sign in ("`", "|", "<!--")):
        return Safe(f"<code>{escaped(plain)}</code>")
    return Safe(f"`{plain}`")


def codes(texts: Iterable[object]) -> Safe:
    """Return *texts* as inline code with commas between."""
    return Safe(", ".join([code(text) for text in texts]))


def prose(text: str) -> Safe:
    """Return a text of the workspace's owner: words, and inline code between backticks."""
    parts = _CODE.split(text)
    return Safe(
        "".join(
            code(part) if number % 2 else escaped(part, len(part))
            for number, part in enumerate(parts)
        )
    )


def link(text: Safe, url: str) -> Safe:
    """Return a link; *url* must be one that we made or that the owner configured."""
    return Safe(f"[{text}]({quote(url, safe=_URL_SIGNS)})")


def bare_link(url: str) -> Safe:
    """Return a link that shows its own address; anything but http and https becomes code."""
    if not url.startswith(("https://", "http://")):
        return code(url)
    return Safe(f"<{quote(url, safe=_URL_SIGNS)}>")


def shown(value: object) -> str:
    """Return what a template prints for *value*: Markdown of ours as it is, all else escaped."""
    if type(value) is Safe:
        return value
    if value is None:
        raise TypeError("a card was about to print a value that is not known")
    return escaped(str(value))


def say(words: Words, key: str, **values: object) -> Safe:
    """Return the message *key* with *values* made harmless."""
    for name, value in values.items():
        if isinstance(value, str):
            values[name] = shown(value)
    return Safe(words.text(key, **values))


def say_of(words: Words, kind: str, key: str, **values: object) -> Safe:
    """Return the message *key*, as suites of *kind* or all say it, with *values* made harmless."""
    own = f"{kind}:{key}"
    return say(words, own if words.has(own) else key, **values)
