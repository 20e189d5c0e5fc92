"""The phone numbers on a page, from all sources."""

from collections.abc import Iterable, Iterator, Set
from dataclasses import replace

from scans.engine.extractors.contact_markup import FAX, PHONE
from scans.engine.extractors.facts import PageFacts
from scans.engine.extractors.hints import CHAT_HOSTS
from scans.engine.extractors.phone_links import from_hrefs, from_json_ld, from_links
from scans.engine.extractors.phones import LABELLED, FoundPhone, from_text
from scans.engine.extractors.regions import PageRegions

_LABELS = {PHONE: "Tel: ", FAX: "Fax: "}


def page_phones(
    page: PageFacts, hrefs: Iterable[tuple[str, str]], regions: PageRegions, hints: Set[str]
) -> Iterator[FoundPhone]:
    """Yield the numbers on a page; duplicates are kept.

    `hrefs` are (href, text) of links that are not web URLs. A link without a country code gets the
    country stated next to the same digits in the text.
    """
    in_text = list(from_text(page.text, regions))
    stated = {phone.stated: phone for phone in in_text if phone.stated}
    for phone in from_hrefs(hrefs, regions):
        read = stated.get(phone.stated)
        yield replace(phone, number=read.number, region=read.region) if read else phone
    if not hints.isdisjoint(CHAT_HOSTS):
        yield from from_links(page.links, regions)
    yield from from_json_ld(page.json_ld, regions)
    yield from in_text
    yield from _from_markup(page, regions)


def _from_markup(page: PageFacts, regions: PageRegions) -> Iterator[FoundPhone]:
    """Yield the numbers that markup names, read like those behind a label."""
    for kind, text, method in page.marked_contacts:
        if kind in _LABELS:
            for phone in from_text(f"{_LABELS[kind]}{text}", regions):
                is_fax = kind == FAX or phone.is_fax
                yield replace(
                    phone, is_fax=is_fax, method=method, snippet=text, confidence=LABELLED
                )
