"""Entries of one model come in; the documentation that law asks for goes out."""
