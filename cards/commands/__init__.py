"""A command line comes in; checked, written, added or pushed cards go out."""
