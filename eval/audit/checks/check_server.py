"""What a server makes of the probes, against what the template that it tells of makes of them."""

import re
from collections.abc import Iterator

from ..findings import Finding, found
from ..rendering.trials import Tried
from ..sources.sources import Found, Source
from .cases import difference

TALKS = ("user", "system", "talk", "long talk", "two users", "korean")
SWITCHED = ("thinking on", "thinking off")
WITH_TOOLS = ("tools",)
"""Probes that reach the template as they are sent; of others a server changes the form before."""


_STAND_IN = re.compile(r"<\|\w+_token\|>")
"""A special token that nobody tells."""


def served_otherwise(source: Source, template: Found, tried: Tried) -> Iterator[Finding]:
    """Compare what a server makes of the probes with what the *template* that it tells of makes."""
    told, bos = source.renders or {}, source.tokens.bos
    for name in _through(source, template):
        served, ours = told.get(name), tried.renders.get(name)
        if served is None or ours is None or served.text is None or ours.text is None:
            continue
        if not source.tokens.told and _STAND_IN.search(ours.text):
            continue
        # llama.cpp takes a BOS away that it will put before the tokens.
        if ours.text not in (served.text, f"{bos}{served.text}"):
            _, template_text, server = difference(ours.text, served.text)
            yield found("audit-server-differs", probe=name, template=template_text, server=server)
            return


def _through(source: Source, template: Found) -> tuple[str, ...]:
    """Return the probes that go through *template* and no other of *source*."""
    if template.name == "tool_use":
        return WITH_TOOLS
    talks = (*TALKS, *SWITCHED)
    return talks if "tool_use" in source.on("server") else (*talks, *WITH_TOOLS)
