"""Two kinds of extraction: what typical spiders read, and everything that we read."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from scrapy.http import TextResponse

from scans.engine.extractors import read_page

EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.)+[a-zA-Z]{2,24}(?![\w@])")
NETWORKS = (
    *("facebook.com/", "twitter.com/", "x.com/", "linkedin.com/", "instagram.com/"),
    *("youtube.com/", "tiktok.com/", "pinterest.com/", "github.com/"),
)
SHARING = ("/sharer", "/share", "/intent/")
CONTACT = re.compile(r"contact|kontakt|impressum|imprint|about", re.IGNORECASE)


class PageRead(NamedTuple):
    """The results from one page."""

    facts: dict[str, Any]
    # Unique (kind, value, page).
    contacts: list[tuple[str, str, str]]
    # (name, category, version).
    technologies: list[tuple[str, str, str]]
    # The most promising page for contacts.
    contact_url: str


def usual(response: TextResponse) -> PageRead:
    """Read title, description, e-mails, `tel:` links and profiles with a selector and a pattern."""
    facts = {
        "title": (response.xpath("//title/text()").get() or "").strip(),
        "description": response.xpath("//meta[@name='description']/@content").get() or "",
        "language": response.xpath("/html/@lang").get() or "",
    }
    return PageRead(facts, _contacts(response), [], _contact_url(response))


def full(response: TextResponse) -> PageRead:
    """Read everything that our scans read from a page, with our own reader."""
    content_type = (response.headers.get("Content-Type") or b"").decode("latin-1")
    headers = {str(name): value for name, value in response.headers.to_unicode_dict().items()}
    page = read_page(response.body, response.url, content_type, headers)
    named = (link.url for link in page.links if CONTACT.search(link.url.partition("://")[2]))
    return PageRead(
        {"title": page.title, "description": page.description, "language": page.language},
        [(contact.kind.value, contact.value, contact.page_url) for contact in page.contacts],
        [(item.name, item.category, item.version) for item in page.technologies],
        next(named, response.urljoin("/contact/")),
    )


WAYS: dict[str, Callable[[TextResponse], PageRead]] = {"usual": usual, "whole": full}


def _contacts(response: TextResponse) -> list[tuple[str, str, str]]:
    """Return the unique (kind, value, page) of the contacts on a page."""
    values = dict.fromkeys(("email", email.lower()) for email in EMAIL.findall(response.text))
    for href in response.xpath("//a/@href").getall():
        if href.startswith("mailto:"):
            values["email", href[7:].partition("?")[0].lower()] = None
        elif href.startswith("tel:"):
            values["phone", href[4:]] = None
        elif href.startswith("http") and _is_profile(href):
            values["social", href] = None
    return [(kind, value, response.url) for kind, value in values]


def _is_profile(href: str) -> bool:
    return any(name in href for name in NETWORKS) and not any(part in href for part in SHARING)


def _contact_url(response: TextResponse) -> str:
    """Return the URL of the most promising page for contacts."""
    for link in response.xpath("//a"):
        href = link.attrib.get("href", "")
        if CONTACT.search(href) and not href.startswith(("http", "mailto:", "tel:", "#")):
            return response.urljoin(href)
    return response.urljoin("/contact/")
