"""Find phone numbers in E.164, with region and method; faxes are marked."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from scans.engine.extractors.phone_context import Context, context_of
from scans.engine.extractors.phone_endings import fax_extension, shared_start, with_ending
from scans.engine.extractors.phone_ids import Named
from scans.engine.extractors.phone_reading import (
    NANP_SHAPE,
    ReadNumber,
    is_mobile,
    read_lenient,
    read_stated,
    read_strict,
    read_whole,
    with_country_code,
)
from scans.engine.extractors.phone_vanity import vanity_numbers
from scans.engine.extractors.regions import NANP, PageRegions
from scans.engine.extractors.snippets import around

# Maximum runs of digits examined; a page with more is a table of something else.
MAX_CANDIDATES = 1_000
# Characters after a number in which the extension of its fax is looked for.
FAX_BEHIND = 40
LABELLED, USUAL, PLAIN, GUESSED = 0.95, 0.9, 0.8, 0.6

# A region with 00 as its international prefix, as in most.
WITH_DOUBLE_ZERO = "GB"

# What `\d` matches, as a list: `re` looks up listed characters in a table, in half the time that it
# takes to classify them.
_DIGITS = "".join(filter(str.isdecimal, map(chr, range(0x10000)))) + "\U0001d7ce-\U0001d7ff"
_CANDIDATE = re.compile(
    rf"[+(\[{_DIGITS}](?:(?<=\d)|[+(\[]{{0,2}}\d)"
    r"[\d .()\[\]/\-\u2010-\u2015\u2212\uff0d\u2022\u00b7~*+]{5,120}\d"
)
# Maps typographic dashes and dots to plain ones, one to one.
_PLAIN = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d", "-")
    | dict.fromkeys("\u2022\u00b7~*", ".")
)
_NEXT_NUMBER = re.compile(r"(?<=\d)[ /]*(?=\(?\+ ?\d)")
# `03338 750812 - 0170 5898858`, after at least `MIN_DIGITS` digits. A phone number with its area
# code in brackets after a company id.
_NEXT_IN_BRACKETS = re.compile(r"[ /]+(?=\(0?\d{2,4}\) ?\d[\d .-]{5,})")
_NEXT_NATIONAL = re.compile(r" ?[-/] (?=\(?0[1-9][\d ()./-]{6,})")
MIN_DIGITS = 7
_POSTCODE_BEFORE = re.compile(r"\b[A-Z]{2},? {0,2}\Z")
_POSTCODE = re.compile(r"\d{5}(?:-\d{4})?(?=[ ,.:-]|\Z)[ .:/-]*")
_DATE = re.compile(
    r"(?<![\d./-])(?:\d{1,2}([./-])\d{1,2}\1(?:19|20)?\d\d|(?:19|20)\d\d([./-])\d{1,2}\2\d{1,2}|"
    r"(?:19|20)\d\d ?[-/] ?(?:19|20)\d\d|24 ?/ ?7)(?![./-]?\d)"
)
# An amount such as 231.506.740, which is also a phone number format in Spain and Poland.
_THOUSANDS = re.compile(r"\d{1,3}(?:([ .])\d{3})(?:\1\d{3})+")
# National prefixes; without one, a run is a number only if its country is certain.
_TRUNK_PREFIXES = ("0", "(", "13", "18")
# One national number, grouped in any way but as hours and dates are; `0 800 123 456` in France.
_NATIONAL = re.compile(r"(?!\d\d?/\d\d?/)\(?0(?: (?=8\d\d ))?[1-9](?:[^\d.(]{0,3}\d){5,11}\Z")
_BARE = re.compile(r"0[1-9]\d{8,11}\Z")
# Numbers and their confidence.
Reading = tuple[tuple[ReadNumber, ...], float]


@dataclass(frozen=True, slots=True)
class FoundPhone:
    """A number as found."""

    number: str
    region: str
    is_fax: bool
    method: str
    snippet: str
    confidence: float
    # Its digits next to a country, which determines how the same digits are parsed elsewhere.
    stated: str = ""


def _stated_digits(digits: str, context: Context) -> str:
    if digits.startswith("+") or not context.stated_region:
        return ""
    return "".join(filter(str.isdigit, digits))


def from_text(text: str, regions: PageRegions) -> Iterator[FoundPhone]:
    """Yield the numbers in visible text."""
    since = 0
    for start, digits in _candidates(text):
        end = start + len(digits)
        context = context_of(text, start, end, since)
        numbers, confidence = _read_run(text, start, digits, context, regions)
        for read in numbers:
            since = start + max(read.end, 0)
            snippet = around(text, start + read.start, since)
            yield FoundPhone(
                number=read.number,
                region=read.region,
                is_fax=context.is_fax,
                method="text",
                snippet=snippet,
                confidence=confidence,
                stated=_stated_digits(digits, context),
            )
        if fax := _fax_behind(numbers, digits, text[end : end + FAX_BEHIND]):
            snippet = around(text, start, end)
            yield FoundPhone(fax.number, fax.region, True, "text", snippet, confidence)
    yield from _vanity_numbers(text, regions)


def _read_run(
    text: str, start: int, digits: str, context: Context, regions: PageRegions
) -> Reading:
    """Return the numbers in a run, including those with a shared prefix, and their confidence."""
    shared = shared_start(digits, text[start + len(digits) : start + len(digits) + 60])
    if shared:
        numbers, confidence = _read(shared.head, context, regions)
        if len(numbers) == 1 and numbers[0].end == len(shared.head):
            others = (_with_ending(numbers[0], shared.head, end) for end in shared.endings)
            return (numbers[0], *filter(None, others)), confidence
    return _read(digits, context, regions)


def _fax_behind(numbers: tuple[ReadNumber, ...], digits: str, behind: str) -> ReadNumber | None:
    """Return the fax that is stated after a number by its extension only."""
    ending = fax_extension(digits, behind) if len(numbers) == 1 else None
    if ending is None or numbers[0].end != len(digits):
        return None
    return _with_ending(numbers[0], digits, ending)


def _with_ending(read: ReadNumber, head: str, ending: tuple[bool, str]) -> ReadNumber | None:
    other = read_whole(with_ending(read.number, head, ending), (NANP,))
    return other and replace(other, start=read.start, end=read.end)


def _candidates(text: str) -> Iterator[tuple[int, str]]:
    """Yield (position, run) for runs of digits that may contain a phone number."""
    for candidate in islice(_CANDIDATE.finditer(text), MAX_CANDIDATES):
        if _digits_in(candidate[0]) < MIN_DIGITS:
            continue
        for start, run in _split_run(text, candidate.start(), candidate[0].translate(_PLAIN)):
            if _digits_in(run) >= MIN_DIGITS:
                yield start, run


def _digits_in(run: str) -> int:
    return sum(map(str.isdigit, run))


def _split_run(text: str, start: int, run: str) -> Iterator[tuple[int, str]]:
    """Split a run of digits into numbers, dropping a leading postcode and dates."""
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
    """Split a run before each `+`, and before each 0 that starts another national number."""
    position = 0
    long_enough = len(run) > 2 * MIN_DIGITS or "+" in run
    patterns = (_NEXT_NUMBER, _NEXT_NATIONAL, _NEXT_IN_BRACKETS) if long_enough else ()
    marks = [mark for pattern in patterns for mark in pattern.finditer(run)]
    for mark in sorted(marks, key=re.Match.start):
        before = run[position : mark.start()]
        if mark.re is _NEXT_NUMBER or _digits_in(before) >= MIN_DIGITS:
            yield start + position, before
            position = mark.end()
    yield start + position, run[position:]


def _read(digits: str, context: Context, regions: PageRegions) -> Reading:
    """Return the numbers in a run and their confidence."""
    international = digits.lstrip("([ ").startswith(("+", "00"))
    usual = bool(NANP_SHAPE.search(digits))
    if _is_something_else(digits, context, regions, sure=international or usual):
        return (), 0.0
    if digits.isdigit() and not (international or context.labelled):
        return () if context.is_in_row else _bare_mobile(digits, regions), PLAIN
    numbers = next(filter(None, _sure_readings(digits, context, regions, international)), ())
    if numbers and not (context.labelled or international):
        numbers = tuple(read for read in numbers if not digits[read.start : read.end].isdigit())
    if numbers:
        return numbers, LABELLED if context.labelled else USUAL if usual or international else PLAIN
    if not context.labelled:
        return (), 0.0
    return next(filter(None, _guessed_readings(digits, regions)), ()), GUESSED


def _is_something_else(digits: str, context: Context, regions: PageRegions, *, sure: bool) -> bool:
    """Return whether a run is part of a token, an amount, or labelled as something else."""
    if digits.startswith("+"):
        return False
    if context.is_in_token or context.named is Named.ID:
        return True
    if sure or context.labelled:
        return False
    is_amount = _THOUSANDS.fullmatch(digits) and not regions.declared
    is_elses = (context.named or is_amount) and not context.stated_region
    return bool(is_elses or context.is_stuck)


def _bare_mobile(digits: str, regions: PageRegions) -> tuple[ReadNumber, ...]:
    """Parse a plain run of digits; only mobile numbers are written like this without a label."""
    read = read_whole(digits, regions.likely) if _BARE.match(digits) else None
    return (read,) if read and is_mobile(read) else ()


def _sure_readings(
    digits: str, context: Context, regions: PageRegions, international: bool
) -> Iterator[tuple[ReadNumber, ...]]:
    """Parse a run in all certain ways, most likely first.

    A country named next to the number takes precedence over the page's; correct grouping takes
    precedence over mere validity, which suffices for labelled numbers.
    """
    if not digits.startswith("+") and context.stated_region:
        yield read_stated(digits, context.stated_region)
    nearby = tuple(filter(None, dict.fromkeys((context.stated_region, context.near_region))))
    if context.labelled or digits.lstrip("([ ").startswith("+"):
        yield from _labelled_readings(digits, nearby, regions, international)
    else:
        yield read_strict(digits, (*nearby, *regions.first))
        if international:
            yield read_strict(digits, (WITH_DOUBLE_ZERO,))
        is_national = bool(_NATIONAL.match(digits))
        if is_national:
            number = read_whole(digits, regions.declared)
            yield (number,) if number else ()
        if digits.startswith(_TRUNK_PREFIXES):
            yield read_strict(digits, regions.likely)
        if is_national:
            yield read_strict(digits, (r for r in regions.guesses if read_whole(digits, (r,))))


def _labelled_readings(
    digits: str, nearby: tuple[str, ...], regions: PageRegions, international: bool
) -> Iterator[tuple[ReadNumber, ...]]:
    if digits[0].isdigit() and digits[0] != "0":
        number = with_country_code(digits, regions.first[0]) if regions.declared else None
        yield (number,) if number else ()
    for region in (*nearby, *regions.first):
        if read_strict(digits, (region,)):
            yield read_lenient(digits, (region,))
    if international:
        yield read_lenient(digits, (WITH_DOUBLE_ZERO,))
    yield read_lenient(digits, nearby)
    yield read_strict(digits, regions.likely)


def _guessed_readings(digits: str, regions: PageRegions) -> Iterator[tuple[ReadNumber, ...]]:
    """Parse a run labelled as a phone number in the remaining ways."""
    yield read_lenient(digits, regions.likely)
    yield read_strict(digits, regions.guesses)


def _vanity_numbers(text: str, regions: PageRegions) -> Iterator[FoundPhone]:
    """Yield numbers with letters that are labelled or unmistakable."""
    for read, start, end, sure in vanity_numbers(text, regions.first):
        if sure or context_of(text, start, end).labelled:
            snippet = around(text, start, end)
            yield FoundPhone(read.number, read.region, False, "vanity", snippet, PLAIN)
