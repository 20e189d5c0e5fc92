"""Read the records of a CSV file in any common dialect."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from scans.engine.hostnames import is_host
from scans.engine.lists.errors import UnreadableFile
from scans.engine.lists.lines import Line
from scans.engine.lists.typed_cells import split_marks

_DELIMITERS = (",", ";", "\t", "|", "，", "；", "^", "~", "\x1f")  # noqa: RUF001
# Number of rows and columns used to compare delimiters.
_SNIFFED_ROWS = 200
_SNIFFED_COLUMNS = 50
# Excel's optional first line that states the separator.
_SEPARATOR_LINE = re.compile(r'\s*"?sep=(\\t|.)"?[\s,;]*', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Row:
    """One record and the line it starts in, counted from 1; `kinds` as in `typed_cells`."""

    line: int
    cells: list[str]
    kinds: str = ""


@dataclass(frozen=True, slots=True)
class Dialect:
    """A CSV dialect: a delimiter, and quotes escaped by doubling or by a backslash."""

    delimiter: str
    backslash: bool = False
    # The number of columns in most rows.
    width: int = 0

    def reader(self, lines: Iterable[str], *, strict: bool = False) -> Any:
        escape = "\\" if self.backslash else None
        return csv.reader(lines, delimiter=self.delimiter, escapechar=escape, strict=strict)

    def other_quoting(self) -> "Dialect":
        return Dialect(self.delimiter, not self.backslash, self.width)


def separator_of(line: str) -> str:
    """Return the delimiter in a line such as `sep=;`; empty for any other line."""
    match = _SEPARATOR_LINE.fullmatch(line)
    return match[1].replace("\\t", "\t") if match else ""


def sniff(sample: Sequence[Line], separator: str = "") -> Dialect:
    """Return the dialect in which the first rows have most domains in one column.

    Among equals, the one with the most even columns is preferred. With a known `separator`, only
    the quoting is detected. `csv.Sniffer` is not used because it is slow on long lines and may pick
    letters as delimiters.
    """
    texts = [f"{line.text}\n" for line in sample[:_SNIFFED_ROWS]]
    quotings = (False, True) if any("\\" in text for text in texts) else (False,)
    marks = (separator,) if separator else _DELIMITERS
    dialects = [Dialect(mark, backslash) for mark in marks for backslash in quotings]
    scored = [(_score(texts, dialect), dialect) for dialect in dialects]
    (_, _, width), best = max(scored, key=lambda pair: pair[0])
    return Dialect(best.delimiter, best.backslash, width)


def _score(texts: list[str], dialect: Dialect) -> tuple[int, float, int]:
    try:
        rows = [row for row in dialect.reader(texts) if row]
    except csv.Error:
        return 0, 0.0, 0
    widths = [len(row) for row in rows if len(row) > 1]
    commonest = max(set(widths), key=widths.count) if widths else 0
    columns = range(min(max(map(len, rows), default=0), _SNIFFED_COLUMNS))
    hosts = max((sum(map(_names_host, _column(rows, index))) for index in columns), default=0)
    return hosts, widths.count(commonest) / max(len(rows), 1), commonest


def _names_host(cell: str) -> bool:
    """Return whether a cell contains a host; unlike in browsers, one with a tab does not."""
    return "\t" not in cell.strip() and is_host(cell)


def _column(rows: list[list[str]], index: int) -> set[str]:
    return {row[index] for row in rows if index < len(row)}


def csv_rows(lines: Iterable[Line], dialect: Dialect, *, is_sample: bool = False) -> Iterator[Row]:
    """Yield the non-blank records.

    A record with an unusual number of columns is reread with the other quote escaping if that gives
    the usual number. Raises UnreadableFile if a quote is never closed or a value exceeds 131,072
    characters; a sample, which may be cut anywhere, simply ends there.
    """
    feed = _Feed(lines)
    reader = dialect.reader(feed)
    while True:
        feed.begin()
        try:
            cells = next(reader, None)
        except csv.Error:
            if is_sample:
                return
            raise UnreadableFile(
                f"Line {feed.first} cannot be read as CSV: a value is too long, or a quote is not"
                " closed."
            ) from None
        if feed.is_exhausted and not is_sample:
            _check_last_quote(feed, dialect)
        if cells is None:
            return
        if len(cells) != dialect.width and any("\\" in text for text in feed.texts):
            cells = _requoted(cells, feed.texts, dialect)
        if any(map(str.strip, cells)):
            yield Row(feed.first, *split_marks(cells, feed.texts))


class _Feed:
    """Feeds lines to a csv reader, tracking the line number and text of the current record."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines = iter(lines)
        self.first = 1
        self.texts: list[str] = []
        self.is_exhausted = False

    def begin(self) -> None:
        """Start a record."""
        self.texts = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines, None)
        if line is None:
            self.is_exhausted = True
            raise StopIteration
        if not self.texts:
            self.first = line.number
        self.texts.append(f"{line.text}\n")
        return self.texts[-1]


def _requoted(cells: list[str], texts: list[str], dialect: Dialect) -> list[str]:
    other = list(islice(dialect.other_quoting().reader(texts), 2))
    return other[0] if len(other) == 1 and len(other[0]) == dialect.width else cells


def _check_last_quote(feed: _Feed, dialect: Dialect) -> None:
    """Reject a file whose last record extends to the end because its quote is never closed."""
    if len(feed.texts) < 2 or '"' not in feed.texts[0]:
        return
    try:
        list(dialect.reader(feed.texts, strict=True))
    except csv.Error as error:
        if "end of data" in str(error):
            raise UnreadableFile(
                f"Line {feed.first} opens a quote that is not closed, so the rest cannot be read."
            ) from None
