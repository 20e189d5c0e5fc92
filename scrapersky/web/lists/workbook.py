"""Write rows as an XLSX file in constant memory: typed cells, a frozen head, filters, no formulas.

The file is written whole: a workbook cannot be reopened in constant memory.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time
from math import isfinite
from typing import Any, BinaryIO

from scrapersky.web import spreadsheet
from scrapersky.web.lists.columns import Column, Kind, TypedText, readers_of
from scrapersky.web.lists.formats import as_text
from scrapersky.web.regional import grouped

# Excel's limits: characters in a cell (units of UTF-16), characters in a link, links and rows of a
# sheet besides the head.
# https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3
CELL_LENGTH = 32_767
LINK_LENGTH = 2_079
SHEET_LINKS = 65_530
SHEET_ROWS = 1_048_575
# What XlsxWriter writes as three characters in a link.
_ESCAPED_IN_LINKS = re.compile(r"""["<>\[\]^`{}%]""")
_LINK = re.compile(r"https?://[^\s\x00-\x20\x7f-\x9f]+", re.IGNORECASE)
# The first day that has the same number in every spreadsheet: Excel counts a 29 February 1900.
FIRST_DAY = datetime(1900, 3, 1, tzinfo=UTC)
OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
FORMATS = {
    "head": {"bold": True},
    "time": {"num_format": "yyyy-mm-dd hh:mm:ss"},
    "day": {"num_format": "yyyy-mm-dd"},
    "clock": {"num_format": "hh:mm:ss"},
    "share": {"num_format": "0.0%"},
    # Shown with an apostrophe where it is edited, or editing would make a formula of it.
    "text": {"quote_prefix": True},
}
WIDTHS = {
    Kind.NUMBER: 10, Kind.SHARE: 10, Kind.SECONDS: 10, Kind.FLAG: 10, Kind.TIME: 19, Kind.URL: 40,
}  # fmt: skip
DEFAULT_WIDTH = 24


class _Exact(float):
    """A number that is written with all of its digits: XlsxWriter formats numbers with 16."""

    def __format__(self, _: str) -> str:
        return repr(float(self))


class Workbook:
    """An XLSX file being written to `file`, with temporary files in `folder`.

    `about` stands in the properties of the document. `truncated` counts the texts that were cut
    because Excel takes no longer ones; a sheet of notes says so.
    """

    def __init__(
        self, file: BinaryIO, columns: Sequence[Column], *, about: str = "", folder: str = ""
    ) -> None:
        import xlsxwriter  # takes long to load, and few requests need it

        self.rows = self.truncated = 0
        self._columns = columns
        self._readers = readers_of(columns)
        self._book = xlsxwriter.Workbook(file, {**OPTIONS, "tmpdir": folder or None})
        self._book.set_properties({"comments": about})
        self._formats = {name: self._book.add_format(how) for name, how in FORMATS.items()}
        self._start_sheet("Rows")

    def _start_sheet(self, name: str) -> None:
        self._line = self._links = 0
        self._sheet: Any = self._book.add_worksheet(name)
        self._sheet.freeze_panes(1, 0)
        for place, column in enumerate(self._columns):
            self._sheet.set_column(place, place, WIDTHS.get(column.kind, DEFAULT_WIDTH))
            self._sheet.write_string(0, place, column.label, self._formats["head"])

    def _end_sheet(self) -> None:
        self._sheet.autofilter(0, 0, self._line, max(len(self._columns) - 1, 0))

    def add(self, rows: Iterable[Any]) -> None:
        """Append rows of the list, on a further sheet where one is full."""
        cells = list(enumerate(zip(self._columns, self._readers, strict=True)))
        for row in rows:
            if self._line == SHEET_ROWS:
                self._end_sheet()
                self._start_sheet(f"Rows {self.rows // SHEET_ROWS + 1}")
            self.rows += 1
            self._line += 1
            for place, (column, read) in cells:
                self._write(place, column, read(row))

    def close(self) -> None:
        """Write the file."""
        self._end_sheet()
        if self.truncated:
            notes = self._book.add_worksheet("Notes")
            notes.write_string(0, 0, f"Texts cut to 32,767 characters: {grouped(self.truncated)}")
        self._book.close()

    def _write(self, place: int, column: Column, value: Any) -> None:
        native = value.native if isinstance(value, TypedText) else value
        if isinstance(native, bool):
            self._sheet.write_boolean(self._line, place, native)
        elif isinstance(native, int | float) and isfinite(native):
            style = self._formats["share"] if column.kind is Kind.SHARE else None
            exact = _Exact(native) if isinstance(native, float) else native
            self._sheet.write_number(self._line, place, exact, style)
        elif isinstance(native, datetime) and _in_utc(native) >= FIRST_DAY:
            is_day = native.tzinfo is None and native.time() == time()
            style = self._formats["day" if is_day else "time"]
            self._sheet.write_datetime(
                self._line, place, _in_utc(native).replace(tzinfo=None), style
            )
        elif isinstance(native, time):
            self._sheet.write_datetime(self._line, place, native, self._formats["clock"])
        elif value not in (None, "", [], {}):
            self._write_text(place, column, as_text(value))

    def _write_text(self, place: int, column: Column, text: str) -> None:
        if column.kind is Kind.URL and self._links < SHEET_LINKS and _is_link(text):
            self._links += 1
            self._sheet.write_url(self._line, place, text, string=text)
            return
        shown = shortened(text)
        self.truncated += shown is not text
        style = self._formats["text"] if spreadsheet.is_formula(shown) else None
        self._sheet.write_string(self._line, place, shown, style)


def _is_link(text: str) -> bool:
    length = len(text) + 2 * len(_ESCAPED_IN_LINKS.findall(text))
    return length <= LINK_LENGTH and _LINK.fullmatch(text) is not None


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def shortened(text: str) -> str:
    """Return a text as long as a cell takes; a character beyond U+FFFF counts twice."""
    if len(text) <= CELL_LENGTH // 2:
        return text
    units = text.encode("utf-16-le")
    if len(units) <= CELL_LENGTH * 2:
        return text
    return units[: CELL_LENGTH * 2].decode("utf-16-le", "ignore")
