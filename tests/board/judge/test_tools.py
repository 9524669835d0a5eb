"""Results of suites with tools: both ways of offering tools never stand on one board."""

from cardboard.board.judge.build import build_boards
from cardboard.board.workspace.settings import Suite
from cardboard.eval.metrics import Measured
from cardboard.eval.records import Counts, Result
from cardboard.eval.records import Protocol as Sent
from cardboard.eval.records import Suite as Named
from cardboard.tests.making import a_reading, a_result, a_workspace


def called(name: str, tools: str | None) -> Result:
    """Return the result of a model whose tools were offered so."""
    return a_result(
        name,
        suite=Named(name="tools", version="1", kind="calls", steps=2, tasks=2),
        protocol=Sent(temperature=0.0, tools=tools),
        counts=Counts(expected=2, scored=2, failed=0, tasks=2),
        metrics={"exact_pct": Measured(value=50.0)},
        divisions={},
        scorer="tool-calls/1",
    )


def test_tools_in_the_template_and_in_the_system_text_are_never_ranked_together() -> None:
    ways = ("prompted", "prompted", "native", None)
    results = [called(f"org/{number}", way) for number, way in enumerate(ways)]
    readings = [a_reading(one, file=f"{number}.json") for number, one in enumerate(results)]
    suite = Suite(name="tools", version="1", kind="calls", steps=2, tasks=2)
    workspace = a_workspace(suites=(suite,), policy={"not-checkable-own": "off"})
    (board,) = build_boards(readings, workspace).boards
    odd = {
        entry.model: (entry.rank is None)
        for entry in board.entries
        if "tools-differ" in {one.code for one in entry.findings}
    }
    assert odd == {"org/2": True}
