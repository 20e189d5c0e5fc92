"""Hosts are distinguished from paths in URLs without a scheme."""

import time

import pytest

from scans.engine.robots import read_robots, sitemap_values
from scans.engine.schemeless import with_scheme

BASE = "https://shop.example.com/maps/sitemap.xml"


@pytest.mark.parametrize(
    "address",
    [
        "shop.example.com/a",
        "www.example.com/a",
        "example.com/a",
        "example.com",
        "EXAMPLE.com/a",
        "example.com:8080/a",
        "example.com?x=1",
        "www.other.org",
        "www.other.org/a",
        "other.org/s.xml",
        "cdn.other.co.uk/s.xml",
        "bücher.de/a",
        "93.184.216.34/a",
    ],
)
def test_what_begins_with_a_host_gets_a_scheme(address: str) -> None:
    assert with_scheme(address, BASE) == f"https://{address}"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "a/b.html",
        "sitemap.xml",
        "sitemap.xml.gz",
        "maps/sitemap.xml",
        "index.php",
        "index.php/a",
        "page.html?x=example.com/a",
        "post.php/2024/example.com",
        "script.py/a",
        "file.md/a",
        "archive.zip",
        "v1.2/a",
        "1.2.3.4.5/a",
        "co.uk/a",
        "other.org",
        "/example.com/a",
        "//example.com/a",
        "./example.com/a",
        "../example.com",
        "?example.com/a",
        "#example.com/a",
        "https://example.com/a",
        "mailto:a@example.com",
        "javascript:example.com/a",
        "user@example.com/a",
    ],
)
def test_everything_else_is_left_as_it_is(address: str) -> None:
    assert with_scheme(address, BASE) == address


@pytest.mark.parametrize("written", ["http//example.com/a", "http;//example.com/a"])
def test_a_scheme_gets_its_colon_back(written: str) -> None:
    assert with_scheme(written, BASE) == "http://example.com/a"


def test_a_site_without_a_public_ending_knows_its_own_name() -> None:
    assert with_scheme("acme.test/a", "http://www.acme.test/s.xml") == "http://acme.test/a"
    assert with_scheme("other.test/a", "http://www.acme.test/s.xml") == "other.test/a"


# Several sitemaps on one line of robots.txt.

ONE, TWO = "https://a.test/1.xml", "https://a.test/2.xml"


@pytest.mark.parametrize(
    "line",
    [
        f"{ONE} {TWO}",
        f"{ONE},{TWO}",
        f"{ONE}, {TWO}",
        f"{ONE} , {TWO}",
        f"{ONE};{TWO}",
        f"{ONE} | {TWO}",
        f"{ONE}\t{TWO}",
        f"{ONE}{TWO}",
        f"{ONE} Sitemap: {TWO}",
        f'"{ONE}", "{TWO}"',
        f"<{ONE}> <{TWO}>",
        f"{ONE},{TWO},",
    ],
)
def test_several_sitemaps_on_one_line_are_told_apart(line: str) -> None:
    assert sitemap_values(line) == [ONE, TWO]


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("", []),
        (ONE, [ONE]),
        ("/1.xml /2.xml", ["/1.xml", "/2.xml"]),
        ("1.xml,2.xml.gz", ["1.xml", "2.xml.gz"]),
        ("www.a.test/1 b.test/2", ["www.a.test/1", "b.test/2"]),
        ("https://a.test/a,b;c.xml", ["https://a.test/a,b;c.xml"]),
        ("https://a.test/my map.xml", ["https://a.test/my map.xml"]),
        ("https://a.test/?u=https://b.test/1.xml", ["https://a.test/?u=https://b.test/1.xml"]),
        (f"{ONE} (the main one)", [ONE]),
    ],
)
def test_one_sitemap_is_one(line: str, values: list[str]) -> None:
    assert sitemap_values(line) == values


@pytest.mark.parametrize("filling", [",", " ", "a", "a.", "a ", ", ", "'", "< ", "sitemap:"])
def test_lines_made_to_be_slow_are_read_in_time(filling: str) -> None:
    line = "Sitemap: " + filling * (16_000 // len(filling)) + "\n"
    started = time.process_time()
    read_robots((line * 30).encode(), 200, "https://acme.test/robots.txt", "", "x")
    assert time.process_time() - started < 3


def test_sitemaps_without_a_scheme_are_found() -> None:
    text = (
        "Sitemap: www.acme.test/1.xml\nSitemap: acme.test/2.xml\nSitemap: maps/3.xml\n"
        "Sitemap: //cdn.acme.test/4.xml\nSitemap: acme.test/5.xml, acme.test/6.xml\n"
        "sitemap: acme.test\n"
    )
    sitemaps = read_robots(text.encode(), 200, "https://acme.test/robots.txt", "", "x").sitemaps
    assert sitemaps == (
        "https://www.acme.test/1.xml",
        "https://acme.test/2.xml",
        "https://acme.test/maps/3.xml",
        "https://cdn.acme.test/4.xml",
        "https://acme.test/5.xml",
        "https://acme.test/6.xml",
        "https://acme.test/",
    )
