"""Number the lines of a text of any length."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

# Runs of blank lines that are skipped in one search, which costs less than a single line.
_LONG_BLANK = re.compile(r"[ \t\n]{256,}")


class Line(NamedTuple):
    """A line and its number, counted from 1."""

    number: int
    text: str


def numbered(blocks: Iterable[str], first: int = 1) -> Iterator[Line]:
    """Yield the lines of a text given in blocks of whole lines.

    Long runs of blank lines are counted but not yielded: a file of 19,000,000 line ends takes only
    one search.
    """
    number = first
    for block in blocks:
        start = 0
        for blank in _LONG_BLANK.finditer(block):
            end = block.find("\n", blank.start(), blank.end()) + 1
            resume = block.rfind("\n", blank.start(), blank.end()) + 1
            if end:
                yield from map(Line, *_counted(block[start:end], number))
                number += block.count("\n", start, resume)
                start = resume
        if start < len(block):
            yield from map(Line, *_counted(block[start:], number))
            number += block.count("\n", start)


def _counted(text: str, number: int) -> tuple[Iterable[int], list[str]]:
    lines = text.removesuffix("\n").split("\n")
    return range(number, number + len(lines)), lines
