"""What came of each request of a run, whatever was raised for it, and the table of what failed."""

import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from msgspec import Struct
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..errors import CardboardError, DeadEngine
from ..records import Status
from .progress import Watch
from .request import Request

STOPS = (KeyboardInterrupt, SystemExit, GeneratorExit)
"""What ends a run as a whole; whatever else is raised is the outcome of one request."""

DEBUG = "CARDBOARD_DEBUG"
"""Environment variable that asks for tracebacks; processes that we start have it too."""

Stage = Literal[
    "telling it from others",
    "loading the model",
    "loading the adapter",
    "building the prompts",
    "answering",
]

_WHILE = "while "
_LONGEST = 300
_LOG_WIDTH = 160


class Outcome(Struct, frozen=True, kw_only=True):
    """What a run came to."""

    path: Path
    """Of the result file, which is not there where nothing could be asked."""
    status: Status
    error: str | None = None
    interrupted: bool = False
    asked: str = ""
    """What was to be measured, as `called` names it."""
    stage: str | None = None
    """What failed."""
    remedy: str = ""
    hopeless: bool = False
    """Whether the same would end so again."""
    dead: bool = False
    """Whether the engine broke down."""


@contextmanager
def at(stage: Stage) -> Iterator[None]:
    """Note on whatever is raised inside at which *stage* it was raised."""
    try:
        yield
    except BaseException as error:
        if stage_of(error) is None:
            error.add_note(_WHILE + stage)
        raise


def stage_of(error: BaseException) -> str | None:
    """Return the stage that `at` noted on *error*."""
    notes: list[str] = getattr(error, "__notes__", [])
    return next((note[len(_WHILE) :] for note in notes if note.startswith(_WHILE)), None)


def reason(error: BaseException) -> str:
    """Return in one printable line what *error* says, and of which type it is if it is not ours."""
    if isinstance(error, CardboardError):
        place = ": ".join(part for part in (error.file, error.key) if part)
        text = f"{place}: {error.what}" if place else error.what
    else:
        text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    line = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def called(request: Request) -> str:
    """Return what a table calls *request*: of paths the last two parts, which tell runs apart."""
    options = request.options
    names = (request.name or options.model, options.adapter)
    return " + ".join(_short(name) for name in names if name)


def _short(name: str) -> str:
    return "/".join(Path(name).parts[-2:]) if Path(name).is_absolute() else name


def failed(request: Request, path: Path, error: BaseException, watch: Watch) -> Outcome:
    """Return the outcome of *request* for which *error* was raised; with DEBUG, show where."""
    if os.environ.get(DEBUG):
        watch.say("".join(traceback.format_exception(error)))
    foreseen = isinstance(error, CardboardError)
    told = error.remedy if isinstance(error, CardboardError) else ""
    return Outcome(
        path=path,
        status="failed",
        error=reason(error),
        asked=called(request),
        stage=stage_of(error) or "measuring",
        remedy=told or ("" if foreseen else "With --debug, the traceback is shown."),
        hopeless=foreseen and not isinstance(error, DeadEngine),
    )


def unfinished(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Return those of *outcomes* that are not complete, and were not stopped by somebody."""
    return [one for one in outcomes if one.status != "complete" and not one.interrupted]


def table_of(outcomes: Sequence[Outcome]) -> Table:
    """Return what failed, of which model, why, and what to do about it."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("Model", "Failed at", "Why", "What to do"):
        table.add_column(title, overflow="fold")
    for one in outcomes:
        cells = (one.asked or one.path.name, one.stage or "answering", one.error or "", one.remedy)
        table.add_row(*map(Text, cells))
    return table


def tell_failed(outcomes: Sequence[Outcome], console: Console | None = None) -> None:
    """Print the table of what failed among *outcomes*, on standard error, if anything did."""
    lost = unfinished(outcomes)
    if not lost:
        return
    console = console or Console(stderr=True, width=None if sys.stderr.isatty() else _LOG_WIDTH)
    console.print(f"{len(lost)} of {len(outcomes)} failed:", highlight=False)
    console.print(table_of(lost), highlight=False)
