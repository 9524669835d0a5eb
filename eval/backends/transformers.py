"""Models in transformers, on CPU or GPU: batches answered greedily or sampled, adapters in turn."""

import gc
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from msgspec.structs import replace

from ..engine import (
    STOPPED,
    Account,
    Answer,
    Heard,
    Options,
    Prompt,
    Sampling,
    Setting,
    Template,
    late,
    seed_of,
)
from ..errors import MissingExtra
from ..prompts.templates import own_template
from ..records import StepTiming
from .adapters import adapter_record, adapter_template, template_audit
from .replies.response_templates import read
from .torch_models import Tokens

try:
    import torch
    import transformers
except ImportError as missing:
    raise MissingExtra(missing.name or "transformers", "transformers") from missing

from .torch_models import NoMemory, loading, working

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class Transformers:
    """A loaded model that answers batches of prompts; see `Adaptable`."""

    takes: Literal["tokens", "messages"] = "tokens"

    def __init__(self, options: Options) -> None:
        """Load the model of *options*, and its adapter if there is one.

        Raises UsageError where it cannot be loaded, DeadEngine where memory does not suffice.
        """
        began = time.monotonic()
        self._options = options
        with loading(options.model):
            self._tokenizer: PreTrainedTokenizerBase = transformers.AutoTokenizer.from_pretrained(
                options.model, revision=options.revision
            )
            model: Any = loader_of(options.model, options.revision).from_pretrained(
                options.model,
                revision=options.revision,
                dtype=options.dtype or "auto",
                **options.extra,
            )
            model.to("cuda" if torch.cuda.is_available() else "cpu")
        self._ends = _end_tokens(model, self._tokenizer)
        # What a model brings for generation would fill in whatever is not said; nothing may.
        model.generation_config = _generation_config()
        self._model: Any = model.eval()
        self._adapter: str | None = None
        self.encoder = Tokens(self._tokenizer)
        self._own = own_template(self._tokenizer, options.model, options.revision)
        self.template: Template | None = self._own
        self.account = self._described(None, began)
        if options.adapter is not None:
            self._use(options.adapter, began)

    def use(self, adapter: str | None) -> None:
        """Answer through *adapter* from now on, `None` for the model alone."""
        if adapter != self._adapter:
            self._use(adapter, time.monotonic())

    def _use(self, adapter: str | None, began: float) -> None:
        if self._adapter is not None:
            self._model, self._adapter = self._model.unload(), None
            self.template, self.account = self._own, self._described(None, began)
        if adapter is not None:
            with loading(adapter), _restoring(self._model):
                self._model = _peft().PeftModel.from_pretrained(self._model, adapter).eval()
            self._adapter = adapter
        self.template = adapter_template(adapter, self._own) if adapter else self._own
        self.account = self._described(adapter, began)

    def answers(self, prompts: Sequence[Prompt], sampling: Sampling) -> Iterator[Answer]:
        """Yield answers batch by batch, the longest prompts first.

        So padding is least, and what does not fit in memory shows at once: then batches get
        smaller. Raises DeadEngine where even one prompt does not fit, or the model breaks down.
        """
        ordered = sorted(prompts, key=lambda prompt: -len(prompt.token_ids or ()))
        size, start = max(1, self._options.batch_size), 0
        while start < len(ordered):
            batch = ordered[start : start + size]
            try:
                found = self._answered(batch, sampling)
            except NoMemory:
                if len(batch) == 1:
                    raise
                size = len(batch) // 2
                _free()
                continue
            yield from found
            start += len(batch)

    def talk(
        self, prompt: Prompt, sampling: Sampling, heard: Heard, stopped: Callable[[], bool]
    ) -> Answer:
        """Return one answer, each letter of it told as soon as it is whole."""
        width = len(prompt.token_ids or ())
        listener = _Listener(self._tokenizer, self._ends, width, heard, stopped)
        [answer] = self._answered([prompt], sampling, listener)
        if listener.stopped:
            return replace(answer, text=listener.text, finish_reason=STOPPED, error=None)
        return answer

    def sent(self, sampling: Sampling) -> Mapping[str, Any]:
        """Return the settings, which have the same names here."""
        return {
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "top_k": sampling.top_k,
            "max_tokens": sampling.max_tokens,
            "seed": sampling.seed,
            "repetition_penalty": 1.0,
            **({"stop": list(sampling.stop)} if sampling.stop else {}),
        }

    def rendered(self, prompt: Prompt) -> str | None:
        """Return what the ids of the prompt stand for."""
        text = self._tokenizer.decode(list(prompt.token_ids or ()))
        return text if isinstance(text, str) else None

    def close(self) -> None:
        """Give the model's memory back."""
        self._model = None
        _free()

    def _answered(
        self, batch: list[Prompt], sampling: Sampling, listener: "_Listener | None" = None
    ) -> list[Answer]:
        """Return the answers of *batch*, padded on the left."""
        prompts = [prompt.token_ids or () for prompt in batch]
        width = max(map(len, prompts))
        padding = self._ends[0] if self._ends else 0
        ids = [[padding] * (width - len(tokens)) + list(tokens) for tokens in prompts]
        mask = [[0] * (width - len(tokens)) + [1] * len(tokens) for tokens in prompts]
        # Texts that end an answer are found in what the tokenizer makes of it.
        given: dict[str, Any] = {"tokenizer": self._tokenizer} if sampling.stop else {}
        if not sampling.greedy:
            drawn: Any = Drawn(sampling, [one.key for one in batch], width)
            given["logits_processor"] = transformers.LogitsProcessorList([drawn])
        clock = _Clock()
        with working(), torch.inference_mode():
            device = self._model.device
            output = self._model.generate(
                input_ids=torch.tensor(ids, device=device),
                attention_mask=torch.tensor(mask, device=device),
                generation_config=_decoding(sampling, self._ends, padding, self._options.timeout),
                stopping_criteria=transformers.StoppingCriteriaList(
                    [clock] if listener is None else [clock, listener]
                ),
                **given,
            )
        said = output[:, width:].tolist()
        return [self._answer(*pair, sampling, clock) for pair in zip(batch, said, strict=True)]

    def _answer(
        self, prompt: Prompt, tokens: list[int], sampling: Sampling, clock: "_Clock"
    ) -> Answer:
        end = next((n for n, token in enumerate(tokens) if token in self._ends), None)
        said = tokens if end is None else tokens[:end]
        # Families begin and end their calls with special tokens.
        text = self._tokenizer.decode(said, skip_special_tokens=not prompt.tools)
        assert isinstance(text, str)
        stops = [place for stop in sampling.stop if (place := text.find(stop)) >= 0]
        if end is None and not stops and len(tokens) < sampling.max_tokens:
            return late(prompt.key, self._options.timeout)
        count = len(said) + (end is not None)
        return Answer(
            key=prompt.key,
            text=text[: min(stops)] if stops else text,
            said=read(self._tokenizer, prompt, text),
            finish_reason="stop" if stops or end is not None else "length",
            prompt_tokens=len(prompt.token_ids or ()),
            output_tokens=count,
            first_token_ids=(prompt.token_ids or ())[:8],
            seconds=clock.seconds(count),
            timing=clock.timing(count),
        )

    def _described(self, adapter: str | None, began: float) -> Account:
        config, versions = self._model.config, {}
        extra: dict[str, Setting] = {"device": self._model.device.type}
        if getattr(self._tokenizer, "response_template", None):
            extra["response_template"] = True
        if adapter is not None:
            versions["peft"] = _peft().__version__
            extra["adapter_template"] = template_audit(adapter, self._own)
        return Account(
            backend="transformers",
            versions={
                "torch": str(torch.__version__),
                "transformers": transformers.__version__,
                **versions,
            },
            revision=getattr(config, "_commit_hash", None),
            adapter=adapter_record(adapter) if adapter else None,
            quantisation=_quantisation(config),
            dtype=str(self._model.dtype).removeprefix("torch."),
            max_model_len=self._options.max_model_len or window_of(config),
            batch_size=self._options.batch_size,
            seeding="step",
            load_seconds=round(time.monotonic() - began, 3),
            attention=getattr(config, "_attn_implementation", None),
            extra=extra,
        )


class Drawn:
    """Draws the next token of each answer from a generator of its own.

    `generate` draws for a whole batch from one generator, so that an answer would depend on those
    beside it. Here a token is the one in whose part of the distribution a number falls that depends
    on the answer's seed and on the token's place alone.
    """

    def __init__(self, sampling: Sampling, keys: Sequence[str], width: int) -> None:
        """Draw for the steps *keys*, whose prompts are padded to *width* tokens."""
        kinds, top_k, top_p = transformers, sampling.top_k, sampling.top_p
        self._cuts: list[Any] = [kinds.TemperatureLogitsWarper(sampling.temperature)]
        self._cuts += [kinds.TopKLogitsWarper(top_k)] if top_k else []
        self._cuts += [kinds.TopPLogitsWarper(top_p)] if top_p < 1 else []
        self._width, self._numbers = width, torch.stack([self._row(sampling, key) for key in keys])

    @staticmethod
    def _row(sampling: Sampling, key: str) -> torch.Tensor:
        """Return a number of [0, 1) for each token of an answer, the same on every device."""
        generator, seed = torch.Generator(), seed_of(sampling, key)
        generator.seed() if seed is None else generator.manual_seed(seed)
        return torch.rand(sampling.max_tokens, generator=generator, dtype=torch.float64)

    def __call__(self, tokens: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Return *scores* in which only the drawn tokens are possible."""
        for cut in self._cuts:
            scores = cut(tokens, scores)
        sums = scores.double().softmax(-1).cumsum(-1)
        number = self._numbers[:, tokens.shape[1] - self._width, None].to(sums.device)
        drawn = torch.searchsorted(sums, number * sums[:, -1:], right=True)
        only = torch.full_like(scores, -torch.inf)
        return only.scatter(1, drawn.clamp(max=scores.shape[1] - 1), 0)


class _Clock(transformers.StoppingCriteria):
    """Notes when each token of a batch was there; it stops nothing."""

    def __init__(self) -> None:
        self._began, self._stamps = time.monotonic(), list[float]()

    def __call__(self, input_ids: Any, scores: Any, **more: Any) -> Any:
        """Note the time of a token."""
        self._stamps.append(time.monotonic())
        return torch.zeros(len(input_ids), dtype=torch.bool, device=input_ids.device)

    def seconds(self, count: int) -> float | None:
        """Return how long an answer of *count* tokens took."""
        stamps = self._stamps[:count]
        return round(stamps[-1] - self._began, 3) if stamps else None

    def timing(self, count: int) -> StepTiming | None:
        """Return the times of an answer of *count* tokens; the batch's prompts are read at once."""
        stamps = self._stamps[:count]
        if not stamps:
            return None
        read = round(stamps[0] - self._began, 6)
        return StepTiming(
            first_token_seconds=read,
            prompt_seconds=read,
            answer_seconds=round(stamps[-1] - stamps[0], 6),
            cached_tokens=0,
        )


class _Listener(transformers.StoppingCriteria):
    """Tells an answer as it grows, and ends it when somebody stops it."""

    def __init__(
        self,
        tokenizer: "PreTrainedTokenizerBase",
        ends: list[int],
        width: int,
        heard: Heard,
        stopped: Callable[[], bool],
    ) -> None:
        self._tokenizer, self._ends, self._width = tokenizer, ends, width
        self._heard, self._asked = heard, stopped
        self.text, self.stopped = "", False

    def __call__(self, input_ids: Any, scores: Any, **more: Any) -> Any:
        """Tell what came since the last token; half a letter waits for its other half."""
        ids = [one for one in input_ids[0, self._width :].tolist() if one not in self._ends]
        text = self._tokenizer.decode(ids, skip_special_tokens=True)
        assert isinstance(text, str)
        if not text.endswith("\ufffd") and text.startswith(self.text) and text != self.text:
            self._heard("text", text[len(self.text) :])
            self.text = text
        self.stopped = self._asked()
        return torch.full((1,), self.stopped, dtype=torch.bool, device=input_ids.device)


def open_backend(options: Options) -> Transformers:
    """Load the model of *options*; see `Transformers`."""
    return Transformers(options)


@contextmanager
def _restoring(model: Any) -> Iterator[None]:
    """Give *model* back the layers that it had, where an adapter cannot be loaded into it.

    peft puts its own in their place before it reads the adapter's weights, and leaves them.
    """
    layers = [(module, dict(module._modules)) for module in model.modules()]
    settings = set(vars(model))
    try:
        yield
    except BaseException:
        for module, inner in layers:
            module._modules.clear()
            module._modules.update(inner)
        for name in set(vars(model)) - settings:
            delattr(model, name)
        raise


def loader_of(model: str, revision: str | None) -> Any:
    """Return the loader of a *model* of its kind: of texts alone, else of images and texts."""
    config = transformers.AutoConfig.from_pretrained(model, revision=revision)
    texts = type(config) in transformers.MODEL_FOR_CAUSAL_LM_MAPPING
    return transformers.AutoModelForCausalLM if texts else transformers.AutoModelForImageTextToText


def _decoding(
    sampling: Sampling, ends: list[int], padding: int, seconds: float
) -> "transformers.GenerationConfig":
    """Say every setting of the decoding, so that no default of model or library applies.

    What is sampled is drawn by `Drawn`, and the library takes that token.
    """
    return _generation_config(
        max_new_tokens=sampling.max_tokens,
        max_time=seconds,
        do_sample=False,
        num_beams=1,
        repetition_penalty=1.0,
        eos_token_id=ends or None,
        stop_strings=list(sampling.stop) or None,
        pad_token_id=padding,
    )


def _generation_config(**settings: Any) -> "transformers.GenerationConfig":
    kind: Any = transformers.GenerationConfig
    config: transformers.GenerationConfig = kind(**settings)
    return config


def _end_tokens(model: Any, tokenizer: "PreTrainedTokenizerBase") -> list[int]:
    """Return the ids that end an answer, as model and tokenizer name them."""
    config = model.generation_config
    named = config.eos_token_id if config is not None else None
    found = [named] if isinstance(named, int) else list(named or ())
    if isinstance(tokenizer.eos_token_id, int):
        found.append(tokenizer.eos_token_id)
    return list(dict.fromkeys(found))


def window_of(config: Any) -> int | None:
    """Return how many tokens a model of *config* can read; `None` where it does not tell."""
    window = getattr(config.get_text_config(), "max_position_embeddings", None)
    return window if isinstance(window, int) else None


def _quantisation(config: Any) -> str | None:
    found = getattr(config, "quantization_config", None)
    method = found.get("quant_method") if isinstance(found, dict) else None
    method = method or getattr(found, "quant_method", None)
    return str(getattr(method, "value", method)) if method else None


def _peft() -> Any:
    try:
        import peft
    except ImportError as missing:
        raise MissingExtra("peft", "transformers") from missing
    return peft


def _free() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
