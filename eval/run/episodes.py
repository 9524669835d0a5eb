"""Episodes: steps that are asked more than once, many of them in flight beside one engine."""

import os
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar, cast

from msgspec import Struct
from msgspec.structs import replace

from ..engine import Answer, Backend, Fed, Message, Prompt, Sampling, well_formed
from ..errors import DeadEngine
from ..records import StepTiming
from ..suites.kinds.kind import Offered, Play, Played, Row, Staged, key_of

Number = TypeVar("Number", int, float)

FULL = "context"
"""The `finish_reason` of an answer that the window has no room for."""

IN_FLIGHT = 16
"""Episodes that an engine is asked at a time which does not tell how many prompts it takes."""

GRACE = 1.0
"""Seconds that prompts wait for others, so that an engine has more of them at a time."""

_FULL = re.compile(
    r"context (length|size|window)|exceed\w* .{0,40}(context|window|length)"
    r"|(too long|too many tokens)|to its window of",
    re.IGNORECASE,
)

Build = Callable[[Sequence[Row]], tuple[Sequence[Prompt], Mapping[str, str]]]
"""Rows to their prompts, and to why others have none, by key."""


class Put(Row, frozen=True, kw_only=True):
    """A row as it is asked at one moment of its episode."""

    said: tuple[Message, ...]
    offered: tuple[Mapping[str, object], ...] = ()
    names: tuple[str, ...] = ()
    """Of tools that the conversation tells of."""

    @property
    def conversation(self) -> tuple[Message, ...]:
        """Return what was said so far."""
        return self.said

    @property
    def tools(self) -> Sequence[Mapping[str, object]]:
        """Return the tools that the model may call."""
        return self.offered

    @property
    def named(self) -> Sequence[str]:
        """Return the names of the tools, in whichever way they are told."""
        return self.names or super().named


def opened(rows: Sequence[Row], staged: Staged, dialogue: str) -> list[Put]:
    """Return *rows* as they are asked at first in *dialogue*."""
    return [
        Put(
            task_id=row.task_id,
            sample_idx=row.sample_idx,
            step_idx=row.step_idx,
            said=staged.opening(row, dialogue),
            offered=tuple(row.tools),
        )
        for row in rows
    ]


def prompted(rows: Sequence[Row], offered: Offered) -> list[Put]:
    """Return *rows* with their tools told in the system text."""
    return [
        Put(
            task_id=row.task_id,
            sample_idx=row.sample_idx,
            step_idx=row.step_idx,
            said=offered.prompted(row) if row.tools else row.conversation,
            names=tuple(row.named),
        )
        for row in rows
    ]


class _Told(Struct):
    """What the answers of one episode add up to."""

    turns: int = 0
    seconds: float = 0.0
    prompt_tokens: int | None = 0
    output_tokens: int | None = 0
    first: StepTiming | None = None
    prompt_seconds: float | None = 0.0
    answer_seconds: float | None = 0.0
    cached_tokens: int | None = 0
    model: str | None = None
    mark: str | None = None

    def add(self, answer: Answer) -> None:
        """Add *answer*; what one of them does not tell is not known of the whole."""
        timing = answer.timing or StepTiming()
        self.turns += 1
        self.seconds += answer.seconds or 0.0
        self.prompt_tokens = _sum(self.prompt_tokens, answer.prompt_tokens)
        self.output_tokens = _sum(self.output_tokens, answer.output_tokens)
        self.prompt_seconds = _sum(self.prompt_seconds, timing.prompt_seconds)
        self.answer_seconds = _sum(self.answer_seconds, timing.answer_seconds)
        self.cached_tokens = _sum(self.cached_tokens, timing.cached_tokens)
        self.first = self.first or answer.timing
        self.model, self.mark = answer.model, answer.system_fingerprint

    def whole(self, key: str, played: Played) -> Answer:
        """Return the episode as one answer."""
        timing = StepTiming(
            first_token_seconds=self.first.first_token_seconds if self.first else None,
            prompt_seconds=self.prompt_seconds or None,
            answer_seconds=self.answer_seconds or None,
            cached_tokens=self.cached_tokens,
        )
        return Answer(
            key=key,
            text=played.text,
            finish_reason=played.ended,
            error=played.error,
            seconds=round(self.seconds, 3),
            timing=timing if self.first else None,
            prompt_tokens=self.prompt_tokens,
            output_tokens=self.output_tokens,
            model=self.model,
            system_fingerprint=self.mark,
        )


def _sum(one: Number | None, other: Number | None) -> Number | None:
    return None if one is None or other is None else one + other


class _Live:
    """An episode that has begun."""

    def __init__(self, key: str, row: Row, play: Play) -> None:
        self.key, self.row, self.play = key, row, play
        self.told = _Told()

    def go_on(self, answer: Answer | None) -> tuple[Message, ...] | Played:
        """Return what is to be answered next, or what came of it all."""
        try:
            return next(self.play) if answer is None else self.play.send(answer)
        except StopIteration as end:
            played: Played = end.value
            return played


class Stage:
    """Episodes in flight: those whose rooms are at work, and those that wait for an answer.

    Iterated, it is a `Feed`. Everything but the rooms' work happens in one thread.
    """

    def __init__(
        self,
        first: Sequence[Prompt],
        rows: Mapping[str, Row],
        begin: Callable[[Row], Play],
        build: Build,
        in_flight: int,
    ) -> None:
        """Play the step of each of the prompts *first*, *in_flight* of them at a time."""
        self._left = iter([(one.key, rows[one.step or one.key]) for one in first])
        self._begin, self._build, self._most = begin, build, in_flight
        self._pool = ThreadPoolExecutor(min(in_flight, 2 * (os.cpu_count() or 1)))
        self._lives: dict[str, _Live] = {}
        self._working: dict[Future[tuple[Message, ...] | Played], _Live] = {}
        self._asking: list[tuple[_Live, tuple[Message, ...]]] = []
        self._ready = deque[Prompt]()
        self._ended = list[Answer]()
        self._asked: dict[str, _Live] = {}
        self._size = len(first)
        self._fill()

    def __len__(self) -> int:
        """Return how many episodes it has in all."""
        return self._size

    def __iter__(self) -> Iterator[Prompt | None]:
        """Yield prompts as they come up, and `None` where there is none just now."""
        while self._lives:
            self._collect(0.0)
            self._make()
            yield self._ready.popleft() if self._ready else None

    def wave(self) -> list[Prompt]:
        """Wait for prompts, and for a moment for others that come up beside them."""
        while self._working:
            before = len(self._asking)
            self._collect(GRACE if self._asking else None)
            if self._ended or len(self._asking) == before:
                break
        self._make()
        ready = list(self._ready)
        self._ready.clear()
        return ready

    def take(self, answer: Answer) -> None:
        """Let an episode go on with *answer*."""
        live = self._asked.pop(answer.key)
        if answer.text is not None:
            answer = replace(answer, text=well_formed(answer.text))
        elif _FULL.search(answer.error or ""):
            answer = replace(answer, finish_reason=FULL)
        live.told.add(answer)
        self._submit(live, answer)

    def ended(self) -> list[Answer]:
        """Return the episodes that are over, each once."""
        found, self._ended = self._ended, []
        return found

    @property
    def open(self) -> bool:
        """Tell whether an episode is not over yet."""
        return bool(self._lives)

    def close(self) -> None:
        """End all that is in flight."""
        self._pool.shutdown(cancel_futures=True)
        for live in self._lives.values():
            live.play.close()

    def _fill(self) -> None:
        while len(self._lives) < self._most and (following := next(self._left, None)):
            key, row = following
            live = self._lives[key] = _Live(key, row, self._begin(row))
            self._submit(live, None)

    def _submit(self, live: _Live, answer: Answer | None) -> None:
        self._working[self._pool.submit(live.go_on, answer)] = live

    def _collect(self, seconds: float | None) -> None:
        """Take what rooms came to, waiting *seconds* for the first of them."""
        done, _ = wait(self._working, seconds, FIRST_COMPLETED)
        for future in done:
            live, found = self._working.pop(future), future.result()
            if isinstance(found, Played):
                del self._lives[live.key]
                self._ended.append(live.told.whole(live.key, found))
            else:
                self._asking.append((live, found))
        self._fill()

    def _make(self) -> None:
        """Make the prompts of all that is to be answered."""
        asking, self._asking = self._asking, []
        if not asking:
            return
        rows = {f"{one.key}/{one.told.turns}": (one, said) for one, said in asking}
        puts = [
            Put(task_id=one.key, step_idx=one.told.turns, said=said, offered=tuple(one.row.tools))
            for one, said in asking
        ]
        prompts, skipped = self._build(puts)
        for prompt in prompts:
            live, _ = rows[prompt.key]
            step = key_of(live.row)
            # As the key of a trial: behind all else, where its seed is found.
            key = f"{step}/{live.told.turns}{live.key.removeprefix(step)}"
            self._asked[key] = live
            self._ready.append(replace(prompt, key=key, step=step))
        for key, why in skipped.items():
            self._submit(rows[key][0], Answer(key=key, text=None, error=why, finish_reason=FULL))


def episodes(backend: Backend, stage: Stage, sampling: Sampling) -> Iterator[Answer]:
    """Play every episode of *stage* and yield each as one answer, in the order in which they end.

    Raises what the engine raises, once the episodes that were over have been yielded.
    """
    try:
        if isinstance(backend, Fed):
            for answer in backend.answers(cast("Sequence[Prompt]", stage), sampling):
                stage.take(answer)
                yield from stage.ended()
        while stage.open:
            wave = stage.wave()
            yield from stage.ended()
            for answer in backend.answers(wave, sampling) if wave else ():
                stage.take(answer)
                yield from stage.ended()
        yield from stage.ended()
    except DeadEngine:
        yield from stage.ended()
        raise
    finally:
        stage.close()


def in_flight(backend: Backend) -> int:
    """Return how many episodes are worth being played at a time."""
    if isinstance(backend, Fed):
        return backend.in_flight
    if backend.account.backend == "scripted":
        return max(2, os.cpu_count() or 1)
    return backend.account.batch_size or IN_FLIGHT
