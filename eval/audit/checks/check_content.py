"""What becomes of contents that are more than a line of English: tools, nulls, parts, Korean."""

import re
from collections.abc import Sequence

from msgspec.json import encode

from ...suites.kinds.calls.parsers.families import FAMILIES
from ...suites.kinds.calls.parsers.reading import Call, Reading
from ..findings import Trait, found
from ..rendering.probes import (
    ANSWER,
    ARGUMENTS,
    HARBOUR,
    HARBOUR_2,
    KOREAN,
    QUESTION,
    RESULT,
    RESULT_2,
    TOOL,
)
from .cases import Case, Said, after, between, shown

_KINDS = {str: "string", int: "integer", bool: "boolean", list: "array"}
_SCHEMAS = {
    TOOL: {"properties": {key: {"type": _KINDS[type(one)]} for key, one in ARGUMENTS.items()}}
}


def check_tools(case: Case) -> Said:
    """Tell whether tools are listed, calls and results kept, arguments taken in both forms."""
    if not case.heard:
        return
    listed, error = case.text("tools"), case.error("tools")
    if error is not None:
        yield Trait(check="tools", value="refused")
        yield found("audit-tools-refused", error=error)
        return
    if listed is None:
        return
    if TOOL not in listed:
        yield Trait(check="tools", value="ignored")
        yield found("audit-tools-ignored")
        return
    yield Trait(check="tools", value="supported")
    if "조석표" not in listed:
        yield found("audit-tools-escaped")
    yield from _calls(case)


def _calls(case: Case) -> Said:
    call, result = case.text("tool call"), case.text("tool result")
    refused = case.error("tool call") or case.error("tool result")
    if refused is not None:
        yield found("audit-tools-refused", error=refused)
    if call is not None and HARBOUR not in call:
        yield found("audit-tool-call-lost")
    if result is not None and RESULT not in result:
        yield found("audit-tool-result-lost")
    yield from _second_call(case)
    as_text = case.renders.get("tool call, text arguments")
    if call is not None and as_text is not None:
        if as_text.problem == "refused":
            yield found("audit-tool-arguments", reason=as_text.error)
        elif f'\\"{"harbour"}' in (as_text.text or ""):
            yield found("audit-tool-arguments", reason="quoted again")


def _second_call(case: Case) -> Said:
    """Tell what becomes of the second of two calls in one turn, and of what came of it."""
    if HARBOUR not in (case.text("tool call") or ""):
        return
    both, results = case.text("two calls"), case.text("two results")
    refused = case.error("two calls") or case.error("two results")
    if refused is not None:
        yield found("audit-second-call-refused", error=refused)
    elif both is not None and HARBOUR_2 not in both:
        yield found("audit-second-call-lost", words=HARBOUR_2)
    elif results is not None and RESULT in results and RESULT_2 not in results:
        yield found("audit-second-call-lost", words=RESULT_2)


def check_calls(case: Case) -> Said:
    """Tell whether a call in the history can be read again, and which families' readers do."""
    text = case.text("call again")
    if text is None or HARBOUR not in (case.text("tool call") or ""):
        return
    turn = _turn(case, text)
    readings = {family.name: family.read(turn, _SCHEMAS) for family in FAMILIES}
    right = [name for name, one in readings.items() if _is_right(one)]
    own = next((one for one in FAMILIES if re.search(one.begins, turn)), None)
    if right:
        yield Trait(check="calls", value="read", values={"by": ", ".join(right)})
    elif own is None:
        yield Trait(check="calls", value="unread")
        yield found("audit-call-unread", text=shown(turn))
    else:
        yield Trait(check="calls", value="changed", values={"by": own.name})
        yield found("audit-call-changed", family=own.name, now=_told(readings[own.name]))


def _turn(case: Case, text: str) -> str:
    """Return the turn that calls, without what opens and closes a turn of the model."""
    turn = after(text, QUESTION) or text
    opening = between(case.text("answered"), QUESTION, ANSWER) or ""
    return turn.removeprefix(opening).removesuffix(case.after_answer or "")


def _is_right(reading: Reading) -> bool:
    return _exact(reading.calls) == _exact([Call(TOOL, dict(ARGUMENTS))])


def _exact(calls: Sequence[Call]) -> bytes:
    return encode(calls, order="sorted")


def _told(reading: Reading) -> str:
    if reading.broken is not None:
        return reading.broken
    said = [f"{one.name} {encode(one.arguments).decode()}" for one in reading.calls]
    return shown("; ".join(said)) if said else "no call"


def check_null(case: Case) -> Said:
    """Tell what a call without words does, whose content clients send as null."""
    if case.text("tool result") is None or TOOL not in (case.text("tools") or ""):
        return
    left_out, kept = case.error("null content"), case.error("null kept")
    if left_out is not None:
        yield found("audit-null-refused", error=left_out)
    if kept is not None:
        yield found("audit-null-kept", error=kept)
    printed = case.text("null kept") or ""
    if printed.count("None") > (case.text("tool result, no prompt") or "").count("None"):
        yield found("audit-null-printed")
    yield Trait(check="null-content", value="refused" if left_out or kept else "taken")


def check_parts(case: Case) -> Said:
    """Tell whether content may be a list of parts, as clients of the OpenAI API send it."""
    text, error = case.text("content parts"), case.error("content parts")
    if case.typed:
        yield Trait(check="content-parts", value="only")
        yield found("audit-parts-only")
    elif error is not None:
        yield Trait(check="content-parts", value="refused")
        yield found("audit-parts-refused", error=error)
    elif text is not None and "'type'" in text:
        yield Trait(check="content-parts", value="printed")
        yield found("audit-parts-printed", prompt=shown(text))
    elif text is not None and QUESTION not in text:
        yield found("audit-parts-lost")
    elif text is not None:
        yield Trait(check="content-parts", value="taken")


def check_korean(case: Case) -> Said:
    """Tell whether Korean, emoji and signs arrive letter for letter."""
    text = case.text("korean")
    if text is None or not case.heard:
        return
    if KOREAN not in text:
        yield found("audit-text-changed", prompt=shown(text))
    yield Trait(check="unicode", value="kept" if KOREAN in text else "changed")
