"""What pages are made from besides the boards: drawings, history and data."""

from collections.abc import Callable, Mapping
from pathlib import Path

from ..board.history import History, history
from ..board.model import Boards
from ..board.workspace import Settings
from .apart import Apart
from .chart_page import to_draw
from .data_files import gather, write_parquet, write_tables
from .drawing import draw
from .measured import Background
from .render import Renderer
from .source import Source


def prepare(
    boards: Boards,
    settings: Settings,
    renderers: Mapping[str, Renderer],
    folder: Path,
    elsewhere: Apart,
    *,
    results: Path | None,
    snapshots: Path | None,
) -> Callable[[], dict[str, Source]]:
    """Begin what takes time in another process, and return what waits for it.

    That fills *folder* with data, and gives what the pages of each language are made from.
    """
    wanted = to_draw(Source(boards, settings, next(iter(renderers.values()))))
    drawn = elsewhere.begin(draw, list(wanted.values())) if wanted else list[str]
    parquet = elsewhere.begin(write_parquet, write_tables(boards, folder), folder / "board.parquet")

    def wait() -> dict[str, Source]:
        parquet()
        known = history(snapshots, boards) if snapshots else History()
        data = gather(boards, folder, results, snapshots)
        background = Background(boards, settings.ranking, results)
        drawings = dict(zip(wanted, drawn(), strict=True))
        return {
            language: Source(
                boards,
                settings,
                renderer,
                history=known,
                data=data,
                drawings=drawings,
                background=background,
            )
            for language, renderer in renderers.items()
        }

    return wait
