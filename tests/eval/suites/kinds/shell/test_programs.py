"""Programs that scenarios need: found in what they run, and named with their packages."""

from pathlib import Path

import pytest

from cardboard.eval.errors import UsageError
from cardboard.eval.run.run import evaluate
from cardboard.eval.suites.kinds.kind import Terms
from cardboard.eval.suites.kinds.shell import episode, programs
from cardboard.eval.suites.suite import Suite
from cardboard.tests.playing import ROWS

from .....replays import a_request

CI = Path(__file__).parents[5] / ".ci" / "packages"


@pytest.fixture
def without(monkeypatch):
    """Return what makes this machine lack a program."""

    def lack(*names):
        monkeypatch.setattr(programs, "_is_here", lambda name: name not in names)

    return lack


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("jq -r .a x.json", {"jq"}),
        ("cat x | jq .a; xz -9 y && ! zip -q z.zip y", {"jq", "xz", "zip"}),
        ("n=$(sqlite3 a.db 'select 1')\n(cd t && unzip ../a.zip)", {"sqlite3", "unzip"}),
        ("for one in *; do file $one; done", {"file"}),
        ("cat > job.sh <<'END'\njq . x\nEND\nls", set()),
        ("for file in *; do echo $file; done; echo the zip file", set()),
        ("./file; my-curl", set()),
    ],
)
def test_programs_are_found_where_a_command_begins(script, found):
    assert programs._needed(script, "true", ()) == found


def test_what_the_packaged_scenarios_need_is_what_a_bare_debian_gets_for_the_tests():
    needed = frozenset().union(*map(programs.needed, ROWS))
    known = CI.read_text("utf-8")
    usual = {"git", "make", "openssl", "perl", "python3"}
    assert needed - usual
    for package in programs.packages(needed - usual):
        assert package in known, package


def test_a_run_does_not_begin_where_programs_are_missing_and_names_their_packages(
    tmp_path, without
):
    without("jq", "xz", "ss")
    few = tuple(row for row in ROWS if {"jq", "xz"} & programs.needed(row))
    asked = Suite(name="s", version="1", kind="shell", rows=(*few, ROWS[0]))
    with pytest.raises(UsageError) as caught:
        evaluate([a_request()], asked, tmp_path)
    assert caught.value.what.endswith("need what this machine lacks: jq, xz")
    assert "apt-get install jq xz-utils; --allow-missing" in caught.value.remedy
    assert not list(tmp_path.iterdir())


def test_an_episode_for_which_a_program_is_missing_is_unscored_with_that_reason(without):
    without("jq")
    row = next(one for one in ROWS if "jq" in programs.needed(one))
    playing = episode.play(row, Terms(dialogue="shell"))
    with pytest.raises(StopIteration) as end:
        playing.send(None)
    assert end.value.value.text is None
    assert end.value.value.error == "this machine lacks jq"
