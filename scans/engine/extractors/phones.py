"""Phone numbers in E.164, with their region and how each was found; faxes are marked."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import parse_qs, unquote

from phonenumbers import convert_alpha_characters_in_number

from scans.engine.extractors.json_ld import walk
from scans.engine.extractors.phone_context import Context, read_context
from scans.engine.extractors.phone_reading import (
    NANP_SHAPE,
    ReadNumber,
    is_mobile,
    read_lenient,
    read_strict,
    read_whole,
)
from scans.engine.extractors.regions import NANP, PageRegions
from scans.engine.extractors.snippets import around

# Runs of digits that are looked at closely; a page with more is a table of something else.
MAX_CANDIDATES = 1_000
LABELLED, USUAL, PLAIN, GUESSED = 0.95, 0.9, 0.8, 0.6

# A region that dials abroad with 00, as all but a few do.
WITH_DOUBLE_ZERO = "GB"

_CANDIDATE = re.compile(
    r"[+(\[\d](?:(?<=\d)|[+(\[]{0,2}\d)"
    r"[\d .()\[\]/\-\u2010-\u2015\u2212\uff0d\u2022\u00b7~*+]{5,120}\d"
)
# Fancy dashes and dots to those that numbers are read with, one for one.
_PLAIN = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d", "-")
    | dict.fromkeys("\u2022\u00b7~*", ".")
)
_NEXT_NUMBER = re.compile(r"(?<=\d)[ /]*(?=\(?\+ ?\d)")
# `03338 750812 - 0170 5898858`, behind at least `WHOLE` digits.
_NEXT_NATIONAL = re.compile(r" ?[-/] (?=\(?0[1-9][\d ()./-]{6,})")
WHOLE = 7
_POSTCODE_BEFORE = re.compile(r"\b[A-Z]{2},? {0,2}\Z")
_POSTCODE = re.compile(r"\d{5}(?:-\d{4})?(?=[ ,.:-]|\Z)[ .:/-]*")
_DATE = re.compile(
    r"(?<![\d./-])(?:\d{1,2}([./-])\d{1,2}\1(?:19|20)?\d\d|(?:19|20)\d\d([./-])\d{1,2}\2\d{1,2}|"
    r"(?:19|20)\d\d ?[-/] ?(?:19|20)\d\d)(?![./-]?\d)"
)
# An amount like 231.506.740, which Spain and Poland write phone numbers like, too.
_THOUSANDS = re.compile(r"\d{1,3}(?:([ .])\d{3})(?:\1\d{3})+")
# What national numbers begin with; without it a run is a number only where its country is sure.
_TRUNK_PREFIXES = ("0", "(", "13", "18")
# One national number, grouped in any way but as hours and dates are.
_NATIONAL = re.compile(r"(?!\d\d?/\d\d?/)\(?0[1-9](?:[^\d.(]{0,3}\d){5,11}\Z")
_BARE = re.compile(r"0[1-9]\d{8,11}\Z")
_STUCK_BEFORE = re.compile(r"(?:[^\W\d]|[$£€¥%=/@#&:]|\w[-.])\Z")
_STUCK_BEHIND = re.compile(r"[^\W\d]|%|-[^\W\d]")
# What every such number holds; far quicker to look for, because it begins with a digit.
_VANITY_HINT = re.compile(r"[2-9]\d\d\)?[-.] ?(?=[\dA-Z .-]{0,5}[A-Z]{3})")
_VANITY = re.compile(
    r"(?<![\w.])(?:1[-. ])?\(?[2-9]\d\d\)?[-.] ?(?=[\dA-Z .-]{0,5}[A-Z]{3})"
    r"[\dA-Z][\dA-Z.-]{6,8}(?!\w)"
)


@dataclass(frozen=True, slots=True)
class FoundPhone:
    """One number as it was found."""

    number: str
    region: str
    is_fax: bool
    method: str
    snippet: str
    confidence: float


def from_hrefs(hrefs: Iterable[tuple[str, str]], regions: PageRegions) -> Iterator[FoundPhone]:
    """Yield the numbers of (href, words) pairs that are tel:, fax: and WhatsApp links."""
    for href, words in hrefs:
        scheme, _, target = href.lower().partition(":")
        if scheme not in ("tel", "callto", "fax", "sms", "whatsapp"):
            continue
        path, _, query = target.partition("?")
        digits = unquote(parse_qs(query).get("phone", [path])[0])
        read = read_whole(digits.lstrip("/ "), regions.in_turn())
        if read:
            is_fax = scheme == "fax" or words.lower().startswith("fax")
            yield FoundPhone(read.number, read.region, is_fax, "tel_link", words, 1.0)


def from_json_ld(json_ld: Iterable[Any], regions: PageRegions) -> Iterator[FoundPhone]:
    """Yield the numbers that JSON-LD objects give as telephone or faxNumber."""
    for thing in walk(list(json_ld)):
        for key, is_fax in (("telephone", False), ("faxNumber", True)):
            values = thing.get(key)
            for value in values if isinstance(values, list) else [values]:
                read = read_whole(str(value)[:60], regions.in_turn()) if value else None
                if read:
                    snippet = f"{key}: {value}"[:200]
                    yield FoundPhone(read.number, read.region, is_fax, "json_ld", snippet, 0.95)


def from_text(text: str, regions: PageRegions) -> Iterator[FoundPhone]:
    """Yield the numbers in visible text."""
    since = 0
    for start, digits in _candidates(text):
        context = read_context(text, start, start + len(digits), since)
        numbers, confidence = _read(text, start, digits, context, regions)
        for read in numbers:
            since = start + read.end
            snippet = around(text, start + read.start, since)
            yield FoundPhone(read.number, read.region, context.is_fax, "text", snippet, confidence)
    yield from _vanity_numbers(text, regions)


def _candidates(text: str) -> Iterator[tuple[int, str]]:
    """Yield (position, run) for the runs of digits that could hold a phone number."""
    for found in islice(_CANDIDATE.finditer(text), MAX_CANDIDATES):
        if _digits_in(found[0]) < WHOLE:
            continue
        for start, run in _split_run(text, found.start(), found[0].translate(_PLAIN)):
            if _digits_in(run) >= WHOLE:
                yield start, run


def _digits_in(run: str) -> int:
    return sum(map(str.isdigit, run))


def _split_run(text: str, start: int, run: str) -> Iterator[tuple[int, str]]:
    """Take a postcode off the head of a run, dates out of it, and part its numbers."""
    if _POSTCODE_BEFORE.search(text[max(0, start - 5) : start]):
        postcode = _POSTCODE.match(run)
        if postcode:
            start, run = start + postcode.end(), run[postcode.end() :]
    if not NANP_SHAPE.search(run):
        run = _DATE.sub(lambda date: "\n" * len(date[0]), run)
    position = 0
    for part in re.split(r"(\n+)", run):
        yield from _split_numbers(start + position, part)
        position += len(part)


def _split_numbers(start: int, run: str) -> Iterator[tuple[int, str]]:
    """Part a run before each `+`, and before each 0 that begins another national number."""
    position = 0
    long_enough = len(run) > 2 * WHOLE or "+" in run
    marks = [*_NEXT_NUMBER.finditer(run), *_NEXT_NATIONAL.finditer(run)] if long_enough else ()
    for mark in sorted(marks, key=re.Match.start):
        before = run[position : mark.start()]
        if mark.re is _NEXT_NUMBER or _digits_in(before) >= WHOLE:
            yield start + position, before
            position = mark.end()
    yield start + position, run[position:]


def _read(
    text: str, start: int, digits: str, context: Context, regions: PageRegions
) -> tuple[tuple[ReadNumber, ...], float]:
    """Return the numbers in one run, and how sure they are."""
    international = digits.lstrip("([ ").startswith(("+", "00"))
    usual = bool(NANP_SHAPE.search(digits))
    if not (international or usual or context.labelled) and (
        context.is_other
        or (_THOUSANDS.fullmatch(digits) and not regions.declared)
        or _is_stuck(text, start, start + len(digits))
    ):
        return (), 0.0
    if digits.isdigit() and not (international or usual or context.labelled):
        return _bare_mobile(digits, regions), PLAIN
    numbers = next(filter(None, _sure_readings(digits, context, regions, international)), ())
    if numbers:
        return numbers, LABELLED if context.labelled else USUAL if usual or international else PLAIN
    if not context.labelled:
        return (), 0.0
    return next(filter(None, _guessed_readings(digits, regions)), ()), GUESSED


def _bare_mobile(digits: str, regions: PageRegions) -> tuple[ReadNumber, ...]:
    """Read a plain row of digits; only mobile numbers are written so without a label."""
    read = read_whole(digits, regions.likely) if _BARE.match(digits) else None
    return (read,) if read and is_mobile(read) else ()


def _sure_readings(
    digits: str, context: Context, regions: PageRegions, international: bool
) -> Iterator[tuple[ReadNumber, ...]]:
    """Read a run in every way that is sure, likeliest first.

    A country named beside the number goes before what holds for the whole page; grouping as the
    country does goes before mere validity, which is enough for what says that it is a number.
    """
    beside = (context.region,) if context.region else ()
    if context.labelled or digits.lstrip("([ ").startswith("+"):
        yield from _labelled_readings(digits, beside, regions, international)
    else:
        yield read_strict(digits, (*beside, *regions.first))
        if international:
            yield read_strict(digits, (WITH_DOUBLE_ZERO,))
        is_national = bool(_NATIONAL.match(digits))
        if is_national:
            whole = read_whole(digits, regions.declared)
            yield (whole,) if whole else ()
        if digits.startswith(_TRUNK_PREFIXES):
            yield read_strict(digits, regions.likely)
        if is_national:
            yield read_strict(digits, (r for r in regions.guesses if read_whole(digits, (r,))))


def _labelled_readings(
    digits: str, beside: tuple[str, ...], regions: PageRegions, international: bool
) -> Iterator[tuple[ReadNumber, ...]]:
    for region in (*beside, *regions.first):
        if read_strict(digits, (region,)):
            yield read_lenient(digits, (region,))
    if international:
        yield read_lenient(digits, (WITH_DOUBLE_ZERO,))
    yield read_lenient(digits, beside)
    yield read_strict(digits, regions.likely)


def _guessed_readings(digits: str, regions: PageRegions) -> Iterator[tuple[ReadNumber, ...]]:
    """Read a run that is called a phone number in the ways that are left."""
    yield read_lenient(digits, regions.likely)
    yield read_strict(digits, regions.guesses)


def _is_stuck(text: str, start: int, end: int) -> bool:
    """Say whether letters, money or an address of the web stick to the digits."""
    before, behind = text[max(0, start - 2) : start], text[end : end + 2]
    return bool(_STUCK_BEFORE.search(before) or _STUCK_BEHIND.match(behind))


def _vanity_numbers(text: str, regions: PageRegions) -> Iterator[FoundPhone]:
    """Yield the North American numbers that are spelt with letters: 1-800-FLOWERS."""
    if NANP not in regions.first or not _VANITY_HINT.search(text):
        return
    for found in islice(_VANITY.finditer(text), MAX_CANDIDATES):
        read = read_whole(convert_alpha_characters_in_number(found[0]), (NANP,))
        if read:
            snippet = around(text, found.start(), found.end())
            yield FoundPhone(read.number, read.region, False, "vanity", snippet, PLAIN)
