"""The postal addresses on a page, from all sources, each in its country's format."""

from collections.abc import Iterator

from scans.engine.extractors.address_formats import Format, PostalAddress, formats
from scans.engine.extractors.address_markup import StatedAddress, addresses_in_json_ld
from scans.engine.extractors.address_text import countries_of, read_addresses, read_line
from scans.engine.extractors.countries import region_named
from scans.engine.extractors.facts import PageFacts
from scans.engine.extractors.regions import PageRegions
from scans.engine.extractors.text import one_line
from scans.engine.report import Contact, ContactKind

_CONFIDENCE = {"json_ld": 0.95, "microdata": 0.95, "h_card": 0.95, "text": 0.85}


def page_addresses(page: PageFacts, regions: PageRegions) -> Iterator[Contact]:
    """Yield the addresses on a page; duplicates are kept."""
    for stated in (*addresses_in_json_ld(page.json_ld), *page.marked_addresses):
        if address := _checked(stated, regions):
            parts = ", ".join(filter(None, stated[:5]))
            snippet = one_line(f"{stated.owner}: {parts}" if stated.owner else parts, 200)
            yield _contact(address, page.url, snippet, stated.method)
    for item in read_addresses(page.text, regions):
        yield _contact(item.address, page.url, item.snippet, "text")


def _contact(address: PostalAddress, url: str, snippet: str, method: str) -> Contact:
    return Contact(
        kind=ContactKind.ADDRESS,
        value=address.line,
        page_url=url,
        snippet=snippet,
        method=method,
        confidence=_CONFIDENCE[method],
        address=address._asdict(),
    )


def _checked(stated: StatedAddress, regions: PageRegions) -> PostalAddress | None:
    """Return a stated address in the format of its country, or of another one that it matches."""
    street, postcode, town, region, country = stated[:5]
    known = region_named(country.strip())
    if not (postcode or town):
        address = read_line(street, regions)
        return address if address and known in ("", address.country) else None
    for form in _formats(known, region, regions):
        if address := form.checked(street, postcode, town, region):
            return address
    return None


def _formats(country: str, region: str, regions: PageRegions) -> Iterator[Format]:
    """Yield the possible formats of an address: its country's, else those of the page.

    Then those of countries identifiable by postcodes or states alone.
    """
    if country:
        yield from filter(None, [formats().get(country)])
        return
    likely = countries_of(regions)
    yield from filter(None, map(formats().get, likely))
    for form in formats().values():
        if form.own and form.country not in likely and form.may_have(region):
            yield form
