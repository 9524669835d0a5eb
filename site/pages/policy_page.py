"""What the page on ranking says of this workspace: the policy, suites and settings in force."""

from collections.abc import Iterator
from typing import NamedTuple, get_args

from msgspec.structs import asdict

from ...board.show.document import thresholds
from ...board.words.findings import JUDGING, Verdict
from ...board.workspace.settings import Suite
from ..data.figures import plain
from ..source.source import Source

VERDICTS: tuple[str, ...] = get_args(Verdict)


class Code(NamedTuple):
    """A finding under its verdict, with the default where the workspace chose another."""

    code: str
    default: str | None


class SuiteRow(NamedTuple):
    """A configured suite and the settings under which its results are comparable."""

    title: str
    name: str
    steps: str | None
    tasks: str | None
    protocol: str | None
    settings: tuple[tuple[str, str], ...]


def policy_html(source: Source) -> str:
    """Return the policy in force, as HTML for the page on ranking."""
    settings = source.settings
    under: dict[str, list[Code]] = {verdict: [] for verdict in VERDICTS}
    for code, verdict in source.policy.items():
        default = JUDGING[code]
        under[verdict].append(Code(code, default if verdict != default else None))
    templates = settings.templates
    return source.render.html(
        "policy",
        verdicts=[(verdict, codes) for verdict, codes in under.items() if codes],
        changed=sum(code.default is not None for codes in under.values() for code in codes),
        templates=[
            ("accepted", templates.accepted),
            ("accepted_without_raw", templates.accepted_without_raw),
            ("raw", templates.raw),
        ],
        thresholds=[(code, plain(limit)) for code, limit in thresholds(settings).items()],
        suites=[_suite(suite, source) for suite in settings.suites],
    )


def _suite(suite: Suite, source: Source) -> SuiteRow:
    return SuiteRow(
        title=source.render.own(suite.title) or suite.name,
        name=suite.full_name,
        steps=plain(suite.steps),
        tasks=plain(suite.tasks),
        protocol=suite.protocol,
        settings=tuple(_fixed(suite, source)),
    )


def _fixed(suite: Suite, source: Source) -> Iterator[tuple[str, str]]:
    """Yield the settings that the suite's protocol fixes."""
    if suite.protocol is None:
        return
    for key, value in asdict(source.settings.protocols[suite.protocol]).items():
        if isinstance(value, dict):
            for name, held in sorted(value.items()):
                yield f"{key}.{name}", plain(held) or ""
        elif isinstance(value, tuple):
            yield key, " | ".join(map(str, value))
        elif (text := plain(value)) is not None:
            yield key, text
