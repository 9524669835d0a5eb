"""Boards, settings and steps come in; what every page of one language is made from goes out."""
