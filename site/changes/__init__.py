"""The history of the boards comes in; its page and its feeds go out."""
