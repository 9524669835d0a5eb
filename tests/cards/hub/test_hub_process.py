"""The small Hub as a process: run by hand, killed and started again, under load."""

import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Literal

import httpx2
import pytest

from cardboard.tests.hub import NAMED, WRITE_TOKEN, Fault, Hub, HubProcess, environment
from cardboard.tests.hub.sample import CARD

pytest_plugins = ("cardboard.tests.hub.fixtures",)

PUSH = """
from huggingface_hub import ModelCard
print(ModelCard("---\\nlicense: mit\\n---\\n# Pushed\\n").push_to_hub("acme/tiny").oid)
"""


def client(url: str, home: Path, code: str) -> subprocess.Popen[str]:
    """Start a process that uses the real client, pointed at a Hub by its environment."""
    command = [sys.executable, "-c", code]
    pipes = subprocess.PIPE
    return subprocess.Popen(
        command, env=environment(url, home), stdout=pipes, stderr=pipes, text=True
    )


def test_the_command_seeds_serves_and_prints_what_to_set(tmp_path: Path) -> None:
    for name in ("tiny", "big"):
        folder = tmp_path / "seed" / "lab" / name
        (folder / ".eval_results").mkdir(parents=True)
        (folder / "README.md").write_text(CARD)
        (folder / ".eval_results" / "a.yaml").write_text("[]\n")
    with HubProcess("--seed-from", str(tmp_path / "seed")) as hub:
        assert hub.heads().keys() == {"models/lab/tiny", "models/lab/big"}
        assert hub.read("lab/tiny", ".eval_results/a.yaml") == b"[]\n"
        headers = {"authorization": f"Bearer {WRITE_TOKEN}"}
        me = httpx2.get(f"{hub.url}/api/whoami-v2", headers=headers).json()
        assert [each["name"] for each in me["orgs"]] == ["acme", "lab"]


def test_a_client_process_is_pointed_at_it_by_environment(
    hub_process: HubProcess, tmp_path: Path
) -> None:
    hub_process.write("acme/tiny", {"README.md": CARD})
    pusher = client(hub_process.url, tmp_path / "home", PUSH)
    out, errors = pusher.communicate(timeout=60)
    assert out.strip() == hub_process.heads()["models/acme/tiny"], errors
    assert [commit.title for commit in hub_process.history("acme/tiny")] == [
        *("Upload README.md with huggingface_hub", "Edit by hand", "initial commit")
    ]
    assert [line.kind for line in hub_process.lines()] == [
        *("validate", "validate", "preupload", "commit")
    ]


def test_a_killed_hub_comes_back_the_same(hub_process: HubProcess) -> None:
    hub_process.write("acme/tiny", {"README.md": CARD}, private=True)
    hub_process.restrict("acme/tiny", ["ana"])
    before = (hub_process.heads(), hub_process.history("acme/tiny"))
    hub_process.kill()
    hub_process.restart()
    assert (hub_process.heads(), hub_process.history("acme/tiny")) == before
    assert hub_process.read("acme/tiny", "README.md") == CARD.encode()
    assert hub_process.read("acme/tiny", "missing") is None
    assert httpx2.get(f"{hub_process.url}/api/models/acme/tiny").status_code == 401


def test_half_a_line_of_a_killed_hub_is_forgotten(tmp_path: Path) -> None:
    with HubProcess(folder=tmp_path) as hub:
        hub.write("acme/tiny", {"README.md": CARD})
        heads = hub.heads()
    with (tmp_path / "hub.jsonl").open("ab") as file:
        file.write(b'{"type":"committed","repo":"models/ac')
    with HubProcess(folder=tmp_path) as again:
        assert again.heads() == heads
        again.write("acme/tiny", {"README.md": None})
    with HubProcess(folder=tmp_path) as third:
        assert third.read("acme/tiny", "README.md") is None


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_client_is_killed_while_its_commit_hangs(
    hub_process: HubProcess, tmp_path: Path, when: Literal["before", "after"]
) -> None:
    hub_process.write("acme/tiny", {"README.md": CARD})
    fault = Fault(kind="commit", how="stall", when=when)
    hub_process.arm(fault)
    pusher = client(hub_process.url, tmp_path / "home", PUSH)
    assert hub_process.wait_for_fault()
    pusher.kill()
    pusher.communicate()
    hub_process.clear_faults()
    commits = len(hub_process.history("acme/tiny"))
    assert commits == (2 if when == "before" else 3)
    assert [line.status for line in hub_process.lines("validate")] == [200, 200]


def test_faults_and_log_from_outside(hub_process: HubProcess) -> None:
    hub_process.write("acme/tiny", {"README.md": CARD})
    hub_process.arm(NAMED["gateway-502"], kind="info", times=2)
    url = f"{hub_process.url}/api/models/acme/tiny"
    assert [httpx2.get(url).status_code for _ in range(3)] == [502, 502, 200]
    [armed] = hub_process.faults()
    assert (armed.fault.kind, armed.seen, armed.fired) == ("info", 3, 2)
    assert len(hub_process.lines("info", "acme/tiny", 502)) == 2
    hub_process.clear_log()
    assert hub_process.lines() == []
    answer = httpx2.post(f"{hub_process.url}/_hub/faults", json={"kind": "comit"})
    assert (answer.status_code, "no request is of kind" in answer.text) == (400, True)


def test_it_does_not_slow_down_with_repos_and_requests(hub: Hub) -> None:
    """Six thousand requests to a thousand repos: the last ones as fast as the first."""
    for number in range(1000):
        hub.write(f"acme/m{number:03}", {"README.md": f"{CARD}{number}"})
    connection = HTTPConnection(hub.url.removeprefix("http://"))
    seconds = []
    for _ in range(6):
        begin = time.perf_counter()
        for number in range(1000):
            connection.request("HEAD", f"/acme/m{number:03}/resolve/main/README.md")
            connection.getresponse().read()
        seconds.append(time.perf_counter() - begin)
    connection.close()
    assert hub.log.count("head", status=200) == 6_000
    assert min(seconds[3:]) < 3 * min(seconds[:3])
