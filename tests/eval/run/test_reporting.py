"""What workers say while they work: how far they are, and journals that outlive them."""

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from cardboard.eval.engine import Answer
from cardboard.eval.errors import ConfigError
from cardboard.eval.run import progress
from cardboard.eval.run.plans import reporting
from cardboard.eval.run.plans.jobs import Order, Sheet
from cardboard.eval.run.plans.plan import Job, jobs_of
from cardboard.eval.run.plans.reporting import Piece, Reporting, Said, keep
from cardboard.eval.run.progress import Count, Several

from ...replays import a_request, a_suite


def an_order(folder: Path) -> Order:
    request = a_request(backend="scripted", model="oracle")
    job = Job(backend="scripted", requests=(request,), suites=("t",), gpus=0, cpus=1, shards=1)
    return Order(job=job, sheets=(Sheet(suite=a_suite(), folder=folder),))


def test_a_worker_tells_its_beginning_and_its_end_and_not_every_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reporting, "EVERY", 3600.0)
    said: list[Said] = []
    with Reporting(7, said.append) as watch:
        watch.begin(4, 1)
        watch.add(Answer(key="a", text="x", output_tokens=5))
        watch.add(Answer(key="b", text=None, error="HTTP 503"))
        watch.add(Answer(key="c", text="x"))
    last = Count(total=4, done=4, before=1, failed=1, tokens=5)
    assert [one.count for one in said] == [Count(total=4, done=1, before=1), last, last]
    assert {one.number for one in said} == {7}


def test_a_journal_grows_here_as_it_grows_there_by_whole_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "EVERY", 0.01)
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    order, said = an_order(here), list[Said]()
    (here / "a.journal").write_bytes(b"head\n")
    (there / "a.journal").write_bytes(b"head\n")
    with Reporting(0, said.append, [there]), (there / "a.journal").open("ab") as journal:
        journal.write(b"one\ntwo\nhalf a li")
        journal.flush()
    pieces = [one.journal for one in said if one.journal is not None]
    assert b"".join(one.data for one in pieces) == b"one\ntwo\n"
    for piece in pieces:
        keep(order, piece)
    assert (here / "a.journal").read_bytes() == b"head\none\ntwo\n"
    keep(order, Piece(sheet=0, name="a.journal", offset=2, data=b"of a lost one"))
    assert (here / "a.journal").read_bytes() == b"head\none\ntwo\n"


def test_a_worker_cannot_name_a_file_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    keep(an_order(tmp_path / "here"), Piece(sheet=0, name="../up.journal", offset=0, data=b"x\n"))
    assert not (tmp_path / "up.journal").exists()
    assert (tmp_path / "here" / "up.journal").read_bytes() == b"x\n"


def test_several_workers_are_one_line_in_a_log(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(progress, "monotonic", lambda: now[0])
    log = StringIO()
    with Several(Console(file=log, width=120)) as shown:
        shown.update("a", Count(total=10, done=1))
        now[0] = progress.LOG_SECONDS + 1
        shown.update("b 1/2", Count(total=5, done=4, before=4, failed=1))
        shown.update("a", Count(total=10, done=8))
        assert shown.line().startswith("2 at work: 12 of 15 steps, ")
        shown.end("b 1/2")
        assert shown.line().startswith("1 at work: 8 of 10 steps, ")
    (line,) = filter(None, log.getvalue().splitlines())
    assert line == "2 at work: 5 of 15 steps, 0.0 steps/s, 1 failed"


def test_a_terminal_has_a_bar_for_each() -> None:
    log = StringIO()
    with Several(Console(file=log, width=120, force_terminal=True)) as shown:
        shown.update("first", Count(total=10, done=1))
        shown.update("second", Count(total=5, done=4))
    assert "first" in log.getvalue()
    assert "4/5" in log.getvalue()


def test_a_plan_says_what_else_a_node_must_have(tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    whole = "backends = 'vllm'\nsuites = 's'\n[[models]]\nmodel = 'a'\n"
    plan.write_text(whole + "resources = {h200 = 1, scratch = 0.5}\n")
    (job,) = jobs_of(plan)
    assert job.resources == {"h200": 1.0, "scratch": 0.5}
    for wrong in ("'h200'", "{h200 = true}", "{h200 = -1}"):
        plan.write_text(f"{whole}resources = {wrong}\n")
        with pytest.raises(ConfigError, match="resources: is no table of names and numbers"):
            jobs_of(plan)
