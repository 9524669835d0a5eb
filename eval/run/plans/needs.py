"""What of a plan must be measured again, what only scored again, and what stands, each with why."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from ... import records
from ...audit.sources.engines import taken
from ...audit.sources.file_sources import file_source
from ...audit.sources.folder_source import cached_folder, folder_source
from ...backends.adapters import adapter_template
from ...errors import CardboardError
from ...identity import Identity, identity_of, settled
from ...prompts.templates import sha256_of
from ...suites.suite import Suite
from ..outcomes import called
from ..request import Request
from ..run import journal_of
from .jobs import Order, Sheet, aims_of

Verdict = Literal["run again", "score again from stored answers", "nothing"]


class Need(Struct, frozen=True, kw_only=True):
    """What has to be done for one result of a plan."""

    asked: str
    suite: str
    verdict: Verdict
    reason: str


class Told(Struct, frozen=True, kw_only=True):
    """What a result file says of how it was made, without its steps."""

    model: records.Model
    suite: records.Suite
    protocol: records.Protocol = records.Protocol()
    prompts: records.Prompts = records.Prompts()
    counts: records.Counts
    status: records.Status
    scorer: str | None = None
    finished_at: str | None = None


class _Answered(Struct):
    answer: str | None = None
    scored: bool = True


class _Steps(Struct):
    steps: list[_Answered] = []


def needs(orders: Iterable[Order]) -> Iterator[Need]:
    """Yield what each result of *orders* needs, in their order; nothing is loaded or asked."""
    others: dict[Path, dict[Path, Told]] = {}
    for order in orders:
        for path, request, sheet in aims_of(order):
            if sheet.folder not in others:
                others[sheet.folder] = _there(sheet.folder)
            verdict, reason = _verdict(path, request, sheet, others[sheet.folder])
            yield Need(
                asked=called(request), suite=sheet.suite.name, verdict=verdict, reason=reason
            )


def adopt(orders: Iterable[Order]) -> Iterator[tuple[Path, Path]]:
    """Give complete results of *orders* that bear another name theirs, and yield both names.

    The name follows from the suite's content: stored answers that were scored again by changed
    references keep the name of before.
    """
    for order in orders:
        for path, request, sheet in aims_of(order):
            if path.exists() or journal_of(path).exists():
                continue
            for other, told in _like(request, _there(sheet.folder)):
                if told.status == "complete" and not changes(told, request, sheet.suite):
                    other.rename(path)
                    yield other, path
                    break


def stale(order: Order) -> tuple[Path, ...]:
    """Return the complete results of *order* whose model goes through another template now.

    One that was begun anew already is gone on with instead.
    """
    found = []
    for path, request, _ in aims_of(order):
        told = _told(path)
        if told is None or told.status != "complete" or journal_of(path).exists():
            continue
        if stale_template(told, request) is not None:
            found.append(path)
    return tuple(found)


def stale_template(told: Told, request: Request) -> str | None:
    """Say how the template that *request* would go through differs from that of a result."""
    before, now = told.prompts.template_sha256, _template_sha256(request)
    own = set(told.prompts.status_counts) <= {"chat_template"}
    if before is None or now is None or before == now or not own:
        return None
    return f"its chat template changed: {before[:12]} -> {now[:12]}"


def changes(told: Told, request: Request, suite: Suite) -> list[str]:
    """Return what *request* on *suite* asks otherwise than the result that *told* is of."""
    found = list(_of_suite(told, suite))
    was, now = settled(identity_of(told.model)), request.identity
    for part in Identity.__struct_fields__:
        before, wanted = getattr(was, part), getattr(now, part)
        if wanted is not None and before != wanted and part != "path_tail":
            found.append(f"{part} changed: {_short(before)} -> {_short(wanted)}")
    return found + list(_of_protocol(told, request))


def _verdict(
    path: Path, request: Request, sheet: Sheet, others: dict[Path, Told]
) -> tuple[Verdict, str]:
    told = others.get(path)
    if told is None or told.status != "complete":
        if journal_of(path).exists() or told is not None:
            counts = told.counts if told is not None else None
            so_far = f": {counts.scored} of {counts.expected} steps" if counts is not None else ""
            return "run again", f"it is not complete{so_far}; what was answered is kept"
        return _verdict_on_older(request, sheet, others)
    if (moved := stale_template(told, request)) is not None:
        return "run again", moved
    return _verdict_on_scores(path, told, sheet.suite, [])


def _verdict_on_older(
    request: Request, sheet: Sheet, others: dict[Path, Told]
) -> tuple[Verdict, str]:
    """Return what is needed where no result bears the name: by what changed since the newest."""
    like = _like(request, others)
    if not like:
        return "run again", "it was never measured"
    ranked = sorted(like, key=lambda one: len(changes(one[1], request, sheet.suite)))
    path, told = ranked[0]
    found = changes(told, request, sheet.suite)
    if told.status != "complete":
        return "run again", f"{path.name} is not complete"
    if (moved := stale_template(told, request)) is not None:
        found.append(moved)
    if found and found != [REFERENCES]:
        return "run again", f"since {path.name}: {'; '.join(found)}"
    return _verdict_on_scores(path, told, sheet.suite, found)


def _verdict_on_scores(
    path: Path, told: Told, suite: Suite, found: list[str]
) -> tuple[Verdict, str]:
    """Return whether a result that was asked as it should be is also scored as it should be."""
    scorer = suite.of_kind.scorer
    why = list(found)
    if scorer is not None and told.scorer != scorer:
        why.append(f"its scorer was {told.scorer or 'not recorded'}, and is {scorer} now")
    if not why:
        return "nothing", f"{path.name} is complete"
    if not _holds_answers(path):
        return "run again", f"{'; '.join(why)}; {path.name} does not hold its answers"
    return "score again from stored answers", f"{path.name}: {'; '.join(why)}"


REFERENCES = "the suite's references changed, and not what is asked"


def _of_suite(told: Told, suite: Suite) -> Iterator[str]:
    if told.suite.fingerprint == suite.fingerprint:
        return
    if told.suite.prompts_sha256 is not None and told.suite.prompts_sha256 == suite.prompts_sha256:
        yield REFERENCES
    else:
        yield "the suite's prompts changed"


def _of_protocol(told: Told, request: Request) -> Iterator[str]:
    was, sampling = told.protocol, request.sampling
    pairs: list[tuple[str, object, object]] = [("backend", was.backend, request.backend)]
    if request.backend != "scripted":
        pairs += [
            ("temperature", was.temperature, sampling.temperature),
            ("top_p", was.top_p, sampling.top_p),
            ("top_k", was.top_k, sampling.top_k),
            ("max_tokens", was.max_tokens, sampling.max_tokens),
            ("seed", was.seed, sampling.seed),
            ("stop", was.stop, sampling.stop or None),
            ("template_kwargs", was.template_kwargs, dict(request.choices.kwargs)),
        ]
        rules = [one for one in was.prompt_rules if not one.startswith("date ")]
        if not set(request.choices.rules) <= set(rules):
            pairs.append(("prompt_rules", ", ".join(rules), ", ".join(request.choices.rules)))
        if request.options.dtype is not None:
            pairs.append(("dtype", was.dtype, request.options.dtype))
        if request.options.max_model_len is not None:
            pairs.append(("window", was.max_model_len, request.options.max_model_len))
    pairs.append(("trials", was.trials or 1, request.trials))
    if request.dialogue is not None:
        pairs.append(("dialogue", was.dialogue or None, request.dialogue))
    if request.tools is not None:
        pairs.append(("tools", was.tools, request.tools))
    for name, value in request.options.extra.items():
        pairs.append((name, was.extra.get(name), value))
    for name, before, wanted in pairs:
        if before != wanted:
            yield f"{name} changed: {_short(before)} -> {_short(wanted)}"


def _like(request: Request, others: dict[Path, Told]) -> list[tuple[Path, Told]]:
    """Return the results of the model that *request* names, the newest first."""
    wanted = request.identity
    found = [
        (path, told)
        for path, told in others.items()
        if (one := identity_of(told.model)).id == wanted.id and one.adapter == wanted.adapter
    ]
    return sorted(found, key=lambda pair: (pair[1].finished_at or "", pair[0].name), reverse=True)


def _there(folder: Path) -> dict[Path, Told]:
    """Return what the results in *folder* say of themselves; what is none is passed over."""
    pairs = ((path, _told(path)) for path in sorted(folder.glob("*.json")))
    return {path: told for path, told in pairs if told is not None}


def _told(path: Path) -> Told | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Told)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def _holds_answers(path: Path) -> bool:
    try:
        steps = msgspec.json.decode(path.read_bytes(), type=_Steps).steps
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return False
    return bool(steps) and all(one.answer is not None for one in steps if one.scored)


def _template_sha256(request: Request) -> str | None:
    """Return the hash of the template that is there now; `None` where only loading would tell."""
    if request.backend not in ("transformers", "vllm", "llama") or request.choices.template:
        return None
    options = request.options
    if options.adapter is not None and Path(options.adapter).is_dir():
        own = adapter_template(options.adapter, None)
        if own is not None:
            return sha256_of(own.text)
    path = Path(options.model).expanduser()
    try:
        if path.is_file():
            source = file_source(path)
        else:
            folder = path if path.is_dir() else cached_folder(options.model, options.revision)
            if folder is None:
                return None
            source = folder_source(folder, with_base=False)
        template = taken(source, tools=False)
    except (CardboardError, OSError):
        return None
    return template.sha256 if template is not None else None


def _short(value: object) -> str:
    text = "not recorded" if value is None else str(value)
    return text if len(text) <= 40 else f"{text[:12]}…"
