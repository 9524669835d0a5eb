"""Recorded terminals and answers come in; command units, step scores and their checks go out."""
