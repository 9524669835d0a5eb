"""A renderer that is ended says by which limit, and the templates after it have their turn."""

import pytest

from cardboard.eval.sandbox.rendering import Job, Limits, Problem, Program, Rendered, run

SLOW = "{% for a in range(900) %}{% for b in range(900) %}{% endfor %}{% endfor %}"
LONG = "{{ 'a' * 100000 }}"
ENDED: list[tuple[str, Limits, Problem, str]] = [
    (SLOW * 900, Limits(seconds=0.3), "time", "it took more than 0.3 seconds"),
    (SLOW, Limits(seconds_in_all=0.3), "time", "its 90 renders took more than 0.3 seconds"),
    (
        LONG,
        Limits(output_bytes=500_000),
        "output",
        "all renders together take more than 500000 bytes",
    ),
]


@pytest.mark.parametrize(("text", "limits", "problem", "error"), ENDED)
def test_a_renderer_that_is_ended_says_why(
    text: str, limits: Limits, problem: Problem, error: str
) -> None:
    *found, last = run([Job(program=Program(text))] * 90 + [Job(program=Program("ok"))], limits)
    assert last == Rendered(text="ok")
    [stopped] = [one for one in found if one.stopped]
    assert (stopped.problem, stopped.error) == (problem, error)
    assert {one.problem for one in found[found.index(stopped) + 1 :]} == {"not run"}
