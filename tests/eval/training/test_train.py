"""`cardboard train`: what is learnt is the contract's mask, and the adapter tells how it came."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy
import pytest
from click.testing import CliRunner, Result

from cardboard.cli import main
from cardboard.eval import records
from cardboard.eval.audit.audit import audit
from cardboard.eval.audit.sources.resolve import open_source
from cardboard.eval.backends.adapters import TrainingRecord, adapter_record
from cardboard.eval.suites.suite import encode
from cardboard.eval.training import lora
from cardboard.tests.eval.audit.samples import GOOD, MARKED
from cardboard.tests.eval.training.test_contract import STRICT, TALK
from cardboard.tests.replays import a_suite
from cardboard.tests.tiny import a_model, a_tokenizer

# peft asks transformers for something that transformers is about to rename.
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")

ROWS = [
    {"messages": [*TALK[:2], {**TALK[2], "content": "곶에" + "!" * n}, *TALK[3:]]} for n in range(5)
]
FOLDED = [{"role": "user", "content": f"{TALK[0]['content']}\n\n{TALK[1]['content']}"}]


def cardboard(*words: Any) -> Result:
    return CliRunner().invoke(main, [*map(str, words)])


def written(path: Path, rows: list[Any]) -> Path:
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


class Trained(msgspec.Struct):
    """One training of a tiny model."""

    base: Path
    folder: Path
    done: Result
    seen: list[dict[str, Any]]
    """What the model was given."""


@pytest.fixture(scope="module", params=["with a system role", "without"])
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Train one epoch over a model whose template knows a system role, or refuses one."""
    root = tmp_path_factory.mktemp("training")
    plain = request.param == "with a system role"
    base = a_model(root / "base", template=GOOD if plain else STRICT)
    seen: list[dict[str, Any]] = []
    own: Callable[..., dict[str, Any]] = lora._collated

    def collated(batch: Any) -> dict[str, Any]:
        seen.append(own(batch))
        return seen[-1]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(lora, "_collated", collated)
        rules = () if plain else ("--rule", "fold-system")
        data, run = written(root / "talks.jsonl", ROWS), root / "run"
        done = cardboard(
            *("train", base, "--data", data, "-o", run, "--batch-size", 2, "--rank", 4),
            *("--learning-rate", 0.01, "--log-steps", 1, *rules),
        )
    return Trained(base, run, done, seen)


def told(folder: Path) -> TrainingRecord:
    return msgspec.json.decode((folder / "training.json").read_bytes(), type=TrainingRecord)


def test_the_ids_that_are_learnt_are_the_mask_of_the_contract(trained: Trained) -> None:
    """That is: what transformers itself masks through a template with right marks."""
    assert trained.done.exit_code == 0, trained.done.output
    learnt = set()
    for batch in trained.seen:
        for ids, labels, mask in zip(*(batch[key].numpy() for key in KEYS), strict=True):
            whole = mask.astype(bool)
            assert set(labels[~whole]) <= {-100}
            learnt.add((tuple(ids[whole].tolist()), tuple(labels[whole].tolist())))
    folds = told(trained.folder).training.rules == ("fold-system",)
    assert learnt == {expected(row["messages"], folds=folds) for row in ROWS}


KEYS = ("input_ids", "labels", "attention_mask")


def expected(talk: list[Any], *, folds: bool) -> tuple[tuple[int, ...], tuple[int, ...]]:
    said = a_tokenizer(MARKED).apply_chat_template(
        [*FOLDED, *talk[2:]] if folds else talk, return_dict=True, return_assistant_tokens_mask=True
    )
    pairs = zip(said["input_ids"], said["assistant_masks"], strict=True)
    return tuple(said["input_ids"]), tuple(one if mask else -100 for one, mask in pairs)


def test_the_adapter_and_each_checkpoint_tell_how_they_were_trained(trained: Trained) -> None:
    assert trained.done.stdout.splitlines()[-1] == str(trained.folder)
    assert "step 3/3: loss" in trained.done.stderr
    for folder in (trained.folder, trained.folder / "checkpoint-3"):
        record = told(folder)
        adapter = adapter_record(str(folder))
        assert adapter.sha256 == record.adapter_sha256
        assert adapter.training == record.training
    one = record.training
    assert (one.base, one.examples, one.epochs, one.steps, one.rank) == ("base", 5, 1.0, 3, 4)
    assert one.trained_tokens == sum(
        sum(label >= 0 for label in expected(row["messages"], folds=bool(one.rules))[1])
        for row in ROWS
    )
    assert one.targets == (
        *("down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj"),
    )


def test_nothing_that_is_published_names_a_place_on_this_machine(trained: Trained) -> None:
    texts = [
        path.read_text(encoding="utf-8")
        for path in trained.folder.rglob("*")
        if path.suffix in (".json", ".jinja", ".md")
    ]
    assert len(texts) >= 7
    assert not [text for text in texts if str(trained.base.parent) in text]
    assert not list(trained.folder.rglob("training_args.bin"))


def test_weights_that_changed_since_have_no_record(trained: Trained, tmp_path: Path) -> None:
    for path in trained.folder.iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    weights = tmp_path / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\1")
    assert adapter_record(str(tmp_path)).training is None


def test_the_adapter_is_audited_measured_and_carded(trained: Trained, tmp_path: Path) -> None:
    [found] = audit([open_source(str(trained.folder / "checkpoint-3"))])
    wrong = {one.code for one in found.all_findings if one.severity == "error"}
    assert wrong <= {"audit-system-refused"}, "what its base refuses, it refuses too"
    suite = tmp_path / "tiny.jsonl"
    suite.write_bytes(encode(a_suite().rows))
    done = cardboard(
        *("eval", trained.base, "--adapter", trained.folder, "--suite", suite),
        *("--backend", "transformers", "--max-tokens", 2, "--output", tmp_path),
        *("--fold-system", "--merge-turns"),
    )
    result = msgspec.json.decode(
        Path(done.stdout.splitlines()[-1]).read_bytes(), type=records.Result
    )
    assert result.model.adapter is not None
    assert result.model.adapter.training == told(trained.folder).training
    assert result.prompts.template_sha256 == told(trained.folder).training.template_sha256
    assert cardboard("init", tmp_path / "board").exit_code == 0
    (tmp_path / "board" / "results" / "adapter.json").write_bytes(records.encode(result))
    described = cardboard("suite", "info", suite, "--format", "toml").stdout
    with (tmp_path / "board" / "board.toml").open("a", encoding="utf-8") as board:
        board.write(f"\n{described}")
    made = cardboard("-C", tmp_path / "board", "cards")
    assert made.exit_code == 0, made.output
    [card] = (tmp_path / "board" / "build" / "cards").glob("*/README.md")
    said = card.read_text(encoding="utf-8")
    assert "### How it was trained" in said
    assert "### 학습 방법" in said
    assert told(trained.folder).training.data[0].sha256 in said


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_model(tmp_path_factory.mktemp("models") / "base", template=STRICT)


def test_nothing_is_trained_where_the_contract_fails(base: Path, tmp_path: Path) -> None:
    data = written(tmp_path / "talks.jsonl", ROWS)
    done = cardboard("train", base, "--data", data, "-o", tmp_path / "run")
    assert done.exit_code == 1
    assert "audit-contract-refused" in done.stderr
    assert "Nothing is trained" in done.stderr
    assert not (tmp_path / "run").exists()


def test_the_same_seed_gives_the_same_adapter_and_a_training_goes_on(
    base: Path, tmp_path: Path
) -> None:
    data = written(tmp_path / "talks.jsonl", [{"messages": TALK[1:]}] * 3)
    words = ("train", base, "--data", data, "--batch-size", 2, "--epochs", 2, "--rank", 2)
    runs = [tmp_path / name for name in ("first", "second")]
    assert [cardboard(*words, "-o", run).exit_code for run in runs] == [0, 0]
    first, second = (told(run) for run in runs)
    assert first == second
    again = cardboard(*words, "-o", runs[0])
    assert (again.exit_code, "is not empty" in again.stderr) == (2, True)
    for path in (*runs[1].glob("checkpoint-4/*"), *runs[1].glob("*.*")):
        if path.is_file():
            path.unlink()
    (runs[1] / "checkpoint-4").rmdir()
    other = cardboard(*words, "-o", runs[1], "--resume", "--seed", 1)
    assert (other.exit_code, "other settings: seed" in other.stderr) == (2, True)
    assert cardboard(*words, "-o", runs[1], "--resume").exit_code == 0
    assert told(runs[1]).training.steps == 4


def test_what_is_too_long_or_not_wanted_is_left_out_and_counted(base: Path, tmp_path: Path) -> None:
    short = {"prompt": "a", "completion": "b"}
    rows = [short, {**short, "label": False}, {**short, "prompt": "a" * 100}]
    words = ("train", base, "--data", written(tmp_path / "d.jsonl", rows), "-o", tmp_path / "run")
    done = cardboard(*words, "--max-length", 60)
    assert done.exit_code == 0, done.output
    assert told(tmp_path / "run").training.left_out == {"long": 1, "unwanted": 1}
    none = cardboard(*words[:-1], tmp_path / "none", "--max-length", 5)
    assert (none.exit_code, "holds nothing to train on" in none.stderr) == (2, True)


def test_inspect_shows_what_is_learnt_and_trains_nothing(base: Path, tmp_path: Path) -> None:
    talk = [{"role": "user", "content": "a\x1b[2J"}, {"role": "assistant", "content": "곶에"}]
    data = written(tmp_path / "talks.jsonl", [{"messages": talk}] * 3)
    done = cardboard("train", base, "--data", data, "--inspect", 2)
    assert done.exit_code == 0, done.output
    assert done.stdout.count("⟦곶에<|im_end|>⟧") == 2
    assert "\x1b" not in done.stdout
    refused = cardboard("train", base, "--data", written(data, ROWS), "--inspect", 1)
    assert refused.exit_code == 1


def test_colours_mark_what_is_learnt_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    from cardboard.eval.commands import train_command
    from cardboard.eval.training.contract import Example

    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    one = Example(line=1, text="ab", spans=((0, 1), (1, 2)), ids=(5, 6), mask=frozenset({1}))
    assert train_command._coloured(one) == "\x1b[2ma\x1b[0m\x1b[32mb\x1b[0m"


WRONG = [
    (["--data", "DATA"], "Missing -o"),
    (["--data", "DATA", "-o", "new", "--resume"], "no checkpoint to go on from"),
    (
        ["--data", "DATA", "-o", "new", "--four-bit"],
        "needs a CUDA GPU and the package bitsandbytes",
    ),
    (["--data", "DATA", "-o", "new", "--target", "no_proj"], "has no such layers"),
]


@pytest.mark.parametrize(("words", "said"), WRONG)
def test_what_cannot_be_meant_ends_with_2(
    base: Path, tmp_path: Path, words: list[str], said: str
) -> None:
    data = written(tmp_path / "d.jsonl", [{"messages": TALK[1:]}])
    given = [str(data) if word == "DATA" else word for word in words]
    given = [str(tmp_path / word) if word == "new" else word for word in given]
    done = cardboard("train", base, *given)
    assert (done.exit_code, said in done.stderr) == (2, True), done.stderr


def test_a_base_without_a_template_takes_one_that_is_given(tmp_path: Path) -> None:
    bare = a_model(tmp_path / "bare", template=None)
    data = written(tmp_path / "d.jsonl", [{"messages": TALK}])
    refused = cardboard("train", bare, "--data", data, "-o", tmp_path / "run")
    assert (refused.exit_code, "--chat-template" in refused.stderr) == (2, True)
    template = tmp_path / "own.jinja"
    template.write_text(GOOD, encoding="utf-8")
    words = ("train", bare, "--data", data, "-o", tmp_path / "run", "--chat-template", template)
    assert cardboard(*words).exit_code == 0
    assert (tmp_path / "run" / "chat_template.jinja").read_text(encoding="utf-8") == GOOD


def test_labels_are_the_ids_that_are_learnt() -> None:
    from cardboard.eval.training.contract import Example
    from cardboard.eval.training.plan import _batch

    one = Example(line=1, text="ab", spans=((0, 1), (1, 2)), ids=(5, 6), mask=frozenset({1}))
    assert numpy.array_equal(_batch(one).labels, [-100, 6])
