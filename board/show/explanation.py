"""Why a model has its rank or none, by the findings of all its attempts, and what moved."""

from collections.abc import Iterator
from pathlib import Path

from ...eval.errors import UsageError, plural
from ...eval.suites.source import packaged
from ..compare.comparison import names
from ..history.changes import Change, title
from ..judge.build import build_boards, load_boards
from ..model import Board, Boards, Entry
from ..notes.claims import basis
from ..notes.figures import form_of, shown
from ..read.reader import read_file
from ..words.catalogue import Words
from ..workspace.configuration import open_workspace


def explain_model(boards: Boards, name: str, words: Words) -> list[str]:
    """Return the lines that explain every entry of the model *name*.

    *name* is a model's name in any case, its label, slug or result id. Raises `UsageError` where
    nothing has that name, with the nearest names.
    """
    found = [
        (board, entry)
        for board in (*boards.boards, None)
        for entry in (board.entries if board else boards.unplaced)
        if name.lower() in names(entry) | {entry.name.lower()}
    ]
    if not found:
        raise UsageError(f"no result is of the model {name!r}", remedy=nearest(boards, name))
    return [line for board, entry in found for line in _explain(board, entry, words)]


def explain_file(path: Path, root: Path) -> list[str]:
    """Return what `explain` says of the result at *path*, judged in the workspace at *root*.

    Nothing where *root* is no workspace. A result outside of its `results/` is judged as if it
    lay there.
    """
    if not (root / "board.toml").exists():
        return []
    workspace = open_workspace(root)
    reading = read_file(path)
    boards = load_boards(workspace)
    if all(one.sha256 != reading.sha256 for one in boards.readings):
        boards = build_boards([reading, *boards.readings], workspace)
    words = Words("en")
    listed = _listed(boards, reading.sha256)
    if listed is None:  # it cannot be read, or is only a part of a split run
        return [f"{finding.code}: {words.finding(finding)}" for finding in reading.findings]
    return explain_model(boards, listed, words)


def _listed(boards: Boards, sha256: str) -> str | None:
    """Return the id of the entry that is, or that shows as an attempt, the result *sha256*."""
    entries = [*(e for board in boards.boards for e in board.entries), *boards.unplaced]
    holding = (
        entry.result_id
        for entry in entries
        if sha256 in (entry.sha256, *(attempt.sha256 for attempt in entry.attempts))
    )
    return next(holding, None)


def nearest(boards: Boards, name: str) -> str:
    """Return the names that are like *name*, as a remedy."""
    from difflib import get_close_matches

    known = {e.model.lower(): e.model for b in boards.boards for e in b.entries}
    near = get_close_matches(name.lower(), sorted(known), n=3, cutoff=0.5)
    inside = [key for key in sorted(known) if name.lower() in key][:3]
    names = [known[key] for key in dict.fromkeys([*inside, *near])]
    return f"Near: {', '.join(names)}." if names else "`cardboard board` lists all of them."


def _explain(board: Board | None, entry: Entry, words: Words) -> Iterator[str]:
    yield f"{entry.label} on {title(board) if board else 'no known suite'}"
    yield f"  {_standing(board, entry)}"
    yield f"  {_score(board, entry, words)}"
    suite = board.suite if board else None
    told = (words.text(claim.key, **claim.values) for claim in basis(entry, suite))
    yield f"  evidence {entry.evidence}: {' '.join(told)}"
    yield f"  template {entry.template_status}"
    yield f"  from {entry.file}, sha256 {entry.sha256}"
    for finding in entry.findings:
        verdict = board.policy.get(finding.code, "fact") if board else "fact"
        yield f"  {finding.severity} {finding.code} ({verdict}): {words.finding(finding)}"
    name = entry.result.suite.name
    if board is None and name in packaged():
        command = f"cardboard suite info {name} --format toml"
        yield f"  to rank it, add to board.toml what this prints: {command}"
    for attempt in entry.attempts:
        decimals = board.suite.ranked.decimals if board else 2
        yield f"  attempt {attempt.result_id}: {_number(attempt.score, decimals)}, {attempt.file}"
        for finding in attempt.findings:
            if finding.severity != "info":
                yield f"    {finding.severity} {finding.code}: {words.finding(finding)}"
    yield ""


def _score(board: Board | None, entry: Entry, words: Words) -> str:
    steps = entry.result.counts.scored
    if board is None:
        return f"no score: {'unknown' if steps is None else steps} steps of no known suite"
    metric = board.suite.ranked
    score = _number(entry.score, metric.decimals)
    raw = _number(entry.value(metric.id), form_of(metric, scaled=False).decimals)
    times = "" if metric.scale == 1 else f" = {metric.scale:g} x {raw}"
    over = "" if steps is None else f" over {plural(steps, 'step')}"
    return f"score {score}{times} ({words.metric(metric, board.suite.kind)}){over}"


def _standing(board: Board | None, entry: Entry) -> str:
    if entry.rank is None or board is None:
        return "unranked"
    better = sum(other.rank < entry.rank for other in board.ranked if other.rank is not None)
    shared = f", shared with {', '.join(entry.tied_with)}" if entry.tied_with else ""
    return f"rank {entry.rank_text} of {len(board.ranked)}: {better} score higher{shared}"


def _number(value: float | None, digits: int) -> str:
    return "unknown" if value is None else f"{value:.{digits}f}"


def told_move(change: Change) -> str:
    """Return a move in one line."""
    rank = f"{change.rank_before or 'unranked'} -> {change.rank_after or 'unranked'}"
    score = f"{_points(change.score_before)} -> {_points(change.score_after)}"
    said = {
        "new": f"new, {_new(change)}",
        "gone": f"gone, was {change.rank_before or 'unranked'}",
        "rank": f"rank {rank}",
        "score": f"score {score}, rank {rank}",
        "standing": f"another result stands, score {score}, rank {rank}",
    }
    return f"{change.suite} ({change.class_}) {change.label}: {said[change.what]}"


def _new(change: Change) -> str:
    rank = f"rank {change.rank_after}" if change.rank_after else "unranked"
    return f"{rank}, score {_points(change.score_after)}"


def _points(score: float | None) -> str:
    return "none" if score is None else shown("score", score)
