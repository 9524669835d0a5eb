"""Boards come in; statements on their result files go out, and what of kept ones does not hold."""
