"""A training run that is watched: the base stays, each checkpoint is measured when it rests."""

import json
import os
import re
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from cardboard.cli import main
from cardboard.eval import records
from cardboard.eval.backends.adapters import checkpoints, spread
from cardboard.eval.backends.transformers import Transformers, open_backend
from cardboard.eval.commands.run_command import evaluate
from cardboard.eval.engine import Options
from cardboard.eval.errors import UsageError
from cardboard.eval.run.options import requests_of
from cardboard.eval.run.plans.watching import Checkpoints
from cardboard.eval.suites.suite import encode

from ...replays import a_suite
from ...tiny import cut, some_adapters

# peft asks transformers for something that transformers is about to rename.
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """Put the handler of SIGTERM back."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def cardboard(*words: object) -> Result:
    return CliRunner().invoke(main, [*map(str, words)])


def an_adapter_in(folder: Path, size: int = 16) -> Path:
    """Write what looks like an adapter whose weights are *size* bytes of one tensor."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "adapter_config.json").write_text('{"r": 4}')
    header = json.dumps({"w": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}).encode()
    data = len(header).to_bytes(8, "little") + header + bytes(size)
    (folder / "adapter_model.safetensors").write_bytes(data)
    return folder


def test_checkpoints_come_run_by_run_and_by_number_and_the_last_adapter_at_the_end(
    tmp_path: Path,
) -> None:
    for name in ("checkpoint-100", "checkpoint-20", "b/checkpoint-3", "checkpoint-best", "other"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "checkpoint-7").write_text("a file")
    found = [path.relative_to(tmp_path).as_posix() for path in checkpoints(tmp_path)]
    assert found == ["checkpoint-20", "checkpoint-100", "b/checkpoint-3"]
    an_adapter_in(tmp_path)
    assert checkpoints(tmp_path)[-1] == tmp_path


def test_a_folder_of_checkpoints_stands_for_all_of_them(tmp_path: Path) -> None:
    made = [an_adapter_in(tmp_path / "run" / f"checkpoint-{n}") for n in (2, 10)]
    runs, single = str(tmp_path / "run"), str(made[0])
    assert spread((runs, "org/lora", single)) == (*map(str, made), "org/lora", single)
    context = evaluate.make_context(
        "eval", ["m", "--suite", "s", "--backend", "vllm", "--adapter", runs]
    )
    given = dict(context.params)
    requests = requests_of(given.pop("model"), given)
    assert [one.options.adapter for one in requests] == [str(one) for one in made]


class Trainer:
    """Checkpoints as a watcher sees them, with a clock that a test turns."""

    def __init__(self, folder: Path) -> None:
        """Watch *folder*."""
        self.now, self.said, self.folder = 0.0, list[str](), folder
        self.watched = Checkpoints([folder], 10.0, self.said.append, lambda: self.now)

    def after(self, seconds: float) -> list[str]:
        """Return what is due *seconds* later."""
        self.now += seconds
        return [path.name for path in self.watched.due()]


def test_a_checkpoint_is_given_out_once_and_only_when_it_has_rested(tmp_path: Path) -> None:
    trainer = Trainer(tmp_path)
    an_adapter_in(tmp_path / "checkpoint-1")
    assert trainer.after(0) == []
    assert trainer.after(9) == []
    (tmp_path / "checkpoint-1" / "trainer_state.json").write_text("{}")
    assert trainer.after(9) == [], "it changed"
    assert trainer.after(9) == []
    assert trainer.after(1) == ["checkpoint-1"]
    assert trainer.after(100) == []


def test_a_half_written_checkpoint_is_waited_for_and_said_once(tmp_path: Path) -> None:
    trainer = Trainer(tmp_path / "run")
    an_adapter_in(tmp_path / "run" / "checkpoint-1", size=8)
    (tmp_path / "run" / "checkpoint-2").mkdir()
    trainer.after(0)
    assert trainer.after(10) == trainer.after(10) == []
    (first, second) = trainer.said
    assert first.startswith("Waiting for run/checkpoint-1: adapter_model.safetensors is cut short")
    assert second == "Waiting for run/checkpoint-2: there is no adapter_config.json"
    an_adapter_in(tmp_path / "run" / "checkpoint-1")
    assert trainer.after(1) == []
    assert trainer.after(10) == ["checkpoint-1"]


def test_a_checkpoint_that_was_written_anew_or_is_asked_for_again_is_given_out_again(
    tmp_path: Path,
) -> None:
    trainer = Trainer(tmp_path)
    path = an_adapter_in(tmp_path / "checkpoint-1")
    trainer.after(0)
    assert trainer.after(10) == ["checkpoint-1"]
    (path / "adapter_config.json").write_text('{"r": 8}  ')
    assert [trainer.after(10), trainer.after(10)] == [[], ["checkpoint-1"]]
    trainer.watched.again(path)
    assert [trainer.after(10), trainer.after(10)] == [[], ["checkpoint-1"]]


def test_a_checkpoint_that_the_trainer_removes_is_nobodys_trouble(tmp_path: Path) -> None:
    trainer = Trainer(tmp_path)
    shutil.rmtree(an_adapter_in(tmp_path / "checkpoint-1"))
    an_adapter_in(tmp_path / "checkpoint-2")
    trainer.after(0)
    shutil.rmtree(tmp_path / "checkpoint-2")
    assert trainer.after(10) == []
    assert trainer.said == []


def until(holds: Callable[[], bool]) -> None:
    """Wait until it *holds*, two minutes at most."""
    for _ in range(1200):
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError("it never came")


def test_each_checkpoint_is_measured_as_it_appears_over_one_base_and_the_board_moves(
    llama: Path, adapters: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, runs = tmp_path / "workspace", tmp_path / "runs"
    suite = a_suite(tasks=1, steps=1)
    assert cardboard("init", workspace).exit_code == 0
    (workspace / "suites").mkdir()
    (workspace / "suites" / "tiny.jsonl").write_bytes(encode(suite.rows))
    info = cardboard("-C", workspace, "suite", "info", "tiny", "--format", "toml")
    with (workspace / "board.toml").open("a") as file:
        file.write(f"\n{info.stdout}")
    made = some_adapters(tmp_path / "made", Path(adapters[0]), 4)
    cut(made[3])
    runs.mkdir()
    shutil.copytree(made[0], runs / "checkpoint-1")
    loads: list[str] = []

    def opened(name: str, options: Options, *given: object) -> Transformers:
        loads.append(options.model)
        return open_backend(options)

    monkeypatch.setattr("cardboard.eval.run.loaded.open_backend", opened)
    monkeypatch.setattr("cardboard.eval.commands.watch_command.LOOK", 0.05)
    boards: list[set[str]] = []
    results = workspace / "results" / "tiny"

    def landed() -> int:
        return len(list(results.glob("*.json")))

    def train() -> None:
        """Write a checkpoint when the one before is measured, the third in two halves."""
        try:
            until(lambda: landed() == 1)
            boards.append(listed())
            shutil.copytree(made[1], runs / "checkpoint-2")
            until(lambda: landed() == 2)
            boards.append(listed())
            shutil.copytree(made[3], runs / "checkpoint-3")
            time.sleep(1.5)
            assert landed() == 2, "half a checkpoint is not measured"
            weights = (made[2] / "adapter_model.safetensors").read_bytes()
            (runs / "checkpoint-3" / "adapter_model.safetensors").write_bytes(weights)
            until(lambda: landed() == 3)
            boards.append(listed())
        finally:
            os.kill(os.getpid(), signal.SIGINT)

    def listed() -> set[str]:
        """Return the entries of the board as a file says them that anybody may read meanwhile."""
        from cardboard.board.judge.build import load_boards
        from cardboard.board.workspace.configuration import open_workspace

        found = load_boards(open_workspace(workspace))
        return {entry.label for board in found.boards for entry in board.entries}

    trainer = threading.Thread(target=train)
    trainer.start()
    done = cardboard(
        *("-C", workspace, "eval", llama, "--suite", "tiny", "--backend", "transformers"),
        *("--max-tokens", 2, "--adapter", runs, "--watch", "--rest", 0.3),
    )
    trainer.join()
    assert done.exit_code == 130, done.stderr
    assert [len(board) for board in boards] == [1, 2, 3], "after each result the board has it"
    paths = [Path(line) for line in done.stdout.splitlines()]
    results_of = [msgspec.json.decode(one.read_bytes(), type=records.Result) for one in paths]
    assert [one.model.adapter and one.model.adapter.id for one in results_of] == [
        "checkpoint-1",
        "checkpoint-2",
        "checkpoint-3",
    ]
    assert loads == [str(llama)], "the base stays loaded"
    assert done.stderr.count("Waiting for runs/checkpoint-3: adapter_model.safetensors is cut") == 1
    before = [path.stat().st_mtime_ns for path in paths]
    again = cardboard(
        *("-C", workspace, "eval", llama, "--suite", "tiny", "--backend", "transformers"),
        *("--max-tokens", 2, "--adapter", runs, "--watch", "--rest", 0, "--deadline", "2s"),
    )
    assert (again.exit_code, again.stdout) == (3, ""), "what is measured is not measured again"
    assert [path.stat().st_mtime_ns for path in paths] == before


def test_an_adapter_that_does_not_fit_is_told_and_the_watch_goes_on(
    llama: Path, adapters: tuple[str, str], tmp_path: Path
) -> None:
    (tmp_path / "tiny.jsonl").write_bytes(encode(a_suite(tasks=1, steps=1).rows))
    good = some_adapters(tmp_path / "made", Path(adapters[0]), 2)[1]
    an_adapter_in(tmp_path / "runs" / "checkpoint-1")
    shutil.copytree(good, tmp_path / "runs" / "checkpoint-2")

    def stop() -> None:
        try:
            until(lambda: any((tmp_path / "out").glob("*checkpoint-2*.json")))
        finally:
            os.kill(os.getpid(), signal.SIGINT)

    watcher = threading.Thread(target=stop)
    watcher.start()
    done = cardboard(
        *("eval", llama, "--suite", tmp_path / "tiny.jsonl", "--backend", "transformers"),
        *("--max-tokens", 2, "--adapter", tmp_path / "runs", "--watch", "--rest", 0.1),
        *("--output", tmp_path / "out"),
    )
    watcher.join()
    assert done.exit_code == 130
    # Whether the other still counts depends on the moment of the interrupt.
    summary = re.search(r"^1 of [12] failed:[\s\S]*", done.stderr, re.MULTILINE)
    assert summary is not None
    assert "checkpoint-1" in summary[0]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--backend", "openai", "--adapter", "."), "openai cannot change adapters"),
        (("--backend", "vllm"), "needs the folder of a training"),
        (("--backend", "vllm", "--adapter", "org/lora"), "org/lora: --adapter: is no folder"),
        (("--backend", "vllm", "--adapter", ".", "--restart"), "--restart has no place beside it"),
        (("--backend", "vllm", "--adapter", ".", "--shard", "1/2"), "--shard has no place"),
    ],
)
def test_what_cannot_be_watched_is_refused(words: tuple[str, ...], error: str) -> None:
    done = cardboard("eval", "m", "--suite", "shell-mini", "--watch", *words)
    assert done.exit_code == UsageError.exit_code
    assert error in done.stderr
