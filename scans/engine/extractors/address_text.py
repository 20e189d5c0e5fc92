"""Postal addresses in running text: legal notices, contact blocks, footers.

Searches for postcodes first because few texts contain any; then the surrounding text must be an
address in a country that the page may refer to.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice, takewhile
from typing import NamedTuple

from scans.engine.extractors.address_formats import (
    Format,
    PostalAddress,
    ending_in_postcode,
    ending_in_town,
    formats,
)
from scans.engine.extractors.address_table import is_anothers, words_around
from scans.engine.extractors.countries import LONGEST_NAME, country_named
from scans.engine.extractors.regions import PageRegions, countries_in
from scans.engine.extractors.snippets import around
from scans.engine.extractors.text import digit_groups

# Characters before and after a postcode that may belong to its address.
BEFORE, AFTER = 220, 90
LINES_BEFORE = 5
# Characters before an address that may attribute it to somebody else.
FOREIGN_BEFORE = 160
LONGEST_PREFIX = 4
# Maximum runs of digits examined per page.
MOST = 2_000

_PLACE = re.compile(
    r"[0-9](?:(?<![\w.,]\d)(?:"
    r"(?P<dutch>\d{3} ?[A-Z]{2}(?= [A-Z'\u2019]|, ?[A-Z]))"
    r"|(?P<five>\d{4}(?:-\d{4})?\b(?![.,:/%]\d))"
    # most runs of four digits are years: a town after them, or what ends an Australian state,
    # and no sign of a copyright before them
    r"|(?P<four>\d{3}\b(?<!© \d{4})(?![.,:/%-]\d)"
    r"(?:(?= [A-ZÀ-Ž'\u2019\u2013-])|(?<=[A-Zacdsy][ \n]\d{4})|(?<=[A-Zacdsy],[ \n]\d{4})))"
    r"|(?P<british>[ABD-HJLNP-UW-Z]{2}\b))"
    r"|(?P<canadian>(?:(?<![\w.,]\d)|(?<=[A-Z]\d[A-Z]\d))[A-Z]\d\b)"
    r"|(?P<irish>(?<=[AC-FHKNPRTV-Y]\d)[\dW] ?[AC-FHKNPRTV-Y\d]{4}\b))"
)
# Each separator is one character, so that offsets do not change.
_SEPARATORS = str.maketrans(dict.fromkeys("\n|·•;●▪◊►*¦", ","))
_NAME_BEHIND = re.compile(r" ?[-\u2013]? ?[A-ZÀ-ÖØ-Ž'\u2019]")
# What precedes the postcode of an address in a country that the page does not refer to.
_PART_ENDS = frozenset(["", *"\n,;|·•-\u2013/0123456789"])
# What may precede a postcode that begins its line.
_LABEL = re.compile(r"(?:[^,:]{1,30}: ?)?(?:[A-Z]{1,2}[-\u2013 ])?")
_WORDS = re.compile(r"[^\s,()]+")


class _Window(NamedTuple):
    """The lines around a postcode as one, separators made commas."""

    text: str
    # Where the postcode begins and ends.
    start: int
    end: int
    # Where its own line begins and ends.
    line_start: int
    line_end: int

    @property
    def line(self) -> str:
        return self.text[self.line_start : self.line_end]

    @property
    def begins_line(self) -> bool:
        """Whether nothing but a label or the letters of a country precedes the postcode."""
        return bool(_LABEL.fullmatch(self.text, self.line_start, self.start))


class TextAddress(NamedTuple):
    """An address in a text, with the surrounding words."""

    address: PostalAddress
    snippet: str


def read_addresses(text: str, regions: PageRegions) -> Iterator[TextAddress]:
    """Yield the addresses in a text with one line per block; duplicates are kept."""
    for place in islice(_places(text), MOST):
        forms = _possible(place, regions)
        if not forms:
            continue
        start, window = _window_around(text, place)
        countries = countries_of(regions)
        if read := _address_at(_likeliest_first(forms, countries), window, countries):
            address, since, until = read
            before = text[max(0, start + since - FOREIGN_BEFORE) : start + until]
            if not is_anothers(before):
                yield TextAddress(address, around(text, start + since, start + until))


def read_line(line: str, regions: PageRegions) -> PostalAddress | None:
    """Return the address in a single line from a form or markup."""
    return next((item.address for item in read_addresses(line[:300], regions)), None)


def _places(text: str) -> Iterator[re.Match[str]]:
    """Yield what may be a postcode; its first digit begins a group of digits."""
    end = 0
    for start, _ in digit_groups(text):
        place = _PLACE.match(text, start) if start >= end else None
        if place:
            end = place.end()
            yield place


def _window_around(text: str, place: re.Match[str]) -> tuple[int, _Window]:
    """Return where the text around a postcode begins, and that text."""
    start, end = _line_start(text, place.start()), _line_end(text, place.end())
    own_start = max(start, text.rfind("\n", start, place.start()) + 1)
    own_end = text.find("\n", place.end(), end)
    places = (place.start(), place.end(), own_start, own_end if own_end >= 0 else end)
    around_it = text[start:end].translate(_SEPARATORS)
    return start, _Window(around_it, *(spot - start for spot in places))


def _line_start(text: str, place: int) -> int:
    """Return the start of the lines that may belong to an address."""
    earliest = max(0, place - BEFORE)
    start = place
    for _ in range(LINES_BEFORE):
        start = text.rfind("\n", earliest, start)
        if start < 0:
            return earliest
    return start + 1


def _line_end(text: str, place: int) -> int:
    """Return the end of the line after the postcode's, which may name the country."""
    end = text.find("\n", place, place + AFTER)
    if end < 0:
        return min(len(text), place + AFTER)
    further = text.find("\n", end + 1, end + AFTER)
    return further if further > 0 else min(len(text), end + AFTER)


def _possible(place: re.Match[str], regions: PageRegions) -> list[Format]:
    """Return the possible formats of a postcode after a cheap check of its surroundings."""
    text, end = place.string, place.end()
    shape = place.lastgroup or ""
    forms = [form for form in ending_in_postcode(shape) if form.may_end_at(text, end)]
    with_town_behind = ending_in_town(shape)
    if not with_town_behind or not _NAME_BEHIND.match(text, end):
        return forms
    spoken = countries_of(regions)
    forms += [form for form in with_town_behind if form.own or form.country in spoken]
    if text[max(0, place.start() - 2) : place.start()].rstrip(" ")[-1:] in _PART_ENDS:
        stated = _stated_around(place)
        forms += [form for form in with_town_behind if form not in forms and stated(form)]
    return forms


def _stated_around(place: re.Match[str]) -> Callable[[Format], bool]:
    """Return a predicate for whether a format's country is stated around a postcode."""
    text = place.string
    before = text[max(0, place.start() - LONGEST_PREFIX) : place.start()]
    behind = {name for name, _ in countries_in(text[place.end() : place.end() + AFTER])}
    return lambda form: form.country in behind or form.is_prefix(before)


@lru_cache(maxsize=1_024)
def _address_at(
    forms: tuple[str, ...], window: _Window, countries: tuple[str, ...]
) -> tuple[PostalAddress, int, int] | None:
    """Return the address that a postcode belongs to, and where in the window it stands.

    `forms` are tried in turn; `countries` need not be named. Cached: the pages of a site repeat
    their footer.
    """
    for form in map(formats().__getitem__, forms):
        for match, offset in _matches(form, window):
            start = _start_of(form, match)
            address = _checked(form, match, start)
            if address and _is_of_country(form, match, countries):
                start = min(start, match.start("postcode"))
                return address, offset + start, offset + match.end()
    return None


def _likeliest_first(forms: list[Format], countries: tuple[str, ...]) -> tuple[str, ...]:
    names = [form.country for form in forms]
    order = {country: rank for rank, country in enumerate(countries)}
    return tuple(sorted(names, key=lambda name: order.get(name, len(order))))


def _is_of_country(form: Format, match: re.Match[str], countries: tuple[str, ...]) -> bool:
    """Return whether its country is stated by the address, postcode or page, and no other is."""
    stated = _country_behind(match.string[match.end() :])
    if stated or form.own:
        return stated in ("", form.country)
    before = match.string[: match.start("postcode")]
    return form.country in countries or form.is_prefix(before[-LONGEST_PREFIX:])


def _matches(form: Format, window: _Window) -> Iterator[tuple[re.Match[str], int]]:
    """Yield the matches of a format for a postcode, and what their places are relative to.

    A line that begins with the postcode and holds a street after the town has its street last.
    """
    readings = [(_match, 0), (_turned_match, window.line_start)]
    for read, offset in reversed(readings) if window.begins_line else readings:
        if match := read(form, window):
            yield match, offset


def _turned_match(form: Format, window: _Window) -> re.Match[str] | None:
    matches = form.turned_pattern.finditer(window.line) if form.turned_pattern else iter(())
    return _ending_at(window.end - window.line_start, matches)


def _match(form: Format, window: _Window) -> re.Match[str] | None:
    """Return the match of a format whose postcode is that of the window."""
    upto = window.text if form.is_postcode_first else window.text[: window.end]
    match = _ending_at(window.end, form.pattern.finditer(upto))
    if match and words_around("lesser").match(match["street"]):
        behind = form.pattern.finditer(upto, match.end("street"))
        match = _ending_at(window.end, behind) or match
    if match is None and form.loose_pattern and words_around("context").search(window.text):
        match = _ending_at(window.end, form.loose_pattern.finditer(upto))
    return match


def _ending_at(spot: int, matches: Iterator[re.Match[str]]) -> re.Match[str] | None:
    return next((match for match in matches if match.end("postcode") == spot), None)


def _start_of(form: Format, match: re.Match[str]) -> int:
    """Return where a street begins, or the named building before it in Britain."""
    start = match.start("street")
    if form.country != "GB":
        return start
    building = words_around("building").search(match.string, max(0, start - 80), start)
    return building.start("building") if building else start


def _checked(form: Format, match: re.Match[str], start: int) -> PostalAddress | None:
    parts = match.groupdict()
    street = match.string[start : match.end("street")]
    town, region = parts.get("town") or "", parts.get("region") or ""
    if parts.get("towns"):
        road, town, region = form.split_towns(parts["towns"])
        street = f"{street}, {road}" if road else street
    return form.checked(street, parts["postcode"], town, region)


def _country_behind(rest: str) -> str:
    """Return the country named right after an address; empty if none."""
    words = _WORDS.findall(rest[:60])[:LONGEST_NAME]
    for count in range(len(words), 0, -1):
        name = " ".join(words[:count]).strip(".")
        if region := country_named(name):
            return region
    return ""


def countries_of(regions: PageRegions) -> tuple[str, ...]:
    """Return the countries that addresses on this page need not name.

    These are the countries that the page declares; on pages that are not in English, else those
    that its text refers to, unless one of them has similar addresses in an unknown format.
    """
    if regions.first:
        return regions.first
    return tuple(takewhile(formats().__contains__, regions.likely))
