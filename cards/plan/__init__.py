"""Boards and what repositories hold come in; what is wanted and what is to be done go out."""
