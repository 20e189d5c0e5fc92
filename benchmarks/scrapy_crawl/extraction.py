"""What is read of a page: title, description, e-mails, telephones, profiles."""

import re
from typing import Any

from scrapy.http import TextResponse

EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.)+[a-zA-Z]{2,24}(?![\w@])")
NETWORKS = (
    *("facebook.com/", "twitter.com/", "x.com/", "linkedin.com/", "instagram.com/"),
    *("youtube.com/", "tiktok.com/", "pinterest.com/", "github.com/"),
)
SHARING = ("/sharer", "/share", "/intent/")
CONTACT = re.compile(r"contact|kontakt|impressum|imprint|about", re.IGNORECASE)


def facts(response: TextResponse) -> dict[str, Any]:
    """Return what a homepage says of its site."""
    return {
        "final_url": response.url,
        "title": (response.xpath("//title/text()").get() or "").strip(),
        "description": response.xpath("//meta[@name='description']/@content").get() or "",
        "language": response.xpath("/html/@lang").get() or "",
    }


def contacts(response: TextResponse) -> list[tuple[str, str, str]]:
    """Return (kind, value, page) of the contacts on a page, each once."""
    found = dict.fromkeys(("email", email.lower()) for email in EMAIL.findall(response.text))
    for href in response.xpath("//a/@href").getall():
        if href.startswith("mailto:"):
            found["email", href[7:].partition("?")[0].lower()] = None
        elif href.startswith("tel:"):
            found["phone", href[4:]] = None
        elif href.startswith("http") and _is_profile(href):
            found["social", href] = None
    return [(kind, value, response.url) for kind, value in found]


def _is_profile(href: str) -> bool:
    return any(name in href for name in NETWORKS) and not any(part in href for part in SHARING)


def contact_url(response: TextResponse) -> str:
    """Return the address of the page that tells most about contacts."""
    for link in response.xpath("//a"):
        href = link.attrib.get("href", "")
        if CONTACT.search(href) and not href.startswith(("http", "mailto:", "tel:", "#")):
            return response.urljoin(href)
    return response.urljoin("/contact/")
