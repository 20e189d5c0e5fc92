"""Reading lists of domains in any form."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.engine.lists.decoding import split_text, text_blocks
from scans.engine.lists.errors import UnreadableFile
from scans.engine.lists.json_lines import JsonLineReader
from scans.engine.lists.reader import Entry, ListReader


def entries(text: str, **options: object) -> list[Entry]:
    return list(ListReader(split_text(text), **options))  # type: ignore[arg-type]


def hosts(text: str, **options: object) -> list[str]:
    return [entry.host for entry in entries(text, **options) if entry.host]


def lines(text: str, **options: object) -> list[tuple[int, str]]:
    return [(entry.line, entry.host or entry.text) for entry in entries(text, **options)]


def table(text: str) -> list[tuple[int, str]]:
    return lines(text, is_table=True)


def test_the_cells_of_a_pasted_row_are_not_joined_to_a_name() -> None:
    text = "Firm\tWebsite\tParent\nA\ta.example\tx.example\nC\tlocalhost\tx.example\n"
    assert lines(text) == [(2, "a.example"), (3, "localhost")]


# Free text


def test_a_messy_paste_is_read_line_by_line() -> None:
    text = (
        "https://www.Example.com/about\n\n# our customers\n"
        "example.org, example.net;example.edu\texample.info  # trailing remark\r\n"
        "info@example.com\rwww.example.com\nlocalhost\n\u200b\nmünchen.de"
    )
    assert lines(text) == [
        (1, "example.com"),
        (4, "example.org"),
        (4, "example.net"),
        (4, "example.edu"),
        (4, "example.info"),
        (5, "info@example.com"),
        (6, "example.com"),
        (7, "localhost"),
        (9, "xn--mnchen-3ya.de"),
    ]


def test_a_rejected_value_has_a_reason_and_no_host() -> None:
    (entry,) = entries("localhost")
    assert (entry.host, entry.text) == ("", "localhost")
    assert entry.reason.endswith(".")


def test_allowed_networks_reach_every_line() -> None:
    text = "127.0.0.1:8000\nlocalhost\n[::1]:80"
    allowed = ("127.0.0.0/8", "::1/128")
    assert hosts(text, allowed_networks=allowed) == ["127.0.0.1:8000", "localhost", "[::1]"]


@pytest.mark.parametrize("name", ["Domain", "website", "URL:", "域名", "Сайт"])
def test_a_first_line_that_only_names_the_list_is_left_out(name: str) -> None:
    assert lines(f"\n{name.removesuffix(':')}\na.com\nb.com") == [(3, "a.com"), (4, "b.com")]


@pytest.mark.parametrize(
    "text",
    [
        "[a.com]\n(b.com)\n<https://c.com>",
        "['a.com', 'b.com', 'c.com']",
        "{a.com, b.com, c.com}",
        "【a.com】「b.com」《c.com》",
        '"a.com" “b.com” «c.com»',
        "- [Alpha](https://a.com/)\n- <b.com>\n* [c.com](https://c.com)",
        "1. a.com\n2. b.com\n3. c.com",
        "a.com、b.com。c.com",
        "a.com،b.com۔c.com",
    ],
)
def test_brackets_quotes_and_bullets_are_no_part_of_a_domain(text: str) -> None:
    assert hosts(text) == ["a.com", "b.com", "c.com"]
    assert len(entries(text)) == 3


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("mÃ¼nchen.example", "wrong encoding"),
        ("Ã\xa0vendre.example", "wrong encoding"),
        ("pаypal.example", "Cyrillic and Latin"),
        ("✉mail.example", "“✉”"),
    ],
)
def test_a_name_that_no_registry_allows_is_rejected_whole(text: str, reason: str) -> None:
    (entry,) = entries(text)
    assert (entry.text, entry.host) == (text, "")
    assert reason in entry.reason


# Tables


def test_a_pasted_table_is_told_by_its_header_or_its_other_columns() -> None:
    assert lines("Name;Website\nA;a.com\nB;b.com") == [(2, "a.com"), (3, "b.com")]
    assert lines("1,google.com\n2,youtube.com") == [(1, "google.com"), (2, "youtube.com")]
    assert lines("Alpha AG, a.com\nBeta AG, b.com") == [(1, "a.com"), (2, "b.com")]


def test_a_list_of_two_domains_a_line_is_no_table() -> None:
    assert lines("a.com, b.con\nc.com, d.com") == [
        (1, "a.com"),
        (1, "b.con"),
        (2, "c.com"),
        (2, "d.com"),
    ]


def test_a_file_called_a_table_may_be_a_list_all_the_same() -> None:
    assert table("a.com,b.com,c.com") == [(1, "a.com"), (1, "b.com"), (1, "c.com")]
    assert table("a.com,b.com\nc.com,d.com") == [
        (1, "a.com"),
        (1, "b.com"),
        (2, "c.com"),
        (2, "d.com"),
    ]


@pytest.mark.parametrize("separator", [";", "|", "\t", ","])
def test_the_separator_line_of_a_spreadsheet_is_no_header(separator: str) -> None:
    body = f"Name{separator}Website\r\nA{separator}a.com"
    spelled = separator.replace("\t", "\\t")
    assert lines(f"sep={separator}\r\n{body}") == [(3, "a.com")]
    assert table(f'"sep={spelled}"\r\n{body}') == [(3, "a.com")]
    assert lines(f"sep={separator}\n{body}", column="website") == [(3, "a.com")]


def test_titles_above_the_header_are_left_out() -> None:
    assert table("UTF-8\nName,Website\nA,a.com") == [(3, "a.com")]
    assert table("Customers 2026\n\nName,Website\nA,a.com\nB,nope") == [(4, "a.com"), (5, "nope")]


def test_a_header_that_comes_again_is_left_out() -> None:
    text = "Name,Website\nA,a.com\nName,Website\nB,b.com"
    assert table(text) == [(2, "a.com"), (4, "b.com")]


def test_a_markdown_table_is_read() -> None:
    text = "| Name | Website |\n|---|:--|\n| A | a.com |\n| B | b.com |"
    assert lines(text) == [(3, "a.com"), (4, "b.com")]


def test_the_other_columns_stay_with_each_row() -> None:
    text = "Name,Website,City\nA,a.com,Bonn\nB,,Köln\nC,not a domain,Ulm"
    reader = ListReader(split_text(text), is_table=True)
    read = list(reader)
    assert (reader.names, reader.column) == (["Name", "Website", "City"], 1)
    assert [entry.values for entry in read] == [
        ("A", "a.com", "Bonn"),
        ("B", "", "Köln"),
        ("C", "not a domain", "Ulm"),
    ]
    assert [bool(entry.host) for entry in read] == [True, False, False]
    assert [bool(entry.reason) for entry in read] == [False, False, True]


def test_a_cell_of_several_domains_gives_them_all() -> None:
    assert table('name,domain\nA,"a.com, b.com"\nB,Not a domain\n') == [
        (2, "a.com"),
        (2, "b.com"),
        (3, "Not a domain"),
    ]


def test_what_a_database_writes_for_no_value_is_none() -> None:
    assert [entry.reason for entry in entries("n\tsite\nA\t\\N\nB\tb.com", is_table=True)] == [
        "",
        "",
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("\n \n", "empty"),
        ("name,city\nfoo bar,baz\n", "contains domains"),
        ('a,b\nc,d\n"e,f\ng.com,h\ni.com,j\n', "Line 3 opens a quote"),
    ],
)
def test_a_table_without_domains_is_a_clear_error(text: str, reason: str) -> None:
    with pytest.raises(UnreadableFile, match=reason):
        table(text)


def test_a_table_is_read_as_a_stream() -> None:
    read = []

    def blocks() -> object:
        yield "name,site\n" + "".join(f"N{n},n{n}.com\n" for n in range(2_000))
        read.append(True)
        yield "Z,z.com\n"

    reader = iter(ListReader(blocks(), is_table=True))  # type: ignore[arg-type]
    assert next(reader).host == "n0.com"
    assert read == []
    assert list(reader)[-1].line == 2_002


# JSON


@pytest.mark.parametrize(
    "text",
    [
        '["a.com", "b.com"]',
        '[\n  "a.com",\n  "b.com"\n]',
        '["a.com", "b.com",]',
        '["a.com", b.com]',
        '["a.com"]\n["b.com"]',
        '[["A", "a.com"], ["B", "b.com"]]',
        '[{"name": "A", "website": "a.com"}, {"name": "B", "website": "https://b.com/x"}]',
        '[{"w": "a.com"}, {"w": "b.com", "later": 1}]',
        '[{"a": {"b": "A", "site": "a.com"}}, {"a": {"b": "B", "site": "b.com"}}]',
        '{"domains": ["a.com", "b.com"], "total": 2}',
        '{"total": 2, "domains": ["a.com", "b.com"]}',
        '{"data": {"rows": [{"d": "a.com"}, {"d": "b.com"}]}}',
        '{"domain": "a.com", "n": 1}\n{"domain": "b.com", "n": 2}\n',
        '{"tags": ["x"], "domain": "a.com"}\n{"tags": ["y"], "domain": "b.com"}',
    ],
)
def test_json_is_read_in_any_usual_shape(text: str) -> None:
    assert hosts(text) == ["a.com", "b.com"]
    assert [entry.text for entry in entries(text) if entry.reason] == []


def test_json_lines_keep_their_numbers_columns_and_bad_values() -> None:
    text = '{"n": "A", "url": "a.com"}\n\n{"n": "B", "url": "localhost"}\n{"n": null, "url": 7}\n'
    reader = ListReader(split_text(text))
    assert [(entry.line, entry.text, entry.values) for entry in reader] == [
        (1, "a.com", ("A", "a.com")),
        (3, "localhost", ("B", "localhost")),
        (4, "7", ("", "7")),
    ]
    assert reader.names == ["n", "url"]


@given(st.text() | st.from_regex(r"[\w.-]+", fullmatch=True))
def test_a_plain_json_line_is_read_like_any_other(value: str) -> None:
    for item in (value, {"domain": value}):
        plain = json.dumps(item, ensure_ascii=False)
        assert list(JsonLineReader([plain])) == list(JsonLineReader([f" {plain} "]))


def test_a_column_of_json_is_chosen_by_its_key() -> None:
    text = json.dumps([{"url": "a.com", "partner": "b.com"}])
    assert hosts(text, column="partner") == ["b.com"]


def test_text_behind_broken_json_is_read_as_lines() -> None:
    assert lines('["a.com",\n"b.com"\nc.com\nd.com') == [
        (1, "a.com"),
        (2, "b.com"),
        (3, "c.com"),
        (4, "d.com"),
    ]


@pytest.mark.parametrize("size", [3, 50, 1_000])
def test_json_in_chunks_of_any_size_is_the_same(size: int) -> None:
    data = json.dumps([{"n": n, "site": f"n{n}.com"} for n in range(300)], indent=1).encode()
    chunks = [data[place : place + size] for place in range(0, len(data), size)]
    read = list(ListReader(text_blocks(chunks)))
    assert [entry.host for entry in read] == [f"n{n}.com" for n in range(300)]
    assert [entry.line for entry in read[:2]] == [2, 6]


def test_lone_surrogates_and_nul_characters_of_json_become_storable() -> None:
    (entry,) = entries(r'["\ud800\u0000x"]')
    assert (entry.text, entry.host) == ("?x", "")
    (entry,) = entries(r'[{"n": "\ud800", "d": "a.com"}]')
    assert (entry.host, entry.values) == ("a.com", ("?", "a.com"))


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "{" * 100_000, '{"a":' * 100_000, "[1" + "0" * 5_000]
)
def test_hostile_json_is_read_or_left(text: str) -> None:
    assert hosts(text) == []


# Anything

ALPHABET = 'a.com,;\t"\\\n\r|[]{}:-# ü、\u200bе'


@given(st.text() | st.text(ALPHABET, max_size=80), st.sampled_from([None, True, False]))
def test_any_text_is_read_or_refused(text: str, is_table: bool | None) -> None:
    try:
        read = entries(text, is_table=is_table)
    except UnreadableFile:
        return
    for entry in read:
        assert not (entry.host and entry.reason)
        assert entry.text.encode().decode() == entry.text
        assert 1 <= entry.line <= text.count("\n") + text.count("\r") + 1


@given(st.lists(st.from_regex(r"[a-z]{1,9}\.(com|example|co\.uk)", fullmatch=True), unique=True))
def test_good_domains_are_accepted_in_every_form(domains: list[str]) -> None:
    forms = [
        "\n".join(domains),
        ", ".join(domains),
        "、".join(domains),
        "\n".join(f"- {domain}" for domain in domains),
        json.dumps(domains),
        json.dumps([{"d": domain} for domain in domains]),
        "\n".join(["Name;Website", *(f"N {n};{domain}" for n, domain in enumerate(domains))]),
    ]
    for form in forms:
        if domains:
            assert hosts(form) == domains
