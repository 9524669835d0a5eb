"""Two or more entries of a board come in; their paired differences go out."""
