"""Print a sheet of a workbook as CSV: `python -m scans.engine.lists.workbook FILE [SHEET]`.

Runs in its own process with limits on memory and CPU time, because a file of a few kilobytes may
claim a cell in the last row and column, which crashes the reader. First prints a line of JSON to
stderr: the names of the sheets, and the one being read.
"""

import csv
import json
import resource
import sys
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any

from scans.engine.lists.typed_cells import BOOLEAN, DATE, NUMBER, TIME, mark

# Limits on address space in bytes and CPU time in seconds.
MAX_MEMORY = 2_000_000_000
MAX_SECONDS = 120
# Maximum number of sheets examined for domains.
_MAX_SHEETS = 20
# Maximum number of sheet names printed.
_MAX_LISTED = 100


def main(path: str, sheet: str = "") -> None:
    """Print the CSV, or print a message to stderr and exit with 1 if it cannot be read."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_SECONDS, MAX_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    try:
        workbook = CalamineWorkbook.from_path(path)
        chosen = _choose(workbook, sheet)
        _print_sheets(workbook, chosen)
        _print_rows(workbook.get_sheet_by_name(chosen))
    except PasswordError:
        sys.exit("The workbook is protected by a password. Save a copy without one.")
    except CalamineError as error:
        sys.exit(f"The workbook cannot be read: {error}.")


def _choose(workbook: Any, sheet: str) -> str:
    """Return the sheet with this name, or else the one with most domains in its first rows."""
    names = list(workbook.sheet_names)
    if sheet:
        if sheet not in names:
            _print_sheets(workbook, "")
            sys.exit(f"The workbook has no sheet named “{sheet}”, only {_listed(names)}.")
        return sheet
    if len(names) == 1:
        return str(names[0])
    return str(max(names[:_MAX_SHEETS], key=lambda name: _domains(workbook, name)))


def _print_sheets(workbook: Any, chosen: str) -> None:
    sheets = list(workbook.sheet_names)[:_MAX_LISTED]
    print(json.dumps({"sheets": sheets, "sheet": chosen}), file=sys.stderr, flush=True)


def _listed(names: list[str]) -> str:
    return json.dumps(names[:_MAX_SHEETS], ensure_ascii=False)[1:-1]


def _domains(workbook: Any, name: str) -> int:
    """Count the domains in the best column of a sheet's first rows."""
    from scans.engine.lists.columns import SAMPLE_ROWS, host_of_cell

    rows = islice(_rows(workbook.get_sheet_by_name(name)), SAMPLE_ROWS)
    columns = zip(*rows, strict=True)
    return max((sum(map(bool, map(host_of_cell, column))) for column in columns), default=0)


def _print_rows(sheet: Any) -> None:
    sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
    writer = csv.writer(sys.stdout, lineterminator="\n")
    for row in _rows(sheet):
        writer.writerow(row if any(row) else [])


def _rows(sheet: Any) -> Iterator[list[str]]:
    """Yield the rows from the top of the sheet, so that row numbers are kept."""
    for row in sheet.iter_rows():
        yield [_text(value) for value in row]


def _text(value: Any) -> str:
    """Return a cell as text: whole numbers without a decimal point, dates in ISO 8601.

    Cells that are not text are marked with their type.
    """
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, bool):
        return mark(BOOLEAN, str(value).upper())
    if isinstance(value, float):
        is_whole = value.is_integer() and abs(value) < 1e15
        return mark(NUMBER, str(int(value)) if is_whole else repr(value))
    if isinstance(value, datetime):
        text = value.isoformat(" ") if value.time() != time() else value.date().isoformat()
        return mark(DATE, text)
    if isinstance(value, date | time):
        return mark(DATE if isinstance(value, date) else TIME, value.isoformat())
    if isinstance(value, timedelta):
        return str(value)
    return str(value).replace("\0", "")


if __name__ == "__main__":
    main(*sys.argv[1:3])
