"""The transformers backend on tiny models: batches, limits, decoding, adapters, honest errors."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cardboard.eval.backends import torch_models
from cardboard.eval.backends import transformers as engine
from cardboard.eval.backends.torch_models import Tokens
from cardboard.eval.backends.transformers import Transformers, open_backend
from cardboard.eval.engine import Answer, Options, Prompt, Sampling, Template
from cardboard.eval.errors import DeadEngine, UsageError
from cardboard.eval.prompts.texts import PromptError
from cardboard.eval.records import Said, ToolCall
from cardboard.eval.run.run import evaluate

from ...replays import a_request, a_suite
from ...tiny import ARCHITECTURES, TEMPLATE, a_model, a_model_that_sees, a_tokenizer

# peft asks transformers for something that transformers is about to rename.
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")

GREEDY = Sampling(max_tokens=12)
TOKENIZER = a_tokenizer()
TOKENS = Tokens(TOKENIZER)


def prompts(backend: Transformers, count: int = 6) -> list[Prompt]:
    """Return prompts of different lengths."""
    texts = [f"<s><|im_start|>user\nls{' -la' * 3 * n}<|im_end|>\n" for n in range(count)]
    return [
        Prompt(key=f"t/{n}", messages=(), token_ids=tuple(backend.encoder.encode(text)))
        for n, text in enumerate(texts)
    ]


def said(
    backend: Transformers, asked: Sequence[Prompt], sampling: Sampling = GREEDY
) -> dict[str, Answer]:
    """Return the answers by their keys, without the times that no two of them share."""
    return {
        answer.key: replace(answer, seconds=None, timing=None)
        for answer in backend.answers(asked, sampling)
    }


def texts(backend: Transformers) -> list[str | None]:
    """Return what it says to three prompts."""
    return [answer.text for answer in said(backend, prompts(backend, 3)).values()]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_batch_answers_as_each_prompt_alone_would(architecture: str, tmp_path: Path) -> None:
    backend = open_backend(Options(model=str(a_model(tmp_path, architecture)), batch_size=6))
    asked = prompts(backend)
    alone = {key: answer for one in asked for key, answer in said(backend, [one]).items()}
    assert said(backend, asked) == alone
    assert len({answer.text for answer in alone.values()}) > 1 or "Gemma" in architecture


def test_special_tokens_stay_in_an_answer_that_may_call_tools(backend: Transformers) -> None:
    """Families begin and end their calls with them."""
    prompt = prompts(backend, 1)[0]
    ids = backend.encoder.encode("ls<s>-la")
    bare = backend._answer(prompt, ids, replace(GREEDY, max_tokens=1), engine._Clock())
    offered = replace(prompt, tools=({"type": "function", "function": {"name": "bash"}},))
    whole = backend._answer(offered, ids, replace(GREEDY, max_tokens=1), engine._Clock())
    assert "<s>" not in str(bare.text)
    assert str(whole.text).replace("<s>", "") == bare.text != whole.text


def test_a_repositorys_own_response_template_reads_the_calls(
    backend: Transformers, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = {"tool_calls": {"open": "{", "close": "}", "content": "python-call-list"}}
    template = {"start_anchor": "<s>", "fields": {**fields, "content": {"content": "text"}}}
    monkeypatch.setattr(backend._tokenizer, "response_template", template, raising=False)
    tools = ({"type": "function", "function": {"name": "ls"}},)
    prompt, ids = prompts(backend, 1)[0], backend.encoder.encode("{[ls(a=1)]}")
    assert backend._answer(prompt, ids, replace(GREEDY, max_tokens=1), engine._Clock()).said is None
    offered = replace(prompt, tools=tools)
    said = backend._answer(offered, ids, replace(GREEDY, max_tokens=1), engine._Clock()).said
    assert said == Said(tool_calls=(ToolCall(name="ls", arguments='{"a":1}'),))
    assert backend._described(None, 0.0).extra["response_template"] is True


def test_a_model_that_also_sees_answers_texts(tmp_path: Path) -> None:
    backend = open_backend(Options(model=str(a_model_that_sees(tmp_path))))
    asked = prompts(backend, 3)
    assert {answer.output_tokens for answer in said(backend, asked).values()} == {12}
    assert backend.account.max_model_len == 4096


def test_answers_are_those_of_generate(backend: Transformers, llama: Path) -> None:
    import transformers

    model: Any = transformers.AutoModelForCausalLM.from_pretrained(llama)
    (prompt,) = prompts(backend, 1)
    assert prompt.token_ids is not None
    ids = torch.tensor([prompt.token_ids])
    output = model.generate(
        ids, attention_mask=torch.ones_like(ids), max_new_tokens=12, do_sample=False
    )
    tokenizer = transformers.AutoTokenizer.from_pretrained(llama)
    expected = tokenizer.decode(output[0, ids.shape[1] :], skip_special_tokens=True)
    answer = said(backend, [prompt])["t/0"]
    assert answer.text == expected
    assert (answer.finish_reason, answer.output_tokens) == ("length", 12)
    assert answer.prompt_tokens == len(prompt.token_ids)
    assert answer.first_token_ids == prompt.token_ids[:8]


def test_an_answer_ends_at_the_models_own_end_token(backend: Transformers, tmp_path: Path) -> None:
    """The third token that this model writes is made its end."""
    (prompt,) = prompts(backend, 1)
    ids = torch.tensor([prompt.token_ids])
    tokens = backend._model.generate(
        ids, attention_mask=torch.ones_like(ids), max_new_tokens=3, do_sample=False
    )[0].tolist()
    ending = open_backend(Options(model=str(a_model(tmp_path, eos_token_id=tokens[-1]))))
    answer = said(ending, [prompt])["t/0"]
    assert (answer.finish_reason, answer.output_tokens) == ("stop", 3)


def test_what_a_model_brings_for_decoding_does_not_apply(llama: Path, tmp_path: Path) -> None:
    model = a_model(tmp_path / "odd")
    settings = b'{"do_sample": true, "temperature": 9.0, "repetition_penalty": 9.0, "top_k": 3}'
    (model / "generation_config.json").write_bytes(settings)
    odd, plain = (open_backend(Options(model=str(path))) for path in (model, llama))
    assert texts(odd) == texts(plain)


WARM = Sampling(max_tokens=12, temperature=1.0, top_p=0.9, top_k=50, seed=1)


def test_sampling_follows_its_seed(backend: Transformers) -> None:
    asked = prompts(backend, 2)
    assert said(backend, asked, WARM) == said(backend, asked, WARM)
    assert said(backend, asked, WARM) != said(backend, asked, replace(WARM, seed=2))
    assert said(backend, asked, replace(WARM, seed=None)) != said(backend, asked, WARM)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_sampled_answer_depends_neither_on_its_batch_nor_on_what_was_asked_before(
    architecture: str, tmp_path: Path
) -> None:
    backend = open_backend(Options(model=str(a_model(tmp_path, architecture)), batch_size=4))
    asked = prompts(backend)
    alone = {key: answer for one in asked for key, answer in said(backend, [one], WARM).items()}
    assert said(backend, asked, WARM) == said(backend, asked[::-1], WARM) == alone
    assert said(backend, asked[2:], WARM).items() <= alone.items()
    same = [replace(asked[0], key=f"u/{n}") for n in range(4)]
    assert len({one.text for one in said(backend, same, WARM).values()}) > 1, "each has its seed"


def test_tokens_are_drawn_as_often_as_the_distribution_says() -> None:
    """A seed for each of 4000 answers, whose shares lie within five standard errors."""
    chances = torch.tensor([0.5, 0.25, 0.15, 0.07, 0.03], dtype=torch.float64)
    keys, scores = [f"t/{n}" for n in range(4000)], chances.log().float().repeat(4000, 1)

    def shares(**differs: Any) -> torch.Tensor:
        sampling = Sampling(temperature=1.0, max_tokens=2, **differs)
        drawn = engine.Drawn(sampling, keys, width=3)(
            torch.zeros(4000, 4, dtype=torch.long), scores
        )
        return drawn.argmax(-1).bincount(minlength=5) / 4000

    error = (chances * (1 - chances) / 4000).sqrt()
    assert ((shares() - chances).abs() < 5 * error).all()
    assert shares(top_k=2).gt(0).tolist() == [True, True, False, False, False]
    assert shares(top_p=0.8).gt(0).tolist() == [True, True, True, False, False]


def test_of_the_likeliest_token_alone_sampling_is_greedy(backend: Transformers) -> None:
    asked = prompts(backend, 3)
    assert said(backend, asked, replace(WARM, top_k=1)) == said(backend, asked)


def test_a_stop_text_ends_the_answer_and_is_not_part_of_it(backend: Transformers) -> None:
    asked = prompts(backend, 1)
    whole = said(backend, asked)["t/0"].text or ""
    stop = whole[2]
    answer = said(backend, asked, Sampling(max_tokens=12, stop=(stop,)))["t/0"]
    assert answer.text == whole[: whole.index(stop)]
    assert answer.finish_reason == "stop"


def test_what_it_says_of_itself(backend: Transformers, llama: Path) -> None:
    account = backend.account
    assert (account.backend, account.dtype, account.max_model_len) == (
        "transformers",
        "float32",
        4096,
    )
    assert set(account.versions) == {"torch", "transformers"}
    assert account.revision is None
    assert backend.template == Template(
        text=TEMPLATE,
        source="chat_template.jinja",
        special_tokens={"bos_token": "<s>", "eos_token": "<|im_end|>", "pad_token": "<pad>"},
    )
    assert backend.encoder.encode("<s>ls") == [0, *backend.encoder.encode("ls")]


@given(st.lists(st.text(st.sampled_from("ls -<>|im_start한\n"), max_size=30), max_size=9))
def test_many_texts_at_once_have_the_ids_that_each_has_alone(texts: list[str]) -> None:
    with patch.object(torch_models, "_AT_ONCE", 40):
        assert TOKENS.encode_all(texts) == [TOKENS.encode(text) for text in texts]


class Upper(type(TOKENIZER)):  # type: ignore[misc]  # the class that transformers chose
    """A tokenizer that does something of its own before it calls the library."""

    def __call__(self, text: Any, **settings: Any) -> Any:
        """Read capitals only."""
        one = isinstance(text, str)
        return super().__call__(text.upper() if one else [*map(str.upper, text)], **settings)


@pytest.mark.parametrize("kind", [None, Upper])
@given(st.lists(st.text(st.sampled_from("ls -<>|im_startS한\n"), max_size=30), max_size=5))
def test_ids_are_those_of_the_tokenizer_whatever_it_was_last_asked_for(
    kind: type | None, texts: list[str]
) -> None:
    tokenizer = TOKENIZER
    if kind is not None:
        tokenizer = kind(tokenizer_object=TOKENIZER.backend_tokenizer, pad_token="<pad>")
    tokenizer(["ls", "ls -la"], padding="max_length", truncation=True, max_length=3)
    found = Tokens(tokenizer).encode_all(texts)
    assert found == [tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]


@pytest.mark.parametrize("model", ["/nowhere", "not a name/at all"])
def test_a_model_that_is_not_there_is_one_sentence(model: str) -> None:
    with pytest.raises(UsageError, match="cannot be loaded"):
        open_backend(Options(model=model))


class Full:
    """A model whose memory holds *room* prompts at a time."""

    device = torch.device("cpu")

    def __init__(self, room: int) -> None:
        self.room, self.batches = room, []  # type: tuple[int, list[int]]

    def generate(self, input_ids: torch.Tensor, **settings: object) -> torch.Tensor:
        self.batches.append(len(input_ids))
        if len(input_ids) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return torch.cat([input_ids, torch.full((len(input_ids), 1), 4)], dim=1)


@pytest.fixture
def full(backend: Transformers, monkeypatch: pytest.MonkeyPatch) -> Full:
    model = Full(room=1)
    monkeypatch.setattr(backend, "_model", model)
    return model


def test_where_a_batch_does_not_fit_in_memory_a_smaller_one_is_tried(
    backend: Transformers, full: Full
) -> None:
    answers = list(backend.answers(prompts(backend, 5), GREEDY))
    assert full.batches == [4, 2, 1, 1, 1, 1, 1]
    lengths = [answer.prompt_tokens or 0 for answer in answers]
    assert lengths == sorted(lengths, reverse=True), "the longest first"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), "out of memory: CUDA out of memory"),
        (MemoryError(), "out of memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "can't allocate memory"),
        (RuntimeError("CUDA error: device-side assert triggered"), "device-side assert"),
    ],
)
def test_where_not_even_one_fits_the_engine_is_dead(
    backend: Transformers, full: Full, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    def generate(**given: object) -> torch.Tensor:
        raise error

    monkeypatch.setattr(full, "generate", generate)
    with pytest.raises(DeadEngine, match=words):
        list(backend.answers(prompts(backend), GREEDY))


def test_a_prompt_beyond_the_window_is_refused_before_anything_is_asked(
    llama: Path, tmp_path: Path
) -> None:
    options = {"max_model_len": 60}
    request = a_request(model=str(llama), backend="transformers", options=options)
    with pytest.raises(PromptError, match="do not fit the window of 60"):
        evaluate([request], a_suite(), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_setting_by_the_engines_own_name_is_what_the_model_is_loaded_with(llama: Path) -> None:
    backend = open_backend(Options(model=str(llama), extra={"attn_implementation": "eager"}))
    assert backend._model.config._attn_implementation == "eager"


def test_a_setting_that_the_engine_does_not_know_is_refused(llama: Path) -> None:
    with pytest.raises(UsageError, match="max_num_seqs"):
        open_backend(Options(model=str(llama), extra={"max_num_seqs": 4}))


def test_without_torch_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib
    import sys

    from cardboard.eval.errors import MissingExtra

    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, engine.__name__)
    with pytest.raises(MissingExtra, match=r"-m pip install .*torch"):
        importlib.import_module(engine.__name__)


def test_a_step_that_takes_too_long_has_no_answer_rather_than_half_of_one(llama: Path) -> None:
    opened = open_backend(Options(model=str(llama), batch_size=4, timeout=1e-6))
    answers = said(opened, prompts(opened, 2), Sampling(max_tokens=400)).values()
    assert {(one.text, one.error) for one in answers} == {(None, "no answer within 1e-06 s")}
    opened.close()


def test_an_answer_tells_how_long_its_prompt_and_its_tokens_took(backend: Transformers) -> None:
    found = list(backend.answers(prompts(backend, 2), GREEDY))
    for answer in found:
        timing = answer.timing
        assert timing is not None
        assert timing.first_token_seconds == timing.prompt_seconds
        assert (answer.seconds or 0) + 0.001 >= (timing.prompt_seconds or 0) + (
            timing.answer_seconds or 0
        )
        assert timing.cached_tokens == 0
    assert backend.account.attention


@pytest.mark.parametrize("sampling", [GREEDY, Sampling(temperature=1.0, seed=3, max_tokens=12)])
def test_an_answer_is_told_letter_by_letter_and_is_the_same(
    backend: Transformers, sampling: Sampling
) -> None:
    heard: list[str] = []
    (prompt,) = prompts(backend, 1)
    answer = backend.talk(prompt, sampling, lambda _, piece: heard.append(piece), lambda: False)
    whole = said(backend, [prompt], sampling)["t/0"]
    assert replace(answer, seconds=None, timing=None) == whole
    assert (answer.text or "").startswith("".join(heard))
    assert len(heard) > 1
    assert backend.sent(sampling)["seed"] == sampling.seed
    assert backend.rendered(prompt) == "<s><|im_start|>user\nls<|im_end|>\n"


def test_an_answer_that_is_stopped_is_what_was_told_of_it(backend: Transformers) -> None:
    heard: list[str] = []
    (prompt,) = prompts(backend, 1)
    answer = backend.talk(
        prompt, GREEDY, lambda _, piece: heard.append(piece), lambda: len(heard) > 2
    )
    assert (answer.text, answer.finish_reason, answer.error) == ("".join(heard), "stopped", None)
