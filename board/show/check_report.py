"""The outcome of reading a folder: which files count, which do not, and why."""

from collections import Counter
from collections.abc import Iterator, Mapping

from msgspec import Struct

from ...eval.identity import fold
from ..history.changes import title
from ..model import Boards, Reading
from ..notes.notes import indiscriminate
from ..words.catalogue import Words
from ..words.findings import Finding
from ..words.names import nearest
from ..workspace.overrides import remarks
from ..workspace.settings import Workspace


class Outcome(Struct, frozen=True, kw_only=True):
    """What `cardboard check` prints, and the files that make it fail under `--strict`."""

    lines: tuple[str, ...]
    broken: tuple[Reading, ...]


def broken_files(boards: Boards) -> tuple[Reading, ...]:
    """Return the files that hold no usable result though they should."""
    return tuple(
        reading
        for reading in boards.readings
        if any(finding.severity == "error" for finding in reading.findings)
    )


def report(boards: Boards, workspace: Workspace) -> Outcome:
    """Say of each file with a finding what was found, then what the whole folder comes to."""
    words = Words("en")
    lines = []
    for file in sorted({str(one.file) for one in workspace.remarks}):
        lines.append(f"Checking {file}: read, with remarks")
        lines += [_line(one, words) for one in workspace.remarks if one.file == file]
    own = list(remarks(workspace.root, workspace.settings.overrides))
    for file in dict.fromkeys(file for file, _ in own):
        lines.append(f"Checking {file}: read, with remarks")
        lines += [f"  {what}" for name, what in own if name == file]
    lines += _unmet(boards, workspace)
    for reading in boards.readings:
        if not reading.findings or reading.kind == "other":
            continue
        errors = any(finding.severity == "error" for finding in reading.findings)
        lines.append(f"Checking {reading.file}: {'REFUSED' if errors else 'read, with remarks'}")
        lines += [_line(finding, words) for finding in reading.findings]
    kinds = Counter(str(reading.kind) for reading in boards.readings)
    counted = ", ".join(f"{n} {kind}" for kind, n in _sorted(kinds)) or "none"
    lines.append(f"Files: {counted}")
    endings = Counter(
        str(one.values["ending"]) for one in _findings(boards) if one.code == "other-file"
    )
    if endings:
        told = ", ".join(f"{n} {ending}" for ending, n in _sorted(endings))
        lines.append(f"Not read, by their endings: {told}")
    results = sum(len(reading.parts) for reading in boards.readings)
    if results:
        lines.append(f"Results in files of other programs: {results}")
    for board in boards.boards:
        lines.append(f"{title(board)}: {len(board.ranked)} ranked, {len(board.unranked)} unranked")
        codes = Counter(
            f.code for e in board.entries for f in {f.code: f for f in e.findings}.values()
        )
        lines += [f"  {code}: {n} of {len(board.entries)}" for code, n in _sorted(codes)]
        lines += [
            f"  note {rate.id!r} fires on {rate.share:.0%} of the ranked entries: it tells nothing"
            for rate in indiscriminate(board, workspace.settings)
        ]
    if boards.unplaced:
        lines.append(f"Results of no known suite: {len(boards.unplaced)}")
        for entry in boards.unplaced:
            why = [words.finding(f) for f in entry.findings if f.code == "suite-unknown"]
            lines.append(f"  {entry.file}: {' '.join(why) or entry.label}")
    broken = broken_files(boards)
    if broken:
        lines.append(f"Files that could not be used: {len(broken)}")
    return Outcome(lines=tuple(lines), broken=broken)


def _unmet(boards: Boards, workspace: Workspace) -> Iterator[str]:
    """Yield a line for each table of models.toml that no result and no other table is about."""
    entries = [*(entry for board in boards.boards for entry in board.entries), *boards.unplaced]
    found = {entry.name for entry in entries}
    bases = {profile.base_model for profile in workspace.models.values() if profile.base_model}
    met = {fold(name) for name in (*found, *bases, *(one.result.model.id for one in entries))}
    for name, profile in workspace.models.items():
        names = (name, *profile.aliases)
        if entries and not met & {fold(one) for one in names}:
            near = nearest(name, found - workspace.models.keys())
            remedy = f"the nearest name in results is {near}" if near else "no name is like it"
            yield f"models.toml: {name}: no result is of this model; {remedy}"


AGAIN = frozenset(
    {
        "run-failed", "incomplete", "steps-missing", "steps-foreign", "steps-failed",
        "steps-differ", "steps-duplicated", "prompts-differ", "references-differ", "template-raw",
        "template-unknown", "template-contradicted", "template-faulty", "template-moved",
        "prompt-errors", "doubled-bos", "prompts-truncated", "cuts-hidden", "answers-too-long",
        "trials-missing", "off-protocol", "dialogues-differ", "tools-differ", "not-isolated",
    }
)  # fmt: skip
"""Findings that a new measurement mends."""

SCORES = frozenset({"scorer-foreign", "rescore-mismatch", "answers-misread"})
"""Findings that scoring the stored answers again mends."""

RUN, SCORE, NOTHING = "run again", "score again from stored answers", "nothing"


class Need(Struct, frozen=True, kw_only=True):
    """What is to be done for one result that was scored here, and why."""

    file: str
    verdict: str
    reason: str


def needs(boards: Boards) -> Iterator[Need]:
    """Yield what each standing result needs that a scorer of ours scored, board by board.

    What other programs measured or tables quote cannot be measured again from here.
    """
    words = Words("en")
    for board in boards.boards:
        kind = board.suite.of_kind
        for entry in board.entries:
            result = entry.result
            if kind.scorer is None or result.scorer not in kind.scorers:
                continue
            found = {finding.code: finding for finding in entry.findings}
            again = sorted(AGAIN & set(found))
            if again == ["references-differ"]:  # what is asked is the same: answers are kept
                again, reasons = [], [words.finding(found["references-differ"])]
            else:
                reasons = []
            reasons += [words.finding(found[code]) for code in sorted(SCORES & set(found))]
            if result.scorer != kind.scorer:
                reasons.append(f"Its scorer was {result.scorer}, and is {kind.scorer} now.")
            if again:
                told = " ".join(words.finding(found[code]) for code in again)
                yield Need(file=entry.file, verdict=RUN, reason=told)
            elif reasons and (entry.facts is None or not entry.facts.reread):
                told = " ".join((*reasons, "It does not hold its answers."))
                yield Need(file=entry.file, verdict=RUN, reason=told)
            elif reasons:
                yield Need(file=entry.file, verdict=SCORE, reason=" ".join(reasons))
            else:
                yield Need(file=entry.file, verdict=NOTHING, reason="It is as it would be now.")


def needs_lines(boards: Boards, *, every: bool) -> list[str]:
    """Return what is to be done in a line, and with *every* each result's need before it."""
    found = list(needs(boards))
    counts = Counter(one.verdict for one in found)
    lines = [f"{one.file}: {one.verdict}: {one.reason}" for one in found] if every else []
    if found:
        told = ", ".join(f"{counts[verdict]} {verdict}" for verdict in (RUN, SCORE, NOTHING))
        lines.append(f"Results scored here: {told}")
    return lines


def _line(finding: Finding, words: Words) -> str:
    """Return what was found, and what to do where a file cannot be used for it."""
    told = f"  {finding.severity} {finding.code}: {words.finding(finding)}"
    remedy = words.remedy(finding) if finding.severity == "error" else None
    return f"{told} {remedy}" if remedy else told


def _findings(boards: Boards) -> Iterator[Finding]:
    for reading in boards.readings:
        yield from reading.findings


def _sorted(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
