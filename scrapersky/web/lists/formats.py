"""The formats of an export: CSV, JSON Lines and XLSX, written row by row in constant memory.

CSV (RFC 4180, UTF-8) and JSON Lines are text formats that can be appended to in parts. A workbook
cannot be reopened in constant memory, so an XLSX file is written in one go.
"""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from enum import StrEnum
from typing import Any, BinaryIO

import xlsxwriter
from django.core.serializers.json import DjangoJSONEncoder

from scrapersky.web import spreadsheet
from scrapersky.web.lists.columns import (
    Column,
    Kind,
    TypedText,
    headers_of,
    keys_of,
    plain,
)
from scrapersky.web.text import sanitize

# Excel's limits: characters in a cell, characters in a link, links on a sheet.
CELL_LENGTH = 32_767
LINK_LENGTH = 2_079
SHEET_LINKS = 65_530
BYTE_ORDER_MARK = "\ufeff"
SEPARATOR = "; "
# The first date with the same number in all spreadsheets: Excel counts a 29 February 1900.
FIRST_DAY = datetime(1900, 3, 1, tzinfo=UTC)


class Format(StrEnum):
    """The formats; the two CSV variants are for programs and for spreadsheets."""

    CSV = "csv"
    CSV_SPREADSHEET = "csv-spreadsheet"
    JSON_LINES = "jsonl"
    XLSX = "xlsx"

    @property
    def suffix(self) -> str:
        return "csv" if self is Format.CSV_SPREADSHEET else self.value

    @property
    def content_type(self) -> str:
        return {
            "csv": "text/csv; charset=utf-8",
            "jsonl": "application/jsonl",
            "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }[self.suffix]

    @property
    def label(self) -> str:
        return {
            Format.CSV: "CSV",
            Format.CSV_SPREADSHEET: "CSV for spreadsheets",
            Format.JSON_LINES: "JSON Lines",
            Format.XLSX: "Excel (XLSX)",
        }[self]


def text_head(kind: Format, columns: Sequence[Column]) -> bytes:
    """Return the start of a text file: the header row of a CSV."""
    if kind is Format.JSON_LINES:
        return b""
    names = (spreadsheet.escape(name) for name in headers_of(columns))
    mark = BYTE_ORDER_MARK if kind is Format.CSV_SPREADSHEET else ""
    return (mark + _csv_line(names)).encode()


def text_rows(kind: Format, columns: Sequence[Column], rows: Iterable[Any]) -> bytes:
    """Return rows of a list as lines of a text file."""
    if kind is Format.JSON_LINES:
        keys = keys_of(columns)
        lines = (_json_line(keys, columns, row) for row in rows)
        return "".join(lines).encode("utf-8", "replace")
    keep_phones = kind is Format.CSV
    csv_lines = (
        _csv_line(spreadsheet.escape(cell, keep_phones=keep_phones) for cell in cells)
        for cells in (_cells(columns, row) for row in rows)
    )
    return "".join(csv_lines).encode("utf-8", "replace")


def _json_line(keys: Sequence[str], columns: Sequence[Column], row: Any) -> str:
    pairs = zip(keys, columns, strict=True)
    values = {key: plain(column.value_of(row)) for key, column in pairs}
    return json.dumps(values, ensure_ascii=False, cls=DjangoJSONEncoder) + "\n"


def _cells(columns: Sequence[Column], row: Any) -> list[str]:
    return [as_text(column.value_of(row)) for column in columns]


def _csv_line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(list(cells))
    return line.getvalue()


def as_text(value: Any) -> str:
    """Return a value as cell text: lists joined by "; ", times in ISO 8601 UTC."""
    if value is None:
        return ""
    if isinstance(value, dict):
        return SEPARATOR.join(f"{name}: {as_text(item)}" for name, item in value.items())
    if isinstance(value, list | tuple):
        return SEPARATOR.join(map(as_text, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return sanitize(str(plain(value)))


class _Exact(float):
    """A number written with all digits, where XlsxWriter would write 16."""

    def __format__(self, _: str) -> str:
        return repr(float(self))


@dataclass(slots=True)
class Workbook:
    """An XLSX writer: typed cells, a frozen header row with filters, and no formulas.

    `truncated` counts the texts cut to Excel's maximum length.
    """

    file: BinaryIO
    columns: Sequence[Column]
    truncated: int = 0
    rows: int = 0
    _links: int = 0
    _book: Any = None
    _sheet: Any = None
    _formats: Any = None

    def __post_init__(self) -> None:
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "nan_inf_to_errors": True,
        }
        self._book = xlsxwriter.Workbook(self.file, options)
        self._sheet = self._book.add_worksheet("Rows")
        self._formats = {
            "head": self._book.add_format({"bold": True}),
            "time": self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            "day": self._book.add_format({"num_format": "yyyy-mm-dd"}),
            "clock": self._book.add_format({"num_format": "hh:mm:ss"}),
            "share": self._book.add_format({"num_format": "0.0%"}),
        }
        self._sheet.freeze_panes(1, 0)
        for index, column in enumerate(self.columns):
            self._sheet.write_string(0, index, column.label, self._formats["head"])

    def add(self, rows: Iterable[Any]) -> None:
        for row in rows:
            self.rows += 1
            for index, column in enumerate(self.columns):
                self._write(self.rows, index, column, column.value_of(row))

    def close(self) -> None:
        self._sheet.autofilter(0, 0, self.rows, max(len(self.columns) - 1, 0))
        self._book.close()

    def _write(self, line: int, index: int, column: Column, value: Any) -> None:
        if isinstance(value, TypedText):
            self._write_typed(line, index, column, value)
        elif isinstance(value, bool):
            self._sheet.write_boolean(line, index, value)
        elif isinstance(value, int | float):
            style = self._formats["share"] if column.kind is Kind.SHARE else None
            self._sheet.write_number(line, index, value, style)
        elif isinstance(value, datetime) and value >= FIRST_DAY:
            moment = value.astimezone(UTC).replace(tzinfo=None)
            self._sheet.write_datetime(line, index, moment, self._formats["time"])
        elif value not in (None, "", [], {}):
            self._write_text(line, index, column, as_text(value))

    def _write_typed(self, line: int, index: int, column: Column, value: TypedText) -> None:
        """Write a cell of the user's own list with its original type."""
        native = value.native
        if isinstance(native, bool):
            self._sheet.write_boolean(line, index, native)
        elif isinstance(native, float):
            self._sheet.write_number(line, index, _Exact(native))
        elif isinstance(native, datetime) and native.replace(tzinfo=UTC) >= FIRST_DAY:
            style = "time" if native.time() != time() else "day"
            self._sheet.write_datetime(line, index, native, self._formats[style])
        elif isinstance(native, time):
            self._sheet.write_datetime(line, index, native, self._formats["clock"])
        elif value:
            self._write_text(line, index, column, str(value))

    def _write_text(self, line: int, index: int, column: Column, text: str) -> None:
        is_link = column.kind is Kind.URL and len(text) <= LINK_LENGTH and self._links < SHEET_LINKS
        if is_link and text.startswith(("http://", "https://")):
            self._links += 1
            if self._sheet.write_url(line, index, text, string=text) == 0:
                return
        if len(text) > CELL_LENGTH:
            self.truncated += 1
            text = text[:CELL_LENGTH]
        self._sheet.write_string(line, index, text)
