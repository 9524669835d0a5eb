"""An episode turn by turn, in a room of paper: what is typed, and what ends it by whose fault."""

from collections.abc import Callable, Sequence
from types import SimpleNamespace

import pytest

from cardboard.eval.engine import Answer, Message
from cardboard.eval.sandbox.console import Seen, State
from cardboard.eval.sandbox.room import RoomFailed, Verdict
from cardboard.eval.suites.kinds.kind import Played, Terms
from cardboard.eval.suites.kinds.shell import dialogues, episode, transcript
from cardboard.eval.suites.kinds.shell.dialogues import CONFIRM, JSON, SHELL
from cardboard.eval.suites.kinds.shell.scoring import facts_of
from cardboard.eval.suites.kinds.shell.transcript import Transcript

from .episodes import a_scenario

PROMPT = "dev@box:~/work$"
Shell = Callable[[str], Seen]


def seen(printed: str = "", state: State = "prompt", status: int | None = 0) -> Seen:
    """Return what a terminal shows behind its prompt."""
    end = {"prompt": f"{PROMPT} ", "continues": "> "}.get(state, "")
    return Seen(screen=f"{PROMPT} {printed}\n{end}", state=state, status=status, folder="~/work")


class Paper:
    """A room whose shell is a function, and that notes what was done in it."""

    def __init__(self, shell: Shell, verdict: Verdict | Exception) -> None:
        self.shell, self.verdict = shell, verdict
        self.terminal = self
        self.done: list[str] = []
        self.killed = 0
        limits = SimpleNamespace(total_bytes=1 << 30)
        self.evidence = SimpleNamespace(
            isolation="paper", bubblewrap=None, filter_sha256=None, memory=None, limits=limits
        )

    def __enter__(self) -> "Paper":
        self.done.append("open")
        return self

    def __exit__(self, *raised: object) -> None:
        self.done.append("closed")

    def run_setup(self, text: str) -> None:
        self.done.append("setup")

    def type(self, keys: str, seconds: float) -> Seen:
        self.done.append(keys)
        return self.shell(keys.rstrip("\n"))

    def interrupt(self) -> Seen:
        self.done.append("^C")
        return seen("^C", status=130)

    def check(self, text: str, seconds: float) -> Verdict:
        self.done.append("check")
        if isinstance(self.verdict, Exception):
            raise self.verdict
        return self.verdict


def calm(line: str) -> Seen:
    """Return what a shell shows in which every command succeeds and prints nothing."""
    return seen(line)


PASSED = Verdict(state="passed", why="", output="")
FAILED = Verdict(state="failed", why="", output="+ test 2 = 3\n")


class Play:
    """An episode in rooms of paper, answered from a list."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        answers: Sequence[str | Answer],
        *,
        shell: Shell = calm,
        verdicts: Sequence[Verdict | Exception] = (PASSED,),
        dialogue: str = SHELL,
        **differs: object,
    ) -> None:
        self.rooms: list[Paper] = []
        left = iter(verdicts)

        def opened(**given: object) -> Paper:
            self.rooms.append(Paper(shell, next(left)))
            return self.rooms[-1]

        monkeypatch.setattr(episode, "Room", opened)
        self.row = a_scenario(**differs)
        self.asked: list[tuple[Message, ...]] = []
        told, playing = iter(answers), episode.play(self.row, Terms(dialogue=dialogue))
        self.asked.append(next(playing))
        try:
            while True:
                one = next(told)
                answer = Answer(key="k", text=one) if isinstance(one, str) else one
                self.asked.append(playing.send(answer))
        except StopIteration as end:
            self.played: Played = end.value

    @property
    def transcript(self) -> Transcript:
        """Return the transcript, which must be there."""
        found = transcript.decode(self.played.text)
        assert found is not None
        return found

    @property
    def facts(self) -> dict[str, object]:
        """Return what the episode was."""
        return facts_of(self.row.reference, self.transcript)

    @property
    def last(self) -> str:
        """Return what the model was told last."""
        return self.asked[-1][-1].content


Patch = pytest.MonkeyPatch


class TestATurn:
    def test_types_each_line_and_shows_what_the_screen_showed(self, monkeypatch: Patch) -> None:
        play = Play(monkeypatch, ["ls\npwd", "exit"])
        assert play.last == (f"<terminal>\n{PROMPT} ls\n{PROMPT} pwd\n{PROMPT}\n</terminal>")
        assert play.rooms[0].done == ["open", "setup", "ls\n", "pwd\n", "check", "closed"]
        assert (play.played.ended, play.facts["clean"]) == ("exit", True)

    def test_keeps_what_was_said_before(self, monkeypatch: Patch) -> None:
        play = Play(monkeypatch, ["ls", "pwd", "exit"])
        assert [turn.role for turn in play.asked[-1]] == [
            "system", "user", "assistant", "user", "assistant", "user"
        ]  # fmt: skip

    def test_types_nothing_behind_the_end(self, monkeypatch: Patch) -> None:
        play = Play(monkeypatch, ["ls\nexit\nrm -r ."])
        assert "rm -r .\n" not in play.rooms[0].done

    def test_takes_an_exit_in_a_here_document_for_text(self, monkeypatch: Patch) -> None:
        def shell(line: str) -> Seen:
            return seen(line, "continues" if line in ("cat > a <<E", "exit") else "prompt")

        play = Play(monkeypatch, ["cat > a <<E\nexit\nE\nls", "exit"], shell=shell)
        assert play.rooms[0].done[2:6] == ["cat > a <<E\n", "exit\n", "E\n", "ls\n"]

    def test_takes_back_a_command_whose_rest_is_not_typed(self, monkeypatch: Patch) -> None:
        play = Play(monkeypatch, ["echo '", "exit"], shell=lambda line: seen(line, "continues"))
        assert play.rooms[0].done[3] == "^C"
        assert play.transcript.facts[0].typed[0].fault == "unfinished"

    @pytest.mark.parametrize("state", ["running", "flooded"])
    def test_stops_a_command_that_does_not_end(self, monkeypatch: Patch, state: State) -> None:
        play = Play(monkeypatch, ["yes", "exit"], shell=lambda line: seen(line, state, None))
        assert play.rooms[0].done[2:4] == ["yes\n", "^C"]
        assert play.transcript.facts[0].typed[0].fault == state

    def test_does_not_type_a_line_that_no_terminal_takes(self, monkeypatch: Patch) -> None:
        play = Play(monkeypatch, ["echo " + "가" * 2000, "exit"])
        assert "a line of 6005 bytes was not typed" in play.last

    def test_shows_both_ends_of_a_long_screen(self, monkeypatch: Patch) -> None:
        play = Play(monkeypatch, ["seq", "exit"], shell=lambda line: seen("x" * 9000 + "end"))
        assert len(play.last) < episode.MOST_SHOWN + 100
        assert f"{PROMPT} xxx" in play.last
        assert f"xxxend\n{PROMPT}" in play.last
        assert play.transcript.facts[0].cut == 3035

    def test_says_where_nothing_could_be_read(self, monkeypatch: Patch) -> None:
        play = Play(monkeypatch, ["I do not know", "exit"], dialogue=JSON, language="ko")
        assert play.asked[1][-1].content.startswith("답에서 명령을 읽을 수 없어")


class TestAnEpisodeEnds:
    def test_with_the_shell_itself(self, monkeypatch: Patch) -> None:
        play = Play(monkeypatch, ["cd x && exit"], shell=lambda line: seen(line, "ended", 0))
        assert play.played.ended == "exit"

    def test_by_giving_up(self, monkeypatch: Patch) -> None:
        play = Play(monkeypatch, ["cat key", "panic the key is missing"])
        assert (play.played.ended, play.facts["reason"]) == ("panic", "the key is missing")

    def test_in_json_by_calling_the_job_done(self, monkeypatch: Patch) -> None:
        play = Play(monkeypatch, [dialogues.answered(JSON, ("ls",), "exit", "")], dialogue=JSON)
        assert (play.played.ended, play.rooms[0].done[2]) == ("exit", "ls\n")

    def test_after_it_was_called_done_twice(self, monkeypatch: Patch) -> None:
        done = dialogues.answered(CONFIRM, (), "exit", "")
        more = dialogues.answered(CONFIRM, ("ls",), None, "")
        play = Play(monkeypatch, [done, more, done, done], dialogue=CONFIRM)
        doubts = [dialogues.is_doubt(asked[-1].content) for asked in play.asked]
        assert doubts == [False, True, False, True]
        assert [one.asked_again for one in play.transcript.facts] == [True, False, True, False]

    def test_with_its_last_turn(self, monkeypatch: Patch) -> None:
        play = Play(monkeypatch, ["ls"] * dialogues.TURNS)
        assert (play.played.ended, play.facts["stalled"]) == ("turns", True)
        assert (play.facts["overrun"], play.facts["clean"]) == (True, False)

    def test_when_answers_are_cut_off_one_after_another(self, monkeypatch: Patch) -> None:
        cut = Answer(key="k", text="ls", finish_reason="length")
        play = Play(monkeypatch, [cut, cut, "ls", cut, cut, cut])
        assert (play.played.ended, play.facts["turns"]) == ("tokens", 6)

    def test_when_the_room_has_worked_long_enough(self, monkeypatch: Patch) -> None:
        clock = iter(range(0, 10_000, 100))
        monkeypatch.setattr(episode, "monotonic", lambda: float(next(clock)))
        play = Play(monkeypatch, ["ls", "ls", "ls"])
        assert play.played.ended == "wall"

    def test_when_the_window_is_full(self, monkeypatch: Patch) -> None:
        full = Answer(key="k", text=None, error="too long", finish_reason="context")
        play = Play(monkeypatch, ["ls", full])
        assert (play.played.ended, play.facts["turns"]) == ("context", 1)


class TestWhatIsNobodysScore:
    def test_is_a_call_that_failed(self, monkeypatch: Patch) -> None:
        play = Play(monkeypatch, ["ls", Answer(key="k", text=None, error="HTTP 503")])
        assert play.played == Played(text=None, ended="call", error="HTTP 503")
        assert play.rooms[0].done[-1] == "closed"

    def test_is_a_room_that_failed_twice(self, monkeypatch: Patch) -> None:
        broken = RoomFailed("no memory left")
        play = Play(monkeypatch, ["exit", "exit"], verdicts=(broken, broken))
        assert play.played == Played(
            text=None, ended="room", error="the room failed: no memory left"
        )
        assert [room.done[-1] for room in play.rooms] == ["closed", "closed"]

    def test_and_of_one_that_failed_once_nothing_is_left(self, monkeypatch: Patch) -> None:
        broken = Verdict(state="broken", why="timed out", output="")
        play = Play(monkeypatch, ["ls", "exit", "pwd", "exit"], verdicts=(broken, PASSED))
        assert [turn.message for turn in play.transcript.turns] == ["pwd", "exit"]
        assert play.asked[2] == play.asked[0]


def test_the_room_says_what_became_of_the_check(monkeypatch: Patch) -> None:
    play = Play(monkeypatch, ["exit"], verdicts=(FAILED,))
    assert (play.transcript.extra.passed, play.transcript.extra.why) == (False, "+ test 2 = 3")
    assert play.facts["false_claim"] is True


@pytest.mark.parametrize(("printed", "found"), [("count the\n files", True), ("count", False)])
def test_the_job_is_found_once_its_words_were_on_the_screen(
    monkeypatch: Patch, printed: str, found: bool
) -> None:
    play = Play(
        monkeypatch,
        ["cat TODO", "exit"],
        shell=lambda line: seen(f"{line}\n{printed}"),
        directive="discover",
        text="",
        markers=("count the files",),
    )
    assert play.transcript.extra.found is found


def test_an_episode_that_is_given_up_leaves_no_room_open(monkeypatch: Patch) -> None:
    rooms: list[Paper] = []

    def opened(**given: object) -> Paper:
        rooms.append(Paper(calm, PASSED))
        return rooms[-1]

    monkeypatch.setattr(episode, "Room", opened)
    playing = episode.play(a_scenario(), Terms(dialogue=SHELL))
    next(playing)
    playing.close()
    assert rooms[0].done == ["open", "setup", "closed"]
