"""What of a frame works by scripts alone: made by one script, and not written on every page."""

import json
import re

_CONFIG = re.compile(r'<script id="__config" type="application/json">(?P<json>.*?)</script>')
_SCOPE = re.compile(r"<script>(?P<script>__md_scope=.*?)</script>", re.DOTALL)
_PALETTE = re.compile(
    r'(?P<form><form class="md-header__option" data-md-component="palette">.*?</form>)'
    r"\s*<script>(?P<script>.*?)</script>",
    re.DOTALL,
)
_SEARCH = re.compile(
    r'<label class="md-header__button md-icon" for="__search">.*?</label>\s*'
    r'<div class="md-search".*?</form>\s*<div class="md-search__output">.*?</ol>(?:\s*</div>){5}',
    re.DOTALL,
)
# Opens the tab that an address names: no stamped page has tabs in its text.
_TABBED = re.compile(r"<script>var target=document\.getElementById\(location\.hash[^<]*</script>")
_LAYOUT = re.compile(r"\s*\n\s*")


def scripted(html: str) -> str:
    """Return the built frame *html* with its controls for scripts in its inline scripts.

    These are the choice of colours, the search and what the theme's script is told: whoever runs
    no scripts has no use for them, and whoever does has them before the page is drawn.
    """
    config, scope = _CONFIG.search(html), _SCOPE.search(html)
    palette, search = _PALETTE.search(html), _SEARCH.search(html)
    if config is None or scope is None or palette is None or search is None:
        return html  # Another theme: it keeps what it has.
    told = (
        'const told=document.createElement("script");told.id="__config";'
        f'told.type="application/json";told.textContent={_quoted(config["json"])};'
        "document.head.append(told);"
    )
    controls = (
        f'document.currentScript.insertAdjacentHTML("afterend",{_quoted(search[0])});'
        'document.querySelector(".md-header__title")'
        f'.insertAdjacentHTML("afterend",{_quoted(palette["form"])});'
    )
    for old, new in (
        (_TABBED.search(html), ""),
        (config, ""),
        (scope, f"<script>{told}{scope['script']}</script>"),
        (search, f"<script>{controls}{palette['script']}</script>"),
        (palette, ""),
    ):
        html = html.replace(old[0], new, 1) if old is not None else html
    return html


def _quoted(text: str) -> str:
    """Return *text* as a string of JavaScript that closes no element."""
    return json.dumps(_LAYOUT.sub("\n", text)).replace("</", "<\\/")
