"""A watched workspace is pushed once it has changed and come to rest."""

from pathlib import Path

from cardboard.cards.push.watch import Debounce, Snapshot, snapshot


def state(*names: str) -> Snapshot:
    """Return a snapshot with these files."""
    return frozenset((name, 0, 0) for name in names)


class Time:
    """A clock set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_change_is_pushed_once_after_it_has_rested() -> None:
    time = Time()
    debounce = Debounce(5, time, state())
    seen = []
    for second, now in enumerate([state(), state("a"), *[state("a")] * 8]):
        time.now = float(second)
        seen.append(debounce.due(now))
    assert seen == [False] * 6 + [True] + [False] * 3


def test_what_keeps_changing_is_not_pushed() -> None:
    time = Time()
    debounce = Debounce(5, time, state())
    for second in range(20):
        time.now = float(second)
        assert not debounce.due(state(str(second)))


def test_what_is_as_before_again_is_not_pushed() -> None:
    time = Time()
    debounce = Debounce(1, time, state())
    assert not debounce.due(state("a"))
    assert not debounce.due(state())
    time.now = 10.0
    assert not debounce.due(state())


def test_what_failed_is_due_once_more_though_nothing_changes() -> None:
    time = Time()
    debounce = Debounce(1, time, state())
    debounce.due(state("a"))
    due = []
    for second in range(1, 9):
        time.now = float(second)
        due.append(debounce.due(state("a")))
        if second == 1:
            debounce.again(4)
    assert due == [True, False, False, False, True, False, False, False]


def test_a_snapshot_sees_results_and_configuration(tmp_path: Path) -> None:
    first = snapshot(tmp_path)
    (tmp_path / "board.toml").write_text("a")
    second = snapshot(tmp_path)
    (tmp_path / "results" / "deep").mkdir(parents=True)
    (tmp_path / "results" / "deep" / "a.json").write_text("{}")
    third = snapshot(tmp_path)
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "b").write_text("{}")
    assert len({first, second, third}) == 3
    assert snapshot(tmp_path) == third
