"""The same work on several things: forks where they are of use, and the same files in any case."""

import os
import signal

import pytest

from cardboard.board import workers as module
from cardboard.board.workers import side_by_side


@pytest.fixture(params=[1, 2], ids=["one processor", "two processors"])
def processors(request, monkeypatch):
    """Return how many processors there seem to be."""
    monkeypatch.setattr(module, "processors", lambda: request.param)
    return request.param


def test_all_the_work_is_done(tmp_path, processors):
    side_by_side(lambda name: (tmp_path / name).write_text(str(os.getpid())), ["en", "ko", "ja"])
    done = {path.name: int(path.read_text()) for path in tmp_path.iterdir()}
    assert sorted(done) == ["en", "ja", "ko"]
    assert done["en"] == os.getpid()
    assert len(set(done.values())) == (3 if processors > 1 else 1)


@pytest.mark.usefixtures("processors")
@pytest.mark.parametrize("failing", ["en", "ko"])
def test_an_error_is_that_of_the_work_itself(failing):
    def work(name):
        if name == failing:
            raise ValueError(name)

    with pytest.raises(ValueError, match=failing):
        side_by_side(work, ["en", "ko"])


def test_a_fork_that_is_killed_is_made_up_for(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "processors", lambda: 2)
    here = os.getpid()

    def work(name):
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        (tmp_path / name).touch()

    side_by_side(work, ["en", "ko"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["en", "ko"]


def test_no_fork_is_left_behind_by_an_error(monkeypatch):
    monkeypatch.setattr(module, "processors", lambda: 2)
    reader, writer = os.pipe()

    def work(name):
        if name == "en":
            raise ValueError(os.read(reader, 20).decode())
        os.write(writer, str(os.getpid()).encode())
        signal.pause()

    with pytest.raises(ValueError, match=r"\d+") as error:
        side_by_side(work, ["en", "ko"])
    with pytest.raises(ProcessLookupError):
        os.kill(int(str(error.value)), 0)
    os.close(reader)
    os.close(writer)
