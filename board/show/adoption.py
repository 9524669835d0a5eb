"""Blocks for board.toml: suites of other programs' results that the workspace does not know yet."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ...eval.metrics import Metric
from ...eval.records import Protocol, Scalar
from ..model import Reading
from ..workspace.settings import Suite

_WORDS = {
    "acc": ("accuracy", "정확도"),
    "accuracy": ("accuracy", "정확도"),
    "acc_norm": ("normalised accuracy", "정규화 정확도"),
    "exact_match": ("exact match", "정확히 일치"),
    "extractive_match": ("extractive match", "추출 일치"),
    "f1": ("F1", "F1"),
    "macro_f1": ("macro F1", "매크로 F1"),
    "perplexity": ("perplexity", "퍼플렉서티"),
    "word_perplexity": ("perplexity a word", "단어당 퍼플렉서티"),
    "bits_per_byte": ("bits a byte", "바이트당 비트"),
    "main_score": ("main score", "대표 점수"),
    "mean": ("mean", "평균"),
    "reward": ("reward", "보상"),
    "resolved": ("resolved", "해결률"),
    "score": ("score", "점수"),
    "value": ("value", "값"),
}
_PROTOCOL = ("shots", "temperature", "trials")
_EXTRA = ("chat_template", "edit_format", "agent", "mode")
"""Settings by which programs' figures differ most, where they record them."""
_BARE = re.compile(r"[A-Za-z0-9_-]+")


class Unknown(NamedTuple):
    """A suite that no board is for, with the results that are of it."""

    name: str
    version: str
    results: tuple[Reading, ...]

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Return its metrics as the files tell of them, each once, the first file's first."""
        found: dict[str, Metric] = {}
        for one in self.results:
            for metric in one.figures:
                before = found.setdefault(metric.id, metric)
                if before.unit == "share" and metric.unit != "share":
                    found[metric.id] = metric  # a larger value shows that it is no share
                elif metric.per_step and not before.per_step:
                    found[metric.id] = metric  # some files hold rows
        return tuple(found.values())

    @property
    def ranked(self) -> Metric | None:
        """Return the metric that it can be ranked by: the first one whose direction is known."""
        return next((one for one in self.metrics if one.better != "neither"), None)


def unknown_suites(readings: Iterable[Reading], suites: Sequence[Suite]) -> tuple[Unknown, ...]:
    """Return the suites of imported results among *readings* that are not among *suites*."""
    known = {(suite.name, suite.version) for suite in suites}
    found: dict[tuple[str, str], list[Reading]] = {}
    for reading in readings:
        for one in reading.parts:
            suite = one.result.suite if one.result else None
            if suite is None or suite.name is None or suite.version is None:
                continue
            if (suite.name, suite.version) not in known:
                found.setdefault((suite.name, suite.version), []).append(one)
    return tuple(
        Unknown(name, version, tuple(results)) for (name, version), results in sorted(found.items())
    )


def blocks(unknown: Sequence[Unknown]) -> str:
    """Return *unknown* suites as text for board.toml, each with its protocol and with comments."""
    return "\n".join(_block(one) for one in unknown)


def _block(one: Unknown) -> str:
    first = one.results[0].result
    assert first is not None
    harness = first.protocol.harness or (first.provenance.harness if first.provenance else None)
    program = harness.name if harness else "another program"
    ranked = one.ranked
    title = text_of(f"{one.name} ({program})")
    lines = [f"# {_comment(one.name)} as {program} reports it: {_counted(len(one.results))}."]
    if ranked is None:
        lines += [
            "# Nobody says which way is up, so it cannot be ranked: set better for one metric,",
            "# and take the comment signs away.",
        ]
    body = [
        "[[suites]]",
        f"name = {text_of(one.name)}",
        f"version = {text_of(one.version)}",
        'kind = "reported"',
        f"title = {{ en = {title}, ko = {title} }}",
    ]
    steps = _common(
        reading.result.suite.steps for reading in one.results if reading.result is not None
    )
    if steps:
        body.append(f"steps = {steps}")
    protocol = _protocol(one)
    slug = re.sub(r"[^a-z0-9]+", "-", f"{one.name}-{one.version}".lower()).strip("-")
    if protocol:
        body.append(f"protocol = {text_of(slug)}")
    for metric in one.metrics:
        body += ["", *_metric(metric, ranked=ranked)]
    if protocol:
        plain = {key: value for key, value in protocol.items() if not key.startswith("extra.")}
        extra = {key[6:]: value for key, value in protocol.items() if key.startswith("extra.")}
        body += [
            "",
            "# Results with other settings are listed without a rank.",
            f"[protocols.{slug}]",
        ]
        body += [f"{key} = {_value(value)}" for key, value in plain.items()]
        if extra:
            body += ["", f"[protocols.{slug}.extra]"]
            body += [f"{key_of(key)} = {_value(value)}" for key, value in extra.items()]
    if ranked is None:
        body = [f"# {line}".rstrip() for line in body]
    return "\n".join([*lines, *body, ""])


def _metric(metric: Metric, *, ranked: Metric | None) -> list[str]:
    english, korean = _titles(metric)
    lines = [
        "[[suites.metrics]]",
        f"id = {text_of(metric.id)}",
        f"title = {{ en = {text_of(english)}, ko = {text_of(korean)} }}",
    ]
    if metric.unit != "share":
        lines.append(f"unit = {text_of(metric.unit)}")
    if metric.better != "higher":
        lines.append(f"better = {text_of(metric.better)}")
    if metric.scale != 1:
        lines.append(f"scale = {metric.scale:g}")
    if metric.decimals != 2:
        lines.append(f"decimals = {metric.decimals}")
    if metric.per_step:
        lines.append(
            "per_step = true"
            if metric.per_step is True
            else f"per_step = {text_of(metric.per_step)}"
        )
    if metric.aggregate != "mean":
        lines.append(f"aggregate = {text_of(metric.aggregate)}")
    if metric.binary:
        lines.append("binary = true")
    if ranked is not None and metric.id == ranked.id:
        lines.append(
            "ranked = true  # the first figure of the file; another one may be ranked instead"
        )
    shown = "board" if ranked is None or metric.better != "neither" else "model page"
    return [*lines, f"shown = {text_of(shown)}"]


def _titles(metric: Metric) -> tuple[str, str]:
    """Return what a metric is called in both languages."""
    if metric.title:
        return metric.title["en"], metric.title["ko"]
    name, dot, chosen = metric.id.partition(".")
    english, korean = _WORDS.get(name, (name.replace("_", " "),) * 2)
    end = f" ({chosen})" if dot else ""
    return english + end, korean + end


def _protocol(one: Unknown) -> dict[str, Scalar]:
    """Return the settings that most of the results share, of those that decide scores."""
    sent = [reading.result.protocol for reading in one.results if reading.result is not None]
    found: dict[str, Scalar] = {}
    for name, told in (("harness", _harness), ("harness_version", _version)):
        found[name] = _common(map(told, sent))
    for name in _PROTOCOL:
        found[name] = _common(getattr(protocol, name) for protocol in sent)
    for name in _EXTRA:
        found[f"extra.{name}"] = _common(protocol.extra.get(name) for protocol in sent)
    return {name: value for name, value in found.items() if value is not None}


def _harness(protocol: Protocol) -> str | None:
    return protocol.harness.name if protocol.harness else None


def _version(protocol: Protocol) -> str | None:
    return protocol.harness.version if protocol.harness else None


def _common(values: Iterable[Scalar]) -> Scalar:
    """Return the value that most have, the first of several; `None` where nobody has one."""
    known = [value for value in values if value is not None]
    return Counter(known).most_common(1)[0][0] if known else None


def _counted(n: int) -> str:
    return "1 result" if n == 1 else f"{n} results"


def _comment(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text)


def key_of(name: str) -> str:
    """Return *name* as a key of TOML."""
    return name if _BARE.fullmatch(name) else text_of(name)


def _value(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    return text_of(value or "")


def text_of(value: str) -> str:
    """Return *value* as a basic string of TOML."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    plain = re.sub(r"[\x00-\x1f\x7f]", lambda sign: f"\\u{ord(sign[0]):04x}", escaped)
    return f'"{plain}"'
