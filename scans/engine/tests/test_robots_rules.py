"""Parsing robots.txt: the group for our user agent, and its rules (RFC 9309)."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.engine.robots_rules import MAX_LINES, directive, parse_robots

TOKEN = "ScraperSky"
SHUT = "Disallow: /\n"


def allows(text: str, path: str = "/page", token: str = TOKEN) -> bool:
    return parse_robots(text, token).allows(path)


# Our group


@pytest.mark.parametrize(
    "name",
    [
        "ScraperSky", "scrapersky", "SCRAPERSKY", "ScraperSky/1.0", "ScraperSky /1.0",
        "ScraperSky 1.0 (site scanner)", "ScraperSky, Googlebot", "ScraperSky; x", "ScraperSky*",
        "ScraperSky\t# us", "ScraperSky(compatible)",
    ],
)  # fmt: skip
def test_a_group_with_our_token_is_ours(name: str) -> None:
    assert not allows(f"User-agent: {name}\n{SHUT}")
    assert allows(f"User-agent: {name}\nAllow: /\n\nUser-agent: *\n{SHUT}")


@pytest.mark.parametrize(
    "name",
    [
        "s", "scraper", "scrape", "sky", "Scraper Sky", "ScraperSky2", "ScraperSkyBot",
        "2ScraperSky", "ScraperSky-News", "ScraperSky_x", "My-ScraperSky", "Googlebot, ScraperSky",
        "Mozilla/5.0 (compatible; ScraperSky)", "", "/ScraperSky", "*bot", "**", "ScraperSk\u0443",
    ],
)  # fmt: skip
def test_a_group_of_another_name_is_not_ours(name: str) -> None:
    assert allows(f"User-agent: {name}\n{SHUT}")
    assert not allows(f"User-agent: {name}\nAllow: /\n\nUser-agent: *\n{SHUT}")


@pytest.mark.parametrize("token", ["Acme2Bot", "acme-bot", "Acme_Bot", "A1", "42bot", "Acme.Bot"])
def test_digits_dashes_and_underscores_belong_to_a_token(token: str) -> None:
    assert not allows(f"User-agent: {token}/2.0\n{SHUT}", token=token)
    assert allows(f"User-agent: {token[:-1]}\n{SHUT}", token=token)
    assert allows(f"User-agent: {token}9\n{SHUT}", token=token)


def test_the_group_for_everyone_holds_only_without_one_of_ours() -> None:
    everyone = "User-agent: *\nDisallow: /a\n"
    ours = "User-agent: scrapersky\nDisallow: /b\n"
    for text in (everyone + ours, ours + everyone):
        assert allows(text, "/a")
        assert not allows(text, "/b")
    assert not allows(everyone, "/a")


def test_groups_of_one_name_are_one_group() -> None:
    text = (
        "User-agent: *\nDisallow: /a\n\nUser-agent: x\nDisallow: /c\n\nUser-agent: *\nDisallow: /b"
    )
    assert [allows(text, path) for path in ("/a", "/b", "/c")] == [False, False, True]


def test_an_empty_group_of_ours_allows_everything() -> None:
    assert allows(f"User-agent: *\n{SHUT}\nUser-agent: ScraperSky\n")
    assert allows(f"User-agent: ScraperSky\nDisallow:\n\nUser-agent: *\n{SHUT}")


@pytest.mark.parametrize(
    "between",
    ["", "\n", "\n\n", "# ours too\n", "Sitemap: /s.xml\n", "Unknown: x\n", "<br />\n",
     "Host: a\n"],
)  # fmt: skip
def test_names_with_no_rule_between_share_a_group(between: str) -> None:
    assert not allows(f"User-agent: ScraperSky\n{between}User-agent: b\n{SHUT}")
    assert not allows(f"User-agent: b\n{between}User-agent: ScraperSky\n{SHUT}")


def test_rules_above_every_name_are_nobodys() -> None:
    assert allows(SHUT)
    assert allows(f"{SHUT}User-agent: *\nAllow: /x\n")


# Lines before and between the rules

NOISE = [
    "# a comment",
    "<br />\n<b>Notice</b>:  Undefined index: x in <b>/a.php</b> on line <b>3</b><br />",
    "PHP Warning:  include(): failed in /var/www/a.php on line 9",
    "<!DOCTYPE html>\n<html>\n<head><title>404: gone</title></head>\n<body>\n<p>Sorry\n</body>",
    "<?xml version='1.0'?>",
    "\ufeff",
    "{}",
    "\t\x0b\x0c ",
    "<script>var a = {b: 1};</script>",
    "------",
    "Robots: welcome",
]


@pytest.mark.parametrize("noise", NOISE)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_that_are_no_directives_are_passed_over(noise: str, end: str) -> None:
    rules = ["User-agent: *", "Disallow: /private", "Sitemap: https://a.test/s.xml"]
    for place in range(4):
        lines = [*rules[:place], *noise.split("\n"), *rules[place:]]
        file = parse_robots(end.join(lines), TOKEN)
        assert not file.allows("/private/x")
        assert file.allows("/public")
        assert file.sitemaps == ("https://a.test/s.xml",)


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("Disallow: /a", ("disallow", "/a")),
        ("  disallow  :  /a  # why", ("disallow", "/a")),
        ("DISALLOW:/a", ("disallow", "/a")),
        ("\ufeffUser-agent: *", ("agent", "*")),
        ("User agent: *", ("agent", "*")),
        ("useragent: *", ("agent", "*")),
        ("User-agent *", ("agent", "*")),
        ("disallow /a", ("disallow", "/a")),
        ("sitemap https://a.test/s.xml", ("sitemap", "https://a.test/s.xml")),
        ("dissallow: /a", ("disallow", "/a")),
        ("Site-map: /s.xml", ("sitemap", "/s.xml")),
        ("sitemap: https://a.test/s.xml", ("sitemap", "https://a.test/s.xml")),
        ("Crawl-delay: 2", ("delay", "2")),
        ("disallow /a /b", ("", "")),
        ("disallow", ("", "")),
        ("# Disallow: /a", ("", "")),
        ("Noindex: /a", ("other", "/a")),
        ("Nofollow: /a", ("", "")),
        ("<p>Disallow: /a", ("", "")),
        ("", ("", "")),
    ],
)
def test_a_directive_is_known_as_sites_write_it(line: str, read: tuple[str, str]) -> None:
    assert directive(line) == read


# Rules


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        # The examples of RFC 9309 and of Google's documentation.
        ("Disallow: /page/not.gif\nAllow: /page/", "/page/", True),
        ("Disallow: /page/not.gif\nAllow: /page/", "/page/not.gif", False),
        ("Allow: /p\nDisallow: /", "/page", True),
        ("Allow: /folder\nDisallow: /folder", "/folder/page", True),
        ("Allow: /page\nDisallow: /*.htm", "/page.htm", False),
        ("Allow: /page\nDisallow: /*.ph", "/page.php5", True),
        ("Allow: /$\nDisallow: /", "/", True),
        ("Allow: /$\nDisallow: /", "/page.htm", False),
        ("Allow: /a/index.html\nDisallow: /a/", "/a/", True),
        ("Allow: /a/index.html\nDisallow: /a/", "/a/b", False),
        ("Disallow: /a/index.html\nAllow: /a/", "/a/", True),
        # Wildcards and ends.
        ("Disallow: /fish", "/fish.html", False),
        ("Disallow: /fish", "/Fish.asp", True),
        ("Disallow: /fish", "/catfish", True),
        ("Disallow: /fish*", "/fish/salmon", False),
        ("Disallow: /fish/", "/fish", True),
        ("Disallow: /*.php", "/folder/any.php.file.html", False),
        ("Disallow: /*.php$", "/filename.php", False),
        ("Disallow: /*.php$", "/filename.php?x", True),
        ("Disallow: /*.php$", "/a.php/b.php", False),
        ("Disallow: /fish*.php", "/fishheads/catfish.php?x", False),
        ("Disallow: /a$", "/a", False),
        ("Disallow: /a$", "/ab", True),
        ("Disallow: /a*$", "/ab", False),
        ("Disallow: /a*b*c$", "/abcbc", False),
        ("Disallow: /a*bb$", "/ab", True),
        ("Disallow: *", "/any", False),
        ("Disallow: */x", "/a/x", False),
        ("Disallow: /*?", "/a?b=1", False),
        ("Disallow: /*?", "/a", True),
        ("Disallow: a", "/a", True),
        ("Disallow: https://a.test/a", "/a", True),
        # Escapes.
        ("Disallow: /foo/bar?baz=quz", "/foo/bar?baz=quz", False),
        ("Disallow: /%62%61%7a", "/baz", False),
        ("Disallow: /baz", "/%62az", False),
        ("Disallow: /a%3cd.html", "/a%3Cd.html", False),
        ("Disallow: /a%2fb", "/a/b", True),
        ("Disallow: /käse", "/k%C3%A4se", False),
        ("Disallow: /k%c3%a4se", "/käse", False),
        ("Disallow: /ツ", "/%E3%83%84", False),
        ("Disallow: /a%2A", "/a*b", False),
        ("Disallow: /a%2A", "/ab", True),
        ("Disallow: /a$b", "/a$b", False),
        ("Disallow: /a%24", "/a$", False),
        ("Disallow: /~joe", "/%7Ejoe", False),
    ],
)  # fmt: skip
def test_the_longest_rule_that_matches_decides(rules: str, path: str, allowed: bool) -> None:
    assert allows(f"User-agent: *\n{rules}\n", path) is allowed


# Delays.


@pytest.mark.parametrize(
    ("lines", "delay"),
    [
        ("Crawl-delay: 10", 10.0),
        ("Crawl-delay: 2.5 # s", 2.5),
        ("crawl-delay: 2,5", 2.5),
        ("Crawl-delay: .5", 0.5),
        ("Crawl-delay: 10s", 10.0),
        ("Crawl-delay: 5\nCrawl-delay: 9\nCrawl-delay: 7", 9.0),
        ("Crawl-delay: soon", 0.0),
        ("Crawl-delay: -1", 0.0),
        ("Crawl-delay: inf", 0.0),
        ("Crawl-delay:", 0.0),
        ("Request-rate: 1/10s", 10.0),
        ("Request-rate: 2/1m 0600-0800", 30.0),
        ("Request-rate: 0/10", 0.0),
        ("Disallow: /a\nCrawl-delay: 3", 3.0),
    ],
)
def test_a_delay_is_read_in_seconds(lines: str, delay: float) -> None:
    assert parse_robots(f"User-agent: *\n{lines}\n", TOKEN).delay == delay


def test_a_delay_holds_for_the_agents_right_above_it() -> None:
    text = "User-agent: Slurp\nCrawl-delay: 10\n\nUser-agent: *\nDisallow: /private\n"
    assert parse_robots(text, TOKEN).delay == 0
    assert parse_robots(text, "Slurp").delay == 10
    assert not allows(text, "/private")
    assert allows(text, "/private", "Slurp")


@pytest.mark.parametrize("rule", ["Crawl-delay: 10", "Request-rate: 1/5", "Noindex: /a"])
def test_a_rule_of_any_kind_ends_the_names_of_a_group(rule: str) -> None:
    assert allows(f"User-agent: *\n{rule}\n\nUser-agent: BadBot\n{SHUT}")


# Large and hostile files.


def test_lines_beyond_the_limit_are_left_out_and_said_to_be() -> None:
    file = parse_robots("User-agent: *\n" + "\n" * MAX_LINES + SHUT, TOKEN)
    assert file.is_cut
    assert file.allows("/")


def test_many_agents_above_many_rules_are_read_in_time() -> None:
    text = "User-agent: *\n" * 14_000 + "".join(f"Disallow: /{n}\n" for n in range(15_000))
    started = time.process_time()
    file = parse_robots(text, TOKEN)
    assert len(file.rules) == 15_000
    assert not file.allows("/77")
    assert time.process_time() - started < 5


NAMES = ["User-agent", "Disallow", "Allow", "Crawl-delay", "Sitemap", "Request-rate"]
LINE = st.tuples(st.sampled_from(NAMES), st.text(alphabet="/ab*$%2c,: ", max_size=12))
LINES = st.lists(LINE.map(": ".join)).map("\n".join)


@given(st.text() | LINES, st.text(alphabet="/ab*$%2c?", max_size=12).map("/".__add__))
def test_any_file_gives_an_answer(text: str, path: str) -> None:
    file = parse_robots(text, TOKEN)
    assert file.allows(path) in (True, False)
    assert 0 <= file.delay < float("inf")


@given(st.text(alphabet="ab*$", max_size=8), st.text(alphabet="ab$*", max_size=10))
def test_patterns_match_as_their_regular_expression_would(pattern: str, path: str) -> None:
    body = pattern.removesuffix("$")
    expression = ".*".join(map(re.escape, f"/{body}".split("*"))) + (
        "$" if pattern[-1:] == "$" else ""
    )
    matches = re.match(expression, f"/{path}", re.DOTALL) is not None
    assert allows(f"User-agent: *\nDisallow: /{pattern}\n", f"/{path}") is not matches
