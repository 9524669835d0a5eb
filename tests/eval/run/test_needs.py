"""What must be measured again, what only scored again: listed with why, and then done."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from cardboard.cli import main
from cardboard.eval import records
from cardboard.eval.engine import Sampling
from cardboard.eval.prompts.texts import Choices
from cardboard.eval.run.plans.needs import REFERENCES, Told, changes
from cardboard.eval.run.run import evaluate
from cardboard.eval.suites.kinds.replay.rows import Message, ReplayRow
from cardboard.eval.suites.suite import Suite, encode

from ...replays import Spelled, a_request, a_row, a_suite, an_answer
from ...tiny import TEMPLATE, a_model

PLAN = """
suites = ["tiny"]
backends = ["scripted"]
[[models]]
model = "oracle"
"""


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """Put the handler of SIGTERM back."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


class Workspace:
    """A folder with a suite and a plan, and what `cardboard` says in it."""

    def __init__(self, root: Path, plan: str = PLAN) -> None:
        """Lie in *root*."""
        self.root = root
        assert CliRunner().invoke(main, ["init", str(root)]).exit_code == 0
        (root / "suites").mkdir()
        self.plan = root / "plan.toml"
        self.plan.write_text(plan)
        self.write(a_suite(tasks=2, steps=2))

    def write(self, suite: Suite) -> None:
        """Let *suite* be what the plan asks."""
        rows = (
            replace(row, suite="tiny", suite_version="1")
            for row in suite.rows
            if isinstance(row, ReplayRow)
        )
        (self.root / "suites" / "tiny.jsonl").write_bytes(encode(rows))

    def __call__(self, *words: object) -> Result:
        """Run `cardboard` with *words* here."""
        return CliRunner().invoke(main, ["-C", str(self.root), *map(str, words)])

    def measure(self) -> Path:
        """Do the plan, and return the path of its one result."""
        done = self("eval", "--plan", self.plan)
        assert done.exit_code == 0, done.stderr
        return Path(done.stdout.splitlines()[-1])

    def needs(self) -> tuple[int, str]:
        """Return the exit code and what is said of the one result."""
        done = self("eval", "--plan", self.plan, "--needs")
        (line,) = done.stdout.splitlines()
        return done.exit_code, line


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


def read(path: Path) -> records.Result:
    return msgspec.json.decode(path.read_bytes(), type=records.Result)


def edited(path: Path, **changed: Any) -> None:
    path.write_bytes(records.encode(replace(read(path), **changed)))


def test_what_was_never_measured_is_to_be_run_and_what_is_complete_needs_nothing(
    workspace: Workspace,
) -> None:
    assert workspace.needs() == (1, "oracle on tiny: run again: it was never measured")
    path = workspace.measure()
    assert workspace.needs() == (0, f"oracle on tiny: nothing: {path.name} is complete")
    assert workspace("eval", "--plan", workspace.plan, "--needs").stderr == (
        "0 run again, 0 score again from stored answers, 1 nothing\n"
    )


def test_what_is_not_complete_is_gone_on_with(workspace: Workspace) -> None:
    path = workspace.measure()
    edited(path, status="partial", counts=records.Counts(expected=4, scored=3))
    assert workspace.needs() == (
        1,
        "oracle on tiny: run again: it is not complete: 3 of 4 steps; what was answered is kept",
    )


def test_other_prompts_are_measured_again(workspace: Workspace) -> None:
    path = workspace.measure()
    rows = [a_row("t0", 0), replace(a_row("t1", 0), messages=(Message(role="user", content="!"),))]
    workspace.write(Suite(name="tiny", version="1", rows=tuple(rows)))
    assert workspace.needs() == (
        1, f"oracle on tiny: run again: since {path.name}: the suite's prompts changed"
    )  # fmt: skip
    assert workspace("rescore", "--all").stderr == "0 results to be scored again\n"
    assert workspace.measure() != path


def test_other_references_are_scored_again_from_stored_answers_and_nothing_is_asked(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workspace.measure()
    rows = tuple(
        replace(row, ref_command_units=("pwd",), ref_raw=an_answer("pwd"))
        for row in a_suite(tasks=2, steps=2).rows
        if isinstance(row, ReplayRow)
    )
    workspace.write(Suite(name="tiny", version="1", rows=rows))
    code, told = workspace.needs()
    assert (code, told) == (
        1,
        f"oracle on tiny: score again from stored answers: {path.name}: {REFERENCES}",
    )
    dry = workspace("rescore", "--all", "--dry-run")
    assert "command_f1           1 -> 0" in dry.stdout
    assert records.value(read(path), "command_f1") == 1.0
    done = workspace("rescore", "--all")
    assert (done.exit_code, done.stderr) == (0, "1 result to be scored again\n")
    assert workspace.needs()[0] == 0

    def never(*given: object) -> None:
        raise AssertionError("it was asked again")

    monkeypatch.setattr("cardboard.eval.run.loaded.open_backend", never)
    renamed = workspace.measure()
    assert renamed != path
    assert not path.exists()
    assert records.value(read(renamed), "command_f1") == 0.0
    assert "cat t00.txt" in (read(renamed).steps[0].answer or "")
    assert workspace("rescore", "--all").stderr == "0 results to be scored again\n"


def test_what_an_earlier_scorer_scored_is_scored_again_if_its_answers_are_there(
    workspace: Workspace,
) -> None:
    path = workspace.measure()
    now = read(path).scorer
    edited(path, scorer="token-f1/1")
    assert workspace.needs() == (
        1,
        f"oracle on tiny: score again from stored answers: {path.name}: "
        f"its scorer was token-f1/1, and is {now} now",
    )
    assert workspace("rescore", "--all").exit_code == 0
    assert read(path).scorer == now
    assert workspace.needs()[0] == 0
    edited(
        path,
        scorer="token-f1/1",
        steps=tuple(replace(step, answer=None) for step in read(path).steps),
    )
    _, told = workspace.needs()
    assert "run again: its scorer was token-f1/1" in told
    assert told.endswith("does not hold its answers")


def test_check_lists_the_same_of_the_board(workspace: Workspace) -> None:
    info = workspace("suite", "info", "tiny", "--format", "toml").stdout
    with (workspace.root / "board.toml").open("a") as file:
        file.write(f"\n{info}")
    path = workspace.measure()
    name = f"tiny/{path.name}"
    assert f"{name}: nothing: It is as it would be now." in workspace("check", "--needs").stdout
    edited(path, scorer="token-f1/1")
    told = workspace("check", "--needs").stdout
    assert f"{name}: score again from stored answers: Its scorer was token-f1/1" in told
    assert "Results scored here: 0 run again, 1 score again from stored answers, 0 nothing" in told
    assert f"{name}: score" not in workspace("check").stdout
    edited(path, status="failed", error="out of memory")
    assert f"{name}: run again: " in workspace("check", "--needs").stdout


@pytest.mark.parametrize(
    ("differs", "reason"),
    [
        ({"sampling": Sampling(temperature=0.5)}, "temperature changed: 0.0 -> 0.5"),
        ({"sampling": Sampling(max_tokens=9)}, "max_tokens changed: 1024 -> 9"),
        ({"sampling": Sampling(seed=3)}, "seed changed: 0 -> 3"),
        ({"sampling": Sampling(stop=("END",))}, "stop changed: not recorded -> ('END',)"),
        ({"choices": Choices(rules=("merge-turns",))}, "prompt_rules changed:  -> merge-turns"),
        ({"options": {"dtype": "float32"}}, "dtype changed: not recorded -> float32"),
        ({"options": {"max_model_len": 99}}, "window changed: not recorded -> 99"),
        ({"options": {"extra": {"top_a": 1}}}, "top_a changed: not recorded -> 1"),
        ({"options": {"revision": "r2"}}, "revision changed: r1 -> r2"),
        ({"weights": "b" * 64}, f"weights_sha256 changed: not recorded -> {'b' * 12}…"),
    ],
)
def test_each_change_of_protocol_or_weights_is_named(
    tmp_path: Path, differs: dict[str, Any], reason: str
) -> None:
    suite = a_suite(tasks=1, steps=1)
    (done,) = evaluate([a_request()], suite, tmp_path, backend=Spelled())
    told = msgspec.json.decode(done.path.read_bytes(), type=Told)
    assert changes(told, a_request(), suite) == []
    assert changes(told, a_request(**differs), suite) == [reason]


def test_a_model_whose_template_changed_is_measured_anew_and_one_with_other_weights_too(
    tmp_path: Path,
) -> None:
    model = a_model(tmp_path / "llama")
    workspace = Workspace(
        tmp_path / "workspace",
        f"suites = ['tiny']\n[[models]]\nmodel = '{model}'\nbackends = 'transformers'\n"
        "max-tokens = 2\n",
    )
    workspace.write(a_suite(tasks=1, steps=1))
    path = workspace.measure()
    assert workspace.needs()[0] == 0
    (model / "chat_template.jinja").write_text(TEMPLATE.replace("assistant", "model"))
    code, told = workspace.needs()
    assert code == 1
    assert "run again: its chat template changed: " in told
    before = read(path)
    assert workspace.measure() == path
    assert read(path).prompts.template_sha256 != before.prompts.template_sha256
    assert workspace.needs()[0] == 0
    a_model(model, seed=7)
    code, told = workspace.needs()
    assert (code, "weights_sha256 changed: " in told) == (1, True)


def test_needs_is_of_a_plan_and_rescore_of_files_or_of_all(tmp_path: Path) -> None:
    for words, error in (
        (("eval", "oracle", "--needs"), "--needs is of a plan"),
        (("rescore",), "Name FILES, or say --all."),
    ):
        done = CliRunner().invoke(main, [*words])
        assert done.exit_code == 2
        assert error in done.stderr
