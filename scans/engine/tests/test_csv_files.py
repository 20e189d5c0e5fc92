"""Reading uploaded files, whatever wrote them."""

import pytest

from scans.engine.csv_files import UnreadableFile, decode_text, read_rows


def cells(data):
    return [row.cells for row in read_rows(data)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter):
    data = f"a{delimiter}b\n1{delimiter}2\n3{delimiter}4\n".encode()
    assert cells(data) == [["a", "b"], ["1", "2"], ["3", "4"]]


def test_commas_inside_quotes_do_not_outvote_the_delimiter():
    assert cells(b'"x, y";a.com\n"p, q, r";b.com\n') == [["x, y", "a.com"], ["p, q, r", "b.com"]]


def test_a_file_of_one_column_stays_one_column():
    assert cells(b"a.com\r\nb.com\r\n") == [["a.com"], ["b.com"]]


def test_blank_records_are_left_out_and_lines_still_counted():
    assert [(row.line, row.cells) for row in read_rows(b"a\n\n , \nb\n")] == [
        (1, ["a"]),
        (4, ["b"]),
    ]


def test_windows_text_is_read_as_windows_text():
    assert decode_text("Café – München".encode("cp1252")) == "Café – München"  # noqa: RUF001


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"PK\x03\x04rest", "Excel"),
        (b"\xd0\xcf\x11\xe0rest", "Excel"),
        (b"%PDF-1.7", "PDF"),
        (b"\x1f\x8b\x08", "compressed"),
        (b"some text\0and more of it, mostly text", "zero bytes"),
    ],
)
def test_files_that_are_no_text_are_named(data, reason):
    with pytest.raises(UnreadableFile, match=reason):
        decode_text(data)


def test_a_quote_that_never_closes_is_named_with_its_line():
    with pytest.raises(UnreadableFile, match="Line 3 opens a quote"):
        read_rows(b'a,b\nc,d\n"e,f\ng.com,h\ni.com,j\n')


def test_a_value_beyond_all_bounds_is_named_with_its_line():
    with pytest.raises(UnreadableFile, match="Line 2 cannot be read"):
        read_rows(b"a\n" + b"x" * 200_000)


def test_a_stray_quote_inside_a_value_does_no_harm():
    assert cells(b'5" pipes,a.com\n"Foo" Ltd,b.com\n')[0] == ['5" pipes', "a.com"]
