"""The pages and the server that the benchmarks scan."""

import gzip
from pathlib import Path
from statistics import median

import pytest

from benchmarks.pages.folder import read_pages
from benchmarks.pages.made import make_pages
from benchmarks.server import Sites
from scans.engine.extractors.page import read_page
from scans.engine.sitemaps import parse_sitemap


def test_made_pages_are_as_large_as_real_ones_and_always_the_same() -> None:
    pages = make_pages(30)
    sizes = [len(body) for page in pages for body in (page.home, page.contact)]
    assert 40_000 < median(sizes) < 80_000
    assert make_pages(3) == pages[:3]


def test_made_pages_hold_what_a_business_tells() -> None:
    contact = read_page(make_pages(1)[0].contact, "https://example.com/contact/")
    kinds = {contact.kind.value for contact in contact.contacts}
    assert {"email", "phone", "social"} <= kinds
    assert contact.technologies
    assert len(contact.links) > 20


def test_real_pages_are_read_from_a_folder_packed_or_not(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(b"<p>first")
    (tmp_path / "b.html.gz").write_bytes(gzip.compress(b"<p>second"))
    first, second = read_pages(tmp_path)
    assert first.home.startswith(b"<p>first")
    assert b'href="/contact/"' in first.home
    assert (first.contact, second.contact) == (b"<p>second", b"<p>first")


def test_an_empty_folder_is_said_to_be_empty(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no \.html"):
        read_pages(tmp_path)


@pytest.fixture(scope="module")
def served() -> Sites:
    return Sites(2, "", 0.0)


def answer(served: Sites, path: str) -> tuple[bytes, bytes]:
    request = f"GET {path} HTTP/1.1\r\nHost: site000001.test:8000\r\nAccept: */*"
    head, _, body = served.answer(request.encode()).partition(b"\r\n\r\n")
    return head, body


def test_every_host_is_a_site_with_robots_and_a_sitemap_of_a_hundred_pages(served: Sites) -> None:
    assert b"Sitemap: http://site000001.test/sitemap.xml" in answer(served, "/robots.txt")[1]
    body = answer(served, "/sitemap.xml")[1]
    sitemap = parse_sitemap([body], "http://site000001.test/sitemap.xml", 1_000, 1_000_000)
    assert len(sitemap.entries) == 100
    assert sitemap.entries[0].loc.startswith("http://site000001.test/")


def test_pages_are_sent_packed_and_any_other_address_is_the_contact_page(served: Sites) -> None:
    head, home = answer(served, "/")
    assert b"Content-Encoding: gzip" in head
    assert b"How to reach us" not in gzip.decompress(home)
    assert b"How to reach us" in gzip.decompress(answer(served, "/contact/")[1])
