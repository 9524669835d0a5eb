"""Jobs in a live shell: which figures there are, how episodes are played, what pages show."""

from collections.abc import Callable, Mapping, Sequence

from ....engine import Message, Setting
from ....metrics import Metric
from ..kind import Joined, Kind, Play, Player, Reference, Row, Staged, Terms
from . import dialogues
from .baselines import PLAYERS
from .baselines import Player as Rule
from .dialogues import DIALOGUES, TURNS, answered, opening
from .programs import lacking, packages
from .rows import ShellRow
from .scoring import SCORER, recount, score, summarise
from .view import lines, view


def _share(name: str, score: str, **more: object) -> Metric:
    return Metric(id=name, unit="percent", decimals=1, per_step=score, binary=True, **more)  # type: ignore[arg-type]  # fields of Metric


METRICS = (
    _share("clean_pct", "clean", ranked=True, shown="board"),
    _share("clean_all_pct", "clean", aggregate="pass^3", shown="board"),
    _share("reached_pct", "reached", shown="board"),
    Metric(id="found_pct", unit="percent", decimals=1, shown="board"),
    _share("terminated_pct", "terminated", shown="board"),
    _share("passed_pct", "passed", shown="board"),
    _share("false_claim_pct", "false_claim", better="lower", shown="board"),
    _share("overrun_pct", "overrun", better="lower", shown="model page"),
    _share("stalled_pct", "stalled", better="lower", shown="model page"),
    Metric(
        id="median_turns",
        unit="count",
        decimals=1,
        better="neither",
        per_step="turns",
        aggregate="median",
        shown="model page",
    ),
    Metric(
        id="failing_commands_pct",
        unit="percent",
        decimals=1,
        better="lower",
        per_step="failing",
        over="commands",
        aggregate="ratio of sums",
    ),
    Metric(
        id="invalid_answers_pct",
        unit="percent",
        decimals=1,
        better="lower",
        per_step="invalid",
        over="turns",
        aggregate="ratio of sums",
    ),
    Metric(id="answer_tokens", unit="tokens", decimals=0, better="neither", per_step="tokens"),
    Metric(id="room_seconds", unit="seconds", decimals=2, better="neither", per_step=True),
)


Ruled = Callable[[Sequence[ShellRow], Mapping[str, Setting]], Rule]
"""A baseline, as it is written."""


def _spoken(rule: Ruled) -> Callable[[Sequence[Row], Mapping[str, Setting]], Player]:
    """Return *rule* in the words of whichever dialogue it is asked in."""

    def player(rows: Sequence[Row], settings: Mapping[str, Setting]) -> Player:
        answer = rule([row for row in rows if isinstance(row, ShellRow)], settings)

        def said(row: Row, messages: Sequence[Message]) -> str:
            """Answer in the words of the dialogue; a doubt whether it is done changes no mind."""
            assert isinstance(row, ShellRow)
            asked = [one.content for one in messages if one.role == "user"]
            turns = [text for text in asked if not dialogues.is_doubt(text)]
            dialogue = dialogues.dialogue_of(messages)
            if dialogues.is_doubt(asked[-1]):
                return answered(dialogue, (), "exit", "")
            told = answer(row, len(turns) - 1, asked[-1])
            return answered(dialogue, told.commands, told.end, told.reason)

        return said

    return player


def _play(row: Row, terms: Terms) -> Play:
    from .episode import play  # rooms are heavy, and boards need none

    return play(row, terms)


def _account(terms: Terms) -> dict[str, Setting]:
    from .episode import account

    return account(terms.isolation)


def _lacking(row: Row) -> tuple[str, ...]:
    return lacking(row) if isinstance(row, ShellRow) else ()


def _job(reference: Reference) -> str | None:
    job = reference.get("job")
    return job if isinstance(job, str) else None


SHELL = Kind(
    name="shell",
    metrics=METRICS,
    divisions=("group", "directive", "outcome", "language"),
    groups=("told", "discover", "done", "blocked", "en", "ko"),
    row=ShellRow,
    score=score,
    scorer=SCORER,
    staged=Staged(
        dialogues=DIALOGUES,
        opening=opening,
        play=_play,
        turns=TURNS,
        players={name: _spoken(rule) for name, rule in PLAYERS.items()},
        account=_account,
        lacking=_lacking,
        packages=packages,
    ),
    recount=recount,
    summarise=summarise,
    joined=Joined(kind="replay", metric="passed_pct", task=_job),
    trained="group",
    view=view,
    lines=lines,
    right=lambda reference: None,
)
