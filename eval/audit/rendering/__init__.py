"""Rendered conversations come in; the probes they were made from and their tokens go out."""
