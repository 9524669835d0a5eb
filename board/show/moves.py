"""What moved between two states of the boards, a line a move."""

from ..history.changes import Change
from ..notes.figures import shown


def told(change: Change) -> str:
    """Return a move in one line."""
    rank = f"{change.rank_before or 'unranked'} -> {change.rank_after or 'unranked'}"
    score = f"{_points(change.score_before)} -> {_points(change.score_after)}"
    said = {
        "new": f"new, {_standing(change)}",
        "gone": f"gone, was {change.rank_before or 'unranked'}",
        "rank": f"rank {rank}",
        "score": f"score {score}, rank {rank}",
        "standing": f"another result stands, score {score}, rank {rank}",
    }
    return f"{change.suite} ({change.class_}) {change.label}: {said[change.what]}"


def _standing(change: Change) -> str:
    rank = f"rank {change.rank_after}" if change.rank_after else "unranked"
    return f"{rank}, score {_points(change.score_after)}"


def _points(score: float | None) -> str:
    return "none" if score is None else shown("score", score)
