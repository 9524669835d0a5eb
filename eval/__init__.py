"""Measure a model: scoring, suites, backends and the result record."""
