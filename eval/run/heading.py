"""What a run says of itself before the first answer: model, protocol, prompts and versions."""

import hashlib
import platform

from msgspec.structs import replace

from ... import __version__
from .. import records
from ..backends.weights import published_sha256
from ..engine import Account, Backend
from ..prompts.prompts import Built, settled
from ..suites.suite import Suite
from .journal import Head
from .request import Request


def heading(
    request: Request, suite: Suite, backend: Backend, built: Built, started_at: str
) -> Head:
    """Return the head of a run on a loaded *backend*, with *built* prompts."""
    account = backend.account
    return Head(
        model=_model(request, account),
        suite=suite.record,
        protocol=_protocol(request, suite, account, built),
        prompts=built.record,
        prompts_sha256=built.sha256,
        versions=_versions() | dict(account.versions),
        shard=request.shard,
        started_at=started_at,
    )


def blank_heading(request: Request, suite: Suite, started_at: str) -> Head:
    """Return the head of a run whose model could not be loaded: what was asked for."""
    choices = settled(request.choices, request.model.id, None)
    unseen = records.Prompts(kwargs=dict(choices.kwargs))
    nothing = Built(prompts=(), record=unseen, rules=choices.rules)
    account = Account(backend=request.backend, versions={}, dtype=request.options.dtype)
    return Head(
        model=request.model,
        suite=suite.record,
        protocol=_protocol(request, suite, account, nothing),
        prompts=records.Prompts(),
        prompts_sha256=nothing.sha256,
        versions=_versions(),
        shard=request.shard,
        started_at=started_at,
    )


def _model(request: Request, account: Account) -> records.Model:
    asked = request.model
    revision, weights = account.revision or asked.revision, asked.weights_sha256
    if weights is None and request.backend in ("transformers", "vllm"):
        weights = published_sha256(request.options.model, revision)
    return replace(
        asked,
        revision=revision,
        adapter=account.adapter or asked.adapter,
        weights_sha256=weights,
        file=account.file,
        server=account.server or asked.server,
        quantisation=account.quantisation,
    )


def _protocol(request: Request, suite: Suite, account: Account, built: Built) -> records.Protocol:
    asked = records.Protocol(
        backend=account.backend,
        trials=1,
        system_prompt_sha256=_system_sha256(suite),
        harness=records.Harness(name="cardboard", version=__version__),
        extra={**request.options.extra, **account.extra},
    )
    if request.backend == "scripted":
        # A rule has no decoding: what was not sent is not recorded.
        return asked
    sampling, options = request.sampling, request.options
    thinking = built.record.kwargs.get("enable_thinking")
    if not isinstance(thinking, bool) or "enable_thinking" in built.record.kwargs_ignored:
        thinking = None
    return replace(
        asked,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        top_k=sampling.top_k,
        max_tokens=sampling.max_tokens,
        max_model_len=account.max_model_len,
        thinking=thinking,
        seed=sampling.seed,
        dtype=account.dtype,
        tensor_parallel=options.tensor_parallel if request.backend == "vllm" else None,
        stop=sampling.stop or None,
        template_kwargs=dict(built.record.kwargs),
        prompt_rules=built.rules,
    )


def _system_sha256(suite: Suite) -> str | None:
    """Return the SHA-256 of what system turns say; `None` where steps differ in it.

    It is that of the whole suite, so that parts of a split run agree.
    """
    said = {
        tuple(turn.content for turn in row.conversation if turn.role == "system")
        for row in suite.rows
    }
    if len(said) != 1 or len(turns := said.pop()) != 1:
        return None
    return hashlib.sha256(turns[0].encode("utf-8", "replace")).hexdigest()


def _versions() -> dict[str, str]:
    return {"cardboard": __version__, "python": platform.python_version()}
