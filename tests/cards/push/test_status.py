"""`cardboard status` says how each card on the Hub stands; `cardboard watch` keeps them current."""

import json
from pathlib import Path

import pytest

from cardboard.board.workspace.audits import write_audit
from cardboard.eval import records
from cardboard.eval.audit.reports import Audit, Report
from cardboard.eval.prompts.templates import sha256_of
from cardboard.eval.records import Prompts
from cardboard.tests.hub import NAMED, Fault, Hub
from cardboard.tests.making import a_result
from cardboard.tests.pushing import Cradle, Done, by_hand, repos, write_result, write_workspace

pytest_plugins = ("cardboard.tests.hub.fixtures",)

FIRST, SECOND, THIRD = REPOS = repos(3)


@pytest.fixture
def root(client: Cradle, hub: Hub, tmp_path: Path) -> Path:
    """Give a workspace of three models whose cards have been pushed."""
    workspace = write_workspace(tmp_path / "workspace", 3)
    for repo in REPOS:
        hub.write(repo, {"README.md": by_hand()})
    assert client.run("-C", str(workspace), "push", "--yes", url=hub.url).code == 0
    hub.log.clear()
    return workspace


def status(client: Cradle, hub: Hub, root: Path, *more: str, token: str | None = None) -> Done:
    """Ask for the status, without a token unless one is given."""
    return client.run("-C", str(root), "status", *more, url=hub.url, token=token)


def edit(hub: Hub, repo: str, old: str, new: str) -> None:
    """Change a README by hand."""
    text = (hub.read(repo, "README.md") or b"").decode()
    assert old in text
    hub.write(repo, {"README.md": text.replace(old, new)})


def test_cards_that_are_current_are_one_line_and_one_request(
    client: Cradle, hub: Hub, root: Path
) -> None:
    done = status(client, hub, root)
    assert (done.code, done.out) == (0, "3 current\n")
    assert [line.kind for line in hub.log.lines()] == ["list"]


def test_a_new_result_makes_ranks_stale(client: Cradle, hub: Hub, root: Path) -> None:
    write_result(root, THIRD, 0.9)
    done = status(client, hub, root, "--format", "json")
    assert done.code == 1
    assert {name: one["standing"] for name, one in done.json().items()} == dict.fromkeys(
        REPOS, "stale rank"
    )
    detail = "Rank 3 / 3 · 48.00 points -> Rank 1 / 3 · 90.00 points"
    assert done.json()[THIRD]["detail"] == detail
    assert not {"commit", "preupload"} & hub.log.kinds().keys(), "nothing is written"


def test_other_words_make_a_template_stale(client: Cradle, hub: Hub, root: Path) -> None:
    (root / "models.toml").write_text(
        f'["{FIRST}"]\npurpose = {{ en = "Does it.", ko = "합니다." }}\n'
    )
    done = status(client, hub, root)
    assert (done.code, done.out) == (1, f"stale template  {FIRST}\n2 current, 1 stale template\n")


def test_front_matter_alone_makes_metadata_stale(client: Cradle, hub: Hub, root: Path) -> None:
    edit(hub, FIRST, "license: apache-2.0", "license: mit")
    assert status(client, hub, root).out == "3 current\n", "what people write is theirs"
    board = (root / "board.toml").read_text("utf-8")
    (root / "board.toml").write_text(board.replace('["terminal"]', '["shell"]'), "utf-8")
    told = "".join(f"stale metadata  {repo}\n" for repo in REPOS)
    assert status(client, hub, root).out == f"{told}3 stale metadata\n"


def test_edits_by_hand_and_deletions_are_seen(client: Cradle, hub: Hub, root: Path) -> None:
    edit(hub, FIRST, "**Rank 1", "**Rank 0")
    hub.write(SECOND, {"README.md": None})
    write_result(root, "acme/unborn", 0.1)
    done = status(client, hub, root, "--format", "json")
    found = {name: one["standing"] for name, one in done.json().items()}
    assert found[FIRST] == "edited by hand"
    assert found[SECOND] == "deleted"
    assert found["acme/unborn"] == "never pushed"


def test_edits_around_our_part_are_nobodys_business(client: Cradle, hub: Hub, root: Path) -> None:
    edit(hub, FIRST, "The end", "The very end")
    assert status(client, hub, root).code == 0


def test_a_hub_that_does_not_answer_leaves_it_unknown(client: Cradle, hub: Hub, root: Path) -> None:
    hub.arm(NAMED["captive-portal"], times=None)
    done = status(client, hub, root)
    assert done.code == 1
    assert done.out.endswith("3 unknown\n")


def test_a_folder_has_a_status_too(client: Cradle, hub: Hub, root: Path, tmp_path: Path) -> None:
    target = str(tmp_path / "to")
    assert status(client, hub, root, "--to", target).out.endswith("3 never pushed\n")
    client.run("-C", str(root), "push", "--to", target, url=hub.url, token=None)
    assert status(client, hub, root, "--to", target).out == "3 current\n"


def test_a_watched_workspace_is_pushed_when_its_results_change(
    client: Cradle, hub: Hub, root: Path
) -> None:
    running = client.start("-C", str(root), "watch", "--quiet", "0.05", url=hub.url)
    running.wait_for("Watching results/")
    write_result(root, THIRD, 0.9)
    running.wait_for("3 pushed", "out")
    done = running.interrupt()
    assert done.code == 130
    assert all(len(hub.history(repo)) == 4 for repo in REPOS)


def test_a_watch_tries_again_what_could_not_be_pushed(client: Cradle, hub: Hub, root: Path) -> None:
    hub.arm(Fault(kind="resolve", how="drop", times=None))
    running = client.start("-C", str(root), "watch", "--quiet", "0.05", url=hub.url)
    running.wait_for("Watching results/")
    write_result(root, THIRD, 0.9)
    running.wait_for("3 unreachable", "out")
    running.wait_for("Trying again in ")
    hub.faults.clear()
    running.wait_for("3 pushed", "out")
    assert running.interrupt().code == 130


def measure(root: Path, repo: str, template_sha256: str) -> None:
    """Write a result of the model in *repo* that records its template."""
    prompts = Prompts(template_status="chat_template", template_sha256=template_sha256)
    file = root / "results" / f"{repo.replace('/', '__')}.json"
    file.write_bytes(records.encode(a_result(repo, 0.5, prompts=prompts)))


def test_a_template_that_the_model_does_not_ship_any_more_is_told(
    client: Cradle, hub: Hub, root: Path
) -> None:
    was, now = "ab12" * 16, "cd34" * 16
    measure(root, SECOND, was)
    report = Report(sha256=now, places=("chat_template.jinja",), checks=(), findings=())
    write_audit(root, Audit(model=SECOND, kind="hub", checks=(), reports=(report,)))
    done = status(client, hub, root)
    line = f"Evaluated with template {was[:12]}, the repository now ships {now[:12]}."
    assert f"template moved  {SECOND}  {line}" in done.out
    told = json.loads(status(client, hub, root, "--format", "json").out)["templates"]
    assert told == [{"label": SECOND, "was": was[:12], "now": now[:12], "message": line}]
    assert client.run("-C", str(root), "push", "--yes", url=hub.url).code == 0
    assert line in (hub.read(SECOND, "README.md") or b"").decode(), "the card says so, too"
    assert "template-moved" not in (hub.read(FIRST, "README.md") or b"").decode()


def test_the_hub_is_asked_for_templates_where_that_is_wanted(
    client: Cradle, hub: Hub, root: Path
) -> None:
    hub.write(FIRST, {"chat_template.jinja": b"{{ messages }}"})
    hub.write(SECOND, {"chat_template.jinja": b"{{ messages }}!"})
    for repo in (FIRST, SECOND, THIRD):
        measure(root, repo, sha256_of("{{ messages }}"))
    told = status(client, hub, root, "--templates").out.splitlines()
    was, now = sha256_of("{{ messages }}")[:12], sha256_of("{{ messages }}!")[:12]
    assert told[:2] == [
        f"template moved  {SECOND}  Evaluated with template {was}, the repository now ships {now}.",
        f"no template     {THIRD}  none can be had from the Hub",
    ]
    assert "template" not in status(client, hub, root).out, "without an audit nobody knows"


def test_a_watch_looks_once_at_its_start(client: Cradle, hub: Hub, root: Path) -> None:
    write_result(root, THIRD, 0.9)
    running = client.start("-C", str(root), "watch", "--quiet", "3600", url=hub.url)
    running.wait_for("3 pushed", "out")
    assert running.interrupt().code == 130


def test_a_watch_pushes_what_an_audit_changed(client: Cradle, hub: Hub, root: Path) -> None:
    was, now = "ab12" * 16, "cd34" * 16
    measure(root, SECOND, was)
    running = client.start("-C", str(root), "watch", "--quiet", "0.05", url=hub.url)
    running.wait_for("pushed", "out")
    report = Report(sha256=now, places=("chat_template.jinja",), checks=(), findings=())
    write_audit(root, Audit(model=SECOND, kind="hub", checks=(), reports=(report,)))
    running.wait_for("1 pushed", "out")
    assert running.interrupt().code == 130
