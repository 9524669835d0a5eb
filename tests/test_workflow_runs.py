"""What the workflows run does what they say: each step in turn, with what GitHub would give it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from cardboard.cards.plan.description import TITLE
from cardboard.cli import main
from cardboard.eval import records
from cardboard.tests.github import Api, Runner, archive
from cardboard.tests.hub import READ_TOKEN_OF_ANA, WRITE_TOKEN, Hub
from cardboard.tests.hub.oidc import RUN
from cardboard.tests.making import a_result
from cardboard.tests.pushing import by_hand, repos, write_result, write_workspace

pytest_plugins = ("cardboard.tests.hub.fixtures",)
NAMES = repos(2)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Give the repository of a workspace of two models, with workflows as `init` writes them."""
    root = write_workspace(tmp_path / "board", 2)
    done = CliRunner().invoke(main, ["init", "--github", str(root)])
    assert done.exit_code == 0, done.output
    (root / ".github" / "cardboard.txt").write_text("cardboard\n")
    return root


@pytest.fixture
def runner(workspace: Path, hub: Hub, tmp_path: Path) -> Runner:
    """Give a machine of GitHub's, and a Hub with the two repositories."""
    for repo in NAMES:
        hub.write(repo, {"README.md": by_hand()})
    return Runner(workspace, tmp_path / "machine", hub.url)


def ours(hub: Hub) -> list[int]:
    """Count our commits in each repository."""
    return [sum(one.title == TITLE for one in hub.history(repo)) for repo in NAMES]


def test_cards_are_pushed_then_looked_at_and_a_stale_one_fails_the_day(
    runner: Runner, hub: Hub
) -> None:
    runner.secrets = {
        "hub": {"HF_TOKEN": WRITE_TOKEN},
        "hub-read": {"HF_TOKEN": READ_TOKEN_OF_ANA},
    }
    done = runner.run("publish", "cards")
    assert [step.code for step in done] == [0, 0, 0], done
    assert "there is nothing to fetch" in done[1].said
    assert "2 pushed" in done[2].said
    assert ours(hub) == [1, 1]
    done = runner.run("stale", "status")
    assert (done[-1].code, done[-1].said) == (0, "2 current\n")
    write_result(runner.workspace, NAMES[1], 0.2)
    done = runner.run("stale", "status")
    assert done[-1].code == 1
    assert f"stale rank      {NAMES[1]}" in done[-1].said


@pytest.mark.parametrize(
    ("how", "code", "says", "commits"),
    [
        ("", 2, "HF_TOKEN: nobody is logged in to the Hub", 0),
        ("dry", 0, "2 new", 0),
        ("oidc", 0, "2 pushed", 1),
        ("OIDC", 2, "PUSH_CARDS must be token, oidc or dry", 0),
    ],
)
def test_without_the_secret_a_push_is_red_unless_a_variable_says_otherwise(
    runner: Runner, hub: Hub, how: str, code: int, says: str, commits: int
) -> None:
    runner.variables = {"PUSH_CARDS": how}
    runner.secrets = {"hubb": {"HF_TOKEN": WRITE_TOKEN}}
    for repo in NAMES:
        hub.trust(repo, **RUN)
    done = runner.run("publish", "cards")
    assert done[-1].code == code
    assert says in done[-1].said
    assert ours(hub) == [commits, commits]


def test_results_that_lie_in_a_store_are_fetched_at_the_commit_that_is_pinned(
    runner: Runner, hub: Hub, tmp_path: Path
) -> None:
    root = runner.workspace
    for file in (root / "results").iterdir():
        hub.write("datasets/acme/results", {file.name: file.read_text("utf-8")})
    shutil.rmtree(root / "results")
    with (root / "board.toml").open("a", encoding="utf-8") as board:
        board.write('[results]\nsource = "hf://datasets/acme/results"\n')
    runner.secrets = {"hub": {"HF_TOKEN": WRITE_TOKEN}}
    done = runner.run("publish", "cards")
    assert [step.code for step in done] == [0, 0, 0], done
    assert "2 files, 2 new or changed" in done[1].said
    assert ours(hub) == [1, 1]


def test_the_site_is_built(runner: Runner) -> None:
    done = runner.run("publish", "site")
    assert [step.code for step in done] == [0, 0, 0], done
    assert (runner.workspace / "build" / "site" / "index.html").is_file()


def test_a_pull_request_is_checked_by_the_cardboard_that_was_there_before(
    runner: Runner,
) -> None:
    root = runner.workspace
    shutil.copytree(root, root / "base")
    (root / ".github" / "cardboard.txt").write_text("something-else\n")
    result = records.encode(a_result("acme/newcomer", 0.95))
    (root / "results" / "new.json").write_bytes(result)
    done = runner.run("results", "check")
    assert [step.code for step in done] == [0, 0, 0, 0], done
    told = (root / "ranks" / "ranks.txt").read_text("utf-8")
    assert told.splitlines() == [
        "mini 1 (models) acme/newcomer: new, rank 1, score 95.00",
        f"mini 1 (models) {NAMES[0]}: rank 1 -> 2",
        f"mini 1 (models) {NAMES[1]}: rank 2 -> 3",
    ]
    assert runner.summary.startswith("### Ranks that move\n    mini 1 (models) acme/newcomer")
    (root / "results" / "new.json").write_text("{")
    done = runner.run("results", "check")
    assert [step.code for step in done] == [0, 0, 1, 0], "the ranks are told even so"
    assert (root / "ranks" / "ranks.txt").read_text("utf-8") == "Nothing moves.\n"


@pytest.fixture
def api() -> Iterator[Api]:
    """Serve GitHub's API."""
    with Api() as served:
        yield served


def commented(api: Api, tmp_path: Path) -> str:
    """Run comment.yml; return what it said."""
    from cardboard.tests.test_workflows import WORKFLOWS

    (workflow,) = (path for path in WORKFLOWS if path.stem == "comment")
    machine = tmp_path / f"machine-{len(list(tmp_path.iterdir()))}"
    runner = Runner(workflow.parents[2], machine)
    github = {"token": "ghs_comment", **api.environment(tmp_path)}
    (step,) = runner.run("comment", "comment", **github)
    assert step.code == 0, step.said
    assert "ghs_comment" not in step.said
    return step.said


def test_the_ranks_are_said_once_and_said_anew_in_the_same_comment(
    api: Api, tmp_path: Path
) -> None:
    human = {"id": 1, "user": {"login": "stranger"}, "body": "<!-- cardboard:ranks --> mine"}
    api.comments = [human, {"id": 2, "user": None, "body": None}]
    assert commented(api, tmp_path) == "Said on #7.\n"
    assert api.comments[-1]["body"] == (
        "<!-- cardboard:ranks -->\n### Ranks that move\n\n```text\n"
        "board (models) org/m: new, rank 1, score 50.0\n```\n\nAs of aaaaaaaaaaaa."
    )
    api.archive = archive(b"Nothing moves.\n")
    commented(api, tmp_path)
    assert api.writes == [("POST", "/issues/7/comments"), ("PATCH", "/issues/comments/3")]
    assert "Nothing moves." in api.comments[-1]["body"]
    assert api.comments[0] == human


def test_where_nothing_moves_nothing_is_said(api: Api, tmp_path: Path) -> None:
    api.archive = archive(b"Nothing moves.\n")
    assert commented(api, tmp_path) == "Nothing moves, and nothing was said before.\n"
    assert api.writes == []


@pytest.mark.parametrize(
    "changed",
    [
        {"path": ".github/workflows/mine.yml"},
        {"head_sha": "b" * 40},
        {"head_branch": "another"},
        {"head_repository": None},
        {"head_repository": {"id": 12, "owner": {"login": "stranger"}}},
    ],
)
def test_a_run_that_is_not_of_an_open_pull_request_says_nothing(
    api: Api, tmp_path: Path, changed: dict[str, object]
) -> None:
    api.run |= changed
    commented(api, tmp_path)
    assert api.writes == []


HOSTILE = {
    "backticks": (b"````\n@team <img src=x> ![a](https://x)\n`````", "``````"),
    "a megabyte": (b"x" * 1_000_000, "```"),
    "signs": (b"\x1b[31mred\xe2\x80\xae\xff\x00\n<!-- -->", "```"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_an_artifact_holds_is_text_in_a_fence(api: Api, tmp_path: Path, name: str) -> None:
    content, fence = HOSTILE[name]
    api.archive = archive(content)
    commented(api, tmp_path)
    (body,) = (one["body"] for one in api.comments)
    assert len(body) < 65_000
    inner, _, after = body.partition(f"\n{fence}text\n")[2].rpartition(f"\n{fence}\n")
    assert fence not in inner
    assert after == "\nAs of aaaaaaaaaaaa."
    assert not any(sign in inner for sign in "\x1b\u202e\x00")


@pytest.mark.parametrize(
    "spoilt",
    [
        {"archive": b"no archive"},
        {"archive": archive(b"x", "../ranks.txt")},
        {"artifacts": []},
        {"artifacts": [{"id": 3, "name": "ranks", "expired": True, "size_in_bytes": 9}]},
        {"artifacts": [{"id": 3, "name": "ranks", "expired": False, "size_in_bytes": 10**7}]},
    ],
)
def test_an_artifact_that_is_none_of_ours_says_nothing(
    api: Api, tmp_path: Path, spoilt: dict[str, object]
) -> None:
    vars(api).update(spoilt)
    commented(api, tmp_path)
    assert api.writes == []
