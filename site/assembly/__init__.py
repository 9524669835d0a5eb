"""Pages come in; a whole site goes out, moved into place or served."""
