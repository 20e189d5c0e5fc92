"""How marks are detected, with made-up signatures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.engine.extractors import read_page
from scans.engine.report import Technology
from scans.engine.technologies.detection import Recogniser, recogniser
from scans.engine.technologies.loader import (
    SignatureError,
    check_together,
    parse_signatures,
)

ENDING = """
category = "CMS"
website = "https://example.com"
positive = { html = "x" }
negative = { html = "y" }
"""
SHELF = f"""
[[technology]]
name = "Shelf"
urls = ["cdn.shelf.test/", "/shelf/core.js"]
scripts = ["Shelf.start("]
markup = ["data-shelf="]
comments = ["Built with Shelf"]
headers = {{ x-shelf = '^Shelf(?:/([\\d.]+))?' }}
cookies = ["shelf_id", "shelf-*"]
meta = {{ generator = '^Shelf ([\\d.]+)' }}
versions = ['core\\.js\\?v=([\\d.]+)']
implies = ["Board"]
{ENDING}
[[technology]]
name = "Board"
implies = ["Wood"]
meta = {{ generator = '^Board ([\\d.]+)' }}
{ENDING}
[[technology]]
name = "Wood"
{ENDING}
[[technology]]
name = "{{slug}}"
urls = ["/shelf/parts/"]
slug = '/shelf/parts/([a-z-]+)/'
versions = ['\\?ver=([\\d.]+)']
implies = ["Board"]
{ENDING}
[[technology]]
name = "Drawer"
urls = ["/shelf/parts/drawer/"]
{ENDING}
[[technology]]
name = "House"
own = ["/house/", "/static/v"]
confirm = {{ "/static/v" = '/static/v\\d+/house' }}
{ENDING}
[[technology]]
name = "Vendor"
files = ["cdn.vendor.test/"]
{ENDING}
[[technology]]
name = "Library"
code = ["/library.js", "/library.min.js"]
versions = ['/library@(\\d[\\d.]*)/', '\\?ver=(\\d[\\d.]*)']
{ENDING}
[[technology]]
name = "Pictures"
urls = ["pictures.test/"]
least = 3
{ENDING}
"""


def recognise(html: str = "", headers=None, cookies=None, hosts=()) -> dict[str, Technology]:
    recogniser = Recogniser(parse_signatures(SHELF, "shelf.toml"))
    detected = recogniser.recognise(html, headers or {}, cookies or {}, hosts=hosts)
    return {technology.name: technology for technology in detected}


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://cdn.shelf.test/a.js"></script>',
        '<SCRIPT SRC="https://cdn.shelf.test/a.js"></SCRIPT>',
        '<link rel=stylesheet href="//cdn.shelf.test/a.css">',
        "<script>load('https://cdn.shelf.test/a.js')</script>",
        r"<script>load('https:\/\/cdn.shelf.test\/a.js')</script>",
        "<script>Shelf.start({})</script>",
        '<div class="x" data-shelf="1">',
        "<!-- Built with Shelf -->",
        "<noscript><img src='https://cdn.shelf.test/pixel'></noscript>",
    ],
)
def test_a_mark_in_its_place_is_found(html: str) -> None:
    assert "Shelf" in recognise(html)


@pytest.mark.parametrize(
    "html",
    [
        '<a href="https://cdn.shelf.test/a.js">Shelf</a>',
        '<area href="https://cdn.shelf.test/a.js">',
        "<p>https://cdn.shelf.test/a.js</p>",
        '<script src="https://notcdn.shelf.test/a.js"></script>',
        "<!-- https://cdn.shelf.test/a.js -->",
        "<!-- <script>Shelf.start({})</script> -->",
        "<p>Shelf.start({}) and data-shelf=1, Built with Shelf</p>",
        "<code>&lt;div data-shelf=1&gt;</code>",
        "<script>var x = 1;</script><p>Shelf.start({})</p>",
        '<meta name="description" content="Shelf 3.0">',
    ],
)
def test_a_mention_elsewhere_is_not_found(html: str) -> None:
    assert "Shelf" not in recognise(html)


def test_text_between_scripts_counts_as_text_even_after_a_comment_in_a_script() -> None:
    page = "<script><!-- var x; --></script><p>Shelf.start(</p><script>Shelf.start(1)</script>"
    assert recognise(page)["Shelf"].evidence == "script: Shelf.start(1)"


@pytest.mark.parametrize(
    ("html", "headers", "version"),
    [
        ('<meta content="Shelf 4.2" name=generator>', {}, "4.2"),
        ('<META NAME="Generator" CONTENT="Shelf 4.2">', {}, "4.2"),
        ('<script src="/shelf/core.js?v=3.1"></script>', {}, "3.1"),
        ('<script src="/shelf/core.js"></script>', {}, ""),
        ("", {"X-Shelf": "Shelf/2.0"}, "2.0"),
        ('<div data-shelf="1">', {"X-Shelf": "Shelf/2.0"}, "2.0"),
    ],
)
def test_the_version_is_read_where_there_is_one(
    html: str, headers: dict[str, str], version: str
) -> None:
    assert recognise(html, headers)["Shelf"].version == version


@pytest.mark.parametrize("cookies", [{"shelf_id": "1"}, {"shelf-abc": "1"}])
def test_cookies_are_known_by_name_or_by_how_they_begin(cookies: dict[str, str]) -> None:
    assert recognise(cookies=cookies)["Shelf"].evidence == f"cookie {next(iter(cookies))}"


HOSTS = ("www.carpenter.co.uk", "carpenter.example")


@pytest.mark.parametrize(
    "address",
    [
        "/house/a",
        "house/../house/a",
        "https://carpenter.co.uk/house/a",
        "//static.carpenter.co.uk/house/a",
        "https://carpenter.co.uk:8443/house/a",
        r"https:\/\/carpenter.co.uk\/house\/a",
        "https://carpenter.example/house/a",
        "https://i0.proxy.test/www.carpenter.co.uk/house/a",
        "https://proxy.test/w_800/https://carpenter.co.uk/house/a",
        "https://carpenter-cdn.net/house/a",
        "https://cdncarpenter.com/house/a",
        "https://carpenter.b-cdn.net/house/a",
    ],
)
def test_a_platforms_path_counts_on_the_sites_own_host(address: str) -> None:
    for html in (f'<img src="{address}">', f"<script>load('{address}')</script>"):
        assert "House" in recognise(html, hosts=HOSTS)


@pytest.mark.parametrize(
    "address",
    [
        "https://partner.test/house/a",
        "//partner.test/house/a",
        r"https:\/\/partner.test\/house\/a",
        "https://notcarpenter.co.uk/house/a",
        "https://carpenters.test/house/a",
        "https://user@partner.test/house/a",
        "https://partner.test/w=300,h=200/house/a",
        "https://partner.test/resize?src=/house/a",
        "https://d123.cloudfront.net/house/a",
    ],
)
def test_a_platforms_path_on_another_host_is_the_other_hosts(address: str) -> None:
    for html in (f'<img src="{address}">', f"<script>load('{address}')</script>"):
        assert "House" not in recognise(html, hosts=HOSTS)


def test_a_script_from_a_content_network_may_be_the_sites_own() -> None:
    html = '<script src="https://d123.cloudfront.net/house/a.js"></script>'
    assert "House" in recognise(html, hosts=HOSTS)


def test_every_address_is_the_sites_own_where_the_site_is_unknown() -> None:
    assert "House" in recognise('<img src="https://partner.test/house/a">')


def test_a_literal_that_anyone_may_use_needs_what_confirms_it() -> None:
    assert "House" in recognise('<script src="/static/v12/house/a.js"></script>')
    assert "House" not in recognise('<script src="/static/v12/a.js"></script>')


@pytest.mark.parametrize(
    ("html", "is_used"),
    [
        ('<script src="https://cdn.vendor.test/a.js"></script>', True),
        ('<link rel="stylesheet" href="https://cdn.vendor.test/a.css">', True),
        ('<link rel=preload as=script href="https://cdn.vendor.test/a.js">', True),
        ('<link rel="modulepreload" href="https://cdn.vendor.test/a.js">', True),
        ('<img src="https://cdn.vendor.test/a.jpg">', False),
        ('<link rel="preload" as="image" href="https://cdn.vendor.test/a.jpg">', False),
        ('<link rel="preconnect" href="https://cdn.vendor.test/">', False),
        ('<link rel="canonical" href="https://cdn.vendor.test/">', False),
        ('<meta property="og:image" content="https://cdn.vendor.test/a.jpg">', False),
        ("<script>var image = 'https://cdn.vendor.test/a.jpg'</script>", False),
        ('<video src="https://cdn.vendor.test/a.mp4"></video>', False),
    ],
)
def test_a_vendors_files_are_scripts_and_stylesheets(html: str, is_used: bool) -> None:
    assert ("Vendor" in recognise(html)) is is_used


def test_a_library_may_also_be_loaded_by_a_script() -> None:
    assert "Library" in recognise("<script>import('/js/library.js')</script>")
    assert "Library" not in recognise('<img src="/js/library.js.png">')


def test_more_than_one_file_is_needed_where_a_single_one_may_be_borrowed() -> None:
    image = '<img src="https://pictures.test/1.jpg">'
    assert "Pictures" not in recognise(image * 2)
    assert "Pictures" in recognise(image * 3)


def test_a_version_is_read_from_the_address_itself_and_not_from_the_next_one() -> None:
    page = '<script src="/library.js"></script><script src="/other.js?ver=9"></script>'
    assert recognise(page)["Library"].version == ""
    page = '<script src="/npm/library@3.1.0/dist/library.min.js?a=1&#038;ver=7"></script>'
    assert recognise(page)["Library"].version == "3.1.0"
    page = '<script src="/library.js?a=1&#038;ver=7"></script>'
    assert recognise(page.replace("a=1&#038;", ""))["Library"].version == "7"


def test_other_cookies_are_left_alone() -> None:
    assert recognise(cookies={"shelf_identity": "1", "id": "2"}) == {}


def test_cookies_are_read_from_the_header_that_sets_them() -> None:
    header = "id=1; Expires=Wed, 01 Jan 2027 00:00:00 GMT, shelf_id=2; Path=/"
    assert "Shelf" in recognise(headers={"Set-Cookie": header})


def test_what_a_technology_implies_is_found_down_the_chain() -> None:
    detected = recognise('<div data-shelf="1">')
    assert detected["Board"].evidence == "implied by Shelf"
    assert detected["Wood"].evidence == "implied by Board"


def test_a_family_names_each_of_its_members_once_with_its_version() -> None:
    detected = recognise(
        '<link href="/shelf/parts/side-panel/a.css">'
        '<link href="/shelf/parts/side-panel/b.css?ver=2">'
        '<script src="/shelf/parts/top/a.js"></script>'
    )
    assert set(detected) == {"side-panel", "top", "Board", "Wood"}
    assert detected["side-panel"].version == "2"


def test_a_member_with_a_signature_of_its_own_goes_by_its_name() -> None:
    assert set(recognise('<link href="/shelf/parts/drawer/a.css">')) == {"Drawer"}


def test_a_version_borrowed_from_what_a_member_runs_on_is_dropped() -> None:
    generator = '<meta name="generator" content="Board 6.5.2">'
    assert (
        recognise(generator + '<link href="/shelf/parts/top/a.css?ver=6.5.2">')["top"].version == ""
    )
    assert (
        recognise(generator + '<link href="/shelf/parts/top/a.css?ver=6.5">')["top"].version
        == "6.5"
    )


PLUGIN = '<script src="/wp-content/plugins/{}?ver={}"></script>'


def versions_in(html: str) -> dict[str, str]:
    return {detected.name: detected.version for detected in recogniser().recognise(html, {}, {})}


def test_a_plugin_whose_files_state_different_versions_has_none() -> None:
    page = PLUGIN.format("hours/hours.js", "1.4.2") + PLUGIN.format("hours/lib/select.js", "4.0.3")
    assert versions_in(page)["hours (plugin)"] == ""
    page = PLUGIN.format("hours/a.js", "1.4.2") + PLUGIN.format("hours/b.js", "1.4.2")
    assert versions_in(page)["hours (plugin)"] == "1.4.2"


def test_a_version_that_plugins_share_is_what_wordpress_writes_behind_them() -> None:
    page = PLUGIN.format("hours/a.js", "6.5.2") + PLUGIN.format("maps/b.js", "6.5.2")
    detected = versions_in(page)
    assert (detected["hours (plugin)"], detected["maps (plugin)"]) == ("", "")
    generator = '<meta name="generator" content="WordPress 6.4">'
    assert versions_in(generator + page)["maps (plugin)"] == "6.5.2"


def test_evidence_is_short_and_on_one_line() -> None:
    page = f'<script src="https://cdn.shelf.test/{"a" * 500}"></script>'
    assert len(recognise(page)["Shelf"].evidence) <= 120
    assert "\n" not in recognise('<meta name=generator content="Shelf 1\n2">')["Shelf"].evidence


@pytest.mark.parametrize(
    "html", ["", "<", "<!--", "<script", "<meta", "<meta name=generator", "\ud800"]
)
def test_broken_markup_finds_nothing_and_raises_nothing(html: str) -> None:
    assert recognise(html) == {}


def test_a_page_read_from_bytes_carries_its_technologies() -> None:
    body = b'<meta name="generator" content="WooCommerce 8.8.3">'
    page = read_page(body, "https://example.com/", headers={"Server": "nginx/1.25.4"})
    names = {technology.name for technology in page.technologies}
    assert names == {"WooCommerce", "WordPress", "PHP", "nginx"}


def test_of_thousands_of_meta_elements_the_first_ones_are_read() -> None:
    many = '<meta name="x" content="y">' * 5_000
    assert "Shelf" in recognise('<meta name="generator" content="Shelf 4.2">' + many)
    assert "Shelf" not in recognise(many + '<meta name="generator" content="Shelf 4.2">')


def test_a_script_tag_that_never_ends_hides_nothing_after_the_longest_tag() -> None:
    page = "<script " + "x" * 5_000 + "<script>Shelf.start(1)</script>"
    assert "Shelf" in recognise(page)


@given(html=st.text(), value=st.text(), name=st.text())
def test_nothing_that_a_page_or_a_server_says_raises(html: str, value: str, name: str) -> None:
    page = f"<script src='/shelf/parts/{value}/'><!--{html}<meta name={name} content='{value}'>"
    recognise(page, {"X-Shelf": value, name: value, "Set-Cookie": value}, {name: value})


# Errors of the loader


def table(**fields: str) -> str:
    """Return a valid table with some fields replaced; an empty value removes the field."""
    lines = {
        "name": '"Shelf"',
        "category": '"CMS"',
        "website": '"https://example.com"',
        "urls": '["cdn.shelf.test/"]',
        "positive": '{ html = "x" }',
        "negative": '{ html = "y" }',
        **fields,
    }
    written = (f"{name} = {value}" for name, value in lines.items() if value)
    return "[[technology]]\n" + "\n".join(written)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (table(colour='"red"'), "unknown fields ['colour']"),
        (table(negative=""), "lacks ['negative']"),
        (table(category='"Sundries"'), "unknown category 'Sundries'"),
        (table(website='"example.com"'), "website has to start with https://"),
        (table(urls='"cdn.shelf.test/"'), "urls has to be a list of strings"),
        (table(urls='["cdn"]'), "'cdn' is too short"),
        (table(headers="{ server = '(' }"), "missing )"),
        (table(name='"{slug}"'), "go together"),
        (table(slug="'/([a-z]+)/'"), "go together"),
        (table(positive='{ page = "x" }'), "unknown fields of an example ['page']"),
        (table(positive="{}"), "an example is empty"),
        (table(website='"https://example.com'), "shelf.toml"),
        ("name = 1", "holds more than [[technology]] tables"),
    ],
)
def test_a_signature_that_cannot_be_used_is_refused_with_the_reason(
    text: str, complaint: str
) -> None:
    with pytest.raises(SignatureError) as refusal:
        parse_signatures(text, "shelf.toml")
    assert complaint in str(refusal.value)
    assert "shelf.toml" in str(refusal.value)


def test_a_name_given_twice_is_refused() -> None:
    with pytest.raises(SignatureError, match="Shelf: described twice"):
        check_together([*parse_signatures(table(), "a"), *parse_signatures(table(), "b")])


def test_an_implied_technology_that_nobody_describes_is_refused() -> None:
    with pytest.raises(SignatureError, match="implies unknown"):
        check_together(parse_signatures(table(implies='["Board"]'), "a"))
