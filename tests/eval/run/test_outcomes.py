"""One bad item never ends the others: each has its outcome, and the end names what failed."""

import signal
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from cardboard.cli import main
from cardboard.eval import records
from cardboard.eval.backends.transformers import Transformers, open_backend
from cardboard.eval.engine import Options, Prompt, Sampling
from cardboard.eval.errors import CardboardError, DeadEngine, UsageError
from cardboard.eval.run.loaded import Loaded
from cardboard.eval.run.outcomes import Outcome, reason, tell_failed
from cardboard.eval.run.request import Request
from cardboard.eval.run.run import evaluate, journal_of
from cardboard.eval.suites.suite import encode

from ...replays import Spelled, a_request, a_suite, an_answer
from ...tiny import cut, some_adapters

# peft asks transformers for something that transformers is about to rename.
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")

SUITE = a_suite(tasks=1, steps=1)


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """Put the handler of SIGTERM back."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def read(path: Path) -> records.Result:
    return msgspec.json.decode(path.read_bytes(), type=records.Result)


def over(llama: Path, adapters: list[Path]) -> list[Request]:
    """Return a request for each of *adapters* over the model in *llama*."""
    return [
        a_request(
            model=str(llama),
            backend="transformers",
            sampling=Sampling(max_tokens=2),
            options={"adapter": str(adapter)},
        )
        for adapter in adapters
    ]


def cardboard(*words: object) -> Result:
    return CliRunner().invoke(main, [*map(str, words)])


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.jsonl"
    path.write_bytes(encode(SUITE.rows))
    return path


def test_sixty_adapters_with_three_bad_ones_are_57_results_three_names_and_one_load(
    llama: Path, adapters: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = some_adapters(tmp_path / "runs", Path(adapters[0]), 60)
    cut(made[11])
    (made[29] / "adapter_config.json").write_text('{"r": 4')
    (made[47] / "adapter_model.safetensors").unlink()
    loads: list[str] = []

    def opened(name: str, options: Options, *given: object) -> Transformers:
        loads.append(options.model)
        return open_backend(options)

    monkeypatch.setattr("cardboard.eval.run.loaded.open_backend", opened)
    outcomes = evaluate(over(llama, made), SUITE, tmp_path / "results")
    assert len(list((tmp_path / "results").iterdir())) == 57
    assert loads == [str(llama)]
    bad = {number: one for number, one in enumerate(outcomes, 1) if one.status != "complete"}
    assert {number: one.stage for number, one in bad.items()} == dict.fromkeys(
        (12, 30, 48), "loading the adapter"
    )
    assert "adapter_model.safetensors is cut short: 4,608 of 9,216 bytes" in (bad[12].error or "")
    assert "adapter_config.json is no JSON object" in (bad[30].error or "")
    assert "there is no adapter_model.safetensors" in (bad[48].error or "")
    results = [read(one.path) for one in outcomes if one.status == "complete"]
    assert len({one.model.adapter.sha256 for one in results if one.model.adapter}) == 57
    assert all(one.prompts == results[0].prompts for one in results), "built once, the same for all"


def test_a_truncated_adapter_in_the_middle_of_three_is_named_and_the_others_are_measured(
    llama: Path, adapters: tuple[str, str], suite: Path, tmp_path: Path
) -> None:
    made = some_adapters(tmp_path / "runs", Path(adapters[0]), 3)
    cut(made[1])
    words = [word for one in made for word in ("--adapter", one)]
    given = ("eval", llama, "--suite", suite, "--backend", "transformers", "--max-tokens", 2)
    done = cardboard(*given, *words, "--output", tmp_path / "results")
    assert done.exit_code == 1
    assert [read(Path(line)).status for line in done.stdout.splitlines()] == ["complete"] * 2
    assert "1 of 3 failed:" in done.stderr
    table = done.stderr[done.stderr.index("1 of 3 failed:") :]
    told = " ".join(table.split())
    assert "Model Failed at Why What to do" in told
    assert "checkpoint-2" in told
    assert "loading the adapter" in told
    assert "cut short" in told
    assert "Copy it again" in told
    assert "Traceback" not in done.stderr
    made[1].rename(tmp_path / "spoilt")
    some_adapters(tmp_path / "again", Path(adapters[0]), 2)[1].rename(made[1])
    mended = cardboard(*given, *words, "--output", tmp_path / "results", "--resume")
    assert mended.exit_code == 0, mended.stderr
    assert len(mended.stdout.splitlines()) == 3


def test_the_same_in_a_plan(
    llama: Path, adapters: tuple[str, str], suite: Path, tmp_path: Path
) -> None:
    made = some_adapters(tmp_path / "runs", Path(adapters[0]), 3)
    cut(made[1])
    plan = tmp_path / "plan.toml"
    plan.write_text(
        f"suites = ['{suite}']\n[[models]]\nmodel = '{llama}'\nbackends = 'transformers'\n"
        f"max-tokens = 2\nadapter = {[str(one) for one in made]}\n"
    )
    done = cardboard("eval", "--plan", plan, "--output", tmp_path / "results")
    assert done.exit_code == 1
    assert len(done.stdout.splitlines()) == 2
    assert "failed: llama (transformers) (1 of 3 results): " in done.stderr
    assert "1 of 3 failed:" in done.stderr
    assert "1 of 1 jobs are not complete" in done.stderr


def test_an_adapter_that_does_not_fit_leaves_no_trace_in_the_model(
    llama: Path, adapters: tuple[str, str], tmp_path: Path
) -> None:
    """It is found not to fit when its layers are in the model already."""
    from safetensors.torch import load_file, save_file

    good, foreign = some_adapters(tmp_path / "runs", Path(adapters[0]), 2)
    weights = load_file(foreign / "adapter_model.safetensors")
    wide = {name: tensor.repeat(1, 2) for name, tensor in weights.items()}
    save_file(wide, foreign / "adapter_model.safetensors", {"format": "pt"})
    alone = evaluate(over(llama, [good]), SUITE, tmp_path / "alone")
    outcomes = evaluate(over(llama, [foreign, good]), SUITE, tmp_path / "both")
    assert [one.status for one in outcomes] == ["failed", "complete"]
    assert "size mismatch" in (outcomes[0].error or "")
    answered, by_itself = (
        [step.answer for step in read(one.path).steps] for one in (outcomes[1], alone[0])
    )
    assert answered == by_itself


class Adapting(Spelled):
    """A backend whose adapter can be changed, and that fails as a test wants."""

    def __init__(
        self, use: Callable[[str | None], None] | None = None, say: Callable[[str], object] = len
    ) -> None:
        """Call *use* with each adapter, and *say* with it before each answer."""
        self.adapter: str | None = None

        def answer(prompt: Prompt) -> str:
            say(self.adapter or "")
            return an_answer("ls t0")

        super().__init__(answer)
        self._use = use

    def use(self, adapter: str | None) -> None:
        """Take the adapter."""
        if self._use is not None:
            self._use(adapter)
        self.adapter = adapter


class Panic(BaseException):
    """What the Rust under tokenizers and safetensors raises is no Exception either."""


def raising(error: BaseException) -> Callable[[str | None], None]:
    def at_b(adapter: str | None) -> None:
        if adapter == "org/b":
            raise error

    return at_b


def three() -> list[Request]:
    return [a_request(options={"adapter": f"org/{name}"}) for name in "abc"]


@pytest.fixture
def opening(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Adapting]]:
    """Return a function that says what is opened, and gives the list of what was."""

    def prepare(**given: Callable[[str | None], None]) -> list[Adapting]:
        opened: list[Adapting] = []

        def opens(*words: object) -> Adapting:
            opened.append(Adapting(**given))
            return opened[-1]

        monkeypatch.setattr("cardboard.eval.run.loaded.open_backend", opens)
        monkeypatch.setattr("cardboard.eval.run.loaded.SWAPPING", ("spelled",))
        return opened

    return prepare


ODD = [ValueError("odd"), MemoryError(), RecursionError("deep"), KeyError("k"), Panic("rust")]


@pytest.mark.parametrize("error", ODD, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("when", ["use", "say"])
def test_whatever_is_raised_is_the_outcome_of_one(
    tmp_path: Path, opening: Callable[..., list[Adapting]], error: BaseException, when: str
) -> None:
    opened = opening(**{when: raising(error)})
    outcomes = evaluate(three(), SUITE, tmp_path)
    assert [one.status for one in outcomes] == ["complete", "failed", "complete"]
    assert outcomes[1].error == reason(error)
    assert outcomes[1].stage == ("loading the adapter" if when == "use" else "answering")
    assert [one.closed for one in opened] == [True, True], "a model that broke down is loaded anew"


def test_an_adapter_that_is_refused_costs_no_load(
    tmp_path: Path, opening: Callable[..., list[Adapting]]
) -> None:
    opened = opening(use=raising(UsageError("cannot be loaded", remedy="Copy it.")))
    outcomes = evaluate(three(), SUITE, tmp_path)
    assert [one.status for one in outcomes] == ["complete", "failed", "complete"]
    assert outcomes[1].remedy == "Copy it."
    assert len(opened) == 1


def test_a_dead_engine_keeps_what_was_answered_and_the_next_one_has_a_new_engine(
    tmp_path: Path, opening: Callable[..., list[Adapting]]
) -> None:
    opened = opening(say=raising(DeadEngine("out of memory")))
    outcomes = evaluate(three(), SUITE, tmp_path)
    assert [one.status for one in outcomes] == ["complete", "failed", "complete"]
    assert len(opened) == 2
    assert journal_of(outcomes[1].path).exists()
    assert read(outcomes[1].path).error == "out of memory"


def test_a_model_that_cannot_be_loaded_is_tried_once_and_told_of_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[object] = []

    def refuse(*given: object) -> Spelled:
        tried.append(given)
        raise UsageError("there is no such model")

    monkeypatch.setattr("cardboard.eval.run.loaded.open_backend", refuse)
    outcomes = evaluate(three(), SUITE, tmp_path)
    assert [one.error for one in outcomes] == ["there is no such model"] * 3
    assert {one.stage for one in outcomes} == {"loading the model"}
    assert len(tried) == 1
    assert not list(tmp_path.iterdir())


def test_weights_that_nobody_may_read_are_the_outcome_of_one(
    tmp_path: Path, opening: Callable[..., list[Adapting]], monkeypatch: pytest.MonkeyPatch
) -> None:
    opening()

    def hashed(adapter: str) -> str | None:
        if adapter == "org/b":
            raise PermissionError(13, "Permission denied", adapter)
        return None

    monkeypatch.setattr("cardboard.eval.run.request.adapter_sha256", hashed)
    outcomes = evaluate(three(), SUITE, tmp_path)
    assert [one.status for one in outcomes] == ["complete", "failed", "complete"]
    assert (outcomes[1].stage, outcomes[1].error) == (
        "telling it from others",
        "PermissionError: [Errno 13] Permission denied: 'org/b'",
    )


def test_ctrl_c_while_an_adapter_is_loaded_ends_the_run_and_keeps_the_ones_before(
    tmp_path: Path, opening: Callable[..., list[Adapting]]
) -> None:
    opening(use=raising(KeyboardInterrupt()))
    told: list[Outcome] = []
    with pytest.raises(KeyboardInterrupt):
        evaluate(three(), SUITE, tmp_path, tell=told.append)
    assert [one.status for one in told] == ["complete"]


def test_a_traceback_is_shown_only_where_it_is_asked_for(
    tmp_path: Path, suite: Path, opening: Callable[..., list[Adapting]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.delenv("CARDBOARD_DEBUG", raising=False)
    opening(use=raising(ValueError("odd")))
    words = ("eval", "m", "--suite", suite, "--backend", "vllm", "--adapter", "org/b")
    plain = cardboard(*words, "--output", tmp_path / "out")
    assert plain.exit_code == 1
    assert "failed: ValueError: odd" in plain.stderr
    assert "--debug" in plain.stderr
    assert "Traceback" not in plain.stderr
    told = cardboard(*words, "--output", tmp_path / "out", "--debug")
    assert "Traceback (most recent call last)" in told.stderr
    assert "while loading the adapter" in told.stderr


def test_the_table_has_a_line_for_each_that_failed_and_nothing_of_a_terminal(
    golden: Callable[[str, str], None],
) -> None:
    outcomes = [
        Outcome(path=Path("a.json"), status="complete", asked="org/m + runs/checkpoint-1"),
        Outcome(
            path=Path("b.json"),
            status="failed",
            asked="org/m + runs/checkpoint-2",
            stage="loading the adapter",
            error=reason(UsageError("cut short:\x1b[31m 10 of 20 bytes", key="checkpoint-2")),
            remedy="Copy it again; then the same command goes on with it.",
        ),
        Outcome(
            path=Path("c.json"),
            status="partial",
            asked="org/m + runs/checkpoint-3 [bold]",
            stage="answering",
            error=reason(CardboardError("HTTP 503 " * 40)),
        ),
        Outcome(path=Path("d.json"), status="partial", interrupted=True),
    ]
    log = StringIO()
    tell_failed(outcomes, Console(file=log, width=120))
    golden("failures.txt", "\n".join(line.rstrip() for line in log.getvalue().splitlines()) + "\n")


def test_where_nothing_failed_nothing_is_said() -> None:
    log = StringIO()
    tell_failed([Outcome(path=Path("a.json"), status="complete")], Console(file=log))
    assert log.getvalue() == ""


def test_what_is_open_already_is_given_up_but_not_closed_by_us(tmp_path: Path) -> None:
    mine = Adapting(say=raising(DeadEngine("gone")))
    loaded = Loaded(mine)
    evaluate([three()[1]], SUITE, tmp_path, backend=loaded)
    loaded.close()
    assert not mine.closed
