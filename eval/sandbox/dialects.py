"""The template languages of other engines than transformers, made of Jinja by what they lack."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

import jinja2
from jinja2 import nodes
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer
from msgspec import Struct

from .environment import Generation, _Dict, _Namespace, _raise

STATEMENTS: Mapping[str, type[nodes.Node]] = {
    "autoescape": nodes.ScopedEvalContextModifier,
    "block": nodes.Block,
    "break": nodes.Break,
    "call": nodes.CallBlock,
    "continue": nodes.Continue,
    "extends": nodes.Extends,
    "filter": nodes.FilterBlock,
    "from": nodes.FromImport,
    "import": nodes.Import,
    "include": nodes.Include,
    "macro": nodes.Macro,
    "with": nodes.With,
    "//": nodes.FloorDiv,
    "**": nodes.Pow,
}
"""What a dialect may lack, by its name in templates; blocks `generation` are one more."""

Kind = Literal["any", "undefined", "none", "boolean", "number", "string", "list", "dict"]


class Json(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the filter `tojson` writes."""

    separators: tuple[str, str] = (", ", ": ")
    html: bool = False
    r"""Whether `<`, `>`, `&` and `'` become `\u003c` and so on."""
    options: tuple[str, ...] = ("ensure_ascii", "indent", "separators", "sort_keys")
    """What it takes; anything else is refused."""
    trailing_blank: bool = False
    """Whether a line that goes on ends in the blank of the separator where it is indented."""
    undefined: bool = False
    """Whether a value that is not defined is written as null."""


class Dialect(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a template language has and how it counts, joins and prints; the data of `engines.toml`.

    A field that is left out is as in the Jinja of transformers.
    """

    title: str
    trims: bool = True
    """Whether a line feed after a statement and blanks before it are taken away."""
    lacks: tuple[str, ...] = ()
    """Statements and operators that it does not know: a template with one cannot be loaded."""
    functions: tuple[str, ...] | None = None
    tests: tuple[str, ...] | None = None
    filters: Mapping[Kind, tuple[str, ...]] | None = None
    """By the kind of value that they are applied to."""
    methods: Mapping[Kind, tuple[str, ...]] | None = None
    mutable: tuple[str, ...] = ()
    """Methods that change a list or a dictionary, which transformers forbids."""
    json: Json = Json()
    chained: bool = False
    """Whether what is not defined has attributes, none of them defined."""
    joins_none: bool = False
    """Whether `+` and `~` take null and undefined for empty texts."""
    default_of_none: bool = False
    """Whether `default` takes the place of null, too."""
    loops_texts: bool = True
    """Whether a loop may go over the letters of a text."""
    percent: bool = True
    """Whether `%` fills values into a text."""
    bytes: bool = False
    """Whether texts are counted, cut and changed in case by bytes."""
    joins_lists: bool = False
    """Whether a printed list is its texts one after the other, and a dictionary nothing."""
    escapes: bool = True
    """Whether `safe` marks texts, so that others are escaped where they are joined to it."""
    rewrites: tuple[tuple[str, str], ...] = ()
    """Patterns and what the engine puts in their place before it reads a template."""


class Cannot(jinja2.TemplateSyntaxError):
    """A dialect lacks what a template needs to be loaded."""


def compiled_in(dialect: Dialect, text: str) -> jinja2.Template:
    """Compile *text* as the engine would. Raises jinja2.TemplateSyntaxError."""
    for pattern, instead in dialect.rewrites:
        text = re.sub(pattern, instead, text)
    return _Language(dialect).from_string(text)


_HALVES = ("utf-8", "surrogateescape")


def whole(text: str) -> str:
    """Return *text*, where letters may have been cut, as it reaches the model."""
    return text.encode(*_HALVES).decode("utf-8", "replace")


class _Language(ImmutableSandboxedEnvironment):
    """Jinja with the dialect's own operators, filters, tests and methods."""

    intercepted_binops = frozenset(("+", "%"))

    def __init__(self, dialect: Dialect) -> None:
        super().__init__(
            trim_blocks=dialect.trims,
            lstrip_blocks=dialect.trims,
            extensions=[Generation, loopcontrols],
            undefined=_Chained if dialect.chained else jinja2.Undefined,
        )
        self.dialect = dialect
        self.filters["tojson"] = _json_filter(dialect.json)
        if dialect.default_of_none:
            self.filters["default"] = self.filters["d"] = _default
        if not dialect.escapes:
            self.filters["safe"] = _same
        if dialect.bytes:
            self.filters.update(length=_size, count=_size)
            self.filters.update({name: _ascii(self.filters[name]) for name in _CASES})
        self.globals.update(raise_exception=_raise, dict=_Dict(), namespace=_Namespace)
        if dialect.functions is not None:
            kept = {name: self.globals[name] for name in dialect.functions if name in self.globals}
            self.globals.clear()
            self.globals.update(kept)
        if dialect.filters is not None:
            self.filters = {
                name: _guarded(name, found, self.dialect) for name, found in self.filters.items()
            }
        if dialect.tests is not None:
            self.tests = {
                name: found if name in dialect.tests else _missing("test", name, dialect)
                for name, found in self.tests.items()
            }
        if dialect.joins_lists:
            self.finalize = _in_parts

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for statement in self.dialect.lacks:
            found = _statement(tree, statement)
            if found is not None:
                raise Cannot(f"{self.dialect.title} does not know {statement}", found.lineno)
        if self.dialect.joins_none:
            tree = _Asking("joined").visit(tree)
        if not self.dialect.loops_texts:
            tree = _Asking("looped").visit(tree)
        return _Asking("cut").visit(tree) if self.dialect.bytes else tree

    def joined(self, *values: Any) -> str:
        """Join *values* as `~` does here."""
        return "".join("" if _absent(value) else _printed(self, value) for value in values)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "%" and isinstance(left, str) and not self.dialect.percent:
            raise TypeError("% takes no text here")
        if operator == "+" and self.dialect.joins_none:
            if isinstance(left, str) or isinstance(right, str):
                if _absent(left) or _absent(right):
                    return self.joined(left, right)
                return _printed(self, left) + _printed(self, right)
            if _absent(left) or _absent(right):
                raise TypeError("+ takes no null and nothing undefined here")
        return super().call_binop(context, operator, left, right)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if attr in self.dialect.mutable and isinstance(obj, list | dict):
            return True
        return super().is_safe_attribute(obj, attr, value)

    def getattr(self, obj: Any, attribute: str) -> Any:
        methods = self.dialect.methods
        if isinstance(obj, jinja2.Undefined) and attribute in (methods or {}).get("undefined", ()):
            return lambda *values: [] if attribute == "items" else ""
        if methods is not None and hasattr(type(obj), attribute):
            kind = _kind(obj)
            if kind is not None and attribute not in methods.get(kind, (attribute,)):
                held = isinstance(obj, Mapping) and attribute in obj
                return obj[attribute] if held else self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)

    def looped(self, value: Any) -> Any:
        """Return *value*, which a loop goes over."""
        if isinstance(value, str):
            raise TypeError(f"{self.dialect.title} does not loop over a text")
        return value

    def cut(self, value: Any, *places: Any) -> Any:
        """Cut *value* from the first of *places* to the second, in steps of the third."""
        if isinstance(value, str):
            # Halves of letters may be joined again; `whole` looks what became of them.
            return value.encode(*_HALVES)[slice(*places)].decode(*_HALVES)
        return value[slice(*places)]


class _Chained(jinja2.ChainableUndefined):
    """Undefined as llama.cpp has it: its attributes are undefined as well, and it has no length."""


class _Asking(NodeTransformer):
    """Lets `~`, what cuts a text, or a loop ask a method of the environment."""

    def __init__(self, method: str) -> None:
        self._method = method

    def visit_Concat(self, node: nodes.Concat) -> Any:
        """Join by the environment."""
        self.generic_visit(node)
        return self._call(node.nodes, node) if self._method == "joined" else node

    def visit_For(self, node: nodes.For) -> nodes.Node:
        """Loop by the environment."""
        self.generic_visit(node)
        if self._method == "looped":
            node.iter = self._call([node.iter], node)
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> Any:
        """Cut by the environment."""
        self.generic_visit(node)
        if self._method != "cut" or not isinstance(node.arg, nodes.Slice):
            return node
        places = (node.arg.start, node.arg.stop, node.arg.step)
        none = nodes.Const(None)
        return self._call([node.node, *(place or none for place in places)], node)

    def _call(self, values: list[Any], node: nodes.Node) -> Any:
        method = nodes.EnvironmentAttribute(self._method)
        return nodes.Call(method, values, [], None, None).set_lineno(node.lineno)


def _statement(tree: nodes.Template, name: str) -> nodes.Node | None:
    if name == "generation":
        calls = tree.find_all(nodes.CallBlock)
        return next((one for one in calls if _marks(one)), None)
    found = tree.find_all(STATEMENTS[name])
    return next((one for one in found if name != "call" or not _marks(one)), None)


def _marks(node: nodes.Node) -> bool:
    """Tell whether *node* is a block `generation`, which is a call to Jinja."""
    return isinstance(node, nodes.CallBlock) and isinstance(
        node.call.node, nodes.ExtensionAttribute
    )


def _kind(value: Any) -> Kind | None:
    if isinstance(value, jinja2.Undefined):
        return "undefined"
    if value is None:
        return "none"
    kinds: tuple[tuple[Any, Kind], ...] = (
        (bool, "boolean"),
        (int | float, "number"),
        (str, "string"),
        (Mapping, "dict"),
        (list | tuple | range, "list"),
    )
    return next((kind for type_, kind in kinds if isinstance(value, type_)), None)


def _guarded(name: str, found: Callable[..., Any], dialect: Dialect) -> Callable[..., Any]:
    """Return the filter *found*, which refuses values for which the dialect has none."""
    assert dialect.filters is not None
    kinds = {kind for kind, names in dialect.filters.items() if name in names}
    if "any" in kinds:
        return found
    at = 1 if hasattr(found, "jinja_pass_arg") else 0

    def guarded(*values: Any, **named: Any) -> Any:
        value: Any = values[at] if len(values) > at else None
        if _is_lazy(value):
            value = list(value)
        kind = _kind(value)
        if kind not in kinds:
            raise TypeError(f"{dialect.title} has no filter {name} for {kind or 'this'}")
        return found(*values[:at], value, *values[at + 1 :], **named)

    for attribute in ("jinja_pass_arg", "jinja_async_variant"):
        if hasattr(found, attribute):
            setattr(guarded, attribute, getattr(found, attribute))
    return guarded


def _missing(what: str, name: str, dialect: Dialect) -> Callable[..., Any]:
    def refuse(*values: Any, **named: Any) -> Any:
        raise TypeError(f"{dialect.title} has no {what} {name}")

    return refuse


def _is_lazy(value: Any) -> bool:
    return hasattr(value, "__next__") or type(value).__name__ in ("dict_items", "dict_keys")


def _absent(value: Any) -> bool:
    return value is None or isinstance(value, jinja2.Undefined)


def _printed(environment: _Language, value: Any) -> str:
    """Return *value* as it is joined to a text, where a list is written as it is in a program."""
    lists = environment.dialect.joins_lists and not isinstance(value, list | tuple)
    return str(_in_parts(value) if lists else value)


def _in_parts(value: Any) -> Any:
    """Return *value* as an engine prints it that gathers the texts of lists."""
    if isinstance(value, Mapping) or value is None:
        return ""
    if isinstance(value, list | tuple) or _is_lazy(value):
        return "".join(str(_in_parts(one)) for one in value)
    return value


def _default(value: Any, instead: Any = "", boolean: bool = False) -> Any:
    return instead if _absent(value) or (boolean and not value) else value


def _same(value: Any) -> Any:
    return value


_CASES = ("upper", "lower", "capitalize", "title")


def _ascii(found: Callable[..., str]) -> Callable[..., str]:
    """Return the filter *found*, which changes no letters but those of ASCII."""

    def changed(value: Any) -> str:
        return re.sub(r"[\x00-\x7f]+", lambda run: found(run.group()), str(value))

    return changed


def _size(value: Any) -> int:
    return len(value.encode(*_HALVES)) if isinstance(value, str) else len(value)


_HTML = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "'": "\\u0027"}


def _json_filter(form: Json) -> Callable[..., str]:
    def to_json(value: Any, *values: Any, **options: Any) -> str:
        names = ("ensure_ascii", "indent", "separators", "sort_keys")
        asked = {**dict(zip(names, values, strict=False)), **options}
        for name, given in asked.items():
            if name not in form.options and given:
                raise TypeError(f"tojson takes no {name} here")
        if isinstance(value, jinja2.Undefined) and form.undefined:
            return "null"
        indent = asked.get("indent")
        item, colon = asked.get("separators") or form.separators
        if indent is not None and "separators" not in asked and not form.trailing_blank:
            item = item.rstrip()
            colon = ": "
        text = json.dumps(
            value if not _is_lazy(value) else list(value),
            ensure_ascii=bool(asked.get("ensure_ascii")),
            indent=indent,
            separators=(item, colon),
            sort_keys=bool(asked.get("sort_keys")),
        )
        return "".join(_HTML.get(letter, letter) for letter in text) if form.html else text

    return to_json
