"""Reading pasted and uploaded lists of domains."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.engine.domains import (
    MAX_SHOWN,
    AcceptedLine,
    UnreadableFile,
    csv_columns,
    parse_csv,
    parse_domains,
)


def hosts(listed):
    return [accepted.host for accepted in listed.accepted]


def test_a_messy_paste_is_read_line_by_line():
    listed = parse_domains(
        "https://www.Example.com/about\n"
        "\n"
        "# our customers\n"
        "example.org, example.net;example.edu\texample.info  # trailing remark\r\n"
        "info@example.com\r"
        "www.example.com\n"
        "localhost\n"
        "\u200b\n"
        "münchen.de"
    )
    assert listed.accepted == (
        AcceptedLine("example.com", 1),
        AcceptedLine("example.org", 4),
        AcceptedLine("example.net", 4),
        AcceptedLine("example.edu", 4),
        AcceptedLine("example.info", 4),
        AcceptedLine("xn--mnchen-3ya.de", 9),
    )
    assert [(refused.line, refused.value) for refused in listed.refused] == [
        (5, "info@example.com"),
        (7, "localhost"),
    ]
    assert all(refused.reason for refused in listed.refused)
    assert listed.duplicates == 1


def test_a_duplicate_is_counted_and_the_first_line_kept():
    listed = parse_domains("b.com\na.com\nwww.b.com\nhttps://B.com.")
    assert listed.accepted == (AcceptedLine("b.com", 1), AcceptedLine("a.com", 2))
    assert listed.duplicates == 2


def test_a_comma_inside_the_path_of_a_url_is_no_separator():
    assert hosts(parse_domains("https://example.com/a,b;c.html")) == ["example.com"]
    assert hosts(parse_domains("https://a.com/x,https://b.com/y,c.com")) == [
        "a.com",
        "b.com",
        "c.com",
    ]


def test_a_long_path_of_commas_is_one_url():
    assert hosts(parse_domains("https://example.com/" + "a," * 50_000)) == ["example.com"]


def test_a_hash_inside_a_url_is_no_comment():
    assert hosts(parse_domains("https://example.com/#top #no https://b.com")) == ["example.com"]


def test_an_empty_paste_gives_an_empty_list():
    listed = parse_domains(" \n\t\n# nothing\n")
    assert (listed.accepted, listed.refused, listed.duplicates) == ((), (), 0)


def test_a_refused_value_is_cut_for_showing():
    (refused,) = parse_domains("x" * 10_000).refused
    assert refused.value == "x" * MAX_SHOWN


def test_allowed_networks_reach_every_line():
    listed = parse_domains("127.0.0.1:8000\nlocalhost", allowed_networks=("127.0.0.0/8",))
    assert hosts(listed) == ["127.0.0.1:8000", "localhost"]


def test_a_hundred_thousand_lines_are_read_whole():
    listed = parse_domains(
        "\n".join(f"https://www.site{number}.co.uk/" for number in range(100_000))
    )
    assert len(listed.accepted) == 100_000
    assert listed.accepted[-1] == AcceptedLine("site99999.co.uk", 100_000)


SHEET = "Company;Website;City\nA;www.a.de;Köln\nB;https://b.de/x;\nC;;Bonn\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_a_csv_file_is_read_in_any_usual_encoding(encoding):
    data = SHEET.encode(encoding)
    assert csv_columns(data) == ["Company", "Website", "City"]
    assert parse_csv(data).accepted == (AcceptedLine("a.de", 2), AcceptedLine("b.de", 3))


@pytest.mark.parametrize("column", ["Website", " website ", 1])
def test_a_column_is_chosen_by_name_or_index(column):
    assert hosts(parse_csv(SHEET.encode(), column)) == ["a.de", "b.de"]


@pytest.mark.parametrize("column", ["Fax", 3, -1])
def test_a_column_that_is_not_there_is_a_clear_error(column):
    with pytest.raises(UnreadableFile, match="column"):
        parse_csv(SHEET.encode(), column)


def test_the_column_with_most_domains_is_guessed_without_a_telling_name():
    data = b"x,y,z\nA,a@a.de,a.de\nB,b@b.de,b.de\nC,see c.de,\n"
    assert hosts(parse_csv(data)) == ["a.de", "b.de"]


def test_a_file_without_header_loses_no_line():
    data = b"a.com,1\nb.com,2\n"
    assert csv_columns(data) == ["Column 1", "Column 2"]
    assert hosts(parse_csv(data, "Column 1")) == ["a.com", "b.com"]


def test_a_broken_first_value_of_a_single_column_is_refused_not_taken_for_a_header():
    listed = parse_csv(b"exa mple\nb.com\n")
    assert hosts(listed) == ["b.com"]
    assert [refused.value for refused in listed.refused] == ["exa mple"]


def test_lines_are_counted_as_in_the_file_across_quoted_line_ends():
    listed = parse_csv(b'name,domain\n"A\nB",a.com\n\nC,nope\n')
    assert listed.accepted == (AcceptedLine("a.com", 2),)
    assert [refused.line for refused in listed.refused] == [5]


def test_a_cell_of_several_domains_gives_them_all():
    listed = parse_csv(b'name,domain\nA,"a.com, b.com"\nB,Not a domain\n')
    assert hosts(listed) == ["a.com", "b.com"]
    assert [refused.value for refused in listed.refused] == ["Not a domain"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "empty"), (b"\n \n", "empty"), (b"name,city\nfoo bar,baz\n", "holds domains")],
)
def test_a_file_without_domains_is_a_clear_error(data, reason):
    with pytest.raises(UnreadableFile, match=reason):
        parse_csv(data)


@given(st.text() | st.text(alphabet="ab.,;#\n\r \"'/:@\u200b", max_size=80))
def test_any_paste_is_read(text):
    listed = parse_domains(text)
    assert len(set(hosts(listed))) == len(listed.accepted)
    assert all(len(refused.value) <= MAX_SHOWN for refused in listed.refused)


@given(st.binary() | st.text(alphabet='a.com,;\t"\n\r\0ü', max_size=80).map(str.encode))
def test_any_file_is_read_or_refused(data):
    with suppress(UnreadableFile):
        listed = parse_csv(data)
        assert listed.accepted or listed.refused
        assert csv_columns(data)
