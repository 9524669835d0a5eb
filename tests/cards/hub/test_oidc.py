"""Trusted publishers: one token a repository and hour, and not a word of any of them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from cardboard.cards.hub import oidc
from cardboard.cards.hub.budget import Budget
from cardboard.cards.hub.errors import NoPublisher, Unclear
from cardboard.cards.hub.oidc import Publisher
from cardboard.cards.hub.responses import Scrubber
from cardboard.cards.hub.session import session
from cardboard.eval.errors import UsageError
from cardboard.tests.hub import NAMED, READ_TOKEN_OF_ANA, Fault, Hub
from cardboard.tests.hub.oidc import RUN, environment
from cardboard.tests.pushing import Cradle, Done, by_hand, repos, write_result, write_workspace

pytest_plugins = ("cardboard.tests.hub.fixtures",)
NAMES = repos(6)
SECRETS = re.compile(r"hf_jwt_\d|eyJ[\w-]{10}|ghs_")


class Clock:
    """A clock that the test sets."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def publisher(
    hub: Hub, api: HfApi, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Publisher]:
    """Give what exchanges tokens in a run of CI, inside a session."""
    for name, value in environment(hub.url).items():
        monkeypatch.setenv(name, value)
    scrub = Scrubber(None)
    budget = Budget(
        commits_per_hour=9,
        requests_per_window=99,
        clock=clock,
        wait=lambda seconds: None,
        say=lambda why, seconds: None,
    )
    with session(budget, scrub):
        yield Publisher(hub.url, scrub, environment(hub.url), clock)


def test_a_token_is_kept_until_it_ends_soon_and_is_of_one_repository(
    hub: Hub, publisher: Publisher, clock: Clock
) -> None:
    for repo in NAMES[:2]:
        hub.write(repo)
        hub.trust(repo, **RUN)
    first, second = map(publisher.token, NAMES[:2])
    assert first != second
    clock.now += 3600 - oidc.MARGIN - 1
    assert publisher.token(NAMES[0]) == first
    clock.now += 2
    assert publisher.token(NAMES[0]) not in (first, second)
    assert [line.repo for line in hub.log.lines("exchange")] == [
        f"models/{NAMES[place]}" for place in (0, 1, 0)
    ]
    assert hub.log.count("id-token") == 3, "GitHub is asked for each: a JWT is good once"


def test_a_refusal_says_what_the_repository_would_have_to_trust(
    hub: Hub, publisher: Publisher
) -> None:
    hub.write(NAMES[0])
    hub.trust(NAMES[0], **{**RUN, "branch": "release"})
    with pytest.raises(NoPublisher, match="invalid_grant: the claims differ") as refused:
        publisher.token(NAMES[0])
    assert refused.value.remedy == (
        f"Let {NAMES[0]} trust this workflow: {hub.url}/{NAMES[0]}/settings, Trusted Publishers, "
        "with repository=acme/board, branch=main, workflow=publish.yml."
    )


ABORTED = '{"error": "invalid_grant", "error_description": "This operation was aborted"}'


@pytest.mark.parametrize(("times", "works"), [(1, True), (2, False)])
def test_what_the_hub_aborted_is_asked_once_more(
    hub: Hub, publisher: Publisher, monkeypatch: pytest.MonkeyPatch, times: int, works: bool
) -> None:
    hub.write(NAMES[0])
    hub.trust(NAMES[0], **RUN)
    met: list[str] = []
    refused = publisher._refused

    def aborted(repo: str, body: str) -> NoPublisher:
        met.append(repo)
        return refused(repo, ABORTED)

    monkeypatch.setattr(publisher, "_refused", aborted)
    hub.arm(Fault(kind="exchange", status=400, times=times))
    if works:
        assert publisher.token(NAMES[0]).startswith("hf_jwt_")
    else:
        with pytest.raises(NoPublisher, match="aborted"):
            publisher.token(NAMES[0])
    assert met == [NAMES[0]] * times


@pytest.mark.parametrize("fault", [NAMED["done-but-dropped"], Fault(status=502)])
@pytest.mark.parametrize("kind", ["exchange", "id-token"])
def test_no_answer_is_no_refusal(hub: Hub, publisher: Publisher, fault: Fault, kind: str) -> None:
    hub.write(NAMES[0])
    hub.trust(NAMES[0], **RUN)
    hub.arm(fault, kind=kind)
    with pytest.raises(Unclear):
        publisher.token(NAMES[0])
    assert publisher.token(NAMES[0]).startswith("hf_jwt_")


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({}, "this is none"),
        ({"GITHUB_ACTIONS": "true"}, "may not ask GitHub"),
        ({"GITHUB_ACTIONS": "true", "ACTIONS_ID_TOKEN_REQUEST_URL": "x"}, "may not ask GitHub"),
    ],
)
def test_outside_a_job_that_may_ask_it_is_said_at_once(told: dict[str, str], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        Publisher("https://hub", Scrubber(None), told, Clock())


def push(client: Cradle, hub: Hub, root: Path, *more: str, token: str | None = None) -> Done:
    """Push as a trusted publisher; no output may hold a token."""
    done = client.run(
        *("-C", str(root), "push", "--yes", *more),
        url=hub.url,
        token=token,
        environment=environment(hub.url),
    )
    assert not SECRETS.search(done.said), done.said
    return done


def test_a_push_exchanges_once_for_each_repository_that_it_writes(
    client: Cradle, hub: Hub, tmp_path: Path
) -> None:
    root = write_workspace(tmp_path / "board", 6)
    for repo in NAMES:
        hub.write(repo, {"README.md": by_hand()})
        hub.trust(repo, **RUN)
    done = push(client, hub, root, "--oidc")
    assert (done.code, done.out.splitlines()[-1]) == (0, "6 pushed")
    assert "nobody is logged in to read" in done.err
    since = len(hub.log.lines())
    assert push(client, hub, root, "--oidc").out.endswith("6 unchanged\n")
    assert [line.kind for line in hub.log.lines(since=since)] == ["list"]
    for repo in NAMES[:2]:
        write_result(root, repo, 0.9 if repo == NAMES[0] else 0.91)
    since = len(hub.log.lines())
    done = push(client, hub, root, "--oidc", token=READ_TOKEN_OF_ANA)
    assert "your token reads" in done.err
    lines = hub.log.lines(since=since)
    written = {line.repo for line in lines if line.kind == "commit"}
    exchanged = [line.repo for line in lines if line.kind == "exchange"]
    assert sorted(exchanged) == sorted(written)
    assert {line.user for line in lines if line.kind in ("preupload", "commit")} == {"[OIDC]"}
    assert not SECRETS.search((root / ".cardboard" / "push.jsonl").read_text("utf-8"))


def test_who_is_not_trusted_by_one_repository_writes_to_the_others(
    client: Cradle, hub: Hub, tmp_path: Path
) -> None:
    root = write_workspace(tmp_path / "board", 3)
    for repo in NAMES[:3]:
        hub.write(repo, {"README.md": by_hand()}, private=repo == NAMES[2])
    for repo in (NAMES[0], NAMES[2]):
        hub.trust(repo, **RUN)
    done = push(client, hub, root, "--oidc", "--format", "json")
    assert done.code == 1
    told = {one["repo"]: one for one in json.loads(done.out)["repos"]}
    assert [told[repo]["ending"] for repo in NAMES[:3]] == ["pushed", "no permission", "pushed"]
    assert "workflow=publish.yml" in told[NAMES[1]]["remedy"]


@pytest.mark.parametrize("more", [("--pr",), ("--propose", NAMES[0]), ("--to", "there")])
def test_what_does_not_go_with_trusted_publishers_is_refused(
    client: Cradle, hub: Hub, tmp_path: Path, more: tuple[str, ...]
) -> None:
    root = write_workspace(tmp_path / "board", 1, evals=True)
    if "--propose" in more:
        (root / "models.toml").write_text(f'["{NAMES[0]}"]\nrepo = false\n', "utf-8")
    done = push(client, hub, root, "--oidc", *more)
    assert done.code == 2
    assert "--oidc: does not go with --to, --pr or --propose" in done.err
    assert not hub.log.lines()


def test_in_ci_a_push_without_a_login_is_an_error_unless_it_is_a_trial(
    client: Cradle, hub: Hub, tmp_path: Path
) -> None:
    root = write_workspace(tmp_path / "board", 1)
    done = push(client, hub, root)
    assert done.code == 2
    assert "HF_TOKEN: nobody is logged in to the Hub, so nothing would be published" in done.err
    assert push(client, hub, root, "--dry-run").code == 0
    assert push(client, hub, root, "--to", str(root / "build" / "hub")).code == 0


@pytest.mark.parametrize(
    "command", [["push", "--yes"], ["status"], ["watch"], ["fetch", "--update"]]
)
def test_a_resource_without_a_run_of_ci_is_one_sentence(
    client: Cradle, hub: Hub, tmp_path: Path, command: list[str]
) -> None:
    root = write_workspace(tmp_path / "board", 1)
    board = (root / "board.toml").read_text("utf-8")
    (root / "board.toml").write_text(
        board + '\n[results]\nsource = "hf://datasets/acme/results"\n' * (command[0] == "fetch")
    )
    if command == ["watch"]:
        running = client.start(
            *("-C", str(root), "watch", "--quiet", "0"),
            url=hub.url,
            token=None,
            environment={"HF_OIDC_RESOURCE": "acme/x"},
        )
        running.wait_for("Ctrl-C stops.")
        write_result(root, NAMES[0], 0.1)
        running.wait_for("cannot be used here")
        done = running.interrupt()
    else:
        done = client.run(
            *("-C", str(root), *command),
            url=hub.url,
            token=None,
            environment={"HF_OIDC_RESOURCE": "acme/x"},
        )
        assert done.code == 2
    assert "HF_OIDC_RESOURCE: cannot be used here (OIDCError)" in done.err
    assert "Traceback" not in done.said
