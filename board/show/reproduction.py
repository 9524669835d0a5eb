"""What the examples of cards and pages run, and the command that repeats the evaluation."""

import json
import re
import shlex
from typing import Literal, get_args

from msgspec import Struct
from msgspec.structs import replace

from ...eval.backends.gguf.server import SETTINGS
from ...eval.backends.registry import BACKENDS
from ...eval.records import is_hub_id
from ...eval.suites.kinds.registry import DEFAULT, kind_of
from ..model import Entry
from ..words.machines import is_local
from ..workspace.settings import Profile, Protocol, Settings, Suite, Text

_PLAIN_NAME = re.compile(r"[A-Za-z0-9][\w./:@+-]{0,200}", re.ASCII)

_OURS = "cardboard"
_SERVER = "http://localhost:8000/v1"
_PROMPT_RULES = ("fold-system", "merge-turns", "strip-thoughts")
_DTYPES = ("bfloat16", "float16", "float32")

OWN_TEMPLATES = ("chat_template", "unknown")
"""Statuses after which the repository's own template is what an example should use."""


Missing = Literal["rows", "model", "harness", "person"]

_MISSING: tuple[Missing, ...] = get_args(Missing)


class Repeat(Struct, frozen=True, kw_only=True):
    """The command that repeats an evaluation on one suite, or why there is none."""

    suite: Text
    """Its title."""
    command: str | None = None
    missing: Missing | None = None
    """What keeps cardboard from repeating it."""
    engine: str | None = None
    """The backend that the command names although the result recorded none that is here."""
    own_rows: bool = False
    """Whether the rows lie in the board's workspace, and nowhere else."""
    server: str | None = None
    """The address that stands in the command for whatever server is meant."""
    evaluator: str | None = None
    """Address of the code that asked and scored."""


class Run(Struct, frozen=True, kw_only=True):
    """Everything the examples name; `None` where it is left out."""

    runnable: bool
    scripted: bool = False
    """Whether a rule answered, and no model."""
    kind: str = DEFAULT
    """Of the suite whose questions the examples ask."""
    repo: str | None = None
    model: str | None = None
    """What an engine loads: the base model where the card is of an adapter."""
    adapter: str | None = None
    revision: str | None = None
    gguf: str | None = None
    """Repository, with the quantisation behind a colon."""
    gguf_file: str | None = None
    served: str | None = None
    temperature: float = 0.0
    top_p: float | None = None
    max_tokens: int = 1024
    window: int | None = None
    tensor_parallel: int | None = None
    values_from: Literal["result", "suite", "example"] = "example"
    kwargs: dict[str, str | float | bool | None] = {}
    kwargs_from: Literal["result", "thinking", "board"] = "result"
    """Whether they were recorded, follow from a recorded switch, or are what the owner set."""
    own_template: str | None = None
    """The template status, where examples need a template that the repository does not ship."""
    system_prompt: str | None = None
    """The workspace's own; `None` where examples send what fits the kind of suite."""
    dtype: str | None = None
    repeats: tuple[Repeat, ...] = ()
    """How the evaluation on each suite is repeated, or why it cannot be."""

    @property
    def commands(self) -> tuple[str, ...]:
        """Return the commands that repeat evaluations."""
        return tuple(one.command for one in self.repeats if one.command is not None)

    @property
    def missing(self) -> tuple[tuple[Missing, tuple[Text, ...]], ...]:
        """Return what is missing, each with the titles of the suites that lack it."""
        told = [(one.missing, one.suite) for one in self.repeats]
        lacking = (
            (what, tuple(suite for mine, suite in told if mine == what)) for what in _MISSING
        )
        return tuple((what, suites) for what, suites in lacking if suites)

    @property
    def greedy(self) -> bool:
        """Tell whether the most probable token is always taken."""
        return self.temperature == 0


def hub_repo(entry: Entry) -> str | None:
    """Return the Hub repository that *entry*'s model is published in, where its name tells one."""
    named = entry.profile.repo
    candidate = named if isinstance(named, str) else entry.name.partition(":")[0]
    return candidate if is_hub_id(candidate) else None


def run_of(entries: list[tuple[Suite | None, Entry]], settings: Settings) -> Run:
    """Return what the examples for a model run; its first result gives the values."""
    suite, entry = entries[0]
    result, profile = entry.result, entry.profile
    sent, adapter = result.protocol, result.model.adapter
    repo = hub_repo(entry)
    if adapter is not None:
        model, adapter_id = result.model.id, adapter.id
    elif profile.base_model_relation == "adapter" and profile.base_model and repo:
        model, adapter_id = profile.base_model, repo
    else:
        model, adapter_id = repo or "", ""
    repeats = tuple(_repeat(where, one) for where, one in entries if where is not None)
    kind = suite.kind if suite else kind_of(result.suite.kind).name
    scripted = sent.backend == "scripted"
    if not is_hub_id(model) or scripted:
        return Run(runnable=False, scripted=scripted, kind=kind, repeats=repeats)
    wanted = settings.protocols.get(suite.protocol or "") if suite else None
    temperature, max_tokens, values_from = _sampling(entry, wanted)
    tag = entry.name.partition(":")[2] if "gguf" in model.lower() else ""
    file = profile.quantised_file
    gguf = _is_gguf(entry)
    kwargs, kwargs_from = _template_arguments(entry)
    prompts = settings.cards.system_prompt
    return Run(
        runnable=True,
        kind=kind,
        repo=model,
        model=model,
        adapter=adapter_id if is_hub_id(adapter_id) else None,
        revision=_plain(result.model.revision),
        gguf=(f"{model}:{tag}" if _PLAIN_NAME.fullmatch(tag) else model) if gguf else None,
        gguf_file=_plain(file) if gguf else None,
        served="adapter" if adapter_id else model,
        temperature=temperature,
        top_p=sent.top_p,
        max_tokens=max_tokens,
        window=sent.max_model_len or (wanted.min_window if wanted else None),
        tensor_parallel=sent.tensor_parallel if (sent.tensor_parallel or 1) > 1 else None,
        values_from=values_from,
        kwargs=kwargs,
        kwargs_from=kwargs_from,
        dtype=sent.dtype if sent.dtype in _DTYPES else None,
        own_template=None if entry.template_status in OWN_TEMPLATES else entry.template_status,
        system_prompt=prompts.get("en") or next(iter(prompts.values()), None),
        repeats=repeats,
    )


def _is_gguf(entry: Entry) -> bool:
    file = entry.profile.quantised_file or ""
    return file.lower().endswith(".gguf") or "gguf" in entry.result.model.id.lower()


def _template_arguments(
    entry: Entry,
) -> tuple[dict[str, str | float | bool | None], Literal["result", "thinking", "board"]]:
    """Return what examples give to the chat template, and where that comes from."""
    prompts, sent = entry.result.prompts, entry.result.protocol
    given = {**sent.template_kwargs, **prompts.kwargs}
    told = {key: value for key, value in sorted(given.items()) if key not in prompts.kwargs_ignored}
    if own := entry.profile.chat_template_kwargs:
        return {**told, **own}, "board"
    if not given and sent.thinking is not None:
        return {"enable_thinking": sent.thinking}, "thinking"
    return told, "result"


def _sampling(
    entry: Entry, wanted: Protocol | None
) -> tuple[float, int, Literal["result", "suite", "example"]]:
    """Return temperature, token limit, and where the two come from."""
    sent = entry.result.protocol
    limit = wanted.max_tokens if wanted else None
    allowed = limit[-1] if isinstance(limit, tuple) else limit
    temperature = wanted.temperature if wanted else None
    if sent.temperature is not None and sent.max_tokens is not None:
        return sent.temperature, sent.max_tokens, "result"
    if temperature is not None and allowed is not None:
        return (
            temperature if sent.temperature is None else sent.temperature,
            allowed if sent.max_tokens is None else sent.max_tokens,
            "suite",
        )
    return sent.temperature or 0.0, sent.max_tokens or 1024, "example"


def _repeat(suite: Suite, entry: Entry) -> Repeat:
    """Return how the evaluation of *entry* on *suite* is repeated."""
    sent = entry.result.protocol
    title = suite.title or {"en": suite.full_name}
    whole = Repeat(suite=title, evaluator=suite.evaluator)
    if entry.evidence == "by-hand":
        return replace(whole, missing="person")
    foreign = sent.harness is not None and sent.harness.name != _OURS
    if suite.of_kind.row is None or foreign:
        return replace(whole, missing="harness")
    if suite.rows is None:
        return replace(whole, missing="rows")
    recorded = sent.backend if sent.backend in BACKENDS else None
    engine = recorded or ("llama" if _is_gguf(entry) else "vllm")
    name = _loadable(suite, entry, engine)
    if name is None:
        return replace(whole, missing="model")
    server = _SERVER if engine == "openai" else None
    return replace(
        whole,
        command=_command(suite.rows, entry, name, engine, server),
        engine=None if recorded else engine,
        own_rows=suite.rows.startswith("suites/"),
        server=server,
    )


def _loadable(suite: Suite, entry: Entry, engine: str) -> str | None:
    """Return the name under which *engine* finds the model; `None` where nobody knows one."""
    model, sent = entry.result.model, entry.result.protocol
    if engine == "scripted":  # some rules come in several strengths, named by them
        rule = model.id.removesuffix(f"-{_plain_number(sent.extra.get('noise'))}")
        return rule if rule in suite.of_kind.baselines else None
    if engine.startswith("llama"):
        file = _plain(entry.profile.quantised_file or (model.file.name if model.file else None))
        return f"{model.id}/{file}" if file and is_hub_id(model.id) else None
    if engine == "openai":
        return _plain(model.id)
    return model.id if is_hub_id(model.id) else None


def _command(rows: str, entry: Entry, name: str, engine: str, server: str | None) -> str:
    """Return the command that repeats the evaluation with every setting that was recorded."""
    result = entry.result
    sent, model = result.protocol, result.model
    rule, seed = engine == "scripted", None if sent.seed is None else str(sent.seed)
    options: list[tuple[str, object]] = [
        ("suite", rows),
        ("revision", None if rule else model.revision),
        ("adapter", model.adapter.id if model.adapter else None),
        ("backend", engine),
        ("base-url", server),
        ("temperature", sent.temperature),
        ("top-p", sent.top_p),
        ("top-k", sent.top_k if sent.top_k and sent.top_k > 0 else None),
        ("max-tokens", sent.max_tokens),
        ("window", sent.max_model_len),
        ("noise", _plain_number(sent.extra.get("noise")) if rule else None),
        ("seed", _plain_number(sent.extra.get("seed")) if rule else seed),
        ("dtype", sent.dtype),
        ("batch-size", sent.batch_size if engine == "transformers" else None),
        ("concurrency", sent.batch_size if engine == "openai" else None),
        ("tensor-parallel", sent.tensor_parallel if engine == "vllm" else None),
    ]
    kwargs, _ = _template_arguments(replace(entry, profile=Profile()))
    thinking = kwargs.pop("enable_thinking", sent.thinking)
    words = [
        word
        for option, value in options
        if value is not None and (value == rows or _plain(str(value)) is not None)
        for word in (f"--{option}", str(value))
    ]
    for stop in sent.stop or ():
        words += ["--stop", stop] if _plain(stop) is not None else []
    for key in SETTINGS if engine == "llama" else ():
        told = sent.extra.get(key)
        value = _plain_number(told) or _plain(None if told is None else str(told))
        words += ["--set", f"{key}={value}"] if value is not None else []
    for key, given in kwargs.items():
        if _plain(key) is not None and _plain(_json(given)) is not None:
            words += ["--template-kwarg", f"{key}={_json(given)}"]
    words += [f"--{rule}" for rule in sent.prompt_rules if rule in _PROMPT_RULES]
    if isinstance(thinking, bool):
        words.append("--thinking" if thinking else "--no-thinking")
    return shlex.join(["cardboard", "eval", name, *words])


def _plain_number(value: object) -> str | None:
    return f"{value:g}" if isinstance(value, int | float) else None


def _json(value: object) -> str:
    return json.dumps(value) if isinstance(value, bool | int | float) else str(value)


def _plain(name: str | None) -> str | None:
    """Return *name* where it is fit for a command line and no path of a machine."""
    fit = name is not None and _PLAIN_NAME.fullmatch(name) and not is_local(name)
    return name if fit else None
