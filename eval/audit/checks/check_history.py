"""What is rendered again with each turn: prefixes that must stay, masks that cover answers."""

from itertools import pairwise

from ..findings import Trait, found
from ..rendering.probes import ANSWER, ANSWER_2, QUESTION, QUESTION_2
from .cases import Case, Said, difference
from .masks import Turn, covered, fault, letters

_GROWING = ("user, no prompt", "answered", "talk, no prompt", "talk answered")


def check_prefix(case: Case) -> Said:
    """Tell whether a longer talk begins with the shorter, as caches of prefixes need it."""
    texts = [case.text(name) for name in _GROWING]
    for shorter, longer in pairwise(texts):
        if shorter is None or longer is None:
            return
        if not longer.startswith(shorter):
            place, was, now = difference(shorter, longer)
            yield Trait(check="prefix", value="rewritten")
            yield found("audit-history-rewritten", lost=len(shorter) - place, was=was, now=now)
            return
    asked, talk = case.text("user"), case.text("answered")
    kept = asked is not None and talk is not None and talk.startswith(asked)
    yield Trait(check="prefix", value="whole" if kept else "history")


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
    turns = [_turn(case, text, *pair) for pair in ((QUESTION, ANSWER), (QUESTION_2, ANSWER_2))]
    wrong = fault(text, covered(rendered.spans, cells), cells, [one for one in turns if one])
    if wrong is None:
        yield Trait(check="mask", value="tokens" if encoded else "letters")
        return
    yield Trait(check="mask", value="wrong")
    yield found(f"audit-mask-{wrong.kind}", text=wrong.text)


def _turn(case: Case, text: str, question: str, answer: str) -> Turn | None:
    """Return where the *answer* to *question* stands in *text*."""
    if question not in text or answer not in text:
        return None
    start = text.index(answer)
    asked = text.index(question) + len(question)
    prompt = case.prompt_end or ""
    opens = asked + len(prompt) if text.startswith(prompt, asked) else start
    end = start + len(answer)
    mark = next(iter(case.marks(case.after_answer or "")), "")
    if mark and mark in text[end:]:
        end = text.index(mark, end) + len(mark)
    return Turn(min(opens, start), start, end)
