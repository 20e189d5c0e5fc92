"""Count the lines of a text, whatever its length."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

# Blanks that are skipped as a whole; each line of a text costs more than all of these together.
_LONG_BLANK = re.compile(r"[ \t\n]{256,}")


class Line(NamedTuple):
    """A line and its number, counted from 1."""

    number: int
    text: str


def numbered(blocks: Iterable[str], first: int = 1) -> Iterator[Line]:
    """Yield the lines of a text given in blocks that end where lines do.

    Blank lines in a row, from some hundred on, are counted but not yielded: a file of 19,000,000
    line ends is read in the time of one search.
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
