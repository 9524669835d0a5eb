"""Pushes in processes of their own: a workspace on disk, and a client that can be killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from cardboard.cards.plan.description import TITLE
from cardboard.eval import records
from cardboard.tests.hub import WRITE_TOKEN, Hub, environment
from cardboard.tests.making import a_result

ROOT = Path(__file__).parents[1]
ORGANISATION = "acme"
SITE = "https://example.org/board/"

BOARD = """
[board]
title = {{ en = "A board", ko = "보드" }}
organisation = "acme"
site_url = "{site}"

[[suites]]
name = "mini"
version = "1"
steps = 6
tasks = 3
protocol = "greedy"
{dataset}

[protocols.greedy]
temperature = 0.0
max_tokens = 1024

[cards]
tags = ["terminal"]

[hub]
{hub}
"""

HAND = """---
# Chosen by the team
license: apache-2.0   # see LICENSE
tags:
- mine
widget:
- text: "Hello"
---

# Written by hand

Nobody may lose this line.

<!-- cardboard:begin sha256=0000000000000000000000000000000000000000000000000000000000000000 -->
<!-- cardboard:end -->

The end, also by hand.
"""


def by_hand(text: str = "") -> str:
    """Return a README that people wrote around an empty part of ours."""
    from cardboard.cards.readme.markers import wrap

    begin, end = "<!-- cardboard:begin", "<!-- cardboard:end -->\n"
    head, rest = HAND.split(begin)
    return head + text + wrap("") + rest.partition(end)[2]


def repos(count: int) -> list[str]:
    """Return the names of *count* repositories."""
    return [f"{ORGANISATION}/model-{number:02}" for number in range(count)]


def write_workspace(
    root: Path,
    count: int = 2,
    *,
    score: float = 0.5,
    evals: bool = False,
    models: str = "",
    hub: str = "",
) -> Path:
    """Write a workspace with a result for each of `repos(count)` and return its folder."""
    (root / "results").mkdir(parents=True, exist_ok=True)
    dataset = 'dataset = "acme/mini-steps"' if evals else ""
    told = f"eval_results = {str(evals).lower()}\n{hub}"
    board = BOARD.format(site=SITE, dataset=dataset, hub=told)
    (root / "board.toml").write_text(board, encoding="utf-8")
    (root / "models.toml").write_text(models, encoding="utf-8")
    for number, repo in enumerate(repos(count)):
        write_result(root, repo, round(score - 0.01 * (number % 40), 4))
    return root


def write_result(root: Path, repo: str, score: float) -> None:
    """Write the result of one model, over the one that it has."""
    result = a_result(repo, score, finished_at="2026-11-20T10:00:00Z")
    path = root / "results" / f"{repo.replace('/', '__')}.json"
    path.write_bytes(records.encode(result))


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Return all that was printed."""
        return self.out + self.err

    def json(self) -> dict[str, dict[str, object]]:
        """Return the repositories of a `--format json`, by name."""
        return {one["repo"]: one for one in json.loads(self.out)["repos"]}


class Running:
    """A command in a process of its own, until it ends or is killed."""

    def __init__(self, cradle: "Cradle", pid: int, folder: Path, token: str) -> None:
        self.pid = pid
        self._cradle, self._folder, self._token = cradle, folder, token

    def kill(self) -> None:
        """Kill it as a power cut would, and wait until it is gone."""
        os.kill(self.pid, signal.SIGKILL)
        assert self._cradle.ask({"wait": self.pid}) == -signal.SIGKILL

    def wait_for(self, text: str, where: str = "err", seconds: float = 120.0) -> None:
        """Wait until the command has printed *text*."""
        deadline = time.monotonic() + seconds
        while text not in (said := (self._folder / where).read_text("utf-8")):
            assert time.monotonic() < deadline, said
            time.sleep(0.01)

    def press_ctrl_c(self) -> None:
        """Interrupt it, and go on."""
        os.kill(self.pid, signal.SIGINT)

    def interrupt(self) -> Done:
        """Interrupt it, and wait for the end."""
        self.press_ctrl_c()
        return self.wait()

    def wait(self) -> Done:
        """Wait for the end."""
        code = self._cradle.ask({"wait": self.pid})
        out, err = ((self._folder / name).read_text("utf-8") for name in ("out", "err"))
        assert self._token not in out + err, "no output ever holds the token"
        return Done(code, out, err)


class Cradle:
    """A process that has loaded everything and forks a new one for each command.

    A fork is a process of its own, with the real client, and comes ten times as fast.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._count = folder, 0
        (folder / "home").mkdir(parents=True)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cardboard.tests.cradle"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment("http://127.0.0.1:1", folder / "home", None),
        )

    def ask(self, what: Mapping[str, object]) -> int:
        """Send a request and return the number that answers it."""
        to, back = self._process.stdin, self._process.stdout
        assert to is not None
        assert back is not None
        to.write(json.dumps(what) + "\n")
        to.flush()
        return int(back.readline())

    def start(
        self,
        *arguments: str,
        url: str,
        token: str | None = WRITE_TOKEN,
        environment: Mapping[str, str] | None = None,
    ) -> Running:
        """Start `cardboard` with *arguments* against the Hub at *url*, with more *environment*."""
        self._count += 1
        folder = self._folder / str(self._count)
        folder.mkdir()
        for name in ("out", "err"):
            (folder / name).touch()
        told: dict[str, object] = {
            "argv": arguments,
            "folder": str(folder),
            "url": url,
            "token": token or "",
        }
        told["environment"] = dict(environment or {})
        return Running(self, self.ask(told), folder, token or "no token")

    def run(
        self,
        *arguments: str,
        url: str,
        token: str | None = WRITE_TOKEN,
        environment: Mapping[str, str] | None = None,
    ) -> Done:
        """Run `cardboard` with *arguments* to its end."""
        return self.start(*arguments, url=url, token=token, environment=environment).wait()

    def close(self) -> None:
        """End the process."""
        pipes: list[IO[str] | None] = [self._process.stdin, self._process.stdout]
        for pipe in pipes:
            if pipe is not None:
                pipe.close()
        self._process.wait()


class Bench:
    """A workspace, a Hub, and a way to push from one to the other."""

    def __init__(self, client: Cradle, hub: Hub, root: Path) -> None:
        self.client, self.hub, self.root = client, hub, root

    def run(self, command: str, *more: str, token: str | None = WRITE_TOKEN) -> Done:
        """Run a command."""
        return self.client.run("-C", str(self.root), command, *more, url=self.hub.url, token=token)

    def push(self, *more: str, token: str | None = WRITE_TOKEN) -> Done:
        """Push without asking."""
        return self.run("push", "--yes", *more, token=token)

    def readme(self, repo: str, revision: str = "main") -> str:
        """Return a README of the Hub."""
        return (self.hub.read(repo, "README.md", revision) or b"").decode()

    def ours(self, repo: str, revision: str = "main") -> int:
        """Count our commits."""
        return sum(commit.title == TITLE for commit in self.hub.history(repo, revision))
