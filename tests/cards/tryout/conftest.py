"""A model to try: a server on loopback that says what a test wants, and the page that asks it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Browser

from cardboard.board.read.verdicts import Line
from cardboard.cards.tryout.log import Log
from cardboard.cards.tryout.models import TriedModel
from cardboard.cards.tryout.server import serving
from cardboard.cards.tryout.tryout import Tryout
from cardboard.eval.engine import Options
from cardboard.eval.run.request import Request
from cardboard.tests.eval.speaking import STREAM, Call, Reply, Speaker, pieces, speaking
from cardboard.tests.site.browsing import chromium

DAY = datetime(2026, 11, 30, 9, 0)
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
)
PROMPT = "<|im_start|>user\nas the model reads it<|im_end|>\n<|im_start|>assistant\n"


class Held:
    """A model's words, of which the rest comes when the test lets go, or the server dies."""

    def __init__(self, first: str, rest: str | None) -> None:
        """Say *first* at once; *rest* later, or break off where there is none."""
        self.first, self.rest, self.let_go = first, rest, Event()

    def __iter__(self) -> Iterator[bytes]:
        yield from pieces([self.first], finish=None)
        assert self.let_go.wait(30)
        yield from pieces([] if self.rest is None else [self.rest], finish=self.rest and "stop")


Said = str | list[str] | Held | Reply


def speaker(name: str, said: Iterable[Said]) -> Speaker:
    """Return a server like llama.cpp's that has the model *name*, which says one thing a call."""
    told = iter(said)

    def chat(call: Call) -> Reply:
        found = next(told)
        if isinstance(found, Reply):
            return found
        if isinstance(found, Held):
            return Reply(iter(found), headers=STREAM)
        return Reply(pieces([found] if isinstance(found, str) else found), headers=STREAM)

    listed = {"data": [{"id": name, "owned_by": "llamacpp"}]}
    pages = {
        "/v1/models": listed,
        "/props": {"chat_template": TEMPLATE, "build_info": "b1"},
        "/apply-template": {"prompt": PROMPT},
    }
    return Speaker(chat, pages)


@dataclass
class Trial:
    """A try that is being served."""

    url: str
    folder: Path
    tryout: Tryout
    speakers: list[Speaker]
    told: list[str] = field(default_factory=list)
    """Further addresses, where the network may come in."""

    @property
    def lines(self) -> list[Any]:
        """Return the lines of the log."""
        text = self.tryout.log.lines.read_bytes()
        return [msgspec.json.decode(line, type=Line) for line in text.splitlines()]

    @property
    def text(self) -> str:
        """Return the log that people read."""
        return self.tryout.log.text.read_text(encoding="utf-8")


Try = Callable[..., Trial]


def request(at: Speaker, name: str, **options: Any) -> Request:
    """Return what asks the model *name* of a server."""
    told = {"stream": True, "concurrency": 1, "api_key_variable": "TRY_KEY", **options}
    return Request(backend="openai", options=Options(model=name, base_url=at.url, **told))


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Try]:
    """Return `trial({NAME: [WHAT IT SAYS, ...]})`, which serves a page for one model or two."""
    with ExitStack() as stack:

        def start(models: dict[str, list[Said]], *, seed: int = 1, lan: bool = False) -> Trial:
            speakers = [speaker(name, said) for name, said in models.items()]
            tried = []
            for name, one in zip(models, speakers, strict=True):
                stack.enter_context(speaking(one))
                tried.append(TriedModel(request(one, name)))
            log = Log(tmp_path / "home", list(models), DAY)
            tryout = Tryout(tried, log, seed=seed)
            told: list[str] = []
            url = stack.enter_context(serving(tryout, 0, lan=lan, tell=told.append))
            stack.callback(tryout.close)
            return Trial(url, tmp_path / "home", tryout, speakers, told)

        yield start


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give the one browser of a file's tests."""
    with chromium() as running:
        yield running
