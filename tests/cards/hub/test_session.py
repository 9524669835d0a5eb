"""While a session is open, every request of the client passes the budget and has a time limit."""

import pytest
from huggingface_hub import HfApi, get_session

from cardboard.cards.hub.budget import Budget
from cardboard.cards.hub.errors import Limited, Unclear
from cardboard.cards.hub.responses import scrubber
from cardboard.cards.hub.session import TIMEOUT, session
from cardboard.tests.hub import NAMED, Hub
from cardboard.tests.hub.sample import REPO

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
