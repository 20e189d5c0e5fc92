"""Determine which countries a page refers to, for parsing national phone numbers."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import cache, cached_property
from typing import Any
from urllib.parse import urlsplit

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, SUPPORTED_REGIONS

from scans.engine.extractors.countries import region_named
from scans.engine.extractors.json_ld import walk
from scans.engine.extractors.vocabulary import names, table
from scans.engine.language import detect_language

# Characters of text searched for country names and postcodes.
SCANNED_TEXT = 100_000
# Characters sufficient to detect the language for guessing a country.
LANGUAGE_SAMPLE = 3_000
# Represents the North American numbering plan, whose numbers identify their country.
NANP = "US"
# Assumed for English pages without a country; used only for labelled numbers.
GUESSES = ("US", "GB", "AU", "IN", "IE", "NZ", "ZA")

_NANP_REGIONS = frozenset(COUNTRY_CODE_TO_REGION_CODE[1])
_TLDS_OF_EVERYBODY = frozenset(
    [
        *("ac", "ag", "ai", "am", "bz", "cc", "co", "cx", "fm", "gd", "gg", "gl", "im", "io", "is"),
        *("la", "ly", "me", "ms", "mu", "nu", "sc", "sh", "so", "st", "tk", "to", "tv", "vc", "ws"),
    ]
)
# Text that occurs in the addresses of one country only, beginning with a capital letter; one group
# per country. `re` skips to the next letter of a leading set, but tries every position for a
# pattern that begins with a boundary, so the boundary follows the letter: `(?<!\w.)`. The lookahead
# is common to all, so that a page is searched once, and few of its capital letters in detail.
_POSTAL_MARKS = re.compile(
    r"[A-Z](?<!\w.)(?=[A-Za-z]{0,2}(?:[,.]? |-)?\d|mbH|EDEX|edex|vK|vt|o\.? )(?:"
    r"(?P<GB>[A-Z]?\d[A-Z\d]? \d[ABD-HJLNP-UW-Z]{2}\b)|"
    r"(?P<AU>(?:(?<=N)(?:SW|T)|(?<=V)(?:IC|ic)|(?<=Q)(?:LD|ld)|(?<=T)AS|(?<=A)CT|(?<=[SW])A)"
    r"[,.]? \d{4}\b)|"
    r"(?P<CA>(?<=[ABCEGHJ-NPRSTVXY])\d[A-Z] ?\d[A-Z]\d\b)|"
    r"(?P<US>[A-Z][,.]? \d{5}(?:-\d{4})?\b)|"
    r"(?P<IE>(?<=C)o\.? (?:Dublin|Cork|Galway|Kerry|Mayo|Offaly|Meath|Kildare|Wicklow)\b)|"
    r"(?P<DE>(?:(?<=D)-\d{5}|(?<=G)mbH)\b)|"
    r"(?P<AT>(?<=A)-\d{4}\b)|"
    r"(?P<CH>(?<=C)H-\d{4}\b)|"
    r"(?P<FR>(?:(?<=F)-\d{5}|(?<=C)(?:EDEX|edex))\b)|"
    r"(?P<NL>(?:(?<=N)L-\d{4}|(?<=K)vK)\b)|"
    r"(?P<IN>(?<=P)vt\.? Ltd\b))"
)
_INDIAN_POSTCODE = re.compile(r"[–-](?:(?<=[a-z][–-])|(?<=[a-z] [–-])) ?[1-8]\d{2} ?\d{3}\b")  # noqa: RUF001
_INTERNATIONAL = re.compile(r"\+ ?(\d{1,3})")
# The country code in an e-mail address.
_ADDRESS_ENDING = re.compile(r"@[\w.-]{1,60}\.([a-z]{2})\b(?![.-]?\w)")


class PageRegions:
    """The possible regions of a page's national numbers, most likely first.

    The best evidence is a country domain, the country of a JSON-LD address, or a declared language
    with a region; then countries named in the text. Without any of these, a page is American.
    """

    def __init__(self, *, url: str, language: str, json_ld: Iterable[Any], text: str) -> None:
        self._text = text[:SCANNED_TEXT]
        self._language = language.lower()
        stated = [_of_host(url), *_of_addresses(json_ld), _of_language(language)]
        self.declared = tuple(dict.fromkeys(plan_of(region) for region in stated if region))

    @cached_property
    def first(self) -> tuple[str, ...]:
        """The regions known without reading the text: the declared ones, else North America."""
        return self.declared or (() if self._is_foreign else (NANP,))

    @cached_property
    def likely(self) -> tuple[str, ...]:
        """The first regions, then those that the text refers to; at most five."""
        named = [region for region, _ in self._named().most_common()]
        return tuple(dict.fromkeys([*self.first, *named]))[:5]

    @cached_property
    def guesses(self) -> tuple[str, ...]:
        """Further regions to try for labelled phone numbers."""
        guesses = (NANP,) if self._is_foreign else GUESSES
        return tuple(region for region in guesses if region not in self.likely)

    @property
    def _is_foreign(self) -> bool:
        return bool(self._language) and not self._language.startswith("en")

    def in_turn(self) -> Iterator[str]:
        """Yield all regions worth trying; the text is examined lazily."""
        yield from self.first
        yield from self.likely
        yield from self.guesses

    def _spoken(self) -> str:
        """Return the page's language, detected from the text if English is only declared."""
        declared = self._language.partition("-")[0]
        is_sure = declared != "en" or self.declared
        return declared if is_sure else detect_language(self._text[:LANGUAGE_SAMPLE])

    def _named(self) -> Counter[str]:
        """Count how often the text refers to each region; a postcode counts twice."""
        counts: Counter[str] = Counter()
        for region, count in _postal_marks(self._text).items():
            counts[plan_of(region)] += 2 * min(2, count)
        counts.update(plan_of(region) for region, _ in countries_in(self._text))
        for code in set(_INTERNATIONAL.findall(self._text)):
            counts[_of_calling_code(code)] += 2
        for ending in set(_ADDRESS_ENDING.findall(self._text)):
            counts[plan_of(_of_ending(ending))] += 2
        for region in table("languages").get(self._spoken(), "").split():
            counts[region] += 2
        del counts[""]
        return +counts


def _postal_marks(text: str) -> Counter[str]:
    """Count the marks of each country's addresses."""
    marks = Counter(mark.lastgroup or "" for mark in _POSTAL_MARKS.finditer(text))
    marks["IN"] += len(_INDIAN_POSTCODE.findall(text))
    return marks


def plan_of(region: str) -> str:
    """Return the representative region of a region's numbering plan."""
    return NANP if region in _NANP_REGIONS else region


def countries_in(text: str) -> Iterator[tuple[str, int]]:
    """Yield (region, end of the name) for every country named in a text."""
    by_name, pattern = _country_names()
    for match in pattern.finditer(text):
        before = text[match.start() - 1 : match.start()]
        region = by_name[match[0]]
        if region and not before.isalnum():
            yield region, match.end()


@cache
def _country_names() -> tuple[dict[str, str], re.Pattern[str]]:
    by_name = {
        name: region for region, listed in table("countries").items() for name in listed.split("|")
    }
    by_name.update(dict.fromkeys(names("not_countries"), ""))
    by_letter: defaultdict[str, list[str]] = defaultdict(list)
    for name in sorted(by_name, key=len, reverse=True):
        by_letter[name[0]].append(re.escape(name[1:]))
    # Grouped by first letter, because `re` tries alternatives one after another.
    names_of = (f"{re.escape(letter)}(?:{'|'.join(ends)})" for letter, ends in by_letter.items())
    return by_name, re.compile(rf"(?:{'|'.join(names_of)})(?!\w)")


def _of_host(url: str) -> str:
    try:
        ending = (urlsplit(url).hostname or "").rstrip(".").rpartition(".")[2]
    except ValueError:
        return ""
    return _of_ending(ending)


def _of_ending(ending: str) -> str:
    if ending in _TLDS_OF_EVERYBODY:
        return ""
    region = "GB" if ending == "uk" else ending.upper()
    return region if region in SUPPORTED_REGIONS else ""


def _of_addresses(json_ld: Iterable[Any]) -> Iterator[str]:
    for item in walk(list(json_ld)):
        country = item.get("addressCountry")
        if isinstance(country, dict):
            country = country.get("name")
        if isinstance(country, str):
            yield region_named(country.strip())


def _of_language(language: str) -> str:
    """Return the region of a language tag such as `en-GB`; `en-US` is ignored as a default."""
    region = language.rpartition("-")[2].replace("UK", "GB") if "-" in language else ""
    return region if region in SUPPORTED_REGIONS and language != "en-US" else ""


def _of_calling_code(digits: str) -> str:
    for length in (1, 2, 3):
        regions = COUNTRY_CODE_TO_REGION_CODE.get(int(digits[:length]))
        if regions:
            return plan_of(regions[0])
    return ""
