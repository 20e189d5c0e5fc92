"""The patterns and words in `address_formats.toml`."""

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

_PLAIN = re.compile(r"[^\W_]+")
# The towns, districts and counties between a British street and its postcode.
TOWNS = r"(?P<towns>(?:(?:{sep}|[ ]){town}(?: \d{1,2}W?)?(?=[ ,])){1,5})"


def compiled(
    order: str,
    streets: Iterable[str],
    *,
    prefix: str,
    postcode: str,
    regions: Iterable[str],
    is_postcode_first: bool,
) -> re.Pattern[str]:
    """Return the regex for addresses in running text in an `order` of the table."""
    patterns = _table()["patterns"]
    sep, word = patterns["sep"], patterns["word"]
    town_before = _filled(patterns["town_before"], word=word)
    town_behind = _filled(
        patterns["town_behind"], word=word, small=patterns["small"], ends=patterns["ends"]
    )
    named = {
        "sep": sep,
        "gap": f"(?:{sep}|[ ])",
        "start": patterns["start"],
        "ends": patterns["ends"],
        "code": f"(?:{postcode})",
        "between": _filled(patterns["between"], sep=sep),
        "prefix": f"(?:(?:{prefix})[-\u2013 ])?",
        "street": f"(?P<street>{'|'.join(map(_street, streets))})",
        "postcode": f"(?P<postcode>{postcode})",
        "town": f"(?P<town>{town_behind if is_postcode_first else town_before})",
        "towns": _filled(TOWNS, sep=sep, town=town_before),
        "region": f"(?P<region>{'|'.join(map(re.escape, regions))})",
    }
    return re.compile(_filled(order, **named))


def turned_order() -> str:
    """Return the order of an address whose street is last."""
    order: str = _table()["patterns"]["turned"]
    return order


def _filled(pattern: str, **named: str) -> str:
    """Return a pattern of the table with its placeholders filled in."""
    for name, value in named.items():
        pattern = pattern.replace(f"{{{name}}}", value)
    return pattern


def _street(name: str) -> str:
    patterns, parts = _table()["patterns"], _table()["street_parts"]
    pattern = _filled(_table()["streets"][name], **parts)
    return _filled(
        pattern, **parts, number=patterns["number"], word=patterns["word"], sep=patterns["sep"]
    )


@cache
def not_streets() -> re.Pattern[str]:
    """Return the pattern of texts that look like a street but are not."""
    return re.compile(_table()["not_streets"]["words"])


@cache
def words_around(name: str) -> re.Pattern[str]:
    """Return the pattern `context`, `lesser`, `not_towns`, `building` or `road`."""
    return re.compile(_table()["patterns"][name])


def is_anothers(before: str) -> bool:
    """Return whether the words before an address name a third party, such as a hosting company."""
    words = _PLAIN.findall(before.casefold())
    phrases = _others()
    if phrases.keys().isdisjoint(words):
        return False
    pairs = {*words, *map(" ".join, pairwise(words))}
    return any(not pairs.isdisjoint(phrases[word]) for word in words if word in phrases)


@cache
def _others() -> dict[str, list[str]]:
    """Return the phrases of one or two words by their first word."""
    by_word: dict[str, list[str]] = {}
    for phrase in _table()["patterns"]["foreign"].strip().split("|"):
        by_word.setdefault(phrase.partition(" ")[0], []).append(phrase)
    return by_word


def abbreviations() -> dict[str, str]:
    """Return the abbreviations used in street names."""
    short: dict[str, str] = _table()["abbreviations"]
    return short


def countries() -> dict[str, dict[str, Any]]:
    """Return the tables by ISO 3166 country code."""
    return {name: values for name, values in _table().items() if len(name) == 2}


@cache
def _table() -> dict[str, Any]:
    text = files(__package__).joinpath("address_formats.toml").read_text("utf-8")
    return tomllib.loads(text)
