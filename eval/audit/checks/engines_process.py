"""The process that renders strangers' templates as each engine would: run by `check_engines`."""

import json
import sys
from collections.abc import Sequence
from typing import Any

import msgspec

from ...sandbox.processes import allow, say, shut_in
from ...sandbox.render_process import line
from ...sandbox.rendering import Job, Rendered, as_order, as_rendered
from .check_engines import Unit, compared


def main() -> None:
    """Read one order from standard input and print one line for each of its units."""
    order = json.load(sys.stdin)
    units = msgspec.convert(order["units"], list[Unit])
    shut_in(order)
    for unit in units:
        allow(order["patience"], of_processor=order["seconds"])
        say(_line(unit, order["characters"]))


def _line(unit: Unit, characters: int) -> dict[str, Any]:
    def render(jobs: Sequence[Job]) -> list[Rendered]:
        return [
            as_rendered(line(msgspec.to_builtins(job.program), as_order(job), characters))
            for job in jobs
        ]

    found: dict[str, Any] = msgspec.to_builtins(compared(unit, render))
    return found


if __name__ == "__main__":
    main()
