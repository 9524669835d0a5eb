"""A try of one model, or of two blindly: who was asked what, what came, and what was said of it."""

import hashlib
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Literal

from msgspec import UNSET

from ...board.read.verdicts import Answered, Begun, Cleared, Line, Outcome, Preference, Verdict
from ...board.statistics.sign_test import SignTest, sign_test
from ...board.words.catalogue import Words
from ...eval.engine import STOPPED, Answer, Message
from ...eval.errors import CardboardError
from ...eval.run.machine import machine
from ...eval.run.result import presentable
from . import log as written
from .conversations import Conversation, Event, Question, Refused, Reply, Settings, Side
from .log import Log
from .models import TriedModel

MOST_CONVERSATIONS, MOST_QUESTIONS, MOST_ANSWERS = 100, 500, 20
"""Of one try, of one try, and to one question."""
_BEAT_SECONDS = 1.0
"""Between two signs of life while the model reads."""


class Tryout:
    """All that happens on the page; several windows may be open at a time."""

    def __init__(
        self,
        models: Sequence[TriedModel],
        log: Log,
        *,
        seed: int,
        own: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Try *models*, one or two, and write it all to *log*; *seed* decides who stands where.

        *own* are a workspace's catalogues, by language, whose messages win.
        """
        self._own = own
        self.models, self.log, self.seed = tuple(models), log, seed
        self.blind = len(self.models) > 1
        self.outcome = None if self.blind else sign_test(0, 0)
        self._conversations: dict[str, Conversation] = {}
        self._questions, self._answers = 0, 0
        self._lock = threading.Lock()
        self._started = _now()
        self._headed = False
        tried = tuple(one.record for one in self.models)
        self._write(
            Begun(
                started_at=self._started,
                models=tried,
                blind=self.blind,
                seed=seed,
                machine=machine(),
            )
        )

    @property
    def hidden(self) -> bool:
        """Tell whether nobody may know yet which model is which."""
        return self.outcome is None

    def words(self, language: str) -> Words:
        """Return the words of *language*; raise `CatalogueError` where there are none."""
        return Words(language, self._own.get(language))

    def open(self, words: Words) -> str:
        """Begin a conversation and return its secret name."""
        with self._lock:
            if len(self._conversations) >= MOST_CONVERSATIONS:
                raise Refused("try.error.conversations")
            name = secrets.token_urlsafe(16)
            self._conversations[name] = Conversation(len(self._conversations) + 1, words)
            return name

    def state(self, name: str) -> Event:
        """Return all that the page shows of a conversation."""
        found = self._conversation(name)
        return {
            "blind": self.blind,
            "hidden": self.hidden,
            "models": [] if self.hidden else [one.name for one in self.models],
            "judged": self._judged(),
            "questions": [self._shown(one) for one in found.questions[found.since :]],
            **self._result(),
        }

    def ask(
        self,
        name: str,
        settings: Settings,
        *,
        text: str | None = None,
        again: int | None = None,
        tell: Callable[[Event], None],
    ) -> None:
        """Ask *text*, or the question *again*, and *tell* the page what comes.

        Raises Refused where that cannot be. What *tell* raises ends the answer: nobody waits.
        """
        conversation = self._conversation(name)
        if not conversation.asking.acquire(blocking=False):
            raise Refused("try.error.busy")
        try:
            conversation.stop.clear()
            question = self._question(conversation, text, again)
            tell({"event": "question", **self._shown(question)})
            for reply in self._replies(conversation, question, settings):
                question.replies.append(reply)
                if not self.hidden:
                    tell({"event": "begun", "question": question.number, **self._told(reply)})
                self._answer(conversation, reply, tell)
                self._keep(conversation, question, reply)
                if not self.hidden:
                    tell({"event": "answer", "question": question.number, **self._told(reply)})
            if self.hidden:
                tell({"event": "question", **self._shown(question)})
        finally:
            conversation.asking.release()

    def stop(self, name: str) -> None:
        """Stop what is being answered in a conversation."""
        self._conversation(name).stop.set()

    def clear(self, name: str) -> None:
        """Forget what was said so far: it is not sent any more, and stays in the log."""
        conversation = self._conversation(name)
        if conversation.asking.locked():
            raise Refused("try.error.busy")
        conversation.since = len(conversation.questions)
        words = conversation.words
        self._write(
            Cleared(conversation=conversation.number, at=_now()),
            f"\n--- {words.text('try.log.cleared')} ---\n",
        )

    def judge(self, name: str, number: int, accepted: bool | None, note: str) -> Event:
        """Accept or reject an answer; `None` takes that back."""
        conversation = self._conversation(name)
        _, reply = self._reply(conversation, number)
        if accepted is not None and (reply.answer is None or reply.error is not None):
            raise Refused("try.error.no-answer")
        reply.accepted, reply.note = accepted, note
        key = {True: "accepted", False: "rejected", None: "taken-back"}[accepted]
        told = conversation.words.text(f"try.log.{key}", number=number)
        self._write(
            Verdict(answer=number, accepted=accepted, note=note, at=_now()),
            f"\n* {told}{f': {note}' if note else ''}\n",
        )
        return {"judged": self._judged(), **self._told(reply)}

    def prefer(self, name: str, number: int, preferred: Side | Literal["tie"], note: str) -> Event:
        """Say which of two answers is better, while nobody knows whose they are."""
        conversation = self._conversation(name)
        question = next((one for one in conversation.questions if one.number == number), None)
        if question is None or not self.blind:
            raise Refused("try.error.unknown")
        if not self.hidden:
            raise Refused("try.error.revealed")
        if not _comparable(question):
            raise Refused("try.error.no-answer")
        question.preferred, question.note = preferred, note
        model = next((one.model for one in question.replies if one.side == preferred), None)
        told = conversation.words.text(f"try.log.{preferred}", number=number)
        self._write(
            Preference(question=number, preferred=model, note=note, at=_now()),
            f"\n* {told}{f': {note}' if note else ''}\n",
        )
        return {"judged": self._judged(), **self._shown(question)}

    def reveal(self, name: str) -> Event:
        """Say which model is which, and how the comparison ended; nothing counts after that."""
        conversation = self._conversation(name)
        with self._lock:
            if self.outcome is None:
                if any(one.asking.locked() for one in self._conversations.values()):
                    raise Refused("try.error.busy")
                self.outcome = self._counted()
                told = {name: getattr(self.outcome, name) for name in _FIELDS}
                self._write(Outcome(**told, at=_now()), self._ended(conversation.words))
        return self.state(name)

    def rendered(self, name: str, number: int) -> str | None:
        """Return the prompt of an answer as the model read it."""
        _, reply = self._reply(self._conversation(name), number)
        if self.hidden:  # a template tells whose it is
            raise Refused("try.error.hidden")
        return self.models[reply.model].rendered(reply.ready)

    def close(self) -> None:
        """Stop every answer and give the models back."""
        for one in self._conversations.values():
            one.stop.set()
        for model in self.models:
            model.close()

    def _write(self, line: Line, text: str = "") -> None:
        try:
            self.log.add(line, text)
        except OSError as error:
            raise Refused("try.error.disk") from error

    def _conversation(self, name: str) -> Conversation:
        found = self._conversations.get(name)
        if found is None:
            raise Refused("try.error.unknown")
        return found

    def _reply(self, conversation: Conversation, number: int) -> tuple[Question, Reply]:
        for question in conversation.questions:
            for reply in question.replies:
                if reply.number == number:
                    return question, reply
        raise Refused("try.error.unknown")

    def _question(
        self, conversation: Conversation, text: str | None, again: int | None
    ) -> Question:
        if again is not None:
            found = next((one for one in conversation.questions if one.number == again), None)
            if found is None or self.blind:
                raise Refused("try.error.unknown")
            if len(found.replies) >= MOST_ANSWERS:
                raise Refused("try.error.answers")
            return found
        if text is None or not text.strip():
            raise Refused("try.error.empty")
        with self._lock:
            if self._questions >= MOST_QUESTIONS:
                raise Refused("try.error.questions")
            self._questions += 1
            question = Question(self._questions, text)
        conversation.questions.append(question)
        return question

    def _replies(
        self, conversation: Conversation, question: Question, settings: Settings
    ) -> list[Reply]:
        """Return who answers where; what is asked is checked before anything is begun."""
        sides: list[tuple[int, Side | None]] = [(0, None)]
        if self.blind:
            first = drawn_first(self.seed, question.number)
            sides = [(first, "a"), (1 - first, "b")]
        messages = self._messages(conversation, question, settings)
        found = []
        for model, side in sides:
            ready = self.models[model].ready(messages, settings.sampling)
            with self._lock:
                self._answers += 1
                found.append(Reply(self._answers, model, side, ready))
        return found

    def _messages(
        self, conversation: Conversation, question: Question, settings: Settings
    ) -> list[Message]:
        """Return what is sent: in a blind comparison each question stands by itself."""
        system = [Message("system", settings.system)] if settings.system.strip() else []
        told = list[Message]()
        if not self.blind:
            since = conversation.questions[conversation.since :]
            before = [one for one in since if one.number < question.number]
            pairs = [(one.text, said) for one in before if (said := one.stands) is not None]
            for asked, said in pairs[len(pairs) - min(settings.turns, len(pairs)) :]:
                told += [Message("user", asked), Message("assistant", said)]
        return [*system, *told, Message("user", question.text)]

    def _answer(
        self, conversation: Conversation, reply: Reply, tell: Callable[[Event], None]
    ) -> None:
        """Have the model answer, telling each piece of it, but for answers that are hidden."""
        beat = [time.monotonic()]

        def heard(kind: Literal["text", "thought"], piece: str) -> None:
            (reply.pieces if kind == "text" else reply.thoughts).append(piece)
            if not self.hidden:
                beat[0] = time.monotonic()
                tell({"event": kind, "answer": reply.number, "piece": piece})

        def stopped() -> bool:
            if time.monotonic() - beat[0] > _BEAT_SECONDS:
                beat[0] = time.monotonic()
                tell({"event": "beat"})
            return conversation.stop.is_set()

        model = self.models[reply.model]
        try:
            found = None if stopped() else model.talk(reply.ready, heard, stopped)
            reply.answer = found or Answer(key="try", text="", finish_reason=STOPPED)
            reply.error = presentable(reply.answer.error)
        except CardboardError as error:
            reply.error = presentable(str(error))
        except OSError:  # the page is gone: what there is, is kept
            reply.answer = Answer(key="try", text=reply.text, finish_reason=STOPPED)
            self._keep(conversation, self._reply(conversation, reply.number)[0], reply)
            raise

    def _keep(self, conversation: Conversation, question: Question, reply: Reply) -> None:
        """Write an answer to the log; in a blind comparison without saying whose it is."""
        answer, words = reply.answer, conversation.words
        figures = reply.figures
        told = [
            words.text(f"try.figure.{key}", value=f"{figures[key]:.{digits}f}")
            for key, digits in (("tokens", 0), ("first", 2), ("speed", 1))
            if figures[key] is not None and not self.hidden
        ]
        told += [reply.error] if reply.error else []
        who = words.text(f"try.{reply.side}") if self.hidden else self.models[reply.model].name
        text = "" if self._headed else self._head(words)
        self._headed = True
        if question.replies[0] is reply:
            text += written.question(words, question.number, question.text)
        text += written.answer(
            f"{who} #{reply.number}", reply.text, "; ".join(told), reply.ready.sent
        )
        line = Answered(
            answer=reply.number,
            question=question.number,
            conversation=conversation.number,
            model=reply.model,
            side=reply.side,
            messages=reply.ready.prompt.messages,
            sent=reply.ready.sent,
            protocol=reply.ready.protocol,
            prompts=reply.ready.prompts,
            text=reply.text if reply.error is None or reply.text else None,
            said=(answer.said if answer else None) or UNSET,
            finish_reason=answer.finish_reason if answer else None,
            error=reply.error,
            prompt_tokens=answer.prompt_tokens if answer else None,
            output_tokens=answer.output_tokens if answer else None,
            seconds=answer.seconds if answer else None,
            timing=(answer.timing if answer else None) or UNSET,
            system_fingerprint=answer.system_fingerprint if answer else None,
            at=_now(),
        )
        self._write(line, text)

    def _head(self, words: Words) -> str:
        names = [] if self.hidden else [(one.name, one.sha256) for one in self.models]
        return written.heading(words, names, self._started)

    def _ended(self, words: Words) -> str:
        """Return how a blind comparison ended, for the log: who stood where, and the test."""
        lines = [f"--- {words.text('try.log.revealed')} ---"]
        questions = [q for one in self._conversations.values() for q in one.questions]
        for question in sorted(questions, key=lambda one: one.number):
            names = [
                f"{words.text(f'try.{one.side}')} = {self.models[one.model].name}"
                for one in question.replies
            ]
            lines.append(f"[{question.number}] {', '.join(names)}")
        assert self.outcome is not None
        lines.append(said_of(words, self.outcome, self.models[0].name, self.models[1].name))
        return "\n" + "\n".join(lines) + "\n"

    def _counted(self) -> SignTest:
        won = lost = tied = 0
        for conversation in self._conversations.values():
            for question in conversation.questions:
                if question.preferred == "tie":
                    tied += 1
                elif question.preferred is not None:
                    sides = {one.side: one.model for one in question.replies}
                    first = sides[question.preferred] == 0
                    won, lost = won + first, lost + (not first)
        return sign_test(won, lost, tied)

    def _judged(self) -> Event:
        questions = [q for one in self._conversations.values() for q in one.questions]
        replies = [reply for question in questions for reply in question.replies]
        return {
            "accepted": sum(one.accepted is True for one in replies),
            "rejected": sum(one.accepted is False for one in replies),
            "compared": sum(one.preferred is not None for one in questions),
        }

    def _shown(self, question: Question) -> Event:
        # The one that came first would tell whose it is.
        early = self.hidden and not all(one.done for one in question.replies)
        return {
            "question": question.number,
            "text": question.text,
            "replies": [] if early else [self._told(one) for one in question.replies],
            "comparable": self.hidden and _comparable(question),
            "preferred": question.preferred,
            "note": question.note,
        }

    def _told(self, reply: Reply) -> Event:
        """Return what the page may know of an answer."""
        told: Event = {
            "answer": reply.number,
            "side": reply.side,
            "text": reply.text,
            "accepted": reply.accepted,
            "note": reply.note,
            "failed": reply.error is not None,
            "done": reply.done,
        }
        if self.hidden:
            return told
        return told | {
            "model": self.models[reply.model].name,
            "thought": reply.thought,
            "error": reply.error,
            "sent": dict(reply.ready.sent),
            "figures": reply.figures,
        }

    def _result(self) -> Event:
        if not self.blind or self.outcome is None:
            return {}
        names = [one.name for one in self.models]
        return {"outcome": {name: getattr(self.outcome, name) for name in _FIELDS}, "names": names}


_FIELDS = SignTest.__struct_fields__


def drawn_first(seed: int, question: int) -> Literal[0, 1]:
    """Return which model gives answer A to a question: a bit of SHA-256 of `SEED QUESTION`."""
    return 1 if hashlib.sha256(f"{seed} {question}".encode()).digest()[0] & 1 else 0


def said_of(words: Words, found: SignTest, first: str, second: str) -> str:
    """Return in words how a blind comparison ended."""
    if found.share is None:
        return words.text("try.outcome.none", tied=found.tied)
    values: Mapping[str, object] = {
        "first": first,
        "second": second,
        "won": found.won,
        "decided": found.won + found.lost,
        "share": f"{100 * found.share:.0f}",
        "low": f"{100 * found.low:.0f}",
        "high": f"{100 * found.high:.0f}",
        "tied": found.tied,
        "p": f"{found.p:.4f}",
    }
    key = "apart" if found.p < 0.05 else "alike"
    return f"{words.text('try.outcome.counts', **values)} {words.text(f'try.outcome.{key}')}"


def _comparable(question: Question) -> bool:
    return len(question.replies) == 2 and all(one.usable for one in question.replies)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
