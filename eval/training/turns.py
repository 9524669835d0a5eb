"""One conversation of the training side: rendered whole, and as it would be served."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from ..audit.checks.cases import difference, shown
from ..audit.checks.masks import Span, covered, fault, letters
from ..audit.checks.masks import Turn as Answer
from ..audit.findings import Finding, found
from ..audit.rendering.encoding import Encoded
from ..audit.rendering.trials import MARK
from ..sandbox.rendering import Job, Program, Rendered
from ..suites.conversations import Rule
from .rows import Made, Row
from .rules import Turn, canonical, messages


class Sides(Struct, frozen=True, kw_only=True):
    """What conversations are rendered with for training and for serving."""

    trained: Program
    served: Program
    rules: tuple[Rule, ...] = ()
    """Changes that are made for training."""
    served_rules: tuple[Rule, ...] = ()
    """Changes that whoever asks the model makes."""
    stops: tuple[str, ...] | None = None
    """Tokens at which generation ends."""
    marks: bool = False
    """Whether the template of the training marks answers with blocks `generation`."""
    derived: bool = False
    """Whether the mask is made of the renders: what the model writes after each prompt."""


class Asked(Struct, frozen=True, kw_only=True):
    """One answer that the model is trained on."""

    served: Rendered
    """The prompt that it would be asked with."""
    closed: Rendered
    """The conversation up to its end."""
    plain: Rendered | None
    """The prompt where nobody applies the rules; `None` where they change nothing."""
    words: str
    """Its content."""
    calls: bool
    """Whether it calls tools."""


class Trial(Struct, frozen=True, kw_only=True):
    """A conversation with all its renders."""

    line: int
    row: Row
    turns: tuple[Turn, ...]
    """As they are trained."""
    whole: Rendered
    """As it is trained on."""
    asked: tuple[Asked, ...]


def jobs_of(row: Row, turns: tuple[Turn, ...], sides: Sides) -> list[Job]:
    """Return the renders that *row* needs, whose *turns* are as in the file.

    They are the whole, and two or three for each answer that is trained. Raises ValueError where a
    rule cannot be applied.
    """
    trained = canonical(sides.rules, turns)
    jobs = [_job(row, sides.trained, trained, prompt=False)]
    for answer in trained:
        if answer.learnt:
            before = turns[: answer.place]
            asked = canonical(sides.served_rules, before)
            jobs.append(_job(row, sides.served, asked, prompt=True))
            jobs.append(_job(row, sides.served, (*asked, answer), prompt=False))
            if messages(asked) != messages(before):
                jobs.append(_job(row, sides.served, before, prompt=True))
    return jobs


def _job(row: Row, program: Program, turns: tuple[Turn, ...], *, prompt: bool) -> Job:
    return Job(
        program=program,
        messages=messages(turns),
        tools=row.tools,
        prompt=prompt,
        kwargs=row.made.chat_template_kwargs,
    )


def trial_of(
    line: int, row: Row, turns: tuple[Turn, ...], sides: Sides, renders: Iterator[Rendered]
) -> Trial:
    """Take the renders of `jobs_of` from *renders*, in their order."""
    trained, whole = canonical(sides.rules, turns), next(renders)
    asked = []
    for answer in trained:
        if answer.learnt:
            before = turns[: answer.place]
            changed = messages(canonical(sides.served_rules, before)) != messages(before)
            served, closed = next(renders), next(renders)
            asked.append(
                Asked(
                    served=served,
                    closed=closed,
                    plain=next(renders) if changed else None,
                    words=_words(answer.message),
                    calls=bool(answer.message.get("tool_calls")),
                )
            )
    return Trial(line=line, row=row, turns=trained, whole=whole, asked=tuple(asked))


def _words(turn: Mapping[str, object]) -> str:
    content = turn.get("content")
    return content.strip() if isinstance(content, str) else ""


class Checked(Struct, frozen=True, kw_only=True):
    """What came of a conversation."""

    faults: tuple[Finding, ...]
    mask: frozenset[int] | None = None
    """Places of the tokens (letters without a tokenizer) that are trained."""


def check(
    trial: Trial, encoded: Encoded | None, prompts: Sequence[Encoded], sides: Sides
) -> Checked:
    """Tell of each way in which the training of *trial* is not how it is served, and the mask.

    *encoded* are the tokens of the whole, *prompts* those of the prompt of each answer.
    """
    text = trial.whole.text
    if text is None:
        refused = found("audit-contract-refused", error=trial.whole.error or trial.whole.problem)
        return Checked(faults=(refused,))
    said = [*_told(trial.row), *_texts(trial, text)]
    answers, tails = [], []
    for number, one in enumerate(trial.asked, 1):
        place = _answer(text, one)
        if isinstance(place, Place):
            answers.append(place.answer)
            tails.append(place.tail)
        else:
            trained, served = place
            said.append(found("audit-contract-prompt", turn=number, trained=trained, served=served))
    whole = len(answers) == len(trial.asked)
    if whole and encoded is not None:
        said += _boundaries(text, encoded, prompts)
        said += _ends(text, answers, tails, trial, sides)
    unfit = None if encoded is None else _unfit(trial.row.made, text, encoded)
    if unfit is not None:
        said.append(unfit)
    cells = cut(trial.row.made, encoded).spans if encoded else letters(text)
    declared = _declared(trial, cells, encoded, sides)
    if whole and (unfit is None or unfit.severity != "error"):
        said += _masked(text, declared, cells, answers, tails, sides)
    if sides.derived:
        declared = _derived(answers, encoded.spans if encoded else cells) if whole else None
    return Checked(faults=tuple(said), mask=None if declared is None else frozenset(declared))


def _told(row: Row) -> Iterator[Finding]:
    """Tell what the row says of its own worth."""
    if row.wanted is False:
        yield found("audit-contract-unwanted")
    if row.shape not in ("messages", "terminus"):
        yield found("audit-contract-shape", shape=row.shape)
    if row.weighted:
        yield found("audit-contract-weights")


def _texts(trial: Trial, text: str) -> Iterator[Finding]:
    """Tell where the row's own text is another, and what a server makes of it without rules."""
    given = trial.row.made.text
    if given is not None and given != text:
        _, shown_text, template = difference(given, text)
        yield found("audit-contract-text", given=shown_text, template=template)
    for number, one in enumerate(trial.asked, 1):
        if one.plain is None or one.served.text is None:
            continue
        if one.plain.text is None:
            error = one.plain.error or one.plain.problem
            yield found("audit-contract-rules-refused", turn=number, error=error)
            return
        if one.plain.text != one.served.text:
            _, plain, served = difference(one.plain.text, one.served.text)
            yield found("audit-contract-rules", turn=number, trained=served, served=plain)
            return
    if any(one.plain is not None for one in trial.asked):
        yield found("audit-contract-rules-same")


class Place(Struct, frozen=True):
    """Where an answer stands in the whole."""

    answer: Answer
    tail: Span | None = None
    """The mark after it, where it is another than the one that ends a last answer."""


def _answer(text: str, one: Asked) -> Place | tuple[str, str]:
    """Return where an answer stands in *text*, or how the two sides differ before its end."""
    served, closed = one.served.text, one.closed.text
    if served is None or closed is None:
        failed = one.served if served is None else one.closed
        return "", f"({failed.error or failed.problem})"
    if not text.startswith(served):
        _, trained, other = difference(text, served)
        return trained, other
    start = max(text.find(one.words, len(served)) if one.words else 0, len(served))
    if text.startswith(closed):
        return Place(Answer(len(served), start, len(closed.rstrip())))
    place, trained, other = difference(text, closed)
    end = start + len(one.words)
    mark = MARK.match(text, end)
    if one.words and mark and end <= place < mark.end():
        # As in harmony: a turn within a talk is closed by another mark than the one that ends it.
        return Place(Answer(len(served), start, end), (end, mark.end()))
    return trained, other


def _boundaries(text: str, encoded: Encoded, prompts: Sequence[Encoded]) -> Iterator[Finding]:
    """Tell of the first prompt whose tokens are not the beginning of those that are trained.

    Where a prompt ends within a token, the model is asked with others than it was trained on.
    """
    for number, prompt in enumerate(prompts, 1):
        pairs = zip(prompt.ids, encoded.ids, strict=False)
        place = next((n for n, (one, other) in enumerate(pairs) if one != other), None)
        if place is not None:
            around = slice(max(0, place - 2), place + 2)
            yield found(
                "audit-contract-boundary",
                turn=number,
                trained=_pieces(text, encoded.spans[around]),
                served=_pieces(text, prompt.spans[around]),
            )
            return


def _pieces(text: str, spans: Sequence[Span]) -> str:
    """Return tokens by their texts, a bar between each two."""
    return shown("│".join(text[slice(*span)] for span in spans))


def _ends(
    text: str,
    answers: Sequence[Answer],
    tails: Sequence[Span | None],
    trial: Trial,
    sides: Sides,
) -> Iterator[Finding]:
    """Tell of the first answer that does not end with a token at which generation ends."""
    stops = sides.stops or ()
    known = stops and not any(stop.startswith("#") for stop in stops)
    numbered = zip(answers, tails, trial.asked, strict=True)
    for number, (answer, tail, one) in enumerate(numbered, 1):
        if tail is not None:
            closed = shown((one.closed.text or "")[answer.end :])
            yield found(
                "audit-contract-closed", turn=number, trained=text[slice(*tail)], served=closed
            )
            return
        if known and not one.calls and not text[: answer.end].endswith(stops):
            end = shown(text[max(answer.start, answer.end - 16) : answer.end])
            yield found("audit-contract-endless", turn=number, text=end, stops=", ".join(stops))
            return


def _unfit(row: Made, text: str, encoded: Encoded) -> Finding | None:
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


def cut(row: Made, encoded: Encoded) -> Encoded:
    """Return *encoded* as far as *row* goes, which may have been cut to a length."""
    count = row.tokens
    return replace(encoded, ids=encoded.ids[:count], spans=encoded.spans[:count])


def _masked(
    text: str,
    mask: set[int] | None,
    cells: Sequence[Span],
    answers: Sequence[Answer],
    tails: Sequence[Span | None],
    sides: Sides,
) -> Iterator[Finding]:
    if mask is None:
        if not sides.derived:
            yield found("audit-contract-unmasked")
        return
    mask = mask - covered((tail for tail in tails if tail is not None), cells)
    wrong = fault(text, mask, cells, answers)
    if wrong is not None:
        yield found(f"audit-contract-{wrong.kind}", text=wrong.text)


def _declared(
    trial: Trial, cells: Sequence[Span], encoded: Encoded | None, sides: Sides
) -> set[int] | None:
    """Return the places of the *cells* that are trained: as the row, or as the template says."""
    told = trial.row.made.masked
    if told is not None and encoded is not None:
        return {place for place in told if place < len(encoded.ids)}
    return covered(_marked(trial), cells) if sides.marks else None


def _derived(answers: Sequence[Answer], cells: Sequence[Span]) -> set[int]:
    """Return the places of the *cells* that the model writes: after each prompt, to its end."""
    return covered(((answer.opens, answer.end) for answer in answers), cells)


def _marked(trial: Trial) -> Sequence[Span]:
    """Return the blocks `generation`, without those of answers that are not to be trained."""
    spoken = [turn for turn in trial.turns if turn.message["role"] == "assistant"]
    if len(spoken) != len(trial.whole.spans):
        return trial.whole.spans
    pairs = zip(spoken, trial.whole.spans, strict=True)
    return [span for turn, span in pairs if turn.learnt]
