"""The small Hub's quotas, in the Hub's words and headers."""

import pytest
from huggingface_hub import (
    HfApi,
)
from huggingface_hub.errors import (
    HfHubHTTPError,
)

from cardboard.tests.hub import WRITE_TOKEN, Hub, Settings
from cardboard.tests.hub.sample import CARD, REPO, add, status_of

pytest_plugins = ("cardboard.tests.hub.fixtures",)


class Clock:
    """A clock that only a test moves."""

    now = 1_800_000_000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


def test_the_hours_commits_are_limited_in_the_hubs_words() -> None:
    clock = Clock()
    settings = Settings(commits_per_hour=2, requests_per_window=1000, clock=clock)
    with Hub(settings) as hub:
        hub.write(REPO, {"README.md": CARD})
        api = HfApi(endpoint=hub.url, token=WRITE_TOKEN)
        for name in "ab":
            api.create_commit(REPO, [add(name, name)], commit_message=name)
        with pytest.raises(HfHubHTTPError, match=r"repository commits \(2 per hour\)") as refused:
            api.create_commit(REPO, [add("c", "c")], commit_message="c")
        assert status_of(refused) == 429
        headers = refused.value.response.headers
        assert headers["retry-after"] == "3600"
        assert headers["ratelimit"] == '"api";r=994;t=300', "as on the Hub, requests are left"
        clock.now += 3600
        api.create_commit(REPO, [add("c", "c")], commit_message="c")


def test_requests_are_limited_by_window_and_files_have_their_own() -> None:
    clock = Clock()
    with Hub(Settings(requests_per_window=2, window_seconds=300, clock=clock)) as hub:
        hub.write(REPO, {"README.md": CARD})
        api = HfApi(endpoint=hub.url, token=WRITE_TOKEN)
        clock.now += 100
        assert [api.repo_exists(REPO), api.repo_exists(REPO)] == [True, True]
        clock.now += 45
        with pytest.raises(HfHubHTTPError, match="Retry after 255 seconds") as refused:
            api.model_info(REPO)
        headers = refused.value.response.headers
        assert headers["ratelimit"] == '"api";r=0;t=255'
        assert headers["ratelimit-policy"] == '"fixed window";"api";q=2;w=300'
        assert api.file_exists(REPO, "README.md")
        clock.now += 255
        assert api.repo_exists(REPO)
