"""What a commit or a pull request says of itself: ranks before and after, and where to look."""

import re
from collections.abc import Iterator

from ..readme.front_matter import split
from ..readme.markdown import code
from ..readme.markers import split as split_body
from .plan import Item
from .targets import Wanted

TITLE = "Update the model card (cardboard)"
"""Of commits and pull requests; ours are found again by it."""
RESULTS_TITLE = "Add evaluation results (cardboard)"
"""The same where only results are proposed, to the model of somebody else."""
MARK = "<!-- cardboard:pull -->"
"""Of a pull request of ours, whatever account it was opened by; nobody sees it."""
OURS = ("README.md", ".eval_results/cardboard.yaml")
"""All files that a pull request of ours can change."""

_SUITE, _RANK = re.compile(r"#### (.+)"), re.compile(r"\*\*(.+)\*\*")


def title_of(wanted: Wanted) -> str:
    """Return the title of the commit that makes a repository as *wanted*."""
    return RESULTS_TITLE if wanted.only_results else TITLE


def description(item: Item, *, proposed: bool) -> str:
    """Return what is said below the title, to whoever decides about it where it is *proposed*."""
    lines = [MARK] if proposed else []
    if item.wanted.only_results:
        lines.append(
            "Results of this model as its leaderboard has them. If they are not wanted here, close "
            "this pull request: they are not proposed again."
        )
    else:
        lines += _moved(item)
        lines += [item.message] if item.message else []
    links = [f"{what}: {link}" for what, link in item.wanted.links.items()]
    return "\n\n".join([*lines, *links])


def _moved(item: Item) -> Iterator[str]:
    """Yield a line for each suite whose rank the card has said or says now."""
    there = (item.present.readme or b"") if item.present else b""
    before = _ranks(_part(there.decode("utf-8", "replace")))
    after = _ranks(item.wanted.body)
    rows = [
        f"- {code(suite)}: {_said(before.get(suite))} before, {_said(after.get(suite))} now"
        for suite in dict.fromkeys([*after, *before])
    ]
    if rows:
        yield "What the card says of ranks:"
        yield "\n".join(rows)


def _said(rank: str | None) -> str:
    return code(rank) if rank else "nothing"


def _part(readme: str) -> str:
    """Return our part of a README; nothing where there is none."""
    text = readme.replace("\r\n", "\n")
    block = split(text)
    try:
        parts = split_body(block.rest if block else text)
    except ValueError:
        return ""
    return parts.body if parts else ""


def _ranks(body: str) -> dict[str, str]:
    """Return the line of the rank by the name of its suite, as the first language says them."""
    found: dict[str, str] = {}
    suite = ""
    for line in body.strip().splitlines():
        if line.startswith("## ") and found:
            break
        if heading := _SUITE.fullmatch(line):
            suite = heading[1]
        elif suite and (rank := _RANK.fullmatch(line)):
            found.setdefault(suite, rank[1])
            suite = ""
    return found
