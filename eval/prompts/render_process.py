"""The process that renders a chat template, which is a stranger's program: run by `rendering`."""

import datetime
import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Render = Callable[[dict[str, Any]], str]


def main() -> None:
    """Read one order from standard input and print one line for each of its renders."""
    order = json.load(sys.stdin)
    render = _renderer(order)
    _limit(order["memory_bytes"])
    for job in order["jobs"]:
        # The kernel ends the process when this runs out: no template can catch that.
        signal.setitimer(signal.ITIMER_REAL, order["seconds"])
        print(json.dumps(_line(render, job, order["characters"])), flush=True)


def _renderer(order: dict[str, Any]) -> Render:
    """Return transformers' own renderer of the order's templates, with the order's clock."""
    from transformers.utils import chat_template_utils as templates

    now = datetime.datetime.fromisoformat(order["now"])

    def render(job: dict[str, Any]) -> str:
        template = order["templates"][job["template"]]
        compiled = templates._compile_jinja_template(template["text"])
        compiled.environment.globals["strftime_now"] = now.strftime
        found = templates.render_jinja_template(
            conversations=[job["messages"]],
            chat_template=template["text"],
            add_generation_prompt=True,
            **{**template["special_tokens"], **job["kwargs"]},
        )
        # Declared as a text, it is a list of texts and a list of places.
        return found[0][0]

    return render


def _line(render: Render, job: dict[str, Any], characters: int) -> dict[str, str]:
    from jinja2 import TemplateError

    try:
        text = render(job)
    except (MemoryError, RecursionError) as error:
        return {"error": f"{type(error).__name__}: the template takes too much memory"}
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
        return {"error": f"{type(error).__name__}: {error}"[:500]}
    if len(text) > characters:
        return {"error": f"the rendered prompt has more than {characters} characters"}
    return {"text": text}


def _limit(memory_bytes: int) -> None:
    """Allow *memory_bytes* more than are in use, no dump of memory and no further process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = pages * os.sysconf("SC_PAGE_SIZE") + memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


if __name__ == "__main__":
    main()
