"""What the examples of cards and pages run, and the command that repeats the evaluation."""

import re
import shlex
from typing import Literal

from msgspec import Struct

from ...eval.records import Result, is_hub_id
from ...eval.suites.kinds.registry import DEFAULT, kind_of
from ..model import Entry
from ..workspace.settings import Protocol, Settings, Suite

_LOCAL = re.compile(r"(?:file:)?(?:/\w|~/|\\\\|[A-Za-z]:[\\/])")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][\w./:@+-]{0,200}", re.ASCII)

_OURS = "cardboard"

OWN_TEMPLATES = ("chat_template", "unknown")
"""Statuses after which the repository's own template is what an example should use."""


class Run(Struct, frozen=True, kw_only=True):
    """Everything the examples name; `None` where it is left out."""

    runnable: bool
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
    own_template: str | None = None
    """The template status, where examples need a template that the repository does not ship."""
    system_prompt: str | None = None
    """The workspace's own; `None` where examples send what fits the kind of suite."""
    commands: tuple[str, ...] = ()

    @property
    def greedy(self) -> bool:
        """Tell whether the most probable token is always taken."""
        return self.temperature == 0


def is_local(text: str) -> bool:
    """Tell whether *text* looks like a path on somebody's machine."""
    return _LOCAL.match(text) is not None


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
    commands = tuple(
        command for where, one in entries if (command := _command(where, one)) is not None
    )
    kind = suite.kind if suite else kind_of(result.suite.kind).name
    if not is_hub_id(model) or sent.backend == "scripted":
        return Run(runnable=False, kind=kind, commands=commands)
    wanted = settings.protocols.get(suite.protocol or "") if suite else None
    temperature, max_tokens, values_from = _sampling(entry, wanted)
    tag = entry.name.partition(":")[2] if "gguf" in model.lower() else ""
    file = profile.quantised_file
    gguf = bool(file and file.lower().endswith(".gguf")) or "gguf" in model.lower()
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
        kwargs={**_recorded_kwargs(result), **profile.chat_template_kwargs},
        own_template=None if entry.template_status in OWN_TEMPLATES else entry.template_status,
        system_prompt=prompts.get("en") or next(iter(prompts.values()), None),
        commands=commands,
    )


def _recorded_kwargs(result: Result) -> dict[str, str | float | bool | None]:
    """Return the template arguments that took effect in *result*."""
    prompts = result.prompts
    return {k: v for k, v in sorted(prompts.kwargs.items()) if k not in prompts.kwargs_ignored}


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


def _command(suite: Suite | None, entry: Entry) -> str | None:
    """Return the command that repeats the evaluation with every setting that was recorded.

    `None` where there is none: suites of some kinds are not asked by us, nor are those that another
    harness asked in a way of its own.
    """
    result = entry.result
    sent, model = result.protocol, result.model
    if suite is None or suite.of_kind.row is None or _plain(model.id) is None:
        return None
    if sent.harness is not None and sent.harness.name != _OURS:
        return None
    name: str = model.id
    noise, seed = None, None if sent.seed is None else str(sent.seed)
    if sent.backend == "scripted":  # some rules come in several strengths, named by them
        noise, seed = _plain_number(sent.extra.get("noise")), _plain_number(sent.extra.get("seed"))
        name = name.removesuffix(f"-{noise}")
    options: list[tuple[str, object]] = [
        ("suite", f"{suite.name}@{suite.version}"),
        ("revision", model.revision),
        ("adapter", model.adapter.id if model.adapter else None),
        ("backend", sent.backend),
        ("temperature", sent.temperature),
        ("top-p", sent.top_p),
        ("top-k", sent.top_k),
        ("max-tokens", sent.max_tokens),
        ("window", sent.max_model_len),
        ("noise", noise),
        ("seed", seed),
        ("dtype", sent.dtype),
    ]
    words = [
        word
        for option, value in options
        if value is not None and _plain(str(value)) is not None
        for word in (f"--{option}", str(value))
    ]
    if sent.thinking is not None:
        words.append("--thinking" if sent.thinking else "--no-thinking")
    return shlex.join(["cardboard", "eval", name, *words])


def _plain_number(value: object) -> str | None:
    return f"{value:g}" if isinstance(value, int | float) else None


def _plain(name: str | None) -> str | None:
    """Return *name* where it is fit for a command line and no path of a machine."""
    fit = name is not None and _PLAIN_NAME.fullmatch(name) and not is_local(name)
    return name if fit else None
