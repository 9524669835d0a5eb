"""What a run says of itself before the first answer, and who may go on with it."""

import hashlib
import platform
from collections.abc import Iterable
from typing import Literal

import msgspec
from msgspec import UNSET, Struct
from msgspec.structs import replace

from ... import __version__
from .. import records
from ..backends.weights import published_sha256, weights_bytes
from ..engine import Account, Answer, Backend, Sampling
from ..errors import DeadEngine, UsageError
from ..identity import differing, engine_versions, identity_of
from ..prompts.prompts import Built, settled
from ..prompts.templates import WITH_TOOLS
from ..suites.suite import Suite
from .request import NATIVE, PROMPTED, Request, terms_of, tools_of


class Head(Struct, frozen=True, kw_only=True, tag_field="line", tag="run"):
    """What was asked, of whom and how: all answers of a run were given so."""

    journal: Literal[2] = 2
    model: records.Model
    suite: records.Suite
    protocol: records.Protocol
    prompts: records.Prompts
    prompts_sha256: str
    versions: dict[str, str]
    shard: tuple[int, int] | None = None
    started_at: str


def heading(
    request: Request, suite: Suite, backend: Backend, built: Built, started_at: str
) -> Head:
    """Return the head of a run on a loaded *backend*, with *built* prompts."""
    account, own = backend.account, backend.template
    if own is not None:
        own = own.where(tools=tools_of(request, suite) == NATIVE)
    template = request.choices.template or (own.text if own is not None else None)
    of_tools = own is not None and own is not backend.template and template == own.text
    return Head(
        model=model_record(request, account),
        suite=suite.record,
        protocol=_protocol(request, suite, account, built, template, of_tools=of_tools),
        prompts=replace(built.record, sha256=built.sha256),
        prompts_sha256=built.sha256,
        versions=own_versions() | dict(account.versions),
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
        protocol=_protocol(request, suite, account, nothing, None),
        prompts=records.Prompts(),
        prompts_sha256=nothing.sha256,
        versions=own_versions(),
        shard=request.shard,
        started_at=started_at,
    )


def model_record(request: Request, account: Account) -> records.Model:
    """Return the model as results name it: what was asked for, and what its backend found."""
    asked = request.model
    revision, weights = account.revision or asked.revision, asked.weights_sha256
    if weights is None and request.backend in ("transformers", "vllm"):
        weights = published_sha256(request.options.model, revision)
    return replace(
        asked,
        revision=revision,
        adapter=account.adapter or asked.adapter,
        weights_sha256=weights,
        weights_bytes=_size(request, revision) or UNSET,
        file=account.file,
        server=account.server or asked.server,
        quantisation=account.quantisation,
    )


def _size(request: Request, revision: str | None) -> int | None:
    if request.backend in ("openai", "scripted"):
        return None
    return weights_bytes(request.options.model, revision)


def _protocol(
    request: Request,
    suite: Suite,
    account: Account,
    built: Built,
    template: str | None,
    *,
    of_tools: bool = False,
) -> records.Protocol:
    """Return the settings of a suite's run, with what its kind adds: of tools, or of episodes.

    *of_tools* tells whether the template is the one of several that tells of tools.
    """
    asked = protocol_record(request, account, built, _system_sha256(suite))
    tools, offered = tools_of(request, suite), suite.of_kind.offered
    if tools is not None:
        read = {} if offered is None else offered.account(template, tools == PROMPTED)
        chosen = {"template_name": WITH_TOOLS} if of_tools else {}
        asked = replace(asked, tools=tools, extra={**asked.extra, **read, **chosen})
    terms, staged = terms_of(request, suite), suite.of_kind.staged
    if terms is None or staged is None:
        return asked
    extra = {**asked.extra, **staged.account(terms)}
    return replace(asked, turns=staged.turns, dialogue=terms.dialogue, extra=extra)


def protocol_record(
    request: Request, account: Account, built: Built, system_sha256: str | None
) -> records.Protocol:
    """Return the settings as really sent; *system_sha256* is that of the one system text."""
    asked = records.Protocol(
        backend=account.backend,
        trials=request.trials,
        system_prompt_sha256=system_sha256,
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
        seeding=_seeding(sampling, account),
        batch_size=account.batch_size,
        dtype=account.dtype,
        tensor_parallel=options.tensor_parallel if request.backend == "vllm" else None,
        stop=sampling.stop or None,
        attention=account.attention or UNSET,
        template_kwargs=dict(built.record.kwargs),
        prompt_rules=built.rules,
    )


def _seeding(sampling: Sampling, account: Account) -> records.Seeding | None:
    if sampling.greedy:
        return None
    return account.seeding if sampling.seed is not None else "none"


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


def own_versions() -> dict[str, str]:
    """Return the versions of what asks."""
    return {"cardboard": __version__, "python": platform.python_version()}


def continued(
    old: Head, new: Head, batch_sizes: Iterable[int | None], file: str
) -> tuple[Head, tuple[str, ...]]:
    """Return the head of the run *old* once the session *new* goes on with it, and what to tell.

    *batch_sizes* are those of the sessions so far. Raises UsageError, naming *file* and the
    setting, where *new* would answer otherwise than *old* did.
    """
    if parts := differing(identity_of(old.model), identity_of(new.model)):
        said = [
            ", ".join(f"{part} {getattr(identity_of(head.model), part)}" for part in parts)
            for head in (old, new)
        ]
        raise UsageError(
            f"the run began with another model: {said[0]}, not {said[1]}",
            file=file,
            key=f"model.{parts[0]}",
            remedy="Resume it with the model that it began with, or begin anew with --restart.",
        )
    for name in ("suite", "protocol", "prompts", "prompts_sha256", "versions", "shard"):
        was, now = (_compared(getattr(head, name)) for head in (old, new))
        if was != now:
            raise _refused(file, *_difference(name, was, now))
    was, now = old.protocol.batch_size, new.protocol.batch_size
    sampled = (new.protocol.temperature or 0) > 0
    if sampled and was != now and new.protocol.seeding != "step":
        raise _refused(file, "protocol.batch_size", was, now)
    told: tuple[str, ...] = ()
    if sampled and was != now:
        told = (
            f"answers are sampled, {now} at a time now and {was} before: each has a seed of its "
            "own, but sums are rounded otherwise in batches of another size",
        )
    if {*batch_sizes, was} != {now}:
        new = replace(new, protocol=replace(new.protocol, batch_size=None))
    return new, told


def _compared(setting: object) -> object:
    """Return *setting* without what no answer depends on, or what is compared by itself."""
    if isinstance(setting, records.Protocol):
        setting = replace(setting, harness=None, batch_size=None)
    return engine_versions(setting) if isinstance(setting, dict) else msgspec.to_builtins(setting)


def _difference(name: str, was: object, now: object) -> tuple[str, object, object]:
    """Return the innermost key under which *was* and *now* differ, and what each has there."""
    while isinstance(was, dict) and isinstance(now, dict):
        inner = next(key for key in sorted({*was, *now}) if was.get(key) != now.get(key))
        name, was, now = f"{name}.{inner}", was.get(inner), now.get(inner)
    return name, was, now


def _refused(file: str, key: str, was: object, now: object) -> UsageError:
    return UsageError(
        f"the run began with {was!r}, not with {now!r}",
        file=file,
        key=key,
        remedy="Resume it with the settings that it began with, or begin anew with --restart.",
    )


class Replies:
    """Who gave a server's replies, by what these say: name and fingerprint of what answered."""

    def __init__(self, head: Head, kept: Iterable[Answer]) -> None:
        """Take the answers *kept* of earlier sessions."""
        kept = list(kept)
        self._name = next((one.model for one in kept if one.model), None)
        self._before = {one.system_fingerprint for one in kept if one.system_fingerprint}
        self._now: str | None = None
        self._went_on, self._told = bool(kept), set[str]()
        self._unknown = head.model.server is not None and not engine_versions(head.versions)

    def check(self, answer: Answer) -> str | None:
        """Return what to tell of *answer*, once; raise DeadEngine where it is of another model.

        A fingerprint may change while a run goes on, as it does where several machines answer, but
        not between two sessions.
        """
        if answer.text is None:
            return None
        self._name = self._name or answer.model
        if answer.model not in (None, self._name):
            raise DeadEngine(
                f"the server answers as {answer.model} now, and answered as {self._name} before"
            )
        mark = answer.system_fingerprint
        if mark and self._before and mark not in self._before:
            raise DeadEngine(
                f"the server answers with the fingerprint {mark} now, and answered with "
                f"{min(self._before)} before: it may serve another model"
            )
        told = self._doubt(mark)
        self._now = self._now or mark
        if told is None or told in self._told:
            return None
        self._told.add(told)
        return told

    def _doubt(self, mark: str | None) -> str | None:
        if self._now and mark and mark != self._now:
            return "replies carry different fingerprints: more than one server may be answering"
        if not self._went_on:
            return None
        if self._before and mark is None:
            return "replies carry no fingerprint now, and did before"
        if mark and not self._before:
            return "replies carry a fingerprint now, and did not before"
        if mark is None and self._unknown:
            return (
                "the server tells neither a version nor a fingerprint: whether the model is still "
                "the one that answered before cannot be known"
            )
        return None
