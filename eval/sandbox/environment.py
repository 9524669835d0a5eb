"""Chat templates as transformers compiles them, or in an equal environment of Jinja alone."""

import ast
import builtins
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, no_type_check

import jinja2
from jinja2 import nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

Compile = Callable[[str], jinja2.Template]

_COMPILE = ("_compile_jinja_template", "_cached_compile_jinja_template")

THOUGHTS = ("reasoning_content", "thinking", "reasoning")
"""The names that clients give to what a model thought; transformers fills the first from any."""


@lru_cache(maxsize=128)
def compiled(text: str) -> jinja2.Template:
    """Compile *text*; `environment.activate_tracker` of what is returned notes `generation` blocks.

    Raises jinja2.TemplateSyntaxError.
    """
    return _compiler()(text)


def with_thoughts(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return *messages* with each one's thoughts under the names that templates read."""
    found = []
    for message in messages:
        said = (message.get(name) for name in THOUGHTS)
        thought = next((one for one in said if one is not None), None)
        if thought is not None:
            message = {"thinking": thought, **message, "reasoning_content": thought}
        found.append(message)
    return found


@cache
def _compiler() -> Compile:
    found = find_spec("transformers")
    if found is None or found.origin is None:
        return _environment().from_string
    file = Path(found.origin).parent / "utils" / "chat_template_utils.py"
    return _lifted(file) or _imported()


def _imported() -> Compile:
    try:
        from transformers.utils.chat_template_utils import _compile_jinja_template
    except ModuleNotFoundError:  # any other fault is told: nothing else may render in its place
        return _environment().from_string
    compile_as_transformers: Compile = _compile_jinja_template
    return compile_as_transformers


def _lifted(file: Path) -> Compile | None:
    """Return the compiler of transformers out of its *file*, where it needs no more of the package.

    To import the whole of it takes longer than to render the prompts of a suite.
    """
    try:
        body = ast.parse(file.read_bytes()).body
    except (OSError, SyntaxError):
        return None
    kept: list[ast.stmt] = []
    kept += (one for one in body if isinstance(one, ast.FunctionDef) and one.name in _COMPILE)
    inside = [node for one in kept for node in ast.walk(one)]
    named = {node.id for node in inside if isinstance(node, ast.Name)}
    known = _names() | vars(builtins)
    for node in inside:
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                named.discard(name)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                named.discard(name)
    if not kept or named - known.keys():
        return None
    exec(compile(ast.Module(kept, []), str(file), "exec"), known)
    lifted: Compile = known[_COMPILE[0]]
    return lifted


def _names() -> dict[str, Any]:
    """Return what the compiler of transformers takes from elsewhere, by the names that it uses."""
    from packaging import version

    return {
        "ContextVar": ContextVar,
        "Extension": Extension,
        "ImmutableSandboxedEnvironment": ImmutableSandboxedEnvironment,
        "contextmanager": contextmanager,
        "datetime": datetime,
        "is_jinja_available": lambda: True,
        "jinja2": jinja2,
        "json": json,
        "lru_cache": lru_cache,
        "no_type_check": no_type_check,
        "version": version,
    }


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols]
    )
    environment.filters["tojson"] = _to_json
    environment.globals.update(raise_exception=_raise, dict=_Dict(), namespace=_Namespace)
    return environment


class Generation(Extension):
    """The block around what a model writes, which transformers reads masks from."""

    tags = {"generation"}  # noqa: RUF012  # so declared in Jinja

    def __init__(self, environment: jinja2.Environment) -> None:
        super().__init__(environment)
        self._written: list[str] | None = None
        self._spans: list[tuple[int, int]] = []
        environment.extend(activate_tracker=self._tracking)

    def parse(self, parser: Parser) -> nodes.Node:
        """Turn the block into a call that is given the block's text."""
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.CallBlock(self.call_method("_noted"), [], [], body).set_lineno(line)

    def _noted(self, caller: Callable[[], str]) -> str:
        text = caller()
        if self._written is not None:
            start = sum(map(len, self._written))
            self._spans.append((start, start + len(text)))
        return text

    @contextmanager
    def _tracking(self, written: list[str], spans: list[tuple[int, int]]) -> Iterator[None]:
        self._written, self._spans = written, spans
        try:
            yield
        finally:
            self._written = None


class _Dict:
    """`dict` without what would lead out of the sandbox."""

    def __call__(self, *values: Any, **named: Any) -> dict[Any, Any]:
        return dict(*values, **named)

    def fromkeys(self, *values: Any) -> dict[Any, Any]:
        return dict.fromkeys(*values)


class _Namespace(jinja2.utils.Namespace):
    """`namespace` that keeps no name with an underscore before it."""

    def __init__(*values: Any, **named: Any) -> None:
        self, *rest = values  # `self` may be a name that a template gives
        found = dict(*rest, **named)
        for name in found:
            _check(name)
        jinja2.utils.Namespace.__init__(self, found)

    def __setitem__(self, name: str, value: Any) -> None:
        _check(name)
        super().__setitem__(name, value)


def _check(name: object) -> None:
    if isinstance(name, str) and name.startswith("_"):
        raise jinja2.exceptions.SecurityError(f"a namespace may not hold {name!r}")


def _raise(message: str) -> None:
    raise jinja2.TemplateError(message)


def _to_json(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """Write JSON as transformers does: letters stay letters, and nothing is escaped for HTML."""
    return json.dumps(
        value,
        ensure_ascii=ensure_ascii,
        indent=indent,
        separators=separators,
        sort_keys=sort_keys,
    )
