"""Every way a page gives to reach the people behind it, as contacts with their evidence."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from scans.engine.extractors import emails, phones, social
from scans.engine.extractors.facts import Link
from scans.engine.report import Contact, ContactKind


def page_contacts(
    *, url: str, text: str, hrefs: list[tuple[str, str]], links: tuple[Link, ...]
) -> tuple[Contact, ...]:
    """Return the contacts of one page, each once, with its best evidence."""
    found = [*emails.from_hrefs(pair for pair in hrefs if pair[0].startswith("mailto:"))]
    found += emails.from_text(text)
    contacts = [
        Contact(
            ContactKind.EMAIL,
            item.address,
            "unknown",
            url,
            item.snippet,
            item.method,
            item.confidence,
        )
        for item in found
    ]
    regions = ("GB",) if (urlsplit(url).hostname or "").endswith(".uk") else ("US",)
    numbers = [*phones.from_hrefs((pair for pair in hrefs if pair[0].startswith("tel:")), regions)]
    numbers += phones.from_text(text, regions)
    contacts += [
        Contact(
            ContactKind.PHONE,
            item.number,
            item.region,
            url,
            item.snippet,
            item.method,
            item.confidence,
        )
        for item in numbers
    ]
    contacts += social.social_contacts(((link.url, link.text, "link") for link in links), url)
    return merge_contacts([contacts])


def merge_contacts(lists: Iterable[Iterable[Contact]]) -> tuple[Contact, ...]:
    """Return each contact once, with the best evidence of all; among equals the first one."""
    best: dict[tuple[str, str], Contact] = {}
    for contact in (contact for contacts in lists for contact in contacts):
        key = (contact.kind, contact.value)
        if key not in best or contact.confidence > best[key].confidence:
            best[key] = contact
    return tuple(best.values())
