"""Postal addresses with marked-up parts: JSON-LD, microdata, RDFa and microformats.

https://schema.org/PostalAddress, https://microformats.org/wiki/h-adr
"""

from collections.abc import Iterable, Iterator, Set
from typing import Any, NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from scans.engine.extractors.hints import MICRODATA_STREETS, MICROFORMAT_STREETS
from scans.engine.extractors.json_ld import types_of, walk
from scans.engine.extractors.text import one_line

MOST = 200
# How many levels above a street the element of its address may be.
DEPTH = 6
# Types whose location is not the site's address.
_ELSEWHERE = ("Event", "JobPosting", "Trip", "Reservation", "Review")


class StatedAddress(NamedTuple):
    """The parts of an address as stated by a page, and its owner."""

    street: str
    postcode: str
    town: str
    region: str
    country: str
    owner: str
    method: str


_KEYS = ("streetAddress", "postalCode", "addressLocality", "addressRegion", "addressCountry")
_CLASSES = ("street-address", "postal-code", "locality", "region", "country-name")
_BY_ITEMPROP = [f'[itemprop~="{key}"], [property$="{key}"]' for key in _KEYS]
_BY_CLASS = [f".p-{name}, .{name}" for name in _CLASSES]


def addresses_in_json_ld(json_ld: Iterable[Any]) -> Iterator[StatedAddress]:
    """Yield the addresses in JSON-LD objects; one given as a line of text is all street."""
    items = list(walk(list(json_ld)))
    elsewhere = {id(part) for item in items if _is_elsewhere(item) for part in walk(item)}
    for item in items:
        listed = item.get("address")
        for address in listed[:20] if isinstance(listed, list) else [listed]:
            if id(item) in elsewhere or not isinstance(address, dict | str):
                continue
            fields = address if isinstance(address, dict) else {"streetAddress": address}
            parts = [_text(fields.get(key)) for key in _KEYS]
            yield StatedAddress._make([*parts, _text(item.get("name")), "json_ld"])


def _is_elsewhere(item: dict[str, Any]) -> bool:
    return any(name.endswith(_ELSEWHERE) for name in types_of(item))


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(filter(None, map(_text, value[:4])))
    if isinstance(value, dict):
        value = value.get("name") or value.get("@id")
    return one_line(str(value), 300) if isinstance(value, str | int | float) else ""


def addresses_in_markup(tree: LexborHTMLParser, hints: Set[str]) -> tuple[StatedAddress, ...]:
    """Return the addresses in microdata, RDFa and microformats, in page order.

    `hints` come from `hints_in`.
    """
    kinds = (
        (MICRODATA_STREETS, _BY_ITEMPROP, "microdata"),
        (MICROFORMAT_STREETS, _BY_CLASS, "h_card"),
    )
    read = [
        _read_parts(street, parts, method)
        for marks, parts, method in kinds
        if not hints.isdisjoint(marks)
        for street in tree.css(parts[0])[:MOST]
    ]
    return tuple(dict.fromkeys(address for address in read if address))


def _read_parts(street: LexborNode, parts: list[str], method: str) -> StatedAddress | None:
    """Return the address around a street: in the nearest element that also has a town."""
    scope = street.parent
    for _ in range(DEPTH):
        if scope is None or scope.tag in ("body", "html"):
            return None
        if scope.css_first(parts[2]) is not None:
            values = [_value(scope.css_first(part)) for part in parts]
            values[0] = _value(street)
            return StatedAddress._make([*values, "", method])
        scope = scope.parent
    return None


def _value(node: LexborNode | None) -> str:
    if node is None:
        return ""
    attributes = node.attributes
    stated = attributes.get("content") or (attributes.get("title") if node.tag == "abbr" else "")
    return one_line(stated or node.text(separator=" "), 300)
