"""The formats of postal addresses by country, as defined in `address_formats.toml`."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import NamedTuple

from scans.engine.extractors.address_table import (
    abbreviations,
    compiled,
    countries,
    not_streets,
    turned_order,
    words_around,
)
from scans.engine.extractors.countries import country_named

_PLAIN = re.compile(r"[^\W_]+")
_NAMED_BUILDING = re.compile(r"^(?:[^\d,]+, )+(?=\d)")
_NEAR = re.compile(r"^(?:Nr\.?|Near) ")
_SEPARATED = re.compile(r"[ ,]*,[ ,]*")
LONGEST_PART = 150
# Maximum length of a postcode, and of a region's name with surrounding text.
LONGEST_POSTCODE, LONGEST_REGION = 10, 30


class PostalAddress(NamedTuple):
    """An address in the order of an envelope; `country` is its ISO 3166 code."""

    street: str
    postcode: str
    town: str
    region: str
    country: str

    @property
    def line(self) -> str:
        return ", ".join(filter(None, self))

    @property
    def identity(self) -> str:
        """A key shared by all spellings of the address, with or without a building."""
        street = _NAMED_BUILDING.sub("", self.street) if self.country == "GB" else self.street
        words = _PLAIN.findall(unicodedata.normalize("NFKC", street).casefold())
        short = abbreviations()
        street = "".join(short.get(word, _without_street(word)) for word in words)
        code = self.postcode[:5] if self.country == "US" else self.postcode
        return f"{self.country} {code} {street}"


def _without_street(word: str) -> str:
    """Return a German or Dutch street name with its suffix abbreviated."""
    for ending in ("straße", "strasse"):
        if word.endswith(ending):
            return word.removesuffix(ending) + "str"
    return word


@dataclass(frozen=True)
class Format:
    """The address format of a country; see the head of the table."""

    country: str
    postcode: str
    shape: str = ""
    order: str = ""
    streets: tuple[str, ...] = ()
    loose: str = ""
    prefix: str = ""
    own: bool = False
    bare: bool = False
    regions: Mapping[str, str] | None = None

    @cached_property
    def is_postcode_first(self) -> bool:
        """Whether the postcode appears before the town."""
        return "{town}" in self.order.partition("{postcode}")[2]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The regex of a whole address in running text."""
        return self._compile(self.streets)

    @cached_property
    def loose_pattern(self) -> re.Pattern[str] | None:
        return self._compile([self.loose]) if self.loose else None

    @cached_property
    def turned_pattern(self) -> re.Pattern[str] | None:
        """The regex of an address on one line whose street is last."""
        is_read = self.is_postcode_first and not self.own
        return self._compile(self.streets, turned_order()) if is_read else None

    def _compile(self, streets: Iterable[str], order: str = "") -> re.Pattern[str]:
        return compiled(
            order or self.order,
            streets,
            prefix=self.prefix,
            postcode=self.postcode,
            regions=self._region_codes,
            is_postcode_first=self.is_postcode_first,
        )

    @cached_property
    def _postcode(self) -> re.Pattern[str]:
        return re.compile(
            rf"(?:(?:{self.prefix or 'X'})[-\u2013 ]?)?({self.postcode})", re.IGNORECASE
        )

    @cached_property
    def _last_postcode(self) -> re.Pattern[str]:
        return re.compile(rf"(?:{self.postcode})\Z")

    def is_prefix(self, text: str) -> bool:
        """Return whether a text ends with a country prefix before a postcode: D-10115."""
        return bool(self.prefix and self._prefix_at_end.search(text))

    @cached_property
    def _prefix_at_end(self) -> re.Pattern[str]:
        return re.compile(rf"(?<!\w)(?:{self.prefix})[-\u2013 ]?\Z")

    def may_end_at(self, text: str, end: int) -> bool:
        """Return, cheaply, whether a postcode after its town and region may end at a position."""
        code = self._last_postcode.search(text, max(0, end - LONGEST_POSTCODE), end)
        if code is None or "{region}" not in self.order:
            return code is not None
        before = text[max(0, code.start() - LONGEST_REGION) : code.start()].rstrip(" ,()\n")
        if before[max(map(before.rfind, " \n(")) + 1 :] not in self._last_words:
            return False
        words = re.split(r"[ ,\n(]+", before)[-3:]
        return any(" ".join(words[first:]) in self._region_codes for first in range(len(words)))

    @cached_property
    def _last_words(self) -> frozenset[str]:
        """The last words of region names."""
        return frozenset(name.rpartition(" ")[2] for name in self._region_codes)

    @cached_property
    def _region_codes(self) -> dict[str, str]:
        """Region names, abbreviations and codes -> code, longest first."""
        codes: dict[str, str] = {}
        for code, line in (self.regions or {}).items():
            if code != "counties":
                names = line.partition(":")[0].replace("\\", "").split("|")
                codes |= {code: code} | dict.fromkeys(names, code)
        return dict(sorted(codes.items(), key=lambda item: -len(item[0])))

    @cached_property
    def _county(self) -> re.Pattern[str] | None:
        counties = (self.regions or {}).get("counties")
        return re.compile(counties, re.IGNORECASE) if counties else None

    def checked(self, street: str, postcode: str, town: str, region: str) -> PostalAddress | None:
        """Return the address formed by these parts in this country, or None."""
        street, town = _clean(street), _clean(town)
        code = self._read_postcode(postcode)
        if code is None or not _is_name(town) or not _is_street(street):
            return None
        region = self._region(_clean(region))
        if not self._agree(code, region):
            return None
        return PostalAddress(street, code, town, region, self.country)

    def _read_postcode(self, text: str) -> str | None:
        """Return a postcode in its country's notation; empty if it is optional and missing."""
        text = " ".join(text.split())
        if not text and self.bare:
            return ""
        read = self._postcode.fullmatch(text)
        if not read:
            return None
        code = read[1].upper()
        gap = {"NL": 4, "GB": len(code) - 3, "CA": 3, "IE": 3}.get(self.country)
        if gap is None or " " in code:
            return code
        code = code.replace("-", "")
        return f"{code[:gap]} {code[gap:]}"

    def _region(self, text: str) -> str:
        for name in (text, text.upper(), text.title()):
            if name in self._region_codes:
                return self._region_codes[name]
        return text

    def _agree(self, postcode: str, region: str) -> bool:
        """Return whether a postcode may be in a region: ZIP code prefixes belong to states."""
        line = (self.regions or {}).get(region, "")
        begins = tuple(line.partition(":")[2].split())
        code = f"0{postcode}" if self.country == "AU" and len(postcode) == 3 else postcode
        return not begins or code.startswith(begins)

    def may_have(self, region: str) -> bool:
        """Return whether this is a valid region, if addresses require one."""
        return "{region}" not in self.order or self._region(_clean(region)) in self._region_codes

    def split_towns(self, text: str) -> tuple[str, str, str]:
        """Return (road, town, region) from the names between a street and a postcode.

        There is a road where the street is a business park.
        """
        names = [_NEAR.sub("", name) for name in _SEPARATED.split(text.strip(" ,")) if name]
        road, region = "", ""
        while len(names) > 1 and (self._named_region(names[-1]) or self._is_own_name(names[-1])):
            region = region or self._named_region(names[-1])
            names.pop()
        if len(names) > 1 and words_around("road").search(names[0]):
            road = names[0]
        town = names[-1] if names else ""
        return road, ("" if words_around("not_towns").search(town) else town), region

    def _is_own_name(self, name: str) -> bool:
        return country_named(name) == self.country

    def _named_region(self, name: str) -> str:
        if name in self._region_codes:
            return name
        return name if self._county and self._county.fullmatch(name) else ""


def _clean(text: str) -> str:
    text = _SEPARATED.sub(", ", " ".join(text.split()))
    return text.strip(" ,;|·•-\u2013")[:LONGEST_PART]


def _is_name(town: str) -> bool:
    return 1 < len(town) <= 60 and any(map(str.isalpha, town)) and "@" not in town


def _is_street(street: str) -> bool:
    return len(street) > 2 and any(map(str.isalpha, street)) and not not_streets().search(street)


@cache
def formats() -> dict[str, Format]:
    """Return the formats by country."""
    return {
        country: Format(country, **{**values, "streets": tuple(values.get("streets", ()))})
        for country, values in countries().items()
    }


@cache
def ending_in_town(shape: str) -> tuple[Format, ...]:
    """Return the formats with this shape of postcode in running text, followed by the town."""
    return tuple(f for f in formats().values() if f.shape == shape and f.is_postcode_first)


@cache
def ending_in_postcode(shape: str) -> tuple[Format, ...]:
    """Return the formats with this shape of postcode in running text, preceded by the town."""
    return tuple(f for f in formats().values() if f.shape == shape and not f.is_postcode_first)
