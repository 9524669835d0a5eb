"""The code that runs a model and the answer that it should give, as cards and pages show it."""

import json
import shlex
from collections.abc import Iterator
from functools import cache
from typing import Literal, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from .reproduction import Run

Name = Literal["messages", "llama", "vllm", "transformers", "serve", "client", "answer"]


class Example(NamedTuple):
    """A piece of code, and the keys of its heading and of the words before it."""

    name: Name
    heading: str
    """Key in the catalogue, or a name that no language translates."""
    words: str | None
    """`None` where the piece before it says them."""


def snippet(run: Run, name: Name) -> str:
    """Return one piece of code for *run*, without a newline at its end."""
    return _template(name, run.kind).render(run=run).rstrip("\n")


def examples(run: Run) -> Iterator[Example]:
    """Yield the pieces of code that fit *run*, in the order in which a reader needs them."""
    if not run.runnable:
        return
    yield Example("messages", "run.prompt", "run.prompt-text")
    if run.gguf:
        yield Example("llama", "llama.cpp", "run.llama")
    else:
        yield Example("vllm", "vLLM", "run.vllm")
        yield Example("transformers", "Transformers", "run.transformers")
        yield Example("serve", "run.openai", "run.openai-text")
    yield Example("client", "run.openai", "run.openai-text" if run.gguf else None)


def python_literal(value: object) -> str:
    """Return *value* as it is written in Python, on one line."""
    if isinstance(value, dict):
        pairs = (f"{python_literal(k)}: {python_literal(v)}" for k, v in sorted(value.items()))
        return "{" + ", ".join(pairs) + "}"
    return _quoted(value) if isinstance(value, str) else repr(value)


_quoted = json.JSONEncoder(ensure_ascii=False).encode


@cache
def _template(name: Name, kind: str) -> Template:
    """Return the template *name*, as suites of *kind* have it or else as all do."""
    paths = [f"kinds/{kind}/{name}.jinja", f"run/{name}.jinja"]
    template = _environment().select_template(paths)
    template.globals = dict(template.globals)  # copied for every model, and a chain copies slowly
    return template


@cache
def _environment() -> Environment:
    """Return the templates of code; they hold no words, so one copy serves every language."""
    environment = Environment(
        loader=PackageLoader("cardboard"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # Code, not HTML: pages escape the whole piece.
        auto_reload=False,
    )
    environment.filters.update(py=python_literal, sh=shlex.quote)
    return environment
