"""The board as JSON text in pieces, for files: memory never holds the whole document."""

import json
from collections.abc import Iterator

from msgspec.structs import replace

from .document import Json, Say, board_json, entry_json, file_json, source_json
from .model import Boards


def pieces(boards: Boards, say: Say) -> Iterator[str]:
    """Yield `document` of the same as JSON text, an entry or file a line."""
    yield f'{{\n"generated_from": {_text(source_json(boards))},\n"boards": ['
    for number, board in enumerate(boards.boards):
        head = _text(board_json(replace(board, entries=()), say)).removesuffix("]}")
        yield f"{',' if number else ''}\n{head}"
        yield from _lines(entry_json(entry, say) for entry in board.entries)
        yield "\n]}"
    yield '\n],\n"unplaced": ['
    yield from _lines(entry_json(entry, say) for entry in boards.unplaced)
    yield '\n],\n"files": ['
    yield from _lines(file_json(reading, say) for reading in boards.readings)
    yield "\n]\n}\n"


def _lines(values: Iterator[Json]) -> Iterator[str]:
    for number, value in enumerate(values):
        yield f"{',' if number else ''}\n{_text(value)}"


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
