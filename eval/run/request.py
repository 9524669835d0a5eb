"""What one run is asked to do, and the file name that follows from it."""

import hashlib
import re

import msgspec
from msgspec import Struct

from ..backends.adapters import published_name
from ..engine import Options, Sampling
from ..prompts.texts import Choices
from ..records import Adapter, Model
from ..suites.kinds.kind import Row
from ..suites.suite import Suite

_UNSAFE = re.compile(r"[^A-Za-z0-9._+-]+")
_LONGEST = 150


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
    limit: int | None = None
    """Ask only so many steps: a try, whose result is partial."""

    @property
    def model(self) -> Model:
        """Return what the request says of the model; the backend knows more once it is loaded."""
        adapter = self.options.adapter
        return Model(
            id=self.name or published_name(self.options.model),
            revision=self.options.revision,
            adapter=Adapter(id=published_name(adapter)) if adapter else None,
            label=self.label,
        )


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


def result_name(request: Request, suite: Suite) -> str:
    """Return the name of the result file: the same for the same question, on every machine.

    `ORG__MODEL--SUITE-VERSION--HASH.json`, where the hash is over everything that may change the
    score: the suite's content, decoding, prompts and precision, and not how fast it is computed.
    """
    model, options = request.model, request.options
    question = {
        "suite": suite.fingerprint,
        "backend": request.backend,
        "model": (model.id, options.revision, model.adapter),
        "sampling": request.sampling,
        "choices": request.choices,
        "engine": (options.dtype, options.max_model_len, options.extra, options.template_kwargs),
        "part": (request.shard, request.limit),
    }
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
