"""One run: a suite's steps asked of a model, each answer kept at once, the result file written."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ..engine import LATE, Answer, Backend, Prompt, well_formed
from ..errors import CardboardError, DeadEngine, UsageError, plural
from ..prompts.prompts import Built, build
from ..prompts.texts import Choices
from ..records import Status, Timing
from ..sandbox.processes import Kept
from ..suites.kinds.kind import Row, Staged, Terms, key_of
from ..suites.suite import Suite
from . import journal as journals
from .episodes import Stage, episodes, in_flight, opened, prompted
from .heading import Replies, blank_heading, heading
from .journal import Journal, Session
from .loaded import Loaded
from .machine import environment, machine
from .outcomes import STOPS, Outcome, at, called, failed, reason
from .progress import Silent, Watch
from .request import PROMPTED, Request, result_name, rows_of, terms_of, tools_of
from .result import assemble, presentable, write
from .usage import Usage

Mode = Literal["new", "resume", "restart"]


class _Asked(Struct, frozen=True, kw_only=True):
    """How far the asking came."""

    answers: dict[str, Answer]
    seconds: float
    error: str | None = None
    interrupted: bool = False


def journal_of(result: Path) -> Path:
    """Return the path of the journal that belongs to a result file."""
    return result.with_suffix(".journal")


def status_of(result: Path) -> Status | None:
    """Return the status of the result file at *result*; `None` where there is none to read."""
    ended = _ended(result)
    return ended.status if ended is not None else None


class _Ended(Struct):
    status: Status
    started_at: str | None = None


def _ended(result: Path) -> _Ended | None:
    try:
        return msgspec.json.decode(result.read_bytes(), type=_Ended)
    except (OSError, msgspec.DecodeError):
        return None


def is_done(request: Request, suite: Suite, folder: Path) -> bool:
    """Tell whether the result of *request* lies complete in *folder*."""
    return _is_done(folder / result_name(request, suite))


def _is_done(result: Path) -> bool:
    """Tell whether *result* is complete and no later run of it has begun, as with `restart`."""
    ended = _ended(result)
    if ended is None or ended.status != "complete":
        return False
    began = journals.started_at(journal_of(result))
    return began is None or began == ended.started_at


def evaluate(
    requests: Sequence[Request],
    suite: Suite,
    folder: Path,
    *,
    mode: Mode = "new",
    watch: Watch | None = None,
    backend: Backend | Loaded | None = None,
    tell: Callable[[Outcome], None] | None = None,
) -> list[Outcome]:
    """Run *requests*, which differ in nothing but the adapter, and write a result file for each.

    The model is loaded once, unless *backend* is one that is open already. Files go to *folder*.
    With `resume`, nothing that was answered is asked again, and a finished run is left as it is.
    Each request has its own outcome, whatever was raised for it, and *tell* is told of it at once;
    of a single one, what is wrong with it is raised. Raises UsageError before anything is loaded
    where *mode* does not fit what is there already, or two requests come to one result.
    """
    watch = watch or Silent()
    named = [_named(request, suite, folder, watch) for request in requests]
    paths = [one for one in named if isinstance(one, Path)]
    if twice := [path for path in paths if paths.count(path) > 1]:
        same = [r.asked for r, path in zip(requests, named, strict=True) if path == twice[0]]
        raise UsageError(
            f"{' and '.join(same)} come to one result",
            file=twice[0].name,
            remedy="They are the same model under the same settings: name one of them.",
        )
    for path in paths:
        _check(path, mode)
    for request in requests:
        if suite.of_kind.staged is not None and (terms := terms_of(request, suite)) is not None:
            suite.of_kind.staged.account(terms)  # where none can be played, nothing is loaded
            _check_programs(request, suite, suite.of_kind.staged)
    outcomes: list[Outcome] = []
    loaded = backend if isinstance(backend, Loaded) else Loaded(backend)
    try:
        for request, name in zip(requests, named, strict=True):
            try:
                outcome = (
                    name
                    if isinstance(name, Outcome)
                    else _attempt(loaded, request, suite, name, mode, watch)
                )
            except CardboardError as error:
                if len(requests) == 1:
                    raise
                outcome = failed(request, folder / result_name(request, suite), error, watch)
            outcomes.append(outcome)
            if tell is not None:
                tell(outcome)
            if outcome.interrupted:
                break
    finally:
        if loaded is not backend:
            loaded.close()
    return outcomes


def _check_programs(request: Request, suite: Suite, staged: Staged) -> None:
    """Refuse to begin where this machine lacks programs that steps need, unless that is allowed."""
    rows = rows_of(request, suite)
    lacking = [found for row in rows if (found := staged.lacking(row))]
    if not lacking or request.allow_missing:
        return
    programs = sorted({name for one in lacking for name in one})
    raise UsageError(
        f"{len(lacking)} of {plural(len(rows), 'scenario')} need what this machine lacks: "
        f"{', '.join(programs)}",
        key=suite.name,
        remedy=f"Install it with: apt-get install {' '.join(staged.packages(programs))}; "
        "--allow-missing leaves these episodes unscored.",
    )


def _named(request: Request, suite: Suite, folder: Path, watch: Watch) -> Path | Outcome:
    """Return the path of the result of *request*; its outcome where its weights cannot be read."""
    try:
        with at("telling it from others"):
            return folder / result_name(request, suite)
    except OSError as error:
        return failed(request, folder / "none", error, watch)


def _attempt(
    loaded: Loaded, request: Request, suite: Suite, path: Path, mode: Mode, watch: Watch
) -> Outcome:
    """Return what came of *request*; raise what of it is wrong by itself, and no fault of a model.

    A model that broke down is given up: the next request loads it anew.
    """
    if mode == "resume" and _is_done(path):
        journal_of(path).unlink(missing_ok=True)  # a kill may come between the two
        return Outcome(path=path, status="complete", asked=called(request))
    backend = None
    try:
        backend = loaded.ready(request, suite, watch)
        outcome = _run(loaded, backend, request, suite, path, mode, watch)
    except DeadEngine as error:
        if backend is not None:
            loaded.drop()
        return _never_began(request, suite, path, error, watch)
    except (CardboardError, *STOPS):
        raise
    except BaseException as error:  # noqa: BLE001  # strangers' files and engines raise anything
        loaded.drop()
        return failed(request, path, error, watch)
    if outcome.dead:
        loaded.drop()
    return outcome


def _check(path: Path, mode: Mode) -> None:
    """Refuse to lose or to repeat what is there already."""
    if mode != "new":
        return
    if _is_done(path):
        raise UsageError(
            "this has been measured already",
            file=path.name,
            remedy="Measure it again with --restart.",
        )
    if journal_of(path).exists():
        raise UsageError(
            "a run of this has begun already",
            file=journal_of(path).name,
            remedy="Go on with --resume, or begin anew with --restart.",
        )


def _run(
    loaded: Loaded,
    backend: Backend,
    request: Request,
    suite: Suite,
    path: Path,
    mode: Mode,
    watch: Watch,
) -> Outcome:
    """Ask what has not been answered yet, and write the result of what is there."""
    rows, kept = rows_of(request, suite), journal_of(path)
    if mode == "restart":
        journals.discard(kept)
    started = journals.started_at(kept) or _now()
    staged, terms = suite.of_kind.staged, terms_of(request, suite)
    model = request.model.id

    def made(asked: Sequence[Row], choices: Choices, kept: Kept | None = None) -> Built:
        tokens = request.sampling.max_tokens
        return build(
            asked, backend, choices, model=model, max_tokens=tokens, now=started, kept=kept
        )

    with at("building the prompts"):
        first: Sequence[Row] = opened(rows, staged, terms.dialogue) if staged and terms else rows
        offered = suite.of_kind.offered
        if offered is not None and tools_of(request, suite) == PROMPTED:
            first = prompted(rows, offered)
        how = (request.choices, request.sampling.max_tokens, terms, request.tools)
        built = loaded.prompts(
            (suite.fingerprint, request.shard, *how),
            lambda: made(first, request.choices),
        )
    _warn(built, watch)
    head = heading(request, suite, backend, built, started)
    with Journal(kept, head, _session(backend)) as journal, Usage(backend) as usage:
        head = journal.head
        for told in journal.told:
            watch.say(f"Warning: {told}")
        prompts = _tried(built.prompts[: request.limit], request.trials)

        def answers(left: Sequence[Prompt]) -> Iterator[Answer]:
            if staged is None or terms is None:
                return backend.answers(left, request.sampling)
            return played(left, staged, terms)

        def played(left: Sequence[Prompt], staged: Staged, terms: Terms) -> Iterator[Answer]:
            choices = replace(request.choices, overflow="skip")
            with Kept() as kept:
                stage = Stage(
                    left,
                    {key_of(row): row for row in rows},
                    lambda row: staged.play(row, terms),
                    lambda asked: _then(made(asked, choices, kept)),
                    in_flight(backend),
                )
                yield from episodes(backend, stage, request.sampling)

        asked = _ask(answers, prompts, request, journal, watch)
    result = assemble(
        head,
        rows,
        asked.answers,
        skipped=built.skipped,
        timing=usage.timed(_timing(backend, asked), whole=not journal.done),
        finished_at=_now(),
        machine=usage.machine,
        environment=environment(),
        error=asked.error,
    )
    if result.status == "complete" or status_of(path) != "complete":
        write(path, result)
    if result.status == "complete":
        kept.unlink()
    complete = result.status == "complete"
    return Outcome(
        path=path,
        status=result.status,
        error=result.error,
        interrupted=asked.interrupted,
        asked=called(request),
        stage=None if complete else "answering",
        remedy="" if complete else "What was answered is kept: go on with --resume.",
        dead=asked.error is not None,
    )


def _tried(prompts: Sequence[Prompt], trials: int) -> list[Prompt]:
    """Return each prompt once for each trial; what tells them apart is the key."""
    return [
        replace(one, key=f"{one.key}#{trial}", step=one.key) if trial else one
        for one in prompts
        for trial in range(trials)
    ]


def _then(built: Built) -> tuple[Sequence[Prompt], Mapping[str, str]]:
    return built.prompts, built.skipped


def _warn(built: Built, watch: Watch) -> None:
    if built.record.doubled_bos:
        watch.say("Warning: prompts begin with two BOS tokens")
    if built.record.kwargs_ignored:
        watch.say(f"Warning: the template ignores {', '.join(built.record.kwargs_ignored)}")
    if built.skipped:
        watch.say(
            f"Warning: {plural(len(built.skipped), 'step')} not asked: the window is too small"
        )


def _ask(
    asked: Callable[[Sequence[Prompt]], Iterator[Answer]],
    prompts: Sequence[Prompt],
    request: Request,
    journal: Journal,
    watch: Watch,
) -> _Asked:
    """Ask what the journal has no answer to; each answer goes into it before all else."""
    answers = dict(journal.done)
    replies = Replies(journal.head, answers.values())
    left = [prompt for prompt in prompts if prompt.key not in answers]
    watch.begin(len(prompts), len(answers))
    error, interrupted, silent = None, False, 0
    began = time.monotonic()
    try:
        for answer in _alive(asked(left)) if left else ():
            if answer.text is not None:
                answer = replace(answer, text=well_formed(answer.text))
            if told := replies.check(answer):
                watch.say(f"Warning: {told}")
            journal.add(answer, time.monotonic() - began)
            answers[answer.key] = answer
            watch.add(answer)
            silent = silent + 1 if (answer.error or "").startswith(LATE) else 0
            if request.backend == "openai" and silent >= 2 * request.options.concurrency:
                raise DeadEngine(
                    f"the server stopped answering: {plural(silent, 'step')} ran out of time"
                )
    except DeadEngine as dead:
        error = dead.what
    except KeyboardInterrupt:
        interrupted = True
    return _Asked(
        answers=answers,
        seconds=journal.generate_seconds + time.monotonic() - began,
        error=error,
        interrupted=interrupted,
    )


def _alive(answers: Iterator[Answer]) -> Iterator[Answer]:
    """Yield *answers*; whatever an engine raises ends its work as DeadEngine does."""
    try:
        yield from answers
    except (CardboardError, *STOPS):
        raise
    except BaseException as error:
        raise DeadEngine(reason(error)) from error


def _never_began(
    request: Request, suite: Suite, path: Path, dead: DeadEngine, watch: Watch
) -> Outcome:
    """Write a failed result where the model could not even be loaded, if there is none better."""
    if not path.exists():
        rows, now = rows_of(request, suite), _now()
        result = assemble(
            blank_heading(request, suite, now), rows, {}, skipped={}, timing=Timing(),
            finished_at=now, machine=machine(), error=dead.what,
        )  # fmt: skip
        write(path, result)
    return replace(failed(request, path, dead, watch), error=presentable(dead.what))


def _timing(backend: Backend, asked: _Asked) -> Timing:
    count = len(asked.answers)
    return Timing(
        load_seconds=backend.account.load_seconds,
        generate_seconds=round(asked.seconds, 3),
        seconds_per_step=round(asked.seconds / count, 4) if count else None,
    )


def _session(backend: Backend) -> Session:
    account = backend.account
    return Session(
        started_at=_now(), load_seconds=account.load_seconds, batch_size=account.batch_size
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
