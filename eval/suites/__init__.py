"""Rows, conversations and recorded tasks come in; suites with their fingerprints go out."""
