"""What a template reads beside the messages: the switch for thinking, the date, other settings."""

from ..findings import Trait, found
from ..rendering.probes import ANSWER, THOUGHT
from .cases import Case, Said, difference

THOUGHT_MARKS = ("<think>", "</think>", "<|channel>", "[THINK]", "<|think|>", "reasoning_content")
_GIVEN_ALWAYS = {
    "messages",
    "tools",
    "documents",
    "add_generation_prompt",
    "raise_exception",
    "strftime_now",
    "namespace",
    "range",
    "dict",
    "lipsum",
    "cycler",
    "joiner",
}


def check_thinking(case: Case) -> Said:
    """Tell whether `enable_thinking` changes anything, and what stands where it is not given."""
    plain, on, off = (case.text(name) for name in ("user", "thinking on", "thinking off"))
    if plain is None or on is None or off is None:
        return
    if on != off:
        yield Trait(check="thinking", value="on" if plain == on else "off")
        return
    if case.switches:
        names = ", ".join(case.switches)
        yield Trait(check="thinking", value="other", values={"names": names})
        yield found("audit-thinking-other", name="enable_thinking", names=names)
        return
    about = [*case.inspection.literals, *case.inspection.names, plain]
    thinks = any(mark in text for mark in THOUGHT_MARKS for text in about)
    yield Trait(check="thinking", value="no-switch" if thinks else "none")
    if thinks:
        yield found("audit-thinking-ignored", name="enable_thinking")


def check_thoughts(case: Case) -> Said:
    """Tell whether thoughts of earlier answers stay in the prompt."""
    held = {
        name: THOUGHT in text
        for name in ("thought in field", "thought in text")
        if (text := case.text(name)) is not None
    }
    if held:
        words = {(True, True): "kept", (True, False): "field", (False, True): "text"}
        # Only of a template that writes thoughts somewhere can it be said that it takes them away.
        if (now := case.text("answered with thought")) is not None:
            yield from _taken_away(case, THOUGHT in now)
        both = (held.get("thought in field", False), held.get("thought in text", False))
        yield Trait(check="thoughts", value=words.get(both, "stripped"))


def _taken_away(case: Case, written: bool) -> Said:
    """Tell that thoughts are gone once the next question is asked, and with them what is cached."""
    later = case.text("thought in field")
    if written and later is not None and THOUGHT not in later:
        yield found("audit-thoughts-stripped")
        return
    in_text = case.text("thought in text")
    if in_text is not None and ANSWER in in_text and THOUGHT not in in_text:
        yield found("audit-thoughts-stripped")


def check_date(case: Case) -> Said:
    """Tell whether the same conversation renders otherwise on another day."""
    for early, late in (("user", "user later"), ("now", "later")):
        first, second = case.text(early), case.text(late)
        if first is not None and second is not None and first != second:
            _, today, other = difference(first, second)
            yield Trait(check="date", value="shown")
            yield found("audit-date", today=today, other=other)
            return
    if case.text("user later") is not None:
        yield Trait(check="date", value="none")


def check_kwargs(case: Case) -> Said:
    """Tell which settings the template reads, and which of those given it does not."""
    if not case.text_known:
        return
    given = _GIVEN_ALWAYS | set(case.tokens.special)
    read = [
        name for name in case.inspection.names if name not in given and not name.endswith("_token")
    ]
    yield Trait(check="kwargs", value="read" if read else "none", values={"names": ", ".join(read)})
    for name in sorted(case.kwargs):
        if name not in read:
            yield found("audit-kwarg-unread", name=name)
