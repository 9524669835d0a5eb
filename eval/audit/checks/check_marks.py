"""Marks around turns: one BOS, an end that stops the model, each open turn closed again."""

import re

from ..findings import Trait, found
from ..rendering.probes import QUESTION
from .cases import Case, Said, shown
from .ends import closing, ends_of
from .families import turn_marks

_LOOKS = re.compile(r"<\|[\w./-]+\|?>|<[\w./-]+\|>|</s>|<\w+_of_turn>")
"""What can be nothing but a control token, whatever the tokenizer says of it."""


def check_bos(case: Case) -> Said:
    """Count the BOS tokens at a prompt's start, as text and as each way of tokenising has them."""
    text, bos = case.text("user"), case.tokens.bos
    if text is None or not bos:
        return
    written = _leading(text, bos)
    encoded = case.encoded.get("user")
    number = (case.tokens.single or {}).get(bos)
    adds = case.tokens.adds_bos
    if encoded is not None and number is not None:
        adds = _count(encoded.with_special, number) > _count(encoded.ids, number)
    yield Trait(
        check="bos",
        value="once" if written == 1 else "none" if written == 0 else "more",
        values={"written": written, "added": None if adds is None else int(adds)},
    )
    if written > 1:
        yield found("audit-bos-doubled", bos=bos, count=written)
    elif written == 0 and bos in (case.head or "") and bos not in (case.after_answer or ""):
        yield found("audit-bos-late", bos=bos, before=shown(text[: text.index(bos)]))
    elif written == 0 and adds:
        yield found("audit-bos-missing", bos=bos)
    elif written == 1 and adds:
        yield found("audit-bos-added-again", bos=bos)


def _leading(text: str, mark: str) -> int:
    count = 0
    while text.startswith(mark, count * len(mark)):
        count += 1
    return count


def _count(ids: tuple[int, ...], number: int) -> int:
    """Return how many of *ids*, from the first, are *number*."""
    return next((place for place, one in enumerate(ids) if one != number), len(ids))


def check_end(case: Case) -> Said:
    """Tell what ends the model's turn, and whether generation stops there."""
    ends, stops, single = ends_of(case), case.tokens.stops, case.tokens.single
    if ends is None:
        return
    # An answer that nothing follows may be closed otherwise, and have an EOS of the text behind it.
    written = list(dict.fromkeys([*closing(case, ends.history), *closing(case, ends.last)]))
    # Some write no mark after an answer: the one that begins the next turn ends it.
    marks = written or case.marks(ends.opening)[:1]
    if not marks:
        yield found("audit-end-missing")
        return
    end = next((mark for mark in marks if mark in (stops or ())), marks[0])
    value = "mark" if written else "next-turn"
    yield Trait(check="end", value=value, values={"mark": shown(end)})
    if single is not None and not any(mark in single for mark in marks):
        yield found("audit-end-not-token", mark=shown(end))
    elif stops is not None and end not in stops:
        yield found("audit-end-not-stop", mark=end, stops=", ".join(stops))
    elif stops is None and not written:
        yield found("audit-end-at-next-turn", mark=end)
    yield from _untold(case, marks)
    shown_marks = _LOOKS.findall(case.text("talk") or "")
    unknown = sorted({mark for mark in shown_marks if single is not None and mark not in single})
    if unknown and unknown != [end]:
        yield found("audit-marks-not-tokens", marks=", ".join(unknown))


def _untold(case: Case, marks: list[str]) -> Said:
    """Tell of an EOS that only the tokenizer names, and of one that fills batches up as well."""
    tokens = case.tokens
    eos, pad = tokens.special.get("eos_token"), tokens.special.get("pad_token")
    if eos and tokens.stops is None and tokens.told and tokens.settings:
        yield found("audit-eos-untold", eos=eos)
    if eos and pad == eos:
        yield found("audit-pad-ends-turn" if eos in marks else "audit-pad-is-eos", eos=eos)


def check_turns(case: Case) -> Said:
    """Tell whether each turn that is opened is closed before the next, also around tools."""
    talk = case.text("talk")
    pair = turn_marks(talk or "")
    if talk is None or pair is None:
        return
    opening, closes = pair[0], _closes(case, pair[1])
    yield Trait(check="turns", value="marks", values={"open": opening, "close": closes})
    for name in ("talk", "long talk", "tool result, user", "tool talk"):
        text = case.text(name)
        if text is None:
            continue
        for turn in text.split(opening)[1:-1]:
            if turn.count(closes) != 1:
                yield found("audit-turns-unbalanced", probe=name, turn=shown(opening + turn))
                return


def _closes(case: Case, known: str) -> str:
    """Return what closes turns: the mark that is *known* to, or another that is there."""
    ends = ends_of(case)
    if ends is None or known in ends.user + ends.history:
        return known
    return next((mark for mark in case.marks(ends.user) if mark in ends.history), known)


def check_injection(case: Case) -> Said:
    """Tell whether control tokens that a user writes reach the model as such."""
    text = case.text("injection")
    if text is None:
        return
    said = text[text.index(QUESTION) :] if QUESTION in text else text
    plain = case.prompt_end or ""
    passed = len(case.marks(said)) > len(case.marks(plain))
    yield Trait(check="control-tokens", value="pass" if passed else "removed")
    if passed:
        yield found("audit-marks-pass")
