"""The small Hub lets the real client in, and makes repos and commits, as the Hub would."""

from pathlib import Path
from threading import Event

import httpx2
import pytest
from huggingface_hub import (
    CommitOperationDelete,
    HfApi,
    ModelCard,
    RepoFile,
)
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
)

from cardboard.tests.hub import (
    BARE_TOKEN,
    GUEST_TOKEN,
    READ_TOKEN_OF_ANA,
    WRITE_TOKEN,
    Hub,
    Settings,
)
from cardboard.tests.hub.git import blob_oid, commit_oid, folder_oids
from cardboard.tests.hub.sample import CARD, REPO, add, given, status_of

pytest_plugins = ("cardboard.tests.hub.fixtures",)


def guest(hub: Hub) -> HfApi:
    """Return the client of Ben, who belongs to no organisation."""
    return HfApi(endpoint=hub.url, token=GUEST_TOKEN)


def test_ids_are_those_of_git() -> None:
    """The expected ids were made by git 2.39 from the same files."""
    assert blob_oid(b"hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"
    files = {"a.txt": blob_oid(b"hello\n"), "a/deep/b": blob_oid(b"x"), "a-b": blob_oid(b"y")}
    assert folder_oids(files) == {
        "": "85133908251b1fb2b8b8395ed6a8826539d12159",
        "a": "e51eda66919240fdb7968d4f13d67070cece577e",
        "a/deep": "da981995a0f17908b3f6795c1e0c28a7e96b8a11",
    }
    made = commit_oid(folder_oids(files)[""], [], "ana", 1700000000, "first\n")
    assert made == "47bba97998dacd7a34aa0929088123c059c9f045"


@pytest.mark.parametrize(
    ("token", "role"),
    [(WRITE_TOKEN, "write"), (READ_TOKEN_OF_ANA, "read"), (BARE_TOKEN, "fineGrained")],
)
def test_whoami_tells_name_organisations_and_role(
    hub: Hub, api: HfApi, token: str, role: str
) -> None:
    me = api.whoami(token=token)
    assert (me["name"], [each["name"] for each in me["orgs"]]) == ("ana", ["acme"])
    assert me["auth"]["accessToken"]["role"] == role


def test_an_unknown_token_is_refused_everywhere(tiny: Hub, api: HfApi) -> None:
    with pytest.raises(HfHubHTTPError, match="Invalid user token"):
        api.whoami(token="hf_stolen")
    with pytest.raises(HfHubHTTPError) as refused:
        api.model_info(REPO, token="hf_stolen")
    assert status_of(refused) == 401


def test_a_new_repo_has_the_hubs_first_commit(hub: Hub, api: HfApi) -> None:
    url = api.create_repo(REPO, private=True)
    assert url == f"{hub.url}/{REPO}"
    [first] = api.list_repo_commits(REPO)
    assert (first.title, first.authors) == ("initial commit", ["system"])
    assert api.create_repo(REPO, exist_ok=True) == url
    with pytest.raises(HfHubHTTPError) as twice:
        api.create_repo(REPO)
    assert status_of(twice) == 409
    assert api.model_info(REPO).private
    with pytest.raises(RepositoryNotFoundError):
        guest(hub).model_info(REPO)


def test_repos_are_made_only_in_ones_own_namespaces(hub: Hub, api: HfApi) -> None:
    api.create_repo("ana/own")
    with pytest.raises(HfHubHTTPError, match="under the namespace") as refused:
        api.create_repo("strangers/theirs")
    assert status_of(refused) == 403


def test_delete_and_settings(tiny: Hub, api: HfApi) -> None:
    api.update_repo_settings(REPO, private=True, gated="manual")
    info = api.model_info(REPO)
    assert (info.private, info.gated) == (True, "manual")
    api.update_repo_settings(REPO, private=False)
    with pytest.raises(GatedRepoError):
        guest(tiny).hf_hub_download(REPO, "README.md")
    api.delete_repo(REPO)
    assert not api.repo_exists(REPO)


def test_a_commit_moves_the_head_and_keeps_history(tiny: Hub, api: HfApi) -> None:
    before = tiny.heads()["models/acme/tiny"]
    made = api.create_commit(
        REPO,
        [add("README.md", CARD + "more\n"), add(".eval_results/a.yaml", "[]\n")],
        commit_message="Update the card",
        commit_description="with results",
        parent_commit=before,
    )
    newest, parent, _ = tiny.history(REPO)
    assert (newest.oid, newest.parents, parent.oid) == (made.oid, (before,), before)
    assert (newest.title, newest.message, newest.by) == ("Update the card", "with results", "ana")
    assert tiny.read(REPO, "README.md") == (CARD + "more\n").encode()
    assert tiny.read(REPO, "README.md", before) == CARD.encode()
    assert tiny.log.kinds() == {"validate": 1, "preupload": 1, "commit": 1}


def test_a_stale_parent_is_412(tiny: Hub, api: HfApi) -> None:
    stale = tiny.heads()["models/acme/tiny"]
    tiny.write(REPO, {"notes.md": "somebody was faster"}, by="ben")
    with pytest.raises(HfHubHTTPError, match="A commit has happened since") as refused:
        api.create_commit(REPO, [add("x.md", "x")], commit_message="x", parent_commit=stale)
    assert status_of(refused) == 412
    assert tiny.read(REPO, "x.md") is None


def test_unchanged_files_make_no_commit(tiny: Hub, api: HfApi) -> None:
    made = api.create_commit(REPO, [add("README.md", CARD)], commit_message="again")
    assert made.oid == tiny.heads()["models/acme/tiny"]
    assert tiny.log.count("commit") == 0


def test_files_and_folders_are_deleted(tiny: Hub, api: HfApi) -> None:
    tiny.write(REPO, {"old/a": "a", "old/b": "b", "kept": "k"})
    operations = [CommitOperationDelete("old/"), CommitOperationDelete("kept")]
    api.create_commit(REPO, operations, commit_message="Tidy")
    assert api.list_repo_files(REPO) == [".gitattributes", "README.md"]
    with pytest.raises(RemoteEntryNotFoundError, match="A file with this name doesn't exist"):
        api.delete_file("kept", REPO)


def test_two_commits_at_once_are_409() -> None:
    begun, ended = Event(), Event()

    def committing() -> None:
        begun.set()
        ended.wait(60)

    with Hub(Settings(committing=committing)) as hub:
        hub.write(REPO, {"README.md": CARD})
        api = HfApi(endpoint=hub.url, token=WRITE_TOKEN)
        operations = [add("a", "a")]
        first = api.create_commit(REPO, operations, commit_message="first", run_as_future=True)
        assert begun.wait(60)
        with pytest.raises(HfHubHTTPError, match="Another commit operation") as refused:
            api.create_commit(REPO, [add("b", "b")], commit_message="second")
        ended.set()
        assert status_of(refused) == 409
        assert first.result().oid == hub.heads()["models/acme/tiny"]


def test_metadata_that_is_not_valid_is_refused(tiny: Hub, api: HfApi) -> None:
    bad = "---\nbase_model: ./checkpoints/last\n---\n# Bad\n"
    with pytest.raises(ValueError, match=r'"base_model" with value ".+last"'):
        api.create_commit(REPO, [add("README.md", bad)], commit_message="bad")
    assert tiny.log.count("commit") == 0
    with pytest.raises(ValueError, match="is not valid"):
        ModelCard(bad).push_to_hub(REPO)
    with pytest.warns(UserWarning, match="empty or missing yaml metadata"):
        api.create_commit(REPO, [add("README.md", "# Bare\n")], commit_message="bare")


# The client's own upload still says `data=`, which its HTTP library deprecates.
@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
def test_large_files_go_to_large_file_storage(tiny: Hub, api: HfApi) -> None:
    weights = b"\x00" * 1000
    api.upload_file(path_or_fileobj=weights, path_in_repo="model.safetensors", repo_id=REPO)
    assert tiny.read(REPO, "model.safetensors") == weights
    [file] = api.get_paths_info(REPO, ["model.safetensors"])
    assert isinstance(file, RepoFile)
    assert given(file.lfs)["size"] == 1000
    assert {"lfs-batch", "lfs-put", "lfs-verify"} <= tiny.log.kinds().keys()
    assert Path(api.hf_hub_download(REPO, "model.safetensors")).read_bytes() == weights


def test_who_may_write(tiny: Hub, api: HfApi) -> None:
    """A read token, a scopeless one, a stranger, and a member locked out of one repo."""
    refusals = {
        READ_TOKEN_OF_ANA: "write token",
        BARE_TOKEN: "write token",
        GUEST_TOKEN: "create_pr=1",
    }
    for token, words in refusals.items():
        with pytest.raises(HfHubHTTPError, match=words) as refused:
            api.create_commit(REPO, [add("x", "x")], commit_message="x", token=token)
        assert status_of(refused) == 403
        with pytest.raises(HfHubHTTPError):
            api.auth_check(REPO, write=True, token=token)
    api.auth_check(REPO, write=True)
    tiny.restrict(REPO, ["ben"])
    with pytest.raises(HfHubHTTPError, match="create_pr=1"):
        api.create_commit(REPO, [add("x", "x")], commit_message="x")
    guest(tiny).create_commit(REPO, [add("x", "x")], commit_message="x")
    with pytest.raises(HfHubHTTPError):
        api.create_commit(REPO, [add("x", "x")], commit_message="x", token=False)


def test_the_log_counts_and_knows_no_token(tiny: Hub, api: HfApi) -> None:
    api.model_info(REPO)
    assert not api.file_exists(REPO, "missing")
    assert tiny.log.count() == 2
    assert tiny.log.count("head", REPO, 404) == tiny.log.count("head", f"models/{REPO}") == 1
    [line] = tiny.log.lines("info")
    assert (line.method, line.repo, line.user, line.status) == (
        "GET",
        "models/acme/tiny",
        "ana",
        200,
    )
    assert "hf_" not in repr(tiny.log.lines())
    tiny.log.clear()
    assert tiny.log.count() == 0


def test_what_no_hub_knows_is_404(hub: Hub) -> None:
    for path in ("", "/api/agent-harnesses", "/api/models/acme", "/api/models/acme/tiny/likers"):
        assert httpx2.get(hub.url + path).status_code == 404
