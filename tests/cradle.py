"""The process behind `pushing.Cradle`: load everything once, then fork for each command."""

import json
import os
import ssl
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

from huggingface_hub import CommitOperationAdd, HfApi, constants, get_session
from msgspec import msgpack
from rich import console, progress

from cardboard.board.words.catalogue import Words
from cardboard.board.workspace.settings import Settings
from cardboard.cards.commands import push_commands
from cardboard.cards.hub import hub, session
from cardboard.cards.push import flow as push_flow
from cardboard.cards.push import push, status
from cardboard.cards.text import render
from cardboard.cards.text.card import Card
from cardboard.cli import main
from cardboard.tests.pushing import write_workspace

LOADED = (
    *(CommitOperationAdd, HfApi, console, progress),
    *(hub, push_commands, push_flow, session, status),
)
SHORT = 0.01
"""Seconds that pauses between tries take here."""


def run(told: dict[str, Any], argv: list[str]) -> None:
    """Be the command: print into files, speak to the Hub that was named, and end."""
    folder = Path(told["folder"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(folder / name, os.O_WRONLY | os.O_CREAT), number)
    constants.ENDPOINT = told["url"]
    template = told["url"] + "/{repo_id}/resolve/{revision}/{filename}"
    constants.HUGGINGFACE_CO_URL_TEMPLATE = template
    if told["token"]:
        os.environ["HF_TOKEN"] = told["token"]
    os.environ.update(told.get("environment") or {})
    code = 1
    try:
        main(argv)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def keep_layouts() -> None:
    """Compile a layout once for equal settings: that takes longer than all that is tested here."""
    made: dict[bytes, Callable[[Card], str]] = {}
    body = render._body

    def kept(
        words: Words, settings: Settings, *, first: Words, names: list[str]
    ) -> Callable[[Card], str]:
        key = msgpack.encode((words.language, settings, first.language, names))
        if key not in made:
            made[key] = body(words, settings, first=first, names=names)
        return made[key]

    vars(render)["_body"] = kept


def warm_up(folder: Path) -> None:
    """Push small workspaces into a folder: what is loaded on the way need not be loaded again."""
    get_session()
    for evals in (False, True):
        workspace = write_workspace(folder / f"workspace-{evals}", 2, evals=evals)
        with suppress(SystemExit), redirect_stdout(StringIO()):
            main(["-C", str(workspace), "push", "--to", str(folder / "to")])


def serve() -> None:
    """Answer each line: with the id of a new process, or with how one ended."""
    sleep = time.sleep
    vars(time)["sleep"] = lambda seconds: sleep(min(seconds, SHORT))
    push.PAUSE = push.UNTOLD_LIMIT = push_commands.RETRY = SHORT
    keep_layouts()
    vars(ssl)["create_default_context"] = cache(ssl.create_default_context)
    warm_up(Path(os.environ["HF_HOME"]))
    for line in sys.stdin:
        told = json.loads(line)
        if "wait" in told:
            print(os.waitstatus_to_exitcode(os.waitpid(told["wait"], 0)[1]), flush=True)
            continue
        pid = os.fork()
        if pid == 0:
            run(told, told["argv"])
        print(pid, flush=True)


if __name__ == "__main__":
    serve()
