"""The words around a find, as the evidence a person reads."""

from scans.engine.extractors.text import one_line

BEFORE, AFTER = 60, 60


def around(text: str, start: int, end: int) -> str:
    """Return the text from a little before `start` to a little after `end`, on one line."""
    return one_line(text[max(0, start - BEFORE) : end + AFTER], 200)
