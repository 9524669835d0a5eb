"""Jobs and runs of agents: trials with and without a reward, and who was asked."""

import json

from cardboard.board.read.reader import read_file, read_results, read_whole


def trial(task, reward, *, name, error=None):
    return {
        "task_name": task,
        "trial_name": name,
        "source": "terminal-bench",
        "agent_info": {
            "name": "terminus-2",
            "version": "2.0",
            "model_info": {"name": "Aster-1B", "provider": "acme"},
        },
        "agent_result": {"n_input_tokens": 10, "n_output_tokens": 5},
        "verifier_result": None if reward is None else {"rewards": {"reward": reward}},
        "exception_info": error and {"exception_type": error},
    }


TRIALS = [
    trial("a", 1.0, name="a__1"),
    trial("a", 0.0, name="a__2"),
    trial("b", None, name="b__1", error="AgentTimeoutError"),
    trial("b", 0.8, name="b__2", error="AgentTimeoutError"),
]
JOB = {
    "n_total_trials": 4,
    "finished_at": "2026-05-01T12:10:10Z",
    "stats": {
        "evals": {"terminus-2__acme/Aster-1B__terminal-bench": {"metrics": [{"mean": 0.45}]}}
    },
}


def write(folder, job=JOB):
    folder.mkdir()
    for one in TRIALS:
        inside = folder / one["trial_name"]
        (inside / "agent").mkdir(parents=True)
        (inside / "result.json").write_text(json.dumps(one))
        call = {"function_name": "bash", "arguments": {"command": "ls"}}
        said = f"I do {one['task_name']}"
        steps = [{"source": "agent", "message": said, "tool_calls": [call]}]
        transcript = {"schema_version": "ATIF-v1.8", "steps": steps}
        (inside / "agent" / "trajectory.json").write_text(json.dumps(transcript))
    if job:
        (folder / "result.json").write_text(json.dumps(job))
    return folder / "result.json"


def only(reading):
    (part,) = reading.parts
    return part


class TestHarbor:
    def test_a_trial_without_a_reward_is_unscored_and_both_means_are_shown(self, tmp_path):
        part = only(read_file(write(tmp_path / "job")))
        values = {name: one.value for name, one in part.result.metrics.items()}
        assert values == {"reward": 0.65, "mean_errors_as_zero": 0.45}
        assert (part.facts.answers, part.facts.failed) == (3, 1)
        assert part.result.counts.failed == 1

    def test_the_agent_is_a_part_of_who_was_asked(self, tmp_path):
        result = only(read_file(write(tmp_path / "job"))).result
        assert result.model.id == "acme/Aster-1B (terminus-2)"
        assert result.protocol.extra == {"agent": "terminus-2", "agent_version": "2.0"}

    def test_trials_and_transcripts_are_no_files_of_their_own(self, tmp_path):
        write(tmp_path / "job")
        assert [one.file for one in read_results(tmp_path)] == ["job/result.json"]

    def test_trials_without_a_job_are_one_result(self, tmp_path):
        write(tmp_path / "job", job=None)
        (reading,) = read_results(tmp_path)
        assert reading.file == "job/a__1/result.json"
        assert only(reading).facts.steps == 4

    def test_a_transcript_is_the_answer(self, tmp_path):
        path = write(tmp_path / "job")
        _, result = read_whole(path, only(read_file(path)).part)
        assert result.steps[0].answer == (
            'agent: I do a\n<tool_call>\n{"name":"bash","arguments":{"command":"ls"}}\n</tool_call>'
        )

    def test_a_job_that_still_runs_is_a_part(self, tmp_path):
        job = JOB | {"stats": JOB["stats"] | {"n_running_trials": 1}}
        assert only(read_file(write(tmp_path / "job", job))).kind == "partial"

    def test_a_job_without_its_trials_names_them_by_reward_and_error(self, tmp_path):
        stats = {
            "n_trials": 1,
            "n_errors": 1,
            "reward_stats": {"reward": {"1.0": ["a__x"]}},
            "exception_stats": {"AgentTimeoutError": ["b__y"]},
        }
        job = {"n_total_trials": 2, "stats": {"evals": {"agent__model__set": stats}}}
        (tmp_path / "result.json").write_text(json.dumps(job))
        part = only(read_file(tmp_path / "result.json"))
        assert (part.facts.scored, part.facts.failed) == (1, 1)


RUN = {
    "id": "run",
    "results": [
        {"task_id": "a", "is_resolved": True},
        {"task_id": "b", "is_resolved": None, "failure_mode": "unknown_agent_error"},
    ],
    "resolved_ids": ["a"],
    "accuracy": 0.5,
}
ABOUT = {
    "run_id": "run",
    "model_name": "openai/acme/Aster-1B",
    "agent_name": "terminus",
    "dataset_name": "terminal-bench-core",
    "dataset_version": "0.1.1",
}


class TestTerminalBench:
    def test_the_file_beside_it_names_the_model(self, tmp_path):
        (tmp_path / "results.json").write_text(json.dumps(RUN))
        (tmp_path / "run_metadata.json").write_text(json.dumps(ABOUT))
        (reading,) = read_results(tmp_path)
        result = only(reading).result
        assert result.suite.name == "terminal-bench-core"
        assert result.model.id.endswith("Aster-1B (terminus)")

    def test_without_it_the_run_is_called_by_its_folder(self, tmp_path):
        folder = tmp_path / "2026-05-01__10-10-10"
        folder.mkdir()
        (folder / "results.json").write_text(json.dumps(RUN))
        reading = read_file(folder / "results.json")
        assert only(reading).result.model.id == "terminal-bench 2026-05-01__10-10-10"
        assert [one.code for one in reading.findings] == ["model-not-named"]

    def test_a_trial_that_neither_passed_nor_failed_is_unscored(self, tmp_path):
        (tmp_path / "results.json").write_text(json.dumps(RUN))
        facts = only(read_file(tmp_path / "results.json")).facts
        assert (facts.scored, facts.failed) == (1, 1)
