"""The formats of an export, and the rows of the text formats.

CSV (RFC 4180, UTF-8) and JSON Lines can be continued, part after part. An XLSX file is written
whole: `scrapersky.web.lists.workbook`.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from scrapersky.web import spreadsheet
from scrapersky.web.lists.columns import Column, headers_of, keys_of, plain, readers_of
from scrapersky.web.text import sanitize

BYTE_ORDER_MARK = "\ufeff"
SEPARATOR = "; "


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
    mark = BYTE_ORDER_MARK if kind is Format.CSV_SPREADSHEET else ""
    return (mark + _csv([[spreadsheet.escape(name) for name in headers_of(columns)]])).encode()


def text_rows(kind: Format, columns: Sequence[Column], rows: Iterable[Any]) -> bytes:
    """Return rows of a list as lines of a text file."""
    text = (
        _json_lines(columns, rows)
        if kind is Format.JSON_LINES
        else _csv_rows(columns, rows, keep_phones=kind is Format.CSV)
    )
    return text.encode("utf-8", "replace")


def _json_lines(columns: Sequence[Column], rows: Iterable[Any]) -> str:
    keys, readers = keys_of(columns), readers_of(columns)
    encode = DjangoJSONEncoder(ensure_ascii=False).encode
    lines = (
        encode(dict(zip(keys, [plain(read(row)) for read in readers], strict=True))) for row in rows
    )
    return "".join([f"{line}\n" for line in lines])


def _csv_rows(columns: Sequence[Column], rows: Iterable[Any], *, keep_phones: bool) -> str:
    readers, escape = readers_of(columns), spreadsheet.escape
    return _csv(
        [escape(as_text(read(row)), keep_phones=keep_phones) for read in readers] for row in rows
    )


def _csv(rows: Iterable[Sequence[str]]) -> str:
    lines = io.StringIO(newline="")
    csv.writer(lines, lineterminator="\r\n").writerows(rows)
    return lines.getvalue()


def as_text(value: Any) -> str:
    """Return a value as the text of one cell: lists joined by "; ", times in ISO 8601 UTC."""
    if isinstance(value, str):
        return sanitize(str(value))
    if value is None:
        return ""
    if isinstance(value, dict):
        return SEPARATOR.join(f"{as_text(name)}: {as_text(item)}" for name, item in value.items())
    if isinstance(value, list | tuple):
        return SEPARATOR.join(map(as_text, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return sanitize(str(plain(value)))
