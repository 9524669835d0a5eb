"""The workflows that `init --github` writes: pinned, linted, documented, no right too many."""

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

import cardboard
from cardboard.board.attest import attestations
from cardboard.board.commands import init_command
from cardboard.board.commands.init_command import requirement, workflows
from cardboard.board.workspace.audits import FOLDER as AUDITS
from cardboard.board.workspace.configuration import INPUTS
from cardboard.board.workspace.store import LOCK
from cardboard.cards.push.watch import CONFIGURATION
from cardboard.cli import main
from cardboard.tests.github import read, steps

ROOT = Path(__file__).parents[1]
PACKAGED = ROOT / "templates" / "github"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PAGES = [ROOT / "site" / "docs" / language / "publishing.md" for language in ("en", "ko")]
BY_NAME = {path.stem: read(path) for path in WORKFLOWS}
JOBS = [(name, job) for name, told in BY_NAME.items() for job in told["jobs"].values()]


def commands(text: str) -> Iterator[list[str]]:
    """Yield the words of every call of `cardboard` in a script."""
    for line in re.findall(r"^(?:.*\) +| *)cardboard (.*?)(?: ;;)?$", text, re.MULTILINE):
        yield shlex.split(line.partition(" > ")[0])


def parsed(words: list[str]) -> click.Context:
    """Parse a command line without running it."""
    context = main.make_context("cardboard", list(words))
    name, command, rest = main.resolve_command(context, [*context._protected_args, *context.args])
    assert command is not None, name
    return command.make_context(name, rest, parent=context)


def tool(name: str) -> Path:
    """Return the program called *name* that its package installed."""
    found = distribution(name).files or []
    return next(Path(str(one.locate())) for one in found if one.name == name)


def test_this_repository_uses_what_the_package_writes() -> None:
    told = {name: text for name, text in workflows(None).items() if name != init_command.PIN}
    assert len(told) == len(WORKFLOWS) + 1
    for name, text in told.items():
        assert (ROOT / name).read_text("utf-8") == text, name


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_command_in_a_workflow_exists_with_its_options(path: Path) -> None:
    called = [words for step in steps(read(path)) for words in commands(step.get("run", ""))]
    assert called or path.stem == "comment"
    for words in called:
        parsed(words[2:] if words[:2] == ["-C", "base"] else words)


def test_every_action_is_pinned_by_its_hash_and_says_its_version() -> None:
    used = [line for path in WORKFLOWS for line in re.findall(r"uses: (.*)", path.read_text())]
    assert len(used) > 10
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line) for line in used)
    assert len({line.partition("@")[0]: line for line in used}) == len(set(used))


def test_zizmor_finds_nothing_and_each_exception_has_its_reason() -> None:
    files = [*WORKFLOWS, ROOT / ".github" / "dependabot.yml"]
    done = subprocess.run(
        [tool("zizmor"), "--offline", "--no-config", "--format", "json", *files],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, json.loads(done.stdout)) == (0, []), done.stderr
    text = "".join(path.read_text("utf-8") for path in WORKFLOWS)
    ignored = re.findall(r"zizmor: ignore(.*)", text)
    assert ignored == ["[dangerous-triggers] nothing of the pull request is checked out or run"]


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("vendor.github-workflows", WORKFLOWS),
        ("vendor.dependabot", [ROOT / ".github" / "dependabot.yml"]),
    ],
)
def test_the_files_are_of_githubs_schemas(schema: str, files: list[Path]) -> None:
    done = subprocess.run(
        [tool("check-jsonschema"), "--builtin-schema", schema, *files],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_job_has_more_rights_than_it_needs() -> None:
    assert all(told["permissions"] == {} for told in BY_NAME.values())
    rights = {
        (name, key): job["permissions"]
        for name, told in BY_NAME.items()
        for key, job in told["jobs"].items()
    }
    assert rights == {
        ("results", "check"): {"contents": "read"},
        ("comment", "comment"): {"actions": "read", "pull-requests": "write"},
        ("publish", "cards"): {"contents": "read", "id-token": "write"},
        ("publish", "site"): {"contents": "read", "pages": "write", "id-token": "write"},
        ("stale", "status"): {"contents": "read"},
    }
    for told in BY_NAME.values():
        assert "pull_request_target" not in told["on"]
        for step in steps(told):
            if "actions/checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False


def test_what_may_write_runs_nothing_of_a_pull_request() -> None:
    text = (ROOT / ".github" / "workflows" / "comment.yml").read_text("utf-8")
    assert "uses:" not in text
    assert "secrets." not in text
    assert "secrets." not in (ROOT / ".github" / "workflows" / "results.yml").read_text("utf-8")


def test_each_job_that_reads_a_secret_names_the_environment_that_has_it() -> None:
    found = {(name, job["environment"]["name"]) for name, job in JOBS if "secrets." in str(job)}
    assert found == {("publish", "hub"), ("stale", "hub-read")}
    site = BY_NAME["publish"]["jobs"]["site"]
    assert "secrets." not in str(site)


def test_the_site_never_waits_for_cards_and_each_waits_for_its_own() -> None:
    publish = BY_NAME["publish"]
    assert "concurrency" not in publish
    groups = {name: job["concurrency"] for name, job in publish["jobs"].items()}
    assert groups == {"cards": "cards", "site": "pages"}
    assert not any("needs" in job for job in publish["jobs"].values())


def test_the_journal_of_a_push_is_kept_however_the_push_ends() -> None:
    told = BY_NAME["publish"]["jobs"]["cards"]["steps"]
    (push,) = (n for n, step in enumerate(told) if "push" in step.get("run", ""))
    (save,) = (step for step in told[push:] if "cache/save" in step.get("uses", ""))
    assert (save["if"], save["with"]["path"]) == ("always()", ".cardboard/push.jsonl")
    (restored,) = (
        step for step in steps(BY_NAME["stale"]) if "cache/restore" in step.get("uses", "")
    )
    assert restored["with"]["path"] == save["with"]["path"]


def test_whatever_boards_are_made_from_is_published_when_it_changes() -> None:
    """Filters see 300 files of a push: the schedule makes up for the others."""
    on = BY_NAME["publish"]["on"]
    own = {init_command.PIN, ".github/workflows/publish.yml"}
    assert set(on["push"]["paths"]) - own == {
        name + "**" if name.endswith("/") else name for name in INPUTS
    }
    assert {*CONFIGURATION, LOCK, f"{AUDITS}/", f"{attestations.FOLDER}/"} < set(INPUTS)
    assert on["schedule"]
    assert BY_NAME["results"]["on"] == {"pull_request": None}, "a check that is required must run"


INIT = ("init", "--github")


def run(*words: object) -> Any:
    """Run a command."""
    return CliRunner().invoke(main, [str(word) for word in words])


def test_a_new_workspace_comes_with_workflows_that_install_this_version(tmp_path: Path) -> None:
    done = run(*INIT, tmp_path / "board")
    assert done.exit_code == 0, done.output
    assert "Make the environment hub with a secret HF_TOKEN" in done.output
    assert (tmp_path / "board" / "board.toml").is_file()
    assert cardboard.__version__ in (tmp_path / "board" / init_command.PIN).read_text("utf-8")
    names = {path.name for path in (tmp_path / "board" / ".github" / "workflows").iterdir()}
    assert names == {path.name for path in WORKFLOWS}


def test_where_only_this_machine_has_it_no_strangers_package_is_installed() -> None:
    unsaid, said = (workflows(one)[init_command.PIN] for one in (None, "cardboard==1.2.3"))
    assert all(line.startswith("# ") for line in unsaid.splitlines())
    assert said.splitlines()[-1] == "cardboard==1.2.3"


def test_a_workspace_that_is_there_gets_the_workflows_and_loses_nothing(tmp_path: Path) -> None:
    shutil.copy(ROOT / "board.toml", tmp_path)
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github" / "dependabot.yml").write_text("version: 2\nupdates: []\n")
    before = (tmp_path / "board.toml").read_bytes()
    done = run(*INIT, tmp_path)
    assert done.exit_code == 0, done.output
    assert "dependabot.yml is yours, and was left as it is." in done.output
    assert (tmp_path / "board.toml").read_bytes() == before
    assert run(*INIT, tmp_path).exit_code == 0, "a second time changes nothing"
    changed = tmp_path / ".github" / "workflows" / "stale.yml"
    changed.write_text("mine")
    changed.with_name("results.yml").unlink()
    done = run(*INIT, tmp_path)
    assert done.exit_code == 2
    assert "stale.yml: exists already, and says something else" in done.output
    assert changed.read_text() == "mine"
    assert not changed.with_name("results.yml").exists(), "all of it or nothing"


def test_workflows_below_the_root_of_a_repository_would_never_run(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    done = run(*INIT, tmp_path / "inner")
    assert done.exit_code == 2
    assert "is not the root of its repository" in done.output
    assert not (tmp_path / "inner").exists()


COMMIT = "c" * 40
AT = "https://example.org/cardboard"


@pytest.mark.parametrize(
    ("record", "pinned"),
    [
        (None, None),
        ({"url": "file:///home/me/cardboard", "dir_info": {}}, None),
        (
            {"url": f"{AT}.git", "vcs_info": {"vcs": "git", "commit_id": COMMIT}},
            f"cardboard @ git+{AT}.git@{COMMIT}",
        ),
        (
            {
                "url": "https://me:secret@example.org/cardboard.git",
                "vcs_info": {"vcs": "git", "commit_id": COMMIT},
            },
            f"cardboard @ git+{AT}.git@{COMMIT}",
        ),
        (
            {"url": f"{AT}.whl", "archive_info": {"hashes": {"sha256": "d" * 64}}},
            f"cardboard @ {AT}.whl#sha256={'d' * 64}",
        ),
    ],
)
def test_what_is_installed_elsewhere_is_what_is_installed_here(
    monkeypatch: pytest.MonkeyPatch, record: dict[str, Any] | None, pinned: str | None
) -> None:
    class Installed:
        """What is known of an installed package."""

        def read_text(self, name: str) -> str | None:
            assert name == "direct_url.json"
            return None if record is None else json.dumps(record)

    monkeypatch.setattr(init_command, "distribution", lambda name: Installed())
    assert requirement() == pinned


@pytest.mark.parametrize("page", PAGES, ids=["en", "ko"])
def test_the_page_on_publishing_names_every_workflow_and_only_real_commands(page: Path) -> None:
    text = page.read_text("utf-8")
    assert {path.name for path in WORKFLOWS} == set(re.findall(r"`(\w+\.yml)`", text)) - {
        "dependabot.yml"
    }
    for name in ("PUSH_CARDS", "PUBLISH_SITE", "WATCH_HUB", "HF_TOKEN"):
        assert f"`{name}`" in text
    blocks = "".join(re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))
    called = [*commands(blocks), *commands("\n".join(re.findall(r"`(cardboard [^`]+)`", text)))]
    assert len(called) > 5
    for words in called:
        parsed(words)


def test_both_languages_say_the_same() -> None:
    english, korean = (page.read_text("utf-8") for page in PAGES)
    for pattern in (r"^#+ .*(\{ #\S+ \})$", r"`([^`\n]+)`", r"^(\| `[a-z ]+` )", r"(\d+)"):
        found = [sorted(re.findall(pattern, text, re.MULTILINE)) for text in (english, korean)]
        assert found[0] == found[1], pattern
