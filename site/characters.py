"""Signs that no page may hold, whoever wrote them."""

import re

_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)


def printable(text: str) -> str:
    """Return *text* with a replacement mark for every sign that HTML forbids."""
    return _FORBIDDEN.sub("\ufffd", text)
