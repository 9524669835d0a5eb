"""Boards come in; tables, documents, explanations and runnable examples go out."""
