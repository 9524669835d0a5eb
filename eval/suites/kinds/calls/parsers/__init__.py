"""Strict readers of tool calls by family: an answer in, calls or the reason why not out."""
