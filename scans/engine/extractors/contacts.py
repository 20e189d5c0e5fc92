"""Every way a page gives to reach the people behind it, as contacts with their evidence."""

from collections.abc import Iterable, Iterator
from itertools import chain
from urllib.parse import urlsplit

from scans.engine.extractors import emails, phones
from scans.engine.extractors.email_junk import kind_of
from scans.engine.extractors.facts import PageFacts
from scans.engine.extractors.json_ld import addresses, same_as
from scans.engine.extractors.regions import PageRegions
from scans.engine.extractors.social import Mention, social_contacts
from scans.engine.hostnames import same_site
from scans.engine.links import resolve_url
from scans.engine.report import Contact, ContactKind


def page_contacts(page: PageFacts, hrefs: list[tuple[str, str]]) -> tuple[Contact, ...]:
    """Return the contacts of one page, each once, with its best evidence.

    `hrefs` are (href, words) of the links that are not web addresses (mailto:, tel:).
    """
    return merge_contacts([_emails(page, hrefs), _phones(page, hrefs), _others(page)])


def _emails(page: PageFacts, hrefs: list[tuple[str, str]]) -> Iterator[Contact]:
    host = _host_of(page.url)
    found = [
        *emails.from_hrefs(hrefs),
        *emails.from_hidden(page.html),
        *emails.from_json_ld(page.json_ld),
        *emails.from_text(page.text),
        *emails.from_obfuscated_text(page.text),
    ]
    for item in (*emails.without_glued(found), *_unseen_emails(page.html, host)):
        yield Contact(
            kind=ContactKind.EMAIL,
            value=item.address,
            label=kind_of(item.address, host),
            page_url=page.url,
            snippet=item.snippet,
            method=item.method,
            confidence=item.confidence,
        )


def _unseen_emails(html: str, host: str) -> Iterator[emails.FoundEmail]:
    """Yield the addresses in scripts, comments and attributes, if they are the site's own."""
    for item in emails.from_text(html, "markup") if host else ():
        if same_site(item.address.rpartition("@")[2], host):
            yield item


def _phones(page: PageFacts, hrefs: list[tuple[str, str]]) -> Iterator[Contact]:
    regions = PageRegions(
        url=page.url, language=page.language, json_ld=page.json_ld, text=page.text
    )
    found = (
        *phones.from_hrefs(hrefs, regions),
        *phones.from_json_ld(page.json_ld, regions),
        *phones.from_text(page.text, regions),
    )
    for item in found:
        yield Contact(
            kind=ContactKind.PHONE,
            value=item.number,
            label=f"{item.region} fax".strip() if item.is_fax else item.region,
            page_url=page.url,
            snippet=item.snippet,
            method=item.method,
            confidence=item.confidence,
        )


def _others(page: PageFacts) -> Iterator[Contact]:
    linked = (Mention(link.url, link.text, "me" in link.rel.split()) for link in page.links)
    claimed = (Mention(url, 'rel="me"', is_own=True) for url in page.own_profiles)
    described = (
        Mention(resolve_url(url) or "", "sameAs", is_own=True, method="json_ld")
        for url in same_as(page.json_ld)
    )
    yield from social_contacts(chain(linked, claimed, described), page.url)
    for name, line in addresses(page.json_ld):
        yield Contact(ContactKind.ADDRESS, line, "", page.url, name, "json_ld", 0.95)


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def merge_contacts(lists: Iterable[Iterable[Contact]]) -> tuple[Contact, ...]:
    """Return each contact once, with the best evidence of all; among equals the first one."""
    best: dict[tuple[str, str], Contact] = {}
    for contact in (contact for contacts in lists for contact in contacts):
        key = (contact.kind, contact.value)
        if key not in best or contact.confidence > best[key].confidence:
            best[key] = contact
    return tuple(best.values())
