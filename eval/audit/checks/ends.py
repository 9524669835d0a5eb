"""Where the model's turns begin and end in a render: up to the next turn, by comparing probes."""

import re

from msgspec import Struct

from ..rendering.probes import ANSWER, ANSWER_2, QUESTION, QUESTION_2
from .cases import Case, after, between

THOUGHT = re.compile(
    r"</?(?:think|thought|reasoning|seed:think)>|\[/?THINK\]|<\|channel>thought|<channel\|>"
    r"|<\|(?:START|END)_THINKING\|>|<\|START_(?:RESPONSE|TEXT)\|>"
)
"""Marks around thoughts, and around what is said behind them."""
_TURNS = ((QUESTION, ANSWER, QUESTION_2), (QUESTION_2, ANSWER_2, None))
"""What is asked, what is answered, what follows."""
LONGEST = 2000
"""Letters of what may stand between turns, and is looked at."""
_WORD = re.compile(r"\w")


class Ends(Struct, frozen=True, kw_only=True):
    """What stands around turns."""

    user: str
    """What closes a user's turn, before the model's is opened."""
    opening: str
    """What opens a user's turn."""
    history: str
    """What closes an answer that is followed by a user's turn."""
    last: str
    """What closes an answer that nothing follows."""


def ends_of(case: Case) -> Ends | None:
    """Return what closes turns in *case*; `None` where the probes that tell it did not come out."""
    answered, talk = case.text("answered"), case.text("talk")
    usual = between(answered, QUESTION, ANSWER)
    follows, last = between(talk, ANSWER, QUESTION_2), after(answered, ANSWER)
    if usual is None or follows is None or last is None:
        return None
    alone = after(case.text("user, no prompt"), QUESTION)
    two = between(case.text("two users"), QUESTION, QUESTION_2)
    user = _together(case, *(one for one in (alone, usual, two) if one is not None))
    opening = two.removeprefix(user) if two is not None and two.startswith(user) else ""
    if not opening.strip() or not follows.endswith(opening):
        # A system turn before the first user's is closed as answers are: that is no opening.
        closed = _together(case, follows, last)
        opening = _shared_end(case, follows[len(closed) :], case.head or "")
    history = follows.removesuffix(opening)
    return Ends(user=user, opening=opening, history=history, last=last)


def closing(case: Case, text: str) -> list[str]:
    """Return the marks in *text*, which stands behind an answer; without marks, its words."""
    return case.marks(text) or [word for word in (text.strip(),) if word]


def spans_of(case: Case, ends: Ends, text: str) -> list[tuple[int, int, int, int, int]]:
    """Return the two answers in *text*, the render of `talk answered`, each by five places.

    Where its turn begins, where the prompt ends, where its words begin, where its closing mark
    ends, and where all ends that may be covered: before the next turn, or with the text.
    """
    found = []
    for question, answer, follower in _TURNS:
        if question not in text or answer not in text:
            continue
        asked, start = text.index(question) + len(question), text.index(answer)
        end = start + len(answer)
        if follower is None:
            tail = text[end:]
        else:
            tail = (between(text, answer, follower) or "").removesuffix(ends.opening)
            if not tail.strip():
                # Where nothing else closes an answer, the mark of the next turn is what stops it.
                tail += ends.opening[: _first_mark(case, ends.opening)]
        head = ends.user if text.startswith(ends.user, asked) else ""
        opens = asked + _alike(text[asked:start], _without_thought(case.prompt_end))
        begins = min(asked + len(head), opens)
        closed = end + _closed(case, ends, tail)
        found.append((begins, min(opens, start), start, closed, end + len(tail)))
    return found


def _first_mark(case: Case, text: str) -> int:
    """Return where the first mark in *text* ends; 0 where there is none."""
    mark = next(iter(case.marks(text)), "")
    return text.index(mark) + len(mark) if mark else 0


def _without_thought(prompt: str | None) -> str:
    """Return the end of a prompt without marks of thoughts at its end: they may be trained."""
    text = prompt or ""
    first = THOUGHT.search(text)
    return text[: first.start()] if first else text


def _closed(case: Case, ends: Ends, tail: str) -> int:
    """Return how much of *tail*, which follows an answer, is needed for the model to stop."""
    # Some put an EOS behind the last turn, which closed as the others do.
    told = ends.history if ends.history.strip() and tail.startswith(ends.history) else tail
    marks = case.marks(told) if ends.history.strip() or not ends.opening.startswith(tail) else []
    if not marks:
        return 0
    stops = case.tokens.stops or ()
    needed = next((mark for mark in marks if mark in stops), marks[-1])
    return told.index(needed) + len(needed)


def _alike(*texts: str) -> int:
    """Return with how many letters all *texts* begin alike."""
    letters = enumerate(zip(*texts, strict=False))
    return next((at for at, one in letters if len({*one}) > 1), min(map(len, texts), default=0))


def _together(case: Case, *texts: str) -> str:
    """Return what all *texts* begin with, no mark and no word cut in two."""
    near = [text[:LONGEST] for text in texts]
    shared = _alike(*near)
    cuts = [_uncut(text, shared, _inside_marks(case, text)) for text in near]
    return texts[0][: min(cuts)] if texts else ""


def _shared_end(case: Case, text: str, other: str) -> str:
    """Return what *text* and *other* end in, no mark and no word cut in two."""
    text, other = text[-LONGEST:], other[-LONGEST:]
    length = _alike(text[::-1], other[::-1])
    here, there = _inside_marks(case, text), _inside_marks(case, other)
    for place in range(len(text) - length, len(text)):
        elsewhere = len(other) - (len(text) - place)
        whole = _uncut(text, place, here) == place
        if whole and _uncut(other, elsewhere, there) == elsewhere:
            return text[place:]
    return ""


def _inside_marks(case: Case, text: str) -> dict[int, int]:
    """Return where marks begin, by all places inside of them."""
    found, at = {}, 0
    for mark in case.marks(text):
        at = text.index(mark, at)
        found.update(dict.fromkeys(range(at + 1, at + len(mark)), at))
        at += len(mark)
    return found


def _uncut(text: str, place: int, marks: dict[int, int]) -> int:
    """Return *place* in *text*, or where the mark or word begins that it is inside of."""
    if place in marks:
        return marks[place]
    while 0 < place < len(text) and _WORD.match(text[place - 1]) and _WORD.match(text[place]):
        place -= 1
    return place
