"""Requests come in; what the Hub or a folder holds goes out, or one of a few kinds of error."""
