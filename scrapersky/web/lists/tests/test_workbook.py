"""XLSX files: what Excel accepts, and nothing that it would run or repair."""

import io
import zipfile
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest
from openpyxl.utils.escape import unescape

from scrapersky.web.lists import Column, Kind, workbook
from scrapersky.web.lists.columns import TypedText
from scrapersky.web.lists.workbook import CELL_LENGTH, LINK_LENGTH, Workbook


def book_of(values: list[Any], kind: Kind = Kind.TEXT) -> tuple[Any, Workbook]:
    """Write a column of values; return the workbook as openpyxl reads it, and as it was written."""
    file = io.BytesIO()
    book = Workbook(file, [Column("value", "Value", kind)], about="Filter: none.")
    book.add(SimpleNamespace(value=value) for value in values)
    book.close()
    return openpyxl.load_workbook(io.BytesIO(file.getvalue())), book


def cells_of(values: list[Any], kind: Kind = Kind.TEXT) -> list[Any]:
    read, _ = book_of(values, kind)
    return [row[0] for row in read.active.iter_rows(min_row=2, max_row=len(values) + 1)]


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("x" * 32_767, 32_767),
        ("x" * 32_768, 32_767),
        ("😀" * 16_383, 32_766),
        ("😀" * 16_384, 32_766),
        ("x" + "😀" * 16_383, 32_767),
        ("x" + "😀" * 20_000, 32_767),
    ],
)
def test_a_text_is_cut_to_what_excel_counts_as_32767_characters(text: str, length: int) -> None:
    read, written = book_of([text])
    shown = read.active["A2"].value
    assert units(shown) == length
    assert text.startswith(shown)
    assert written.truncated == (units(text) > CELL_LENGTH)


def test_a_workbook_says_how_many_texts_were_cut() -> None:
    read, _ = book_of(["short", "x" * 40_000, "y" * 40_000])
    assert read.sheetnames == ["Rows", "Notes"]
    assert read["Notes"]["A1"].value == "Texts cut to 32,767 characters: 2"
    assert book_of(["short"])[0].sheetnames == ["Rows"]


def test_a_workbook_states_its_filter_and_time() -> None:
    assert book_of([])[0].properties.description == "Filter: none."


def address(length: int) -> str:
    return "https://example.com/".ljust(length, "a")


@pytest.mark.parametrize(
    ("url", "is_link"),
    [
        ("https://example.com/?a=1&b=<2>#part", True),
        ("HTTP://EXAMPLE.COM/", True),
        (address(LINK_LENGTH), True),
        (address(LINK_LENGTH + 1), False),
        (address(LINK_LENGTH - 2) + "[]", False),  # written as %5b%5d
        (address(40_000), False),
        ("https://example.com/a b", False),
        ("https://example.com/\n", False),
        ("javascript:alert(1)", False),
        ("file:///etc/passwd", False),
        ("internal:Rows!A1", False),
    ],
)
def test_an_address_is_a_link_where_excel_accepts_it(url: str, is_link: bool) -> None:
    (cell,) = cells_of([url], Kind.URL)
    assert unescape(cell.value) == url[:CELL_LENGTH]
    assert (cell.hyperlink is not None) == is_link


def test_links_beyond_the_limit_of_a_sheet_are_texts() -> None:
    file = io.BytesIO()
    book = Workbook(file, [Column("value", "Value", Kind.URL)])
    book.add(SimpleNamespace(value=f"https://s{number}.example/") for number in range(65_540))
    book.close()
    sheet = zipfile.ZipFile(file).read("xl/worksheets/sheet1.xml")
    assert sheet.count(b"<hyperlink ") == 65_530
    assert sheet.count(b"https://s") == 65_540


def test_more_rows_than_a_sheet_takes_are_on_further_sheets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workbook, "SHEET_ROWS", 3)
    read, written = book_of(["1", "2", "3", "4", "5", "6", "7"])
    sheets = [[cell.value for cell in sheet["A"]] for sheet in read]
    assert sheets == [["Value", "1", "2", "3"], ["Value", "4", "5", "6"], ["Value", "7"]]
    assert [sheet.auto_filter.ref for sheet in read] == ["A1:A4", "A1:A4", "A1:A2"]
    assert (read.sheetnames, written.rows) == (["Rows", "Rows 2", "Rows 3"], 7)


@pytest.mark.parametrize("text", ["=1+1", "+49301234567", "-2", "@x", "|cmd", "＝1", " =1", "'=1"])
def test_a_text_that_would_be_a_formula_stays_text_when_it_is_edited(text: str) -> None:
    (cell,) = cells_of([text])
    assert (cell.data_type, cell.value, cell.quotePrefix) == ("s", text, True)
    (plain,) = cells_of(["1+1"])
    assert not plain.quotePrefix


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_excel_does_not_have_is_text(number: float) -> None:
    (cell,) = cells_of([number])
    assert (cell.data_type, cell.value) == ("s", str(number))
    (own,) = cells_of([TypedText("1e999", number)])
    assert (own.data_type, own.value) == ("s", "1e999")


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (True, True),
        (3, 3),
        (0.1 + 0.2, 0.1 + 0.2),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), datetime(2026, 1, 2, 3, 4, 5)),
        (datetime(1899, 12, 31, tzinfo=UTC), "1899-12-31T00:00:00.000Z"),
        ("\x1b\r", "\x1b\r"),
        (["a", "b"], "a; b"),
        ({}, None),
        (None, None),
    ],
)
def test_cells_have_the_types_of_their_values(value: Any, read: Any) -> None:
    (cell,) = cells_of([value])
    assert (unescape(cell.value) if isinstance(cell.value, str) else cell.value) == read
