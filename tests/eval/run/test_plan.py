"""Plans: what a table comes to, what is refused in it, and what is done again and what is not."""

import multiprocessing.process
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from cardboard.cli import main
from cardboard.eval import records
from cardboard.eval.errors import ConfigError, UsageError
from cardboard.eval.run.plans import jobs
from cardboard.eval.run.plans import local_run as plan_run
from cardboard.eval.run.plans.jobs import PARTS, Order, Sheet
from cardboard.eval.run.plans.plan import Job, jobs_of
from cardboard.eval.run.progress import Silent
from cardboard.eval.run.run import journal_of
from cardboard.eval.suites.kinds.replay.baselines import right

from ...replays import a_request, a_suite
from ..speaking import Call, Reply, Speaker, said, speaking

PLAN = """
suites = ["{suite}"]
backends = ["scripted"]

[[models]]
model = "oracle"

[[models]]
model = "noisy-oracle"
noise = 0.4
"""


def a_plan(folder: Path, text: str) -> Path:
    path = folder / "plan.toml"
    path.write_text(text, encoding="utf-8")
    return path


def planned(plan: Path, *words: object) -> Result:
    output = plan.parent / "results"
    given = ["eval", "--plan", plan, "--output", output, *words]
    return CliRunner().invoke(main, [str(word) for word in given])


def an_order(folder: Path, shards: int = 1, model: str = "oracle") -> Order:
    request = a_request(backend="scripted", model=model)
    job = Job(
        backend="scripted", requests=(request,), suites=("tiny",), gpus=0, cpus=1, shards=shards
    )
    return Order(job=job, sheets=(Sheet(suite=a_suite(tasks=3, steps=2), folder=folder),))


def read(path: Path) -> records.Result:
    return msgspec.json.decode(path.read_bytes(), type=records.Result)


def test_a_plan_is_every_model_on_every_backend_over_all_suites(tmp_path: Path) -> None:
    plan = a_plan(
        tmp_path,
        """
        suites = ["one", "two"]
        backends = ["vllm", "transformers"]
        [defaults]
        max-tokens = 77
        thinking = true
        [[models]]
        model = "org/a"
        tensor-parallel = 2
        [[models]]
        model = "org/b"
        backends = "openai"
        base-url = "http://127.0.0.1:1/v1"
        suites = ["two"]
        max-tokens = 99
        set = {priority = 3, kind = "fast"}
        cpus = 0.5
        shards = 4
        """,
    )
    first, second, third = jobs_of(plan)
    assert [job.name for job in (first, second, third)] == [
        "org/a (vllm)",
        "org/a (transformers)",
        "org/b (openai)",
    ]
    assert [job.suites for job in (first, second, third)] == [("one", "two")] * 2 + [("two",)]
    assert [(job.gpus, job.cpus, job.shards) for job in (first, second, third)] == [
        (2, 1, 1),
        (1, 1, 1),
        (0, 0.5, 4),
    ]
    assert [job.requests[0].sampling.max_tokens for job in (first, third)] == [77, 99]
    assert first.requests[0].choices.kwargs == {"enable_thinking": True}
    assert third.requests[0].options.extra == {"priority": 3, "kind": "fast"}


@pytest.mark.parametrize(
    ("base", "adapters"), [("", ["a", "b"]), ("base = true", [None, "a", "b"])]
)
def test_adapters_are_runs_over_one_loaded_model(
    tmp_path: Path, base: str, adapters: list[str | None]
) -> None:
    text = f'suites = ["s"]\n[[models]]\nmodel = "m"\nbackends = "vllm"\n{base}\n'
    (job,) = jobs_of(a_plan(tmp_path, text + 'adapter = ["a", "b"]\n'))
    assert [request.options.adapter for request in job.requests] == adapters
    assert job.requests[0].options.adapters == ("a", "b"), "the engine keeps room for both"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("suites = [", "plan.toml: cannot be read"),
        ("suites = ['s']", r"plan.toml: \[\[models\]\]: a plan needs models"),
        ("models = ['a']\nsuites = ['s']", "plan.toml: models 1: is no table"),
        ("model = 'a'\n[[models]]", "plan.toml: model: is no key of a plan"),
        ("[[models]]\nmodel = 'a'\nsuites = 's'", "models: a: backends: needs backends"),
        ("[[models]]\nmodel = 'a'\nbackends = 'scripted'", "models: a: suites: needs suites"),
        ("backends = 'b'\nsuites = 's'\n[[models]]\nmodel = 3", "models: 3: model: is no model's"),
        ("backends = 'b'\nsuites = 's'\n[[models]]\nmodel = 'a'", "'b' is not one of"),
        ("{}max-token = 3", "models: a: No such option '--max-token'"),
        ("{}max-tokens = 'many'", "models: a: Invalid value for '--max-tokens'"),
        ("{}thinking = false", "models: a: thinking: is only ever true"),
        ("{}seed = 2020-01-01", "models: a: seed: is no text, number or list"),
        ("{}resume = true", "models: a: resume: does not belong in a plan"),
        ("{}gpus = -1", "models: a: gpus: is no number from 0"),
        ("{}shards = true", "models: a: shards: is no number from 0"),
    ],
)
def test_what_is_no_plan_is_named_by_model_and_key(tmp_path: Path, text: str, error: str) -> None:
    whole = "backends = 'vllm'\nsuites = 's'\n[[models]]\nmodel = 'a'\n"
    with pytest.raises(ConfigError, match=error):
        jobs_of(a_plan(tmp_path, text.replace("{}", whole)))


def test_a_plan_is_measured_once(tmp_path: Path, suite: Path) -> None:
    plan = a_plan(tmp_path, PLAN.format(suite=suite))
    first = planned(plan)
    assert first.exit_code == 0, first.output
    paths = [Path(line) for line in first.stdout.splitlines()]
    assert [read(path).model.id for path in paths] == ["oracle", "noisy-oracle-0.4"]
    written = [path.stat().st_mtime_ns for path in paths]
    second = planned(plan)
    assert second.stdout == first.stdout
    assert "2 jobs, 2 of them done before" in second.stderr
    assert [path.stat().st_mtime_ns for path in paths] == written


def test_the_judge_speaks_of_each_new_result(tmp_path: Path, suite: Path) -> None:
    plan = a_plan(tmp_path, PLAN.format(suite=suite))
    assert "oracle on no known suite" in planned(plan).stderr
    assert "oracle on no known suite" not in planned(plan).stderr


def test_what_fails_stops_no_other_job_and_is_tried_by_the_next_run(
    tmp_path: Path, suite: Path
) -> None:
    text = PLAN.format(suite=suite).replace('"oracle"', '"answers.jsonl"', 1)
    plan, answers = a_plan(tmp_path, text.replace("answers", f"{tmp_path}/answers")), []
    failed = planned(plan)
    assert failed.exit_code == 1
    assert "failed: answers.jsonl (scripted): there is no such rule or file" in failed.stderr
    assert "done: noisy-oracle-0.4 (scripted)" in failed.stderr
    for row in a_suite(tasks=3, steps=2).rows:
        told = {"task_id": row.task_id, "step_idx": row.step_idx, "text": right(row)}
        answers.append(msgspec.json.encode(told).decode())
    (tmp_path / "answers.jsonl").write_text("\n".join(answers))
    done = planned(plan)
    assert done.exit_code == 0, done.stderr
    assert "2 jobs, 1 of them done before" in done.stderr


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("oracle",), "With --plan, MODEL belongs into the plan"),
        (("--seed", "3"), "With --plan, --seed belongs into the plan"),
        (("--limit", "3"), "With --plan, --limit has no place"),
        (("--resume",), "With --plan, --resume has no place"),
    ],
)
def test_what_belongs_into_the_plan_is_refused_beside_it(
    tmp_path: Path, suite: Path, words: tuple[str, ...], error: str
) -> None:
    done = planned(a_plan(tmp_path, PLAN.format(suite=suite)), *words)
    assert done.exit_code == 2
    assert error in done.stderr


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        ((), "MODEL"),
        (("m",), "--suite"),
        (("m", "--suite", "s"), "--backend"),
    ],
)
def test_without_a_plan_the_model_suite_and_backend_are_named(
    words: tuple[str, ...], missing: str
) -> None:
    done = CliRunner().invoke(main, ["eval", *words])
    assert done.exit_code == 2
    assert f"Missing {missing}." in done.stderr


def test_a_process_that_is_killed_takes_no_other_with_it(tmp_path: Path) -> None:
    def chat(call: Call) -> Reply:
        # `active_children` would also wait for them, and so take their exit codes away.
        for child in tuple(multiprocessing.process._children):  # type: ignore[attr-defined]  # there is no public list
            child.kill()
        return Reply(cut=True)

    with speaking(Speaker(chat)) as server:
        doomed = an_order(tmp_path / "a")
        alone = {"base_url": server.url, "concurrency": 1}  # a second call would kill the next one
        request = a_request(backend="openai", options=alone)
        doomed = replace(doomed, job=replace(doomed.job, backend="openai", requests=(request,)))
        ended = [
            report
            for _, report in plan_run.run([doomed, an_order(tmp_path / "b")], lambda outcome: None)
        ]
    assert ended[0].error == "the process was ended (SIGKILL)"
    assert ended[1].whole


def test_after_a_process_that_is_killed_a_new_one_goes_on_with_the_next_result(
    tmp_path: Path,
) -> None:
    killed: list[int] = []

    def chat(call: Call) -> Reply:
        if len(server.asked) == 9 and not killed:  # in the second of three results
            for child in tuple(multiprocessing.process._children):  # type: ignore[attr-defined]  # there is no public list
                killed.append(child.pid)
                child.kill()
            return Reply(cut=True)
        return Reply(said("ls"))

    with speaking(Speaker(chat)) as server:
        order = an_order(tmp_path / "0")
        options = {"base_url": server.url, "concurrency": 1}
        request = a_request(backend="openai", options=options)
        sheets = tuple(replace(order.sheets[0], folder=tmp_path / str(n)) for n in range(3))
        job = replace(order.job, backend="openai", requests=(request,))
        order = replace(order, job=job, sheets=sheets)
        told: list[str] = []
        ((_, report),) = plan_run.run([order], lambda outcome: told.append(outcome.status))
        assert [one.status for one in report.outcomes] == ["complete", "failed", "complete"]
        assert told == ["complete", "failed", "complete"]
        assert report.error == "the process was ended (SIGKILL)"
        assert journal_of(jobs.paths_of(order)[1]).exists()
        before = len(server.asked)
        assert all(again.whole for _, again in plan_run.run([order], lambda outcome: None))
        assert len(server.asked) - before == 4, "two were answered before it was killed"


def test_what_dies_whatever_it_does_is_given_up_after_two_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[object] = []

    def dies(order: Order, *given: object) -> jobs.Report:
        begun.append(order)
        return jobs.Report(lost="the process was ended (SIGSEGV)")

    monkeypatch.setattr(plan_run, "_apart", dies)
    order = an_order(tmp_path / "0")
    sheets = tuple(replace(order.sheets[0], folder=tmp_path / str(n)) for n in range(5))
    ((_, report),) = plan_run.run([replace(order, sheets=sheets)], lambda outcome: None)
    assert len(begun) == 2
    assert [one.error for one in report.outcomes] == [
        *["the process was ended (SIGSEGV)"] * 2,
        *["not begun: the process was ended (SIGSEGV) before"] * 3,
    ]


def test_a_stopped_plan_ends_its_process_and_goes_on_where_it_was(
    tmp_path: Path, suite: Path
) -> None:
    enough, held = threading.Event(), threading.Event()

    def chat(call: Call) -> Reply:
        if len(server.asked) > 2 and not held.is_set():
            enough.set()
            held.wait(300)
        return Reply(said("ls"))

    with speaking(Speaker(chat)) as server:
        plan = a_plan(
            tmp_path,
            f"suites = ['{suite}']\n[[models]]\nmodel = 'm'\nbackends = 'openai'\n"
            f"base-url = '{server.url}'\nconcurrency = 1\n",
        )
        command = [sys.executable, "-m", "cardboard", "eval", "--plan", str(plan)]
        process = subprocess.Popen(
            [*command, "--output", str(tmp_path / "results")],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert enough.wait(300)
        (journal,) = (tmp_path / "results").rglob("*.journal")
        while journal.read_bytes().count(b"\n") < 4:  # the run, its beginning and two answers
            time.sleep(0.01)
        process.terminate()
        out, _ = process.communicate(timeout=300)
        assert process.returncode == 130
        (path,) = map(Path, out.decode().split())
        assert (read(path).status, read(path).counts.scored) == ("partial", 2)
        assert journal_of(path).exists()
        held.set()
        time.sleep(0.1)  # the call that was given up ends
        before = len(server.asked)
        assert planned(plan).exit_code == 0
        assert len(server.asked) == before + 4
    assert read(path).status == "complete"


def test_a_plan_that_is_stopped_while_it_loads_a_model_does_not_begin_the_next(
    tmp_path: Path, suite: Path
) -> None:
    asked = threading.Event()

    def page(call: Call) -> Reply:
        asked.set()
        time.sleep(5)
        return Reply({"data": []})

    class Slow(Speaker):
        def reply(self, call: Call) -> Reply:
            return page(call)

    with speaking(Slow(page)) as server:
        plan = a_plan(
            tmp_path,
            f"suites = ['{suite}']\n[[models]]\nmodel = 'm'\nbackends = 'openai'\n"
            f"base-url = '{server.url}'\n[[models]]\nmodel = 'oracle'\nbackends = 'scripted'\n",
        )
        command = [sys.executable, "-m", "cardboard", "eval", "--plan", str(plan)]
        process = subprocess.Popen(
            [*command, "--output", str(tmp_path / "results")],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert asked.wait(300)
        process.terminate()
        out, told = process.communicate(timeout=300)
    assert (process.returncode, out) == (130, b"")
    assert b"interrupted: m (openai), 0 of 1 results complete" in told
    assert b"Traceback" not in told


def test_a_run_in_parts_comes_to_what_the_whole_run_comes_to(tmp_path: Path) -> None:
    whole, order = an_order(tmp_path / "whole"), an_order(tmp_path / "parts", shards=5)
    assert jobs.work(whole, Silent()).whole
    parts = jobs.split(order)
    assert len(parts) == 3, "no part is without tasks"
    assert all(jobs.work(part, Silent()).whole for part in parts)
    (sheet,) = order.sheets
    assert len(list((sheet.folder / PARTS).glob("*.json"))) == 3
    assert order.left
    report = jobs.join(order)
    assert report.whole
    assert not order.left
    assert not (sheet.folder / PARTS).exists()
    merged, single = read(jobs.paths_of(order)[0]), read(jobs.paths_of(whole)[0])
    assert jobs.paths_of(order)[0].name == jobs.paths_of(whole)[0].name
    assert merged.metrics == single.metrics
    assert merged.steps == single.steps
    assert len(merged.parts) == 3


def test_a_finished_order_loads_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order = an_order(tmp_path)
    assert jobs.work(order, Silent()).whole

    def never(*_: object) -> None:
        raise AssertionError("it was loaded")

    monkeypatch.setattr("cardboard.eval.run.loaded.open_backend", never)
    assert jobs.work(order, Silent()).whole


def test_what_cannot_be_loaded_is_told_and_would_end_so_again(tmp_path: Path) -> None:
    report = jobs.work(an_order(tmp_path, model="nobody"), Silent())
    assert report.hopeless
    assert report.error is not None
    assert "no such rule or file of answers: nobody" in report.error


def test_an_unknown_suite_is_named_before_anything_runs(tmp_path: Path) -> None:
    done = planned(a_plan(tmp_path, PLAN.format(suite="nowhere")))
    assert done.exit_code == UsageError.exit_code
    assert "nowhere" in done.stderr


@pytest.mark.parametrize(
    ("second", "same"), [("1", True), ("2", False)], ids=["the same weights", "other weights"]
)
def test_two_orders_that_come_to_one_result_are_refused_by_name(
    tmp_path: Path, second: str, same: bool
) -> None:
    folders = [tmp_path / run / "checkpoint-300" for run in ("run-a", "run-b")]
    for folder, weights in zip(folders, ("1", second), strict=True):
        folder.mkdir(parents=True)
        (folder / "model.safetensors").write_text(weights)
    orders = [an_order(tmp_path / "results", model=str(folder)) for folder in folders]
    if not same:
        jobs.check_distinct(orders)
        return
    with pytest.raises(UsageError, match="come to one result of tiny") as refused:
        jobs.check_distinct(orders)
    assert all(str(folder) in str(refused.value) for folder in folders)


def test_a_plan_with_one_model_twice_is_refused_before_anything_is_asked(
    tmp_path: Path, suite: Path
) -> None:
    twice = PLAN.format(suite=suite) + '[[models]]\nmodel = "oracle"\n'
    done = planned(a_plan(tmp_path, twice))
    assert done.exit_code == 2
    assert "oracle (scripted) and oracle (scripted) come to one result of tiny" in done.stderr
    assert not (tmp_path / "results").exists()


def test_two_servers_of_one_name_are_both_asked(tmp_path: Path, suite: Path) -> None:
    first = Speaker(lambda call: Reply(said("ls")))
    with speaking(first) as one, speaking(Speaker(lambda call: Reply(said("cat")))) as other:
        text = f"suites = ['{suite}']\n" + "".join(
            f"[[models]]\nmodel = 'm'\nbackends = 'openai'\nbase-url = '{server.url}'\n"
            for server in (one, other)
        )
        done = planned(a_plan(tmp_path, text))
        assert done.exit_code == 0, done.stderr
        assert len(one.asked) == len(other.asked) == 6
    results = [read(Path(line)) for line in done.stdout.split()]
    assert len({result.model.server for result in results}) == 2
    assert len({result.steps[0].answer for result in results}) == 2
