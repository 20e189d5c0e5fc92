"""The inventory: the sources of pages, and which pages a report contains."""

from scans.engine.extractors.facts import Link
from scans.engine.inventory import Inventory, reported
from scans.engine.report import PageEntry
from scans.engine.robots import Robots, read_robots
from scans.engine.sitemaps import SitemapEntry

SITE = "https://acme.test"
ROBOTS = b"User-agent: *\nDisallow: /private\nAllow: /private/open\nDisallow: /*.pdf$\n"


def robots(text: bytes = ROBOTS) -> Robots:
    return read_robots(text, 200, f"{SITE}/robots.txt", "text/plain", "ScraperSky/1.0")


def inventory(max_pages: int = 100) -> Inventory:
    pages = Inventory("acme.test", max_pages)
    pages.add_home(f"{SITE}/")
    pages.add_links([Link(f"{SITE}/contact", "Contact"), Link(f"{SITE}/private/a", "")])
    pages.add_sitemap([SitemapEntry(f"{SITE}/contact"), SitemapEntry(f"{SITE}/private/b")])
    return pages


def described(pages: Inventory) -> dict[str, PageEntry]:
    opened = {f"{SITE}/", f"{SITE}/contact"}
    entries = pages.described(opened, robots().disallowed_by)
    return {entry.url.removeprefix(SITE): entry for entry in entries}


def test_each_page_says_whether_it_is_linked_listed_opened_and_disallowed() -> None:
    pages = described(inventory())
    facts = {
        path: (page.is_linked, page.in_sitemap, page.is_opened, page.disallowed_by)
        for path, page in pages.items()
    }
    assert facts == {
        "/": (False, False, True, ""),
        "/contact": (True, True, True, ""),
        "/private/a": (True, False, False, "Disallow: /private"),
        "/private/b": (False, True, False, "Disallow: /private"),
    }


def test_a_full_inventory_still_notes_links_to_the_pages_it_has() -> None:
    pages = Inventory("acme.test", 1)
    pages.add_home(f"{SITE}/")
    pages.add_links([Link(f"{SITE}/other", ""), Link(f"{SITE}/", "Home")])
    (home,) = pages.described(set(), lambda url: "")
    assert home.is_linked


def test_the_deciding_line_is_the_longest_match() -> None:
    rules = robots()
    assert rules.disallowed_by(f"{SITE}/private/open/x") == ""
    assert rules.disallowed_by(f"{SITE}/private/x") == "Disallow: /private"
    assert rules.disallowed_by(f"{SITE}/files/a.pdf") == "Disallow: /*.pdf$"
    assert rules.disallowed_by(f"{SITE}/files/a.pdf?x") == ""


def test_a_report_holds_all_pages_only_typed_ones_or_none() -> None:
    pages = tuple(described(inventory()).values())
    assert reported(pages, "all") == (pages, {})
    typed, numbers = reported(pages, "typed")
    assert {page.page_type for page in typed} == {"home", "contact"}
    assert numbers == {"home": 1, "contact": 1, "other": 2}
    assert reported(pages, "counts") == ((), numbers)
