"""The records of CSV files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.engine.lists.csv_rows import Row, csv_rows, separator_of, sniff
from scans.engine.lists.errors import UnreadableFile
from scans.engine.lists.lines import numbered


def rows(text: str) -> list[Row]:
    lines = list(numbered([text]))
    return list(csv_rows(lines, sniff(lines)))


def cells(text: str) -> list[list[str]]:
    return [row.cells for row in rows(text)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "，", "；", "^", "~"])
def test_the_delimiter_is_told_by_the_columns(delimiter: str) -> None:
    text = f"a{delimiter}b\n1{delimiter}2\n3{delimiter}4\n"
    assert cells(text) == [["a", "b"], ["1", "2"], ["3", "4"]]


def test_commas_inside_quotes_do_not_outvote_the_delimiter() -> None:
    assert cells('"x, y";a.com\n"p, q, r";b.com\n') == [["x, y", "a.com"], ["p, q, r", "b.com"]]


def test_decimal_commas_do_not_outvote_the_delimiter_that_sets_domains_free() -> None:
    assert cells("1,5;2,5;a.com\n3,5;4,5;b.com\n")[0] == ["1,5", "2,5", "a.com"]


def test_a_file_of_one_column_stays_one_column() -> None:
    assert cells("a.com\nb.com\n") == [["a.com"], ["b.com"]]


def test_blank_records_are_left_out_and_lines_still_counted() -> None:
    assert rows("a\n\n , \nb\n") == [Row(1, ["a"]), Row(4, ["b"])]


def test_a_record_over_several_lines_is_numbered_by_its_first() -> None:
    assert rows('a,"b\n\nc"\nd,e\n') == [Row(1, ["a", "b\n\nc"]), Row(4, ["d", "e"])]


@pytest.mark.parametrize("line", ["sep=;", "SEP=;", '"sep=;"', "sep=;;;", " sep=; "])
def test_the_separator_line_of_a_spreadsheet_names_the_delimiter(line: str) -> None:
    assert separator_of(line) == ";"


@pytest.mark.parametrize(
    ("line", "separator"), [("sep=\t", "\t"), ("sep=\\t", "\t"), ("sep=,", ",")]
)
def test_the_separator_may_be_a_tab(line: str, separator: str) -> None:
    assert separator_of(line) == separator


@pytest.mark.parametrize("line", ["separator;x", "sep=", "sep=ab", "a.com", ""])
def test_other_first_lines_name_no_delimiter(line: str) -> None:
    assert separator_of(line) == ""


def test_quotes_escaped_by_backslashes_keep_the_columns() -> None:
    text = 'name,website\n"A \\"x\\", Inc",a.com\n"B",b.com\n'
    assert cells(text) == [["name", "website"], ['A "x", Inc', "a.com"], ["B", "b.com"]]


def test_delimiters_escaped_by_backslashes_keep_the_columns() -> None:
    assert cells("A\\, Inc,a.com\nB,b.com\nC\\, D\\, E,c.com\n") == [
        ["A, Inc", "a.com"],
        ["B", "b.com"],
        ["C, D, E", "c.com"],
    ]


def test_a_backslash_before_a_closing_quote_may_be_a_path() -> None:
    text = 'name,path,website\nA,"C:\\dir\\",a.com\nB,"D:\\x",b.com\n'
    assert cells(text)[1:] == [["A", "C:\\dir\\", "a.com"], ["B", "D:\\x", "b.com"]]


def test_a_backslash_far_below_the_first_rows_keeps_the_columns_too() -> None:
    text = "".join(f'"N{number}",n{number}.com\n' for number in range(400))
    assert cells(text + '"Z \\"q\\", Inc",z.com\n')[-1] == ['Z "q", Inc', "z.com"]


def test_a_quote_that_never_closes_is_named_with_its_line() -> None:
    with pytest.raises(UnreadableFile, match="Line 3 opens a quote"):
        rows('a,b\nc,d\n"e,f\ng.com,h\ni.com,j\n')


def test_a_value_beyond_all_bounds_is_named_with_its_line() -> None:
    with pytest.raises(UnreadableFile, match="Line 2 cannot be read"):
        rows("a\n" + "x" * 200_000)


def test_a_stray_quote_inside_a_value_does_no_harm() -> None:
    assert cells('5" pipes,a.com\n"Foo" Ltd,b.com\n')[0] == ['5" pipes', "a.com"]


@given(st.text(alphabet='a.com,;\t"\\\n|ü', max_size=80))
def test_any_text_has_records_or_is_refused(text: str) -> None:
    try:
        records = rows(text)
    except UnreadableFile:
        return
    assert all(any(map(str.strip, record.cells)) for record in records)
    assert [record.line for record in records] == sorted({record.line for record in records})
