"""A push is killed at every step, and the next one makes it right: nothing twice, nothing lost."""

import shutil
from pathlib import Path
from typing import Literal

import pytest

from cardboard.cards.plan.description import TITLE
from cardboard.tests.hub import Fault, Hub
from cardboard.tests.pushing import Cradle, by_hand, repos, write_workspace

pytest_plugins = ("cardboard.tests.hub.fixtures",)

COUNT = 10
REPOS = repos(COUNT)
README = by_hand()
ABOVE, BELOW = README[: README.index("<!-- cardboard:begin")], "\nThe end, also by hand.\n"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a workspace of ten models, its results read once."""
    return write_workspace(tmp_path_factory.mktemp("template"), COUNT)


def filled(hub: Hub) -> None:
    """Give every repository a README that people wrote."""
    for repo in REPOS:
        hub.write(repo, {"README.md": README, "config.json": "{}"})


def commits(hub: Hub, repo: str) -> int:
    """Count the commits that are ours."""
    return sum(commit.title == TITLE for commit in hub.history(repo))


def assert_right(hub: Hub) -> None:
    """Hold that each repository has one new commit and all that people wrote."""
    for repo in REPOS:
        assert commits(hub, repo) == 1, repo
        text = (hub.read(repo, "README.md") or b"").decode()
        assert f"# {repo}\n" in text
        assert text.endswith(BELOW)
        for line in ABOVE.splitlines():
            assert line in text
        assert hub.read(repo, "config.json") == b"{}"


def killed_at(
    client: Cradle, hub: Hub, workspace: Path, fault: Fault, *more: str, expected: int = 1
) -> None:
    """Start a push, kill it when the fault strikes, push again, and hold that all is right."""
    arguments = ("-C", str(workspace), "push", "--yes", *more)
    armed = hub.arm(fault)
    running = client.start(*arguments, url=hub.url)
    assert armed.wait(expected), "the push came to this step"
    running.kill()
    hub.faults.clear()
    done = client.run(*arguments, url=hub.url)
    assert done.code == 0, done.said
    assert_right(hub)


STEPS: list[tuple[str, Literal["before", "after"], int]] = [
    ("whoami", "before", 1),
    ("resolve", "before", COUNT),
    ("validate", "before", COUNT),
    ("preupload", "before", COUNT),
    ("commit", "before", COUNT),
    ("commit", "after", COUNT),
]


@pytest.mark.parametrize(
    ("kind", "when", "step"),
    [(kind, when, step) for kind, when, count in STEPS for step in range(count)],
)
def test_a_push_that_is_killed_is_made_right_by_the_next(
    client: Cradle,
    hub: Hub,
    template: Path,
    tmp_path: Path,
    kind: str,
    when: Literal["before", "after"],
    step: int,
) -> None:
    """Each request of a push of ten: all steps between two requests are one and the same."""
    filled(hub)
    workspace = tmp_path / "workspace"
    shutil.copytree(template, workspace)
    fault = Fault(kind=kind, how="stall", when=when, skip=step)
    killed_at(client, hub, workspace, fault, "--workers", "1")


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("skip", [0, 3, 6])
def test_several_workers_are_killed_in_the_middle_of_their_commits(
    client: Cradle,
    hub: Hub,
    template: Path,
    tmp_path: Path,
    skip: int,
    when: Literal["before", "after"],
) -> None:
    filled(hub)
    workspace = tmp_path / "workspace"
    shutil.copytree(template, workspace)
    fault = Fault(kind="commit", how="stall", when=when, skip=skip, times=None)
    killed_at(client, hub, workspace, fault, "--workers", "4", expected=4)


def test_a_second_push_is_one_request_for_the_whole_organisation(
    client: Cradle, hub: Hub, template: Path, tmp_path: Path
) -> None:
    filled(hub)
    workspace = tmp_path / "workspace"
    shutil.copytree(template, workspace)
    arguments = ("-C", str(workspace), "push", "--yes")
    assert client.run(*arguments, url=hub.url).code == 0
    since = len(hub.log.lines())
    assert client.run(*arguments, url=hub.url).code == 0
    assert [line.kind for line in hub.log.lines(since=since)] == ["list"]
    assert_right(hub)


def test_a_journal_that_is_lost_costs_requests_and_nothing_else(
    client: Cradle, hub: Hub, template: Path, tmp_path: Path
) -> None:
    filled(hub)
    workspace = tmp_path / "workspace"
    shutil.copytree(template, workspace)
    arguments = ("-C", str(workspace), "push", "--yes")
    assert client.run(*arguments, url=hub.url).code == 0
    (workspace / ".cardboard" / "push.jsonl").unlink()
    since = len(hub.log.lines())
    assert client.run(*arguments, url=hub.url).code == 0
    assert_right(hub)
    listing = 1  # of the organisation: cards of models that have left the board are looked for
    assert hub.log.count(since=since) == COUNT + listing


def test_the_user_stops_a_push_and_the_next_goes_on(
    client: Cradle, hub: Hub, template: Path, tmp_path: Path
) -> None:
    filled(hub)
    workspace = tmp_path / "workspace"
    shutil.copytree(template, workspace)
    arguments = ("-C", str(workspace), "push", "--yes", "--workers", "2")
    armed = hub.arm(Fault(kind="commit", how="stall", skip=6, times=None))
    running = client.start(*arguments, url=hub.url)
    assert armed.wait()
    running.press_ctrl_c()
    running.wait_for("Stopping: what is on its way to the Hub ends first.")
    armed.let_go()
    done = running.wait()
    assert done.code == 130
    assert "Stopped. Push again to go on" in done.err
    assert "not reached" in done.out
    made = sum(commits(hub, repo) for repo in REPOS)
    assert 0 < made < COUNT
    assert client.run(*arguments, url=hub.url).code == 0
    assert_right(hub)
