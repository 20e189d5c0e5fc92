"""Every way a page gives to reach the people behind it, as contacts with their evidence."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeGuard
from urllib.parse import urlsplit

from scans.engine.extractors import emails, phones, social
from scans.engine.extractors.email_junk import kind_of
from scans.engine.extractors.facts import Link
from scans.engine.extractors.json_ld import address_line, walk
from scans.engine.extractors.regions import PageRegions
from scans.engine.hostnames import registrable_domain
from scans.engine.report import Contact, ContactKind


@dataclass(frozen=True, slots=True)
class Sources:
    """The parts of a page in which contacts are looked for."""

    url: str
    text: str
    html: str
    language: str
    hrefs: list[tuple[str, str]]
    """(href, words) of the links that are not web addresses."""
    links: tuple[Link, ...]
    json_ld: tuple[Any, ...]

    @property
    def host(self) -> str:
        try:
            return urlsplit(self.url).hostname or ""
        except ValueError:
            return ""


def page_contacts(page: Sources) -> tuple[Contact, ...]:
    """Return the contacts of one page, each once, with its best evidence."""
    return merge_contacts([_emails(page), _phones(page), _profiles(page), _addresses(page)])


def _emails(page: Sources) -> Iterator[Contact]:
    found = [
        *emails.from_hrefs(page.hrefs),
        *emails.from_hidden(page.html),
        *emails.from_json_ld(page.json_ld),
        *emails.from_text(page.text),
        *emails.from_obfuscated_text(page.text),
    ]
    visible = {item.address for item in found}
    site = registrable_domain(page.host) if page.host else ""
    for item in emails.from_text(page.html, "markup"):
        domain = item.address.rpartition("@")[2]
        if item.address not in visible and site and registrable_domain(domain) == site:
            found.append(item)
    for item in found:
        yield Contact(
            kind=ContactKind.EMAIL,
            value=item.address,
            label=kind_of(item.address, page.host),
            page_url=page.url,
            snippet=item.snippet,
            method=item.method,
            confidence=item.confidence,
        )


def _phones(page: Sources) -> Iterator[Contact]:
    regions = PageRegions(
        url=page.url, language=page.language, json_ld=page.json_ld, text=page.text
    )
    found = [
        *phones.from_hrefs(page.hrefs, regions),
        *phones.from_json_ld(page.json_ld, regions),
        *phones.from_text(page.text, regions),
    ]
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


def _profiles(page: Sources) -> Iterator[Contact]:
    linked = [(link.url, link.text, "link") for link in page.links]
    linked += [(url, "sameAs", "json_ld") for url in _same_as(page.json_ld)]
    return social.social_contacts(linked, page.url)


def _same_as(json_ld: tuple[Any, ...]) -> Iterator[str]:
    for thing in walk(list(json_ld)):
        urls = thing.get("sameAs")
        yield from (url for url in (urls if isinstance(urls, list) else [urls]) if _is_text(url))


def _is_text(value: Any) -> TypeGuard[str]:
    return isinstance(value, str)


def _addresses(page: Sources) -> Iterator[Contact]:
    for thing in walk(list(page.json_ld)):
        line = address_line(thing.get("address"))
        if "," in line:
            name = thing.get("name")
            yield Contact(
                kind=ContactKind.ADDRESS,
                value=line,
                page_url=page.url,
                snippet=name[:200] if isinstance(name, str) else "",
                method="json_ld",
                confidence=0.95,
            )


def merge_contacts(lists: Iterable[Iterable[Contact]]) -> tuple[Contact, ...]:
    """Return each contact once, with the best evidence of all; among equals the first one."""
    best: dict[tuple[str, str], Contact] = {}
    for contact in (contact for contacts in lists for contact in contacts):
        key = (contact.kind, contact.value)
        if key not in best or contact.confidence > best[key].confidence:
            best[key] = contact
    return tuple(best.values())
