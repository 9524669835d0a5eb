"""What a server makes of the probes, against what the template that it tells of makes of them."""

from collections.abc import Iterator, Mapping

from .case import difference
from .findings import Finding, found
from .sandbox import Rendered
from .trying import Tried

PLAIN = ("user", "system", "talk", "long talk", "two users", "tools", "korean")
SWITCHED = ("thinking on", "thinking off")
"""Probes that reach the template as they are sent; of others a server changes the form before."""


def served_otherwise(
    told: Mapping[str, Rendered], tried: Tried, bos: str | None
) -> Iterator[Finding]:
    """Compare what a server makes of the probes with what the template that it tells of makes."""
    for name in (*PLAIN, *SWITCHED):
        served, ours = told.get(name), tried.renders.get(name)
        if served is None or ours is None or served.text is None or ours.text is None:
            continue
        # llama.cpp takes a BOS away that it will put before the tokens.
        if ours.text not in (served.text, f"{bos}{served.text}"):
            _, template, server = difference(ours.text, served.text)
            yield found("audit-server-differs", probe=name, template=template, server=server)
            return
