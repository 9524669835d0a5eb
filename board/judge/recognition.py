"""Which suite a result belongs to, told from evidence and never from a path."""

from typing import Literal, NamedTuple

from ...eval import records
from ...eval.suites.fingerprints import agree
from ..model import Reading
from ..workspace.settings import Suite

Evidence = Literal["fingerprint", "steps", "name", "slices", "count", "part"]


class Recognised(NamedTuple):
    """A suite, and the strongest evidence that the result is of it."""

    suite: Suite
    evidence: Evidence


def recognise(reading: Reading, suites: tuple[Suite, ...]) -> Recognised | None:
    """Return the suite of *reading*, or `None` where evidence is missing, contrary or ambiguous."""
    for matches, evidence in (
        (_fingerprint, "fingerprint"),
        (_steps, "steps"),
        (_name, "name"),
        (_slices, "slices"),
        (_count, "count"),
        (_part, "part"),
        (_nearly, "part"),
    ):
        found = [s for s in suites if matches(reading, s) and not _contradicts(reading, s)]
        if len(found) == 1:
            return Recognised(found[0], evidence)  # type: ignore[arg-type]  # a literal of the table
        if found:
            return None
    return None


def _fingerprint(reading: Reading, suite: Suite) -> bool:
    wanted, recorded = suite.fingerprint, reading.result.suite if reading.result else None
    if wanted is None or recorded is None:
        return False
    prompts = (suite.prompts_sha256, recorded.prompts_sha256)
    return any(agree(found, wanted, *prompts) for found in _fingerprints(reading))


def prompts_told(recorded: records.Suite, recognised: Recognised) -> str | None:
    """Return the code of what is to say on what was asked; `None` where it is what the suite asks.

    A fingerprint without the prompts is one of version 1, and says less.
    """
    wanted, found = recognised.suite.prompts_sha256, recorded.prompts_sha256
    if wanted is not None and found is not None:
        return "prompts-differ" if wanted != found else None
    weaker = wanted is not found and recognised.evidence == "fingerprint"
    return "prompts-unchecked" if weaker else None


def _fingerprints(reading: Reading) -> set[str]:
    recorded = reading.result.suite.fingerprint if reading.result else None
    computed = reading.facts.fingerprint if reading.facts else None
    return {f for f in (recorded, computed) if f is not None}


def _steps(reading: Reading, suite: Suite) -> bool:
    return (
        suite.keys_sha256 is not None
        and reading.facts is not None
        and reading.facts.keys_sha256 == suite.keys_sha256
    )


def _name(reading: Reading, suite: Suite) -> bool:
    assert reading.result is not None
    recorded = reading.result.suite
    return recorded.name == suite.name and recorded.version == suite.version


def _slices(reading: Reading, suite: Suite) -> bool:
    assert reading.result is not None
    divisions, parts = reading.result.divisions, suite.parts
    told = [(divisions[name], parts[name]) for name in parts if divisions.get(name)]
    return bool(told) and all(
        {name: part.steps for name, part in recorded.items()} == wanted for recorded, wanted in told
    )


def _count(reading: Reading, suite: Suite) -> bool:
    assert reading.result is not None
    counts, recorded = reading.result.counts, reading.result.suite
    if recorded.kind is not None and recorded.kind != suite.kind:
        return False
    return (recorded.steps or counts.expected or counts.scored) == suite.steps


def _part(reading: Reading, suite: Suite) -> bool:
    """Tell whether the groups that are told fit into the suite's, and hold nearly all its steps."""
    assert reading.result is not None
    divisions, parts = reading.result.divisions, suite.parts
    told = [(divisions[name], parts[name]) for name in parts if divisions.get(name)]
    return (
        bool(told)
        and _nearly(reading, suite)
        and all(
            part.steps <= wanted.get(name, 0)
            for recorded, wanted in told
            for name, part in recorded.items()
        )
    )


_NEARLY = 0.9
"""The share of a suite's steps from which on a result is more likely of it than of another."""


def _nearly(reading: Reading, suite: Suite) -> bool:
    """Tell whether the result holds nearly as many steps as the suite, and no more."""
    assert reading.result is not None
    counts, recorded = reading.result.counts, reading.result.suite
    if suite.steps is None or (recorded.kind is not None and recorded.kind != suite.kind):
        return False
    steps = recorded.steps or counts.expected or counts.scored or 0
    return _NEARLY * suite.steps <= steps < suite.steps


def near(reading: Reading, suites: tuple[Suite, ...]) -> list[Suite]:
    """Return the suites that *reading* may be a part of, where nothing tells which of them."""
    return [one for one in suites if _nearly(reading, one) and not _contradicts(reading, one)]


def _contradicts(reading: Reading, suite: Suite) -> bool:
    """Tell whether the steps or the recorded identity speak against *suite*."""
    assert reading.result is not None
    recorded, facts = reading.result.suite, reading.facts
    if recorded.name is not None and recorded.name != suite.name:
        return True
    if recorded.version is not None and recorded.version != suite.version:
        return True
    if recorded.kind is not None and suite.kind not in (recorded.kind, "reported"):
        return True
    if _is_of_another(recorded, suite):
        return True
    empty = facts.empty_references if facts else None
    if empty is None or suite.empty_references is None:
        return False
    return (empty > 0) != (suite.empty_references > 0)


def _is_of_another(recorded: records.Suite, suite: Suite) -> bool:
    """Tell whether the recorded fingerprint is another's; other prompts are told by a finding."""
    if suite.fingerprint is None or recorded.fingerprint is None:
        return False
    prompts = (recorded.prompts_sha256, suite.prompts_sha256)
    other_prompts = None not in prompts and prompts[0] != prompts[1]
    if other_prompts and recorded.name == suite.name:
        return False
    return not agree(recorded.fingerprint, suite.fingerprint, *prompts)
