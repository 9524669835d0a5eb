"""Prompts through chat templates: the limits that hold for a suite's, and what stops a run."""

import importlib.util
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ..engine import Message, Setting, Template
from ..errors import CardboardError, MissingExtra
from ..sandbox import rendering
from ..sandbox.processes import Kept
from ..sandbox.rendering import Limits, Program, Rendered, run_once

# A suite has many prompts, and long ones.
LIMITS = Limits(
    seconds=10.0,
    seconds_in_all=60.0,
    mean_seconds=0.5,
    memory_bytes=1 << 30,
    characters=16_000_000,
    output_bytes=4 << 30,
)


Tools = Sequence[Mapping[str, Any]]


class Job(Struct, frozen=True, kw_only=True):
    """One render: a template, a conversation, and what the template is told beside it."""

    template: Template
    messages: tuple[Message, ...]
    tools: Tools = ()
    kwargs: Mapping[str, Setting] = {}


class HostileTemplate(CardboardError):
    """A chat template used more than it may, and was stopped."""

    exit_code = 2


def render(
    jobs: Sequence[Job], *, now: str, limits: Limits = LIMITS, kept: Kept | None = None
) -> list[Rendered]:
    """Render *jobs* in order and in one process, each with the generation prompt at its end.

    *now* is the ISO time that the template sees; a process that is *kept* renders order after
    order. What the template raises is that render's error.
    Raises HostileTemplate where the process had to be stopped, MissingExtra without transformers.
    """
    if importlib.util.find_spec("transformers") is None:
        raise MissingExtra("transformers", "transformers")
    templates = {id(job.template): job.template for job in jobs}
    programs = {key: Program(one.text, one.special_tokens) for key, one in templates.items()}
    orders = [
        rendering.Job(
            program=programs[id(job.template)],
            messages=[
                {**turn.beside, "role": turn.role, "content": turn.content} for turn in job.messages
            ],
            tools=job.tools or None,
            kwargs=job.kwargs,
            prompt=True,
            now=now,
        )
        for job in jobs
    ]
    found = run_once(orders, limits, kept)
    if found and found[-1].stopped:
        raise HostileTemplate(
            f"stopped at render {len(found)} of {len(jobs)}: {found[-1].error}",
            key="chat template",
            remedy="Read the template before you run it again, or give another: --chat-template.",
        )
    return [_named(one) for one in found]


def _named(one: Rendered) -> Rendered:
    """Return *one* with the kind of its error, which stands beside errors of other kinds here."""
    if one.problem != "syntax":
        return one
    return replace(one, error=f"TemplateSyntaxError: {one.error}")
