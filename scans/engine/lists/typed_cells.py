"""Carry the type of a spreadsheet's cells through CSV, so that a list can be returned as it was.

A cell that is no text starts with a mark and the letter of its kind. The kinds of a row are one
letter for each cell, without the blanks of the last texts: `" n d"` is a text, a number, a text and
a date.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime, time

_MARK = "\x1e\x02"
_MARKED = re.compile(f"{_MARK}[nbdt]")
TEXT, NUMBER, BOOLEAN, DATE, TIME = " nbdt"
Native = str | float | bool | date | datetime | time


def mark(kind: str, text: str) -> str:
    """Return the text of a cell with its kind."""
    return f"{_MARK}{kind}{text}"


def without_marks(text: str) -> str:
    """Return a line without the kinds of its cells."""
    return _MARKED.sub("", text) if _MARK in text else text


def split_marks(cells: list[str], texts: Sequence[str]) -> tuple[list[str], str]:
    """Return the texts of a record's cells, and their kinds; `texts` are the record's lines."""
    if not any(_MARK in text for text in texts):
        return cells, ""
    kinds = "".join(cell[2] if _MARKED.match(cell) else TEXT for cell in cells)
    plain = [cell[3:] if kind != TEXT else cell for cell, kind in zip(cells, kinds, strict=True)]
    return plain, kinds.rstrip()


def native(text: str, kind: str) -> Native:
    """Return the value of a cell; the text itself if it is not of its kind."""
    try:
        if kind == NUMBER:
            return float(text)
        if kind == DATE:
            return datetime.fromisoformat(text)
        if kind == TIME:
            return time.fromisoformat(text)
    except ValueError:
        return text
    return text == "TRUE" if kind == BOOLEAN else text
