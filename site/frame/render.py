"""From values to HTML in one language: our Jinja templates, with everything escaped by default."""

import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from html import escape as quoted

import markupsafe
from jinja2 import Environment, StrictUndefined, nodes, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from ...board.words.catalogue import Words
from ...board.words.findings import Finding
from ...board.workspace.layouts import Sandbox, loader, own_faults
from ...board.workspace.overrides import TEMPLATES, Overrides
from .lean import lean_template

_BACKTICKS = re.compile("`([^`\n]+)`")
_PLAIN_WORDS = re.compile(r"\bt\(('[a-z0-9_.-]+')\)")


class _Context(Context):
    """Call as Python does: no function of ours asks for the context that Jinja looks after."""

    def call(
        self,
        called: Callable[..., object],
        *values: object,
        _loop_vars: object = None,
        _block_vars: object = None,
        **named: object,
    ) -> object:
        """Return what *called* gives."""
        return called(*values, **named)


# As MarkupSafe escapes a text, without an object around each.
_escaped: Callable[[str], str] = getattr(
    markupsafe, "_escape_inner", lambda text: str(escape(text))
)


def written(value: object) -> str:
    """Return *value* as a page holds it: safe in HTML."""
    if type(value) is str:
        return _escaped(value)
    return value.__html__() if hasattr(value, "__html__") else _escaped(str(value))


class _Environment(Environment):
    """Ask for words without values by a filter, which the compiler folds: they cost no page."""

    context_class = _Context
    written = staticmethod(written)

    def _generate(
        self,
        source: nodes.Template,
        name: str | None,
        filename: str | None,
        defer_init: bool = False,
    ) -> str:
        """Return the code of a template, in which what is put out is `written`."""
        code = super()._generate(source, name, filename, defer_init)
        return code.replace("\nname = ", "\nescape = environment.written\nname = ", 1)

    def preprocess(self, source: str, name: str | None = None, filename: str | None = None) -> str:
        """Return *source* leaner, and with `('key' | t)` in place of `t('key')`."""
        source = super().preprocess(source, name, filename)
        if not (filename or "").startswith(f"{TEMPLATES}/"):  # A workspace's own stays as it is.
            source = lean_template(source)
        return _PLAIN_WORDS.sub(r"(\1 | t)", source)


class _Sandbox(Sandbox, _Environment):
    """Templates that came with a workspace, and the package's beside them."""


class Renderer:
    """Render templates/site, and what kinds of suites add to it, in one language.

    Templates know `t(key, **values)` for words, `say(finding)`, and the filter `shown`, which gives
    readers of every kind the same where a figure is unknown. Words and templates of a workspace
    win; such templates run in a sandbox.
    """

    def __init__(self, language: str, overrides: Overrides = Overrides()) -> None:  # noqa: B008  # frozen
        self.language = language
        self.words = Words(language, overrides.words.get(language))
        self._own = overrides.templates
        self._environment = (_Sandbox if self._own else _Environment)(
            loader=loader(self._own, "templates/site", "templates"),  # the latter for kinds/NAME/
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        # Words without values are asked for on every row: once a language is enough.
        self._known: dict[str, str] = {}
        has = cache(self.words.has)
        self._environment.globals.update(
            t=self.text, k=self.of_kind, say=self.words.finding, has=has
        )
        self._environment.filters["t"] = self.text
        self._environment.filters["shown"] = self._shown
        self._environment.filters["page"] = _page
        self._environment.filters["soft"] = _soft
        self._environment.filters["coded"] = _coded
        self._environment.filters["listing"] = _listing

    def text(self, key: str, **values: object) -> str:
        """Return the message *key* with *values* filled in."""
        if values:
            return self.words.text(key, **values)
        if key not in self._known:
            self._known[key] = self.words.text(key)
        return self._known[key]

    def of_kind(self, kind: str, key: str, **values: object) -> str:
        """Return the message *key* as suites of *kind* say it, or else as all do."""
        return self.words.of_kind(kind, key, **values)

    def finding(self, finding: Finding) -> str:
        """Return what *finding* says."""
        return self.words.finding(finding)

    def own(self, text: Mapping[str, str]) -> str:
        """Return what a workspace says in this language, else in its first, else nothing."""
        return text.get(self.language) or next(iter(text.values()), "")

    def html(self, template: str, **values: object) -> str:
        """Return the template rendered with *values*."""
        with own_faults(self._own):
            return self._environment.get_template(f"{template}.html.jinja").render(values)

    def _shown(self, value: str | None, missing: str = "card.not-recorded") -> str:
        """Return *value*, or a dash that is read aloud as what it means."""
        if value is not None:
            return value
        return Markup(
            '<span class="cb-none"><span aria-hidden="true">—</span>'
            '<span class="cb-sr">{}</span></span>'
        ).format(self.text(missing))


def renderer(language: str, overrides: Overrides = Overrides()) -> Renderer:  # noqa: B008  # frozen
    """Return the one renderer of *language*: a site that is built anew compiles no template."""
    own = overrides.words.get(language)
    return _renderer(language, own, tuple(sorted(overrides.templates.items())))


@lru_cache(maxsize=16)
def _renderer(language: str, own: str | None, templates: tuple[tuple[str, str], ...]) -> Renderer:
    words = {} if own is None else {language: own}
    return Renderer(language, Overrides(words=words, templates=dict(templates)))


@pass_context
def _page(context: Context, path: str) -> str:
    """Return the link to the page at *path* of the same language."""
    return f"{context['root']}{path}" or "./"


def _soft(identifier: str) -> Markup:
    """Return *identifier* with leave to break behind every underscore."""
    return escape(identifier).replace("_", Markup("_<wbr>"))


def _coded(text: str) -> Markup:
    """Return a sentence as text, with words between backticks as code."""
    return Markup(_BACKTICKS.sub(r"<code>\1</code>", str(escape(text))))


def _listing(text: str) -> Markup:
    """Return *text* to stand between tags, where quotes mean nothing."""
    return Markup(quoted(text, quote=False))
