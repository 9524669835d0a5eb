"""Boards come in; cards as text, their front matter and what the Hub would refuse go out."""
