"""Quote the text around a match as evidence."""

from scans.engine.extractors.text import one_line

BEFORE, AFTER = 60, 60


def around(text: str, start: int, end: int) -> str:
    """Return the text around `start` to `end` in one line."""
    return one_line(text[max(0, start - BEFORE) : end + AFTER], 200)
