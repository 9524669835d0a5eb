"""What an audit comes to: a row of the matrix of models and checks, and a report a template."""

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from .findings import CHECKS, Finding, Trait, Value

VERSION = 1
"""Of the form of an audit; whoever reads one refuses a newer one."""


State = Literal["ok", "info", "warning", "error", "unknown"]
Engine = Literal[
    "transformers", "vllm", "llama.cpp", "llama-cpp-python", "mistral.rs", "tgi", "ollama", "server"
]

_RANK: Mapping[State, int] = {"unknown": -1, "ok": 0, "info": 1, "warning": 2, "error": 3}


class Pick(Struct, frozen=True, kw_only=True):
    """The template that an engine takes."""

    engine: Engine
    tools: bool
    place: str | None = None
    """`None` where the engine refuses to work without one."""
    sha256: str | None = None
    """`None` also for a template of the engine's own."""


Rung = Literal["handler", "named", "metadata", "fallback", "none", "untold"]
"""What answers where nobody names a format: the engine's own code for such models, a format that it
knows by a name, the template in the file, the one that it takes where there is none, nothing. Which
of them it is cannot always be told from the file."""


class Landing(Struct, frozen=True, kw_only=True):
    """Which rung of an engine answers for a GGUF file, and whether that one is wrong for it."""

    engine: Engine
    rung: Rung
    format: str | None = None
    """The name of the format, where it has one."""
    edits: int | None = None
    """How far the template is from the one that the engine takes it for, in letters."""
    wrong: bool | None = None
    """Whether its prompts are others than those of the file's own template; `None` where nobody can
    tell, as of a file without one."""
    probe: str | None = None
    """The first conversation with another prompt."""
    rung_says: str | None = None
    """How the prompt of the rung goes on from a little before the first difference."""
    template_says: str | None = None


class Difference(Struct, frozen=True, kw_only=True):
    """Where two engines send another prompt for the same conversation."""

    one: Engine
    other: Engine
    probe: str
    ones: str
    """How the prompt of *one* goes on from a little before the first difference, or its error."""
    others: str
    why: tuple[str, ...] = ()
    """Aspects that make the difference each alone: `language`, `variables`, `messages`."""
    names: tuple[str, ...] = ()
    """The variables that the template reads and that only one of them passes, or otherwise."""


class Check(Struct, frozen=True, kw_only=True):
    """One cell of the matrix of models and checks."""

    check: str
    state: State
    """The gravest of its findings; `unknown` where it could not be looked at."""
    value: str | None = None
    """The trait's word, as in `audit.CHECK.VALUE`."""
    values: dict[str, Value] = {}


class Report(Struct, frozen=True, kw_only=True):
    """What was found of one template."""

    sha256: str | None
    """`None` where a server does not tell the text that it renders through."""
    places: tuple[str, ...]
    """Where it stands: `chat_template.jinja`, `tokenizer.chat_template` ..."""
    family: str | None = None
    """A name in `families.toml`."""
    checks: tuple[Check, ...]
    findings: tuple[Finding, ...]


class Audit(Struct, frozen=True, kw_only=True):
    """What was found of one source; `cardboard audit --save` writes it to `audits/SLUG.json`."""

    version: int = VERSION
    model: str
    """The source's name: a Hub id, or what the folder, file or server is called."""
    kind: str
    revision: str | None = None
    family: str | None = None
    """A name in `families.toml`."""
    picks: tuple[Pick, ...] = ()
    """The template that each engine would take."""
    rungs: tuple[Landing, ...] = ()
    """Of a GGUF file: what answers in each engine that loads it."""
    differences: tuple[Difference, ...] = ()
    """Of each pair of engines, each probe for which they send another prompt."""
    checks: tuple[Check, ...]
    """The row of the matrix of models and checks: the worst of all reports, check by check."""
    reports: tuple[Report, ...] = ()
    """One for each template that an engine takes by itself, its default first."""
    findings: tuple[Finding, ...] = ()
    """What is to be said of the source as a whole."""

    @property
    def all_findings(self) -> tuple[Finding, ...]:
        """Return the findings on the source and on all its templates, each once."""
        told = [*self.findings, *(one for report in self.reports for one in report.findings)]
        return tuple({(one.code, str(one.values)): one for one in told}.values())


def matrix_row(findings: tuple[Finding, ...], traits: tuple[Trait, ...]) -> tuple[Check, ...]:
    """Return one cell for each check, in order; those without trait and finding are `unknown`."""
    by_check = {trait.check: trait for trait in traits}
    states: dict[str, State] = dict.fromkeys(by_check, "ok")
    for finding in findings:
        worst = states.get(finding.check, "ok")
        states[finding.check] = max(worst, finding.severity, key=_RANK.__getitem__)
    return tuple(
        Check(
            check=check,
            state=states.get(check, "unknown"),
            value=by_check[check].value if check in by_check else None,
            values=by_check[check].values if check in by_check else {},
        )
        for check in CHECKS
    )


def worst(rows: Sequence[tuple[Check, ...]]) -> tuple[Check, ...]:
    """Return one row of *rows*: of each check the gravest state and the first trait told."""
    row = []
    for cells in zip(*rows, strict=True):
        told = next((cell for cell in cells if cell.value is not None), cells[0])
        state = max((cell.state for cell in cells), key=_RANK.__getitem__)
        row.append(replace(told, state=state))
    return tuple(row)


def with_findings(audit: Audit, findings: Sequence[Finding]) -> Audit:
    """Return *audit* with more *findings* on the source as a whole."""
    row = matrix_row(tuple(findings), ())
    return replace(audit, findings=(*audit.findings, *findings), checks=worst([row, audit.checks]))
