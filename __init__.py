"""Turn a folder of evaluation results into a judged leaderboard and honest model cards."""

__version__ = "0.1.0"
