"""A template's renders come in; findings go out, one subject a file."""
