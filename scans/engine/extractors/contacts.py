"""Collect all contacts on a page with their evidence."""

from collections.abc import Iterable, Iterator, Set
from dataclasses import replace

from scans.engine.extractors.address_formats import PostalAddress
from scans.engine.extractors.email_junk import kind_of
from scans.engine.extractors.facts import PageFacts
from scans.engine.extractors.json_ld import same_as
from scans.engine.extractors.page_addresses import page_addresses
from scans.engine.extractors.page_emails import page_emails
from scans.engine.extractors.page_phones import page_phones
from scans.engine.extractors.regions import PageRegions
from scans.engine.extractors.social import linked_profiles, own_profiles
from scans.engine.links import resolve_url, url_host
from scans.engine.public_suffixes import ascii_host
from scans.engine.report import Contact, ContactKind


def page_contacts(
    page: PageFacts, hrefs: list[tuple[str, str]], hints: Set[str]
) -> tuple[Contact, ...]:
    """Return the contacts on a page without duplicates, each with its best evidence.

    `hrefs` are (href, text) of links that are not web URLs (mailto:, tel:); `hints` come from
    `hints_in`.
    """
    regions = PageRegions(
        url=page.url, language=page.language, json_ld=page.json_ld, text=page.text
    )
    return merge_contacts(
        [
            _emails(page, hrefs, hints),
            _phones(page, hrefs, regions, hints),
            _profiles(page),
            page_addresses(page, regions),
        ]
    )


def _emails(page: PageFacts, hrefs: list[tuple[str, str]], hints: Set[str]) -> Iterator[Contact]:
    host = url_host(page.url)
    for item in page_emails(page, hrefs, host, hints):
        yield Contact(
            kind=ContactKind.EMAIL,
            value=item.address,
            label=kind_of(item.address, host),
            page_url=page.url,
            snippet=item.snippet,
            method=item.method,
            confidence=item.confidence,
        )


def _phones(
    page: PageFacts, hrefs: list[tuple[str, str]], regions: PageRegions, hints: Set[str]
) -> Iterator[Contact]:
    for item in page_phones(page, hrefs, regions, hints):
        yield Contact(
            kind=ContactKind.PHONE,
            value=item.number,
            label=f"{item.region} fax".strip() if item.is_fax else item.region,
            page_url=page.url,
            snippet=item.snippet,
            method=item.method,
            confidence=item.confidence,
        )


def _profiles(page: PageFacts) -> Iterator[Contact]:
    yield from linked_profiles(page.links, page.url)
    yield from own_profiles(page.own_profiles, page.url, 'rel="me"')
    described = (resolve_url(url) or "" for url in same_as(page.json_ld))
    yield from own_profiles(described, page.url, "sameAs")


def merge_contacts(lists: Iterable[Iterable[Contact]]) -> tuple[Contact, ...]:
    """Return each contact once, with its best evidence; among equals, the first.

    It keeps a person that another page names next to it.
    """
    best: dict[tuple[str, str], Contact] = {}
    for contact in (contact for contacts in lists for contact in contacts):
        key = (contact.kind, _identity(contact))
        known = best.get(key)
        if known is None:
            best[key] = contact
            continue
        first, other = (
            (contact, known) if contact.confidence > known.confidence else (known, contact)
        )
        best[key] = (
            first if first.person or not other.person else replace(first, person=other.person)
        )
    return tuple(best.values())


def _identity(contact: Contact) -> str:
    """Return a key shared by all spellings of a contact, such as both forms of an IDN domain."""
    if contact.address:
        return PostalAddress(**contact.address).identity
    if contact.kind != ContactKind.EMAIL or contact.value.isascii():
        return contact.value
    local, _, domain = contact.value.rpartition("@")
    return f"{local}@{ascii_host(domain)}"
