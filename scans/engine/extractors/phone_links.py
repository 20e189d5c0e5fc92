"""Phone numbers in links and JSON-LD."""

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qs, unquote

from scans.engine.extractors.countries import region_named
from scans.engine.extractors.facts import Link
from scans.engine.extractors.json_ld import walk
from scans.engine.extractors.phone_reading import ReadNumber, read_dialled
from scans.engine.extractors.phone_vanity import read_vanity
from scans.engine.extractors.phones import FoundPhone
from scans.engine.extractors.regions import PageRegions, plan_of

_SCHEMES = frozenset(
    ["tel", "callto", "fax", "sms", "smsto", "whatsapp", "viber", "facetime-audio"]
)
_CHAT_HOSTS = ("wa.me", "www.wa.me", "whatsapp.com", "api.whatsapp.com", "web.whatsapp.com")
_WHATSAPP = tuple(f"{scheme}://{host}/" for scheme in ("https", "http") for host in _CHAT_HOSTS)
_CLICK_TO_CHAT = re.compile(r"//(?:www\.)?wa\.me/(?:c/)?([^/?#]+)")
_EXTENSION = re.compile(r"[;,&pwx].*|(?:ext|isub|phone-context)=.*", re.IGNORECASE)
_LETTERS = re.compile(r"[a-z]{3}", re.IGNORECASE)


def from_hrefs(hrefs: Iterable[tuple[str, str]], regions: PageRegions) -> Iterator[FoundPhone]:
    """Yield the numbers in tel:, fax: and WhatsApp links, given as (href, text)."""
    for href, text in hrefs:
        scheme, _, target = href.partition(":")
        scheme = scheme.lower()
        if scheme not in _SCHEMES:
            continue
        path, _, query = target.partition("?")
        values = parse_qs(query)
        digits = (values.get("phone") or values.get("number") or [unquote(path)])[0].strip("/ ")
        is_international = scheme in ("whatsapp", "viber")
        read = _read_international(digits, regions) if is_international else _read(digits, regions)
        if read:
            is_fax = scheme == "fax" or text.lower().startswith("fax")
            written = "" if "+" in digits else "".join(filter(str.isdigit, digits))
            yield FoundPhone(read.number, read.region, is_fax, "tel_link", text, 1.0, written)


def from_links(links: Iterable[Link], regions: PageRegions) -> Iterator[FoundPhone]:
    """Yield the numbers in chat links such as https://wa.me/4915228817386."""
    for url, text, _ in links:
        if url.startswith(_WHATSAPP):
            digits = _chat_number(url)
            read = _read_international(digits, regions) if digits else None
            if read:
                yield FoundPhone(read.number, read.region, False, "whatsapp_link", text, 1.0)


def _chat_number(url: str) -> str:
    chat = _CLICK_TO_CHAT.search(url)
    if chat:
        return unquote(chat[1])
    return parse_qs(url.partition("?")[2]).get("phone", [""])[0]


def _read_international(digits: str, regions: PageRegions) -> ReadNumber | None:
    """Parse a number in the service's format: with a country code, without a plus."""
    plain = re.sub(r"\D", "", digits).lstrip("0")
    is_number = len(plain) >= 8 and not re.search(r"[^\W\d_]", digits)
    international = read_dialled(f"+{plain}", ()) if is_number else None
    return international or _read(digits, regions)


def _read(digits: str, regions: PageRegions) -> ReadNumber | None:
    if _LETTERS.search(digits):
        spelt = read_vanity(digits, regions.in_turn())
        if spelt:
            return spelt
    dialled = digits[max(0, digits.rfind("+")) :]  # +49+49 30 390 745
    return read_dialled(_EXTENSION.sub("", dialled), regions.in_turn())


def from_json_ld(json_ld: Iterable[Any], regions: PageRegions) -> Iterator[FoundPhone]:
    """Yield the `telephone` and `faxNumber` values of JSON-LD objects."""
    for item in walk(list(json_ld)):
        for key, is_fax in (("telephone", False), ("faxNumber", True)):
            values = item.get(key)
            for value in values if isinstance(values, list) else [values]:
                read = _read_stated(str(value)[:60], item, regions) if value else None
                if read:
                    snippet = f"{key}: {value}"[:200]
                    yield FoundPhone(read.number, read.region, is_fax, "json_ld", snippet, 0.95)


def _read_stated(digits: str, item: dict[str, Any], regions: PageRegions) -> ReadNumber | None:
    """Parse a number in its object's country, or else in the page's countries."""
    region = _region_of(item)
    read = read_dialled(digits, (plan_of(region),)) if region and "+" not in digits else None
    return read or _read(digits, regions)


def _region_of(item: dict[str, Any]) -> str:
    address = item.get("address")
    if isinstance(address, list):
        address = address[0] if address else None
    countries = [address.get("addressCountry") if isinstance(address, dict) else None]
    countries += [item.get("addressCountry"), item.get("areaServed")]
    for country in countries:
        if isinstance(country, dict):
            country = country.get("name")
        if isinstance(country, str) and (region := region_named(country.strip())):
            return region
    return ""
