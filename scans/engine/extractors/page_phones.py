"""The phone numbers on a page, from all sources."""

from collections.abc import Iterable, Iterator, Set
from dataclasses import replace

from scans.engine.extractors.facts import PageFacts
from scans.engine.extractors.hints import CHAT_HOSTS
from scans.engine.extractors.phone_links import from_hrefs, from_json_ld, from_links
from scans.engine.extractors.phones import FoundPhone, from_text
from scans.engine.extractors.regions import PageRegions


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
