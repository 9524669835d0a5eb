"""Results of suites that are played: in which dialogue, and whether in a closed room."""

from typing import Any

from msgspec import UNSET

from cardboard.board.judge.build import build_boards
from cardboard.board.model import Entry
from cardboard.board.workspace.settings import Protocol, Suite
from cardboard.eval.metrics import Measured
from cardboard.eval.records import Counts, Result
from cardboard.eval.records import Protocol as Sent
from cardboard.eval.records import Suite as Named
from cardboard.tests.making import a_reading, a_result, a_workspace

LIVE = Suite(name="paper", version="1", kind="shell", steps=2, tasks=2)


def played(name: str, *, dialogue: Any = "shell", isolation: Any = "bubblewrap") -> Result:
    """Return the result of a model that ended half of its episodes cleanly."""
    return a_result(
        name,
        suite=Named(name="paper", version="1", kind="shell", steps=2, tasks=2),
        protocol=Sent(temperature=0.0, dialogue=dialogue, extra={"isolation": isolation}),
        counts=Counts(expected=2, scored=2, failed=0, tasks=2),
        metrics={"clean_pct": Measured(value=50.0)},
        divisions={},
        scorer="shell-episode/1",
    )


def ranked(*results: Result, **settings: Any) -> dict[str, Entry]:
    """Return the entries of the board of *results*, by the name of the model."""
    readings = [a_reading(one, file=f"{number}.json") for number, one in enumerate(results)]
    policy = {"not-checkable-own": "off"}
    (board,) = build_boards(readings, a_workspace(suites=(LIVE,), policy=policy, **settings)).boards
    return {entry.model: entry for entry in board.entries}


def codes(entry: Entry) -> set[str]:
    """Return what was found of *entry* that matters here."""
    return {one.code for one in entry.findings} & {"dialogues-differ", "not-isolated"}


def test_a_room_without_walls_is_no_evidence() -> None:
    found = ranked(
        played("org/a"), played("org/b", isolation="plain"), played("org/c", isolation=None)
    )
    assert [found[f"org/{name}"].rank is not None for name in "abc"] == [True, False, False]
    assert [codes(found[f"org/{name}"]) for name in "abc"] == [
        set(), {"not-isolated"}, {"not-isolated"}
    ]  # fmt: skip


def test_dialogues_are_never_mixed_on_one_board() -> None:
    found = ranked(played("org/a"), played("org/b"), played("org/c", dialogue="terminus-json"))
    assert [codes(found[f"org/{name}"]) for name in "abc"] == [set(), set(), {"dialogues-differ"}]
    assert found["org/c"].rank is None


def test_a_protocol_may_name_the_dialogue() -> None:
    results = (played("org/a"), played("org/b", dialogue=UNSET))
    suite = {"protocols": {"typed": Protocol(dialogue="shell")}}
    typed = Suite(name="paper", version="1", kind="shell", steps=2, tasks=2, protocol="typed")
    readings = [a_reading(one, file=f"{number}.json") for number, one in enumerate(results)]
    (board,) = build_boards(readings, a_workspace(suites=(typed,), **suite)).boards
    (unknown,) = (entry for entry in board.entries if entry.model == "org/b")
    told = [one.values for one in unknown.findings if one.code == "protocol-not-recorded"]
    assert told == [{"missing": "dialogue"}]
