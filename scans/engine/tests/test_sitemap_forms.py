"""Sitemaps as written by generators, including non-standard ones."""

import pytest

from scans.engine.sitemap_parser import ParsedSitemap, SitemapEntry, parse_sitemap

URL = "https://example.com/maps/sitemap.xml"
NS = "http://www.sitemaps.org/schemas/sitemap/0.9"
A, B, S = "https://example.com/a", "https://example.com/b", "https://example.com/s1.xml"


def parse(text: str, url: str = URL) -> ParsedSitemap:
    return parse_sitemap([text.encode()], url, 1_000, 10**7)


def locations(text: str) -> list[str]:
    parsed = parse(text)
    assert parsed.error == ""
    return [entry.loc for entry in parsed.entries]


# Prefixes.


@pytest.mark.parametrize(
    ("root", "item", "field", "declared"),
    [
        ("", "", "", ""),
        ("s:", "s:", "s:", f'xmlns:s="{NS}"'),
        ("", "s:", "s:", f'xmlns="{NS}" xmlns:s="{NS}"'),
        ("ns0:", "", "", f'xmlns:ns0="{NS}"'),
        ("ns0:", "ns0:", "", f'xmlns:ns0="{NS}"'),
        ("", "", "s:", f'xmlns="{NS}" xmlns:s="{NS}"'),
        ("", "s:", "", f'xmlns="{NS}" xmlns:s="{NS}"'),
        ("a:", "b:", "c:", f'xmlns:a="{NS}" xmlns:b="{NS}" xmlns:c="{NS}"'),
        ("a:", "b:", "c:", ""),
        ("", "s:", "s:", 'xmlns:s="http://www.google.com/schemas/sitemap/0.84"'),
        ("sitemap:", "sitemap:", "sitemap:", ""),
    ],
)
def test_elements_count_by_their_local_names(
    root: str, item: str, field: str, declared: str
) -> None:
    loc = "<{0}loc>{1}</{0}loc>"
    first = f"{loc.format(field, A)}<{field}lastmod>2024-05-01</{field}lastmod>"
    items = f"<{item}url>{first}</{item}url><{item}url>{loc.format(field, B)}</{item}url>"
    pages = f"<{root}urlset {declared}>{items}</{root}urlset>"
    parsed = parse(pages)
    assert (parsed.kind, parsed.error) == ("urlset", "")
    assert parsed.entries == [SitemapEntry(A, "2024-05-01"), SitemapEntry(B)]
    items = f"<{item}sitemap>{loc.format(field, S)}</{item}sitemap>"
    index = f"<{root}sitemapindex {declared}>{items}</{root}sitemapindex>"
    parsed = parse(index)
    assert (parsed.kind, parsed.children, parsed.error) == ("index", [S], "")


@pytest.mark.parametrize(
    "extension",
    [
        '<i:loc xmlns="x">https://example.com/i.jpg</i:loc>',
        "<video:loc>https://example.com/v.mp4</video:loc>",
        "<IMAGE:loc>https://example.com/i.jpg</IMAGE:loc>",
    ],
)
def test_the_address_of_an_extension_is_no_page(extension: str) -> None:
    image = 'xmlns:i="http://www.google.com/schemas/sitemap-image/1.1"'
    assert locations(f"<urlset {image}><url>{extension}<loc>{A}</loc></url></urlset>") == [A]


def test_names_count_in_any_case() -> None:
    assert locations(f"<URLSET><Url><LOC>{A}</LOC></Url></URLSET>") == [A]


def test_an_atom_feed_with_prefixes_is_read() -> None:
    feed = (
        '<a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:entry><a:link href="/a"/>'
        "<a:updated>2024-05-01</a:updated></a:entry></a:feed>"
    )
    assert parse(feed).entries == [SitemapEntry(A, "2024-05-01")]


# Nesting.


@pytest.mark.parametrize(
    "text",
    [
        "<urlset><urlset>{}</urlset></urlset>",
        "<urlset><group><urlset>{}</urlset></group></urlset>",
        "<root><urlset>{}</urlset></root>",
        "<urlset><urls>{}</urls></urlset>",
        "<sitemapindex><urlset>{}</urlset></sitemapindex>",
        "<urlset><url>{}</url></urlset>",
        "<urlset><sitemap>{}</sitemap></urlset>",
        "<?xml version='1.0'?>{}",
        "{}\n",
    ],
)
def test_items_count_wherever_they_stand(text: str) -> None:
    items = f"<url><loc>{A}</loc><lastmod>2024-05-01</lastmod></url>\n<url><loc>{B}</loc></url>"
    parsed = parse(text.format(items))
    assert parsed.entries == [SitemapEntry(A, "2024-05-01"), SitemapEntry(B)]
    assert (parsed.kind, parsed.error) == ("urlset", "")


def test_sitemaps_in_a_urlset_are_sitemaps() -> None:
    parsed = parse(f"<urlset><sitemap><loc>{S}</loc></sitemap></urlset>")
    assert (parsed.kind, parsed.children, parsed.entries, parsed.error) == ("index", [S], [], "")


def test_pages_in_an_index_are_pages() -> None:
    parsed = parse(f"<sitemapindex><url><loc>{A}</loc></url></sitemapindex>")
    assert (parsed.kind, [entry.loc for entry in parsed.entries]) == ("urlset", [A])
    assert (parsed.children, parsed.error) == ([], "")


def test_a_file_may_hold_both() -> None:
    parsed = parse(
        f"<sitemapindex><sitemap><loc>{S}</loc></sitemap><url><loc>{A}</loc></url></sitemapindex>"
    )
    assert (parsed.children, [entry.loc for entry in parsed.entries]) == ([S], [A])


# Addresses.


def test_every_address_of_an_item_counts() -> None:
    assert locations(f"<urlset><url><loc>{A}</loc><loc>{B}</loc></url></urlset>") == [A, B]
    parsed = parse(
        f"<sitemapindex><sitemap><loc>{S}</loc><loc>/s2.xml</loc></sitemap></sitemapindex>"
    )
    assert parsed.children == [S, "https://example.com/s2.xml"]


@pytest.mark.parametrize(
    "inner",
    [
        A,
        f"\n  {A}\n ",
        f"<![CDATA[{A}]]>",
        "/a",
        "example.com/a",
        f"{A}<lastmod>2024-05-01</lastmod>",
        f"<loc/><loc>{A}</loc>",
    ],
)
def test_an_item_without_a_loc_may_be_an_address_itself(inner: str) -> None:
    assert locations(f"<urlset><url>{inner}</url></urlset>") == [A]


@pytest.mark.parametrize("inner", ["Our products", "products", "&#160;", "a b", "(none)"])
def test_words_in_an_item_are_no_address(inner: str) -> None:
    parsed = parse(f"<urlset><url>{inner}</url><url><loc>{A}</loc></url></urlset>")
    assert [entry.loc for entry in parsed.entries] == [A]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("example.com/a", "https://example.com/a"),
        ("www.example.com/a", "https://www.example.com/a"),
        ("shop.example.com", "https://shop.example.com/"),
        ("//example.com/a", "https://example.com/a"),
        ("/a", "https://example.com/a"),
        ("a", "https://example.com/maps/a"),
        ("a.html", "https://example.com/maps/a.html"),
        ("index.php/a", "https://example.com/maps/index.php/a"),
        ("https:example.com/a", "https://example.com/a"),
        ("http:/example.com/a", "http://example.com/a"),
    ],
)
def test_an_address_without_a_scheme_is_a_host_where_it_looks_like_one(
    written: str, read: str
) -> None:
    assert locations(f"<urlset><url><loc>{written}</loc></url></urlset>") == [read]


def test_a_text_file_may_leave_the_scheme_out() -> None:
    parsed = parse("www.example.com/a\nexample.com/b\nsee example.com for more\n")
    assert [entry.loc for entry in parsed.entries] == [
        "https://www.example.com/a",
        "https://example.com/b",
    ]
    assert (parsed.kind, parsed.error) == ("text", "1 of its lines are not URLs.")


# An empty result always has an error


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("<urlset></urlset>", "It is empty"),
        ("<urlset/>", "It is empty"),
        ("<sitemapindex>\n</sitemapindex>", "It is empty"),
        ("<rss><channel><title>x</title></channel></rss>", "only other elements: 1 <title>"),
        ("<feed><title>x</title></feed>", "only other elements: 1 <title>"),
        ("<urlset><page><address>/a</address></page><page/></urlset>", "2 <page>"),
        ("<urlset><url><lastmod>2024</lastmod></url><url/></urlset>", "None of its 2 items"),
        ("<urlset><url><loc>mailto:a@example.com</loc></url></urlset>", "None of its 1 items"),
        ("<urlset><url><link>https://example.com/a</link></url></urlset>", "None of its 1 items"),
        ("<sitemapindex><sitemap><loc/></sitemap></sitemapindex>", "None of its 1 items"),
        ("<opml><outline/></opml>", "root element is <opml>"),
        ("<?xml version='1.0'?>\n<error>No such file</error>", "root element is <error>"),
        ('{"pages": []}', "JSON"),
        ("[]", "JSON"),
        ("Not found", "text that begins with “Not found”"),
        ("", "empty"),
        ("<!doctype html><title>Not found</title>", "web page"),
        ("<urlset", "ends early"),
    ],
)
def test_a_file_without_an_address_says_what_was_read_instead(text: str, error: str) -> None:
    parsed = parse(text)
    assert (parsed.entries, parsed.children) == ([], [])
    assert error in parsed.error
