"""Numbers with a shared prefix and different endings: `030 3907-45/-46`, `33445/33446`."""

import re
from typing import NamedTuple

# Minimum digits of a shared prefix: `0221/470/5555` is one number in three groups.
LEAST_DIGITS = 8

# A longer sequence is a switchboard's block (`33074700/01/02/03/04`) rather than individual
# numbers, unless each extension has its own hyphen.
MAX_ENDINGS, MAX_EXTENSIONS = 3, 12

_SLASHED = re.compile(
    rf"(?P<head>(?:\D*\d){{{LEAST_DIGITS},}}?)(?P<endings>(?:\s?/\s?-?\s?\d{{1,5}})+)\s*\Z"
)
_LAST_GROUP = re.compile(r"\d+\Z")
_EXTENSION = re.compile(r"[-\u2013]\s?\d{1,5}\Z")
# Further extensions, each with a hyphen: `-45, -46 und -47`.
_MORE = re.compile(
    r"(?:\s?(?:,|;|/|&|\+|und|u\.|oder|bzw\.?|sowie|and|or|et|ou|y|o|u|e|ed|en|of|i|lub|oraz)"
    r"\s?[-\u2010-\u2014]\s?\d{1,5}(?![\d.]))+"
)
# The extension of the fax after one of the phone: `0211 8765-0, Fax: -99`.
_FAX = re.compile(
    r"[\s,;/|·•]{0,4}(?:tele)?fax(?:[ -]?(?:nummer|nr|dw|durchwahl))?[\s.:]{0,3}"
    r"[-\u2010-\u2014]\s?(?P<extension>\d{1,5})(?![\d.]|[-/ ]\d)",
    re.IGNORECASE,
)
# An ending after a word, which replaces the last digits: `794 38 60 oder -61`.
_ALTERNATIVE = re.compile(r"\s(?:und|oder|bzw|and|or|et|ou|ed|lub|oraz) [-\u2013]\d{2,5}(?!\d)")
_ENDING = re.compile(r"(-?)\s?(\d{1,5})")
# A number without area code after one with it: `(212) 555-0123 / 555-0124`.
_LOCAL = r"\d(?:[ .-]?\d){4,8}"
_ANOTHER = re.compile(rf"(?P<head>.*\d)\s?/\s?(?P<local>{_LOCAL})\s*\Z", re.DOTALL)
_ANOTHER_BEHIND = re.compile(
    r"\s?(?:/|&|,|;|oder|od\.|und|or|and|ou|et|y|o|e|of|en|i|lub)"
    rf"\s?(?P<local>{_LOCAL})(?![\d./-]|\s\d)"
)
# Number of final digits in which two such numbers may differ.
_DIFFERING = 3


class SharedStart(NamedTuple):
    """The first of several numbers, and the endings of the others."""

    head: str
    # (whether it is an extension with its own hyphen, digits)
    endings: tuple[tuple[bool, str], ...]


def shared_start(run: str, following: str) -> SharedStart | None:
    """Split a run of digits into a number and the endings of others; None if it has none.

    `following` is the text after the run.
    """
    return _with_endings(run, following) or _with_another(run, following)


def _with_endings(run: str, following: str) -> SharedStart | None:
    slashed = _SLASHED.match(run) if "/" in run else None
    head, endings = (slashed["head"], slashed["endings"]) if slashed else (run, "")
    more = _MORE.match(following)
    if more and (_EXTENSION.search(head) or _ALTERNATIVE.match(following)):
        endings += more[0]
    if not endings:
        return None
    pairs = tuple((hyphen != "", digits) for hyphen, digits in _ENDING.findall(_plain(endings)))
    last = _LAST_GROUP.search(head)
    most = MAX_EXTENSIONS if all(hyphen for hyphen, _ in pairs) else MAX_ENDINGS
    if not 0 < len(pairs) <= most or last is None or sum(map(str.isdigit, head)) < LEAST_DIGITS:
        return None
    if any(len(digits) > len(last[0]) and not is_extension for is_extension, digits in pairs):
        return None
    return SharedStart(head, pairs)


def _with_another(run: str, following: str) -> SharedStart | None:
    """Split off a second number without area code that differs from the first at its end."""
    inside = _ANOTHER.match(run) if "/" in run else None
    after = _ANOTHER_BEHIND.match(following)
    pairs = (
        (inside["head"], inside["local"]) if inside else None,
        (run, after["local"]) if after else None,
    )
    for head, local in filter(None, pairs):
        if _differ_at_the_end(_digits(head), second := _digits(local)):
            return SharedStart(head, ((False, second),))
    return None


def fax_extension(run: str, behind: str) -> tuple[bool, str] | None:
    """Return the ending of a fax that shares all but its extension with the number before it.

    Without an extension there, `0221 4710123, Fax: -124`, it replaces the last digits.
    """
    fax = _FAX.match(behind)
    if fax is None or len(_digits(run)) < LEAST_DIGITS:
        return None
    last = _LAST_GROUP.search(run)
    is_ending = last is not None and 1 < len(fax["extension"]) < len(last[0])
    return (True, fax["extension"]) if is_ending or _EXTENSION.search(run) else None


def _differ_at_the_end(first: str, second: str) -> bool:
    own, same = first[-len(second) :], len(second) - _DIFFERING
    return len(first) > len(second) + 1 and own[:same] == second[:same] and own != second


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def with_ending(number: str, head: str, ending: tuple[bool, str]) -> str:
    """Return the E.164 number that equals `number`, written as `head`, except for its ending."""
    is_extension, digits = ending
    extension = _EXTENSION.search(head)
    length = len(digits)
    if is_extension and extension:
        length = sum(map(str.isdigit, extension[0]))
    return number[:-length] + digits


def _plain(text: str) -> str:
    return re.sub("[\u2010-\u2014]", "-", text)
