"""`cardboard attest` and `check --attested`: statements bound to the bytes that were judged."""

import hashlib
import json

import pytest
from click.testing import CliRunner

from cardboard import __version__
from cardboard.board.attest.statements import decode
from cardboard.cli import main
from cardboard.eval.records import Protocol, encode
from cardboard.tests.making import a_result

BOARD = """\
[board]
title = { en = "A", ko = "가" }
[[suites]]
name = "mini"
version = "1"
steps = 6
tasks = 3
protocol = "greedy"
[protocols.greedy]
temperature = 0.0
"""
HOT = a_result("org/hot", 0.9, protocol=Protocol(temperature=1.0))


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "results").mkdir()
    (tmp_path / "board.toml").write_text(BOARD, "utf-8")
    (tmp_path / "results" / "good.json").write_bytes(encode(a_result("org/good")))
    (tmp_path / "results" / "hot.json").write_bytes(encode(HOT))
    (tmp_path / "results" / "hot copy.json").write_bytes(encode(HOT))
    return tmp_path


def run(workspace, *arguments):
    done = CliRunner().invoke(main, ["-C", str(workspace), *arguments])
    return done.exit_code, done.output


def kept(workspace):
    """Return every statement by the name of its first subject, and its file."""
    files = sorted((workspace / "attestations").iterdir())
    told = [json.loads(path.read_bytes()) for path in files]
    return {one["subject"][0]["name"]: (one, path) for one, path in zip(told, files, strict=True)}


def test_each_result_gets_a_statement_of_the_vetted_form(workspace, golden):
    assert run(workspace, "attest") == (
        0,
        "attestations: 2 of 2 statements written, none of them signed\n",
    )
    told, path = kept(workspace)["hot copy.json"]
    assert path.name == f"{told['subject'][0]['digest']['sha256'][:12]}.intoto.json"
    digest = hashlib.sha256((workspace / "results" / "hot.json").read_bytes()).hexdigest()
    text = path.read_text("utf-8").replace(digest, "SHA-256 of the file")
    golden("statement.json", text.replace(f"@{__version__}", "@VERSION"))


def test_what_keeps_a_result_from_a_rank_fails_and_what_is_a_warning_warns(workspace):
    run(workspace, "attest")
    hot, good = (kept(workspace)[name][0]["predicate"] for name in ("hot copy.json", "good.json"))
    assert (hot["result"], "off-protocol" in hot["failedTests"]) == ("FAILED", True)
    assert good["result"] in ("PASSED", "WARNED")
    assert good["failedTests"] == []


def test_a_second_run_writes_nothing_anew(workspace):
    run(workspace, "attest")
    assert "0 of 2 statements written" in run(workspace, "attest")[1]


def test_statements_that_hold_are_counted(workspace):
    run(workspace, "attest")
    code, told = run(workspace, "check", "--attested")
    assert code == 0
    assert told.endswith(
        "Attestations: 2, 0 broken, 0 results without one; signatures are not checked\n"
    )


def test_without_statements_every_result_lacks_one(workspace):
    code, told = run(workspace, "check", "--attested")
    assert (code, "Attestations: 0, 0 broken, 2 results without one" in told) == (0, True)


def test_a_result_that_changed_breaks_its_statement(workspace):
    run(workspace, "attest")
    (workspace / "results" / "good.json").write_bytes(encode(a_result("org/good", 0.51)))
    code, told = run(workspace, "check", "--attested")
    assert code == 1
    assert (
        "error attestation-broken: This attestation does not hold: the result file has other bytes "
        "now (good.json).\n"
    ) in told
    assert "2, 1 broken, 1 results without one" in told


def test_a_result_that_is_gone_breaks_its_statement(workspace):
    run(workspace, "attest")
    (workspace / "results" / "good.json").unlink()
    code, told = run(workspace, "check", "--attested")
    assert (code, "no result file has the hash that it names (good.json)" in told) == (1, True)


def test_a_result_under_another_name_is_the_same_result(workspace):
    run(workspace, "attest")
    (workspace / "results" / "good.json").rename(workspace / "results" / "renamed.json")
    code, told = run(workspace, "check", "--attested")
    assert code == 0
    assert "0 broken, 0 results without one" in told


def test_a_statement_of_another_judgement_is_stale(workspace):
    run(workspace, "attest")
    (workspace / "board.toml").write_text(BOARD + '[policy]\noff-protocol = "warning"\n', "utf-8")
    code, told = run(workspace, "check", "--attested")
    assert code == 0
    assert told.count("warning attestation-stale") == 2


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff",
        b"[" * 100_000,
        b"x" * (2 << 20),
        b'{"_type": "https://in-toto.io/Statement/v0.1"}',
        b'{"_type": "https://in-toto.io/Statement/v1", "subject": []}',
    ],
)
def test_what_is_no_statement_is_broken(workspace, data):
    run(workspace, "attest")
    (workspace / "attestations" / "0.intoto.json").write_bytes(data)
    code, told = run(workspace, "check", "--attested")
    assert (code, "it is no in-toto statement on a test result" in told) == (1, True)


def test_a_folder_in_place_of_a_statement_is_broken(workspace):
    (workspace / "attestations" / "0.intoto.json").mkdir(parents=True)
    assert run(workspace, "check", "--attested")[0] == 1


def test_keys_that_nobody_knows_are_passed_over_as_the_form_demands(workspace):
    run(workspace, "attest")
    told, _ = kept(workspace)["good.json"]
    told["predicate"]["url"] = "https://example.org/run/1"
    assert decode(json.dumps(told).encode()) is not None
