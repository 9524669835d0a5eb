"""What the results of one board say of each other, where the suite itself does not say it."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping

from msgspec.structs import replace

from ..words.findings import SEVERITY_OF, Finding, Value
from ..workspace.settings import Suite, Workspace
from .attempts import Judged
from .judge import SETTINGS, blocks

Models = dict[str, list[Judged]]
"""The results of a board, by the name of their model."""


def compare(models: Models, suite: Suite, workspace: Workspace) -> None:
    """Hold the results of one board against each other, and add to *models* what is found.

    Scores of an earlier scorer have no rank beside those of a later one, unless both score the
    answers alike. Steps and references that the suite does not name are those that most of its
    models were asked, and whoever was asked others has no rank; where as many say one thing as
    another, nobody knows, and none of them has. Settings that no protocol fixes are told where they
    differ.
    """
    _tell_earlier(models, suite, workspace)
    if suite.fingerprint is None:
        if suite.keys_sha256 is None:
            _tell_odd(models, "steps-differ", suite, workspace, _steps)
        _tell_odd(models, "steps-differ", suite, workspace, _references)
    if suite.of_kind.staged is not None:
        _tell_odd(models, "dialogues-differ", suite, workspace, _dialogue)
    if suite.of_kind.offered is not None:
        _tell_odd(models, "tools-differ", suite, workspace, _setting("tools"))
    if suite.protocol is None:
        for setting in SETTINGS:
            _tell_odd(models, "settings-differ", suite, workspace, _setting(setting), setting)


def _tell_earlier(models: Models, suite: Suite, workspace: Workspace) -> None:
    """Add a finding to every result that an earlier scorer scored than that of another one."""
    known = suite.of_kind.scorers
    told = {
        scorer
        for judged in models.values()
        for one in judged
        if one.rankable and (scorer := scorer_of(one, suite)) is not None
    }
    if len(told) < 2:
        return
    latest = max(told, key=known.index)
    for name, judged in models.items():
        models[name] = [
            _with(one, "scorers-differ", workspace, {"scorer": scorer, "wanted": latest})
            if one.rankable and (scorer := scorer_of(one, suite)) not in (None, latest)
            else one
            for one in judged
        ]


def scorer_of(judged: Judged, suite: Suite) -> str | None:
    """Return which scorer of the suite's kind gave the scores; `None` where it does not matter.

    It does not where every answer is kept and all of the kind's scorers score it alike, nor where
    nobody can tell.
    """
    facts, result = judged.reading.facts, judged.reading.result
    named = result.scorer if result is not None else None
    if facts is not None:
        if not facts.scored_otherwise and facts.reread == facts.answers:
            return None
        if facts.scored_otherwise and named is None:
            named = next(iter(suite.of_kind.earlier), None)
    return named if named in suite.of_kind.scorers else None


def _tell_odd(
    models: Models,
    code: str,
    suite: Suite,
    workspace: Workspace,
    told: Callable[[Judged], Hashable],
    setting: str | None = None,
) -> None:
    """Add the finding *code* to every result of which *told* says what few models say."""
    holders: dict[Hashable, set[str]] = defaultdict(set)
    for name, judged in models.items():
        for one in judged:
            if one.rankable and (what := told(one)) is not None:
                holders[what].add(name)
    if len(holders) < 2:
        return
    most = max(map(len, holders.values()))
    common = [what for what, names in holders.items() if len(names) == most]
    usual = common[0] if len(common) == 1 else None
    for name, judged in models.items():
        models[name] = [
            _with(one, code, workspace, _values(suite, most, setting, what, usual))
            if one.rankable and (what := told(one)) is not None and what != usual
            else one
            for one in judged
        ]


def _values(
    suite: Suite, most: int, setting: str | None, what: Hashable, usual: Hashable
) -> Mapping[str, Value]:
    if setting is None:
        return {"suite": suite.full_name, "models": most}
    return {"setting": setting, "value": _plain(what), "usual": _plain(usual)}


def _plain(value: Hashable) -> Value:
    return value if isinstance(value, str | int | float | bool) else None


def _with(judged: Judged, code: str, workspace: Workspace, values: Mapping[str, Value]) -> Judged:
    verdict = workspace.verdict(code)
    if verdict == "off":
        return judged
    finding = Finding(
        code=code,
        severity=SEVERITY_OF[verdict],
        file=judged.reading.file,
        sha256=judged.reading.sha256,
        values=dict(values),
    )
    findings = (*judged.findings, finding)
    return replace(judged, findings=findings, rankable=not blocks(findings, workspace))


def _steps(judged: Judged) -> str | None:
    facts = judged.reading.facts
    return None if facts is None else facts.keys_sha256


def _references(judged: Judged) -> str | None:
    facts = judged.reading.facts
    return None if facts is None else facts.fingerprint


def _dialogue(judged: Judged) -> str | None:
    result = judged.reading.result
    return (result.protocol.dialogue or None) if result is not None else None


def _setting(name: str) -> Callable[[Judged], Hashable]:
    def told(judged: Judged) -> Hashable:
        result = judged.reading.result
        found: Hashable = getattr(result.protocol, name) if result is not None else None
        return found

    return told
