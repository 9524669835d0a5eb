"""A command line comes in; a measured, scored or described suite goes out."""
