"""A plan on a Ray cluster of this machine: parts on two workers, merged; lost workers replaced."""

import json
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cardboard.eval.records import Result, value

from .conftest import PYTHONS, WINDOW, Bench, Measured
from .talker import MAX_TOKENS

pytestmark = pytest.mark.engines


@pytest.fixture(scope="module")
def plan(bench: Bench) -> Path:
    path = bench.folder / "plan.toml"
    path.write_text(
        f"""
        suites = ["{bench.suite}"]

        [[models]]
        model = "{bench.gguf}"
        backends = "llama-cpp-python"
        window = {WINDOW}
        max-tokens = {MAX_TOKENS}
        shards = 2

        [[models]]
        model = "oracle"
        backends = "scripted"
        """
    )
    return path


def planned(bench: Bench, plan: Path, code: int = 0) -> tuple[list[Path], str]:
    output = bench.folder / "planned"
    done = bench.run(
        "llama-cpp-python", "eval", "--plan", plan, "--ray", "local", "--output", output, code=code
    )
    return [Path(line) for line in done.stdout.splitlines()], done.stderr


def test_a_model_in_parts_scores_what_it_scores_whole(
    bench: Bench, plan: Path, measured: Measured
) -> None:
    paths, told = planned(bench, plan)
    merged, oracle = (msgspec.json.decode(path.read_bytes(), type=Result) for path in paths)
    whole = measured("llama-cpp-python")
    in_order = sorted(whole.steps, key=lambda step: (step.task_id, step.step_idx))
    assert list(merged.steps) == in_order
    assert merged.metrics == whole.metrics
    assert merged.status == "complete"
    assert len(merged.parts) == 2
    assert value(oracle, "command_f1") == 1.0
    assert "done: talker.gguf (llama-cpp-python)" in told
    assert [path.name for path in paths[0].parent.iterdir() if path not in paths] == []


def test_what_is_finished_is_not_repeated(bench: Bench, plan: Path) -> None:
    paths, _ = planned(bench, plan)
    written = [path.stat().st_mtime_ns for path in paths]
    again, told = planned(bench, plan)
    assert again == paths
    assert [path.stat().st_mtime_ns for path in paths] == written
    assert "2 jobs, 2 of them done before" in told


def test_an_order_that_the_cluster_has_no_room_for_is_refused(bench: Bench, plan: Path) -> None:
    path = bench.folder / "greedy.toml"
    path.write_text(plan.read_text().replace('"oracle"', '"most-frequent"') + "gpus = 3\n")
    _, told = planned(bench, path, code=2)
    assert (
        "most-frequent (scripted) needs 3 GPU on one node, and the most that one has is 0 GPU"
        in told
    )
    assert "gpus = ..." in told


def test_lost_workers_are_replaced_until_patience_ends(bench: Bench, tmp_path: Path) -> None:
    script = Path(__file__).with_name("ray_losses.py")
    done = subprocess.run(
        [PYTHONS["llama-cpp-python"], script, tmp_path],
        capture_output=True,
        text=True,
        env=bench.environment(),
        check=True,
    )
    told: dict[str, dict[str, object]] = {}
    for line in done.stdout.splitlines():
        told |= json.loads(line) if line.startswith("{") else {}  # Ray talks too
    assert {name: (one["whole"], one["began"]) for name, one in told.items()} == {
        "oracle": (True, 1),
        "most-frequent": (True, 3),
        "echo-previous": (False, 3),
    }
    assert "the worker was lost" in str(told["echo-previous"]["error"])


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    """Return what came of a cluster of three nodes whose accelerators are only said to be there."""
    script = Path(__file__).with_name("ray_cluster.py")
    done = subprocess.run(
        [PYTHONS["llama-cpp-python"], script, tmp_path_factory.mktemp("ray")],
        capture_output=True,
        text=True,
        check=True,
    )
    told: dict[str, dict[str, object]] = {}
    for line in done.stdout.splitlines():
        told |= json.loads(line) if line.startswith("{") else {}  # Ray talks too
    return told


def test_orders_are_spread_over_nodes_by_what_they_need(cluster: dict[str, Any]) -> None:
    assert cluster["accelerators"] == {
        "whole": True,
        "different": 3,
        "nodes": 2,
        "big_alone": True,
    }
    error = cluster["too_much"]["error"]
    assert "needs 3 GPU on one node, and the most that one has is 2 GPU" in error


def test_a_worker_that_is_killed_in_an_answer_leaves_the_others_to_the_next_one(
    cluster: dict[str, Any],
) -> None:
    """It does not see our disk: its answers came here as they were written. One is asked twice."""
    assert cluster["killed"] == {
        "whole": True,
        "status": "complete",
        "asked": 9,
        "journal": False,
    }


def test_a_deadline_on_a_cluster_keeps_what_was_answered(cluster: dict[str, Any]) -> None:
    assert cluster["ended"] == {
        "stopped": True,
        "kept_some": True,
        "whole": True,
        "asked_less": True,
    }
