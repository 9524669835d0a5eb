"""What a result claims, held against its own rows and against the suite as the board knows it."""

import re

from msgspec.structs import replace

from ...eval.metrics import Measured, Metric, ratio
from ...eval.records import Result
from ...eval.suites.fingerprints import agree
from ..model import StepFacts
from ..read.shapes.model_names import other_organisation
from ..read.shapes.published import PRINTED
from ..words.findings import Finding
from ..workspace.settings import Suite
from .case import Case, Findings
from .resolution import MICROPOINTS, sums_key

TOLERANCE = 1.01
"""Units of the last printed place: stored means are rounded, and so are the steps and groups that
they are compared with, so two honest roundings may differ by one."""


def integrity(case: Case) -> Findings:
    """Hold the figures of a result against each other, its rows, and what the suite asks."""
    suite = case.suite
    if suite is None:
        return
    known = figures(case.result, case.facts, suite)
    found = known.get(suite.ranked.id)
    value = found.value if found else None
    if value is None or not suite.ranked.holds(value):
        yield case.finding("score-missing", metric=suite.ranked.id, value=value)
        return
    yield _range(case, suite)
    yield _scorer(case, suite)
    yield _group_mismatch(case, suite)
    if case.facts is None:
        yield _not_checkable(case, suite)
        return
    yield _references(case, suite, case.facts)
    yield _recounted(case, suite, known)
    yield from _answers(case, case.facts)


def figures(result: Result, facts: StepFacts | None, suite: Suite) -> dict[str, Measured]:
    """Return the metrics of *result*, with the value that its rows give wherever they give one."""
    found = dict(result.metrics)
    for metric in suite.metrics:
        value = recounted(metric, facts) if facts else None
        if value is not None:
            found[metric.id] = replace(found.get(metric.id, Measured()), value=value)
    return found


def corrected(result: Result, facts: StepFacts | None, suite: Suite) -> Result:
    """Return *result* with the figures and counts that its rows give."""
    if facts is None:
        return result
    tasks = sum(map(bool, facts.steps_per_task))
    counts = replace(result.counts, scored=facts.scored, tasks=tasks or result.counts.tasks)
    return replace(result, metrics=figures(result, facts, suite), counts=counts)


def names(case: Case) -> Finding | None:
    """Compare the two names that a file may give its model: of one organisation, or of two?"""
    model = case.result.model
    if not other_organisation(model.id, model.label):
        return None
    return case.finding("names-differ", key="model", one=model.id, other=model.label)


def hidden_cuts(case: Case) -> Finding | None:
    """Doubt prompts of evaluators that cut long ones without a word."""
    prompts, protocol = case.result.prompts, case.result.protocol
    rules = [rule for rule in protocol.prompt_rules if rule.startswith("truncate")]
    if not rules or prompts.truncated is not None:
        return None
    window, longest = protocol.max_model_len, prompts.tokens_max
    if window is not None and longest is not None and longest < window:
        return None
    return case.finding("cuts-hidden", key="prompts.truncated", rule=rules[0])


def printed(case: Case) -> Findings:
    """Compare what a source printed with what its own data give."""
    source, suite = case.result.provenance, case.suite
    if source is None or suite is None or case.result.adjusted:
        return
    known = figures(case.result, case.facts, suite)
    for name, text in source.printed.items():
        metric = suite.ranked if name == "score" else suite.metric(PRINTED.get(name, name))
        value = known[metric.id].value if metric and metric.id in known else None
        told = _PRINTED_NUMBER.fullmatch(text.strip())
        if metric is None or value is None or told is None:
            continue
        shown = metric.scale * value if name == "score" else value
        # Half of the last printed place, and a hair for what was rounded before.
        decimals = metric.decimals if name == "score" else len(told[2] or "")
        if abs(float(told[1]) - shown) > 0.51 * 10.0**-decimals:
            stored = metric.printed(value) if name == "score" else value
            yield case.finding("printed-differs", field=name, printed=text, stored=stored)


_PRINTED_NUMBER = re.compile(r"(-?\d{1,15}(?:\.(\d{1,15}))?) ?%?")


def _answers(case: Case, facts: StepFacts) -> Findings:
    """Say what the rows themselves refute: their scores, their readings, their lengths."""
    if facts.rescore_differs:
        yield case.finding(
            "rescore-mismatch",
            count=facts.rescore_differs,
            steps=max(facts.rescored, facts.rescore_differs),
            example=facts.rescore_example,
        )
    if facts.misread:
        yield case.finding(
            "answers-misread",
            count=facts.misread,
            steps=facts.reread,
            example=facts.misread_example,
        )
    if facts.too_long:
        yield case.finding(
            "answers-too-long",
            key="protocol.max_tokens",
            count=facts.too_long,
            limit=case.result.protocol.max_tokens,
        )


def _scorer(case: Case, suite: Suite) -> Finding | None:
    """Compare who scored with who scores suites of this kind."""
    ours, told = suite.of_kind.scorer, case.result.scorer
    if ours is None or told in (None, *suite.of_kind.scorers):
        return None
    return case.finding("scorer-foreign", key="scorer", scorer=told, wanted=ours)


def _not_checkable(case: Case, suite: Suite) -> Finding | None:
    """Say that there are no rows under the figures: worse where the suite's steps are known."""
    scored_here = case.result.scorer in suite.of_kind.scorers
    if suite.fingerprint is not None or suite.keys_sha256 is not None or scored_here:
        return case.finding("not-checkable-own", suite=suite.full_name)
    if case.reading.evidence == "quoted":
        source = case.result.provenance
        return case.finding("not-checkable-quoted", document=source.document if source else None)
    return case.finding("not-checkable-summary")


def _range(case: Case, suite: Suite) -> Finding | None:
    """Doubt percentages that are all at most 1: somebody wrote shares."""
    told = [
        value
        for metric in suite.metrics
        if metric.unit == "percent" and (value := case.value(metric.id)) is not None
    ]
    if any(told) and max(told) <= 1.0:
        return case.finding("percent-as-share", value=max(told))
    return None


def _group_mismatch(case: Case, suite: Suite) -> Finding | None:
    """Check that the groups' means, weighted by their steps, give back the whole's."""
    metric = suite.ranked
    if case.facts and (differs := case.facts.group_differs):
        place, name, said, found = differs
        return case.finding(
            "bucket-mismatch", key=f"divisions.{place}", metric=name, stored=said, computed=found
        )
    stored = case.value(metric.id)
    if stored is None or metric.aggregate != "mean":
        return None
    for division, groups in case.result.divisions.items():
        steps = sum(group.steps for group in groups.values())
        means = [(group.steps, group.metrics.get(metric.id)) for group in groups.values()]
        known = [(n, mean) for n, mean in means if mean is not None]
        if not known or len(known) < len(means) or steps != case.result.counts.scored:
            continue
        weighted = sum(n * mean for n, mean in known) / steps
        if abs(weighted - stored) > tolerance(metric):
            return case.finding(
                "bucket-mismatch",
                key=f"divisions.{division}",
                metric=metric.id,
                stored=stored,
                computed=round(weighted, 6),
            )
    return None


def _references(case: Case, suite: Suite, facts: StepFacts) -> Finding | None:
    """Compare the references that the rows hold with the suite's, as computed and not as claimed.

    The steps of a part have another fingerprint than the whole; these are counted elsewhere.
    """
    if suite.fingerprint is not None and facts.fingerprint is None:
        return case.finding("references-missing", suite=suite.full_name)
    wanted = suite.fingerprint or case.result.suite.fingerprint
    whole = suite.steps if suite.steps is not None else case.result.counts.expected
    found, prompts = facts.fingerprint, (suite.prompts_sha256, case.result.suite.prompts_sha256)
    if wanted is None or found is None or agree(found, wanted, *prompts) or facts.unique != whole:
        return None
    return case.finding(
        "references-differ",
        found=found[:12],
        wanted=wanted[:12],
        suite=suite.full_name,
    )


def _recounted(case: Case, suite: Suite, known: dict[str, Measured]) -> Finding | None:
    """Check every stored figure against the *known* one: that of its rows, wherever they tell."""
    for metric in suite.metrics:
        said = case.value(metric.id)
        found = known[metric.id].value if said is not None else None
        if said is None or found is None or said == found:
            continue
        if abs(said - found) > tolerance(metric):
            return case.finding(
                "aggregate-mismatch",
                key=f"metrics.{metric.id}.value",
                metric=metric.id,
                stored=said,
                computed=found,
            )
    return None


def tolerance(metric: Metric) -> float:
    """Return how far two honest roundings of *metric* may lie apart, in its own unit.

    What is counted again is known to the millionth of a step's score.
    """
    own = metric.own
    return TOLERANCE * max(10.0**-own.decimals / own.scale, 1e-6 * metric.factor)


def recounted(metric: Metric, facts: StepFacts) -> float | None:
    """Return the value of *metric* by the rows behind *facts*; `None` where they do not tell."""
    if metric.score is None:
        return facts.summary.get(metric.id)
    if metric.aggregate == "median":
        middle = facts.medians.get(metric.score)
        return None if middle is None else round(metric.factor * middle, 6)
    if metric.over is not None:
        above, below = facts.sums.get(metric.score), facts.sums.get(metric.over)
        return ratio(metric, sum(above), sum(below)) if above and below else None
    key = metric.score if metric.aggregate == "sum" else sums_key(metric)
    sums = facts.sums.get(key or "")
    if not sums or not facts.scored:
        return None
    total = metric.factor * sum(sums) / MICROPOINTS
    return round(total if metric.aggregate == "sum" else total / facts.scored, 6)
