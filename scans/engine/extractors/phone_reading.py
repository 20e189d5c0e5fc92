"""Runs of digits to valid E.164 numbers; what the words around them say is not looked at here."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import Leniency, NumberParseException, PhoneNumber, PhoneNumberMatcher

from scans.engine.extractors.regions import NANP

NANP_SHAPE = re.compile(
    r"(?<![0-9])(?:\+?1[ .\-]{0,3})?(?:\( ?([2-9][0-9]{2}) ?\)|([2-9][0-9]{2}))[ .\-/]{0,3}"
    r"([2-9][0-9]{2})[ .\-]{1,3}([0-9]{4})(?![0-9])"
)
"""A North American number in its usual groups: (212) 555-0143."""
_MADE_UP = re.compile(r"1234567|(\d)\1{6}")


@dataclass(frozen=True, slots=True)
class ReadNumber:
    """One valid number and where it stands in what was read."""

    number: str
    region: str
    start: int
    end: int


@lru_cache(maxsize=4_096)
def read_numbers(digits: str, region: str, leniency: int) -> tuple[ReadNumber, ...]:
    """Return the valid numbers in a run of digits and punctuation, read as `region` writes them.

    `leniency` is one of phonenumbers' `Leniency`. Cached: the pages of a site repeat their numbers.
    """
    if region == NANP:
        usual = tuple(_usual_nanp(digits))
        if usual:
            return usual
    matches = PhoneNumberMatcher(digits, region, leniency, max_tries=20)
    return tuple(
        ReadNumber(*described, match.start, match.end)
        for match in matches
        if (described := _describe(match.number))
    )


def read_strict(digits: str, regions: Iterable[str]) -> tuple[ReadNumber, ...]:
    """Return the numbers of the first region whose way of grouping the digits follow."""
    return _first(digits, regions, Leniency.STRICT_GROUPING)


def read_lenient(digits: str, regions: Iterable[str]) -> tuple[ReadNumber, ...]:
    """Return the numbers of the first region in which they are valid, however grouped."""
    return _first(digits, regions, Leniency.VALID)


def _first(digits: str, regions: Iterable[str], leniency: int) -> tuple[ReadNumber, ...]:
    found = (read_numbers(digits, region, leniency) for region in regions)
    return next((numbers for numbers in found if numbers), ())


def _usual_nanp(digits: str) -> Iterator[ReadNumber]:
    """Yield the numbers in North America's usual groups, at a fifth of the matcher's cost."""
    for shape in NANP_SHAPE.finditer(digits):
        before = digits[: shape.start()].rstrip(" .-/")
        if before.endswith(tuple("+0123456789")) and "+" in before:
            continue
        national = int("".join(group for group in shape.groups() if group))
        described = _describe_valid(PhoneNumber(country_code=1, national_number=national))
        if described:
            yield ReadNumber(*described, shape.start(), shape.end())


def read_whole(digits: str, regions: Iterable[str]) -> ReadNumber | None:
    """Read all of a text as one number, in the first region where it is valid."""
    for region in regions:
        try:
            described = _describe_valid(phonenumbers.parse(digits, region))
        except NumberParseException:
            continue
        if described:
            return ReadNumber(*described, 0, len(digits))
    return None


def _describe_valid(number: PhoneNumber) -> tuple[str, str] | None:
    return _describe(number) if phonenumbers.is_valid_number(number) else None


def _describe(number: PhoneNumber) -> tuple[str, str] | None:
    """Return (E.164, region), None for the numbers that stand in examples (123-4567)."""
    if _MADE_UP.search(str(number.national_number)[-8:]):
        return None
    text = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return text, phonenumbers.region_code_for_number(number) or ""
