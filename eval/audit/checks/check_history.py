"""What is rendered again with each turn: prefixes that must stay, masks that cover answers."""

from itertools import pairwise

from ..findings import Trait, found
from ..rendering.probes import ANSWER, ANSWER_2, QUESTION, QUESTION_2
from .cases import Case, Said, difference
from .ends import ends_of, spans_of
from .masks import Turn, covered, fault, letters

_WORDS = (QUESTION, ANSWER, QUESTION_2, ANSWER_2)
_GROWING = ("user, no prompt", "answered", "talk, no prompt", "talk answered")


def check_prefix(case: Case) -> Said:
    """Tell whether a longer talk begins with the shorter, as caches of prefixes need it."""
    texts = [case.text(name) for name in _GROWING]
    for shorter, longer in pairwise(texts):
        if shorter is None or longer is None or not any(words in shorter for words in _WORDS):
            return
        # How the last turn is closed is not yet history: a token, and some close it otherwise.
        if not longer.startswith(_history(shorter)):
            place, was, now = difference(shorter, longer)
            yield Trait(check="prefix", value="rewritten")
            yield found("audit-history-rewritten", lost=len(shorter) - place, was=was, now=now)
            return
    asked, talk = case.text("user"), case.text("answered")
    kept = asked is not None and talk is not None and talk.startswith(asked)
    yield Trait(check="prefix", value="whole" if kept else "history")


def _history(text: str) -> str:
    """Return *text* up to the end of its last words of a user or the model."""
    said = max(text.rfind(words) + len(words) for words in _WORDS if words in text)
    return text[:said]


def check_mask(case: Case) -> Said:
    """Tell whether the blocks `generation` cover answers and their ends, and nothing else."""
    rendered = case.renders.get("talk answered")
    if rendered is None or rendered.text is None or not case.text_known:
        return
    if not case.inspection.marks_generation:
        yield Trait(check="mask", value="absent")
        yield found("audit-mask-absent")
        return
    text = rendered.text
    encoded = case.encoded.get("talk answered")
    cells = encoded.spans if encoded else letters(text)
    ends = ends_of(case)
    if ends is None:
        return
    turns = [
        Turn(opens, start, end, begins, last)
        for begins, opens, start, end, last in spans_of(case, ends, text)
    ]
    wrong = fault(text, covered(rendered.spans, cells), cells, turns)
    if wrong is None:
        yield Trait(check="mask", value="tokens" if encoded else "letters")
        return
    yield Trait(check="mask", value="wrong")
    yield found(f"audit-mask-{wrong.kind}", text=wrong.text)
