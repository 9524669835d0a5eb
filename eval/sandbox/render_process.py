"""The process that renders strangers' chat templates: run by `rendering`."""

import datetime
import json
import sys
import time
from functools import lru_cache
from typing import Any

import msgspec
from jinja2 import Environment, Template, TemplateError, TemplateSyntaxError, Undefined
from jinja2.exceptions import SecurityError
from jinja2.sandbox import SandboxedEnvironment, is_internal_attribute

from . import go_templates, go_values
from .dialects import Dialect, compiled_in, whole
from .environment import compiled, with_thoughts
from .inspection import inspected
from .processes import allow, say, shut_in

Order = dict[str, Any]
Line = dict[str, Any]


class TooLong(Exception):
    """A render wrote more than it may."""


def main() -> None:
    """Read orders from standard input, one a line, and print a line for each job of each."""
    compiled("")  # loads what compiles
    for number, text in enumerate(sys.stdin):
        order = json.loads(text)
        if number == 0:
            shut_in(order)
        left = order["seconds_in_all"]
        for job in order["jobs"]:
            place = job["template"]
            began = time.process_time()
            allow(order["seconds"], of_processor=left[place])
            said = line(order["templates"][place], job, order["characters"])
            left[place] -= time.process_time() - began
            if job is order["jobs"][-1]:
                allow(0)  # without a limit, until there is another order
            say(said)


def line(template: Order, job: Order, characters: int) -> Line:
    """Return what came of one *job*: a text or an inspection, else the problem and the error."""
    try:
        if job["inspect"]:
            return {"inspection": inspected(template["text"])}
        if template["language"] == "go":
            return _render_go(template, job, characters)
        return _render(template, job, characters)
    except (MemoryError, RecursionError) as error:
        error_name = type(error).__name__
        return {"problem": "memory", "error": f"{error_name}: the template takes too much memory"}
    except TooLong:
        return {"problem": "output", "error": f"more than {characters} characters"}
    except SecurityError as error:
        # What changes a list or dict is forbidden as well, and is no more than a mistake.
        return _failed("escape" if "'_" in str(error) else "refused", error)
    except TemplateSyntaxError as error:
        return {"problem": "syntax", "error": f"line {error.lineno}: {error.message}"[:500]}
    except (
        ArithmeticError,
        AssertionError,
        AttributeError,
        LookupError,
        RuntimeError,
        TemplateError,
        TypeError,
        ValueError,
    ) as error:
        return _failed("refused", error)


def _failed(problem: str, error: BaseException) -> Line:
    return {"problem": problem, "error": f"{type(error).__name__}: {error}"[:500]}


def _render_go(template: Order, job: Order, characters: int) -> Line:
    known = job["known"] or {"messages": job["messages"], "tools": job["tools"]}
    try:
        return {"text": go_templates.rendered(template["text"], known, job["now"], characters)}
    except go_values.CannotTell as error:
        return {"problem": "untold", "error": f"cannot tell: {error}"[:500]}
    except go_templates.Refused as error:
        return {"problem": "refused", "error": str(error)[:500]}
    except go_templates.TooLong as error:
        return {"problem": "output", "error": str(error)}


def _compiled(template: Order) -> Template:
    if template["dialect"] is None:
        return compiled(template["text"])
    return _compiled_in(json.dumps(template["dialect"]), template["text"])


@lru_cache(maxsize=16)
def _compiled_in(dialect: str, text: str) -> Template:
    return compiled_in(msgspec.json.decode(dialect, type=Dialect), text)


def _render(template: Order, job: Order, characters: int) -> Line:
    found = _compiled(template)
    reached = _watched(found.environment)
    clock = datetime.datetime.fromisoformat(job["now"]).strftime
    found.environment.globals["strftime_now"] = clock
    messages = job["messages"]
    if not job["nulls"]:
        messages = [
            {name: value for name, value in message.items() if value is not None}
            for message in messages
        ]
    known = {
        **template["special_tokens"],
        **job["kwargs"],
        "messages": with_thoughts(messages),
        "tools": job["tools"],
        "documents": None,
        "add_generation_prompt": job["prompt"],
    }
    if job["known"] is not None:
        known = job["known"]
    written: list[str] = []
    spans: list[tuple[int, int]] = []
    length = 0
    with found.environment.activate_tracker(written, spans):  # type: ignore[attr-defined]  # ours
        for block in found.generate(known):
            length += len(block)
            if length > characters:
                raise TooLong
            written.append(block)
    if reached:
        names = ", ".join(dict.fromkeys(reached))
        return {"problem": "escape", "error": f"SecurityError: access to {names} is unsafe"[:500]}
    text = "".join(written)
    return {"text": text if template["dialect"] is None else whole(text), "spans": spans}


def _watched(environment: Environment) -> list[str]:
    """Return a list that will hold the hidden attributes which a template asks for.

    The sandbox gives it none of them, but it may go on as if nothing had happened.
    """
    reached: list[str] = []
    plain = SandboxedEnvironment.unsafe_undefined

    def noted(held: object, name: str) -> Undefined:
        if name.startswith("_") or is_internal_attribute(held, name):
            reached.append(name)
        return plain(environment, held, name)  # type: ignore[arg-type]  # as all of ours are

    environment.unsafe_undefined = noted  # type: ignore[attr-defined]  # of sandboxes
    return reached


if __name__ == "__main__":
    main()
