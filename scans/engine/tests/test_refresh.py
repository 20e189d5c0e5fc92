"""Declarative refreshes are parsed as the HTML standard specifies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.engine.extractors.page import read_page
from scans.engine.extractors.refresh import NONE, Refresh, header_refresh

URL = "https://example.com/a/b"
HOME = "https://example.com/home"


def in_meta(content: str) -> Refresh:
    quoted = content.replace("&", "&amp;").replace('"', "&quot;")
    return of_page(f'<meta http-equiv="refresh" content="{quoted}">')


def of_page(html: str, **headers: str) -> Refresh:
    facts = read_page(html.encode(), URL, "text/html", headers)
    return Refresh(facts.meta_refresh, facts.refresh_delay, facts.refresh_in_noscript)


@pytest.mark.parametrize(
    ("value", "refresh"),
    [
        ("0; url=/home", Refresh(HOME)),
        ("0;url=/home", Refresh(HOME)),
        ("0;URL=/home", Refresh(HOME)),
        ("0; Url = /home", Refresh(HOME)),
        ("0,url=/home", Refresh(HOME)),
        ("0 url=/home", Refresh(HOME)),
        ("0 ; url=/home", Refresh(HOME)),
        ("0 \t\n, \f url \n = \t /home \n", Refresh(HOME)),
        ("  12; url=/home", Refresh(HOME, 12)),
        ("3.7; url=/home", Refresh(HOME, 3)),
        (".5; url=/home", Refresh(HOME)),
        ("1...2.; url=/home", Refresh(HOME, 1)),
        ("0; url='/home'", Refresh(HOME)),
        ('0; url="/home"', Refresh(HOME)),
        ("0; url='/home' and more", Refresh(HOME)),
        ("0; url='/home", Refresh(HOME)),
        ("0; '/home'", Refresh(HOME)),
        ("0; /home", Refresh(HOME)),
        ("0;/home", Refresh(HOME)),
        ("0 /home", Refresh(HOME)),
        ("0; url=https://other.com/", Refresh("https://other.com/")),
        ("0; url=//other.com", Refresh("https://other.com/")),
        ("0; url=c", Refresh("https://example.com/a/c")),
        ("0; url", Refresh("https://example.com/a/url")),
        ("0; u=1", Refresh("https://example.com/a/u=1")),
        ("0; url=?x=1&y=2", Refresh("https://example.com/a/b?x=1&y=2")),
        ("0; url=/ho\nme", Refresh(HOME)),
        # A page that reloads itself leads nowhere.
        ("30", NONE),
        ("30;", NONE),
        ("0; url=", NONE),
        ("0; url=''", NONE),
        # What is no refresh.
        ("", NONE),
        ("url=/home", NONE),
        ("; url=/home", NONE),
        ("-1; url=/home", NONE),
        ("+1; url=/home", NONE),
        ("0x; url=/home", NONE),
        ("0:url=/home", NONE),
        ("0; url=javascript:alert(1)", NONE),
        ("0; url=mailto:a@example.com", NONE),
        ("0; url=http://[", NONE),
    ],
)
def test_header_and_element_are_read_alike(value: str, refresh: Refresh) -> None:
    assert header_refresh(value, URL) == refresh
    assert in_meta(value) == refresh


@pytest.mark.parametrize(
    "element",
    [
        "<META HTTP-EQUIV=Refresh CONTENT=0;URL=/home>",
        "<meta content='0;url=/home' http-equiv='REFRESH'/>",
        "<meta\nhttp-equiv = refresh\tcontent = '0;url=/home' >",
        "<meta name=x http-equiv=refresh property=y content='0;url=/home'>",
        "<meta http-equiv=refresh content='0;url=/home' content='0;url=/no'>",
        "<body><p>text<meta http-equiv=refresh content='0;url=/home'>",
        "<meta http-equiv=refresh content='0;url=&#47;home'>",
        "<meta http-equiv=refresh content=nonsense><meta http-equiv=refresh content='0;url=/home'>",
    ],
)
def test_the_element_is_found_however_it_is_written(element: str) -> None:
    assert of_page(element) == Refresh(HOME)


@pytest.mark.parametrize(
    "element",
    [
        "<meta name=refresh content='0;url=/home'>",
        "<!-- <meta http-equiv=refresh content='0;url=/home'> -->",
        "<script>'<meta http-equiv=refresh content=\"0;url=/home\">'</script>",
        "<meta http-equiv=refreshing content='0;url=/home'>",
        "<meta http-equiv=refresh>",
        "<meta http-equiv=refresh content=60><meta http-equiv=refresh content='0;url=/home'>",
    ],
)
def test_what_is_no_such_element_leads_nowhere(element: str) -> None:
    assert of_page(element) == NONE


def test_the_base_of_the_document_counts_for_the_element_alone() -> None:
    base = "<base href='https://other.com/x/'>"
    assert (
        of_page(base + "<meta http-equiv=refresh content='0;url=c'>").url == "https://other.com/x/c"
    )
    assert of_page(base, Refresh="0;url=c").url == "https://example.com/a/c"


def test_the_header_goes_before_the_element() -> None:
    element = "<meta http-equiv=refresh content='0;url=/element'>"
    assert of_page(element, Refresh="5;url=/home") == Refresh(HOME, 5)
    assert of_page(element, Refresh="5").url == "https://example.com/element"


def test_an_address_in_utf8_is_read_from_a_header() -> None:
    sent = "0; url=/käse".encode().decode("latin-1")
    assert header_refresh(sent, URL).url == "https://example.com/k%C3%A4se"


def test_an_element_for_visitors_without_javascript_is_told_apart() -> None:
    element = "<meta http-equiv=refresh content='0;url=/home'>"
    assert of_page(f"<head><noscript>{element}</noscript>").in_noscript
    assert of_page(f"<body><noscript><p>{element}</p></noscript>").in_noscript
    assert not of_page(element).in_noscript


@given(st.text(alphabet="0123.;, \turlURL='\"/a:\n", max_size=30))
def test_any_value_leads_to_a_web_address_or_nowhere(value: str) -> None:
    refresh = header_refresh(value, URL)
    assert refresh.url == "" or refresh.url.startswith(("http://", "https://"))
    assert refresh.delay >= 0
