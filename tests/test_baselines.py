"""The models of the sample measured anew: a file changes where an answer or a score does."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from msgspec.structs import replace

from cardboard.eval.records import Machine, Result, Step, Timing, encode

from .baselines import RUNS, keep
from .making import a_result

NAME = "m--shell-mini-1--{}.json"
BEFORE = replace(
    a_result(), steps=(Step(task_id="t", step_idx=0, answer="ls", seconds=1.0),), finished_at=None
)


def kept(folder: Path, result: Result, mark: str = "aaaa") -> str:
    fresh = folder / NAME.format(mark)
    fresh.write_bytes(encode(result))
    return keep(fresh, folder / "results")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "results").mkdir()
    assert kept(tmp_path, BEFORE) == "new"
    return tmp_path


@pytest.mark.parametrize(
    ("differs", "told"),
    [
        ({"timing": Timing(generate_seconds=9.0), "machine": Machine(cores=64)}, "the same"),
        ({"finished_at": "2026-11-30T00:00:00Z", "versions": {"python": "3.13"}}, "the same"),
        ({"steps": (replace(BEFORE.steps[0], seconds=2.0),)}, "the same"),
        ({"steps": (replace(BEFORE.steps[0], answer="cd"),)}, "changed"),
        ({"scorer": "another/2"}, "changed"),
    ],
)
def test_a_result_is_written_where_more_than_its_times_differs(
    differs: Mapping[str, object], told: str, folder: Path
) -> None:
    [path] = (folder / "results").iterdir()
    before, result = path.read_bytes(), replace(BEFORE, **differs)
    assert kept(folder, result) == told
    assert path.read_bytes() == (before if told == "the same" else encode(result))


def test_an_episode_that_only_took_another_time_is_the_same(tmp_path: Path) -> None:
    def played(seconds: float, answer: str) -> Result:
        told = f'{{"steps":[{{"message":"{answer}"}}],"extra":{{"room_seconds":{seconds}}}}}'
        parsed = {"transcript_sha256": f"{seconds}", "room_seconds": seconds}
        step = Step(task_id="t", step_idx=0, answer=told, parsed=parsed)
        return replace(BEFORE, steps=(replace(step, scores={"room_seconds": seconds}),))

    (tmp_path / "results").mkdir()
    assert kept(tmp_path, played(1.5, "ls")) == "new"
    assert kept(tmp_path, played(2.5, "ls")) == "the same"
    assert kept(tmp_path, played(2.5, "cd")) == "changed"


def test_a_model_under_other_settings_takes_the_place_of_what_it_was(folder: Path) -> None:
    assert kept(folder, BEFORE, "bbbb") == "new"
    assert [path.name for path in (folder / "results").iterdir()] == [NAME.format("bbbb")]


def test_every_tracked_baseline_can_be_made_again() -> None:
    results = Path(__file__).parents[1] / "results"
    suites = ("shell-mini", "home-mini", "calls-mini", "shell-live")
    tracked = [path for suite in suites for path in results.glob(f"{suite}/*")]
    names = {
        f"{path.parent.name}/{path.name.partition('--')[0].rpartition('__')[2]}" for path in tracked
    }
    assert names <= {*RUNS}
