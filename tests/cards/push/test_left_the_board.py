"""Every card that was ever written stays true: what left the board, moved, or was written over."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from cardboard.cards.text.eval_results import HEAD
from cardboard.tests.hub import GUEST_TOKEN, NAMED, Hub
from cardboard.tests.hub.state import Settings
from cardboard.tests.pushing import (
    Bench,
    Cradle,
    Done,
    by_hand,
    repos,
    write_result,
    write_workspace,
)

pytest_plugins = ("cardboard.tests.hub.fixtures",)

FIRST, SECOND, THIRD = REPOS = repos(3)
RESULTS = ".eval_results/cardboard.yaml"


@pytest.fixture
def bench(client: Cradle, hub: Hub, tmp_path: Path) -> Bench:
    """Give a workspace of three models whose cards and results files have been pushed."""
    for repo in REPOS:
        hub.write(repo, {"README.md": by_hand()})
    made = Bench(client, hub, write_workspace(tmp_path / "workspace", 3, evals=True))
    assert made.push().code == 0
    return made


def standing(bench: Bench, repo: str) -> str:
    """Return how the card on a repository stands."""
    return str(bench.run("status", "--format", "json").json()[repo]["standing"])


def forget(bench: Bench) -> None:
    """Lose the journal, as a new machine has."""
    (bench.root / ".cardboard" / "push.jsonl").unlink()


def remove_result(bench: Bench, repo: str) -> None:
    """Delete the result of a model, and make its neighbours' cards as they shall be."""
    (bench.root / "results" / f"{repo.replace('/', '__')}.json").unlink()


def silent(bench: Bench) -> bool:
    """Tell whether another push does nothing but list the organisation."""
    since = len(bench.hub.log.lines())
    done = bench.push()
    assert done.code == 0, done.said
    return [line.kind for line in bench.hub.log.lines(since=since)] == ["list"]


def is_withdrawn(bench: Bench, repo: str) -> bool:
    """Tell whether a card is one dated sentence, and all that people wrote is there."""
    text = bench.readme(repo)
    part = re.search(r"<!-- cardboard:begin .*?-->\n(.*)<!-- cardboard:end -->", text, re.DOTALL)
    assert part is not None
    assert text.endswith("also by hand.\n")
    assert "# Chosen by the team" in text
    assert "license: apache-2.0   # see LICENSE" in text
    assert bench.hub.read(repo, RESULTS) is None
    assert "model-index" not in text
    return re.search(r"\b20\d\d-\d\d-\d\d\b", part[1]) is not None and "Rank" not in text


@pytest.mark.parametrize("remembered", [True, False], ids=["by the journal", "by our tag"])
def test_a_model_without_a_result_is_withdrawn_through_the_same_plan(
    bench: Bench, remembered: bool
) -> None:
    remove_result(bench, THIRD)
    if not remembered:
        forget(bench)
    assert standing(bench, THIRD) == "left the board"
    looked = bench.run("push", "--dry-run")
    assert f"left the board {THIRD}\n    no result of it is left\n" in looked.out
    assert "    -**Rank 3 / 3" in looked.out
    assert "On 20" in looked.out
    assert "value: 48.0" in bench.readme(THIRD), "a look changes nothing"
    done = bench.push()
    assert (done.code, done.out.endswith("2 pushed, 1 withdrawn\n")) == (0, True), done.said
    assert is_withdrawn(bench, THIRD)
    assert "are on [A board](https://example.org/board/)" not in bench.readme(THIRD)
    assert "taken off [A board](https://example.org/board/)." in bench.readme(THIRD)
    assert "[보드](https://example.org/board/)에서 빠졌습니다." in bench.readme(THIRD)
    assert silent(bench)
    forget(bench)
    assert bench.push().code == 0
    assert silent(bench), "also where nobody remembers that it was withdrawn"
    assert bench.ours(THIRD) == 2


def test_a_sentence_keeps_the_day_on_which_it_was_written(bench: Bench) -> None:
    remove_result(bench, THIRD)
    bench.push()
    text = re.sub(r"20\d\d-\d\d-\d\d", "2020-02-02", bench.readme(THIRD))
    from cardboard.cards.readme.markers import split, wrap

    parts = split(text)
    assert parts is not None
    again = parts.before + wrap(parts.body, parts.marks) + parts.after
    bench.hub.write(THIRD, {"README.md": again})
    forget(bench)
    bench.push()
    assert bench.readme(THIRD) == again


def test_a_model_comes_back_as_it_left(bench: Bench) -> None:
    before = bench.readme(THIRD)
    remove_result(bench, THIRD)
    bench.push()
    write_result(bench.root, THIRD, 0.48)
    assert bench.push().out.endswith("3 pushed\n")
    assert bench.readme(THIRD) == before
    assert silent(bench)


@pytest.mark.parametrize(
    ("models", "why", "said"),
    [
        ("repo = false", "models.toml gives its card no repository", "publishes no card"),
        ('repo = "acme/elsewhere"', "its card is now at acme/elsewhere", "is at [acme/elsewhere]"),
    ],
)
def test_a_card_that_models_toml_takes_away_is_withdrawn_with_the_reason(
    bench: Bench, models: str, why: str, said: str
) -> None:
    bench.hub.write("acme/elsewhere", {"README.md": by_hand()})
    (bench.root / "models.toml").write_text(f'["{THIRD}"]\n{models}\n')
    done = bench.push()
    assert f"left the board {THIRD}\n    {why}\n" in done.out, done.said
    assert said in bench.readme(THIRD)
    assert is_withdrawn(bench, THIRD)
    assert silent(bench)


def test_the_results_of_a_removed_suite_do_not_stay_on_the_hub(bench: Bench) -> None:
    board = bench.root / "board.toml"
    text = board.read_text("utf-8").replace('name = "mini"', 'name = "other"')
    board.write_text(text.replace("steps = 6", "steps = 60"), "utf-8")
    assert bench.push().code == 0
    for repo in REPOS:
        assert "**Rank" not in bench.readme(repo)
        assert "model-index" not in bench.readme(repo)
        assert bench.hub.read(repo, RESULTS) is None
    assert silent(bench)


def test_a_withdrawal_is_proposed_where_we_may_not_write(bench: Bench, api: HfApi) -> None:
    remove_result(bench, THIRD)
    pr = ("--pr", "--repo", THIRD)
    done = bench.push(*pr, token=GUEST_TOKEN)
    assert f"proposed       {THIRD} as pull request #1" in done.out, done.said
    assert "pull request #1 is open" in bench.push(*pr, token=GUEST_TOKEN).out
    assert bench.hub.read(THIRD, RESULTS) is not None
    api.merge_pull_request(THIRD, 1)
    assert bench.push(*pr, token=GUEST_TOKEN).code == 0
    assert is_withdrawn(bench, THIRD)


def test_edits_of_people_in_our_part_are_asked_about_first(bench: Bench) -> None:
    remove_result(bench, THIRD)
    text = bench.readme(THIRD)
    bench.hub.write(THIRD, {"README.md": text.replace("**Rank 3", "**Nearly rank 3")})
    done = bench.push()
    assert (done.code, f"conflict       {THIRD}\n" in done.out) == (1, True)
    assert "Nearly rank 3" in bench.readme(THIRD)
    assert bench.push("--take", f"{THIRD}=ours").code == 0
    assert is_withdrawn(bench, THIRD)
    assert silent(bench)


def test_the_cards_of_other_boards_and_people_are_nobodys_to_withdraw(bench: Bench) -> None:
    """Their tags may be ours, and they may come from cardboard."""
    from cardboard.cards.readme.readme import fresh_readme

    theirs = fresh_readme({"tags": ["terminal"]}, "**Rank 1**", {"board": "0123456789ab"})
    older = fresh_readme({"tags": ["terminal"]}, "**Rank 1**")
    bench.hub.write("acme/theirs", {"README.md": theirs})
    bench.hub.write("acme/older", {"README.md": older})
    bench.hub.write("acme/tagged", {"README.md": "---\ntags: [terminal]\n---\n# By hand\n"})
    assert bench.push().out.endswith("3 unchanged\n")
    assert bench.readme("acme/theirs") == theirs
    assert bench.readme("acme/older") == older
    assert silent(bench), "each is looked at once"


def test_a_repository_that_is_gone_takes_its_card_with_it(bench: Bench, api: HfApi) -> None:
    remove_result(bench, THIRD)
    api.delete_repo(THIRD)
    assert bench.push().out.endswith("2 pushed\n")
    assert silent(bench)


def test_a_named_repository_may_have_left_the_board(bench: Bench) -> None:
    remove_result(bench, THIRD)
    assert bench.push("--repo", THIRD).out.endswith("1 withdrawn\n")
    assert is_withdrawn(bench, THIRD)


def test_a_folder_is_withdrawn_from_as_the_hub_is(bench: Bench, tmp_path: Path) -> None:
    target = tmp_path / "to"
    bench.push("--to", str(target))
    remove_result(bench, THIRD)
    assert bench.push("--to", str(target)).out.endswith("2 pushed, 1 withdrawn\n")
    text = (target / THIRD / "README.md").read_text("utf-8")
    assert ("taken off" in text, "Rank" in text) == (True, False)
    assert bench.push("--to", str(target)).out.endswith("2 unchanged\n")


def test_a_renamed_repository_gets_its_card_and_the_name_to_write(bench: Bench) -> None:
    bench.hub.move(THIRD, "acme/new-name")
    write_result(bench.root, THIRD, 0.41)
    assert standing(bench, THIRD) == "stale rank"
    done = bench.push()
    assert standing(bench, THIRD) == "renamed"
    told = 'the Hub has it as acme/new-name: write `repo = "acme/new-name"`'
    assert (done.code, told in done.out) == (0, True), done.said
    assert "value: 41.0" in bench.readme("acme/new-name")
    since = len(bench.hub.log.lines())
    assert told in bench.push().out, "until it is written"
    assert [line.kind for line in bench.hub.log.lines(since=since)] == ["list"]
    assert bench.run("status").code == 1
    (bench.root / "models.toml").write_text(f'["{THIRD}"]\nrepo = "acme/new-name"\n')
    assert bench.push().out.endswith("2 unchanged, 1 pushed\n"), "the card names its repository"
    assert silent(bench)
    assert bench.run("status").out == "3 current\n"


def test_a_repository_that_went_to_another_owner_is_found_there(bench: Bench) -> None:
    bench.hub.move(THIRD, "ana/model")
    remove_result(bench, THIRD)
    assert bench.push().out.endswith("2 pushed, 1 withdrawn\n")
    assert is_withdrawn(bench, "ana/model")
    assert silent(bench)


def test_two_names_of_one_repository_are_one_card_and_the_alias_is_told(bench: Bench) -> None:
    """Each would overwrite the other's card at every push."""
    bench.hub.move(THIRD, "acme/new-name")
    write_result(bench.root, "acme/new-name", 0.6)
    done = bench.push()
    assert done.code == 0, done.said
    assert f"renamed        {THIRD}\n    the Hub leads to acme/new-name" in done.out
    assert f'Write `aliases = ["{THIRD}"]` in models.toml for acme/new-name.' in done.out
    assert "# acme/new-name\n" in bench.readme("acme/new-name")
    assert standing(bench, THIRD) == "renamed"
    for more in ((), ("--repo", THIRD)):
        assert bench.push(*more).code == 0
    assert bench.ours("acme/new-name") == 2, "one before the move, one after"
    (bench.root / "models.toml").write_text(f'["acme/new-name"]\naliases = ["{THIRD}"]\n')
    assert bench.push().code == 0
    assert silent(bench)


def test_a_redirect_to_a_cache_or_another_spelling_is_no_rename(
    client: Cradle, tmp_path: Path
) -> None:
    with Hub(Settings(resolve_cache=True)) as hub:
        hub.write(FIRST, {"README.md": by_hand()})
        hub.write("acme/model-one", {"README.md": by_hand()})
        hub.move("acme/model-one", "acme/Model-01")
        hub.move("acme/Model-01", SECOND)
        bench = Bench(client, hub, write_workspace(tmp_path / "w", 2))
        assert bench.push().out.endswith("2 pushed\n")
        assert hub.log.count("cached") == 2
        assert "renamed" not in bench.run("status").out
        hub.move(SECOND, SECOND.upper())
        assert bench.run("status").out == "2 current\n"


def test_a_readme_that_was_written_over_our_card_is_told_and_mended(bench: Bench) -> None:
    """A trainer saves its own README at the end of the next run."""
    bench.hub.write(THIRD, {"README.md": "---\nlibrary_name: peft\n---\n# Trained again\n"})
    assert standing(bench, THIRD) == "overwritten"
    done = bench.push()
    assert done.code == 1
    assert f"overwritten    {THIRD}\n    README.md: another README was written over" in done.out
    assert f"--take {THIRD}=append" in done.out
    assert bench.push("--take", f"{THIRD}=append").code == 0
    text = bench.readme(THIRD)
    assert "# Trained again\n" in text
    assert f"# {THIRD}\n" in text
    assert silent(bench)


def test_an_open_pull_request_is_not_a_deleted_card(bench: Bench, api: HfApi) -> None:
    bench.hub.write(FIRST, {"README.md": None})
    assert standing(bench, FIRST) == "deleted"
    bench.push("--pr", "--repo", FIRST, token=GUEST_TOKEN)
    asked = bench.run("status", token=None)
    assert f"pull request open {FIRST}  pull request #1\n" in asked.out, asked.said
    api.merge_pull_request(FIRST, 1)
    assert standing(bench, FIRST) == "current"


def test_a_card_that_gitignore_keeps_out_makes_no_commit(bench: Bench) -> None:
    bench.hub.write(THIRD, {".gitignore": "*.md\n"})
    write_result(bench.root, THIRD, 0.41)
    done = bench.push()
    assert done.code == 1
    assert f"ignored        {THIRD}\n    its .gitignore names README.md or our" in done.out
    assert bench.ours(THIRD) == 1
    assert standing(bench, THIRD) == "ignored by .gitignore"
    since = len(bench.hub.log.lines())
    assert bench.push().code == 1
    kinds = {line.kind for line in bench.hub.log.lines(since=since)}
    assert kinds == {"list"}, "it is not asked about again before the repository changes"
    bench.hub.write(THIRD, {".gitignore": None})
    assert bench.push().out.endswith("2 unchanged, 1 pushed\n")
    assert silent(bench)


@pytest.mark.parametrize("rule", ["README.md", "*.md"])
def test_a_readme_in_large_file_storage_is_told_with_its_rule(bench: Bench, rule: str) -> None:
    """The Hub reads no licence, no task and no tags of it."""
    bench.hub.store_large(THIRD, "README.md", rule)
    write_result(bench.root, THIRD, 0.41)
    done = bench.push()
    assert done.code == 1
    assert f"in LFS         {THIRD}\n    README.md is kept in large file storage" in done.out
    assert f"`{rule} filter=lfs` in .gitattributes\n    Take that rule out" in done.out
    assert bench.ours(THIRD) == 1
    assert standing(bench, THIRD) == "README in LFS"
    text = bench.readme(THIRD)
    bench.hub.write(THIRD, {".gitattributes": "", "README.md": text})
    assert bench.push().out.endswith("2 unchanged, 1 pushed\n")
    assert silent(bench)


def test_a_first_readme_that_would_go_to_large_file_storage_is_not_written(
    client: Cradle, hub: Hub, tmp_path: Path
) -> None:
    hub.write(FIRST, {".gitattributes": "*.md filter=lfs\n"})
    bench = Bench(client, hub, write_workspace(tmp_path / "w", 1))
    done = bench.push()
    assert (done.code, f"in LFS         {FIRST}\n" in done.out) == (1, True), done.said
    assert bench.ours(FIRST) == 0


@pytest.fixture(scope="module")
def prepared(client: Cradle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Give a workspace whose last model, which moved nobody else, has left the board."""
    with Hub() as hub:
        for repo in REPOS:
            hub.write(repo, {"README.md": by_hand()})
        root = tmp_path_factory.mktemp("prepared")
        models = f'["{THIRD}"]\nclass = "sweep"\n'
        made = Bench(client, hub, write_workspace(root, 3, evals=True, models=models))
        assert made.push("--workers", "1").code == 0
        remove_result(made, THIRD)
        (root / "card").write_text(made.readme(THIRD), "utf-8")
        (root / "journal").write_bytes((root / ".cardboard" / "push.jsonl").read_bytes())
        yield made


@pytest.fixture
def withdrawing(prepared: Bench) -> Bench:
    """Give that workspace and its Hub as they were before the withdrawal."""
    root, hub = prepared.root, prepared.hub
    hub.faults.clear()
    (root / ".cardboard" / "push.jsonl").write_bytes((root / "journal").read_bytes())
    hub.write(THIRD, {"README.md": (root / "card").read_text("utf-8"), RESULTS: HEAD})
    hub.log.clear()
    return prepared


WITHDRAWN = ("whoami", "list", "resolve", "validate", "preupload", "commit")
"""Every kind of request that a withdrawal makes, but for the search for a pull request of ours,
which is that of every push."""


@pytest.mark.parametrize("kind", [*WITHDRAWN, "list, no journal", "resolve, no journal"])
@pytest.mark.parametrize("name", NAMED)
def test_a_withdrawal_meets_a_fault(withdrawing: Bench, name: str, kind: str) -> None:
    bench = withdrawing
    if kind not in WITHDRAWN:
        forget(bench)
        kind = kind.partition(",")[0]
    commits = [bench.ours(repo) for repo in REPOS]
    armed = bench.hub.arm(NAMED[name], kind=kind)
    done = bench.push()
    assert armed.fired == 1
    assert "Traceback" not in done.said
    if done.code:
        assert "acme/" in done.said
    elif kind != "list":
        assert is_withdrawn(bench, THIRD)
    again = bench.push()
    assert again.code == 0, again.said
    assert is_withdrawn(bench, THIRD)
    made = [after - before for after, before in zip(map(bench.ours, REPOS), commits, strict=True)]
    assert made == [0, 0, 1]


def test_the_kinds_above_are_all_that_a_withdrawal_sends(withdrawing: Bench) -> None:
    done: Done = withdrawing.push()
    assert done.out.endswith("2 unchanged, 1 withdrawn\n"), done.said
    assert withdrawing.hub.log.kinds().keys() == {*WITHDRAWN, "discussions"}
    assert silent(withdrawing)
