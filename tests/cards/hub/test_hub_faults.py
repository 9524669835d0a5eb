"""Every fault of the small Hub looks to the real client as on a bad day of the Hub's."""

import json
import os
import threading
from collections.abc import Callable
from typing import Literal
from unittest.mock import patch

import httpx2
import msgspec
import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub._oidc import oidc_login
from huggingface_hub.errors import HfHubHTTPError

from cardboard.tests.hub import KINDS, NAMED, Fault, Hub
from cardboard.tests.hub.oidc import RUN, environment
from cardboard.tests.hub.sample import CARD, REPO

pytest_plugins = ("cardboard.tests.hub.fixtures",)

BAD_DAYS: tuple[type[Exception], ...] = (HfHubHTTPError, httpx2.HTTPError, ValueError, RuntimeError)


def push(api: HfApi, parent: str | None = None) -> str:
    """Change the card and return the id of the commit."""
    operation = CommitOperationAdd(path_in_repo="README.md", path_or_fileobj=(CARD + "!").encode())
    made = api.create_commit(REPO, [operation], commit_message="Push", parent_commit=parent)
    return str(made.oid)


def upload(api: HfApi) -> None:
    """Push a file that goes to large file storage."""
    api.upload_file(path_or_fileobj=b"GGUF", path_in_repo="m.gguf", repo_id=REPO)


def keyless(api: HfApi) -> None:
    """Log in as a job of GitHub Actions does."""
    with patch.dict(os.environ, environment(api.endpoint)):
        oidc_login(resource=REPO, endpoint=api.endpoint)


CALLS: dict[str, Callable[[HfApi], object]] = {
    "whoami": lambda api: api.whoami(),
    "create": lambda api: api.create_repo("acme/new"),
    "delete": lambda api: api.delete_repo(REPO),
    "settings": lambda api: api.update_repo_settings(REPO, private=True),
    "auth-check": lambda api: api.auth_check(REPO, write=True),
    "validate": push,
    "preupload": push,
    "commit": push,
    "info": lambda api: api.model_info(REPO),
    "list": lambda api: list(api.list_models(author="acme")),
    "head": lambda api: api.file_exists(REPO, "README.md"),
    "resolve": lambda api: api.hf_hub_download(REPO, "README.md"),
    "tree": lambda api: list(api.list_repo_tree(REPO)),
    "paths": lambda api: api.get_paths_info(REPO, ["README.md"]),
    "refs": lambda api: api.list_repo_refs(REPO),
    "commits": lambda api: api.list_repo_commits(REPO),
    "ref": lambda api: api.create_tag(REPO, tag="v1"),
    "discussions": lambda api: list(api.get_repo_discussions(REPO)),
    "discussion": lambda api: api.get_discussion_details(REPO, 1),
    "discussion-new": lambda api: api.create_discussion(REPO, title="Another"),
    "comment": lambda api: api.comment_discussion(REPO, 1, "Hm."),
    "status": lambda api: api.change_discussion_status(REPO, 1, "closed"),
    "title": lambda api: api.rename_discussion(REPO, 1, "Renamed"),
    "merge": lambda api: api.merge_pull_request(REPO, 1),
    "lfs-batch": upload,
    "lfs-put": upload,
    "lfs-verify": upload,
    "id-token": keyless,
    "exchange": keyless,
}


@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
@pytest.mark.parametrize("kind", CALLS)
def test_each_kind_of_request_can_be_hit_and_only_it(tiny: Hub, api: HfApi, kind: str) -> None:
    tiny.trust(REPO, **RUN)
    opened = CommitOperationAdd(path_in_repo="b", path_or_fileobj=b"b")
    api.create_commit(REPO, [opened], commit_message="Add b", create_pr=True)
    armed = tiny.arm(Fault(kind=kind, status=403, text="Not today."))
    with pytest.raises(BAD_DAYS):
        CALLS[kind](api)
    assert (armed.fired, tiny.log.count(kind, status=403)) == (1, 1)
    assert [line.kind for line in tiny.log.lines() if line.fault] == [kind]
    assert CALLS[kind](api) is not False, "the fault is spent"


def test_the_table_above_is_complete() -> None:
    """The client's background request and what no Hub knows are no calls of anybody."""
    assert set(KINDS) == CALLS.keys() | {"agent", "unknown", "cached"}


OUTCOMES: dict[str, tuple[int | type[Exception] | None, bool]] = {
    "error-500": (500, False),
    "gateway-502": (502, False),
    "captive-portal": (json.JSONDecodeError, False),
    "unauthorized-401": (401, False),
    "forbidden-403": (403, False),
    "locked-409": (409, False),
    "stale-412": (412, False),
    "commit-quota-429": (429, False),
    "window-429": (429, False),
    "dropped": (httpx2.RemoteProtocolError, False),
    "slow": (None, True),
    "done-but-500": (500, True),
    "done-but-504": (504, True),
    "done-but-html": (json.JSONDecodeError, True),
    "done-but-dropped": (httpx2.RemoteProtocolError, True),
    "done-but-slow": (None, True),
}


@pytest.mark.parametrize("name", NAMED)
def test_what_the_client_sees_of_a_commit_and_what_became_of_it(
    tiny: Hub, api: HfApi, name: str
) -> None:
    expected, is_made = OUTCOMES[name]
    tiny.arm(NAMED[name], kind="commit")
    if expected is None:
        push(api)
    elif isinstance(expected, int):
        with pytest.raises(HfHubHTTPError) as failed:
            push(api)
        assert failed.value.response.status_code == expected
    else:
        with pytest.raises(expected):
            push(api)
    assert (tiny.history(REPO)[0].title == "Push") is is_made
    assert tiny.log.count("commit") == 1
    assert tiny.log.count("commit", status=0) == ("dropped" in name)


def test_a_gateway_page_from_validate_yaml_surfaces_as_a_json_error(tiny: Hub, api: HfApi) -> None:
    tiny.arm(NAMED["gateway-502"], kind="validate")
    with pytest.raises(json.JSONDecodeError):
        push(api)


def test_the_words_and_headers_of_a_spent_quota(tiny: Hub, api: HfApi) -> None:
    tiny.arm(NAMED["commit-quota-429"], kind="commit", headers={"Retry-After": "1800"})
    with pytest.raises(HfHubHTTPError, match=r"repository commits \(128 per hour\)") as failed:
        push(api)
    assert failed.value.response.headers["retry-after"] == "1800"
    tiny.arm(NAMED["window-429"], kind="info", headers={"ratelimit": '"api";r=0;t=55'})
    with pytest.raises(HfHubHTTPError, match="Retry after 55 seconds"):
        api.model_info(REPO)


def test_a_fault_waits_for_the_kth_request_and_strikes_n_times(tiny: Hub, api: HfApi) -> None:
    tiny.arm(Fault(kind="info", skip=2, times=2))
    assert [tiny_exists(api) for _ in range(6)] == [True, True, False, False, True, True]
    tiny.faults.clear()
    tiny.arm(Fault(kind="info", times=None))
    assert not any(tiny_exists(api) for _ in range(5))


def tiny_exists(api: HfApi) -> bool:
    """Ask for the repo; tell whether the Hub was well."""
    try:
        return bool(api.model_info(REPO).sha)
    except HfHubHTTPError:
        return False


def test_a_fault_can_be_kept_to_one_repo_or_meet_every_request(tiny: Hub, api: HfApi) -> None:
    tiny.write("acme/big", {"README.md": CARD})
    tiny.arm(Fault(kind="info", repo="acme/big", times=None))
    assert tiny_exists(api)
    assert not tiny.log.lines("info", "acme/big")
    with pytest.raises(HfHubHTTPError):
        api.model_info("acme/big")
    tiny.faults.clear()
    every = tiny.arm(Fault(status=403, times=None))
    with pytest.raises(HfHubHTTPError):
        api.whoami()
    httpx2.get(f"{tiny.url}/api/agent-harnesses")
    assert (every.seen, every.fired) == (1, 1)


@pytest.mark.parametrize("when", ["before", "after"])
def test_clearing_the_faults_drops_a_request_that_is_held(
    tiny: Hub, api: HfApi, when: Literal["before", "after"]
) -> None:
    """So a test can kill a client while its commit hangs, knowing whether it was made."""
    armed = tiny.arm(Fault(kind="commit", how="stall", when=when))
    failures: list[Exception] = []

    def hang() -> None:
        try:
            push(api)
        except httpx2.RemoteProtocolError as error:
            failures.append(error)

    client = threading.Thread(target=hang)
    client.start()
    assert armed.wait()
    tiny.faults.clear()
    client.join()
    assert len(failures) == 1
    assert (tiny.history(REPO)[0].title == "Push") is (when == "after")


def test_a_lagging_cache_gives_a_parent_that_can_never_win(tiny: Hub, api: HfApi) -> None:
    head = tiny.heads()[f"models/{REPO}"]
    tiny.arm(Fault(kind="info", how="lag"))
    stale = api.model_info(REPO).sha
    assert stale != head
    with pytest.raises(HfHubHTTPError, match="A commit has happened since"):
        push(api, parent=stale)
    assert api.model_info(REPO).sha == head
    assert push(api, parent=head)


def test_preupload_is_retried_by_the_client_itself(tiny: Hub, api: HfApi) -> None:
    tiny.arm(NAMED["error-500"], kind="preupload")
    push(api)
    assert [line.status for line in tiny.log.lines("preupload")] == [500, 200]


def test_faults_are_spelled_right_or_refused() -> None:
    with pytest.raises(ValueError, match="no request is of kind 'comit'"):
        Fault(kind="comit")
    with pytest.raises(msgspec.ValidationError, match="unknown field `stats`"):
        msgspec.json.decode(b'{"stats": 500}', type=Fault)
