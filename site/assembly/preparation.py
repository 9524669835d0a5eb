"""What pages are made from besides the boards: drawings, history and data."""

from collections.abc import Callable, Mapping
from pathlib import Path

from ...board.history.history import History, history
from ...board.model import Boards
from ...board.workspace.settings import Settings
from ..charts.drawing import draw
from ..data.croissant import write_croissant
from ..data.exports import TABLES, gather, write_parquet, write_tables
from ..frame.render import Renderer
from ..frame.reuse import Kept
from ..pages.chart_page import to_draw
from ..pages.quant_page import files_to_draw
from ..source.background import Background
from ..source.result_texts import Texts
from ..source.source import Source
from .beside import Beside


def prepare(
    boards: Boards,
    settings: Settings,
    renderers: Mapping[str, Renderer],
    folder: Path,
    elsewhere: Beside,
    *,
    results: Path | None,
    snapshots: Path | None,
    root: Path | None,
    copies: Kept,
) -> Callable[[], dict[str, Source]]:
    """Begin what takes time in another process, and return what does the rest and waits for it.

    That fills *folder* with data, and gives what the pages of each language are made from. *copies*
    are those of the last build.
    """
    texts = Texts(boards, results) if results is not None else None
    background = Background(boards, settings, texts)
    first = Source(boards, settings, next(iter(renderers.values())), background=background)
    wanted = to_draw(first) | files_to_draw(first)
    drawings = dict(zip(wanted, draw(list(wanted.values())), strict=True))
    parquet = elsewhere.begin(write_parquet, write_tables(boards, folder), folder / "board.parquet")

    def wait() -> dict[str, Source]:
        background.write_steps(folder, {one: words.words for one, words in renderers.items()})
        background.ready()
        parquet()
        write_croissant(boards, settings, folder, TABLES)
        known = history(snapshots, boards) if snapshots else History()
        source = settings.results.source
        data = gather(
            boards,
            folder,
            results=results,
            history=snapshots,
            root=root,
            source=source,
            earlier=copies,
        )
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
