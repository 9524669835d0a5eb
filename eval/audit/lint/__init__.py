"""Texts of templates come in; what chatlint says of them goes out."""
