"""Reading one sitemap in any format."""

import gzip
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.engine.sitemap_parser import SitemapEntry, parse_sitemap

URL = "https://example.com/maps/sitemap.xml"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
PLENTY = 60_000_000


def parse(text, max_urls=50_000, max_bytes=PLENTY):
    data = text if isinstance(text, bytes) else text.encode()
    return parse_sitemap([data], URL, max_urls, max_bytes)


def locations(parsed):
    return [entry.loc for entry in parsed.entries]


def page(number):
    return f"<url><loc>https://example.com/{number}</loc></url>"


def test_a_urlset_is_read_with_its_dates_and_hints():
    parsed = parse(
        HEAD + "<url>\n <loc> https://example.com/a </loc><lastmod>2024-05-01</lastmod>"
        "<changefreq>Weekly</changefreq><priority>0.8</priority></url>"
        "<url><loc>https://example.com/b</loc></url></urlset>"
    )
    assert parsed.kind == "urlset"
    assert parsed.entries == [
        SitemapEntry("https://example.com/a", "2024-05-01", "weekly", 0.8),
        SitemapEntry("https://example.com/b", "", "", None),
    ]
    assert (parsed.error, parsed.truncated, parsed.children) == ("", False, [])
    assert parsed.bytes > 100


def test_an_index_names_its_children_resolved():
    parsed = parse(
        "<sitemapindex><sitemap><loc>https://example.com/a.xml.gz</loc></sitemap>"
        "<sitemap><loc>b.xml</loc></sitemap><sitemap><loc/></sitemap><sitemap/></sitemapindex>"
    )
    assert parsed.kind == "index"
    assert parsed.children == ["https://example.com/a.xml.gz", "https://example.com/maps/b.xml"]
    assert (parsed.entries, parsed.error) == ([], "")


def test_prefixed_names_are_those_of_the_root():
    parsed = parse(
        '<s:urlset xmlns:s="x"><s:url><s:loc>https://example.com/1</s:loc></s:url></s:urlset>'
    )
    assert (parsed.kind, locations(parsed)) == ("urlset", ["https://example.com/1"])


@pytest.mark.parametrize(
    "extension",
    [
        "<image:image><image:loc>https://example.com/i.jpg</image:loc></image:image>",
        "<image:loc>https://example.com/i.jpg</image:loc>",
        "<image><loc>https://example.com/i.jpg</loc></image>",
        "<video:video><video:content_loc>https://example.com/v.mp4</video:content_loc></video:video>",
        "<news:news><news:publication_date>2020-01-01</news:publication_date></news:news>",
        '<xhtml:link rel="alternate" hreflang="de" href="https://example.com/de"/>',
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_extensions_do_not_disturb_the_page(extension, first):
    loc = "<loc>https://example.com/page</loc><lastmod>2024-01-01</lastmod>"
    inner = extension + loc if first else loc + extension
    parsed = parse(f"{HEAD}<url>{inner}</url></urlset>")
    assert parsed.entries == [SitemapEntry("https://example.com/page", "2024-01-01")]
    assert parsed.error == ""


def test_an_rss_feed_gives_its_items():
    parsed = parse(
        '<rss version="2.0"><channel><link>https://example.com/</link><item><title>a</title>'
        '<atom:link href="https://example.com/no"/><link>https://example.com/1</link>'
        "<pubDate>Tue, 10 Jun 2003 04:00:00 GMT</pubDate></item></channel></rss>"
    )
    assert parsed.kind == "rss"
    assert parsed.entries == [SitemapEntry("https://example.com/1", "2003-06-10T04:00:00+00:00")]


def test_rss_of_the_first_kind_gives_its_items():
    parsed = parse(
        '<rdf:RDF xmlns:rdf="r"><channel><link>https://example.com/</link></channel>'
        "<item><link>https://example.com/1</link><dc:date>2024-01</dc:date></item></rdf:RDF>"
    )
    assert (parsed.kind, parsed.entries) == (
        "rss",
        [SitemapEntry("https://example.com/1", "2024-01")],
    )


def test_an_atom_feed_gives_its_entries():
    parsed = parse(
        '<feed xmlns="http://www.w3.org/2005/Atom"><link href="https://example.com/"/>'
        '<entry><link rel="self" href="https://example.com/self"/><link href="/1"/>'
        "<published>2024-01-01</published><updated>2024-01-02</updated></entry>"
        '<entry><link rel="alternate" href="/2"/><published>2024-01-01</published></entry></feed>'
    )
    assert parsed.kind == "atom"
    assert parsed.entries == [
        SitemapEntry("https://example.com/1", "2024-01-02"),
        SitemapEntry("https://example.com/2", "2024-01-01"),
    ]


def test_a_text_sitemap_gives_its_lines():
    parsed = parse("\ufeff# ours\nhttps://example.com/a\r\n\n HTTP://example.com/b \nnonsense\n")
    assert parsed.kind == "text"
    assert locations(parsed) == ["https://example.com/a", "HTTP://example.com/b"]
    assert parsed.error == "1 of its lines are not URLs."


def test_gzip_is_read_whatever_the_name_says():
    assert locations(parse(gzip.compress((HEAD + page(1) + "</urlset>").encode()))) == [
        "https://example.com/1"
    ]


@pytest.mark.parametrize(
    "before",
    [
        "\n\n ",
        "\ufeff",
        "<br />\n<b>Warning</b>: something in x.php\n",
        "<!-- <urlset> <html> -->",
        "<?xml-stylesheet href='a'?>",
    ],
)
def test_what_stands_before_the_root_is_passed_over(before):
    assert locations(parse(before + HEAD + page(1) + "</urlset>")) == ["https://example.com/1"]


def test_what_stands_after_the_root_is_passed_over():
    parsed = parse(HEAD + page(1) + "</urlset>\n<!-- cached --> junk <b> & </urlset>")
    assert (locations(parsed), parsed.error) == (["https://example.com/1"], "")


@pytest.mark.parametrize(
    "written",
    ["https://example.com/?a=1&b=2", "https://example.com/?a=1&amp;b=2", "https://example.com/?a=1&amp;amp;b=2",
     "<![CDATA[https://example.com/?a=1&b=2]]>", "https://example.com/?a=1&#38;b=2"],
)  # fmt: skip
def test_ampersands_are_read_however_they_are_written(written):
    parsed = parse(f"{HEAD}<url><loc>{written}</loc></url></urlset>")
    assert (locations(parsed), parsed.error) == (["https://example.com/?a=1&b=2"], "")


def test_control_characters_are_dropped():
    assert locations(
        parse(HEAD + "<url><loc>https://exam\x01ple.com/\x0b1</loc></url></urlset>")
    ) == ["https://example.com/1"]


def test_a_truncated_file_is_read_up_to_there():
    parsed = parse(HEAD + page(1) + "<url><loc>https://example.com/hal")
    assert locations(parsed) == ["https://example.com/1"]
    assert "ends early" in parsed.error


def test_broken_xml_is_read_up_to_there_and_its_line_named():
    parsed = parse("\n" + HEAD + "\n" + page(1) + "\n<url><loc>x</url>\n" + page(2) + "</urlset>")
    assert locations(parsed) == ["https://example.com/1"]
    assert "line 5 (mismatched tag)" in parsed.error


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("<!DOCTYPE html><html><body>Not found", "web page"),
        ("<!doctype HTML public><p>", "web page"),
        ("\n<html lang=de>", "web page"),
        ('{"urls": []}', "not a sitemap"),
        ("<sitemaps/>", "not a sitemap"),
        ("<!-- <urlset>", "not a sitemap"),
    ],
)
def test_what_is_no_sitemap_is_named(text, reason):
    parsed = parse(text)
    assert reason in parsed.error
    assert (parsed.kind, parsed.entries) == ("", [])


def test_an_entity_bomb_is_refused():
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    parsed = parse(
        f'<?xml version="1.0"?><!DOCTYPE urlset [<!ENTITY a0 "x">{entities}]><urlset>&a9;</urlset>'
    )
    assert "DOCTYPE" in parsed.error
    assert parsed.entries == []


def test_an_entity_without_doctype_stays_text():
    parsed = parse(HEAD + "<url><loc>https://example.com/&xxe;</loc></url></urlset>")
    assert locations(parsed) == ["https://example.com/&xxe;"]


@pytest.mark.parametrize("limit", [0, 1, 3])
def test_reading_stops_at_the_limit_of_urls(limit):
    for text in (HEAD + "".join(map(page, range(9))) + "</urlset>", "https://example.com/\n" * 9):
        parsed = parse(text, max_urls=limit)
        assert len(parsed.entries) == limit
        assert parsed.truncated
        assert parsed.error == ""


def test_exactly_as_many_urls_as_allowed_are_no_truncation():
    parsed = parse(HEAD + page(1) + page(2) + "</urlset>", max_urls=2)
    assert (len(parsed.entries), parsed.truncated) == (2, False)


def test_reading_stops_at_the_limit_of_bytes():
    parsed = parse(HEAD + page(1) * 5_000, max_bytes=100_000)
    assert parsed.truncated
    assert "larger than 100,000 bytes" in parsed.error
    assert len(parsed.entries) > 1_000
    assert parsed.bytes == 100_000


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2024", "2024"), ("2024-05", "2024-05"), ("2024-05-01", "2024-05-01"),
        ("2024-05-01T10:00Z", "2024-05-01T10:00Z"),
        ("2024-05-01T10:00:00.5+02:00", "2024-05-01T10:00:00.5+02:00"),
        ("Wed, 01 May 2024 10:00:00 +0200", "2024-05-01T10:00:00+02:00"),
        ("2024-13", ""), ("2024-02-30", ""), ("yesterday", ""), ("", ""), ("9" * 5_000, ""),
    ],
)  # fmt: skip
def test_a_date_is_kept_only_where_it_is_one(written, read):
    parsed = parse(
        f"{HEAD}<url><loc>https://example.com/</loc><lastmod>{written}</lastmod></url></urlset>"
    )
    assert parsed.entries[0].lastmod == read


@pytest.mark.parametrize(
    ("written", "read"),
    [("1.0", 1.0), ("0", 0.0), ("1.1", None), ("-1", None), ("nan", None), ("high", None)],
)
def test_a_priority_is_kept_only_where_it_is_one(written, read):
    parsed = parse(
        f"{HEAD}<url><loc>https://example.com/</loc><priority>{written}</priority></url></urlset>"
    )
    assert parsed.entries[0].priority == read


@pytest.mark.parametrize(
    "loc", ["", "mailto:a@example.com", "https://example.com/" + "x" * 3_000, "javascript:x"]
)
def test_a_location_that_cannot_be_a_page_is_left_out(loc):
    parsed = parse(f"{HEAD}<url><loc>{loc}</loc></url>{page(1)}</urlset>")
    assert locations(parsed) == ["https://example.com/1"]


@pytest.mark.parametrize(
    ("beginning", "filling", "reason"),
    [
        ("<urlset a='", "x", "too long"),
        ("<urlset><!--", "x", "too long"),
        ("<urlset><url><loc>", "x", "too long"),
        ("<urlset><url><loc>", "&", "too long"),
        ("<urlset>", "<url>", "too deep"),
        ("<", "<", "not a sitemap"),
        ("", "<!--", "not a sitemap"),
    ],
)
def test_a_hostile_file_is_given_up_early(beginning, filling, reason):
    block = (filling * (65_536 // len(filling))).encode()
    chunks = iter([beginning.encode(), *([block] * 1_000)])
    parsed = parse_sitemap(chunks, URL, 100, 10**9)
    assert reason in parsed.error
    assert len(list(chunks)) > 900


def test_one_byte_at_a_time_is_read_like_the_whole():
    text = (HEAD + "".join(map(page, range(50))) + "</urlset>").encode()
    dripped = parse_sitemap((text[i : i + 1] for i in range(len(text))), URL, 100, PLENTY)
    assert dripped == parse(text)


def test_fifty_thousand_urls_take_little_more_memory_than_their_entries():
    def chunks():
        yield HEAD.encode()
        for start in range(0, 50_000, 500):
            yield "".join(
                f"<url><loc>https://example.com/some/long/path/to/page-{number}</loc>{' ' * 100}"
                "<lastmod>2024-05-01T10:00:00+00:00</lastmod></url>"
                for number in range(start, start + 500)
            ).encode()
        yield b"</urlset>"

    tracemalloc.start()
    parsed = parse_sitemap(chunks(), URL, 50_000, PLENTY)
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(parsed.entries) == 50_000
    assert parsed.bytes > 10_000_000
    assert peak - kept < 2_000_000


MARKUP = [
    HEAD, "<urlset>", "<url>", "</url>", "<loc>", "</loc>", "https://example.com/", "&", "&amp;",
    "<![CDATA[", "]]>", "<!--", "-->", "<sitemapindex>", "<sitemap>", "</urlset>", "<rss>",
    "<item>", "<link>", "<feed>", "<entry>", '<link href="x"/>', "\0", "\ufeff", "<?x",
    "?>", "<!DOCTYPE x>", "\n", "ä",
]  # fmt: skip
PIECES = st.lists(st.sampled_from(MARKUP) | st.text(max_size=5), max_size=25).map("".join)


@given(st.binary() | PIECES.map(lambda text: text.encode("utf-8", "replace")), st.integers(0, 3))
def test_any_file_is_read_as_far_as_it_goes(data, max_urls):
    parsed = parse(data, max_urls=max_urls, max_bytes=500)
    assert len(parsed.entries) <= max_urls
    assert parsed.bytes <= 500
    assert all(entry.loc.lower().startswith(("http://", "https://")) for entry in parsed.entries)
    assert parsed.kind or parsed.error
