"""The process behind `pushing.Cradle`: load everything once, then fork for each command."""

import json
import os
import ssl
import sys
import time
from contextlib import redirect_stdout, suppress
from functools import cache, partialmethod
from io import StringIO
from pathlib import Path
from typing import Any

from huggingface_hub import CommitOperationAdd, HfApi, constants, get_session
from jinja2 import Environment, FileSystemBytecodeCache
from jinja2.bccache import Bucket
from rich import console, progress

from cardboard.cards.commands import push_commands
from cardboard.cards.hub import hub, session
from cardboard.cards.push import flow as push_flow
from cardboard.cards.push import push, status
from cardboard.cli import main
from cardboard.tests.pushing import write_workspace

LOADED = (
    *(CommitOperationAdd, HfApi, console, progress),
    *(hub, push_commands, push_flow, session, status),
)
SHORT = 0.01
"""Seconds that pauses between tries take here."""


class Compiled(FileSystemBytecodeCache):
    """Keep what each kind of environment makes of a template."""

    def get_bucket(
        self, environment: Environment, name: str, filename: str | None, source: str
    ) -> Bucket:
        """Return where the code of a template lies."""
        return super().get_bucket(environment, f"{type(environment)} {name}", filename, source)


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


def warm_up(folder: Path) -> None:
    """Push a small workspace into a folder: what is loaded on the way need not be loaded again."""
    workspace = write_workspace(folder / "workspace", 2)
    get_session()
    with suppress(SystemExit), redirect_stdout(StringIO()):
        main(["-C", str(workspace), "push", "--to", str(folder / "to")])


def serve() -> None:
    """Answer each line: with the id of a new process, or with how one ended."""
    sleep = time.sleep
    vars(time)["sleep"] = lambda seconds: sleep(min(seconds, SHORT))
    push.PAUSE = push.UNTOLD_LIMIT = push_commands.RETRY = SHORT
    # Compiling the layout takes longer than all that is tested here.
    compiled = Compiled(os.environ["HF_HOME"])
    made = partialmethod(Environment.__init__, bytecode_cache=compiled)
    Environment.__init__ = made  # type: ignore[assignment, method-assign]
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
