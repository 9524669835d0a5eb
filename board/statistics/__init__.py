"""Scores by step and task come in; intervals, paired tests and rank ranges go out."""
