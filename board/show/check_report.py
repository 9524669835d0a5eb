"""The outcome of reading a folder: which files count, which do not, and why."""

from collections import Counter
from collections.abc import Iterator, Mapping

from msgspec import Struct

from ..history.changes import title
from ..model import Boards, Reading
from ..notes.notes import indiscriminate
from ..words.catalogue import Words
from ..words.findings import Finding
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
