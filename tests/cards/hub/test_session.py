"""While a session is open, every request of the client passes the budget and has a time limit."""

import threading
from contextlib import suppress

import pytest
from huggingface_hub import HfApi, get_session

from cardboard.cards.hub import session as sessions
from cardboard.cards.hub.budget import Budget
from cardboard.cards.hub.errors import Limited, Unclear
from cardboard.cards.hub.responses import scrubber
from cardboard.cards.hub.session import TIMEOUT, session
from cardboard.tests.hub import NAMED, Fault, Hub
from cardboard.tests.hub.sample import REPO, add

pytest_plugins = ("cardboard.tests.hub.fixtures",)


class Counted(Budget):
    """A budget that counts the requests of each bucket."""

    def __init__(self) -> None:
        self.buckets: list[str] = []
        super().__init__(
            commits_per_hour=1,
            requests_per_window=100,
            clock=lambda: 0.0,
            wait=lambda seconds: None,
            say=lambda why, seconds: None,
        )

    def request(self, bucket: str) -> None:
        """Count a request."""
        self.buckets.append(bucket)


def test_requests_are_counted_by_their_bucket(tiny: Hub, api: HfApi) -> None:
    budget = Counted()
    with session(budget, scrubber(None)):
        api.model_info(REPO)
        api.file_exists(REPO, "README.md")
        assert get_session().timeout.read == TIMEOUT
    api.model_info(REPO)
    assert budget.buckets == ["api", "resolvers"]
    assert get_session().timeout.read is None, "as the client has it"


@pytest.mark.parametrize(("name", "kind"), [("window-429", Limited), ("gateway-502", Unclear)])
def test_the_clients_own_retries_never_wait_in_the_dark(
    tiny: Hub, api: HfApi, name: str, kind: type[Exception]
) -> None:
    tiny.arm(NAMED[name], kind="list")
    with session(Counted(), scrubber(None)), pytest.raises(kind):
        list(api.list_models(author="acme"))
    assert tiny.log.count("list") == 1


@pytest.mark.parametrize("kind", ["list", "preupload"])
def test_a_request_without_an_answer_is_sent_once(tiny: Hub, api: HfApi, kind: str) -> None:
    """The client would send it six times, and so would we: 36 requests without a word."""
    tiny.arm(NAMED["dropped"], kind=kind, times=None)
    with session(Counted(), scrubber(None)), pytest.raises(Unclear, match="no answer"):
        if kind == "list":
            list(api.list_models(author="acme"))
        else:
            api.create_commit(REPO, [add("x", "x")], commit_message="x")
    assert tiny.log.count(kind) == 1


def test_an_answer_that_is_late_is_told_once(
    tiny: Hub, api: HfApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "SILENCE", 0.1)
    monkeypatch.setattr(sessions, "LOOK", 0.02)
    said: list[str] = []
    told = threading.Event()

    def say() -> None:
        said.append("late")
        told.set()

    tiny.arm(Fault(kind="info", how="stall"))
    with session(Counted(), scrubber(None), say):
        asking = threading.Thread(target=lambda: asked(api))
        asking.start()
        assert told.wait(30)
        tiny.faults.clear()
        asking.join()
        api.model_info(REPO)
    assert said == ["late"]


def asked(api: HfApi) -> None:
    """Ask for a repository, and take no answer for one."""
    with suppress(Unclear):
        api.model_info(REPO)
