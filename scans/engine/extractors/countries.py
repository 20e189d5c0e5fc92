"""Recognise countries by name in eight languages, code or flag."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

from phonenumbers import SUPPORTED_REGIONS

from scans.engine.extractors.vocabulary import names, table, words

# Number of words in the longest country name.
LONGEST_NAME = 6

_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
_FLAG_A = 0x1F1E6


def region_named(country: str) -> str:
    """Return the region of a country name or ISO code; empty if it is neither."""
    code = "GB" if country.upper() == "UK" else country.upper()
    code = _three_letter_codes().get(code, code)
    if code in SUPPORTED_REGIONS:
        return code
    return _regions().get(country.rstrip(".").casefold(), "")


def country_named(name: str) -> str:
    """Return the region of a country name, not of a city, in one of eight languages."""
    return _countries().get(name.rstrip(".").casefold(), "")


def region_of_flag(text: str) -> str:
    """Return the region of the last flag in a text, or an empty string."""
    flags = [] if text.isascii() else _FLAG.findall(text)
    return region_named("".join(map(_letter, flags[-1]))) if flags else ""


def _letter(half: str) -> str:
    return chr(ord(half) - _FLAG_A + ord("A"))


def region_at_end(parts: Sequence[str]) -> str:
    """Return the region of the longest capitalised country name at the end of the words."""
    if not parts or parts[-1].rstrip(".").casefold() not in _last_words():
        return ""
    for start in range(max(0, len(parts) - LONGEST_NAME), len(parts)):
        name = parts[start:]
        region = _regions().get(" ".join(name).rstrip(".").casefold())
        if region is not None:
            return region if name[0][0].isupper() else ""
    return ""


def region_of_code(code: str) -> str:
    """Return the region of an ISO code, unless it has another meaning next to a number."""
    return region_named(code) if code in words("codes_beside_numbers") else ""


@cache
def _three_letter_codes() -> dict[str, str]:
    pairs = (pair.partition(":") for pair in words("three_letter_codes"))
    return {long: short for short, _, long in pairs}


@cache
def _last_words() -> frozenset[str]:
    return frozenset(name.rpartition(" ")[2] for name in _regions())


@cache
def _regions() -> dict[str, str]:
    """Return the regions by lower-case name; empty for names that are not countries."""
    regions = _countries() | _by_name(table("countries"))
    return regions | {name.casefold(): "" for name in names("not_countries")}


@cache
def _countries() -> dict[str, str]:
    text = files(__package__).joinpath("country_names.toml").read_text("utf-8")
    return _by_name(tomllib.loads(text)) | {"uk": "GB", "u.k": "GB", "great britain": "GB"}


def _by_name(listed: Mapping[str, str]) -> dict[str, str]:
    return {
        name.rstrip(".").casefold(): region
        for region, alternatives in listed.items()
        for name in alternatives.split("|")
    }
