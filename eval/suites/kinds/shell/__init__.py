"""Scenarios of a shell come in; rows, and how an episode in a live room ended, go out."""
