"""Discussions and pull requests of the small Hub, driven by the real client."""

import pytest
from huggingface_hub import (
    DiscussionComment,
    HfApi,
)
from huggingface_hub.errors import (
    HfHubHTTPError,
)

from cardboard.tests.hub import GUEST_TOKEN, Hub
from cardboard.tests.hub.sample import REPO, add

pytest_plugins = ("cardboard.tests.hub.fixtures",)


def guest(hub: Hub) -> HfApi:
    """Return the client of Ben, who belongs to no organisation."""
    return HfApi(endpoint=hub.url, token=GUEST_TOKEN)


def test_a_pull_request_from_opening_to_merging(tiny: Hub, api: HfApi) -> None:
    """Ben may only propose; he pushes to his own request; Ana merges it."""
    ben = guest(tiny)
    opened = ben.create_commit(REPO, [add("b.md", "1")], commit_message="Add b", create_pr=True)
    assert (opened.pr_num, opened.pr_revision) == (1, "refs/pr/1")
    assert tiny.read(REPO, "b.md") is None
    ben.create_commit(REPO, [add("b.md", "2")], commit_message="Fix b", revision="refs/pr/1")
    [found] = api.get_repo_discussions(
        REPO, author="ben", discussion_type="pull_request", discussion_status="open"
    )
    assert (found.num, found.title, found.git_reference) == (1, "Add b", "refs/pr/1")
    assert not list(api.get_repo_discussions(REPO, author="ana"))
    with pytest.raises(HfHubHTTPError, match="rights to merge"):
        ben.merge_pull_request(REPO, 1)
    api.merge_pull_request(REPO, 1)
    assert (tiny.read(REPO, "b.md"), tiny.history(REPO)[0].title) == (b"2", "Add b (#1)")
    details = api.get_discussion_details(REPO, 1)
    assert (details.status, details.merge_commit_oid) == ("merged", tiny.history(REPO)[0].oid)
    assert [event.type for event in details.events] == [
        *("comment", "commit", "status-change", "commit", "status-change")
    ]
    assert not list(api.get_repo_discussions(REPO, discussion_status="open"))


def test_a_pull_request_that_conflicts_is_not_merged(tiny: Hub, api: HfApi) -> None:
    api.create_commit(REPO, [add("c.md", "theirs")], commit_message="Add c", create_pr=True)
    tiny.write(REPO, {"c.md": "ours"})
    assert api.get_discussion_details(REPO, 1).conflicting_files == ["c.md"]
    with pytest.raises(HfHubHTTPError, match=r"conflicts in c\.md"):
        api.merge_pull_request(REPO, 1)
    api.change_discussion_status(REPO, 1, "closed", comment="no")
    [closed] = api.get_repo_discussions(REPO, discussion_status="closed")
    assert closed.status == "closed"


def test_discussions(tiny: Hub, api: HfApi) -> None:
    for number in range(60):
        api.create_discussion(REPO, title=f"Question {number}", description="Why?")
    assert len(list(api.get_repo_discussions(REPO))) == 60
    assert api.comment_discussion(REPO, 1, "Because.").content == "Because."
    assert api.rename_discussion(REPO, 1, "Answered").new_title == "Answered"
    draft = api.create_pull_request(REPO, title="A draft")
    assert (draft.status, draft.git_reference) == ("draft", "refs/pr/61")
    said = api.get_discussion_details(REPO, 1).events[1]
    assert isinstance(said, DiscussionComment)
    assert said.content == "Because."
