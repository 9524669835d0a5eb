"""The workers of a push: how they end when the user ends the push."""

import threading
from collections.abc import Iterator

from cardboard.cards.hub.responses import scrubber
from cardboard.cards.push.console import Console
from cardboard.cards.push.push import Push


class Interrupted(list[str]):
    """Things to do, of which the user sees only the first handed over."""

    def __iter__(self) -> Iterator[str]:
        yield self[0]
        raise KeyboardInterrupt


def test_ctrl_c_while_work_is_handed_over_ends_what_waits_already() -> None:
    push = Push(
        destination=None,  # type: ignore[arg-type]  # nothing is sent here
        journal=None,  # type: ignore[arg-type]  # nor kept
        budget=None,  # type: ignore[arg-type]  # nor spent
        console=Console(scrubber(None)),
        stop=threading.Event(),
    )

    def wait(_: str) -> str:
        push.wait(20.0)
        return "waited to the end"

    assert push.each("Waiting", wait, Interrupted(["first", "second"])) == [None, None]
    assert push.stop.is_set()
