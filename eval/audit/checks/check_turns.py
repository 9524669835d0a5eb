"""Do the words of each role arrive, in which turns, and may the model speak after them?"""

import re

from ..findings import Trait, found
from ..rendering.probes import ANSWER, QUESTION, QUESTION_2, SYSTEM, SYSTEM_2
from .cases import Case, Said, before, between, difference, shown
from .ends import THOUGHT, ends_of

_ROLE = re.compile(r"assistant|model|chatbot|\bbot\b|\bgpt\b|\bai\b|\[/INST\]", re.IGNORECASE)
"""How the one is called who answers."""


def check_program(case: Case) -> Said:
    """Tell of a template that is no Jinja, or uses more than it may."""
    codes = {
        "time": "audit-endless",
        "memory": "audit-memory",
        "output": "audit-output",
        "crash": "audit-crash",
        "syntax": "audit-syntax",
    }
    worst = {one.problem: one.error for one in reversed(tuple(case.renders.values()))}
    for problem, code in codes.items():
        if problem in worst:
            yield found(code, error=worst[problem])
    if "escape" in worst or case.inspection.hidden:
        yield found("audit-escape", what=worst.get("escape") or ", ".join(case.inspection.hidden))
    if case.text_known:
        yield Trait(check="template", value="found")
    if case.inspection.foreign:
        yield found("audit-statement-foreign", statements=", ".join(case.inspection.foreign))


def check_user(case: Case) -> Said:
    """Tell whether the words of a single user arrive."""
    text, error = case.text("user"), case.error("user")
    if error is not None:
        yield found("audit-user-refused", error=error)
    elif text is not None and QUESTION not in text:
        yield found("audit-user-lost", prompt=shown(text))
    elif text is not None:
        changed = case.text("blanks")
        if changed is not None and f"  {QUESTION}\n\n" not in changed:
            yield found("audit-blanks-changed")
        yield Trait(check="user", value="arrives")


def check_system(case: Case) -> Said:
    """Tell whether a system turn has one of its own, goes into the user's, or nowhere."""
    text, error = case.text("system"), case.error("system")
    if not case.heard:
        return
    if error is not None:
        yield Trait(check="system", value="refused")
        yield found("audit-system-refused", error=error)
        return
    lead = before(text, SYSTEM)
    if text is None:
        return
    if lead is None:
        yield found("audit-system-lost")
    elif QUESTION not in text:
        # Of a template for a single turn nobody can tell; of another, a turn is lost.
        if case.text("talk") != case.text("user"):
            yield found("audit-turn-lost", words=QUESTION)
    elif lead.startswith((case.head or "").rstrip()):
        yield Trait(check="system", value="folded")
        yield found("audit-system-folded")
    else:
        yield Trait(check="system", value="supported")
        yield from _further(case)


def _further(case: Case) -> Said:
    """Tell of system turns that are not the first one, or not alone, and of developers' turns."""
    later = case.text("second system")
    if (error := case.error("second system")) is not None:
        yield found("audit-second-system-refused", error=error)
    elif later is not None and SYSTEM_2 not in later:
        yield found("audit-second-system-lost")
    beside = case.text("system and tools")
    if beside is not None and SYSTEM not in beside:
        yield found("audit-system-lost-with-tools")
    developer = case.text("developer")
    if (error := case.error("developer")) is not None:
        yield found("audit-developer-refused", error=error)
    elif developer is not None and SYSTEM not in developer:
        yield found("audit-developer-lost")


def check_alternation(case: Case) -> Said:
    """Tell whether turns must alternate, and whether a plain talk arrives whole."""
    talk, error = case.text("talk"), case.error("talk")
    if not case.heard:
        return
    if error is not None:
        yield found("audit-talk-refused", error=error)
    elif talk is not None and talk == case.text("user"):
        yield found("audit-one-turn")
        return
    elif talk is not None and (missing := _missing(talk, QUESTION, ANSWER, QUESTION_2)):
        yield found("audit-turn-lost", words=missing)
    two = case.text("two users")
    if two is not None:
        if missing := _missing(two, QUESTION, QUESTION_2):
            yield found("audit-turn-lost", words=missing)
        yield Trait(check="alternation", value="free")
    elif (error := case.error("two users")) is not None:
        yield Trait(check="alternation", value="demanded")
        yield found("audit-alternation", error=error)


def _missing(text: str, *words: str) -> str | None:
    return next((one for one in words if one not in text), None)


def check_prompt(case: Case) -> Said:
    """Tell what the generation prompt adds, and whether an answer would begin where answers do."""
    asked, plain = case.text("user"), case.text("user, no prompt")
    end = case.prompt_end
    if asked is None or plain is None or end is None:
        return
    added = asked.removeprefix(plain) if asked.startswith(plain) else None
    if added is not None:
        value = "always" if not added and _opens(case) else "adds" if added else "nothing"
        yield Trait(check="generation-prompt", value=value, values={"text": shown(added or end)})
    elif _only_closed(case, asked, plain):
        yield Trait(check="generation-prompt", value="adds", values={"text": shown(_added(case))})
    else:
        _, without, with_ = difference(plain, asked)
        yield found("audit-prompt-rewrites", without=without, with_prompt=with_)
    usual = between(case.text("answered"), QUESTION, ANSWER) or ""
    missing = usual.removeprefix(end) if usual.startswith(end) else ""
    # A thought that stands before each earlier answer is for the model to write.
    if THOUGHT.sub("", missing).strip():
        code = "audit-prompt-cut" if added == "" and not _opens(case) else "audit-prompt-short"
        yield found(code, missing=shown(missing))
    yield from _boundary(case)
    ours, theirs = (THOUGHT.sub("", text).strip() for text in (end, usual))
    if not (ours.startswith(theirs) or theirs.startswith(ours)):
        _, opens, answers = difference(end, usual)
        yield found("audit-prompt-other", prompt=opens, answers=answers)


def _boundary(case: Case) -> Said:
    """Tell whether the prompt ends within what is one token where an answer follows.

    That is so of a blank before words. Where no tokenizer tells, a blank is taken for one.
    """
    prompt, whole = case.encoded.get("user"), case.encoded.get("talk answered")
    asked, talk = case.text("user") or "", case.text("talk answered") or ""
    end = asked[-12:]
    if prompt is not None and whole is not None:
        ids = prompt.ids
        if talk.startswith(asked) and whole.ids[: len(ids)] != ids:
            yield found("audit-prompt-boundary", end=shown(end))
    elif asked != asked.rstrip(" \t") and talk.startswith(asked):
        yield found("audit-prompt-boundary", end=shown(end))


def _added(case: Case) -> str:
    """Return what stands between a user's turn, closed, and the answer that is asked for."""
    ends = ends_of(case)
    return (case.prompt_end or "").removeprefix(ends.user if ends else "")


def _only_closed(case: Case, asked: str, plain: str) -> bool:
    """Tell whether all that the prompt changes is an EOS which closes the text without it."""
    ends = ends_of(case)
    said = plain.rfind(QUESTION) + len(QUESTION)
    if ends is None or plain[:said] != asked[:said] or not plain.startswith(ends.user, said):
        return False
    rest = plain[said + len(ends.user) :].strip()
    return case.marks(rest) == [rest]


def _opens(case: Case) -> bool:
    """Tell whether the model's turn is opened after a user's, whether that is asked for or not."""
    end, ends = case.prompt_end or "", ends_of(case)
    if _ROLE.search(end):
        return True
    return ends is not None and bool(end.removeprefix(ends.user).strip())
