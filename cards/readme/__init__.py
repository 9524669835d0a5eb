"""A README as it is and our part of it come in; the README as it shall be goes out."""
