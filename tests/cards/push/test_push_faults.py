"""Every fault of the Hub, at every request of a push: the end is right, or clear and made right."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cardboard.cards.plan.description import TITLE
from cardboard.cards.push.push import TRIES
from cardboard.tests.hub import GUEST_TOKEN, NAMED, WRITE_TOKEN, Fault, Hub
from cardboard.tests.pushing import Cradle, by_hand, repos, write_result, write_workspace

pytest_plugins = ("cardboard.tests.hub.fixtures",)

REPOS = repos(3)
LAST = REPOS[-1]
FINAL = ("unauthorized-401", "forbidden-403")
"""Faults that stop a repository: asking again does not help."""

PUSHED = ("whoami", "list", "resolve", "discussions", "validate", "preupload", "commit", "info")
"""Every kind of request that a push to one's own organisation makes."""
ONTO_OURS = ("whoami", "list", "resolve", "validate", "commit", "info")
"""Those that are left where the last commit is ours: what else is asked was answered then."""
PROPOSED = ("discussions", "resolve", "validate", "preupload", "commit")
"""Those of a pull request."""


@pytest.fixture
def pushed(client: Cradle, hub: Hub, tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Give a way to push a workspace of three models, the last of which is new on the board."""
    workspace = write_workspace(tmp_path / "workspace", 3, evals=True)

    def push(*more: str, token: str = WRITE_TOKEN) -> tuple[int, str]:
        arguments = ("-C", str(workspace), "push", "--yes", "--workers", "1", *more)
        done = client.run(*arguments, url=hub.url, token=token)
        return done.code, done.said

    for repo in REPOS:
        hub.write(repo, {"README.md": by_hand()})
    assert push()[0] == 0
    # The last of three gets worse: no rank and no median moves, so the other cards stay.
    write_result(workspace, LAST, 0.41)
    hub.log.clear()
    return push


def ours(hub: Hub, revision: str = "main", repo: str = LAST) -> int:
    """Count our commits to a repository."""
    return sum(commit.title == TITLE for commit in hub.history(repo, revision))


def is_right(hub: Hub, revision: str = "main") -> bool:
    """Tell whether the last repository holds the new card and what people wrote."""
    text = (hub.read(LAST, "README.md", revision) or b"").decode()
    results = (hub.read(LAST, ".eval_results/cardboard.yaml", revision) or b"").decode()
    return "value: 41.0" in text and "value: 41.0" in results and text.endswith("by hand.\n")


@pytest.mark.parametrize("kind", PUSHED)
@pytest.mark.parametrize("name", NAMED)
def test_a_push_meets_a_fault(
    pushed: Callable[..., tuple[int, str]], hub: Hub, name: str, kind: str
) -> None:
    hub.write(LAST, {"notes.md": "By somebody else.\n"})
    armed = hub.arm(NAMED[name], kind=kind)
    code, said = pushed()
    assert armed.fired == 1
    if name in FINAL and kind not in ("list", "discussions"):
        assert (code, LAST in said) == (1, True)
        assert "401" in said or "403" in said
    elif code != 0:
        assert name == "stale-412", said
        assert LAST in said
    else:
        assert is_right(hub), said
    assert "Traceback" not in said
    again, said = pushed()
    assert again == 0, said
    assert is_right(hub)
    # One commit each before the fault, one with it or after it.
    assert [ours(hub, repo=repo) for repo in REPOS] == [1, 1, 2]


@pytest.mark.parametrize("kind", PROPOSED)
@pytest.mark.parametrize("name", NAMED)
def test_a_pull_request_meets_a_fault(
    pushed: Callable[..., tuple[int, str]], hub: Hub, name: str, kind: str
) -> None:
    armed = hub.arm(NAMED[name], kind=kind)
    arguments = ("--pr", "--repo", LAST)
    code, said = pushed(*arguments, token=GUEST_TOKEN)
    assert armed.fired == 1
    if code != 0:
        assert name in (*FINAL, "stale-412"), said
        assert LAST in said
    again, said = pushed(*arguments, token=GUEST_TOKEN)
    assert again == 0, said
    assert len(hub.repo(LAST).threads) == 1, "never a second pull request"
    assert is_right(hub, "refs/pr/1")
    assert (ours(hub), ours(hub, "refs/pr/1")) == (1, 2)


@pytest.mark.parametrize("name", [name for name in NAMED if name not in FINAL])
def test_a_push_onto_our_own_commit_meets_a_fault(
    pushed: Callable[..., tuple[int, str]], hub: Hub, name: str
) -> None:
    """Only where the answer leaves a doubt the repository is read once more."""
    hub.arm(NAMED[name], kind="commit")
    code, said = pushed()
    assert (code, is_right(hub)) == (0, True), said
    assert [ours(hub, repo=repo) for repo in REPOS] == [1, 1, 2]
    kinds = [line.kind for line in hub.log.lines() if line.repo == f"models/{LAST}"]
    assert kinds[:3] == ["resolve", "resolve", "commit"], "the README, the results, then it is sent"
    assert "preupload" not in kinds or kinds.index("preupload") > kinds.index("commit")


def test_what_others_commit_may_be_a_rule_that_leaves_our_card_out(
    pushed: Callable[..., tuple[int, str]], hub: Hub
) -> None:
    hub.write(LAST, {".gitignore": "README.md\n"})
    code, said = pushed()
    assert (code, hub.log.count("preupload"), hub.log.count("commit")) == (1, 1, 0)
    assert f"ignored        {LAST}" in said


def test_the_kinds_above_are_all_that_a_push_sends(
    pushed: Callable[..., tuple[int, str]], hub: Hub
) -> None:
    hub.write(LAST, {"notes.md": "By somebody else.\n"})
    assert pushed()[0] == 0
    assert hub.log.kinds().keys() == set(PUSHED)


def test_where_the_last_commit_is_ours_fewer_are_sent(
    pushed: Callable[..., tuple[int, str]], hub: Hub
) -> None:
    assert pushed()[0] == 0
    assert hub.log.kinds().keys() == set(ONTO_OURS)


def test_the_kinds_above_are_all_that_a_pull_request_sends(
    pushed: Callable[..., tuple[int, str]], hub: Hub
) -> None:
    assert pushed("--pr", "--repo", LAST, token=GUEST_TOKEN)[0] == 0
    assert hub.log.kinds().keys() == {*PROPOSED, "list"}, "benchmarks are listed, too"


def test_rights_that_the_account_does_not_tell_are_asked_for(
    pushed: Callable[..., tuple[int, str]], hub: Hub
) -> None:
    code, said = pushed(token=GUEST_TOKEN)
    assert code == 1
    assert f"no permission  {LAST}" in said
    assert f"cardboard push --pr --repo {LAST}" in said
    assert hub.log.count("auth-check") == 1
    assert not hub.log.count("commit")


@pytest.mark.parametrize("name", ["error-500", "dropped", "captive-portal", "gateway-502"])
@pytest.mark.parametrize("kind", ["resolve", "commit"])
def test_a_hub_that_stays_ill_is_told_and_the_next_push_is_right(
    pushed: Callable[..., tuple[int, str]], hub: Hub, name: str, kind: str
) -> None:
    hub.arm(NAMED[name], kind=kind, repo=LAST, times=None)
    code, said = pushed()
    assert code == 1
    assert f"unreachable    {LAST}" in said
    hub.faults.clear()
    assert pushed()[0] == 0
    assert (is_right(hub), ours(hub)) == (True, 2)


def test_a_hub_that_answers_nobody_is_waited_for_once(
    pushed: Callable[..., tuple[int, str]], hub: Hub, tmp_path: Path
) -> None:
    """Thousands of repositories would otherwise be given up one by one, for hours."""
    (tmp_path / "workspace" / ".cardboard" / "push.jsonl").unlink()
    hub.arm(NAMED["dropped"], kind="resolve", times=None)
    code, said = pushed()
    assert (code, said.count("unreachable    acme/")) == (1, len(REPOS)), said
    assert hub.log.count("resolve") == TRIES + len(REPOS)


def test_a_hub_that_falls_ill_in_the_middle_is_sent_no_more_commits(
    pushed: Callable[..., tuple[int, str]], hub: Hub, tmp_path: Path
) -> None:
    for repo in REPOS:
        write_result(tmp_path / "workspace", repo, 0.2)
    hub.arm(NAMED["dropped"], kind="resolve", skip=2 * len(REPOS), times=None)
    hub.arm(NAMED["dropped"], kind="commit", times=None)
    code, said = pushed()
    assert (code, hub.log.count("commit")) == (1, 1), said
    hub.faults.clear()
    assert pushed()[0] == 0
    assert [ours(hub, repo=repo) for repo in REPOS] == [2, 2, 2]


def test_somebody_commits_while_we_push(pushed: Callable[..., tuple[int, str]], hub: Hub) -> None:
    """Our commit is refused as stale, and the next one has what was written meanwhile."""
    armed = hub.arm(Fault(kind="commit", how="stall"))
    with ThreadPoolExecutor(1) as aside:
        push = aside.submit(pushed)
        assert armed.wait()
        text = (hub.read(LAST, "README.md") or b"").decode()
        hub.write(LAST, {"README.md": text + "Written meanwhile.\n"})
        armed.let_go()
        code, said = push.result()
    assert code == 0, said
    assert [line.status for line in hub.log.lines("commit")] == [412, 200]
    text = (hub.read(LAST, "README.md") or b"").decode()
    assert text.endswith("by hand.\nWritten meanwhile.\n")
    assert "value: 41.0" in text
    assert ours(hub) == 2


def test_a_repository_that_always_changes_is_given_up(
    pushed: Callable[..., tuple[int, str]], hub: Hub
) -> None:
    hub.arm(NAMED["stale-412"], kind="commit", times=None)
    code, said = pushed()
    assert (code, hub.log.count("commit")) == (1, 4)
    assert "it changed 4 times while its card was written" in said


def test_a_cache_that_lags_behind_makes_nothing_twice(
    pushed: Callable[..., tuple[int, str]], hub: Hub
) -> None:
    """The answer is lost, and what is read back is still the old state."""
    hub.arm(NAMED["done-but-500"], kind="commit")
    hub.arm(Fault(kind="resolve", how="lag", skip=2, times=2))
    code, said = pushed()
    assert (code, is_right(hub), ours(hub)) == (0, True, 2), said


def test_a_token_in_an_answer_or_a_readme_is_not_printed_nor_kept(
    pushed: Callable[..., tuple[int, str]], hub: Hub, tmp_path: Path
) -> None:
    """The client's process checks everything that it prints."""
    hub.arm(Fault(kind="commit", status=403, text=f"Bearer {WRITE_TOKEN} may not"))
    assert "hf_... may not" in pushed()[1]
    text = (hub.read(LAST, "README.md") or b"").decode()
    hub.write(LAST, {"README.md": text.replace("Rank 3", f"{WRITE_TOKEN} \x1b[31mRank 3")})
    code, said = pushed("--dry-run")
    assert code == 1
    assert "hf_... \ufffd[31mRank 3" in said
    kept = (tmp_path / "workspace" / ".cardboard").rglob("*")
    assert not [path for path in kept if WRITE_TOKEN.encode() in path.read_bytes()]
