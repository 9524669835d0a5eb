"""What may be said of a result by the evidence under it: keys of sentences, and their values."""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

from ...eval.metrics import Metric
from ..model import Entry, StepFacts
from ..words.catalogue import Words
from ..words.findings import JUDGING, MEANINGS, Finding, Verdict, distinct
from ..workspace.settings import NOTE_KINDS, Settings, Suite
from .notes import Field, Rule, Said, notes_of

OPEN = "open"
"""The kind of sentences on what nobody can know from what was recorded."""
_ORDER = (*(kind for kind in NOTE_KINDS if kind != "next"), OPEN, "next")
_MOST_STEPS = 2


class Claim(NamedTuple):
    """A sentence of the catalogue by its key, and the values that it speaks of."""

    key: str
    values: dict[str, str | int | float | bool | None]


Told = tuple[tuple[str, tuple[Said | Claim, ...]], ...]
"""Sentences by kind, in the order in which they are read."""


def basis(entry: Entry, suite: Suite | None) -> tuple[Claim, ...]:
    """Return what stands under the figures of *entry*, and when its run ended, where known."""
    return (_basis(entry, suite), *_date(entry))


def _basis(entry: Entry, suite: Suite | None) -> Claim:
    facts, source = entry.facts, entry.result.provenance
    if entry.evidence == "quoted":
        document = source.document if source else None
        return Claim("basis.quoted", {"document": (document or "").rpartition("/")[2] or None})
    if entry.evidence == "by-hand":
        n = facts.answers if facts else entry.result.counts.scored
        return Claim("basis.by-hand", {"n": n or 0})
    if entry.evidence == "summary" or facts is None:
        return Claim("basis.summary", {})
    if any(MEANINGS.get(one.code) == ("limit", "means.refuted") for one in entry.findings):
        return Claim("basis.refuted", {"n": facts.steps})
    if suite is None or not _recountable(suite.ranked, facts):
        return Claim("basis.held", {"n": facts.steps})
    return Claim("basis.rows", {"n": facts.scored, "tasks": len(facts.tasks) or None})


def _recountable(metric: Metric, facts: StepFacts) -> bool:
    if metric.score is None:
        return metric.id in facts.summary
    held = {name.partition("@")[0].partition("^")[0] for name in (*facts.sums, *facts.medians)}
    return metric.score in held


def _date(entry: Entry) -> Iterator[Claim]:
    day = (entry.result.finished_at or "")[:10]
    if day and all(one.code != "time-unusable" for one in entry.findings):
        yield Claim("basis.date", {"date": day})


def template(entry: Entry) -> tuple[Claim, ...]:
    """Return who says how the prompts were built, and what the recorded status stands for."""
    status, counts = entry.template_status, entry.result.prompts.status_counts
    meaning = Claim(f"template.{status}" if status in TEMPLATES else "template.other", {})
    if counts:
        told = ", ".join(f"{name}: {count}" for name, count in sorted(counts.items()))
        return Claim("template.is-counted", {"counts": told}), meaning
    if status == "unknown":
        return (meaning,)
    of = "quoted" if entry.evidence == "quoted" else "stated"
    return Claim(f"template.is-{of}", {"status": status}), meaning


SETTINGS = (
    "backend",
    "temperature",
    "top_p",
    "max_tokens",
    "max_model_len",
    "thinking",
    "seed",
    "dtype",
)
"""What a reader looks for of an evaluation that this program can run."""


def asked_here(suite: Suite | None) -> bool:
    """Tell whether suites like this one are asked by this program, and not only reported to it."""
    return suite is None or suite.of_kind.score is not None


def looked_for(suite: Suite | None, settings: Settings) -> tuple[str, ...]:
    """Return the settings of which a reader is told when they were not recorded.

    Of a figure that was reported those are the ones that the suite's protocol names: others may
    mean nothing to it.
    """
    if asked_here(suite):
        return SETTINGS
    protocol = settings.protocols.get(suite.protocol or "") if suite else None
    return tuple(
        name
        for name in (protocol.__struct_fields__ if protocol else ())
        if getattr(protocol, name) not in (None, {})
    )


TEMPLATES = frozenset(
    (
        "chat_template",
        "gemma4_native",
        "gemma4_patched",
        "gemma4_fallback",
        "chatml_fallback",
        "deepseek_v4_fallback",
        "model_specific_or_mixed",
        "mixed_or_raw",
        "raw_fallback",
        "raw",
        "scripted",
        "unknown",
    )
)
"""Statuses whose meaning is known."""


_STRICT = (
    "incomplete",
    "off-protocol",
    "template-raw",
    "template-unknown",
    "template-unverifiable",
    "aggregate-mismatch",
)
"""Findings that cost a rank wherever the usual words on ranks are true."""


_UNTOLD = ("template-not-stated", "template-not-applied")
"""Where another program asked, a rank needs no evidence of the template."""


def on_ranks(
    results: Iterable[tuple[Suite | None, Entry]], settings: Settings
) -> tuple[Claim, ...]:
    """Return what *results*, each with its suite, need for a rank, under the policy in force."""

    def verdict(code: str) -> Verdict:
        return settings.policy.get(code, JUDGING[code])

    bound = all(
        (suite is None or suite.protocol) and not {one.code for one in entry.findings} & {*_UNTOLD}
        for suite, entry in results
    )
    if not bound or any(verdict(code) != "unranked" for code in _STRICT):
        return (Claim("read.judge-any", {}),)
    if verdict("protocol-not-recorded") == "unranked":
        return (Claim("read.judge", {}),)
    return Claim("read.judge", {}), Claim("read.unrecorded", {})


def told_of(entry: Entry, field: Field | None, checked: Iterable[Rule]) -> Told:
    """Return all that is to be said of *entry* beside its figures.

    The rules that fire in its *field*, what its findings mean for whoever uses the model, and what
    to do next.
    """
    said: list[tuple[str, Said | Claim]] = []
    if field is not None:
        said += [(one.note.kind, one) for one in notes_of(entry, field, checked)]
    said += meanings(entry.findings)
    said += (("next", claim) for claim in _next(entry))
    grouped = ((kind, tuple(one for of, one in said if of == kind)) for kind in _ORDER)
    return tuple((kind, sentences) for kind, sentences in grouped if sentences)


def meanings(findings: Iterable[Finding]) -> list[tuple[str, Claim]]:
    """Return what *findings* mean for whoever uses the model, gravest first, each once."""
    found: dict[str, tuple[str, Claim]] = {}
    for one in distinct(findings):
        if one.code in MEANINGS:
            kind, key = MEANINGS[one.code]
            found.setdefault(key, (kind, Claim(key, one.values)))
    return list(found.values())


def _next(entry: Entry) -> Iterator[Claim]:
    """Yield what would make the result better evidence."""
    if entry.evidence != "rows":
        yield Claim("next.measure-by-rule" if entry.evidence == "by-hand" else "next.measure", {})
        return
    weighty = (one for one in distinct(entry.findings) if one.code in MEANINGS)
    steps = {f"remedy.{one.code}": one.values for one in weighty if _remedied(one.code)}
    for key, values in list(steps.items())[:_MOST_STEPS]:
        yield Claim(key, values)


@cache
def _remedied(code: str) -> bool:
    return Words("en").has(f"remedy.{code}")
