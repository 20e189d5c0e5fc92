"""Read a list of domains in any form as a stream of entries.

A list is free text (values separated by line ends, spaces and commas), a table (CSV, TSV, an export
of a database) or JSON. Memory use is bounded: one block of text and the first rows of a table.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain, islice
from typing import NamedTuple

from scans.engine.hostnames import InvalidDomain, is_host, normalise
from scans.engine.lists.columns import SAMPLE_ROWS, Layout, find_layout, is_known_name
from scans.engine.lists.csv_rows import Row, csv_rows, separator_of, sniff
from scans.engine.lists.errors import UnreadableFile
from scans.engine.lists.json_rows import JsonRows, starts_json
from scans.engine.lists.lines import Line, numbered
from scans.engine.lists.structure import Structure
from scans.engine.lists.tables import is_plain_list, looks_like_table
from scans.engine.lists.typed_cells import without_marks
from scans.engine.lists.values import line_values
from scrapersky.web.text import sanitize

# Number of lines, and characters of each, used to detect the format of a list.
_SAMPLE_LINES = 1_000
_SAMPLE_WIDTH = 5_000
# Values that databases write for NULL.
_NO_VALUE = frozenset({"", "\\N"})


class Entry(NamedTuple):
    """One value of a list: its line, its text, and its host or the reason for its rejection.

    `values` are the cells of its row, and `kinds` their types (see `typed_cells`). A row with an
    empty domain cell has neither host nor reason. The first entry of a row has `starts_row`, and
    the host if any entry of the row has one.
    """

    line: int
    text: str
    host: str = ""
    reason: str = ""
    values: tuple[str, ...] = ()
    kinds: str = ""
    starts_row: bool = False


class ListReader:
    """Iterates over the entries of a list.

    `blocks` are text as yielded by `text_blocks`. With `is_table` or a `column` (a name, or an
    index from 0) it is read as a table. If `is_table` is None, it is a table if its columns are
    even and one contains domains; if False, it is free text. `names` and `column` are those of the
    table, known from the first entry on and empty for other lists; `structure` describes it. Lines
    before `first_line` are skipped at a fraction of the cost. Iterating raises UnreadableFile.
    """

    def __init__(
        self,
        blocks: Iterable[str],
        *,
        is_table: bool | None = None,
        column: str | int | None = None,
        allowed_networks: tuple[str, ...] = (),
        first_line: int = 1,
        structure: Structure | None = None,
    ) -> None:
        self.structure = structure or Structure()
        self.names: list[str] = []
        self.column: int | None = None
        self._column = column
        self._is_table = True if column is not None else is_table
        self._networks = allowed_networks
        self._first_line = first_line
        self._blocks = iter(blocks)

    def __iter__(self) -> Iterator[Entry]:
        head = next(self._blocks, "")
        text = chain([head], self._blocks)
        if self._is_table is False:
            return self._free(numbered(text))
        if starts_json(head):
            return self._json(JsonRows(text))
        return self._lines(numbered(text))

    def _json(self, rows: JsonRows) -> Iterator[Entry]:
        items = iter(rows)
        sample = list(islice(items, SAMPLE_ROWS))
        if sample:
            self._describe(sample, None, rows.names)
            layout = find_layout(sample, self._column, names=rows.names)
            self._describe(sample, layout)
            yield from self._table(chain(sample, items), layout)
        yield from self._free(numbered(rows.rest(), rows.line))

    def _lines(self, lines: Iterator[Line]) -> Iterator[Entry]:
        sample, separator = _without_separator_line(list(islice(lines, _SAMPLE_LINES)))
        everything = chain(sample, lines)
        shortened = [Line(line.number, line.text[:_SAMPLE_WIDTH]) for line in sample]
        dialect = sniff(shortened, separator)
        rows = list(islice(csv_rows(shortened, dialect, is_sample=True), SAMPLE_ROWS))
        if not (separator or self._is_table or looks_like_table(rows)):
            return self._free(_without_header(everything))
        layout = self._layout(rows, csv_rows(everything, dialect))
        if self._column is None and is_plain_list(rows, layout):
            self.structure.take_table((), None, ())
            return self._free(everything)
        start = rows[layout.first].line if layout.first < len(rows) else rows[-1].line + 1
        body = (row for row in csv_rows(everything, dialect) if row.line >= start)
        return self._table(body, layout)

    def _layout(self, rows: Sequence[Row], all_rows: Iterator[Row]) -> Layout:
        """Return the layout of a table; an unclosed quote takes precedence as the error."""
        try:
            if not rows:
                raise UnreadableFile("The file is empty.")
            self._describe(rows, None)
            layout = find_layout(rows, self._column)
        except UnreadableFile:
            for _ in all_rows:
                pass
            raise
        self._describe(rows, layout)
        return layout

    def _describe(
        self, rows: Sequence[Row], layout: Layout | None, names: Sequence[str] = ()
    ) -> None:
        """Describe a table by its first rows; without a layout, before its column is detected."""
        if layout is None:
            with suppress(UnreadableFile):
                around_first = find_layout(rows, 0, names=names)
                below = rows[around_first.first :]
                self.structure.take_table(around_first.names, None, [row.cells for row in below])
            return
        below = rows[layout.first :]
        self.structure.take_table(layout.names, layout.column, [row.cells for row in below])

    def _table(self, rows: Iterable[Row], layout: Layout) -> Iterator[Entry]:
        self.names, self.column = layout.names, layout.column
        for row in rows:
            if row.line < self._first_line:
                continue
            if row.cells != layout.names and any(map(_says_something, row.cells)):
                yield from self._row_entries(row, layout.column)

    def _row_entries(self, row: Row, index: int) -> Iterator[Entry]:
        cell = row.cells[index].strip() if index < len(row.cells) else ""
        texts = [] if cell in _NO_VALUE else cell_values(cell)
        values = _sanitized_cells(row.cells)
        return row_entries(row.line, texts, self._networks, values, row.kinds)

    def _free(self, lines: Iterable[Line]) -> Iterator[Entry]:
        for number, text in lines:
            if number < self._first_line:
                continue
            for value in line_values(without_marks(text)):
                yield read_entry(number, value, self._networks)


def row_entries(
    line: int,
    texts: Sequence[str],
    allowed_networks: tuple[str, ...],
    values: tuple[str, ...],
    kinds: str = "",
) -> Iterator[Entry]:
    """Yield the entries of a table row: one per text in its cell, or an empty one."""
    if len(texts) == 1:
        yield read_entry(line, texts[0], allowed_networks, values, kinds, starts_row=True)
        return
    entries = [read_entry(line, text, allowed_networks, values) for text in texts]
    first, *others = sorted(entries, key=_has_no_host) or [Entry(line, "", values=values)]
    yield first._replace(kinds=kinds, starts_row=True)
    yield from others


def _has_no_host(entry: Entry) -> bool:
    return not entry.host


def read_entry(
    line: int,
    text: str,
    allowed_networks: tuple[str, ...],
    values: tuple[str, ...] = (),
    kinds: str = "",
    *,
    starts_row: bool = False,
) -> Entry:
    """Return the entry of one value."""
    host = reason = ""
    try:
        host = normalise(text, allowed_networks)
    except InvalidDomain as error:
        reason = sanitize(str(error))
    return Entry(line, sanitize(text), host, reason, values, kinds, starts_row)


def _sanitized_cells(cells: Sequence[str]) -> tuple[str, ...]:
    """Return the cells of a row sanitised, with one check for the whole row."""
    text = "".join(cells)
    return tuple(cells) if sanitize(text) == text else tuple(map(sanitize, cells))


def cell_values(cell: str) -> list[str]:
    """Return the domains in a cell; a cell that does not start with one is a single value."""
    values = line_values(cell)
    if len(values) == 1 or (values and is_host(values[0])):
        return values
    return [cell]


def _says_something(cell: str) -> bool:
    return any(map(str.isalnum, cell))


def _without_separator_line(sample: list[Line]) -> tuple[list[Line], str]:
    """Return the lines after Excel's `sep=;` and the separator; all lines if there is none."""
    for index, line in enumerate(sample):
        if line.text.strip():
            separator = separator_of(line.text)
            return (sample[index + 1 :], separator) if separator else (sample, "")
    return sample, ""


def _without_header(lines: Iterator[Line]) -> Iterator[Line]:
    """Drop a first line that is only a heading, such as `Domain`."""
    for line in lines:
        if line.text.strip():
            if not is_known_name(line.text):
                yield line
            break
    yield from lines
