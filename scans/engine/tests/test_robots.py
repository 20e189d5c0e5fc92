"""What robots.txt allows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.engine.robots import MAX_BYTES, MAX_KEPT, product_token, read_robots

URL = "https://example.com/robots.txt"
HOME = "https://example.com/"
INNER = "https://example.com/private/page"
AGENT = "ScraperSky/1.0 (+https://example.com/bot)"


def read(text, status=200, content_type="text/plain"):
    data = text if isinstance(text, bytes) else text.encode()
    return read_robots(data, status, URL, content_type, AGENT)


def test_rules_delay_and_sitemaps_are_read():
    robots = read(
        "\ufeffUser-agent: *\nDisallow: /private\nCrawl-delay: 2.5\n"
        "Sitemap: /sitemap.xml\nSitemap: https://cdn.example.net/s.xml\nSitemap: /sitemap.xml\n"
        "Sitemap: ftp://example.com/s.xml\n"
    )
    assert robots.allowed(HOME)
    assert not robots.allowed(INNER)
    assert robots.crawl_delay == 2.5
    assert robots.sitemaps == ("https://example.com/sitemap.xml", "https://cdn.example.net/s.xml")
    assert robots.note == ""


def test_a_rule_is_compared_with_the_path_and_the_query():
    robots = read("User-agent: *\nDisallow: /*?\nDisallow: /a#b\n")
    for path in ("/?", "?", "/a/b?x=1", "?x=/y"):
        assert not robots.allowed(f"https://example.com{path}")
    for path in ("", "/", "/#?"):
        assert robots.allowed(f"https://example.com{path}")
    assert not robots.allowed("https://example.com/a")


def test_our_own_group_goes_before_the_one_for_all():
    robots = read("User-agent: *\nDisallow: /\n\nUser-agent: scrapersky\nDisallow: /private\n")
    assert robots.allowed(HOME)
    assert not robots.allowed(INNER)


def test_a_group_we_share_with_others_is_ours():
    robots = read(
        "User-agent: googlebot\nUser-agent: ScraperSky\nUser-agent: bingbot\nDisallow: /\n"
    )
    assert not robots.allowed(HOME)


def test_groups_for_others_are_not_ours():
    robots = read(
        "User-agent: bot\nUser-agent: example\nDisallow: /\n\nUseragent: https\nDisallow: /\n"
    )
    assert robots.allowed(HOME)


def test_a_request_rate_is_a_delay():
    assert read("User-agent: *\nRequest-rate: 1/10s\n").crawl_delay == 10


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 301])
def test_a_file_that_is_not_there_allows_everything(status):
    robots = read("User-agent: *\nDisallow: /", status)
    assert robots.allowed(INNER)
    assert str(status) in robots.note


@pytest.mark.parametrize("status", [0, 429, 500, 503])
def test_unknown_rules_leave_only_the_homepage(status):
    robots = read("", status)
    assert robots.allowed(HOME)
    assert robots.allowed("https://example.com")
    assert robots.allowed("https://example.com/en/")
    assert not robots.allowed(INNER)
    assert not robots.allowed("https://example.com/?page=2")
    assert not robots.known
    assert robots.note


@pytest.mark.parametrize(
    ("text", "content_type"),
    [
        ("<!DOCTYPE html><p>User-agent: *\nDisallow: /", "text/plain"),
        ("\ufeff \n<html>Disallow: /", "text/html"),
        ("Page not found", "text/html; charset=utf-8"),
    ],
)
def test_a_web_page_in_its_place_holds_no_rules(text, content_type):
    robots = read(text, content_type=content_type)
    assert robots.allowed(INNER)
    assert "web page" in robots.note


def test_rules_labelled_as_html_are_rules():
    assert not read("User-agent: *\nDisallow: /", content_type="text/html").allowed(HOME)


def test_a_file_of_ten_megabytes_is_cut_and_said_so():
    robots = read(b"User-agent: *\nDisallow: /private\n" + b"Disallow: /x\n" * 800_000)
    assert not robots.allowed(INNER)
    assert "too long" in robots.note
    assert len(robots.text) <= MAX_BYTES
    assert len(robots.decision(HOME, obeyed=True).text) == MAX_KEPT


def test_rules_are_not_multiplied_by_the_agents_of_other_groups():
    agents = b"".join(b"User-agent: a%d\n" % number for number in range(14_000))
    robots = read(agents + b"Disallow: /private\n" * 15_000)
    assert robots.allowed(INNER)


def test_patterns_made_to_backtrack_are_answered():
    robots = read(
        b"User-agent: *\nDisallow: /" + b"a*" * 200_000 + b"b$\n" + b"Disallow: /*a*a*a*a*b\n" * 900
    )
    assert robots.allowed("https://example.com/" + "a" * 1_900)
    assert not robots.allowed("https://example.com/aaaab")


def test_the_decision_tells_what_was_read_and_whether_it_counts():
    decision = read("User-agent: *\nDisallow: /\nCrawl-delay: 3").decision(HOME, obeyed=False)
    assert decision.url == URL
    assert decision.status == 200
    assert (decision.allowed, decision.obeyed) == (False, False)
    assert decision.crawl_delay == 3
    assert decision.text.startswith("User-agent")


@pytest.mark.parametrize(
    ("header", "token"),
    [
        (AGENT, "ScraperSky"),
        ("Mozilla/5.0 (compatible; Some-Bot/2.1; +https://example.com)", "Some-Bot"),
        ("curl", "curl"),
        ("", "*"),
    ],
)
def test_the_product_token_of_a_user_agent(header, token):
    assert product_token(header) == token


LINES = st.lists(
    st.sampled_from(
        ["User-agent", "Disallow", "Allow", "Crawl-delay", "Sitemap", "Request-rate", "Visit-time"]
    ).flatmap(lambda name: st.text(max_size=12).map(lambda value: f"{name}: {value}"))
).map(lambda lines: "\n".join(lines).encode("utf-8", "replace"))


@given(st.binary() | LINES, st.sampled_from([0, 200, 404, 503]), st.text(max_size=20), st.text())
def test_any_file_gives_an_answer(data, status, content_type, agent):
    robots = read_robots(data, status, URL, content_type, agent)
    assert robots.allowed(INNER) in (True, False)
    assert 0 <= robots.crawl_delay < float("inf")
    assert robots.decision(HOME, obeyed=True).status == status
