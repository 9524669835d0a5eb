"""Figures that another harness measured come in; a kind that asks nothing itself goes out."""
