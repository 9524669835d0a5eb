"""The process in which chatlint renders strangers' templates: run by `chatlint`."""

import json
import sys
from typing import Any

from chatlint.check import check
from chatlint.render import Template

from ...sandbox.processes import allow, say, shut_in

LONGEST = 200
"""Characters of the first detail of a rule that are told."""


def main() -> None:
    """Read one order from standard input and print one line for each of its templates."""
    order = json.load(sys.stdin)
    shut_in(order)
    for text in order["templates"]:
        allow(order["seconds"])
        say({"said": _said(text)})


def _said(text: str) -> list[dict[str, Any]]:
    """Return each rule that is broken, how often, and the first conversation that shows it."""
    report = check(Template(name="template", source=text))
    rules: dict[tuple[str, str], dict[str, Any]] = {}
    for tier, results in (("error", report.errors), ("warning", report.warnings)):
        for result in results:
            detail = " ".join(result.detail.split())[:LONGEST]
            first = {"tier": tier, "rule": result.prop, "shape": result.shape, "detail": detail}
            rules.setdefault((tier, result.prop), {**first, "count": 0})["count"] += 1
    return list(rules.values())


if __name__ == "__main__":
    main()
