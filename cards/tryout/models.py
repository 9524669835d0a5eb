"""The models that are tried: opened once, asked one thing at a time."""

import hashlib
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace

from ...board.read.verdicts import Tried
from ...eval import records
from ...eval.backends.registry import open_backend
from ...eval.engine import Answer, Heard, Message, Prompt, Sampling, Setting, Talker
from ...eval.errors import DeadEngine, UsageError
from ...eval.prompts.prompts import build
from ...eval.run.heading import model_record, own_versions, protocol_record
from ...eval.run.request import Request
from ...eval.suites.kinds.home.kind import HOME
from ...eval.suites.kinds.kind import Row

_WAIT_SECONDS = 0.1
"""Between two looks whether the model is free, or nobody waits for it any more."""


class Asked(Row, frozen=True, kw_only=True):
    """A conversation up to the answer that is wanted."""

    messages: tuple[Message, ...]

    @property
    def conversation(self) -> tuple[Message, ...]:
        """Return the turns."""
        return self.messages


class Ready(Struct, frozen=True, kw_only=True):
    """A conversation as one model is asked it, and what its result will say of that."""

    prompt: Prompt
    sampling: Sampling
    sent: dict[str, Setting]
    protocol: records.Protocol
    prompts: records.Prompts


class TriedModel:
    """One model behind its backend."""

    def __init__(self, request: Request) -> None:
        """Open the backend of *request*.

        Raises UsageError where it does not tell an answer while it comes.
        """
        self._request, self._busy = request, threading.Lock()
        self._backend, self._dead = _opened(request), False
        account = self._backend.account
        self.record = Tried(
            model=model_record(request, account), versions=own_versions() | dict(account.versions)
        )

    @property
    def name(self) -> str:
        """Return the model's name, which is never a path."""
        return self.record.model.id

    @property
    def sha256(self) -> str | None:
        """Return the hash of its file or weights, where there is one."""
        model = self.record.model
        return model.file.sha256 if model.file else model.weights_sha256

    def ready(self, messages: Sequence[Message], sampling: Sampling) -> Ready:
        """Return what is to be asked; PromptError where it cannot be, as where it is too long."""
        self._revive()
        request, account = replace(self._request, sampling=sampling), self._backend.account
        row = Asked(task_id="try", step_idx=0, messages=tuple(messages))
        built = build(
            [row],
            self._backend,
            request.choices,
            model=self.name,
            max_tokens=sampling.max_tokens,
            now=datetime.now(UTC).isoformat(),
        )
        system = [turn.content for turn in messages if turn.role == "system"]
        digest = hashlib.sha256(system[0].encode()).hexdigest() if system else None
        told = built.record
        return Ready(
            prompt=built.prompts[0],
            sampling=sampling,
            sent=dict(self._backend.sent(sampling)),
            protocol=protocol_record(request, account, built, digest),
            prompts=records.Prompts(
                template_status=told.template_status,
                status_counts=told.status_counts,
                template_source=told.template_source,
                template_sha256=told.template_sha256,
                kwargs=told.kwargs,
                kwargs_ignored=told.kwargs_ignored,
            ),
        )

    def talk(self, ready: Ready, heard: Heard, stopped: Callable[[], bool]) -> Answer | None:
        """Return the answer; `None` where it was stopped before the model was free for it.

        Raises DeadEngine where nobody answers any more.
        """
        while not self._busy.acquire(timeout=_WAIT_SECONDS):
            if stopped():
                return None
        try:
            return self._backend.talk(ready.prompt, ready.sampling, heard, stopped)
        except DeadEngine:
            self._dead = True
            raise
        finally:
            self._busy.release()

    def rendered(self, ready: Ready) -> str | None:
        """Return the text that the model read; `None` where its engine does not tell."""
        return self._backend.rendered(ready.prompt)

    def close(self) -> None:
        """Give the model back."""
        self._backend.close()

    def _revive(self) -> None:
        """Open the backend anew where its engine ended; DeadEngine where that does not help."""
        if not self._dead:  # whoever asks a busy model need not wait here
            return
        with self._busy:
            if self._dead:
                self._backend.close()
                self._backend, self._dead = _opened(self._request), False


def _opened(request: Request) -> Talker:
    backend = open_backend(request.backend, request.options, HOME, ())
    if not isinstance(backend, Talker):
        backend.close()
        raise UsageError(
            f"{request.backend} does not tell an answer while it comes",
            key="--backend",
            remedy="Take llama, openai or transformers.",
        )
    return backend
