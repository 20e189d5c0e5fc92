"""Phone numbers with letters: 1-800-FLOWERS, 0800 TELEKOM, 1300 PIZZAS."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from phonenumbers import convert_alpha_characters_in_number

from scans.engine.extractors.phone_reading import ReadNumber, read_whole
from scans.engine.extractors.regions import NANP
from scans.engine.extractors.text import digit_groups

MAX_CANDIDATES = 200

# Part of every such number; much faster to search for because two digits end a group there.
_HINT = re.compile(r"[0-9][0-9]\)?[-. ](?=[\dA-Z .-]{0,5}[A-Z]{3})")
_SPELT = re.compile(
    r"(?<![\w.,$€£#/-])(?P<prefix>(?P<trunk>\+?1[-. ]{1,2})?\(?(?P<area>[2-9]\d\d)\)?|"
    r"1[38]00|0(?:[5789]00|[58]08|8\d0|86\d))"
    r"(?P<rest>(?:[-. ]{1,2}(?:\d{0,4}[A-Z][A-Z'&]*\d{0,4}|[A-Z][a-z]+|\d{1,4}(?!\d))){1,4})"
    r"(?![\w-])"
)
_THREE_THREE_FOUR = re.compile(r"[-. ]\d{3}[-. ][A-Z]{4}\Z")
# `(800) GO-FEDEX`, `877-CASH-NOW`: what is joined so is no price and no model.
_JOINED = re.compile(r"\(\d{3}\) ?[A-Z0-9-]++\Z|\d{3}-[A-Z0-9-]++\Z")
_TOLL_FREE = frozenset(["800", "833", "844", "855", "866", "877", "888"])
# Digits of a North American number after the area code; further letters are not dialled.
_SUBSCRIBER = 7
# Digits after the prefix in other countries.
_SHORTEST, _LONGEST = 4, 9


def vanity_numbers(
    text: str, regions: Iterable[str]
) -> Iterator[tuple[ReadNumber, int, int, bool]]:
    """Yield (number, start, end, whether it is certain without a label) for a text."""
    if not any(_HINT.match(text, end - 2) for _, end in digit_groups(text)):
        return
    tried = tuple(regions)
    for match in islice(_SPELT.finditer(text), MAX_CANDIDATES):
        read = _read(match, tried)
        if read:
            yield read, match.start(), match.end(), _is_sure(match)


def read_vanity(written: str, regions: Iterable[str]) -> ReadNumber | None:
    """Parse an entire text as one number with letters."""
    match = _SPELT.match(written.strip().upper())
    return _read(match, tuple(regions)) if match else None


def _is_sure(match: re.Match[str]) -> bool:
    area = match["area"]
    if area is None:
        return match["prefix"].startswith(("1300", "1800", "0800"))
    if _THREE_THREE_FOUR.match(match["rest"]):
        return True
    if area not in _TOLL_FREE:
        return False
    is_joined = _JOINED.match(match[0]) and sum(map(str.isalnum, match["rest"])) == _SUBSCRIBER
    return match["trunk"] is not None or bool(is_joined)


def _read(match: re.Match[str], regions: tuple[str, ...]) -> ReadNumber | None:
    letters = re.sub(r"[^A-Z0-9]", "", match["rest"].upper())
    if not any(map(str.isalpha, letters)):
        return None
    digits = convert_alpha_characters_in_number(letters)
    if match["area"]:
        if len(digits) < _SUBSCRIBER or NANP not in regions:
            return None
        return read_whole(f"{match['area']}{digits[:_SUBSCRIBER]}", (NANP,))
    prefix = re.sub(r"\D", "", match["prefix"])
    lengths = range(min(len(digits), _LONGEST), _SHORTEST - 1, -1)
    others = [region for region in regions if region != NANP]
    readings = (read_whole(prefix + digits[:length], others) for length in lengths)
    return next(filter(None, readings), None)
