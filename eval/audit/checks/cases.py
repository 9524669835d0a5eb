"""What the checks look at: the renders of one template, and the pieces that many ask for."""

from collections.abc import Iterator, Mapping
from functools import cached_property

from msgspec import Struct

from ...sandbox.rendering import Inspection, Rendered, Value
from ..findings import Finding, Trait
from ..rendering.encoding import Encoded
from ..rendering.probes import ANSWER, QUESTION
from ..rendering.trials import MARK
from ..sources.sources import Tokens

Said = Iterator[Finding | Trait]

LONGEST_TEXT = 20_000
"""Letters that are searched for control tokens."""
LONGEST_MARK = 64
"""Letters of a control token."""
_SHOWN = 80


class Case(Struct, frozen=True, kw_only=True, dict=True):
    """All that the checks look at."""

    renders: Mapping[str, Rendered]
    """By the names of the probes; some are missing where a server rendered."""
    inspection: Inspection = Inspection()
    tokens: Tokens = Tokens()
    encoded: Mapping[str, Encoded] = {}
    """Tokens of some of the renders."""
    kwargs: Mapping[str, Value] = {}
    """What the template will be given by whoever asks for the audit."""
    typed: bool = False
    """Whether contents were sent as lists of parts, as the template refuses or loses texts."""
    switches: tuple[str, ...] = ()
    """Settings that change the prompt in the way of `enable_thinking`, which does not."""
    text_known: bool = True
    """False where a server renders through a template that nobody has seen."""

    def text(self, name: str) -> str | None:
        """Return what came of the probe *name*; `None` where nothing did."""
        rendered = self.renders.get(name)
        return rendered.text if rendered else None

    def error(self, name: str) -> str | None:
        """Return why the template refused the probe *name*."""
        rendered = self.renders.get(name)
        return rendered.error if rendered and rendered.problem == "refused" else None

    @property
    def heard(self) -> bool:
        """Tell whether the words of a single user arrive: without that little can be asked."""
        return QUESTION in (self.text("user") or "")

    @cached_property
    def head(self) -> str | None:
        """What stands before the first user's words."""
        return before(self.text("user"), QUESTION)

    @cached_property
    def after_answer(self) -> str | None:
        """What stands after an answer that nothing follows."""
        return after(self.text("answered"), ANSWER)

    @cached_property
    def prompt_end(self) -> str | None:
        """What stands after the user's words where the model is to go on."""
        return after(self.text("user"), QUESTION)

    def marks(self, text: str) -> list[str]:
        """Return the control tokens in *text*, in order; of a long one, those at its start."""
        text = text[:LONGEST_TEXT]
        if not self.tokens.single:
            return MARK.findall(text)
        found, place = [], 0
        while place < len(text):
            mark = self._mark_at(text, place)
            if mark is not None:
                found.append(mark)
            place += len(mark or " ")
        return found

    def _mark_at(self, text: str, place: int) -> str | None:
        """Return the longest control token that begins at *place*; there may be many thousands."""
        lengths = self._lengths.get(text[place], ())
        known = self.tokens.single or {}
        ends = (place + length for length in lengths)
        return next((text[place:end] for end in ends if text[place:end] in known), None)

    @cached_property
    def _lengths(self) -> dict[str, list[int]]:
        """By their first sign, how long control tokens are, the longest first."""
        found: dict[str, set[int]] = {}
        for text in self.tokens.single or ():
            if text.strip() and not text.isalnum() and len(text) <= LONGEST_MARK:
                found.setdefault(text[0], set()).add(len(text))
        return {first: sorted(lengths, reverse=True) for first, lengths in found.items()}


def before(text: str | None, words: str) -> str | None:
    """Return what stands in *text* before *words*."""
    if text is None or words not in text:
        return None
    return text[: text.index(words)]


def after(text: str | None, words: str) -> str | None:
    """Return what stands in *text* after the last *words*."""
    if text is None or words not in text:
        return None
    return text[text.rindex(words) + len(words) :]


def between(text: str | None, first: str, second: str) -> str | None:
    """Return what stands in *text* between *first* and the next *second*."""
    if text is None or first not in text:
        return None
    start = text.index(first) + len(first)
    end = text.find(second, start)
    return text[start:end] if end >= 0 else None


def shown(text: str) -> str:
    """Return *text* for a message: line feeds and tabs visible, cut where it is long."""
    visible = text.replace("\n", "\\n").replace("\t", "\\t")
    return visible if len(visible) <= _SHOWN else f"{visible[:_SHOWN]}…"


def difference(left: str, right: str) -> tuple[int, str, str]:
    """Return where two texts part, and how each goes on from a little before."""
    place = next(
        (i for i, pair in enumerate(zip(left, right, strict=False)) if pair[0] != pair[1]),
        min(len(left), len(right)),
    )
    start = max(0, place - 16)
    return place, shown(left[start:]), shown(right[start:])
