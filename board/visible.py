"""Names and lines of strangers, without what would rule a terminal or turn the writing round."""


def visible(text: str) -> str:
    """Return *text* with a replacement mark for every sign that cannot be printed."""
    return text if text.isprintable() else "".join(c if c.isprintable() else "\ufffd" for c in text)
