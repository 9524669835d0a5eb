"""MiniJinja itself, set up as mistral.rs and TGI set it up."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import minijinja

from cardboard.eval.audit.rendering.engines import Spoken, _job
from cardboard.eval.sandbox.dialects import Dialect


class Refused(Exception):
    """A template said no."""


def rendered(spoken: Spoken, asked: Any) -> str | None:
    """Return what MiniJinja makes of a conversation; `None` where it refuses."""
    dialect = spoken.program.dialect
    assert dialect is not None
    job = _job(spoken, asked)
    assert job.known is not None
    text = spoken.program.text
    for pattern, instead in dialect.rewrites:
        text = re.sub(pattern, instead, text)
    environment = _environment(dialect, datetime.fromisoformat(asked.now))
    try:
        found: str = environment.render_str(_given(job.known, dialect) + text)
    except (minijinja.TemplateError, Refused, TypeError):
        return None
    return found


def _given(known: Mapping[str, Any], dialect: Dialect) -> str:
    """Return statements that set what a template is given.

    Values of Python would bring the methods of Python along.
    """
    sets = [f"{{% set {name} = {_literal(value)} %}}" for name, value in known.items()]
    return "".join(sets) + ("\n" if dialect.trims else "")


def _literal(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_literal(k)}: {_literal(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_literal, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _environment(dialect: Dialect, now: datetime) -> minijinja.Environment:
    environment = minijinja.Environment()
    environment.trim_blocks = environment.lstrip_blocks = dialect.trims
    environment.auto_escape_callback = lambda name: False
    environment.add_global("raise_exception", _refuse)
    environment.add_global("strftime_now", now.strftime)
    environment.add_filter("tojson", _to_json)
    return environment


def _refuse(words: str) -> None:
    raise Refused(words)


def _to_json(value: Any, indent: int | None = None) -> Any:
    """Write JSON as serde does, safe for HTML, which is what both engines do."""
    separators = (",", ":") if indent is None else (",", ": ")
    text = json.dumps(value, ensure_ascii=False, indent=indent, separators=separators)
    signs = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "'": "\\u0027"}
    return minijinja.safe("".join(signs.get(sign, sign) for sign in text))
