"""Values in files for spreadsheet programs."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapersky.web.spreadsheet import escape, unescape

FORMULA_STARTS = ("=", "+", "-", "@", "|", "＝", "＋", "－", "＠", "｜", "﹦", "﹢", "﹣", "−")
SEPARATORS = (",", ";", "\t")
INVISIBLE = (
    "".join(map(chr, range(33))) + '"\x7f\x85\x9b\xa0\xad\u200b\u200d\u2028\u2060\u3000\ufeff'
)
# Text in which formulas, separators, quotes and invisible characters are frequent.
NASTY = st.text(
    st.sampled_from("ab1+='\",;\t\r\n|-@ ＝＋\ufeff\u200b\u2028\x00\x01\x1b\x85")
    | st.characters(codec="utf-8"),
    max_size=12,
)
ROWS = st.lists(st.lists(NASTY, min_size=3, max_size=3), min_size=1, max_size=5)


def written(rows: list[list[str]], separator: str, *, keep_phones: bool) -> str:
    file = io.StringIO(newline="")
    cells = [[escape(value, keep_phones=keep_phones) for value in row] for row in rows]
    csv.writer(file, delimiter=separator).writerows(cells)
    return file.getvalue()


def is_formula(cell: str) -> bool:
    return cell.lstrip(INVISIBLE).startswith(FORMULA_STARTS) and not is_phone(cell)


def is_phone(cell: str) -> bool:
    """Return whether a cell starts with a complete phone number, which is harmless.

    Readers that split at another separator see `+49301234567;Shop`, which is no formula either.
    """
    return re.match(r'"? *\+[0-9]{1,15} *(?:[",;\t]|\Z)', cell) is not None


@pytest.mark.parametrize("reader", SEPARATORS)
@pytest.mark.parametrize("writer", SEPARATORS)
@given(rows=ROWS, keep_phones=st.booleans())
def test_no_cell_starts_a_formula_whatever_the_separator(
    writer: str, reader: str, rows: list[list[str]], keep_phones: bool
) -> None:
    text = written(rows, writer, keep_phones=keep_phones)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=reader)
    assert [cell for line in lines for cell in line if is_formula(cell)] == []
    # A program that ignores quotes splits at every separator and line end.
    assert [cell for cell in re.split(rf"[{reader}\r\n]", text) if is_formula(cell)] == []


@given(NASTY, st.booleans())
def test_escaping_can_be_undone(value: str, keep_phones: bool) -> None:
    assert unescape(escape(value, keep_phones=keep_phones)) == value


@given(NASTY, NASTY, st.booleans())
def test_two_values_never_become_one(one: str, other: str, keep_phones: bool) -> None:
    same = escape(one, keep_phones=keep_phones) == escape(other, keep_phones=keep_phones)
    assert same == (one == other)


@pytest.mark.parametrize(
    ("value", "escaped"),
    [
        ("=1+1", "'=1+1"),
        ("Shop;=1+1", "Shop;'=1+1"),
        ("Shop, =1+1", "Shop,' =1+1"),
        ("Shop\t@SUM(A1)", "Shop\t'@SUM(A1)"),
        ("Shop\r\n=1+1", "Shop\r\n'=1+1"),
        ('Shop;"=1+1"', 'Shop;\'"=1+1"'),
        ("＝1+1", "'＝1+1"),
        ("＋1", "'＋1"),
        ("\u200b=1", "'\u200b=1"),
        ("\ufeff=1", "'\ufeff=1"),
        ("\x1b=1", "'\x1b=1"),
        ("|cmd", "'|cmd"),
        ("'=1", "''=1"),
        ("''=1", "'''=1"),
        ("Shop;'=1", "Shop;''=1"),
        ("-5", "'-5"),
        ("\tindented", "'\tindented"),
    ],
)
def test_what_would_start_a_formula_gets_an_apostrophe(value: str, escaped: str) -> None:
    assert escape(value) == escaped


@pytest.mark.parametrize(
    "value",
    ["", "Shop", "Home | Shop", "It's; 'quoted'", "a@b.example", "1+1=2", "One\r\ntwo", "C++, C#"],
)
def test_an_ordinary_value_stays_as_it_is(value: str) -> None:
    assert escape(value, keep_phones=False) == value


def test_a_phone_number_stays_as_it_is_for_programs_only() -> None:
    assert escape("+49301234567") == "+49301234567"
    assert escape("+49301234567; +4930765") == "+49301234567; +4930765"
    assert escape("+49301234567", keep_phones=False) == "'+49301234567"
    assert escape("+49301234567+1") == "'+49301234567+1"
    assert escape("+1234567890123456") == "'+1234567890123456"


@pytest.mark.parametrize("part", ["\u2028", ",", "'", " ", ",'", "+1;", ", ", '"'])
def test_a_long_hostile_value_is_escaped_in_time_that_grows_with_its_length(part: str) -> None:
    value = part * 200_000 + "="
    assert unescape(escape(value)) == value
