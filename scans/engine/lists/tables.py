"""Distinguish a table with a domain column from a list of values."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from scans.engine.lists.columns import Layout, find_layout, host_of_cell, is_known_name
from scans.engine.lists.csv_rows import Row
from scans.engine.lists.errors import UnreadableFile

# Thresholds, as shares of rows or cells.
_MOST = 0.9
_HALF = 0.5
_FEW = 0.1
# A value that may be meant as a domain; ignoring it silently would lose it.
_MEANT_AS_DOMAIN = re.compile(r"\S*[^\s.]\.[^\s.\d]\S*")


def looks_like_table(rows: Sequence[Row]) -> bool:
    """Return whether a text of unknown kind is a table.

    Its rows must have the same number of columns, one of which contains hosts. Without a header
    with a known name, no other column may contain anything that could be meant as a domain.
    """
    try:
        layout = find_layout(rows)
    except UnreadableFile:
        return False
    body = rows[layout.first :]
    if len(body) < 2 or not _is_even(body):
        return False
    if _share_of_hosts(body, layout.column) < _HALF:
        return False
    return _has_known_header(rows, layout) or not _may_lose_domains(body, layout)


def is_plain_list(rows: Sequence[Row], layout: Layout) -> bool:
    """Return whether a file called a table is a list instead: no header, and hosts everywhere."""
    if layout.first or max(len(row.cells) for row in rows) < 2:
        return False
    return _share(host_of_cell(cell) != "" for row in rows for cell in _filled_cells(row)) >= _MOST


def _is_even(rows: Sequence[Row]) -> bool:
    widths = Counter(len(row.cells) for row in rows)
    width, count = widths.most_common(1)[0]
    return width > 1 and count >= _MOST * len(rows)


def _share_of_hosts(rows: Sequence[Row], index: int) -> float:
    cells = (row.cells[index] for row in rows if index < len(row.cells))
    return _share(host_of_cell(cell) != "" for cell in cells if cell.strip())


def _has_known_header(rows: Sequence[Row], layout: Layout) -> bool:
    return layout.first > 0 and any(map(is_known_name, rows[layout.first - 1].cells))


def _may_lose_domains(rows: Sequence[Row], layout: Layout) -> bool:
    others = (
        cell
        for row in rows
        for index, cell in enumerate(row.cells)
        if index != layout.column and cell.strip()
    )
    return _share(_MEANT_AS_DOMAIN.fullmatch(cell.strip()) is not None for cell in others) > _FEW


def _filled_cells(row: Row) -> list[str]:
    return [cell for cell in row.cells if cell.strip()]


def _share(tests: Iterator[bool]) -> float:
    results = list(tests)
    return sum(results) / len(results) if results else 0.0
