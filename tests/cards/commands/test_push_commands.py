"""`cardboard push` from plan to summary, with the real client against the small Hub."""

import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from huggingface_hub import HfApi

from cardboard.cli import main
from cardboard.tests.hub import BARE_TOKEN, GUEST_TOKEN, READ_TOKEN_OF_ANA, WRITE_TOKEN, Fault, Hub
from cardboard.tests.hub.state import Settings
from cardboard.tests.pushing import Bench, Cradle, by_hand, repos, write_result, write_workspace

pytest_plugins = ("cardboard.tests.hub.fixtures",)

FIRST, SECOND, THIRD = REPOS = repos(3)


@pytest.fixture
def bench(client: Cradle, hub: Hub, tmp_path: Path) -> Bench:
    """Give a workspace of three models whose repositories have READMEs by hand."""
    for repo in REPOS:
        hub.write(repo, {"README.md": by_hand()})
    return Bench(client, hub, write_workspace(tmp_path / "workspace", 3))


def test_a_dry_run_shows_each_difference_and_sends_nothing(bench: Bench) -> None:
    done = bench.run("push", "--dry-run")
    assert done.code == 0, done.said
    for repo in REPOS:
        assert f"changed        {repo}\n    --- {repo}/README.md (now)\n" in done.out
        assert f"    +# {repo}\n" in done.out
    assert "    -license: apache-2.0" not in done.out
    assert done.out.endswith("3 changed\n3 commits at 120 an hour: about 1 min\n")
    assert bench.hub.log.kinds() == {"list": 1, "resolve": 3, "discussions": 3}
    assert not (bench.root / ".cardboard" / "push.jsonl").exists()


def test_the_plan_and_the_outcome_are_also_json(bench: Bench) -> None:
    bench.hub.write(SECOND, {"README.md": "# By hand\n"})
    planned = bench.run("push", "--dry-run", "--format", "json")
    assert planned.code == 1
    assert {name: one["state"] for name, one in planned.json().items()} == {
        FIRST: "changed",
        SECOND: "conflict",
        THIRD: "changed",
    }
    assert f"--take {SECOND}=append" in str(planned.json()[SECOND]["remedy"])
    assert str(planned.json()[FIRST]["diff"]).startswith(f"--- {FIRST}/README.md (now)\n")
    done = bench.push("--format", "json")
    endings = {name: one["ending"] for name, one in done.json().items()}
    assert endings == {FIRST: "pushed", SECOND: "conflict", THIRD: "pushed"}
    assert done.json()[FIRST]["commit"] == bench.hub.heads()[f"models/{FIRST}"]
    assert done.code == 1


def test_pushing_twice_makes_no_commit_and_one_request(bench: Bench) -> None:
    assert bench.push().out.endswith("3 pushed\n")
    since = len(bench.hub.log.lines())
    assert bench.push().out.endswith("3 unchanged\n")
    assert [line.kind for line in bench.hub.log.lines(since=since)] == ["list"]
    assert [bench.ours(repo) for repo in REPOS] == [1, 1, 1]


@pytest.mark.parametrize(
    ("by", "kinds"),
    [
        ("us", ["resolve", "commit"]),
        ("somebody", ["resolve", "discussions", "preupload", "commit"]),
    ],
)
def test_a_changed_card_costs_three_requests_where_the_last_commit_is_ours(
    bench: Bench, by: str, kinds: list[str]
) -> None:
    """One of them validates, and names no repository."""
    bench.push()
    if by == "somebody":
        bench.hub.write(THIRD, {"notes.md": "Mine.\n"})
    write_result(bench.root, THIRD, 0.41)
    since = len(bench.hub.log.lines())
    bench.push()
    asked = bench.hub.log.lines(since=since)
    assert [line.kind for line in asked if line.repo] == kinds
    assert sum(line.kind == "validate" for line in asked) == 1


def test_what_people_write_later_is_kept_too(bench: Bench) -> None:
    bench.push()
    text = bench.readme(FIRST)
    bench.hub.write(FIRST, {"README.md": text.replace("widget:", "mine: 1\nwidget:") + "More.\n"})
    assert bench.push().out.endswith("3 unchanged\n")
    write_result(bench.root, FIRST, 0.61)
    assert bench.push().code == 0
    assert bench.readme(FIRST).endswith("also by hand.\nMore.\n")
    assert "mine: 1\nwidget:" in bench.readme(FIRST)
    assert "61.0" in bench.readme(FIRST)


@pytest.mark.parametrize(
    ("take", "kept", "card"),
    [("append", True, True), ("ours", False, True), ("theirs", True, False)],
)
def test_a_conflict_is_resolved_by_choice(bench: Bench, take: str, kept: bool, card: bool) -> None:
    bench.hub.write(FIRST, {"README.md": "# Entirely by hand\n"})
    done = bench.push()
    assert done.code == 1
    assert f"conflict       {FIRST}\n    README.md: it has no cardboard markers\n" in done.out
    assert bench.readme(FIRST) == "# Entirely by hand\n"
    assert bench.push("--take", f"{FIRST}={take}").code == 0
    assert ("# Entirely by hand\n" in bench.readme(FIRST)) is kept
    assert (f"# {FIRST}\n" in bench.readme(FIRST)) is card
    assert bench.push().code == (take == "theirs"), "the choice is of one run"


def test_repositories_that_are_missing_or_not_ours_stop_nobody_else(bench: Bench) -> None:
    bench.hub.restrict(FIRST, ["somebody"])
    write_result(bench.root, "acme/nowhere", 0.3)
    done = bench.push()
    assert done.code == 1
    assert f"no permission  {FIRST}\n    403: Forbidden" in done.out
    assert "missing repo   acme/nowhere\n    404: Repository not found\n" in done.out
    assert done.out.endswith("2 pushed, 1 missing repo, 1 no permission\n")


@pytest.mark.parametrize("token", [READ_TOKEN_OF_ANA, BARE_TOKEN, "hf_nobody_knows_me"])
def test_a_token_that_may_not_write_is_told_before_anything_is_sent(
    bench: Bench, token: str
) -> None:
    done = bench.push(token=token)
    assert done.code == 1
    assert done.out.count("hf auth login") >= 3
    assert ("--pr" in done.out) is (token == BARE_TOKEN), "no pull request without a good token"
    assert "no permission" in done.out
    assert not bench.hub.log.count("commit")
    assert bench.hub.log.count("whoami") <= 1


def test_a_card_that_the_hub_would_refuse_never_leaves_the_machine(bench: Bench) -> None:
    (bench.root / "models.toml").write_text(f'["{FIRST}"]\nlicense = "made-up-1.0"\n')
    done = bench.push()
    assert done.code == 1
    assert f"refused        {FIRST}\n    lint-license:" in done.out
    assert not bench.hub.log.count(repo=FIRST)
    assert bench.ours(SECOND) == 1


def test_a_result_that_cannot_be_used_is_named_and_a_strict_push_sends_nothing(
    bench: Bench,
) -> None:
    """Without it every other model moves up a rank, on the Hub, for all to see."""
    (bench.root / "results" / "acme__model-01.json").write_text('{"broken', "utf-8")
    told = "acme__model-01.json could not be used: The file is not valid JSON"
    strict = bench.push("--strict")
    assert (strict.code, told in strict.err, bench.hub.log.lines()) == (1, True, [])
    assert told in bench.run("status").err
    done = bench.push()
    assert (done.code, told in done.err) == (0, True)


def test_only_the_organisation_is_pushed_unless_others_are_named(bench: Bench) -> None:
    other = "ana/side-project"
    bench.hub.write(other, {"README.md": by_hand()})
    write_result(bench.root, other, 0.2)
    assert bench.push().out.endswith("3 pushed\n")
    assert bench.push("--repo", other).out.endswith("1 pushed\n")
    assert (bench.ours(other), bench.ours(FIRST)) == (1, 1)
    unknown = bench.push("--repo", "acme/unheard-of")
    assert (unknown.code, "no card belongs to" in unknown.err) == (2, True)


@pytest.mark.parametrize(
    ("line", "why"),
    [("", "is not set"), ('organisation = "elsewhere"', "none of 3 repositories is of it")],
)
def test_without_our_organisation_nothing_goes_to_the_hub(
    bench: Bench, tmp_path: Path, line: str, why: str
) -> None:
    board = bench.root / "board.toml"
    board.write_text(board.read_text("utf-8").replace('organisation = "acme"', line), "utf-8")
    done = bench.push()
    assert (done.code, f"board.organisation: {why}" in done.err) == (2, True)
    assert not bench.hub.log.lines()
    assert bench.push("--repo", FIRST).out.endswith("1 pushed\n")
    if not line:
        assert bench.push("--to", str(tmp_path / "to")).out.endswith("3 pushed\n")


def test_repo_in_models_toml_sends_the_card_elsewhere_or_nowhere(bench: Bench) -> None:
    elsewhere = "acme/renamed"
    bench.hub.write(elsewhere, {"README.md": by_hand()})
    models = f'["{FIRST}"]\nrepo = "{elsewhere}"\n["{SECOND}"]\nrepo = false\n'
    (bench.root / "models.toml").write_text(models)
    assert bench.push().code == 0
    assert [bench.ours(repo) for repo in (elsewhere, *REPOS)] == [1, 0, 0, 1]


def test_without_a_login_everything_goes_into_a_folder(bench: Bench) -> None:
    done = bench.push(token=None)
    assert done.code == 0, done.said
    assert "Nobody is logged in" in done.err
    assert not bench.hub.log.lines()
    written = bench.root / "build" / "hub" / FIRST / "README.md"
    assert f"# {FIRST}\n" in written.read_text("utf-8")
    again = bench.push("--to", str(bench.root / "build" / "hub"))
    assert again.out.endswith("3 unchanged\n")


def test_a_folder_is_planned_as_the_hub_is(bench: Bench, tmp_path: Path) -> None:
    target = tmp_path / "to"
    for repo in REPOS:
        (target / repo).mkdir(parents=True)
        (target / repo / "README.md").write_text(by_hand())
    (target / FIRST / "README.md").write_text("# By hand\n")
    done = bench.push("--to", str(target))
    assert done.out.endswith("2 pushed, 1 conflict\n")
    bench.push()
    for repo in (SECOND, THIRD):
        assert (target / repo / "README.md").read_text("utf-8") == bench.readme(repo)
    assert (target / FIRST / "README.md").read_text() == "# By hand\n"


def test_a_folder_that_cannot_be_written_stops_only_what_lies_there(
    bench: Bench, tmp_path: Path
) -> None:
    target = tmp_path / "to"
    (target / SECOND / "README.md").mkdir(parents=True)
    (target / "acme" / "model-02").touch()
    done = bench.push("--to", str(target))
    assert (done.code, done.out.endswith("2 refused, 1 pushed\n")) == (1, True), done.said
    assert f"refused        {SECOND}\n    {target / SECOND / 'README.md'}: Is a dir" in done.out


@pytest.mark.parametrize("address", ["hub.example.org", "http://127.0.0.1:port", "http://[::1"])
def test_an_address_that_is_none_is_told_without_being_printed(bench: Bench, address: str) -> None:
    done = bench.client.run("-C", str(bench.root), "push", "--dry-run", url=address)
    assert (done.code, "HF_ENDPOINT: is not the address of a server" in done.err) == (2, True)


def test_scripts_must_say_yes(bench: Bench) -> None:
    done = bench.run("push")
    assert done.code == 2
    assert "pass --yes" in done.err
    assert not bench.hub.log.count("commit")


@pytest.mark.parametrize(("answer", "pushed"), [("y\n", 1), ("n\n", 0)])
def test_a_terminal_is_asked_once(
    bench: Bench, api: HfApi, monkeypatch: pytest.MonkeyPatch, answer: str, pushed: int
) -> None:
    monkeypatch.setenv("HF_TOKEN", WRITE_TOKEN)
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda self: True)
    done = CliRunner().invoke(main, ["-C", str(bench.root), "push"], input=answer)
    assert done.exit_code == 1 - pushed
    assert done.stderr.count(f"Push 3 cards to {bench.hub.url}?") == 1
    assert [bench.ours(repo) for repo in REPOS] == [pushed] * 3
    write_result(bench.root, THIRD, 0.41)
    one = CliRunner().invoke(main, ["-C", str(bench.root), "push", "--repo", THIRD], input="n\n")
    assert f"Push 1 card to {bench.hub.url}?" in one.stderr


def test_results_for_benchmarks_go_with_the_card_in_one_commit(bench: Bench) -> None:
    write_workspace(bench.root, 3, evals=True)
    assert bench.push().code == 0
    assert bench.ours(FIRST) == 1
    text = (bench.hub.read(FIRST, ".eval_results/cardboard.yaml") or b"").decode()
    assert "value: 50.0" in text
    assert bench.hub.log.count("info") == 3, "what the Hub made of them is read back"
    write_result(bench.root, FIRST, 0.61)
    assert bench.push().code == 0
    text = (bench.hub.read(FIRST, ".eval_results/cardboard.yaml") or b"").decode()
    assert "value: 61.0" in text


def test_what_the_hub_rejects_is_told_at_every_push_until_it_takes_it(
    client: Cradle, tmp_path: Path
) -> None:
    benchmarks = {"acme/other": frozenset(["x"])}
    with Hub(Settings(benchmarks=benchmarks)) as hub:
        hub.write(FIRST, {"README.md": by_hand()})
        bench = Bench(client, hub, write_workspace(tmp_path / "w", 1, evals=True))
        why = "the Hub rejects the results file: [0].dataset.id: acme/mini-steps"
        for _ in range(2):
            done = bench.push()
            assert (done.code, why in done.out) == (1, True), done.said
        assert done.out.endswith("1 rejected\n")
        (bench.root / ".cardboard" / "push.jsonl").unlink()
        assert bench.run("status").out.startswith(f"results rejected {FIRST}")
        assert bench.push().code == 1, "also without a journal"
        assert bench.ours(FIRST) == 1
        benchmarks["acme/mini-steps"] = frozenset(["mini-1"])
        assert bench.push().out.endswith("1 unchanged\n")
        hub.log.clear()
        assert bench.push().code == 0
        assert not hub.log.count("info"), "and is not asked any more"


def test_a_results_file_that_is_ignored_makes_no_empty_commit(bench: Bench) -> None:
    write_workspace(bench.root, 3, evals=True)
    bench.hub.write(FIRST, {".gitignore": ".eval_results/*\n"})
    assert bench.push("--repo", FIRST).code == 0
    for _ in range(2):
        done = bench.push("--repo", FIRST)
        assert (done.code, "or our results file, so the Hub leaves that out" in done.out) == (
            1,
            True,
        )
    assert bench.ours(FIRST) == 1


def test_a_dataset_that_is_no_benchmark_is_told_before_the_push(
    client: Cradle, tmp_path: Path
) -> None:
    line = "acme/mini-steps is no registered benchmark of the Hub"
    for benchmarks, told in (({"acme/mini-steps": frozenset(["mini-1"])}, False), ({}, True)):
        with Hub(Settings(benchmarks=benchmarks)) as hub:
            hub.write(FIRST, {"README.md": by_hand()})
            root = write_workspace(tmp_path / str(told), 1, evals=True)
            bench = Bench(client, hub, root)
            dry = bench.run("push", "--dry-run")
            assert (dry.code, line in dry.out) == (0, told), dry.said
            as_json = json.loads(bench.run("push", "--dry-run", "--format", "json").out)
            assert as_json["no_benchmarks"] == ["acme/mini-steps"] * told
            hub.log.clear()
            assert (line in bench.push().out) is told
            if not told:
                hub.log.clear()
                assert bench.push().out == f"Plan for {hub.url}:\n1 unchanged\n"
                assert set(hub.log.kinds()) <= {"resolve", "list"}


def test_what_is_a_benchmark_need_not_be_known(bench: Bench) -> None:
    write_workspace(bench.root, 3, evals=True)
    bench.hub.arm(Fault(kind="list", status=403, times=None))
    done = bench.push()
    assert done.code == 0, done.said
    assert "Which datasets are benchmarks of the Hub is not known: 403" in done.err


@pytest.mark.parametrize("name", [".eval_results/cardboard.yaml", "cardboard.yaml"])
def test_a_rejection_is_known_by_the_name_of_the_file(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(
        "cardboard.tests.hub.evals.entries", lambda path, *_: [{"filename": name, "error": "no"}]
    )
    write_workspace(bench.root, 1, evals=True)
    assert "the Hub rejects the results file: no" in bench.push("--repo", FIRST).out


def test_several_lines_of_one_model_share_one_card(bench: Bench) -> None:
    from cardboard.eval import records
    from cardboard.tests.making import a_result

    for number, scored in enumerate((3, 4)):
        counts = records.Counts(expected=6, scored=scored, failed=0, tasks=3)
        protocol = records.Protocol(temperature=0.5 * number, max_tokens=7)
        result = a_result("acme/model-02", 0.9, counts=counts, protocol=protocol)
        path = bench.root / "results" / f"partial-{number}.json"
        path.write_bytes(records.encode(result))
    (bench.root / "results" / "acme__model-02.json").unlink()
    done = bench.push()
    assert done.code == 0, done.said
    assert done.out.count("not on this card: acme/model-02 (3/6") == 1
    assert "(4/6" in bench.readme(THIRD)
    assert bench.ours(THIRD) == 1


def test_a_spent_hour_is_announced_and_can_be_stopped_and_resumed(
    client: Cradle, hub: Hub, tmp_path: Path
) -> None:
    for repo in REPOS:
        hub.write(repo, {"README.md": by_hand()})
    root = write_workspace(tmp_path / "w", 3, hub="commits_per_hour = 2")
    bench = Bench(client, hub, root)
    for _ in range(2):
        running = client.start("-C", str(root), "push", "--yes", url=hub.url)
        running.wait_for("Waiting: the budget of 2 commits an hour is spent. Going on at ")
        done = running.interrupt()
        assert done.code == 130
        assert "(in 60 min)" in done.err
        assert sum(bench.ours(repo) for repo in REPOS) == 2
    write_workspace(root, 3, hub="commits_per_hour = 3")
    assert bench.push().code == 0
    assert [bench.ours(repo) for repo in REPOS] == [1, 1, 1]


def test_a_quota_is_waited_for_by_us_and_never_in_the_dark(bench: Bench) -> None:
    """The client itself would sleep for an hour in the middle of a request, and say nothing."""
    fault = Fault(kind="preupload", status=429, headers={"Retry-After": "1800"})
    bench.hub.arm(fault)
    running = bench.client.start("-C", str(bench.root), "push", "--yes", url=bench.hub.url)
    running.wait_for("Waiting: the Hub's quota is spent (429: ")
    done = running.interrupt()
    assert (done.code, "(in 30 min)" in done.err) == (130, True)


@pytest.mark.parametrize(
    "settings",
    [
        Settings(commits_per_hour=2, hour_seconds=1.0),
        Settings(requests_per_window=5, window_seconds=1.0),
    ],
    ids=["commits", "requests"],
)
def test_the_hubs_own_quotas_are_waited_for(
    client: Cradle, tmp_path: Path, settings: Settings
) -> None:
    with Hub(settings) as hub:
        for repo in REPOS:
            hub.write(repo, {"README.md": by_hand()})
        bench = Bench(client, hub, write_workspace(tmp_path / "w", 3))
        begun = time.monotonic()
        done = bench.push("--workers", "3")
        assert done.code == 0, done.said
        assert time.monotonic() - begun > 0.5
        assert [bench.ours(repo) for repo in REPOS] == [1, 1, 1]
        assert hub.log.count(status=429) <= 3, "after one refusal everybody waits"


def test_a_pull_request_is_opened_once_and_then_updated(bench: Bench) -> None:
    pr = ("--pr", "--repo", FIRST)
    done = bench.push(*pr, token=GUEST_TOKEN)
    assert done.code == 0, done.said
    assert f"proposed       {FIRST} as pull request #1 " in done.out
    assert (bench.ours(FIRST), bench.ours(FIRST, "refs/pr/1")) == (0, 1)
    since = len(bench.hub.log.lines())
    assert "pull request #1 is open" in bench.push(*pr, token=GUEST_TOKEN).out
    assert [line.kind for line in bench.hub.log.lines(since=since)] == ["discussions"]
    write_result(bench.root, FIRST, 0.61)
    assert "(pull request #1)" in bench.push(*pr, token=GUEST_TOKEN).out
    assert bench.ours(FIRST, "refs/pr/1") == 2
    assert len(bench.hub.repo(FIRST).threads) == 1
    assert "61.0" in bench.readme(FIRST, "refs/pr/1")


def test_a_pull_request_is_found_again_without_a_journal(bench: Bench) -> None:
    pr = ("--pr", "--repo", FIRST)
    bench.push(*pr, token=GUEST_TOKEN)
    (bench.root / ".cardboard" / "push.jsonl").unlink()
    assert "pull request #1 is open" in bench.push(*pr, token=GUEST_TOKEN).out
    assert len(bench.hub.repo(FIRST).threads) == 1


def test_a_merged_pull_request_is_done_and_a_closed_one_is_not_repeated(
    bench: Bench, api: HfApi
) -> None:
    pr = ("--pr", "--repo", FIRST, "--repo", SECOND)
    bench.push(*pr, token=GUEST_TOKEN)
    api.merge_pull_request(FIRST, 1)
    api.change_discussion_status(SECOND, 1, "closed")
    done = bench.push(*pr, token=GUEST_TOKEN)
    assert done.code == 0, done.said
    assert "our pull request was closed; the same card is not proposed twice" in done.out
    assert done.out.endswith("2 unchanged\n")
    assert [len(bench.hub.repo(repo).threads) for repo in (FIRST, SECOND)] == [1, 1]
    write_result(bench.root, SECOND, 0.77)
    assert bench.push(*pr, token=GUEST_TOKEN).code == 0
    assert len(bench.hub.repo(SECOND).threads) == 2, "another card is another proposal"


def test_a_card_that_was_lost_from_main_is_proposed_though_we_once_wrote_it(bench: Bench) -> None:
    bench.push()
    bench.hub.write(FIRST, {"README.md": by_hand()})
    done = bench.push("--pr", "--repo", FIRST, token=GUEST_TOKEN)
    assert f"proposed       {FIRST} as pull request #1 " in done.out


def test_pull_requests_need_the_hub(bench: Bench, tmp_path: Path) -> None:
    for arguments in (("--to", str(tmp_path / "to")), ()):
        done = bench.push("--pr", *arguments, token=None)
        assert (done.code, "on the Hub only" in done.err) == (2, True)


def test_a_readme_full_of_surprises_harms_nobody(bench: Bench) -> None:
    bench.hub.write(SECOND, {"README.md": b"\xff\xfe\x00 not text"})
    bench.hub.write(THIRD, {"README.md": by_hand() + "x" * 6_000_000})
    done = bench.push()
    assert done.code == 1
    assert f"conflict       {SECOND}\n    README.md: it is not UTF-8\n" in done.out
    assert f"refused        {THIRD}\n    README.md is larger than" in done.out
    assert "Traceback" not in done.said


def test_a_watch_that_is_stopped_in_the_middle_of_a_push_ends(bench: Bench) -> None:
    armed = bench.hub.arm(Fault(kind="commit", how="stall"))
    watching = bench.client.start(
        "-C", str(bench.root), "watch", "--quiet", "0", url=bench.hub.url, token=WRITE_TOKEN
    )
    watching.wait_for("Watching results/")
    write_result(bench.root, FIRST, 0.61)
    assert armed.wait()
    watching.press_ctrl_c()
    watching.wait_for("Stopping: what is on its way to the Hub ends first.")
    armed.let_go()
    done = watching.wait()
    assert (done.code, "Stopped. Push again to go on" in done.err) == (130, True)


def test_a_choice_that_is_none_is_refused(bench: Bench) -> None:
    done = bench.push("--take", "mine")
    assert (done.code, "Choose ours, theirs, append" in done.err) == (2, True)


def test_a_choice_for_a_repository_that_there_is_not_is_refused(bench: Bench) -> None:
    done = bench.push("--take", "acme/model-1=ours")
    assert (done.code, "--take: acme/model-1 is not among" in done.err) == (2, True)
    assert not bench.hub.log.lines()


def test_the_summary_counts_what_really_happened(bench: Bench) -> None:
    bench.hub.arm(Fault(kind="commit", status=403, repo=SECOND, times=None))
    done = bench.push("--format", "json")
    endings = [one["ending"] for one in json.loads(done.out)["repos"]]
    assert endings == ["pushed", "no permission", "pushed"]
