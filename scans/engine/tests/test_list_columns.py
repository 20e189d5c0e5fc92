"""Detecting the domain column of a table."""

import pytest

from scans.engine.lists.columns import Layout, find_layout
from scans.engine.lists.csv_rows import Row
from scans.engine.lists.errors import UnreadableFile


def table(*lines: str) -> list[Row]:
    return [Row(number, line.split(",")) for number, line in enumerate(lines, start=1)]


def column(*lines: str) -> int:
    return find_layout(table(*lines)).column


def test_an_empty_column_of_a_known_name_is_not_taken() -> None:
    assert column("Name,Domain,Website", "A,,a.com", "B,,https://b.com") == 2


def test_a_column_with_more_distinct_hosts_wins_over_a_known_name() -> None:
    lines = ["Website,Netz", *(f"https://directory.example/{n},n{n}.com" for n in range(9))]
    assert column(*lines) == 1


@pytest.mark.parametrize(
    "links",
    [
        ["https://www.facebook.com/a", "https://m.facebook.com/b", "https://de-de.facebook.com/c"],
        ["https://maps.google.com/?cid=1", "https://goo.gl/maps/2", "https://www.google.de/maps/3"],
        ["https://linkedin.com/company/a", "https://uk.linkedin.com/b", "https://x.com/c"],
        ["https://maps.app.goo.gl/1", "https://maps.apple.com/2", "https://osm.org/3"],
    ],
)
def test_social_networks_and_maps_carry_little_weight(links: list[str]) -> None:
    hosts = ["a.com", "", ""]
    lines = [f"{link},{host}" for link, host in zip(links, hosts, strict=True)]
    assert column("Website,Netz", *lines) == 1


def test_social_networks_are_taken_where_there_is_nothing_else() -> None:
    assert column("Name,Page", "A,facebook.com/a", "B,facebook.com/b") == 1


def test_of_equal_columns_the_known_name_and_then_the_first_wins() -> None:
    assert column("Logo,Website", "a.com/logo.svg,a.com", "b.com/logo.svg,b.com") == 1
    assert column("x,y", "a.com,c.com", "b.com,d.com") == 0


def test_addresses_of_people_are_no_hosts() -> None:
    assert column("x,y,z", "A,a@a.de,a.de", "B,b@b.de,b.de", "C,see c.de,") == 2


@pytest.mark.parametrize(
    ("lines", "first"),
    [
        (["UTF-8", "Name,Website", "A,a.com"], 2),
        (["Our customers", "", "Name,Website", "A,a.com"], 3),
        (["Report, 2026-11-25", "Firma,Netz,Ort", "A,a.com,Bonn"], 2),
        (["https://crm.example/report", "Website,Name", "a.com,A"], 2),
        (["Name,Website", "A,", "B,n/a", "C,c.com"], 1),
        (["Domain", "a.com"], 1),
        (["My list", "Domain", "a.com"], 2),
        (["a.com,1", "b.com,2"], 0),
        (["exa mple", "b.com"], 0),
        (["1,A,", "2,B,b.com"], 0),
    ],
)
def test_the_rows_begin_below_titles_and_header(lines: list[str], first: int) -> None:
    assert find_layout(table(*lines)).first == first


def test_a_header_below_a_title_is_found_by_the_name_that_was_chosen() -> None:
    rows = table("Website", "Name,Website", "A,a.com")
    assert find_layout(rows, "website") == Layout(1, ["Name", "Website"], 2)
    assert find_layout(rows, 1) == Layout(1, ["Name", "Website"], 2)


def test_columns_without_a_name_are_numbered() -> None:
    rows = table("a.com,1", "b.com,2")
    assert find_layout(rows).names == ["Column 1", "Column 2"]
    assert find_layout(rows, "Column 1") == Layout(0, ["Column 1", "Column 2"], 0)


def test_of_two_columns_of_one_name_the_one_with_domains_is_taken() -> None:
    assert find_layout(table("URL,URL", "/about,a.com", "/home,b.com"), "url").column == 1


@pytest.mark.parametrize("wanted", ["Fax", 3, -1])
def test_a_column_that_is_not_there_is_a_clear_error(wanted: str | int) -> None:
    with pytest.raises(UnreadableFile, match="column"):
        find_layout(table("id,website", "1,a.com"), wanted)


def test_a_missing_name_is_answered_with_the_names_there_are() -> None:
    with pytest.raises(
        UnreadableFile, match=r"no column named “url”\. Its columns are: id, website\."
    ):
        find_layout(table("id,website", "1,a.com"), "url")


def test_a_table_without_hosts_is_a_clear_error() -> None:
    with pytest.raises(UnreadableFile, match="No column"):
        find_layout(table("name,city", "foo bar,baz"))


def test_the_names_of_rows_that_have_no_header_are_given() -> None:
    assert find_layout(table("A,a.com"), names=["n", "w"]) == Layout(1, ["n", "w"], 0)
    assert find_layout(table("A,a.com"), "w", names=["n", "w"]) == Layout(1, ["n", "w"], 0)
