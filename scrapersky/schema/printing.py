"""Print tables and their parts, boxed on a terminal and plain in a pipe."""

from collections.abc import Iterable, Sequence
from io import StringIO

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table as Grid

from scrapersky.schema.types import Column, Table, TableSize

# Maximum characters shown of a value.
WIDEST = 100
UNITS = ("bytes", "kB", "MB", "GB", "TB")


def print_sizes(tables: Sequence[TableSize], *, on_terminal: bool) -> str:
    """Return the list of tables as text."""
    rows = ((table.name, count(table.rows), size(table.bytes)) for table in tables)
    return _grid(("TABLE", "ROWS (ESTIMATED)", "SIZE"), rows, on_terminal=on_terminal)


def print_table(table: Table, rows: Sequence[dict[str, str | None]], *, on_terminal: bool) -> str:
    """Return a table's columns and indexes, and some rows listed vertically."""
    headings = ("COLUMN", "TYPE", "NULL", "DEFAULT", "PK", "FK")
    parts = [_grid(headings, map(_column, table.columns), on_terminal=on_terminal)]
    if enums := [column for column in table.columns if column.values]:
        cells = ((column.name, column.type, ", ".join(column.values)) for column in enums)
        parts.append(_grid(("COLUMN", "ENUM", "VALUES"), cells, on_terminal=on_terminal))
    if table.indexes:
        cells = ((one.name, "yes" if one.unique else "", one.over) for one in table.indexes)
        parts.append(_grid(("INDEX", "UNIQUE", "OVER"), cells, on_terminal=on_terminal))
    for number, row in enumerate(rows, 1):
        parts.append(_row(number, row, on_terminal=on_terminal))
    return "\n".join(parts)


def _column(column: Column) -> tuple[str, ...]:
    return (
        column.name,
        column.type,
        "yes" if column.null else "no",
        cut(column.default or ""),
        "yes" if column.primary_key else "",
        column.references or "",
    )


def _row(number: int, row: dict[str, str | None], *, on_terminal: bool) -> str:
    """Return a row as text; columns without a value are only named."""
    cells = [(name, cut(value)) for name, value in row.items() if value is not None]
    if empty := [name for name, value in row.items() if value is None]:
        cells.append(("NULL", ", ".join(empty)))
    return _grid((f"ROW {number}", "VALUE"), cells, on_terminal=on_terminal)


def cut(text: str) -> str:
    """Return a value as one short line without control characters."""
    short = text if len(text) <= WIDEST else f"{text[:WIDEST]}... ({len(text):,} characters)"
    return "".join(char if char.isprintable() else " " for char in short)


def count(number: int | None) -> str:
    return "?" if number is None else f"{number:,}"


def size(number: float | None) -> str:
    """Return a number of bytes in a suitable unit."""
    if number is None:
        return "?"
    for unit in UNITS:
        if number < 1000 or unit == UNITS[-1]:
            break
        number /= 1000
    return f"{number:,.0f} {unit}" if unit == UNITS[0] else f"{number:,.1f} {unit}"


def _grid(headings: Sequence[str], rows: Iterable[Sequence[str]], *, on_terminal: bool) -> str:
    """Return a grid as text; in a pipe, values are not truncated."""
    grid = Grid(box=box.SIMPLE_HEAD if on_terminal else None, pad_edge=False)
    for heading in headings:
        grid.add_column(heading, no_wrap=not on_terminal, overflow="fold")
    for row in rows:
        grid.add_row(*map(escape, row))
    buffer = StringIO()
    console = Console(file=buffer, width=None if on_terminal else 100_000)
    console.print(grid, highlight=False)
    return "".join(f"{line.rstrip()}\n" for line in buffer.getvalue().splitlines())
