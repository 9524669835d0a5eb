"""A board comes in; the columns, rows, filters and script data of its table go out."""
