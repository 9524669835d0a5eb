"""Figures as every page prints them: as the cards do, and `None` where nothing is known."""

from ...board.notes.figures import setting, shown, unit

Value = str | int | float | bool | None


def printed(name: str, value: float | None) -> str | None:
    """Return the figure *name* as boards and cards print it; percentages with their sign."""
    if value is None:
        return None
    return shown(name, value) + unit(name)


def signed(points: float) -> str:
    """Return a difference in points with its sign, and with none where it prints as zero."""
    text = shown("score", abs(points))
    if not text.strip("0."):
        return text
    return f"{'+' if points > 0 else '−'}{text}"


def plain(value: Value) -> str | None:
    """Return a recorded setting as it would stand in a JSON file, without quotes."""
    return None if value is None else setting(value)


def billions(value: float | None) -> str | None:
    """Return a number of parameters, given in billions, e.g. `1.2B`."""
    return None if value is None else f"{shown('parameters', value)}B"
