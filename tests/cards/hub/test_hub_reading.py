"""The small Hub shows repos, files and results to the real client as the Hub would."""

import httpx2
import pytest
from huggingface_hub import (
    HfApi,
    ModelCard,
    RepoFile,
)
from huggingface_hub.errors import (
    BadRequestError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from cardboard.tests.hub import Hub, Settings
from cardboard.tests.hub.git import blob_oid
from cardboard.tests.hub.sample import CARD, REPO, add, given

pytest_plugins = ("cardboard.tests.hub.fixtures",)


def test_a_file_is_read_with_its_etag_and_commit(tiny: Hub, api: HfApi) -> None:
    """One HEAD tells both the head of the branch and the content's git id."""
    url = f"{tiny.url}/{REPO}/resolve/main/README.md"
    head = httpx2.head(url)
    assert head.headers["etag"] == f'"{blob_oid(CARD.encode())}"'
    assert head.headers["x-repo-commit"] == tiny.heads()["models/acme/tiny"]
    assert (head.headers["content-length"], head.content) == (str(len(CARD)), b"")
    assert httpx2.get(url).content == CARD.encode()
    missing = httpx2.head(f"{tiny.url}/{REPO}/resolve/main/missing.md")
    assert missing.headers["x-repo-commit"] == tiny.heads()["models/acme/tiny"]
    assert ModelCard.load(REPO).data.license == "mit"
    assert api.file_exists(REPO, "README.md")
    with pytest.raises(RemoteEntryNotFoundError):
        api.hf_hub_download(REPO, "missing.md")
    with pytest.raises(RevisionNotFoundError):
        api.hf_hub_download(REPO, "README.md", revision="v9")
    with pytest.raises(RepositoryNotFoundError):
        api.hf_hub_download("acme/nothing", "README.md")


def test_tree_and_paths(tiny: Hub, api: HfApi) -> None:
    tiny.write(REPO, {".eval_results/a.yaml": "[]", "docs/deep/b.md": "b"})
    top = {node.path: type(node).__name__ for node in api.list_repo_tree(REPO)}
    folders = dict.fromkeys([".eval_results", "docs"], "RepoFolder")
    assert top == folders | dict.fromkeys([".gitattributes", "README.md"], "RepoFile")
    inside = [node.path for node in api.list_repo_tree(REPO, "docs", recursive=True)]
    assert inside == ["docs/deep", "docs/deep/b.md"]
    [found] = api.get_paths_info(REPO, ["README.md", "missing"])
    assert isinstance(found, RepoFile)
    assert found.blob_id == blob_oid(CARD.encode())
    with pytest.raises(RemoteEntryNotFoundError):
        list(api.list_repo_tree(REPO, "missing"))


def test_branches_and_tags(tiny: Hub, api: HfApi) -> None:
    head = tiny.heads()["models/acme/tiny"]
    api.create_branch(REPO, branch="dev")
    api.create_tag(REPO, tag="v1")
    api.create_commit(REPO, [add("x", "x")], commit_message="x", revision="dev")
    refs = api.list_repo_refs(REPO, include_pull_requests=True)
    assert [(each.name, each.target_commit) for each in refs.tags] == [("v1", head)]
    assert [each.name for each in refs.branches] == ["dev", "main"]
    assert api.model_info(REPO, revision="dev").sha != head
    assert api.model_info(REPO, revision=head[:10]).sha == head
    api.delete_branch(REPO, branch="dev")
    api.delete_tag(REPO, tag="v1")
    assert not api.revision_exists(REPO, "dev")


def test_model_info_whole_by_files_and_by_expand(tiny: Hub, api: HfApi) -> None:
    whole = api.model_info(REPO)
    assert (whole.author, given(whole.card_data).license) == ("acme", "mit")
    assert whole.tags == ["tb2", "license:mit", "region:us"]
    blobs = {
        each.rfilename: each.blob_id
        for each in given(api.model_info(REPO, files_metadata=True).siblings)
    }
    assert blobs["README.md"] == blob_oid(CARD.encode())
    brief = api.model_info(REPO, expand=["sha", "cardData"])
    assert (brief.sha, given(brief.card_data).license) == (whole.sha, "mit")
    assert (brief.siblings, brief.tags) == (None, None)
    assert httpx2.get(f"{tiny.url}/api/models/{REPO}?expand=secrets").status_code == 400


RESULT = {"dataset": {"id": "acme/tb2", "task_id": "lite"}, "value": 41.2}


@pytest.mark.parametrize(
    ("yaml", "complaint"),
    [
        ("- dataset: {id: acme/tb2, task_id: lite}\n  value: 41.2\n", None),
        ("- dataset: {id: acme/tb2, task_id: lite}\n  value: .nan\n", "[0].value"),
        ("- dataset: {id: acme/tb2}\n  value: 1\n", "[0].dataset.task_id"),
        ("- dataset: {id: /tmp/tb2, task_id: lite}\n  value: 1\n", "[0].dataset.id"),
        ("- dataset: {id: a/b, task_id: c}\n  value: 1\n  date: 2026-11-20\n", "[0].date"),
        ("- dataset: {id: a/b, task_id: c}\n  value: 1\n  source: {name: n}\n", "[0].source.url"),
        ("- dataset: {id: a/b, task_id: c}\n  value: 1\n  unit: pct\n", "[0].unit"),
        ("dataset: {id: a/b, task_id: c}\n", "must be a YAML list"),
        ("- dataset: {id: [\n", "flow"),
    ],
)
def test_structured_results_are_read_back_or_complained_about(
    tiny: Hub, api: HfApi, yaml: str, complaint: str | None
) -> None:
    tiny.write(REPO, {".eval_results/cardboard.yaml": yaml, ".eval_results/notes.md": "not read"})
    url = f"{tiny.url}/api/models/{REPO}?expand=evalResults"
    [entry] = httpx2.get(url).json()["evalResults"]
    assert entry["filename"] == ".eval_results/cardboard.yaml"
    if complaint is None:
        assert entry["data"] == RESULT
        [read] = given(api.model_info(REPO, expand=["evalResults"]).eval_results)
        assert (read.dataset_id, read.value) == ("acme/tb2", 41.2)
    else:
        assert complaint in entry["error"]


def test_only_registered_benchmarks_count_where_a_hub_has_a_list() -> None:
    with Hub(Settings(benchmarks={"acme/tb2": frozenset({"lite"})})) as hub:
        text = "- dataset: {id: %s/tb2, task_id: lite}\n  value: 1\n"
        files = {f".eval_results/{name}.yaml": text % name for name in ("acme", "other")}
        hub.write(REPO, files)
        url = f"{hub.url}/api/models/{REPO}?expand=evalResults"
        known, unknown = httpx2.get(url).json()["evalResults"]
        assert known["data"]["value"] == 1
        assert unknown["error"] == "[0].dataset.id: other/tb2 is not a benchmark"


def test_one_listing_tells_the_head_of_every_repo_of_an_organisation() -> None:
    with Hub(Settings(page_size=10)) as hub:
        for number in range(25):
            hub.write(f"acme/m{number:02}", {"README.md": CARD})
        hub.write("other/m", {"README.md": CARD})
        api = HfApi(endpoint=hub.url, token=False)
        listed = {
            f"models/{each.id}": each.sha for each in api.list_models(author="acme", expand=["sha"])
        }
        assert listed == {key: sha for key, sha in hub.heads().items() if "/acme/" in key}
        assert hub.log.count("list") == 3
        [full] = api.list_models(author="other", full=True, cardData=True)
        assert [(each.rfilename, each.blob_id) for each in given(full.siblings)][1] == (
            "README.md",
            None,
        )
        assert (full.sha, given(full.card_data).license) == (hub.heads()["models/other/m"], "mit")
        [brief] = api.list_models(search="M07")
        assert (brief.id, brief.sha, brief.siblings) == ("acme/m07", None, None)
        assert len(list(api.list_models(filter="tb2", limit=12))) == 12
        with pytest.raises(BadRequestError, match="usedStorage"):
            list(api.list_models(expand=["usedStorage"]))
