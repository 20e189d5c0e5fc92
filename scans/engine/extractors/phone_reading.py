"""Parse runs of digits into valid E.164 numbers, regardless of the surrounding words."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

import phonenumbers
from phonenumbers import (
    FrozenPhoneNumber,
    Leniency,
    NumberParseException,
    PhoneMetadata,
    PhoneNumber,
    PhoneNumberMatcher,
)

from scans.engine.extractors.regions import NANP

# A North American number in its usual format: (212) 555-0143.
NANP_SHAPE = re.compile(
    r"(?<![0-9])(?:\+?1[ .\-]{0,3})?(?:\( ?([2-9][0-9]{2}) ?\)|([2-9][0-9]{2}))[ .\-/]{0,3}"
    r"([2-9][0-9]{2})[ .\-]{1,3}([0-9]{4})(?![0-9])"
)
_INVENTED = re.compile(r"1234567|34567890|(\d)\1{6}")
_TIGHT = tuple(".-/")
# +43/1/479 15 23: the matcher ends a number at a second slash.
_SLASH_BEHIND_CODE = re.compile(r"(?<=^\+\d\d)/")
# 00 is the international prefix in most countries, followed by a country code.
_ABROAD = re.compile(r"(?:\+?00|\+)(?=[\s(]*[1-9])")
_LEAST_DIGITS = 9


@dataclass(frozen=True, slots=True)
class ReadNumber:
    """A valid number and its position in the text."""

    number: str
    region: str
    start: int
    end: int


def read_strict(digits: str, regions: Iterable[str]) -> tuple[ReadNumber, ...]:
    """Return the numbers of the first region whose digit grouping they follow."""
    by_region = (_read_numbers(digits, region, Leniency.STRICT_GROUPING) for region in regions)
    return next(filter(None, by_region), ())


def read_lenient(digits: str, regions: Iterable[str]) -> tuple[ReadNumber, ...]:
    """Return the numbers of the first region in which they are valid, regardless of grouping.

    Using all digits is preferred to following the grouping: the last group of `030/226 343-0` is an
    extension that belongs to the number.
    """
    digits = _SLASH_BEHIND_CODE.sub(" ", digits)
    return next(filter(None, (_read_most(digits, region) for region in regions)), ())


def _read_most(digits: str, region: str) -> tuple[ReadNumber, ...]:
    strict = _read_numbers(digits, region, Leniency.STRICT_GROUPING)
    if _covers(strict, digits):
        return strict
    lenient = _read_numbers(digits, region, Leniency.VALID)
    return lenient if _covers(lenient, digits) else strict or lenient


def _covers(numbers: tuple[ReadNumber, ...], digits: str) -> bool:
    covered = sum(sum(map(str.isdigit, digits[number.start : number.end])) for number in numbers)
    return covered == sum(map(str.isdigit, digits))


@lru_cache(maxsize=4_096)
def _read_numbers(digits: str, region: str, leniency: int) -> tuple[ReadNumber, ...]:
    """Return the valid numbers in a run of digits and punctuation, as written in `region`.

    `leniency` is one of phonenumbers' `Leniency`. Cached because the pages of a site repeat
    numbers.
    """
    if region == NANP:
        usual = tuple(_usual_nanp(digits))
        if usual:
            return usual
    matches = PhoneNumberMatcher(digits, region, leniency, max_tries=20)
    return tuple(
        ReadNumber(*described, match.start, match.end)
        for match in matches
        if not _is_rest_of_something(digits, match.start) and (described := _describe(match.number))
    )


def _is_rest_of_something(digits: str, start: int) -> bool:
    """Return whether a match starts inside a number: the decimals of 53.369889 look like one."""
    before = digits[:start]
    return before.endswith(_TIGHT) and sum(map(str.isdigit, before)) < 7


def _usual_nanp(digits: str) -> Iterator[ReadNumber]:
    """Yield numbers in the usual North American format, five times faster than the matcher."""
    for shape in NANP_SHAPE.finditer(digits):
        before = digits[: shape.start()].rstrip(" .-/")
        if before.endswith(tuple("+0123456789")) and "+" in before:
            continue
        national = int("".join(group for group in shape.groups() if group))
        described = _describe_valid(PhoneNumber(country_code=1, national_number=national))
        if described:
            yield ReadNumber(*described, shape.start(), shape.end())


def read_whole(digits: str, regions: Iterable[str]) -> ReadNumber | None:
    """Parse an entire text as one number, in the first region in which it is valid."""
    if digits.startswith("+"):
        regions = islice(regions, 1)  # includes the country code
    return next(filter(None, (_read_one(digits, region) for region in regions)), None)


def read_dialled(digits: str, regions: Iterable[str]) -> ReadNumber | None:
    """Parse an entire text as dialled by a phone, such as the number in a tel: link.

    Without a plus, digits that begin with a region's country code include it, unless they are valid
    national numbers: 49 221 471 in Germany, where national numbers begin with 0.
    """
    abroad = _ABROAD.match(digits)
    if abroad:
        return _read_one(f"+{digits[abroad.end() :]}", "")
    readings = (
        with_country_code(digits, region) or _read_one(digits, region) for region in regions
    )
    read = next(filter(None, readings), None)
    if read is None and sum(map(str.isdigit, digits)) >= _LEAST_DIGITS and digits[:1] != "0":
        return _read_one(f"+{digits}", "")
    return read


def with_country_code(digits: str, region: str) -> ReadNumber | None:
    """Parse digits that already begin with a region's country code."""
    metadata = PhoneMetadata.metadata_for_region(region)
    plain = digits.lstrip(" (")
    if metadata is None or not plain.startswith(str(metadata.country_code)):
        return None
    if sum(map(str.isdigit, plain)) < _LEAST_DIGITS:
        return None
    read = _read_one(f"+{plain}", "")
    if read is None or metadata.national_prefix:
        return read
    return None if _read_one(digits, region) else read


def read_stated(digits: str, region: str) -> tuple[ReadNumber, ...]:
    """Parse a national number in the region stated next to it.

    Any grouping is accepted if it has the region's national prefix.
    """
    strict = read_strict(digits, (region,))
    if strict or not _dials(digits, region):
        return strict
    read = _read_one(digits, region)
    return (read,) if read else ()


def _dials(digits: str, region: str) -> bool:
    metadata = PhoneMetadata.metadata_for_region(region)
    prefix = metadata.national_prefix if metadata else None
    return not prefix or digits.lstrip(" ([").startswith(prefix)


def is_mobile(read: ReadNumber) -> bool:
    """Return whether a number is definitely a mobile number in its country."""
    kind = phonenumbers.number_type(phonenumbers.parse(read.number))
    return bool(kind == phonenumbers.PhoneNumberType.MOBILE)


@lru_cache(maxsize=4_096)
def _read_one(digits: str, region: str) -> ReadNumber | None:
    try:
        described = _describe_valid(phonenumbers.parse(digits, region or None))
    except NumberParseException:
        return None
    return ReadNumber(*described, 0, len(digits)) if described else None


def _describe_valid(number: PhoneNumber) -> tuple[str, str] | None:
    return _describe_frozen_valid(FrozenPhoneNumber(number))


@lru_cache(maxsize=4_096)
def _describe_frozen_valid(number: FrozenPhoneNumber) -> tuple[str, str] | None:
    """Describe a number if it is valid. Cached because pages write numbers in several ways."""
    return _describe(number) if phonenumbers.is_valid_number(number) else None


def _describe(number: PhoneNumber) -> tuple[str, str] | None:
    """Return (E.164, region); None for typical example numbers (123-4567)."""
    if _INVENTED.search(str(number.national_number)):
        return None
    text = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    region = phonenumbers.region_code_for_number(number) or ""
    return text, region if region.isalpha() else ""  # 001 stands for the world
