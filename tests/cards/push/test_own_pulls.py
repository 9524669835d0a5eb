"""Our own pull requests: known by their mark, saying what they do, and closed when needless."""

from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from cardboard.cards.plan.description import MARK, TITLE
from cardboard.tests.hub import GUEST_TOKEN, NAMED, WRITE_TOKEN, Hub
from cardboard.tests.hub.repo import Thread
from cardboard.tests.pushing import (
    SITE,
    Bench,
    Cradle,
    by_hand,
    repos,
    write_result,
    write_workspace,
)

pytest_plugins = ("cardboard.tests.hub.fixtures",)

FIRST, SECOND, THIRD = REPOS = repos(3)
CARD = "---\nlicense: mit\n---\n# Ours\n"
CLOSED = "our pull request #1 was closed: it is not needed any more"


@pytest.fixture
def bench(client: Cradle, hub: Hub, tmp_path: Path) -> Bench:
    """Give a workspace of three models whose repositories have READMEs by hand."""
    for repo in REPOS:
        hub.write(repo, {"README.md": by_hand()})
    return Bench(client, hub, write_workspace(tmp_path / "workspace", 3))


def thread(bench: Bench, number: int = 1, repo: str = FIRST) -> Thread:
    return bench.hub.repo(repo).threads[number]


def comments(bench: Bench, number: int = 1, repo: str = FIRST) -> list[str]:
    """Return all that was said in a pull request, its description first."""
    notes = thread(bench, number, repo).notes
    return [note.data["text"] for note in notes if note.kind == "comment"]


def test_a_pull_request_says_which_ranks_move_and_where_to_look(bench: Bench) -> None:
    bench.push("--repo", THIRD)
    write_result(bench.root, THIRD, 0.9)
    assert bench.push("--pr", "--repo", THIRD, token=GUEST_TOKEN).code == 0
    (told,) = comments(bench, repo=THIRD)
    assert told == (
        f"{MARK}\n\n"
        "What the card says of ranks:\n\n"
        "- `mini 1`: `Rank 3 / 3 · 48.00 points` before, `Rank 1 / 3 · 90.00 points` now\n\n"
        "Keys of the front matter that change: model-index. "
        "Text outside the cardboard markers is as it was.\n\n"
        f"The model on the board: {SITE}models/acme__model-02/\n\n"
        f"The board: {SITE}"
    )


def test_a_first_card_was_nothing_before_and_what_people_wrote_there_stays_dead(
    bench: Bench,
) -> None:
    bench.push("--pr", "--repo", FIRST, token=GUEST_TOKEN)
    assert "`mini 1`: nothing before, `Rank 1 / 3 · 50.00 points` now" in comments(bench)[0]
    bench.push("--repo", SECOND)
    text = bench.readme(SECOND).replace("**Rank 2 / 3", "**@team ![x](http://evil) Rank 2 / 3")
    bench.hub.write(SECOND, {"README.md": text})
    bench.push("--pr", "--take", "ours", "--repo", SECOND, token=GUEST_TOKEN)
    (told,) = comments(bench, repo=SECOND)
    assert "`@team ![x](http://evil) Rank 2 / 3 · 49.00 points` before" in told


def test_a_direct_push_closes_our_pull_request_and_says_so_once(bench: Bench) -> None:
    bench.push("--pr", "--repo", FIRST, token=GUEST_TOKEN)
    done = bench.push("--repo", FIRST)
    assert (done.code, CLOSED in done.out) == (0, True), done.said
    assert thread(bench).status == "closed"
    head = bench.hub.heads()[f"models/{FIRST}"]
    assert comments(bench)[1:] == [f"The main branch has the card in {head}."]
    since = len(bench.hub.log.lines())
    assert CLOSED not in bench.push("--repo", FIRST).said
    assert {line.kind for line in bench.hub.log.lines(since=since)} <= {"list", "resolve"}


def test_one_that_may_not_be_closed_is_named_until_it_is(bench: Bench) -> None:
    bench.push("--pr", "--repo", FIRST, token=GUEST_TOKEN)
    bench.hub.arm(NAMED["forbidden-403"], kind="status", times=None)
    done = bench.push("--repo", FIRST)
    assert done.code == 0
    assert "    pull request #1 of ours is still open: 403: Forbidden" in done.out
    assert thread(bench).status == "open"
    bench.hub.faults.clear()
    assert f"unchanged      {FIRST}\n    {CLOSED}\n" in bench.push("--repo", FIRST).out
    assert thread(bench).status == "closed"


def test_one_that_somebody_took_or_closed_meanwhile_is_left_alone(bench: Bench, api: HfApi) -> None:
    bench.push("--pr", "--repo", FIRST, "--repo", SECOND, token=GUEST_TOKEN)
    api.merge_pull_request(FIRST, 1)
    api.change_discussion_status(SECOND, 1, "closed")
    done = bench.push("--repo", FIRST, "--repo", SECOND)
    assert (done.code, CLOSED in done.said) == (0, False), done.said
    assert not bench.hub.log.count("comment")
    assert len(comments(bench)) == len(comments(bench, repo=SECOND)) == 1


def test_without_a_journal_our_pull_request_is_found_by_its_mark(bench: Bench) -> None:
    bench.push("--pr", "--repo", FIRST, token=GUEST_TOKEN)
    (bench.root / ".cardboard" / "push.jsonl").unlink()
    assert f"pull request open {FIRST}  pull request #1\n" in bench.run("status", token=None).out
    since = len(bench.hub.log.lines())
    done = bench.push("--repo", FIRST, "--repo", SECOND)
    assert (done.code, CLOSED in done.out) == (0, True), done.said
    assert "our pull request #1, if still open, is closed after that" in done.out
    assert thread(bench).status == "closed"
    lines = bench.hub.log.lines(since=since)
    assert sorted(one.repo for one in lines if one.kind == "discussions") == sorted(
        f"models/{repo}" for repo in (FIRST, SECOND)
    )
    since = len(bench.hub.log.lines())
    assert bench.push("--repo", FIRST, "--repo", SECOND).code == 0
    assert not {line.kind for line in bench.hub.log.lines(since=since)} - {"list", "resolve"}


def test_a_push_does_not_fail_where_nobody_tells_of_pull_requests(bench: Bench) -> None:
    bench.hub.arm(NAMED["forbidden-403"], kind="discussions", times=None)
    done = bench.push("--repo", FIRST)
    assert (done.code, "1 pushed" in done.out) == (0, True), done.said
    assert "whether a pull request of ours is open there is not known: 403: Forbidden" in done.out


@pytest.mark.parametrize("more", [(), ("--pr",)])
def test_the_pull_request_of_a_model_that_left_the_board_is_closed(
    bench: Bench, more: tuple[str, ...]
) -> None:
    bench.hub.write(FIRST, {"README.md": "# Theirs, without a card\n"})
    bench.push("--pr", "--take", "append", "--repo", FIRST, token=GUEST_TOKEN)
    (bench.root / "results" / f"{FIRST.replace('/', '__')}.json").unlink()
    bench.hub.arm(NAMED["forbidden-403"], kind="status")
    assert "pull request #1 of ours is still open: 403: Forbidden" in bench.push(*more).out
    done = bench.push(*more)
    assert (done.code, CLOSED in done.out) == (0, True), done.said
    assert thread(bench).status == "closed"
    assert comments(bench)[1:] == ["The model has left the board, and so has its card."]
    assert bench.readme(FIRST) == "# Theirs, without a card\n"
    assert FIRST not in bench.push(*more).out


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        *(("status", name) for name in NAMED),
        *(("discussion", name) for name in ("dropped", "captive-portal", "forbidden-403")),
    ],
)
def test_whatever_fails_while_it_is_closed_it_is_closed_once(
    bench: Bench, kind: str, name: str
) -> None:
    bench.push("--pr", "--repo", FIRST, token=GUEST_TOKEN)
    armed = bench.hub.arm(NAMED[name], kind=kind)
    done = bench.push("--repo", FIRST)
    assert (done.code, armed.fired) == (0, 1), done.said
    assert "Traceback" not in done.said
    if thread(bench).status != "closed":
        assert "pull request #1 of ours is still open" in done.out
    assert bench.push("--repo", FIRST).code == 0
    assert thread(bench).status == "closed"
    assert len(comments(bench)) == 2, "its description, and one word on why"
    assert bench.ours(FIRST) == 1


def propose(hub: Hub, text: str, files: dict[str, str], token: str = GUEST_TOKEN) -> None:
    """Open a pull request with our title by another account."""
    HfApi(endpoint=hub.url, token=token).create_commit(
        FIRST,
        [CommitOperationAdd(path, content.encode()) for path, content in files.items()],
        commit_message=TITLE,
        commit_description=text,
        create_pr=True,
    )


@pytest.mark.parametrize(
    ("text", "files", "ours"),
    [
        (f"{MARK}\n\nRanks", {"README.md": CARD}, True),
        ("Ranks", {"README.md": CARD}, False),
        (f"{MARK}\n\nRanks", {"README.md": CARD, "config.json": "{}"}, False),
    ],
)
def test_ours_are_known_by_their_mark_whoever_opened_them(
    bench: Bench, text: str, files: dict[str, str], ours: bool
) -> None:
    propose(bench.hub, text, files)
    done = bench.push("--pr", "--take", "ours", "--repo", FIRST, token=WRITE_TOKEN)
    assert done.code == 0, done.said
    assert len(bench.hub.repo(FIRST).threads) == (1 if ours else 2)
    assert bench.ours(FIRST, f"refs/pr/{1 if ours else 2}") == (2 if ours else 1)
