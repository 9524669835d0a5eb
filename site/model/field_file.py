"""What moves with every result of a large board: the file that the pages of its models read."""

import json

from ...board.model import Entry
from ..data.figures import as_printed, printed, sign
from ..frame.security import printable
from ..source.background import Measured
from ..source.paired_table import MOST_MEASURED, Rival
from ..source.source import Place, Source
from ..table.rows import ranks

TIMES = ("seconds_per_step", "load_seconds")
"""Figures that results of every suite have a line for."""

_WORDS = {
    "after": "site.model.after",
    "apart": "site.rivals.apart",
    "before": "site.model.before",
    "level": "site.rivals.level",
    "level-none": "site.level.none",
    "level-with": "site.script.level-with",
    "median": "card.median",
    "median-part": "site.slice.median",
    "model": "site.column.model",
    "rank": "site.column.rank",
    "relation": "site.rivals.relation",
    "score": "site.column.score",
    "tied": "site.tied",
    "unmeasured": "site.unmeasured",
    **{
        name: f"site.rivals.{name}"
        for name in ("above", "base", "below", "difference", "interval", "tasks", "verdict")
    },
}
"""What the script of these pages says: its own name for a message, and the message's key."""


def field_path(place: Place) -> str:
    """Return where that file of a board lies, below the language's tree.

    Its name does not tell what it holds, so that the pages stay as they are when that changes.
    """
    return f"data/{place.slug}.field.json"


def field_file(place: Place, source: Source) -> tuple[str, str]:
    """Return path and text of the file of a board.

    `ranked` counts the ranked entries; `figures`, `parts` and `tasks` hold their medians as they
    are printed: by metric, by division and group, by the identity of the steps. `rows` holds of
    each ranked entry, best first, its slug, name, rank, open ranks, how many others no test tells
    from it, score, the place of its base model, and where all pairs are tested, its rivals: place,
    difference, interval, tasks won, lost and tied, whether a test tells the two apart. `words` is
    what the script says: here once, and not on each page.
    """
    measured, field = source.measured[place.slug], source.fields[place.slug]
    metrics, metric = place.suite.metrics, place.suite.ranked
    medians = {one.id: (field.median(one.id), sign(one)) for one in metrics}
    medians |= {name: (field.median(name), "") for name in TIMES}
    parts: dict[str, dict[str, str | None]] = {}
    for (division, group), value in measured.parts.items():
        parts.setdefault(division, {})[group] = printed(metric, value)
    places = {entry.slug: at for at, entry in enumerate(measured.board.ranked)}
    told = {
        "version": 1,
        "ranked": place.ranked,
        "decimals": metric.decimals,
        "sign": sign(metric),
        "figures": {name: f"{text}{end}" for name, (text, end) in medians.items() if text},
        "parts": parts,
        "tasks": {
            steps: [as_printed(metric, one) for one in scores]
            for steps, scores in measured.tasks.items()
        },
        "words": {name: source.render.text(key) for name, key in _WORDS.items()},
        "rows": [_row(entry, measured, places) for entry in measured.board.ranked],
    }
    return field_path(place), json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def _row(entry: Entry, measured: Measured, places: dict[str, int]) -> list[object]:
    found = entry.resolution
    rivals = measured.rivals.get(entry.result_id, ())
    base = next((places[one.slug] for one in rivals if one.relation == "base"), None)
    row: list[object] = [
        entry.slug,
        printable(entry.label),
        entry.rank_text,
        ranks(entry, measured.board),
        found.level_with if found is not None and found.tested else None,
        None if entry.score is None else round(entry.score, 9),
        base,
    ]
    if len(places) <= MOST_MEASURED:
        row.append([_rival(one, places) for one in rivals])
    return row


def _rival(one: Rival, places: dict[str, int]) -> list[object]:
    tested = (one.difference, one.low, one.high, one.won, one.lost, one.tied, one.apart)
    return [places[one.slug], *tested]
