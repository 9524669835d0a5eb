"""What becomes of text of people that is in the way: one question, and choices that are kept."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from huggingface_hub import HfApi

from cardboard.cli import main
from cardboard.tests.hub import GUEST_TOKEN, WRITE_TOKEN, Fault, Hub
from cardboard.tests.hub.state import Settings
from cardboard.tests.pushing import Bench, Cradle, by_hand, repos, write_workspace

pytest_plugins = ("cardboard.tests.hub.fixtures",)

FIRST, SECOND, THIRD = REPOS = repos(3)
OWN = "# Entirely by hand\n"


@pytest.fixture
def bench(client: Cradle, hub: Hub, tmp_path: Path) -> Bench:
    """Give a workspace of three models, two of which have a README without a part of ours."""
    for repo, text in zip(REPOS, (OWN, OWN, by_hand()), strict=True):
        hub.write(repo, {"README.md": text})
    return Bench(client, hub, write_workspace(tmp_path / "workspace", 3))


@pytest.fixture
def asked(bench: Bench, api: HfApi, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Give a way to push on a terminal, with these answers."""
    monkeypatch.setenv("HF_TOKEN", WRITE_TOKEN)
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda self: True)

    def push(*answers: str, more: tuple[str, ...] = ()) -> Result:
        text = "".join(f"{answer}\n" for answer in answers)
        return CliRunner().invoke(main, ["-C", str(bench.root), "push", *more], input=text)

    return push


def test_all_readmes_of_peoples_own_are_one_question(
    bench: Bench, asked: Callable[..., Result]
) -> None:
    done = asked("append", "y")
    have = "2 repositories have a README of their own"
    ways = "append our part to all / choose each / cancel (append, each, cancel): "
    question = f"    {FIRST}\n    {SECOND}\n{have}: {ways}"
    assert done.stderr.count(question) == 1, done.stderr
    assert "Push 3 cards" in done.stderr
    assert done.exit_code == 0
    for repo in (FIRST, SECOND):
        assert bench.readme(repo).find(OWN) < bench.readme(repo).find("<!-- cardboard:begin")
    assert bench.push().out.endswith("3 unchanged\n"), "and nothing is left to be chosen"


def test_each_can_be_chosen_and_what_stays_as_it_is_can_be_kept(
    bench: Bench, asked: Callable[..., Result]
) -> None:
    done = asked("each", "ours", "theirs", "y")
    assert done.exit_code == 0, done.stderr
    assert OWN not in bench.readme(FIRST)
    assert bench.readme(SECOND) == OWN
    kept = f'[hub.take]\n"{SECOND}" = "theirs"\n'
    assert kept in done.stderr
    config = bench.root / "board.toml"
    config.write_text(config.read_text() + kept)
    again = bench.push()
    assert (again.code, again.out.count("left as it is")) == (0, 1), again.said


@pytest.mark.parametrize("answers", [("cancel",), (), ("append", "n")])
def test_whoever_cancels_changes_nothing(
    bench: Bench, asked: Callable[..., Result], answers: tuple[str, ...]
) -> None:
    done = asked(*answers)
    assert done.exit_code == (1 if answers[-1:] == ("n",) else 130)
    assert "othing was changed." in done.stderr
    assert "Aborted" not in done.stderr
    assert not bench.hub.log.count("commit")


def test_without_a_terminal_all_of_them_are_one_hint(bench: Bench) -> None:
    done = bench.push()
    assert done.code == 1
    listed = f"conflict       {FIRST}\nconflict       {SECOND}\n"
    assert f"{listed}    2 repositories have a README of their own. Choose" in done.out
    assert done.out.count("--take append") == 1


def test_choices_are_kept_for_each_repository_and_those_for_none_are_told(bench: Bench) -> None:
    config = bench.root / "board.toml"
    kept = f'[hub.take]\n"{FIRST}" = "append"\n"{SECOND}" = "ours"\n"acme/none" = "theirs"\n'
    config.write_text(config.read_text() + kept)
    done = bench.push()
    assert done.code == 0, done.said
    assert "hub.take names acme/none, to which no card belongs." in done.err
    assert OWN in bench.readme(FIRST)
    assert OWN not in bench.readme(SECOND)
    (bench.root / "board.toml").write_text(config.read_text().replace('"append"', '"add"'))
    assert "board.toml" in bench.push().err


def test_the_command_line_goes_before_what_is_kept(bench: Bench) -> None:
    config = bench.root / "board.toml"
    config.write_text(config.read_text() + f'[hub.take]\n"{FIRST}" = "theirs"\n')
    assert bench.push("--take", f"{FIRST}=append", "--repo", FIRST).code == 0
    assert "<!-- cardboard:begin" in bench.readme(FIRST)


def test_a_pull_request_that_was_opened_by_a_choice_is_updated_without_it(bench: Bench) -> None:
    pr = ("--pr", "--repo", FIRST)
    assert bench.push(*pr, "--take", "append", token=GUEST_TOKEN).code == 0
    assert "pull request #1 is open" in bench.push(*pr, token=GUEST_TOKEN).out
    (bench.root / "models.toml").write_text(f'["{FIRST}"]\npurpose = {{ en = "Does it." }}\n')
    done = bench.push(*pr, token=GUEST_TOKEN)
    assert (done.code, bench.ours(FIRST, "refs/pr/1")) == (0, 2), done.said
    assert bench.readme(FIRST, "refs/pr/1").startswith("---\n")
    assert OWN in bench.readme(FIRST, "refs/pr/1")
    assert len(bench.hub.repo(FIRST).threads) == 1


GATED = Fault(status=403, headers={"X-Error-Code": "GatedRepo"}, times=None)
DISABLED = Fault(status=403, text="Access to this resource is disabled.", times=None)
SILENT = Fault(kind="preupload", status=403, text="Discussions are disabled for this repo")


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (GATED, "Its files are gated. Ask its owner to let you in"),
        (DISABLED, "The Hub has disabled it, also for pull requests."),
    ],
)
def test_gated_and_disabled_repositories_get_no_advice_that_cannot_work(
    bench: Bench, fault: Fault, told: str
) -> None:
    bench.hub.arm(fault, kind="resolve", repo=THIRD)
    for more in ((), ("--pr",)):
        done = bench.push("--repo", THIRD, *more)
        assert done.code == 1
        assert f"no permission  {THIRD}\n" in done.out
        assert told in done.out
        assert "Or propose it" not in done.out
        assert "hf auth login" not in done.out


def test_discussions_that_are_switched_off_are_told_as_such(bench: Bench) -> None:
    bench.hub.arm(SILENT)
    done = bench.push("--pr", "--repo", THIRD, token=GUEST_TOKEN)
    assert done.code == 1
    assert "Discussions are switched off there" in done.out
    assert "Or propose it" not in done.out


def test_what_the_hub_warns_of_is_told_with_the_repository(client: Cradle, tmp_path: Path) -> None:
    with Hub(Settings(warnings=("the licence is not known",))) as hub:
        hub.write(THIRD, {"README.md": by_hand()})
        bench = Bench(client, hub, write_workspace(tmp_path / "workspace", 3))
        done = bench.push("--repo", THIRD)
        assert done.code == 0, done.said
        assert f"{THIRD} {hub.url}" in done.out
        assert "\n    the Hub warns: the licence is not known\n" in done.out
        bench.hub.write(THIRD, {"README.md": by_hand()})
        told = bench.push("--repo", THIRD, "--format", "json").json()
        assert told[THIRD]["warnings"] == ["the licence is not known"]
