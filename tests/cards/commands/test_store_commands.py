"""A store of results on the Hub: pinned, fetched once, read without a network, proposed to."""

import json

import pytest
from click.testing import CliRunner

from cardboard.cli import main
from cardboard.eval.records import encode
from cardboard.tests.hub import GUEST_TOKEN, NAMED, READ_TOKEN_OF_ANA, WRITE_TOKEN, Hub
from cardboard.tests.making import a_result

pytest_plugins = ("cardboard.tests.hub.fixtures",)

STORE = "datasets/acme/results"
BOARD = """
[board]
title = {{ en = "A board", ko = "보드" }}
[results]
source = "{source}"
[[suites]]
name = "mini"
version = "1"
"""
NOWHERE = "http://127.0.0.1:1"


def result(name, f1=0.5):
    return encode(a_result(f"org/{name}", f1))


@pytest.fixture
def workspace(tmp_path):
    return make(tmp_path / "board", "hf://datasets/acme/results")


def make(root, source):
    root.mkdir(parents=True)
    (root / "board.toml").write_text(BOARD.format(source=source), encoding="utf-8")
    return root


@pytest.fixture
def store(hub: Hub) -> Hub:
    """Serve a Hub with a store of two results, one of them in a folder."""
    hub.write(
        STORE,
        {
            "README.md": "# Results",
            ".gitattributes": "",
            "one.json": result("one"),
            "more/two.json": result("two", 0.7),
        },
        title="Two results",
    )
    return hub


@pytest.fixture
def run(client, workspace):
    """Return what runs a command in the workspace with the real client."""

    def start(*arguments, hub=None, token=WRITE_TOKEN, at=workspace):
        url = hub.url if hub else NOWHERE
        return client.run("-C", str(at), *map(str, arguments), url=url, token=token)

    return start


def board(root):
    done = CliRunner().invoke(main, ["-C", str(root), "board", "--format", "json"])
    assert done.exit_code == 0, done.output
    [found] = json.loads(done.output)["boards"]
    return {entry["model"]: entry["rank"] for entry in found["entries"]}


def lock(root):
    return json.loads((root / "results.lock.json").read_text())


def test_what_was_fetched_makes_the_board_without_a_network(store, run, workspace):
    done = run("fetch", hub=store)
    assert done.code == 0, done.err
    assert "2 files, 2 new or changed, 0 gone" in done.out
    assert lock(workspace)["revision"] == store.heads()[STORE]
    assert board(workspace) == {"org/two": 1, "org/one": 2}
    assert run("publish").code == 0
    assert run("verify", workspace / "build" / "site").code == 0
    again = run("fetch")
    assert again.code == 0, again.err
    assert "2 files, all here" in again.out


def test_a_board_stays_where_it_is_pinned_until_somebody_moves_it_on(store, run, workspace):
    run("fetch", hub=store)
    first = (workspace / "results.lock.json").read_bytes()
    store.write(STORE, {"one.json": None, "three.json": result("three", 0.9)})
    assert run("fetch", hub=store).code == 0
    assert (workspace / "results.lock.json").read_bytes() == first
    assert board(workspace) == {"org/two": 1, "org/one": 2}
    asked = store.log.count("resolve", STORE)
    moved = run("fetch", "--update", hub=store)
    assert "2 files, 1 new or changed, 1 gone" in moved.out
    assert board(workspace) == {"org/three": 1, "org/two": 2}
    assert store.log.count("resolve", STORE) == asked + 1, "what is here is not fetched again"


def test_another_machine_gets_the_pinned_commit_and_no_newer_one(store, run, workspace, tmp_path):
    run("fetch", hub=store)
    store.write(STORE, {"three.json": result("three", 0.9)})
    other = make(tmp_path / "other", "hf://datasets/acme/results")
    (other / "results.lock.json").write_bytes((workspace / "results.lock.json").read_bytes())
    assert run("board", at=other).code == 2
    assert run("fetch", hub=store, at=other).code == 0
    assert board(other) == board(workspace)


def test_before_the_first_fetch_every_command_says_what_to_do(run):
    done = run("board")
    assert done.code == 2
    assert "board.toml: results.source: its results are not here yet" in done.err
    assert "cardboard fetch" in done.err


@pytest.mark.parametrize("change", ["edited", "gone", "new"])
def test_a_file_that_is_not_what_was_fetched_ends_every_command(store, run, workspace, change):
    run("fetch", hub=store)
    [tree] = (workspace / ".cardboard" / "store").glob("*/more")
    path = tree / ("three.json" if change == "new" else "two.json")
    if change == "gone":
        path.unlink()
    else:
        path.write_bytes(result("two", 0.99))
    done = run("board")
    assert done.code == 2
    assert f"more/{path.name}: is not what was fetched" in done.err
    assert run("fetch", hub=store).code == 0
    assert board(workspace) == {"org/two": 1, "org/one": 2}


def test_a_folder_of_the_store_can_be_the_results(store, run, tmp_path):
    root = make(tmp_path / "part", "hf://datasets/acme/results/more")
    assert run("fetch", hub=store, at=root).code == 0
    assert board(root) == {"org/two": 1}


def test_names_that_lead_out_or_mean_something_to_a_system_stay_on_the_hub(hub, run, workspace):
    bad = ["a/../../evil.json", "C:evil.json", "a\\evil.json", ".hidden/evil.json", "x/NUL:.json"]
    hub.write(STORE, {"good.json": result("good"), **{name: result("evil") for name in bad}})
    done = run("fetch", hub=hub)
    assert done.code == 0, done.err
    assert f"{len(bad)} files with unsafe names: left there" in done.err
    assert [one["path"] for one in lock(workspace)["files"]] == ["good.json"]
    assert not list(workspace.parent.rglob("*evil*"))
    assert board(workspace) == {"org/good": 1}


def test_a_lock_with_a_path_that_leads_out_is_refused(store, run, workspace):
    run("fetch", hub=store)
    path = workspace / "results.lock.json"
    path.write_text(path.read_text().replace("more/two.json", "../../two.json"))
    assert "leads out of the results" in run("board").err


@pytest.mark.parametrize("fault", ["error-500", "captive-portal", "done-but-dropped"])
def test_a_hub_that_fails_leaves_everything_as_it_was(store, run, workspace, fault):
    run("fetch", hub=store)
    before, first = (workspace / "results.lock.json").read_bytes(), board(workspace)
    store.write(STORE, {"three.json": result("three", 0.9)})
    store.arm(NAMED[fault], kind="resolve")
    done = run("fetch", "--update", hub=store)
    assert done.code == 1
    assert "hf://datasets/acme/results" in done.err
    assert (workspace / "results.lock.json").read_bytes() == before
    assert board(workspace) == first


NEW = result("three", 0.9)


def test_a_result_is_proposed_in_a_pull_request_and_not_twice(store, run, workspace, tmp_path):
    run("fetch", hub=store)
    file = tmp_path / "new.json"
    file.write_bytes(NEW)
    done = run("add", "--to-store", file, hub=store, token=GUEST_TOKEN)
    assert done.code == 0, done.err
    assert "org/three: new, rank 1" in done.out
    assert f"proposed: {store.url}/datasets/acme/results/discussions/1" in done.out
    paths = store.repo(STORE).at_revision("refs/pr/1").files
    [name] = [path for path in paths if "three" in path]
    assert store.read(STORE, name, "refs/pr/1") == NEW
    assert store.read(STORE, name) is None
    assert board(workspace) == {"org/two": 1, "org/one": 2}, "it is not on the board before"
    again = run("add", "--to-store", file, hub=store, token=GUEST_TOKEN)
    assert "is proposed already" in again.out
    assert store.log.count("commit", STORE) == 1


def test_a_dry_run_proposes_nothing(store, run, tmp_path):
    run("fetch", hub=store)
    file = tmp_path / "new.json"
    file.write_bytes(NEW)
    done = run("add", "--to-store", "--dry-run", file)
    assert "org/three: new, rank 1" in done.out
    assert done.code == 0


@pytest.mark.parametrize("token", [None, READ_TOKEN_OF_ANA])
def test_who_may_not_propose_is_told_so(store, run, tmp_path, token):
    run("fetch", hub=store)
    file = tmp_path / "new.json"
    file.write_bytes(NEW)
    done = run("add", "--to-store", file, hub=store, token=token)
    assert done.code in (1, 2)
    assert done.err
    assert not list(store.repo(STORE).threads)


def test_nothing_is_added_beside_a_store(store, run, tmp_path):
    run("fetch", hub=store)
    file = tmp_path / "new.json"
    file.write_bytes(NEW)
    for command in ("add", "import"):
        done = run(command, file)
        assert done.code == 2
        assert "cardboard add --to-store" in done.err


def test_a_clone_of_a_store_is_a_folder_like_results(run, tmp_path):
    (tmp_path / "clone").mkdir()
    (tmp_path / "clone" / "one.json").write_bytes(result("one"))
    root = make(tmp_path / "beside", "../clone")
    assert board(root) == {"org/one": 1}
    file = tmp_path / "new.json"
    file.write_bytes(NEW)
    assert run("add", file, at=root).code == 0
    assert len(list((tmp_path / "clone").iterdir())) == 2
    assert board(root) == {"org/three": 1, "org/one": 2}
    assert run("add", "--to-store", file, at=root).code in (0, 2)


@pytest.mark.parametrize(
    "source", ["hf://models/acme/results", "https://x.org/a", "hf://datasets/acme", "hf://datasets/../x",
               "hf://datasets/acme/results/../..", "no/such/folder"],
)  # fmt: skip
def test_a_source_that_is_none_is_told_by_its_key(run, tmp_path, source):
    root = make(tmp_path / "odd", source)
    for command in ("board", "fetch"):
        done = run(command, at=root)
        assert done.code == 2
        assert "board.toml: results.source" in done.err


def test_no_token_is_left_in_any_file_or_word(store, run, workspace, tmp_path):
    file = tmp_path / "new.json"
    file.write_bytes(NEW)
    store.arm(NAMED["error-500"], kind="commit")
    told = [
        run("fetch", hub=store),
        run("add", "--to-store", file, hub=store),
        run("add", "--to-store", file, hub=store),
    ]
    assert told[1].code == 1
    assert not [one for one in told if WRITE_TOKEN in one.out + one.err]
    for path in workspace.rglob("*"):
        assert path.is_dir() or WRITE_TOKEN.encode() not in path.read_bytes()
