"""The words of a board's columns and values in one language, and those that its script needs."""

import re
from collections.abc import Sequence

from ...board.model import Board
from ...board.words.catalogue import Words
from ..frame.render import Renderer
from ..source.source import Source
from .rows import Column, Row, columns_of

# What a board's script says: its own name for a message, and the message's key.
SCRIPT = {
    "tied": "site.tied",
    "unmeasured": "site.unmeasured",
    "unremarkable": "site.badge.none",
    "active": "site.script.active",
    "leader": "site.leader.yes",
    "chance": "site.base.chance",
    **{
        name: f"site.script.{name}"
        for name in (
            "against",
            "alone",
            "another",
            "apart",
            "ascending",
            "best",
            "clear",
            "compare",
            "comparison",
            "count",
            "descending",
            "empty",
            "first",
            "grouped",
            "independent",
            "last",
            "leads",
            "level",
            "next",
            "pages",
            "pick",
            "picked",
            "previous",
            "stated",
            "unstated",
            "remove",
            "unpick",
        )
    },
}


PAIRS = {
    "model": "site.column.model",
    "rank": "site.column.rank",
    "score": "site.column.score",
    "difference": "site.rivals.difference",
    "interval": "site.rivals.interval",
    "tasks": "site.rivals.tasks",
    "verdict": "site.rivals.verdict",
    "apart": "site.rivals.apart",
    "not-apart": "site.rivals.level",
    "unmeasured": "site.unmeasured",
}
"""What assets/pairs.js says, as parts.html.jinja does."""


def pair_words(words: Words) -> dict[str, str]:
    """Return the words of a table of pairs."""
    return {name: words.text(key) for name, key in PAIRS.items()}


class BoardWords:
    """Say what a board's rows hold, in the language of *source*."""

    def __init__(self, board: Board, source: Source) -> None:
        self._render, self._of_suite = source.render, source.words_of(board.suite)
        self._columns = columns_of(board.suite, source.settings.columns)
        self._scorers = board.scorers
        families = {entry.profile.family: source.family(entry) for entry in board.ranked}
        self._families = {key: name for key, name in families.items() if key and name}

    def title(self, column: Column) -> str:
        """Return the title of *column*."""
        if column.title:
            return self._render.own(column.title)
        if column.metric is not None:
            return self._of_suite.column(column.metric)
        return self._render.text(f"site.column.{column.name}")

    def explanation(self, column: Column) -> str:
        """Return what *column* holds and how to read it."""
        if column.kind == "score":
            return self._of_suite.score
        if column.metric is None:
            return self._render.text(f"site.explain.{column.name}")
        return self._of_suite.explanation(column.metric)

    @property
    def scorers(self) -> str:
        """Return which scorers gave the scores and how many each; empty where none is recorded."""
        if not any(self._scorers):
            return ""
        return ", ".join(
            f"{scorer or self._render.text('site.board.no-scorer')} ({count})"
            for scorer, count in self._scorers.items()
        )

    @property
    def score(self) -> str:
        """Return what a score of this board is."""
        return self._of_suite.score

    def active(self, parameters: str) -> str:
        """Return how many parameters are at work, as the script says it as well."""
        return self._render.text("site.script.active").replace("%size", parameters)

    def stated(self, row: Row) -> str:
        """Return how sure a row without steps is, as the script says it as well."""
        if row.error is None and row.independent is not None:
            values = dict(zip(("low", "high", "items"), row.independent, strict=True))
            said = self._render.text("site.script.independent")
            return re.sub(r"%(low|high|items)", lambda at: values[at[1]], said)
        return stated(self._render, row.error, row.method)

    def value(self, column: Column, value: str) -> str:
        """Return the words for what a row holds in *column*; identifiers stay as they are."""
        if column.name == "family":
            return self._families.get(value, value)
        if column.name == "relation":
            return self._render.text(f"relation.{value}")
        if column.name in ("size", "leader"):
            return self._render.text(f"site.{column.name}.{value}")
        if column.name == "evidence":
            return self._render.text(f"evidence.{value}")
        return self.badge(value) if column.kind == "findings" else value

    def missing(self, column: Column) -> str:
        """Return the words for a row that holds nothing in *column*."""
        return self._render.text(column.unknown)

    def badge(self, code: str) -> str:
        """Return the finding *code* in a few words, or the code where there are none."""
        key = f"site.badge.{code}"
        return self._render.text(key) if self._render.words.has(key) else code

    def values(self, rows: Sequence[Row]) -> dict[str, dict[str, str]]:
        """Return the words for every value that has any, by column."""
        told: dict[str, dict[str, str]] = {}
        for column in self._columns:
            if column.kind == "findings":
                held = {code for row in rows for code in row.findings}
            elif column.kind == "set":
                held = {value for row in rows if (value := row.cells[column.name]) is not None}
            else:
                continue
            words = {value: self.value(column, value) for value in sorted(held)}
            told[column.name] = {value: text for value, text in words.items() if text != value}
        return told

    def script(self) -> dict[str, str | dict[str, str]]:
        """Return what the board's script says."""
        told = {name: self._render.text(key) for name, key in SCRIPT.items()}
        return {**told, "pairs": pair_words(self._render.words)}


def stated(render: Renderer, error: str | None, method: str | None) -> str:
    """Return a standard error as a file states it, with its method."""
    values = {"error": error or "", "method": method or render.text("site.script.unstated")}
    return re.sub(r"%(error|method)", lambda at: values[at[1]], render.text("site.script.stated"))
