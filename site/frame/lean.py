"""HTML without what HTML does not ask for: worked out once a template, saved on every page."""

import re
from collections.abc import Callable

# What stands in a template beside HTML, and what keeps its spaces in a page.
_APART = re.compile(
    r"(\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|<pre\b.*?</pre>|<script\b.*?</script>)", re.DOTALL
)
_ENDS = re.compile(r"</(?:td|th|tr|li|dt|dd|tbody|thead)>")
_BLOCK = (
    "article|body|caption|dd|details|div|dl|dt|footer|form|h[1-6]|head|header|html|li|link|main"
    "|meta|nav|ol|p|section|summary|table|tbody|td|th|thead|title|tr|ul"
)
_AROUND = re.compile(rf"(</?(?:{_BLOCK})\b[^<>]*>)(\s*\n\s*)|(\s*\n\s*)(?=</?(?:{_BLOCK})\b)")
# What fills a slot may need the quotes.
_QUOTED = re.compile(
    r'( [a-z-]+=)"(?![^"]*(?:CARDBOARD_|cardboard\.invalid))'
    r'([A-Za-z0-9_./:#%+-]*[A-Za-z0-9_.:#%+-])"(?=[ >])'
)
_LIST = re.compile(r'<nav class="md-nav md-nav--primary.*?<ul\b[^>]*>', re.DOTALL)
_NESTING = re.compile(r"<(?P<end>/?)(?P<tag>ul|li)\b[^>]*>")
_TITLE = re.compile(r'<span class="md-ellipsis">\s*(.*?)\s*</span>', re.DOTALL)
_TABS = "md-tabs__link"
_FIRST = re.compile(r'<a href="([^"]*)"')
_NO_CONTENTS = re.compile(
    r'<div class="md-sidebar md-sidebar--secondary"[^>]*\shidden>.*?</nav>(?:\s*</div>){3}',
    re.DOTALL,
)
_LAYOUT = re.compile(r"\s*\n\s*")
_BESIDE_TAG = re.compile(r"(?<=>)\n|\n(?=<)")
_GENERATOR = re.compile(r'<meta name="generator"[^>]*>')


def lean(html: str) -> str:
    """Return the page *html* as the same document in fewer bytes.

    Ends of cells, rows and list items go, quotes of plain words, and line breaks where blocks meet.
    """
    return _lean(html, lambda gap: "")


def lean_frame(html: str) -> str:
    """Return a frame that is stamped often without what its pages do not need.

    A group of pages is a link to its first page, which links to the others; where tabs are these
    links already, `frame.js` takes them from there. The theme's empty table of contents goes.
    """
    html = _flat(_BESIDE_TAG.sub("", _LAYOUT.sub("\n", html)))
    return lean(_GENERATOR.sub("", _NO_CONTENTS.sub("", html)))


def _flat(html: str) -> str:
    """Return a frame whose navigation is one list, each group in it as a link unless tabs are."""
    start = _LIST.search(html)
    if start is None:
        return html
    items: list[str] = []
    depth, begun = 1, 0
    for found in _NESTING.finditer(html, start.end()):
        if found["tag"] == "ul":
            depth += -1 if found["end"] else 1
            if depth == 0:
                told = "" if _TABS in html else "".join(map(_item, items))
                return f"{html[: start.end()]}{told}{html[found.start() :]}"
        elif depth == 1 and found["end"]:
            items.append(html[begun : found.start()])
        elif depth == 1:
            begun = found.start()
    return html


def _item(html: str) -> str:
    title, first = _TITLE.search(html), _FIRST.search(html)
    if title is None or first is None:
        return html
    return (
        f'<li class="md-nav__item"><a href="{first[1]}" class="md-nav__link">'
        f'<span class="md-ellipsis">{title[1]}</span></a></li>'
    )


def lean_template(source: str) -> str:
    """Return the template *source* for pages that are leaner by the same; its lines keep numbers.

    Whatever it puts in stays quoted.
    """
    return _lean(source, lambda gap: "{#" + "\n" * gap.count("\n") + "#}")


def _lean(html: str, instead: Callable[[str], str]) -> str:
    pieces = _APART.split(html)
    for number in range(0, len(pieces), 2):
        piece = _AROUND.sub(
            lambda found: (found[1] or "") + instead(found[2] or found[3]), pieces[number]
        )
        pieces[number] = _QUOTED.sub(r"\1\2", _ENDS.sub("", piece))
    return "".join(pieces)
