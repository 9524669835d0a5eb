"""Models in vLLM, in this process: token ids in, answers out as they finish, adapters in turn."""

import gc
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

# An evaluation reports to nobody but the person who runs it, and standard output is for results.
os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("VLLM_LOGGING_LEVEL", "WARNING")
os.environ.setdefault("VLLM_LOGGING_STREAM", "ext://sys.stderr")

from ..engine import Account, Answer, Options, Prompt, Sampling, Setting, Template, seed_of
from ..errors import DeadEngine, MissingExtra, UsageError
from ..prompts.templates import own_template
from ..records import StepTiming
from .adapters import adapter_rank, adapter_record, adapter_template, template_audit
from .replies.response_templates import read
from .torch_models import Tokens

try:
    import torch
    import vllm
    from vllm.exceptions import VLLMClientError, VLLMServerError
    from vllm.lora.request import LoRARequest
    from vllm.sampling_params import RequestOutputKind
except ImportError as missing:
    raise MissingExtra(missing.name or "vllm", "vllm") from missing

from .torch_models import loading, working

RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""Adapter ranks for which the engine can keep room."""


class VLLM:
    """A loaded model with its engine; see `Adaptable`."""

    takes: Literal["tokens", "messages"] = "tokens"

    def __init__(self, options: Options) -> None:
        """Load the model of *options*, and its adapter if there is one.

        Raises UsageError where it cannot be loaded, DeadEngine where memory does not suffice.
        """
        began = time.monotonic()
        self._options = options
        self._adapter: str | None = None
        self._llm: Any = None
        self._loras: dict[str, Any] = {}
        self._lora: Any = None
        self.template: Template | None
        adapters = {one for one in (options.adapter, *options.adapters) if one is not None}
        self._load(max(map(_room, sorted(adapters)), default=0))
        if options.adapter is not None:
            self._use(options.adapter, began)

    def use(self, adapter: str | None) -> None:
        """Answer through *adapter* from now on, `None` for the model alone.

        The engine keeps room for adapters up to a rank, which it must know when it starts: it is
        started anew where that does not suffice.
        """
        if adapter != self._adapter:
            self._use(adapter, time.monotonic())

    def _use(self, adapter: str | None, began: float) -> None:
        if adapter is not None and (room := _room(adapter)) > self._room:
            self._load(room)
        self._adapter, self._lora = adapter, None
        if adapter is not None:
            number = len(self._loras) + 1
            self._lora = self._loras.setdefault(adapter, LoRARequest(adapter, number, adapter))
        self.template = adapter_template(adapter, self._own) if adapter else self._own
        self.account = self._described(adapter, began)

    def answers(self, prompts: Sequence[Prompt], sampling: Sampling) -> Iterator[Answer]:
        """Yield answers as they finish; all prompts are queued in their order.

        Tasks follow one another, so that what a task's steps have in common is computed once.
        Raises DeadEngine where the engine breaks down.
        """
        engine = self._llm.llm_engine
        asked: dict[str, Prompt] = {}
        try:
            for prompt in prompts:
                refused = self._queue(prompt, _decoding(sampling, prompt))
                if refused is None:
                    asked[prompt.key] = prompt
                else:
                    yield refused
            while asked:
                with _running():
                    finished = [one for one in engine.step() if one.finished]
                for one in finished:
                    yield _answer(asked.pop(one.request_id), one, self._tokenizer)
        except DeadEngine:
            asked.clear()
            raise
        finally:
            # After Ctrl-C the engine goes on with nothing that nobody waits for.
            engine.abort_request(list(asked))

    def close(self) -> None:
        """Stop the engine and give its memory back."""
        if self._llm is not None:
            self._llm.llm_engine.engine_core.shutdown()
        self._llm = None
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _queue(self, prompt: Prompt, parameters: Any) -> Answer | None:
        """Give *prompt* to the engine; return an answer only where it refuses the prompt."""
        given = {"type": "token", "prompt_token_ids": list(prompt.token_ids or ())}
        try:
            with _running():
                self._llm.llm_engine.add_request(
                    prompt.key, given, parameters, lora_request=self._lora
                )
        except (ValueError, VLLMClientError) as error:
            return Answer(key=prompt.key, text=None, error=str(error))
        return None

    def _load(self, room: int) -> None:
        """Start the engine, with room for adapters up to the rank *room*, 0 for none."""
        began = time.monotonic()
        self.close()
        options, self._room = self._options, room
        with loading(options.model):
            self._llm = vllm.LLM(**_settings(options, room))
            self._tokenizer: Any = self._llm.get_tokenizer()
        self.encoder = Tokens(self._tokenizer)
        self._own = own_template(self._tokenizer, options.model, options.revision)
        self.template = self._own
        self.account = self._described(None, began)

    def _described(self, adapter: str | None, began: float) -> Account:
        config = self._llm.llm_engine.model_config
        kept = self._llm.llm_engine.vllm_config.cache_config.enable_prefix_caching
        extra: dict[str, Setting] = {"prefix_caching": bool(kept)}
        if self._options.pipeline_parallel > 1:
            extra["pipeline_parallel"] = self._options.pipeline_parallel
        if os.environ.get("VLLM_BATCH_INVARIANT", "0") != "0":
            extra["batch_invariant"] = True
        if getattr(self._tokenizer, "response_template", None):
            extra["response_template"] = True
        if adapter is not None:
            extra["adapter_template"] = template_audit(adapter, self._own)
        return Account(
            backend="vllm",
            versions={"torch": str(torch.__version__), "vllm": vllm.__version__},
            revision=getattr(config.hf_config, "_commit_hash", None),
            adapter=adapter_record(adapter) if adapter else None,
            quantisation=config.quantization,
            dtype=str(config.dtype).removeprefix("torch."),
            max_model_len=config.max_model_len,
            batch_size=self._llm.llm_engine.vllm_config.scheduler_config.max_num_seqs,
            seeding="step",
            load_seconds=round(time.monotonic() - began, 3),
            attention=_attention(self._llm.llm_engine),
            extra=extra,
        )


def open_backend(options: Options) -> VLLM:
    """Load the model of *options*; see `VLLM`."""
    return VLLM(options)


def _settings(options: Options, room: int) -> dict[str, Any]:
    """Return what the engine is started with; what the user sets by its own names comes last."""
    settings: dict[str, Any] = {
        "model": options.model,
        "revision": options.revision,
        "tokenizer_revision": options.revision,
        "dtype": options.dtype or "auto",
        "max_model_len": options.max_model_len,
        "tensor_parallel_size": options.tensor_parallel,
        "pipeline_parallel_size": options.pipeline_parallel,
        "enable_prefix_caching": True,
        "language_model_only": True,
        # What a model brings for generation would fill in whatever is not said; nothing may.
        "generation_config": "vllm",
        # It keeps the times of each request only where it keeps statistics.
        "disable_log_stats": False,
    }
    if room:
        settings |= {"enable_lora": True, "max_lora_rank": room, "max_loras": 1}
    return settings | dict(options.extra)


def _room(adapter: str) -> int:
    """Return the least rank that the engine can keep room for and that *adapter* fits in."""
    rank = adapter_rank(adapter)
    if rank is None or rank > RANKS[-1]:
        raise UsageError(f"is no LoRA adapter of a rank up to {RANKS[-1]}", key=adapter)
    return next(room for room in RANKS if room >= rank)


def _attention(engine: Any) -> str | None:
    """Return the attention backend that was asked for, or that this version says it chose."""
    config = getattr(getattr(engine, "vllm_config", None), "attention_config", None)
    chosen = getattr(config, "backend", None) or os.environ.get("VLLM_ATTENTION_BACKEND")
    return str(getattr(chosen, "name", chosen)) if chosen else None


@contextmanager
def _running() -> Iterator[None]:
    """Turn what ends the engine's work into DeadEngine."""
    try:
        with working():
            yield
    except VLLMServerError as error:
        raise DeadEngine(str(error)) from error


def _decoding(sampling: Sampling, prompt: Prompt) -> "vllm.SamplingParams":
    """Say every setting of the decoding, so that no default of model or engine applies.

    A request with a seed of its own, that of its step, draws from a generator of its own. Where
    there are tools, special tokens stay in the text: families begin and end their calls with them.
    """
    return vllm.SamplingParams(
        n=1,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        top_k=sampling.top_k or 0,
        min_p=0.0,
        presence_penalty=0.0,
        frequency_penalty=0.0,
        repetition_penalty=1.0,
        seed=seed_of(sampling, prompt.key),
        stop=list(sampling.stop),
        max_tokens=sampling.max_tokens,
        min_tokens=0,
        skip_special_tokens=not prompt.tools,
        output_kind=RequestOutputKind.FINAL_ONLY,
    )


def _answer(prompt: Prompt, output: Any, tokenizer: Any) -> Answer:
    said = output.outputs[0]
    if said.finish_reason not in ("stop", "length"):
        return Answer(key=prompt.key, text=None, error=f"the engine gave up: {said.finish_reason}")
    return Answer(
        key=prompt.key,
        text=said.text,
        said=read(tokenizer, prompt, said.text),
        finish_reason=said.finish_reason,
        prompt_tokens=len(output.prompt_token_ids),
        output_tokens=len(said.token_ids),
        first_token_ids=tuple(output.prompt_token_ids[:8]),
        timing=_timing(output),
    )


def _timing(output: Any) -> StepTiming | None:
    """Return what a finished request took, as far as this version of the engine tells."""
    told = getattr(output, "metrics", None)
    began, first, last = (
        getattr(told, name, None) or 0.0
        for name in ("scheduled_ts", "first_token_ts", "last_token_ts")
    )
    cached = getattr(output, "num_cached_tokens", None)
    known = 0 < began <= first <= last
    timing = StepTiming(
        first_token_seconds=round(first - began, 6) if known else None,
        prompt_seconds=round(first - began, 6) if known else None,
        answer_seconds=round(last - first, 6) if known else None,
        cached_tokens=cached if isinstance(cached, int) and cached >= 0 else None,
    )
    return timing if timing != StepTiming() else None
