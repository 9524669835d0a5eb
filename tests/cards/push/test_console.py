"""A push tells why it waits, once and where it can be read."""

import os
import pty
import re
from collections.abc import Iterator
from contextlib import suppress

import pytest

from cardboard.cards.hub.responses import scrubber
from cardboard.cards.push.console import Console


def printed(terminal: int) -> Iterator[str]:
    """Yield what was printed on a terminal that nobody writes to any more, from its other end."""
    with suppress(OSError):  # which Linux says where a file would end
        while data := os.read(terminal, 100_000):
            yield data.decode()


def test_a_remark_stands_on_a_line_of_its_own_above_the_bar(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    console = Console(scrubber("hf_secret"))
    ours, theirs = pty.openpty()
    monkeypatch.setenv("TERM", "xterm")
    with os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr("sys.stderr", terminal)
        console.progress("Pushing", 3, lambda tell: console.waiting("[red]hf_secret[/red]", 600.0))
    said = "".join(printed(ours))
    os.close(ours)
    assert "Pushing" in said
    told = re.search(r"(?:\r\n|\r|\x1b\[2K)Waiting: \[red\]hf_\.\.\.\[/red\]\. Going on at", said)
    assert told is not None, said


def test_short_waits_are_not_worth_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(scrubber(None))
    console.waiting("a moment", 2.0)
    console.waiting("the quota is spent", 60.0)
    console.waiting("the quota is spent", 3600.0)
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition("(in ")[2][:7] for line in lines] == ["60 s). ", "60 min)"]
