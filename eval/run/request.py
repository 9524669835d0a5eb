"""What one run is asked to do, and the file name that follows from it."""

import hashlib
import re
from pathlib import Path

import msgspec
from msgspec import Struct

from ..backends.adapters import adapter_sha256, published_name
from ..backends.openai_servers import base_url
from ..backends.weights import weights_sha256
from ..engine import Options, Sampling
from ..errors import UsageError
from ..identity import Identity, address_sha256, identity_of, path_tail, settled
from ..prompts.texts import Choices
from ..records import Adapter, Model, Server
from ..suites.kinds.kind import Row, Terms
from ..suites.suite import Suite

_UNSAFE = re.compile(r"[^A-Za-z0-9._+-]+")
_LONGEST = 150

NATIVE, PROMPTED = TOOLS = ("native", "prompted")
"""How tools are offered: handed to the chat template, or told in the system text."""


class Request(Struct, frozen=True, kw_only=True):
    """One model on one suite under one protocol."""

    backend: str
    options: Options
    name: str | None = None
    """The model as published; by default its Hub id, or the last part of its path."""
    label: str | None = None
    sampling: Sampling = Sampling()
    choices: Choices = Choices()
    shard: tuple[int, int] | None = None
    """Index from 0, and count: only the tasks of this part are asked."""
    trials: int = 1
    """Answers to each step."""
    dialogue: str | None = None
    """How a suite that is played is asked; by default as its kind does first."""
    tools: str | None = None
    """How tools are offered, `native` or `prompted`; by default through the chat template."""
    isolation: str = "auto"
    allow_missing: bool = False
    """Whether steps for which this machine lacks programs may stay unscored."""
    """What closes the rooms that episodes are played in."""
    limit: int | None = None
    """Ask only so many steps: a try, whose result is partial."""
    weights: str | None = None
    """SHA-256 of a local model's weights, where it was found before; see `weights_sha256`."""

    @property
    def model(self) -> Model:
        """Return what the request says of the model; the backend knows more once it is loaded."""
        options, adapter = self.options, self.options.adapter
        scripted, served = self.backend == "scripted", self.backend == "openai"
        weights = None if served else self.weights or weights_sha256(options.model)
        local = () if served or scripted else (options.model, adapter)
        tails = [_tail(name) for name in local if name]
        return Model(
            id=self.name or published_name(options.model),
            # The revision of a rule is that of its file of answers.
            revision=weights if scripted and weights else options.revision,
            adapter=_adapter(adapter) if adapter else None,
            weights_sha256=None if scripted else weights,
            path_tail="+".join(filter(None, tails)) or None,
            server=Server(address_sha256=_address(options)) if served else None,
            label=self.label,
        )

    @property
    def asked(self) -> str:
        """Return what was asked for, in the words of whoever asked."""
        options = self.options
        told = [f"revision {options.revision}"] if options.revision else []
        told += [f"adapter {options.adapter}"] if options.adapter else []
        return ", ".join((options.model, *told))

    @property
    def identity(self) -> Identity:
        """Return what makes the model this one and no other, as far as it is known beforehand."""
        return settled(identity_of(self.model))


def _adapter(adapter: str) -> Adapter:
    return Adapter(id=published_name(adapter), sha256=adapter_sha256(adapter))


def _tail(name: str) -> str | None:
    return path_tail(str(Path(name).absolute())) if published_name(name) != name else None


def _address(options: Options) -> str:
    try:
        return address_sha256(base_url(options.base_url))
    except UsageError:  # which is told when the server is asked
        return address_sha256(options.base_url or "")


def rows_of(request: Request, suite: Suite) -> tuple[Row, ...]:
    """Return the rows that *request* is about: whole tasks, dealt to the shards in turn.

    They come task by task and step by step, however the suite has them: a step's prompt begins
    with that of the one before, which an engine then need not read again.
    """
    tasks = list(dict.fromkeys(row.task_id for row in suite.rows))
    index, count = request.shard or (0, 1)
    places = {task: place for place, task in enumerate(tasks[index::count])}
    mine = (row for row in suite.rows if row.task_id in places)
    return tuple(
        sorted(mine, key=lambda row: (places[row.task_id], row.sample_idx or 0, row.step_idx))
    )


def terms_of(request: Request, suite: Suite) -> Terms | None:
    """Return how *suite* is played; `None` where its steps are asked but once.

    Raises UsageError where the kind of the suite knows no such way.
    """
    staged = suite.of_kind.staged
    if staged is None:
        if request.dialogue is not None:
            raise UsageError(f"{suite.name} is not played", key="--dialogue")
        return None
    if request.dialogue not in (None, *staged.dialogues):
        raise UsageError(
            f"{suite.name} cannot be asked as {request.dialogue:.60}",
            key="--dialogue",
            remedy=f"Known: {', '.join(staged.dialogues)}.",
        )
    return Terms(dialogue=request.dialogue or staged.dialogues[0], isolation=request.isolation)


def tools_of(request: Request, suite: Suite) -> str | None:
    """Return how the tools of *suite* are offered; `None` where it has none.

    Raises UsageError where the kind of the suite cannot tell them in the system text.
    """
    if not any(row.tools for row in suite.rows):
        if request.tools is not None:
            raise UsageError(f"{suite.name} offers no tools", key="--tools")
        return None
    if request.tools == PROMPTED and suite.of_kind.offered is None:
        raise UsageError(
            f"suites of the kind {suite.kind} offer tools through the chat template only",
            key="--tools",
        )
    return request.tools or NATIVE


def result_name(request: Request, suite: Suite) -> str:
    """Return the name of the result file: the same for the same question, on every machine.

    `ORG__MODEL--SUITE-VERSION--HASH.json`, where the hash is over everything that may change the
    score: the suite's content, decoding, prompts and precision, and not how fast it is computed.
    """
    model, options = request.model, request.options
    question = {
        "suite": suite.fingerprint,
        "backend": request.backend,
        "model": request.identity,
        "sampling": request.sampling,
        "choices": request.choices,
        "engine": (options.dtype, options.max_model_len, options.extra, options.template_kwargs),
        "part": (request.shard, request.limit),
    }
    if tools_of(request, suite) == PROMPTED:
        question["tools"] = PROMPTED
    if request.trials > 1:
        question["trials"] = request.trials
    if terms := terms_of(request, suite):
        question["dialogue"] = (terms.dialogue, terms.isolation == "plain")
    text = msgspec.json.encode(question, order="deterministic")
    adapter = f"+{model.adapter.id}" if model.adapter else ""
    parts = (
        _safe(model.id + adapter)[:_LONGEST],
        _safe("-".join(filter(None, (suite.name, suite.version)))),
        hashlib.sha256(text).hexdigest()[:8],
    )
    return "--".join(parts) + ".json"


def _safe(text: str) -> str:
    return _UNSAFE.sub("-", text.replace("/", "__")).strip("-.") or "model"
