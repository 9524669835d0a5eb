"""A board on a terminal: columns by priority as far as there is room, names cut in the middle."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from textwrap import wrap
from typing import NamedTuple

from rich.cells import cell_len
from rich.text import Text

from ..model import Board, Entry
from ..words.names import visible
from .rows import beside, field_of, independent, summary, table
from .tables import shown, titled

GAP = 2
LEAST, COMFORTABLE, EVERY = 12, 32, 48
"""Of a name: less is no name; what it gets before the first further column, and before others."""
_PLOT = 25
_HEADING = 2
_MARKS = {
    "*": "* standard error as reported",
    "†": "† 95 % if its items are independent, which nobody can check without rows",
}


class Column(NamedTuple):
    """A column: its heading, its texts, and how it is printed."""

    title: str
    texts: list[str]
    right: bool = False
    style: str = ""
    is_drawn: bool = False
    """It draws what other columns say, so nobody misses it."""

    @property
    def width(self) -> int:
        """Return what it takes, its heading broken into two lines at the most."""
        texts = max(map(cell_len, self.texts), default=0)
        words = max(map(cell_len, self.title.split()))
        return next(
            width
            for width in range(max(texts, words), max(texts, cell_len(self.title)) + 1)
            if len(wrap(self.title, width)) <= _HEADING
        )


def board_lines(
    board: Board, title: str, width: int | None, most: int | None = None, rest: str = ""
) -> Iterator[Text]:
    """Yield *board* as lines of at most *width* cells; every column in full where it is `None`.

    Ranked entries come first, at the most *most* of them, then as many others with their reasons,
    and *rest* says how to see those that are not shown.
    """
    yield Text(visible(title), style="bold")
    ranked, others = board.ranked[:most], board.unranked[:most]
    left_out: list[str] = []
    if ranked:
        need, more = _columns(board, ranked)
        chosen, left_out = _fitting(need, more, width)
        yield from _grid(chosen)
        if hidden := len(board.ranked) - len(ranked):
            yield Text(f"... and {hidden} more: {rest}", style="dim")
    if others:
        yield from _unranked(board, others, width, after_ranked=bool(ranked))
        if hidden := len(board.unranked) - len(others):
            yield Text(f"... and {hidden} more: {rest}", style="dim")
    cells = [_interval(entry, board) for entry in ranked]
    for mark, told in _MARKS.items():
        if any(cell.endswith(mark) for cell in cells):
            yield from _wrapped(told, width, "dim")
    yield from _wrapped(summary(board), width)
    if any(board.scorers):
        told = ", ".join(f"{name or 'not recorded'} ({n})" for name, n in board.scorers.items())
        yield from _wrapped(visible(f"Scored by: {told}"), width)
    if left_out:
        yield from _wrapped(f"Not shown: {', '.join(left_out)} (--wide)", width, "dim")


def _columns(board: Board, entries: Sequence[Entry]) -> tuple[list[Column], list[Column]]:
    """Return the columns that stand in any case, the model's second, and the others in order."""
    full = table(board)
    cells = {
        name: [shown(name, row[place]) for row in full.rows[: len(entries)]]
        for place, name in enumerate(full.columns)
    }
    need = [
        Column("rank", cells["rank"], right=True),
        Column("model", cells["model"]),
        Column("score", cells["score"], right=True, style="bold"),
    ]
    spans = [_interval(entry, board) for entry in entries]
    if any(span != "–" for span in spans):
        need.append(Column("95 %" if "±" not in "".join(spans) else "interval", spans, style="dim"))
    plot = _plot(entries, board)
    metrics = [field_of(metric) for metric in beside(board.suite)]
    order = ["rank range", *metrics, "evidence", "seconds_per_step", "level with"]
    right = {*full.numeric, "seconds_per_step", "level with"}
    more = [
        Column(titled(name), cells[name], right=name in right)
        for name in [*order, "template_status", "result_id"]
        if any(text != "–" for text in cells.get(name, ()))
    ]
    at = 1 if more and more[0].title == "rank range" else 0
    return need, [*more[:at], *([plot] if plot else []), *more[at:]]


def _interval(entry: Entry, board: Board) -> str:
    """Return how sure a score is, with a mark for what that rests on where it is not on rows."""
    metric = board.suite.ranked
    found, measured = entry.resolution, entry.metrics.get(metric.id)

    def told(low: float, high: float) -> str:
        return f"{low:.{metric.decimals}f}–{high:.{metric.decimals}f}"

    if found is not None:
        return told(found.score.low, found.score.high) if found.score else "–"
    if measured is not None and measured.stderr is not None:
        return f"± {abs(metric.scale) * measured.stderr:.{metric.decimals}f}*"
    alone = independent(entry, board.suite)
    return "–" if alone is None else f"{told(*alone[:2])}†"


def _plot(entries: Sequence[Entry], board: Board) -> Column | None:
    """Return scores as points, with their intervals from steps, on one axis from end to end."""
    spans = []
    for entry in entries:
        found, score = entry.resolution, entry.score
        if score is None or not math.isfinite(score):
            return None
        low, high = (found.score.low, found.score.high) if found and found.score else (score, score)
        spans.append((min(low, score), score, max(high, score)))
    left, right = min(span[0] for span in spans), max(span[2] for span in spans)
    if right <= left:
        return None

    def at(value: float) -> int:
        return round((value - left) / (right - left) * (_PLOT - 1))

    texts = []
    for low, score, high in spans:
        signs = [" "] * _PLOT
        signs[at(low) : at(high) + 1] = "─" * (at(high) - at(low) + 1)
        signs[at(score)] = "●"
        texts.append("".join(signs))
    # The heading is the axis: its ends stand above those of the lines.
    ends = [f"{end:.{board.suite.ranked.decimals}f}" for end in (left, right)]
    axis = ends[0] + "·" * (_PLOT - sum(map(len, ends))) + ends[1]
    return Column(axis, texts, style="cyan", is_drawn=True)


def _fitting(
    need: Sequence[Column], more: Sequence[Column], width: int | None
) -> tuple[list[Column], list[str]]:
    """Return the columns that fit *width*, the model's texts cut; and the titles of the others."""
    if width is None:
        return [*need, *more], []
    longest = need[1].width
    room = width - sum(one.width + GAP for one in [need[0], *need[2:]])
    chosen = list(need)
    left_out: list[str] = []
    for number, column in enumerate(more):
        wanted = min(longest, EVERY if number else COMFORTABLE)
        if room - column.width - GAP >= wanted and not left_out:
            chosen.append(column)
            room -= column.width + GAP
        elif not column.is_drawn:
            left_out.append(column.title)
    chosen[1] = need[1]._replace(texts=cut(need[1].texts, max(LEAST, room)))
    return chosen, left_out


def cut(names: Sequence[str], width: int) -> list[str]:
    """Return *names* in at most *width* cells, cut in the middle; what differs there is kept."""
    found = [_cut(name, width, (width - 1) // 2) for name in names]
    alike: dict[str, list[str]] = {}
    for name, text in zip(names, found, strict=True):
        alike.setdefault(text, []).append(name)
    return [
        text if len(set(alike[text])) == 1 else _parted(name, width, alike[text])
        for name, text in zip(names, found, strict=True)
    ]


def _cut(name: str, width: int, head: int) -> str:
    """Return *name* in *width* cells, the first *head* of which are its beginning."""
    if cell_len(name) <= width:
        return name
    start = _taken(name, head)
    return f"{start}…{_taken(name[::-1], width - 1 - cell_len(start))[::-1]}"


def _parted(name: str, width: int, others: Sequence[str]) -> str:
    """Return *name* as its beginning and the place where it begins to differ from *others*."""
    start = _taken(name, width // 3)
    differs = max(_common(name, other) for other in others if other != name)
    room = width - cell_len(start) - 2
    rest = name[max(len(start), differs - room // 2) :]
    return f"{start}…{_cut(rest, room + 1, room)}"


def _common(one: str, other: str) -> int:
    """Return how many signs the two begin with alike."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _taken(text: str, width: int) -> str:
    """Return the beginning of *text* that takes at most *width* cells."""
    taken = 0
    for place, sign in enumerate(text):
        taken += cell_len(sign)
        if taken > width:
            return text[:place]
    return text


def _grid(columns: Sequence[Column]) -> Iterator[Text]:
    """Yield the headings, broken at blanks and set at the bottom, and every row."""
    titles = [wrap(column.title, column.width) for column in columns]
    height = max(map(len, titles))
    for heading in zip(*([""] * (height - len(one)) + one for one in titles), strict=True):
        yield _line(columns, heading, lambda _: "dim")
    for row in range(len(columns[0].texts)):
        cells = [column.texts[row] for column in columns]
        yield _line(columns, cells, lambda column: column.style)


def _line(columns: Sequence[Column], cells: Iterable[str], style: Callable[[Column], str]) -> Text:
    """Return one line; nothing follows its last sign."""
    line = Text()
    for column, cell in zip(columns, cells, strict=True):
        blanks = " " * (column.width - cell_len(cell))
        if len(line):
            line.append(" " * GAP)
        line.append(blanks if column.right else "")
        line.append(_styled(cell, style(column), column.title))
        line.append("" if column.right else blanks)
    line.rstrip()
    return line


def _styled(cell: str, style: str, title: str) -> Text:
    """Return a cell; of a model's name the organisation stands back."""
    text = Text(cell, style=style)
    if title in ("model", "unranked") and not style:
        text.stylize("dim", 0, cell.find("/") + 1)
    return text


def _unranked(
    board: Board, entries: Sequence[Entry], width: int | None, *, after_ranked: bool
) -> Iterator[Text]:
    """Yield the entries without a rank, with what keeps each from one."""
    full = table(board)
    place = {name: number for number, name in enumerate(full.columns)}
    first = len(board.ranked)
    rows = full.rows[first : first + len(entries)]

    def texts(name: str) -> list[str]:
        return [shown(name, row[place[name]]) for row in rows]

    names, scores = texts("model"), Column("score", texts("score"), right=True, style="bold")
    reasons = [text.split(", ") for text in texts("reasons")]
    widest = max(cell_len(", ".join(one)) for one in reasons)
    if width is None:
        room, names_room = widest, max(map(cell_len, names))
    else:
        free = width - scores.width - 2 * GAP
        names_room = max(LEAST, min(max(map(cell_len, names)), free - min(widest, free // 2)))
        room = free - names_room
    folded = [_folded(one, room) for one in reasons]
    cut_names = cut(names, names_room)
    if after_ranked:
        yield Text()
    columns = [
        Column("unranked", cut_names),
        scores,
        Column("because", [line for each in folded for line in each], style="yellow"),
    ]
    yield _line(columns, [one.title for one in columns], lambda _: "dim")
    for name, score, lines in zip(cut_names, scores.texts, folded, strict=True):
        for number, text in enumerate(lines):
            cells = [name, score, text] if number == 0 else ["", "", text]
            yield _line(columns, cells, lambda column: column.style)


def _folded(parts: Sequence[str], width: int) -> list[str]:
    """Return *parts* joined by commas, on lines of at most *width* cells where each fits."""
    lines = [parts[0]]
    for part in parts[1:]:
        if cell_len(f"{lines[-1]}, {part}") <= width:
            lines[-1] += f", {part}"
        else:
            lines[-1] += ","
            lines.append(part)
    return lines


def _wrapped(text: str, width: int | None, style: str = "") -> Iterator[Text]:
    """Yield *text* broken at blanks."""
    for line in [text] if width is None else wrap(text, width):
        yield Text(line, style=style)
