"""Read an uploaded text or CSV file, whatever program wrote it, into rows."""

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

_DELIMITERS = ",;\t|"
_SNIFFED_ROWS = 50
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BINARY = (
    (b"PK\x03\x04", "It is an Excel or ZIP file; save the list as CSV and upload that."),
    (b"\xd0\xcf\x11\xe0", "It is an old Excel file; save the list as CSV and upload that."),
    (b"%PDF", "It is a PDF, not a text or CSV file."),
    (b"\x1f\x8b", "It is a compressed file; unpack it first."),
)


class UnreadableFile(ValueError):  # noqa: N818 (a name that reads as what it says)
    """A file that cannot be read as text or CSV, with a sentence a person may read."""


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a CSV file and the line it starts in, counted from 1."""

    line: int
    cells: list[str]


def decode_text(data: bytes) -> str:
    """Return the text of a file: UTF-8 or UTF-16, with or without BOM, else Windows-1252.

    Raises UnreadableFile for what is no text.
    """
    for magic, sentence in _BINARY:
        if data.startswith(magic):
            raise UnreadableFile(sentence)
    text = data.decode(_encoding(data), "replace")
    if "\0" in text:
        raise UnreadableFile("It is not a text file: it holds zero bytes.")
    return text


def read_rows(data: bytes) -> list[Row]:
    """Return the records of a CSV file that are not blank; the delimiter is found by itself.

    Raises UnreadableFile where the file is no text or its quotes do not close.
    """
    text = decode_text(data)
    delimiter = _sniff_delimiter(text)
    rows = [row for row in _records(text, delimiter) if any(cell.strip() for cell in row.cells)]
    if rows:
        _check_last_quote(text, delimiter, rows[-1].line)
    return rows


def _encoding(data: bytes) -> str:
    for bom, name in _BOMS:
        if data.startswith(bom):
            return name
    sample = data[:2_000]
    if sample.count(0) > len(sample) // 4:
        # Every other byte is zero: UTF-16 without a BOM, told apart by which byte of a pair.
        return "utf-16-le" if sample[1::2].count(0) >= sample[::2].count(0) else "utf-16-be"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _records(text: str, delimiter: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    start = 1
    try:
        for cells in reader:
            yield Row(start, cells)
            start = reader.line_num + 1
    except csv.Error:
        raise UnreadableFile(
            f"Line {start} cannot be read as CSV: a value is too long, or a quote never closes."
        ) from None


def _sniff_delimiter(text: str) -> str:
    """Return the delimiter by which the first rows fall into the most even columns.

    `csv.Sniffer` is not used: it is slow on long lines and takes letters for delimiters.
    """
    sample = "\n".join(text[:100_000].splitlines()[:_SNIFFED_ROWS])
    scores = {delimiter: _evenness(sample, delimiter) for delimiter in _DELIMITERS}
    return max(_DELIMITERS, key=lambda delimiter: scores[delimiter])


def _evenness(sample: str, delimiter: str) -> tuple[float, int]:
    try:
        widths = [len(row) for row in csv.reader(io.StringIO(sample), delimiter=delimiter) if row]
    except csv.Error:
        return 0.0, 0
    wide = [width for width in widths if width > 1]
    if not wide:
        return 0.0, 0
    commonest = max(set(wide), key=wide.count)
    return wide.count(commonest) / len(widths), commonest


def _check_last_quote(text: str, delimiter: str, line: int) -> None:
    """Refuse a file whose last record runs to the end because its quote is never closed."""
    last = "".join(text.splitlines(keepends=True)[line - 1 :])
    if '"' not in last or "\n" not in last.strip():
        return
    try:
        list(csv.reader(io.StringIO(last, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        if "end of data" in str(error):
            raise UnreadableFile(
                f"Line {line} opens a quote that is never closed, so the rest cannot be read."
            ) from None
