"""Strangers' commands and templates come in; what they did in a confined process goes out."""
