"""Random histories of a workspace, whose site is built again and again.

`python -m cardboard.tests.incremental COUNT [SEED [LIMIT]]` follows so many: after each, the site
that was built from those before must be, byte for byte, the one that is built at once. Boards of
more than LIMIT entries are large ones.
"""

import json
import random
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from cardboard.board.judge.build import load_boards
from cardboard.board.workspace.configuration import open_workspace
from cardboard.cli import card_texts
from cardboard.site.assembly.write import write_site
from cardboard.tests.site.conftest import frames_in, hasten

BOARD = """\
[board]
title = { en = "Histories", ko = "기록" }

[[suites]]
name = "quiz"
version = "1"
kind = "reported"

[[suites.metrics]]
id = "accuracy"
ranked = true
scale = 100
per_step = true
binary = true
shown = "board"

[[suites]]
name = "exam"
version = "1"
kind = "reported"

[[suites.metrics]]
id = "accuracy"
ranked = true
scale = 100
shown = "board"

[[suites.metrics]]
id = "words"
unit = "count"
"""
TASKS, MODELS = 6, 7


class History:
    """A workspace below *folder* that changes by chance."""

    def __init__(self, folder: Path, seed: int, limit: int = 100) -> None:
        self._random, self._folder = random.Random(seed), folder
        self._board = f"{BOARD}\n[site]\nexact_up_to = {limit}\n"
        self._root = folder / "work"
        self.site, self.marks = self._root / "build" / "site", self._root / ".cardboard"
        (self._root / "results").mkdir(parents=True)
        (self._root / "board.toml").write_text(self._board, encoding="utf-8")

    def chance(self, low: int, high: int) -> int:
        """Return a number of both or between them."""
        return self._random.randint(low, high)

    def add(self, suite: str, model: str) -> None:
        """Add a result of *model* on *suite*, or put another in its place."""
        path = self._root / "results" / f"{model.replace('/', '-')}-{suite}.json"
        path.write_text(json.dumps(self._result(suite, model)), encoding="utf-8")

    def go_on(self) -> str:
        """Change something, build the site anew from what is there, and return what was done."""
        there = sorted((self._root / "results").iterdir())
        chance = self._random.random()
        if there and chance < 0.25:
            gone = self._random.choice(there)
            gone.unlink()
            done = f"remove {gone.name}"
        elif chance < 0.35:
            self._tell_models()
            done = "change models.toml"
        elif chance < 0.4:
            title = self._random.choice(("Histories", "Stories"))
            text = self._board.replace("Histories", title)
            if title == "Stories":
                text = text.replace("[board]", '[board]\nsite_url = "https://example.org/"')
            (self._root / "board.toml").write_text(text, encoding="utf-8")
            done = f"call it {title}"
        elif there and chance < 0.45:
            first = self._random.choice(there)
            again = first.with_name(f"again-{self._random.randrange(3)}.json")
            again.write_bytes(first.read_bytes())  # it may be a copy of itself
            done = f"copy {first.name}"
        else:
            suite = self._random.choice(("quiz", "exam", "exam", "other"))
            model = f"org/m{self._random.randrange(MODELS)}"
            self.add(suite, model)
            done = f"add {model} on {suite}"
        self.build()
        return done

    def build(self) -> None:
        """Build the site from the one that is there."""
        self._write(self.site, self.marks)

    def difference(self) -> list[str]:
        """Return the files in which the site is not the one that is built at once."""
        whole = self._folder / "whole"
        shutil.rmtree(whole, ignore_errors=True)
        self._write(whole, None)
        one, other = tree(self.site), tree(whole)
        return sorted(name for name in one | other if one.get(name) != other.get(name))

    def times(self) -> dict[str, tuple[int, int]]:
        """Return what tells by its path whether a file was written."""
        told = ((path, path.stat()) for path in self.site.rglob("*") if path.is_file())
        return {
            path.relative_to(self.site).as_posix(): (status.st_mtime_ns, status.st_ino)
            for path, status in told
        }

    def _write(self, folder: Path, marks: Path | None) -> None:
        workspace = open_workspace(self._root)
        write_site(
            load_boards(workspace),
            workspace.settings,
            folder,
            results=workspace.results,
            root=workspace.root,
            cards=card_texts,
            marks=marks,
        )

    def _tell_models(self) -> None:
        names = [f"org/m{number}" for number in range(MODELS)]
        told = []
        for name in self._random.sample(names, 3):
            base = self._random.choice(names)
            told.append(
                f'["{name}"]\nparameters = {self._random.choice((1, 8))}\n'
                f'purpose = {{ en = "Purpose {self._random.randrange(3)}" }}\n'
                + (f'base_model = "{base}"\n' if base != name else "")
            )
        (self._root / "models.toml").write_text("\n".join(told), encoding="utf-8")

    def _result(self, suite: str, model: str) -> dict[str, Any]:
        scores = [float(self._random.random() < 0.6) for _ in range(TASKS)]
        steps = [
            {"task_id": f"q{task}", "step_idx": 0, "scores": {"accuracy": score}}
            for task, score in enumerate(scores)
        ]
        mean = sum(scores) / TASKS
        told = {"accuracy": {"value": mean}}
        if suite != "quiz":
            told["words"] = {"value": float(self._random.randrange(100, 110))}
        return {
            "kind": "result",
            "version": 2,
            "model": {"id": model, "revision": "0f3a9c1"},
            "suite": {"name": suite, "version": "1", "kind": "reported"},
            "prompts": {"template_status": "chat_template"},
            "protocol": {"shots": self._random.choice((0, 5))},
            "counts": {"expected": TASKS, "scored": TASKS, "failed": 0},
            "metrics": told,
            "status": "complete",
            "steps": steps if suite == "quiz" else [],
        }


def tree(folder: Path) -> dict[str, bytes]:
    """Return the content of every file below *folder*."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def main(count: int, seed: int = 0, limit: int = 100) -> int:
    """Follow *count* histories, and return how many went wrong."""
    wrong = 0
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        hasten(patch, frames_in(Path(folder, "frames")))
        history = History(Path(folder, "histories"), seed, limit)
        for number in range(count):
            done = [history.go_on() for _ in range(history.chance(1, 3))]
            different = history.difference()
            wrong += bool(different)
            if different or number % 20 == 19:
                print(f"{number + 1}: {', '.join(done)}: {different or 'equal'}", flush=True)
    return wrong


if __name__ == "__main__":
    arguments = [int(one) for one in sys.argv[1:]]
    sys.exit(main(*arguments or [200]) > 0)
