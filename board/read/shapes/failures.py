"""Calls that failed and were kept as answers: every way in which evaluators tell it."""

import re
from collections.abc import Sequence
from operator import attrgetter

from msgspec.structs import replace

from ....eval.records import Step
from ...words.machines import without_paths

_REASONS = frozenset(
    {"error", "failed", "failure", "timeout", "abort", "aborted", "cancelled", "canceled"}
)
"""Finish reasons of answers that never came to an end of their own."""

# The body of a server's refusal, or a line that begins with the word and says what a network does.
_TEXT = re.compile(
    r'\s*(?:\{\s*"error"\s*:\s*[\{"]'
    r"|[\[<*]?(?:[\w.]{0,80}(?:error|exception|timeout)|timed out)\b.{0,80}?"
    r"(?:\b[45]\d\d\b|time[sd]?[ -]?out|connect|rate.?limit|quota|overload|unavailable|"
    r"out of memory|server|request))",
    re.IGNORECASE | re.DOTALL,
)
_BEGINS = re.compile(r'\s*(?:\{\s*"error"|[^{\s])')


def words(error: object) -> str | None:
    """Return what an evaluator wrote of a failed call, without addresses and paths, as one line.

    `None` where it says that nothing failed.
    """
    if not error:
        return None
    told = error if isinstance(error, str) else "error"
    return without_paths(re.sub(r"https?://\S+", "…", told)).split("\n")[0][:200] or "error"


def is_error_text(answer: str) -> bool:
    """Tell whether a server's or a client's error was kept in place of an answer."""
    return bool(_BEGINS.match(answer)) and bool(_TEXT.match(answer))


def failed(step: Step, error: str) -> Step:
    """Return *step* as one that was never answered, whatever score it was given."""
    return replace(step, scored=False, error=error, parsed=None, scores={})


def without_failed(rows: Sequence[Step]) -> Sequence[Step]:
    """Return *rows*, those whose call failed by their own word without their scores."""
    reasons = {row.finish_reason for row in rows}
    if (
        _REASONS.isdisjoint(reason.casefold() for reason in reasons if reason)
        and not any(map(attrgetter("error"), rows))
        and not any(map(is_error_text, filter(None, map(attrgetter("answer"), rows))))
    ):
        return rows
    return tuple(
        failed(row, what) if row.scored and (what := _what_failed(row)) else row for row in rows
    )


def _what_failed(row: Step) -> str | None:
    if row.error:
        return words(row.error)
    if row.finish_reason is not None and row.finish_reason.casefold() in _REASONS:
        return f"finish_reason {row.finish_reason}"[:200]
    return words(row.answer) if row.answer and is_error_text(row.answer) else None
