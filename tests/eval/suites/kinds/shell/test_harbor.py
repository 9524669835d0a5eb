"""Task folders for Harbor: its models accept them, and they judge as our own rooms do."""

import json
import subprocess
import tomllib
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from cardboard.board.read.reader import read_file, read_whole
from cardboard.cli import main
from cardboard.eval.suites.kinds.shell.build import build
from cardboard.eval.suites.kinds.shell.harbor import folders
from cardboard.eval.suites.kinds.shell.rows import ShellRow
from cardboard.eval.suites.suite import PACKAGED

SCHEMA = Path(__file__).parents[4] / "data" / "harbor" / "task.schema.json"
ROWS = {row.task_id: row for row in build(PACKAGED / "shell-live")}
DONE, FOUND, BLOCKED = "archives-repeatable-backup", "", "files-hosts-entry"
FOUND = next(name for name, row in ROWS.items() if row.directive == "discover")


def exported(*rows: ShellRow) -> dict[str, str]:
    return dict(folders(rows, suite="shell-live", version="1"))


def played(row: ShellRow, folder: Path, typed: str) -> str:
    """Return the reward where *typed* is what was done in a container that stands on *row*."""
    for path, text in exported(row).items():
        file = folder / path.partition("/")[2]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    # Here is one user only, who is root behind the walls: nobody else can be become or ended.
    stub = '#!/bin/bash\nwhile [ "$1" != -- ]; do shift; done\nshift\nexec "$@"\n'
    (folder / "environment" / "runuser").write_text(stub, encoding="utf-8")
    (folder / "environment" / "pkill").write_text("#!/bin/sh\n", encoding="utf-8")
    user = "dev:x:0:0::/home/dev:/bin/bash\n"
    (folder / "environment" / "passwd").write_text(user, encoding="utf-8")
    (folder / "solution" / "typed").write_text(typed, encoding="utf-8")
    for file in folder.rglob("*"):
        file.chmod(0o755)
    walls = ["bwrap", "--unshare-all", "--die-with-parent", "--uid", "0", "--gid", "0"]
    walls += ["--ro-bind", "/usr", "/usr", "--proc", "/proc", "--dev", "/dev"]
    for name in ("bin", "lib", "lib64", "sbin"):
        real = Path("/", name)
        walls += (
            ["--symlink", f"usr/{name}", f"/{name}"]
            if real.is_symlink()
            else ["--ro-bind-try", str(real), str(real)]
        )
    walls += ["--ro-bind-try", "/etc/alternatives", "/etc/alternatives"]
    for place in ("/tmp", "/logs", "/var/lib/panic", f"/home/dev/{row.folder}"):
        walls += ["--tmpfs", place]
    walls += ["--bind", str(folder / "environment"), "/srv/room"]
    walls += ["--ro-bind", str(folder / "tests"), "/tests"]
    walls += ["--ro-bind", str(folder / "solution"), "/solution"]
    walls += ["--ro-bind", str(folder / "environment" / "passwd"), "/etc/passwd"]
    path = "/srv/room:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    script = f"/srv/room/begin || echo no setup; cd /home/dev/{row.start}; bash /solution/typed\n"
    script += "/tests/test.sh; echo; echo reward $(cat /logs/verifier/reward.txt)"
    done = subprocess.run(
        [*walls, "bash", "-c", script],
        env={"PATH": path, "HOME": "/home/dev", "LANG": "C.UTF-8", "TZ": "UTC", "USER": "dev"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    assert "no setup" not in lines, lines
    assert not (folder / "environment" / "setup").exists(), "nobody can read the setup later"
    return lines[-1]


def test_the_models_of_harbor_accept_every_task() -> None:
    """The schema is what Harbor 0.26.0 says of its own model of task.toml."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    files = exported(*ROWS.values())
    for name in ROWS:
        task = tomllib.loads(files[f"{name}/task.toml"])
        validator.validate(task)
        assert task["schema_version"] == "1.4"
        assert task["task"]["name"] == f"shell-live/{name}"
        assert {path.partition("/")[2] for path in files if path.startswith(f"{name}/")} >= {
            "instruction.md",
            "environment/Dockerfile",
            "tests/test.sh",
            "solution/solve.sh",
        }


def test_an_instruction_tells_no_more_than_our_own_room() -> None:
    files = exported(ROWS[DONE], ROWS[FOUND], ROWS[BLOCKED])
    assert files[f"{DONE}/instruction.md"].startswith(ROWS[DONE].text.strip())
    assert files[f"{FOUND}/instruction.md"].startswith("```\ndev@box:~$\n```\n")
    for name in (DONE, FOUND, BLOCKED):
        assert "`panic`" in files[f"{name}/instruction.md"]
        assert ROWS[name].check not in files[f"{name}/environment/Dockerfile"]


@pytest.mark.parametrize("name", [DONE, FOUND, BLOCKED])
def test_the_solution_is_rewarded_and_doing_nothing_is_not(name: str, tmp_path: Path) -> None:
    row = ROWS[name]
    solution = exported(row)[f"{name}/solution/solve.sh"]
    assert played(row, tmp_path / "solved", solution) == "reward 1"
    assert played(row, tmp_path / "nothing", "") == "reward 0"


def test_giving_up_is_wrong_where_the_job_can_be_done(tmp_path: Path) -> None:
    solution = exported(ROWS[DONE])[f"{DONE}/solution/solve.sh"]
    assert played(ROWS[DONE], tmp_path, f"{solution}\npanic too hard\n") == "reward 0"


def test_results_of_its_jobs_come_back_with_the_names_of_the_scenarios(tmp_path: Path) -> None:
    files = exported(ROWS[DONE], ROWS[FOUND], ROWS[BLOCKED])
    rewards = {DONE: 1.0, FOUND: 0.0, BLOCKED: None}
    for name, reward in rewards.items():
        trial = tmp_path / "job" / f"{name}__1"
        trial.mkdir(parents=True)
        said = {
            "task_name": tomllib.loads(files[f"{name}/task.toml"])["task"]["name"],
            "trial_name": trial.name,
            "source": "shell-live",
            "agent_info": {
                "name": "terminus-2",
                "version": "2.0",
                "model_info": {"name": "Aster-1B", "provider": "acme"},
            },
            "verifier_result": None if reward is None else {"rewards": {"reward": reward}},
            "exception_info": {"exception_type": "AgentTimeoutError"} if reward is None else None,
        }
        (trial / "result.json").write_text(json.dumps(said), encoding="utf-8")
    job = {"n_total_trials": 3, "finished_at": "2026-05-01T12:10:10Z", "stats": {"evals": {}}}
    path = tmp_path / "job" / "result.json"
    path.write_text(json.dumps(job), encoding="utf-8")
    (part,) = read_file(path).parts
    _, result = read_whole(path, part.part)
    assert result is not None
    scores = {step.task_id: step.scores.get("reward") for step in result.steps}
    assert scores == {f"shell-live/{name}": reward for name, reward in rewards.items()}
    assert (result.suite.name, result.counts.failed) == ("shell-live", 1)


def test_a_replay_cannot_be_exported(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        main, ["suite", "export", "shell-mini", "--to", "harbor", str(tmp_path / "tasks")]
    )
    assert done.exit_code == 2
    assert "holds no scenario of a shell" in done.output
    assert not (tmp_path / "tasks").exists()
