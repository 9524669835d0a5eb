"""In-toto statements: what the judge found in a result file, bound to the file's hash.

A statement is of in-toto's `Statement` v1 with the predicate `test-result` v0.1
(https://github.com/in-toto/attestation, spec/v1/statement.md and spec/predicates/test-result.md).
It is not signed here; whoever signs vouches for it.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct, field

from ... import __version__
from ...eval.records import Sha256
from ..model import Boards
from ..words.findings import ATTESTING, Finding

STATEMENT: Final = "https://in-toto.io/Statement/v1"
PREDICATE: Final = "https://in-toto.io/attestation/test-result/v0.1"

Text = Annotated[str, Meta(max_length=4096)]


class Digest(Struct, frozen=True, kw_only=True):
    """Hashes of a file; we write and read one of them."""

    sha256: Sha256


class Resource(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A ResourceDescriptor: a file by its name and hash, or a program by its address."""

    name: Text
    digest: Digest | None = None
    uri: Text | None = None


class Subject(Struct, frozen=True, kw_only=True):
    """A result file."""

    name: Text
    """Its path below `results/`."""
    digest: Digest


class TestResult(Struct, frozen=True, kw_only=True, rename="camel"):
    """What the judge found; names of tests are codes of findings."""

    result: Literal["PASSED", "WARNED", "FAILED"]
    configuration: tuple[Resource, ...]
    """The files that it was judged by, and the program."""
    warned_tests: tuple[Text, ...] = ()
    failed_tests: tuple[Text, ...] = ()


class Statement(Struct, frozen=True, kw_only=True):
    """A claim about result files."""

    type_: Literal["https://in-toto.io/Statement/v1"] = field(name="_type", default=STATEMENT)
    subject: Annotated[tuple[Subject, ...], Meta(min_length=1)]
    predicate_type: Literal["https://in-toto.io/attestation/test-result/v0.1"] = field(
        name="predicateType", default=PREDICATE
    )
    predicate: TestResult


def statements(boards: Boards) -> Iterator[tuple[str, Statement]]:
    """Yield the SHA-256 of every judged result file, in their order, and the statement on it.

    Checks that found nothing are not listed: which of them could be made depends on what a file
    holds.
    """
    names: dict[str, list[str]] = {}
    for reading in boards.readings:
        names.setdefault(reading.sha256, []).append(reading.file)
    configuration = (
        *(
            Resource(name=name, digest=Digest(sha256=sha256))
            for name, sha256 in sorted(boards.sources.items())
        ),
        Resource(name="cardboard", uri=f"pkg:generic/cardboard@{__version__}"),
    )
    for sha256, findings in sorted(_judged(boards).items()):
        digest = Digest(sha256=sha256)
        yield (
            sha256,
            Statement(
                subject=tuple(Subject(name=name, digest=digest) for name in names[sha256]),
                predicate=_predicate(findings, configuration),
            ),
        )


def encode(statement: Statement) -> bytes:
    """Return *statement* as it is kept: JSON that people can read."""
    return msgspec.json.format(msgspec.json.encode(statement), indent=2) + b"\n"


def decode(data: bytes) -> Statement | None:
    """Return the statement in *data*; `None` where there is none on a test result."""
    try:
        return msgspec.json.decode(data, type=Statement)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


class Checked(Struct, frozen=True, kw_only=True):
    """What became of statements that were made before."""

    findings: tuple[Finding, ...]
    statements: int
    broken: int
    """Statements that do not hold."""
    missing: int
    """Results on which there is no statement that holds."""


def check(kept: Iterable[tuple[str, bytes]], boards: Boards) -> Checked:
    """Return what does not hold of the statements that are *kept*, by their files' names.

    A statement holds where every file that it names is there with its hash, whatever its name, and
    is stale where the judge says something else now.
    """
    now = dict(statements(boards))
    files = {reading.file: reading.sha256 for reading in boards.readings}
    findings: list[Finding] = []
    held: set[str] = set()
    total = broken = 0
    for file, data in kept:
        total += 1
        statement = decode(data)
        wrong = (
            list(_wrong(statement, file, files))
            if statement
            else [_finding("attestation-broken", file, reason="no-statement")]
        )
        findings += wrong
        broken += bool(wrong)
        if statement and not wrong:
            first = statement.subject[0]
            held |= {subject.digest.sha256 for subject in statement.subject}
            if statement != now.get(first.digest.sha256):
                findings.append(_finding("attestation-stale", file, name=first.name))
    return Checked(
        findings=tuple(findings),
        statements=total,
        broken=broken,
        missing=len(now.keys() - held),
    )


def _judged(boards: Boards) -> dict[str, list[Finding]]:
    """Return the findings on every result that is on a board or was an attempt, by its hash."""
    found: dict[str, list[Finding]] = {}
    entries = [entry for board in boards.boards for entry in board.entries]
    for entry in (*entries, *boards.unplaced):
        found[entry.sha256] = list(entry.findings)
        for attempt in entry.attempts:
            found[attempt.sha256] = list(attempt.findings)
    return found


def _predicate(findings: Iterable[Finding], configuration: tuple[Resource, ...]) -> TestResult:
    codes = {
        severity: tuple(sorted({one.code for one in findings if one.severity == severity}))
        for severity in ("warning", "error")
    }
    result: Literal["PASSED", "WARNED", "FAILED"] = "PASSED"
    if codes["warning"]:
        result = "WARNED"
    if codes["error"]:
        result = "FAILED"
    return TestResult(
        result=result,
        configuration=configuration,
        warned_tests=codes["warning"],
        failed_tests=codes["error"],
    )


def _wrong(statement: Statement, file: str, files: Mapping[str, str]) -> Iterator[Finding]:
    """Yield the subjects that are not as the statement says: a file is known by its hash."""
    there = set(files.values())
    for subject in statement.subject:
        if subject.digest.sha256 in there and files.get(subject.name) in (
            None,
            subject.digest.sha256,
        ):
            continue
        reason = "subject-changed" if subject.name in files else "subject-missing"
        yield _finding("attestation-broken", file, reason=reason, name=subject.name)


def _finding(code: str, file: str, **values: str) -> Finding:
    return Finding(code=code, severity=ATTESTING[code], file=file, values=dict(values))
