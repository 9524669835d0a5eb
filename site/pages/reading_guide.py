"""What the guide says of every suite: what answers look like, how to read scores, what to mind."""

from typing import NamedTuple

from ...board.notes.claims import Claim, on_ranks
from ...board.show.reproduction import Run
from ...board.show.snippets import snippet
from ..source.source import Source


class Reading(NamedTuple):
    """What is said of the suite of one board, or of the kinds of suites that it stands for."""

    slug: str
    title: str
    kind: str
    output: str
    """In the suite's own words; empty where its kind's are good."""
    safety: str
    score: tuple[str, ...]
    on_ranks: tuple[Claim, ...]
    sweep: bool


def readings_html(source: Source) -> str:
    """Return the sections of the guide on the suites of all boards."""
    return source.render.html(
        "readings",
        root="../",
        readings=_readings(source),
        answer=lambda kind: snippet(Run(runnable=False, kind=kind), "answer"),
    )


def _readings(source: Source) -> list[Reading]:
    own = source.render.own
    return [
        Reading(
            slug=place.slug,
            title=place.title,
            kind=board.suite.kind,
            output=own(board.suite.words.output),
            safety=own(board.suite.words.safety),
            score=(said,)
            if (said := own(board.suite.words.reading))
            else source.words_of(board.suite).reading,
            on_ranks=on_ranks([(board.suite, entry) for entry in board.ranked], source.settings),
            sweep=board.class_ == "sweep",
        )
        for place, board in zip(source.places, source.boards.boards, strict=True)
    ]
