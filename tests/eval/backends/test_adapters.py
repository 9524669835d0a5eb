"""LoRA adapters over one loaded model: each its own answers, template and identity."""

from pathlib import Path

import msgspec
import pytest

from cardboard.eval.backends.adapters import adapter_record, adapter_template
from cardboard.eval.backends.transformers import Transformers, open_backend
from cardboard.eval.engine import Options, Sampling
from cardboard.eval.errors import UsageError
from cardboard.eval.records import Result
from cardboard.eval.run.run import evaluate

from ...replays import a_request, a_suite
from ...tiny import TEMPLATE
from .test_transformers import texts

# peft asks transformers for something that transformers is about to rename.
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")


def test_adapters_take_turns_over_one_base(
    backend: Transformers, adapters: tuple[str, str]
) -> None:
    base = texts(backend)
    backend.use(adapters[0])
    first, weights = texts(backend), backend._model.base_model.model.model.embed_tokens.weight
    assert backend.account.adapter is not None
    assert backend.account.adapter.id == "lora-1"
    assert backend.account.adapter.sha256 is not None
    backend.use(adapters[1])
    second = texts(backend)
    assert backend._model.base_model.model.model.embed_tokens.weight is weights, "nothing reloaded"
    backend.use(adapters[0])
    assert texts(backend) == first
    backend.use(None)
    assert texts(backend) == base
    assert backend.account.adapter is None
    assert len({tuple(one) for one in (base, first, second)}) == 3


def test_an_adapter_opened_with_the_model_answers_as_one_taken_later(
    backend: Transformers, adapters: tuple[str, str], llama: Path
) -> None:
    opened = open_backend(Options(model=str(llama), adapter=adapters[0], batch_size=4))
    backend.use(adapters[0])
    assert texts(opened) == texts(backend)
    backend.use(None)


def test_what_is_in_use_already_is_not_loaded_again_and_its_loading_time_stays(
    adapters: tuple[str, str], llama: Path
) -> None:
    """A run asks for the adapter that it wants, which may be the one that came with the model."""
    for adapter in (None, adapters[0]):
        opened = open_backend(Options(model=str(llama), adapter=adapter))
        account, model = opened.account, opened._model
        opened.use(adapter)
        assert opened.account is account
        assert opened._model is model


def test_after_an_adapter_that_cannot_be_loaded_the_model_is_alone(
    backend: Transformers, adapters: tuple[str, str], tmp_path: Path
) -> None:
    backend.use(adapters[0])
    with pytest.raises(UsageError):
        backend.use(str(tmp_path))
    backend.use(None)
    assert backend.account.adapter is None


@pytest.mark.parametrize("where", ["chat_template.jinja", "tokenizer_config.json"])
def test_an_adapter_speaks_through_the_template_that_it_came_with(
    backend: Transformers, adapters: tuple[str, str], where: str
) -> None:
    path = Path(adapters[1]) / where
    text = "{{ messages }}"
    path.write_text(text if where.endswith("jinja") else f'{{"chat_template": "{text}"}}')
    backend.use(adapters[1])
    path.unlink()
    assert backend.template is not None
    assert backend.template.text == text
    assert backend.template.special_tokens["bos_token"] == "<s>"
    backend.use(None)
    assert backend.template is not None
    assert backend.template.text == TEMPLATE


def test_an_adapter_that_is_not_there_is_one_sentence(backend: Transformers) -> None:
    with pytest.raises(UsageError, match="cannot be loaded"):
        backend.use("/nowhere")
    assert texts(backend), "and the model still answers"


def test_a_whole_run_from_suite_to_result(
    llama: Path, adapters: tuple[str, str], tmp_path: Path
) -> None:
    options = {"model": str(llama), "backend": "transformers", "sampling": Sampling(max_tokens=5)}
    requests = [a_request(**options, options={"adapter": adapter}) for adapter in (*adapters, None)]
    outcomes = evaluate(requests, a_suite(), tmp_path)
    results = [msgspec.json.decode(one.path.read_bytes(), type=Result) for one in outcomes]
    assert [result.status for result in results] == ["complete"] * 3
    assert [result.model.adapter and result.model.adapter.id for result in results] == [
        "lora-1",
        "lora-2",
        None,
    ]
    prompts = results[-1].prompts
    assert prompts.status_counts == {"chat_template": 6}
    assert prompts.first_token_ids is not None
    assert prompts.first_token_ids[:2] == (0, 1), "one BOS, then the mark of the first turn"
    assert (prompts.doubled_bos, prompts.truncated) == (False, 0)
    assert results[-1].steps[0].finish_reason == "length"
    assert str(tmp_path.parent) not in outcomes[-1].path.read_text(encoding="utf-8")


def snapshot(folder: Path) -> Path:
    """Return the folder of a Hub snapshot that holds an adapter."""
    made = folder / "snapshots" / "abc123"
    made.mkdir(parents=True)
    (made / "adapter_config.json").write_text("{}")
    (made / "adapter_model.safetensors").write_bytes(b"weights")
    (made / "tokenizer_config.json").write_text("not json")
    return made


def test_an_adapter_of_the_hub_is_known_by_its_revision_and_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub.errors import LocalEntryNotFoundError

    folder = snapshot(tmp_path)

    def download(repo: str, name: str) -> str:
        assert repo == "org/lora"
        if not (folder / name).exists():
            raise LocalEntryNotFoundError(name)
        return str(folder / name)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    record = adapter_record("org/lora")
    assert (record.id, record.revision) == ("org/lora", "abc123")
    assert (record.sha256 or "").startswith("9a129038")
    assert adapter_template("org/lora", None) is None, "its settings cannot be read"
