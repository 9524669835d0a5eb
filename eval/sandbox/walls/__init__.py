"""Limits and files come in; what shuts a process in, limits it and surely ends it goes out."""
