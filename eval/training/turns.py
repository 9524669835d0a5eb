"""One conversation of the training side: rendered whole, and as it would be served."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from ..audit.checks.cases import difference
from ..audit.checks.masks import Turn, covered, fault, letters
from ..audit.findings import Finding, found
from ..audit.rendering.encoding import Encoded
from ..sandbox.rendering import Job, Program, Rendered
from .rows import Row


class Asked(Struct, frozen=True, kw_only=True):
    """One answer of the model in a conversation."""

    served: Rendered
    """The prompt that it would be asked with."""
    closed: Rendered
    """The conversation up to its end."""
    words: str
    """Its content."""


class Trial(Struct, frozen=True, kw_only=True):
    """A conversation with all its renders."""

    line: int
    row: Row
    whole: Rendered
    """As it is trained on."""
    asked: tuple[Asked, ...]


def jobs_of(row: Row, trained: Program, served: Program) -> list[Job]:
    """Return the renders that a conversation needs: whole, and two for each answer."""
    jobs = [_job(row, trained, len(row.turns), prompt=False)]
    for place, turn in enumerate(row.turns):
        if turn["role"] == "assistant":
            jobs.append(_job(row, served, place, prompt=True))
            jobs.append(_job(row, served, place + 1, prompt=False))
    return jobs


def _job(row: Row, program: Program, turns: int, *, prompt: bool) -> Job:
    return Job(
        program=program,
        messages=row.turns[:turns],
        tools=row.listed,
        prompt=prompt,
        kwargs=row.chat_template_kwargs,
    )


def trial_of(line: int, row: Row, renders: Iterator[Rendered]) -> Trial:
    """Take the renders of `jobs_of` from *renders*, in their order."""
    whole = next(renders)
    asked = [
        Asked(served=next(renders), closed=next(renders), words=_words(turn))
        for turn in row.turns
        if turn["role"] == "assistant"
    ]
    return Trial(line=line, row=row, whole=whole, asked=tuple(asked))


def _words(turn: Mapping[str, object]) -> str:
    content = turn.get("content")
    return content.strip() if isinstance(content, str) else ""


def faults(trial: Trial, encoded: Encoded | None, marks: bool) -> Iterator[Finding]:
    """Tell of each way in which the training of *trial* is not how it is served.

    *marks* tells whether the template that it is trained with marks answers.
    """
    text = trial.whole.text
    if text is None:
        yield found("audit-contract-refused", error=trial.whole.error or trial.whole.problem)
        return
    given = trial.row.text
    if given is not None and given != text:
        _, shown, template = difference(given, text)
        yield found("audit-contract-text", given=shown, template=template)
    turns = []
    for number, one in enumerate(trial.asked, 1):
        turn = _turn(text, one)
        if isinstance(turn, Turn):
            turns.append(turn)
        else:
            trained, served = turn
            yield found("audit-contract-prompt", turn=number, trained=trained, served=served)
    unfit = None if encoded is None else _unfit(trial.row, text, encoded)
    if unfit is not None:
        yield unfit
    if len(turns) == len(trial.asked) and (unfit is None or unfit.severity != "error"):
        yield from _mask(trial, text, encoded and cut(trial.row, encoded), marks, turns)


def _unfit(row: Row, text: str, encoded: Encoded) -> Finding | None:
    """Tell where the tokens of *row* are not those of its *text*."""
    count, whole = row.tokens, len(encoded.ids)
    if count is None:
        return None
    held = (row.input_ids, row.labels, row.assistant_masks)
    one_length = all(len(one) == count for one in held if one is not None)
    same = row.input_ids is None or row.input_ids == encoded.ids[:count]
    if not one_length or not same or max(row.masked or (), default=0) >= whole:
        lengths = (len(one) for one in held if one is not None)
        given = next((one for one in lengths if one != whole), count)
        return found("audit-contract-tokens", given=given, template=whole)
    pairs = enumerate(zip(row.labels or (), encoded.ids, strict=False), 1)
    other = next((place for place, (label, one) in pairs if label >= 0 and label != one), None)
    if other is not None:
        return found("audit-contract-labels", place=other)
    if count < whole and text[encoded.spans[count][0] :].strip():
        return found("audit-contract-cut", given=count, template=whole)
    return None


def cut(row: Row, encoded: Encoded) -> Encoded:
    """Return *encoded* as far as *row* goes, which may have been cut to a length."""
    count = row.tokens
    return replace(encoded, ids=encoded.ids[:count], spans=encoded.spans[:count])


def _turn(text: str, one: Asked) -> Turn | tuple[str, str]:
    """Return where an answer stands in *text*, or how the two sides differ before it."""
    served, closed = one.served.text, one.closed.text
    if served is None or closed is None:
        failed = one.served if served is None else one.closed
        return "", f"({failed.error or failed.problem})"
    if not text.startswith(served):
        _, trained, asked = difference(text, served)
        return trained, asked
    if not text.startswith(closed):
        _, trained, asked = difference(text, closed)
        return trained, asked
    start = text.find(one.words, len(served)) if one.words else len(served)
    return Turn(len(served), max(start, len(served)), len(closed.rstrip()))


def _mask(
    trial: Trial, text: str, encoded: Encoded | None, marks: bool, turns: Sequence[Turn]
) -> Iterator[Finding]:
    masked = mask_of(trial, text, encoded, marks)
    if masked is None:
        yield found("audit-contract-unmasked")
        return
    wrong = fault(text, masked, encoded.spans if encoded else letters(text), turns)
    if wrong is not None:
        yield found(f"audit-contract-{wrong.kind}", text=wrong.text)


def mask_of(trial: Trial, text: str, encoded: Encoded | None, marks: bool) -> set[int] | None:
    """Return the places of the tokens (letters without a tokenizer) that are trained."""
    told = trial.row.masked
    if told is not None and encoded is not None:
        return {place for place in told if place < len(encoded.ids)}
    if not marks:
        return None
    return covered(trial.whole.spans, encoded.spans if encoded else letters(text))
