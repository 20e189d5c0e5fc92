"""Parsing domains as people write them."""

import ipaddress
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.engine.hostnames import (
    InvalidDomain,
    normalise,
    registrable_domain,
    same_site,
    without_port,
)

LOOPBACK = ("127.0.0.0/8", "::1/128")
INTERNAL = ("10.0.0.0/8",)


@pytest.mark.parametrize(
    ("pasted", "host"),
    [
        ("example.com", "example.com"),
        ("  Example.COM \n", "example.com"),
        ("example.com.", "example.com"),
        ("www.example.com", "example.com"),
        ("www.example.co.uk", "example.co.uk"),
        ("shop.example.com", "shop.example.com"),
        ("https://www.example.com/path?q=1#top", "example.com"),
        ("http:/example.com", "example.com"),
        ("//example.com/x", "example.com"),
        ("https://https://example.com", "example.com"),
        ("HTTPS:\\\\example.com\\a", "example.com"),
        ("medium.com/@someone", "medium.com"),
        ("“example.com”,", "example.com"),
        ("<https://example.com>;", "example.com"),
        ("\u200bexample.com\ufeff", "example.com"),
        ("exam\u200cple.com", "example.com"),
        ("münchen.de", "xn--mnchen-3ya.de"),
        ("XN--MNCHEN-3YA.de", "xn--mnchen-3ya.de"),
        ("faß.de", "xn--fa-hia.de"),
        ("ｅｘａｍｐｌｅ。com", "example.com"),
        ("😀.ws", "xn--e28h.ws"),
        ("ﬁrma.example", "firma.example"),
        ("𝗲𝘅𝗮𝗺𝗽𝗹𝗲.com", "example.com"),
        ("xn--e28h.com", "xn--e28h.com"),
        ("https://münchen.de/straße✓?q=Ã¼", "xn--mnchen-3ya.de"),
        ("[example.com]", "example.com"),
        ("「example.com」", "example.com"),
        ("{example.com},", "example.com"),
        ("_dmarc.example.com", "_dmarc.example.com"),
        ("plain.demo.test", "plain.demo.test"),
        ("shop.example", "shop.example"),
        ("example.com:8080", "example.com:8080"),
        ("example.com:", "example.com"),
    ],
)
def test_a_pasted_value_becomes_its_host(pasted, host):
    assert normalise(pasted) == host


@pytest.mark.parametrize(
    "value", ["https://example.com:443", "example.com:80", "http://example.com:443/"]
)
def test_the_usual_ports_are_dropped(value):
    assert normalise(value) == "example.com"


def test_www_is_kept_where_nothing_registered_would_be_left():
    assert normalise("www.co.uk") == "www.co.uk"
    assert normalise("www.github.io") == "www.github.io"
    assert normalise("www.com") == "www.com"


def test_a_backslash_ends_the_host_as_in_a_browser():
    assert normalise("http://example.com\\@evil.com/") == "example.com"


@pytest.mark.parametrize(
    ("pasted", "reason"),
    [
        ("", "no domain name"),
        (" ,;\u200b ", "no domain name"),
        ("https://", "no domain name"),
        ("banana", "ending such as .com is missing"),
        ("😀", "ending such as .com is missing"),
        ("example.con", ".con is not a public domain ending"),
        ("com", "is a domain ending"),
        ("info@example.com", "e-mail address"),
        ("mailto:info@example.com", "e-mail address"),
        ("https://user:secret@example.com/", "user name or password"),
        ("ftp://example.com", "not ftp"),
        ("javascript:alert(1)", "not javascript"),
        ("exa mple.com", "cannot contain spaces"),
        ("*.example.com", "characters"),
        ("-example.com", "hyphen"),
        ("a..example.com", "two dots"),
        ("xn--zzzzzz.com", "characters"),
        ("\ud800.com", "no domain name"),
        (f"{'a' * 64}.com", "63 characters"),
        (f"{'a' * 300}.com", "253 characters"),
        ("x" * 5_000, "4,096 characters"),
        ("example.com:99999", "1 to 65535"),
        ("example.com:0", "Port 0"),
        ("hidden.onion", "Tor"),
        ("printer.internal", ".internal is not a public"),
        ("😀.com", "“😀”, which no registry allows"),
        ("✓shop.example", "“✓”"),
        ("shop❤.example.com", "“❤”"),
        ("alpha‐shop.example", "“‐”"),
        ("shop™.example", "“™”"),
        ("nº1.example", "“º”"),
        ("①.example", "“①”"),
    ],
)
def test_what_is_no_domain_is_refused_with_a_reason(pasted, reason):
    with pytest.raises(InvalidDomain) as refusal:
        normalise(pasted)
    assert reason in str(refusal.value)


MISREAD = [
    "mÃ¼nchen.de",
    "camiÃ³n.es",
    "straÃŸe.de",
    "matrÃ\xadcula.es",
    "https://kÃ¼che.example/x",
    "MĂĽnchen.de",
    "РїСЂРёРјРµСЂ.рф",
    "å¤§é˜ª.jp",
    "m√ºnchen.de",
    "k├╝che.de",
    "k\ufffdche.de",
]


@pytest.mark.parametrize("misread", MISREAD)
def test_text_read_in_the_wrong_encoding_is_no_host(misread):
    with pytest.raises(InvalidDomain, match="wrong encoding"):
        normalise(misread)


def test_what_was_meant_by_garbled_text_is_suggested():
    with pytest.raises(InvalidDomain, match=r"it may be “münchen\.de”"):
        normalise("https://mÃ¼nchen.de/")


@pytest.mark.parametrize(
    ("name", "scripts"),
    [
        ("раypal.com", "Cyrillic and Latin"),
        ("gοοgle.com", "Greek and Latin"),
        ("shop.аpple.example", "Cyrillic and Latin"),
        ("ありがtoпт.jp", "Cyrillic, Hiragana and Latin"),
        ("한국ひらがな.kr", "Hangul and Hiragana"),
    ],
)
def test_a_name_of_mixed_scripts_is_refused_with_the_scripts(name, scripts):
    with pytest.raises(InvalidDomain, match=f"mixes {scripts} letters"):
        normalise(name)


REGISTERED = [
    "пример.рф",
    "ελλάδα.gr",
    "日本語テスト.jp",
    "ひらがなkatakana漢字.jp",
    "한국漢字.kr",
    "台灣ㄅㄆ.tw",
    "shopไทย.th",
    "مثال.السعودية",
    "دامنه\u200cمن.ایران",
    "ישראל.co.il",
    "l·l.cat",
    "छत्तीसगढ़.भारत",
    "żółw.pl",
    "RÓŻA.pl",
    "ÉCOLE.fr",
    "PĂSĂRI.ro",
    "Ängelholm.se",
    "straße.de",
]


@pytest.mark.parametrize("name", REGISTERED)
def test_a_name_that_registries_allow_is_taken(name):
    assert normalise(name).isascii()


@pytest.mark.parametrize(
    "value",
    [
        "127.0.0.1",
        "0x7f.1",
        "2130706433",
        "017700000001",
        "[::1]",
        "::1",
        "8.8.8.8",
        "[::ffff:10.0.0.1]",
    ],
)
def test_ip_addresses_in_any_spelling_are_refused(value):
    with pytest.raises(InvalidDomain, match=r"IP address .* SCAN_ALLOWED_NETWORKS"):
        normalise(value)


@pytest.mark.parametrize("value", ["localhost", "LOCALHOST:8000", "app.localhost"])
def test_this_machine_is_refused_unless_loopback_is_allowed(value):
    with pytest.raises(InvalidDomain, match="SCAN_ALLOWED_NETWORKS"):
        normalise(value, INTERNAL)
    assert normalise(value, LOOPBACK) == value.lower()


def test_addresses_inside_an_allowed_network_are_taken():
    assert normalise("http://127.0.0.1:8000/x", LOOPBACK) == "127.0.0.1:8000"
    assert normalise("[::1]:8000", LOOPBACK) == "[::1]:8000"
    assert normalise("10.1.2.3", INTERNAL) == "10.1.2.3"
    with pytest.raises(InvalidDomain):
        normalise("10.1.2.3", LOOPBACK)


def test_a_mapped_address_is_judged_by_the_address_inside_it():
    assert normalise("[::ffff:10.0.0.1]", INTERNAL) == "[::ffff:a00:1]"


def test_local_names_are_taken_only_with_an_internal_network():
    assert normalise("intranet", INTERNAL) == "intranet"
    assert normalise("wiki.corp.internal", INTERNAL) == "wiki.corp.internal"
    for name in ("intranet", "wiki.corp.internal"):
        with pytest.raises(InvalidDomain):
            normalise(name, LOOPBACK)


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("a.b.example.co.uk", "example.co.uk"),
        ("Example.COM.", "example.com"),
        ("www.example.com:8080", "example.com"),
        ("me.github.io", "me.github.io"),
        ("github.io", "github.io"),
        ("co.uk", "co.uk"),
        ("shop.demo.test", "demo.test"),
        ("localhost:8000", "localhost"),
        ("127.0.0.1:8000", "127.0.0.1"),
        ("[::1]:8000", "[::1]"),
        ("", ""),
    ],
)
def test_the_registrable_domain_of_a_host(host, domain):
    assert registrable_domain(host) == domain


def test_sites_are_told_apart_at_label_boundaries():
    assert same_site("www.example.com", "shop.example.com:8080")
    assert not same_site("evilexample.com", "example.com")
    assert not same_site("a.github.io", "b.github.io")
    assert not same_site("10.0.0.1", "10.0.0.2")


def test_a_port_is_cut_off_names_and_bracketed_addresses():
    assert without_port("example.com:80") == "example.com"
    assert without_port("[::1]:80") == "[::1]"


ANY_TEXT = st.text() | st.text(alphabet="aA.-:/@[]%\\ü\u200b#?0127xXw", max_size=40)


@given(ANY_TEXT)
def test_any_text_is_normalised_or_refused(text):
    with suppress(InvalidDomain):
        host = normalise(text)
        assert normalise(host) == host
        assert host == host.lower()
        assert "." in host


@given(ANY_TEXT.filter(str.isascii) | st.from_regex(r"(https?://)?[a-c.-]+\.com[/?#@:x]*"))
def test_a_plain_name_is_read_like_one_that_needs_cleaning(text):
    def outcome(value):
        try:
            return normalise(value)
        except InvalidDomain as refusal:
            return str(refusal)

    assert outcome(text) == outcome(f"\u200b{text}")


@given(st.ip_addresses(v=4) | st.ip_addresses(v=6))
def test_no_address_gets_past_without_an_allowed_network(address):
    written = f"[{address}]" if address.version == 6 else str(address)
    with pytest.raises(InvalidDomain):
        normalise(written)


@given(st.integers(0, 2**32 - 1))
def test_an_address_written_as_a_number_is_an_address(number):
    with pytest.raises(InvalidDomain, match=str(ipaddress.ip_address(number)).replace(".", r"\.")):
        normalise(f"http://{number}/")


@given(st.text())
def test_any_text_has_a_registrable_domain(text):
    assert same_site(text, text)
    assert isinstance(registrable_domain(text), str)
