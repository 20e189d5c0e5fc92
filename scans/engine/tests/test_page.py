"""A whole page, from bytes to facts."""

import gzip
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.engine.extractors import PageFacts, merge_contacts, read_page
from scans.engine.extractors.page import TURN
from scans.engine.report import Contact, ContactKind

URL = "https://www.bakery.co.uk/shop/index.html"
PAGE = """<!DOCTYPE html><html lang="en_gb"><head><meta charset="utf-8">
<title> The
 Bakery — fresh bread </title>
<meta name="Description" content="Bread &amp; cakes"><meta name="description" content="second">
<meta name="generator" content="WordPress 6.5"><meta name="robots" content="noindex">
<meta property="og:title" content="OG title"><meta name="twitter:site" content="@bakery">
<meta http-equiv="refresh" content="5; URL='/new'">
<noscript><img src="/pixel.gif"></noscript>
<link rel="canonical" href="/shop/"><link rel="Shortcut Icon" href="/favicon.png">
<link rel="apple-touch-icon" href="/touch.png"><link rel="stylesheet" href="a.css">
<link rel="alternate" type="application/rss+xml" href="/feed/">
<link rel="sitemap" href="/sitemap.xml">
<script src="//cdn.example.net/app.js"></script>
<script type="application/ld+json">{"@type":"Bakery","name":"The Bakery",
"faxNumber":"0114 278 5001","sameAs":["https://instagram.com/bakery"],
"address":{"streetAddress":"1 High St","postalCode":"S1 2AB",
"addressLocality":"Sheffield"}}
</script></head><body>
<img src="/banner.jpg"><a class="site-logo" href="/"><img src="logo.svg" alt="Home"></a>
<a href="contact.html#form">Contact <b>us</b></a> <a href="contact.html">again</a>
<a href="/map.xml?sitemap">x</a><a href="/sitemap_pages.xml">y</a>
<a href="mailto:info@bakery.co.uk">Write</a> <a href="tel:+44 114 278 5000">Call</a>
<a href="https://www.facebook.com/bakery" rel="NoFollow">f</a>
<a href="javascript:void(0)">js</a><a href="#top">top</a><a href="ftp://x/">ftp</a>
<table><tr><td>Tel</td><td><b>0114</b> 278 5002</td></tr></table>
<script>var hidden = "anna@bakery.co.uk; spam@other.com"</script>
<p>Soft\u00adhyphen</p></body></html>"""


@pytest.fixture(scope="module")
def facts() -> PageFacts:
    return read_page(PAGE.encode(), URL, "text/html")


def test_the_head_is_read(facts):
    assert facts.is_html
    assert facts.title == "The Bakery — fresh bread"
    assert facts.description == "Bread & cakes"
    assert (facts.language, facts.charset) == ("en-GB", "utf-8")
    assert facts.generator == "WordPress 6.5"
    assert facts.meta_robots == "noindex"
    assert facts.open_graph == {"og:title": "OG title", "twitter:site": "@bakery"}
    assert facts.organisation["name"] == "The Bakery"


def test_every_address_is_absolute(facts):
    assert facts.canonical_url == "https://www.bakery.co.uk/shop/"
    assert facts.favicon_url == "https://www.bakery.co.uk/favicon.png"
    assert facts.logo_url == "https://www.bakery.co.uk/shop/logo.svg"
    assert facts.feeds == ("https://www.bakery.co.uk/feed/",)
    assert facts.meta_refresh == "https://www.bakery.co.uk/new"
    assert facts.sitemap_links == (
        "https://www.bakery.co.uk/sitemap.xml",
        "https://www.bakery.co.uk/sitemap_pages.xml",
    )


def test_a_link_of_a_drawing_is_passed_over():
    page = b'<svg xmlns:xlink="x"><a xlink:href="/drawn">d</a></svg><a href="/plain">p</a>'
    assert [link.text for link in read_page(page, URL).links] == ["p"]


def test_web_links_are_listed_once_with_their_words(facts):
    links = {link.url: (link.text, link.rel) for link in facts.links}
    assert links == {
        "https://www.bakery.co.uk/": ("Home", ""),
        "https://www.bakery.co.uk/shop/contact.html": ("Contact us", ""),
        "https://www.bakery.co.uk/map.xml?sitemap": ("x", ""),
        "https://www.bakery.co.uk/sitemap_pages.xml": ("y", ""),
        "https://www.facebook.com/bakery": ("f", "nofollow"),
    }


def test_every_contact_carries_its_evidence(facts):
    read = {(contact.kind, contact.value): contact for contact in facts.contacts}
    assert {value: contact.method for (_, value), contact in read.items()} == {
        "info@bakery.co.uk": "mailto",
        "anna@bakery.co.uk": "markup",
        "+441142785000": "tel_link",
        "+441142785001": "json_ld",
        "+441142785002": "text",
        "https://www.facebook.com/bakery": "link",
        "https://www.instagram.com/bakery": "json_ld",
        "1 High St, S1 2AB, Sheffield, GB": "json_ld",
    }
    assert read[ContactKind.PHONE, "+441142785001"].label == "GB fax"
    assert read[ContactKind.EMAIL, "info@bakery.co.uk"].label == "service"
    assert {contact.page_url for contact in facts.contacts} == {URL}
    assert all(contact.snippet for contact in facts.contacts)


def test_the_text_is_what_a_visitor_sees_with_a_line_for_each_block(facts):
    assert "Contact us again" in facts.text
    assert "Tel\n0114 278 5002\nSofthyphen" in facts.text
    assert "hidden" not in facts.text


def test_a_text_that_react_wrote_in_pieces_is_one():
    facts = read_page(b"<p>Tel: <!-- -->0114 <!-- -->278 5000", URL)
    assert facts.text == "Tel: 0114 278 5000"


def test_technologies_are_read_from_page_and_headers():
    facts = read_page(PAGE.encode(), URL, "text/html", {"Server": "nginx"})
    assert {"WordPress", "nginx"} <= {technology.name for technology in facts.technologies}


def test_a_base_element_moves_relative_links():
    page = b'<base href="https://other.com/a/"><a href="b">x</a><a href="//third.com/c">y</a>'
    assert [link.url for link in read_page(page, URL).links] == [
        "https://other.com/a/b",
        "https://third.com/c",
    ]


@pytest.mark.parametrize(
    ("body", "content_type", "title"),
    [
        ("<title>Müller</title>".encode(), "", "Müller"),
        ("<title>Müller</title>".encode("cp1252"), "", "Müller"),
        ("<title>Müller</title>".encode(), "text/html; charset=iso-8859-1", "Müller"),
        ("<title>Müller</title>".encode("utf-16"), "text/html", "Müller"),
        ('<meta charset="windows-1251"><title>Пекарня</title>'.encode("cp1251"), "", "Пекарня"),
        ("<title>Пекарня</title>".encode("koi8-r"), "text/html; charset=koi8-r", "Пекарня"),
        ("<title>Müller</title>".encode(), "text/html; charset=no-such-thing", "Müller"),
        ("<title>パン屋</title>".encode("shift_jis"), "text/html; charset=Shift_JIS", "パン屋"),
    ],
)
def test_a_page_is_decoded_by_what_it_says_and_what_it_is(body, content_type, title):
    assert read_page(body, URL, content_type).title == title


def test_a_cut_in_the_middle_of_a_character_does_not_change_the_charset():
    body = "<title>Müller</title>ü".encode()[:-1]
    assert read_page(body, URL).title == "Müller"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"%PDF-1.7 ...", "text/html"),
        (b"\x89PNG\r\n\x1a\n", "text/html"),
        (gzip.compress(b"<html>", mtime=0), "text/html"),
        (b"MZ\x90\x00\x03", ""),
        (b"ab\x00cd", "text/html"),
        (b'{"a": 1}', "application/json"),
        (b"plain words", "text/plain"),
    ],
)
def test_other_files_are_told_apart_from_pages(body, content_type):
    facts = read_page(body, URL, content_type)
    assert (facts.is_html, facts.text, facts.links) == (False, "", ())


@pytest.mark.parametrize("content_type", ["application/octet-stream", "text/plain", "image/png"])
def test_a_page_is_read_although_its_header_lies(content_type):
    assert read_page(b"\n<!doctype HTML><title>Hi</title>", URL, content_type).title == "Hi"


def test_an_empty_page_has_no_facts():
    facts = read_page(b"", URL)
    assert (facts.is_html, facts.title, facts.contacts) == (True, "", ())


HOSTILE = {
    "attributes": "<div" + "".join(f" a{n}=1" for n in range(200_000)) + ">",
    "attributes with brackets": "<div" + "".join(f' a{n}=">"' for n in range(150_000)) + ">",
    "nesting": "<div>" * 300_000,
    "formatting": "<b><p>" * 200_000,
    "options": "<select>" + "<option>x" * 150_000,
    "at signs": "a@" * 900_000,
    "spaced at signs": "a @ " * 400_000,
    "a long local part": "a" * 1_900_000 + "@",
    "digits": "1" * 1_900_000,
    "plus signs": "+1 " * 600_000,
    "phones": "(212) 736-5000 " * 120_000,
    "lesser thans": "<" * 1_900_000,
    "open comments": "<!-" * 600_000,
    "meta": "<meta name=a content=b>" * 80_000,
    "json": '<script type="application/ld+json">' + "[" * 400_000,
    "images": "<div class=logo>" * 1_500 + "<img src=x>" * 150_000,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_page_is_read_in_seconds(kind):
    started = time.process_time()
    read_page(HOSTILE[kind].encode(), URL)
    assert (
        time.process_time() - started < 5
    )  # about 0.5 s each; quadratic behaviour would take minutes


PIECES = st.sampled_from(
    [
        *("<a href='", "mailto:", "tel:", "'>", "</a>", "<meta name=", " content=", "<script>"),
        *("</script>", "<base href=", "http://[", "//", "\x00", "\ud800", "&#xD800;", "<title>"),
        *("+1 212 736 5000", "a@b.com", "<!--", "]}", "<table>", "é"),
        '<script type="application/ld+json">{"@type":',
    ]
)


@given(st.lists(PIECES | st.text(max_size=5)).map("".join), st.text(max_size=30))
def test_any_page_at_any_address_is_read_without_raising(page, url):
    facts = read_page(page.encode("utf-8", "surrogatepass"), url, "text/html")
    assert facts.url == url


@given(st.binary(), st.text(max_size=40))
def test_any_bytes_are_read_without_raising(body, content_type):
    assert isinstance(read_page(body, URL, content_type), PageFacts)


def contact(value: str, confidence: float, method: str = "text") -> Contact:
    return Contact(ContactKind.EMAIL, value, confidence=confidence, method=method)


def test_merging_keeps_the_best_evidence_in_the_order_first_seen():
    merged = merge_contacts(
        [
            [contact("a@b.com", 0.5), contact("c@d.com", 0.9, "first")],
            [contact("c@d.com", 0.9, "second"), contact("a@b.com", 1.0, "mailto")],
        ]
    )
    assert [(item.value, item.method) for item in merged] == [
        ("a@b.com", "mailto"),
        ("c@d.com", "first"),
    ]


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("<svg><title>Menu</title></svg><h1>Kessel</h1>", ""),
        ("<svg><g><title>Menu</title></g></svg><title>Kessel</title>", "Kessel"),
        ("<svg><foreignObject><title>x</title></foreignObject></svg>", ""),
        ("<meta property=og:title content=Kessel><svg><title>Menu</title></svg>", "Kessel"),
        ("<p>late</p><title>Kessel</title>", "Kessel"),
    ],
)
def test_the_title_of_a_drawing_is_not_the_page_s(page, expected):
    assert read_page(page.encode(), URL).title == expected


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("<html><body lang=fr>", "fr"),
        ("<html><body xml:lang=pt_br>", "pt-BR"),
        ("<html lang=''><body lang='de-AT'>", "de-AT"),
        ("<html lang=en><body lang=it>", "it"),
        ("<html lang=nl><body lang=''>", "nl"),
        ("<html><meta http-equiv=content-language content=es><body lang=pl>", "pl"),
    ],
)
def test_the_language_of_the_body_is_the_language_of_the_page(page, expected):
    assert read_page(page.encode(), URL).language == expected


class HeadersThatWatch(dict):
    """Response headers that record whether another page could be read at the same time."""

    def __init__(self):
        super().__init__({"Server": "nginx"})
        self.is_alone = set()

    def get(self, name, default=None):
        self.is_alone.add(TURN.locked())
        return default


def test_pages_of_a_process_are_read_one_after_another():
    headers = HeadersThatWatch()
    read_page(PAGE.encode(), URL, "text/html", headers)
    assert headers.is_alone == {True}
    assert not TURN.locked()
