"""The normal form of URLs that identifies a page."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.engine.links import MAX_URL, canonical_url, is_internal, resolve_url, url_host

PAGE = "https://example.com/shop/list?page=2#top"


@pytest.mark.parametrize(
    ("link", "resolved"),
    [
        ("https://Other.com/A", "https://other.com/A"),
        ("//cdn.example.com/x", "https://cdn.example.com/x"),
        ("/contact", "https://example.com/contact"),
        ("item", "https://example.com/shop/item"),
        ("../about/./us", "https://example.com/about/us"),
        ("../../../up", "https://example.com/up"),
        ("?page=3", "https://example.com/shop/list?page=3"),
        ("#part", "https://example.com/shop/list?page=2"),
        ("", "https://example.com/shop/list?page=2"),
        (" \n/con\ttact ", "https://example.com/contact"),
        ("\\contact", "https://example.com/contact"),
        ("http:\\\\other.com\\a", "http://other.com/a"),
        ("a b/ü", "https://example.com/shop/a%20b/%C3%BC"),
        ("https://example.com:443/", "https://example.com/"),
        ("http://example.com:8080", "http://example.com:8080/"),
        ("http://user:secret@example.com/", "http://example.com/"),
        ("http://example.com./", "http://example.com/"),
        ("http://münchen.de/", "http://xn--mnchen-3ya.de/"),
    ],
)
def test_a_link_resolves_as_in_a_browser(link, resolved):
    assert resolve_url(link, PAGE) == resolved


@pytest.mark.parametrize(
    "link",
    [
        "mailto:info@example.com",
        "tel:+4930123",
        "javascript:void(0)",
        "data:text/html,x",
        "ftp://example.com/",
        "http://",
        "http://example.com:99999/",
        "http://exa mple.com/",
        "/" + "x" * MAX_URL,
        "/" + "x" * 100_000,
        "/\ud800",
    ],
)
def test_what_is_no_web_page_is_none(link):
    assert resolve_url(link, PAGE) is None


def test_a_base_that_is_no_url_does_not_spoil_a_whole_address():
    assert resolve_url("https://example.com/a", "nonsense") == "https://example.com/a"
    assert resolve_url("/a", "nonsense") is None
    assert resolve_url("/a", "mailto:a@example.com") is None


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("https://example.com/?utm_source=x&UTM_Medium=y", "https://example.com/"),
        ("https://example.com/a?gclid=1&b=2&fbclid=3&c=4", "https://example.com/a?b=2&c=4"),
        ("https://example.com/a?&&b=&c", "https://example.com/a?b=&c"),
        ("https://example.com/a?", "https://example.com/a"),
        ("https://example.com/a;jsessionid=0A?x=1&PHPSESSID=2", "https://example.com/a?x=1"),
        ("https://example.com/%7euser/%c3%bc%2fx", "https://example.com/~user/%C3%BC%2Fx"),
        ("https://example.com/%zz%", "https://example.com/%zz%"),
        ("https://example.com/?z=1&a=2", "https://example.com/?z=1&a=2"),
    ],
)
def test_a_page_has_one_canonical_url(url, canonical):
    assert canonical_url(url) == canonical


def test_pages_of_the_same_registrable_domain_are_internal():
    assert is_internal("https://shop.example.co.uk/", "www.example.co.uk:8080")
    assert not is_internal("https://evilexample.co.uk/", "example.co.uk")
    assert not is_internal("ftp://example.co.uk/", "example.co.uk")
    assert not is_internal("/relative", "example.co.uk")


def test_the_host_of_a_url_comes_without_port():
    assert url_host("https://Example.com:8080/x") == "example.com"
    assert url_host("nonsense") == ""


WEB = st.sampled_from(["http://example.com/", "https://sub.example.com/a/b?c#d", "nonsense", ""])
LINK = st.text() | st.text(alphabet="abc/.:?&=#%\\@[] \tutm_ü\ud800;0", max_size=60)


@given(LINK, WEB)
def test_any_link_is_made_canonical_or_none(link, base):
    canonical = canonical_url(link, base)
    if canonical is None:
        return
    assert canonical.startswith(("http://", "https://"))
    assert len(canonical) <= MAX_URL
    assert "#" not in canonical
    assert "@" not in urlsplit(canonical).netloc
    assert canonical_url(canonical) == canonical


@given(st.text(alphabet="/ab1.%2eE_-~?=&#;+ü", max_size=40))
def test_a_link_from_the_root_is_read_as_the_whole_address(path):
    link = "/" + path.lstrip("/")
    assert resolve_url(link, PAGE) == resolve_url(f"https://example.com{link}")


@given(LINK, st.text())
def test_any_text_is_internal_or_not(link, host):
    assert is_internal(link, host) in (True, False)
