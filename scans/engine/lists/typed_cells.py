"""Preserve the types of spreadsheet cells through CSV, so that lists can be exported unchanged.

A cell that is not text starts with a mark and the letter of its type. The types of a row are one
letter per cell, without trailing blanks: `" n d"` is a text, a number, a text and a date.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime, time

_MARK = "\x1e\x02"
_MARKED = re.compile(f"{_MARK}[nbdt]")
TEXT, NUMBER, BOOLEAN, DATE, TIME = " nbdt"
Native = str | float | bool | date | datetime | time


def mark(kind: str, text: str) -> str:
    """Return the text of a cell marked with its type."""
    return f"{_MARK}{kind}{text}"


def without_marks(text: str) -> str:
    """Return a line without type marks."""
    return _MARKED.sub("", text) if _MARK in text else text


def split_marks(cells: list[str], texts: Sequence[str]) -> tuple[list[str], str]:
    """Return the texts and types of a record's cells; `texts` are the record's lines."""
    if not any(_MARK in text for text in texts):
        return cells, ""
    kinds = "".join(cell[2] if _MARKED.match(cell) else TEXT for cell in cells)
    plain = [cell[3:] if kind != TEXT else cell for cell, kind in zip(cells, kinds, strict=True)]
    return plain, kinds.rstrip()


def native(text: str, kind: str) -> Native:
    """Return the native value of a cell, or its text if it does not match its type."""
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
