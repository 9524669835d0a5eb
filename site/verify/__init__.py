"""The address of a built site comes in; where it differs from what its own files make goes out."""
