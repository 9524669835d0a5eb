"""Results are proposed to the models of others only when asked for by name, and never again."""

from pathlib import Path

import pytest
from huggingface_hub import HfApi

from cardboard.cards.plan.description import MARK, RESULTS_TITLE
from cardboard.tests.hub import GUEST_TOKEN, NAMED, WRITE_TOKEN, Hub
from cardboard.tests.pushing import (
    Bench,
    Cradle,
    by_hand,
    repos,
    write_result,
    write_workspace,
)

pytest_plugins = ("cardboard.tests.hub.fixtures",)

(OURS,) = repos(1)
BASE = "vendor/Base-1B"
FILE = ".eval_results/cardboard.yaml"
MODELS = f'["{BASE}"]\nrepo = false\n'
KINDS = ("discussions", "resolve", "preupload", "commit")
"""Every kind of request that a proposal makes."""
WIDE = ("error-500", "dropped", "window-429")


@pytest.fixture
def bench(client: Cradle, hub: Hub, tmp_path: Path) -> Bench:
    """Give a workspace with a model of ours and one of somebody else, on a suite of the Hub."""
    hub.write(OURS, {"README.md": by_hand()})
    hub.write(BASE, {"README.md": "# A base model\n"}, by="vendor")
    root = write_workspace(tmp_path / "workspace", 1, evals=True, models=MODELS)
    write_result(root, BASE, 0.3)
    return Bench(client, hub, root)


def proposed(bench: Bench, number: int = 1) -> str:
    return (bench.hub.read(BASE, FILE, f"refs/pr/{number}") or b"").decode()


def commits(bench: Bench, number: int = 1) -> int:
    history = bench.hub.history(BASE, f"refs/pr/{number}")
    return sum(commit.title == RESULTS_TITLE for commit in history)


def test_nothing_is_proposed_unless_it_is_asked_for_by_name(bench: Bench) -> None:
    for more in ((), ("--pr",)):
        assert bench.push(*more).code == 0
    assert not bench.hub.log.count(repo=BASE)
    assert not bench.hub.repo(BASE).threads


def test_a_proposal_is_a_pull_request_with_the_results_and_nothing_else(bench: Bench) -> None:
    done = bench.push("--propose", BASE)
    assert (done.code, done.out.count("proposed ")) == (0, 1), done.said
    assert "value: 30.0" in proposed(bench)
    assert bench.readme(BASE, "refs/pr/1") == "# A base model\n"
    thread = bench.hub.repo(BASE).threads[1]
    assert thread.title == RESULTS_TITLE
    told = thread.notes[0].data["text"]
    assert told.startswith(MARK)
    assert "close this pull request: they are not proposed again" in told
    assert f"https://example.org/board/models/{BASE.replace('/', '__').lower()}/" in told.lower()
    assert not bench.hub.log.count(repo=OURS), "and nothing else is looked at"


def test_an_open_proposal_is_kept_up_to_date_and_nothing_is_sent_twice(bench: Bench) -> None:
    bench.push("--propose", BASE)
    assert "pull request #1 is open" in bench.push("--propose", BASE).out
    write_result(bench.root, BASE, 0.35)
    assert bench.push("--propose", BASE.lower()).code == 0
    assert (commits(bench), len(bench.hub.repo(BASE).threads)) == (2, 1)
    assert "value: 35.0" in proposed(bench)


@pytest.mark.parametrize(
    ("journal", "token"), [(True, WRITE_TOKEN), (False, WRITE_TOKEN), (False, GUEST_TOKEN)]
)
def test_after_a_refusal_it_is_never_proposed_again_whoever_asks(
    bench: Bench, api: HfApi, journal: bool, token: str
) -> None:
    bench.push("--propose", BASE)
    api.change_discussion_status(BASE, 1, "closed")
    write_result(bench.root, BASE, 0.35)
    if not journal:
        (bench.root / ".cardboard" / "push.jsonl").unlink()
    done = bench.push("--propose", BASE, token=token)
    assert done.code == 0
    assert "our proposal was closed there; it is never made again" in done.out
    assert len(bench.hub.repo(BASE).threads) == 1


def test_what_was_taken_can_be_followed_by_newer_results(bench: Bench) -> None:
    bench.push("--propose", BASE)
    bench.hub.write(BASE, {FILE: proposed(bench)}, by="vendor")
    assert bench.push("--propose", BASE).out.endswith("1 unchanged\n")
    write_result(bench.root, BASE, 0.35)
    assert bench.push("--propose", BASE).code == 0
    assert "value: 35.0" in proposed(bench)


def test_results_of_another_board_are_not_replaced(bench: Bench) -> None:
    theirs = "- dataset: {id: a/b, task_id: c}\n  value: 1\n  source: {url: https://other.org/}\n"
    bench.hub.write(BASE, {FILE: theirs}, by="vendor")
    done = bench.push("--propose", BASE)
    assert (done.code, f"{FILE} holds results of another board" in done.out) == (1, True)
    assert not bench.hub.log.count("commit")


def test_an_ordinary_push_withdraws_no_proposal(bench: Bench) -> None:
    bench.push("--propose", BASE)
    bench.hub.log.clear()
    done = bench.push()
    assert (done.code, "withdrawn" in done.out) == (0, False)
    assert not bench.hub.log.count(repo=BASE)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("vendor/Other", "no model of the board is vendor/Other"),
        (OURS, f"{OURS} gets a card of its own"),
    ],
)
def test_what_cannot_be_proposed_is_told(bench: Bench, name: str, told: str) -> None:
    done = bench.push("--propose", name)
    assert (done.code, told in done.err) == (2, True), done.said
    assert bench.push("--propose", BASE, "--repo", OURS).code == 2
    assert not bench.hub.log.lines()


def test_results_without_a_data_set_of_the_hub_are_no_proposal(bench: Bench) -> None:
    write_workspace(bench.root, 1, models=MODELS)
    done = bench.push("--propose", BASE)
    assert done.code == 2
    assert "no ranked result of vendor/Base-1B belongs to a data set of the Hub" in done.err


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        *(("commit", name) for name in NAMED),
        *((kind, name) for kind in KINDS if kind != "commit" for name in WIDE),
    ],
)
def test_a_proposal_meets_a_fault(bench: Bench, kind: str, name: str) -> None:
    armed = bench.hub.arm(NAMED[name], kind=kind)
    done = bench.push("--propose", BASE)
    assert armed.fired == 1, done.said
    assert "Traceback" not in done.said
    assert bench.push("--propose", BASE).code == 0
    assert (commits(bench), len(bench.hub.repo(BASE).threads)) == (1, 1)
    assert "value: 30.0" in proposed(bench)


def test_the_kinds_above_are_all_that_a_proposal_sends(bench: Bench) -> None:
    assert bench.push("--propose", BASE).code == 0
    assert bench.hub.log.kinds().keys() == {*KINDS, "list"}, "benchmarks are listed, too"
