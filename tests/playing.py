"""Scenarios of a shell, played to their end without a model."""

from cardboard.eval.engine import Answer
from cardboard.eval.suites.kinds.kind import Player, Terms
from cardboard.eval.suites.kinds.shell import episode
from cardboard.eval.suites.kinds.shell.build import build
from cardboard.eval.suites.kinds.shell.kind import SHELL
from cardboard.eval.suites.kinds.shell.rows import ShellRow
from cardboard.eval.suites.suite import PACKAGED

ROWS = build(PACKAGED / "shell-live")


def rule(name: str) -> Player:
    """Return the rule called *name*."""
    assert SHELL.staged is not None
    return SHELL.staged.players[name](ROWS, {})


def transcript(row: ShellRow, player: Player, dialogue: str) -> str:
    """Return the transcript of the episode in which *player* plays *row*."""
    playing = episode.play(row, Terms(dialogue=dialogue))
    messages = next(playing)
    while True:
        try:
            messages = playing.send(Answer(key="k", text=player(row, messages)))
        except StopIteration as end:
            assert end.value.text is not None, end.value.error
            return str(end.value.text)
