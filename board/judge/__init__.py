"""Readings come in; judged, ranked boards of entries go out."""
