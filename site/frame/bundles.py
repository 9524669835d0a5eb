"""Scripts and style sheets, each kind of page with one file of them, joined from many here."""

import hashlib
import posixpath
import re
from collections.abc import Callable, Iterable
from functools import cache
from importlib.resources import files
from typing import NamedTuple

SCRIPTS = {
    "frame": (),
    "board": ("board/main.js",),
    "charts": ("charts.js",),
    "compare": ("steps/compare.js",),
    "episodes": ("episodes.js",),
    "model": ("field.js",),
    "overview": ("overview.js",),
    "steps": ("steps/main.js",),
    "tasks": ("steps/map.js",),
}
"""What each kind of page runs, beside what all do."""
EARLY = "board"
"""The kind whose script is asked for before the page is read to its end."""
_ALL = "frame.js"
_FOLDER = "assets/cardboard"
_IMPORT = re.compile(r'^import (?:\{(?P<names>[^}]*)\} from )?"(?P<path>\.[^"]*)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:const|class|function|async function) (\w+))", re.MULTILINE)
_STYLES = re.compile(r'(?:<link rel="stylesheet" href="[^"]*">\s*)+')
_HREF = re.compile(r'href="([^"]*)"')
_MAP = re.compile(r"/\*# sourceMappingURL=.*?\*/")
# While the theme sets its colours, it puts this on everything, and off again: that alone takes a
# browser longer than all other work that pages make for it.
_SWITCHING = re.compile(r"(?:\[data-md-color-switching\] [^,{}]*,?)+\{[^{}]*\}")
_FRAME_SCRIPT = re.compile(rf'\s*<script src="[^"]*{_FOLDER}/{re.escape(_ALL)}"[^>]*></script>')
_ARTICLE_END = "</article>"


class Asset(NamedTuple):
    """A file below a language's tree; its name holds the hash of its text."""

    path: str
    text: str


def _named(name: str, ending: str, text: str) -> Asset:
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    return Asset(f"{_FOLDER}/{name}.{digest}.{ending}", text)


@cache
def scripts() -> dict[str, Asset]:
    """Return the script of each kind of page."""
    return {kind: _named(kind, "js", joined((_ALL, *parts))) for kind, parts in SCRIPTS.items()}


def joined(entries: Iterable[str], read: Callable[[str], str] | None = None) -> str:
    """Return the modules *entries*, and all that they import, as one module.

    Each of them is a block that hands out what it exports; one that is imported stands before.
    """
    read = read or _source
    texts: dict[str, str] = {}

    def take(path: str, within: tuple[str, ...] = ()) -> None:
        if path in within:
            raise ValueError(f"{path} imports itself")
        if path in texts:
            return
        text, folder = read(path), posixpath.dirname(path)
        names = {
            one: posixpath.normpath(posixpath.join(folder, one)) for _, one in _IMPORT.findall(text)
        }
        for name in names.values():
            take(name, (*within, path))
        exports = ", ".join(_EXPORT.findall(text))
        texts[path] = _IMPORT.sub(
            lambda found: _taken(found["names"], names[found["path"]]), _EXPORT.sub("", text)
        ) + (f"modules[{path!r}] = {{ {exports} }};\n" if exports else "")

    for entry in entries:
        take(entry)
    return "const modules = {};\n" + "".join(f"{{\n{text}}}\n" for text in texts.values())


def _taken(names: str | None, module: str) -> str:
    """Return what stands in place of an import; `a as b` is `a: b` here."""
    return f"const {{{names.replace(' as ', ': ')}}} = modules[{module!r}];\n" if names else ""


def _source(path: str) -> str:
    return (files("cardboard") / "site" / "assets" / path).read_text("utf-8")


def style_sheets(html: str, root: str) -> list[str]:
    """Return the paths of the style sheets of the built page *html*, in their order."""
    found = _STYLES.search(html)
    return [one.removeprefix(root) for one in _HREF.findall(found[0])] if found else []


def style(paths: Iterable[str], read: Callable[[str], str]) -> Asset:
    """Return the style sheets *paths* as one; *read* reads those that are not the package's."""
    texts = (
        _source(path.removeprefix(f"{_FOLDER}/"))
        if path.startswith(f"{_FOLDER}/") and _packaged(path)
        else read(path)
        for path in paths
    )
    lean = (_SWITCHING.sub("", _MAP.sub("", text)).strip() for text in texts)
    return _named("style", "css", "\n".join(lean) + "\n")


def _packaged(path: str) -> bool:
    return (files("cardboard") / "site" / "assets" / path.removeprefix(f"{_FOLDER}/")).is_file()


def bundled(html: str, root: str, sheet: Asset) -> str:
    """Return the built page *html* with one style sheet, and a slot for its one script.

    The script stands behind the article, where it need not wait for that of the theme.
    """
    html = _STYLES.sub(f'<link rel="stylesheet" href="{root}{sheet.path}">', html, count=1)
    slot = f"{_ARTICLE_END}<!-- cardboard:script -->"
    return slot.join(_FRAME_SCRIPT.sub("", html).rsplit(_ARTICLE_END, 1))


def script_tag(kind: str, root: str) -> str:
    """Return what loads the script of a page of *kind*."""
    return f'<script type=module src="{root}{scripts()[kind].path}" async></script>'


def script_hint(kind: str, root: str) -> str:
    """Return what belongs into the head of a page of *kind*, so that its script comes early."""
    if kind != EARLY:
        return ""
    return f'<link rel="modulepreload" href="{root}{scripts()[kind].path}">'
