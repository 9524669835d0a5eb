"""What pages may hold and run: no forbidden signs, no inline scripts, a content security policy."""

import hashlib
import re

# Icons in the theme's style sheets are data: images, which cannot run anything.
POLICY = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'"

_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
# What the theme writes where a group of its navigation is open, and HTML forbids.
_NO_NUMBER = re.compile(r'(<label class="md-nav__link"[^>]*?) tabindex=""')
_CHARSET = '<meta charset="utf-8">'
_META = f'{_CHARSET}<meta http-equiv="Content-Security-Policy" content="{POLICY}">'


def secure(html: str, root: str) -> tuple[str, dict[str, str]]:
    """Return the page *html* under the policy, and the scripts that were in it by their path.

    *root* leads from the page to the folder of the language, e.g. `../../`. A script's name holds
    the hash of its text, so pages that had the same script share a file.
    """
    scripts: dict[str, str] = {}
    start, end = html.find("<article"), html.rfind("</article>")

    def refer(found: re.Match[str]) -> str:
        # What a page itself holds and not its theme, the policy keeps from running.
        if start < found.start() < end:
            return found[0]
        digest = hashlib.sha256(found[1].encode()).hexdigest()[:8]
        path = f"assets/javascripts/inline.{digest}.js"
        scripts[path] = found[1]
        return f'<script src="{root}{path}"></script>'

    html = _NO_NUMBER.sub(r"\1", _INLINE_SCRIPT.sub(refer, html))
    return html.replace(_CHARSET, _META, 1), scripts


_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
# All other signs: to see that there is none but these takes a third of the time of the search.
_ALLOWED = re.compile("[ -~\t\n\r\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010ffff]*")


def printable(text: str) -> str:
    """Return *text* with a replacement mark for every sign that HTML forbids."""
    return text if _ALLOWED.fullmatch(text) else _FORBIDDEN.sub("\ufffd", text)
