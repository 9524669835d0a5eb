"""Chat templates rendered by transformers in a process of its own, limited in time and memory."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from ..engine import Message, Setting, Template
from ..errors import CardboardError, MissingExtra
from ..score.answers import well_formed


class Limits(Struct, frozen=True, kw_only=True):
    """What a template may use."""

    seconds: float = 10.0
    """For one render."""
    start_seconds: float = 60.0
    mean_seconds: float = 0.5
    """For all renders together: so much to start, and so much for each."""
    memory_bytes: int = 1 << 30
    """Beyond what the renderer itself needs."""
    characters: int = 16_000_000
    """Of one rendered prompt."""


class Job(Struct, frozen=True, kw_only=True):
    """One render: a template, a conversation, and what the template is told beside it."""

    template: Template
    messages: tuple[Message, ...]
    kwargs: Mapping[str, Setting] = {}


class Rendered(Struct, frozen=True, kw_only=True):
    """What came of one render: a text, or the template's own error."""

    text: str | None = None
    error: str | None = None


class HostileTemplate(CardboardError):
    """A chat template used more than it may, and was stopped."""

    exit_code = 2


def render(jobs: Sequence[Job], *, now: str, limits: Limits | None = None) -> list[Rendered]:
    """Render *jobs* in order and in one process, each with the generation prompt at its end.

    *now* is the ISO time that the template sees. What the template raises is that render's error.
    Raises HostileTemplate where the process had to be stopped, MissingExtra without transformers.
    """
    if importlib.util.find_spec("transformers") is None:
        raise MissingExtra("transformers", "transformers")
    limits = limits or Limits()
    templates = {id(job.template): job.template for job in jobs}
    places = {key: place for place, key in enumerate(templates)}
    order = {
        "templates": [_template(template) for template in templates.values()],
        "now": now,
        "seconds": limits.seconds,
        "memory_bytes": limits.memory_bytes,
        "characters": limits.characters,
        "jobs": [_plain(job, places[id(job.template)]) for job in jobs],
    }
    most = limits.start_seconds + limits.mean_seconds * len(jobs)
    try:
        done = subprocess.run(
            [sys.executable, "-m", f"{__package__}.render_process"],
            input=json.dumps(order),
            capture_output=True,
            encoding="utf-8",
            env=_environment(),
            check=False,
            timeout=most,
        )
    except subprocess.TimeoutExpired as error:
        raise _hostile(f"{len(jobs)} renders took more than {most:g} seconds") from error
    rendered = list(_results(done.stdout.splitlines()))
    if done.returncode != 0 or len(rendered) < len(jobs):
        place = f"stopped at render {len(rendered) + 1} of {len(jobs)}"
        raise _hostile(f"{place}: {_reason(done, limits)}")
    return rendered


def _hostile(what: str) -> HostileTemplate:
    return HostileTemplate(
        what,
        key="chat template",
        remedy="Read the template before you run it again, or give another: --chat-template.",
    )


def _template(template: Template) -> dict[str, object]:
    return {"text": template.text, "special_tokens": dict(template.special_tokens)}


def _plain(job: Job, template: int) -> dict[str, object]:
    turns = [{"role": turn.role, "content": turn.content} for turn in job.messages]
    return {"template": template, "messages": turns, "kwargs": dict(job.kwargs)}


def _environment() -> dict[str, str]:
    """Return what the renderer needs to start: no token, no key, no network."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    quiet = {"USE_TORCH": "0", "HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error"}
    return {**kept, **quiet, "OPENBLAS_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"}


def _results(lines: Iterable[str]) -> Iterable[Rendered]:
    for line in lines:
        told = json.loads(line)
        text = told.get("text")
        yield Rendered(text=None if text is None else well_formed(text), error=told.get("error"))


def _reason(done: subprocess.CompletedProcess[str], limits: Limits) -> str:
    if done.returncode == -signal.SIGALRM:
        return f"it took more than {limits.seconds:g} seconds"
    last = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
    return last[0][:300]
