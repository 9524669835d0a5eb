"""Files of recorded conversations in any known shape come in; turns, calls and tools go out."""
