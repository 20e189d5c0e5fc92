"""E-mail addresses spelt out for people: `info [at] example (dot) com`."""

import re
from collections.abc import Iterator
from itertools import islice

from scans.engine.extractors.emails import MAX_MARKS, FoundEmail, clean_address
from scans.engine.extractors.snippets import around
from scans.engine.extractors.vocabulary import words

_AT_SIGN = (
    r"\s?(?:at|@|ät|ad|arroba|chiocciola|a|małpa|apestaart|apenstaartje|aapje|arobase?|klammeraffe)"
    r"\s?[\])}>]"
)
_AT = rf"\s?[\[({{<]{{1,2}}{_AT_SIGN}{{1,2}}\s?"
_DOTS = "dot|punkt|punto|ponto|punt|point|kropka"
_DOT = rf"\s?[\[({{<]{{1,2}}\s?(?:{_DOTS}|\.)\s?[\])}}>]{{1,2}}\s?"
_DASHED_DOT = rf"\s[-*](?:{_DOTS})[-*]\s"
_LOCAL_PART = r"(?P<local>[^\W_][\w.+-]{0,63}+)"
_LABEL = r"(?:[^\W_]|-){1,63}"
_ROLES = "|".join(sorted(words("service_locals")))
_IN_BRACKETS = rf"{_LOCAL_PART}{_AT}(?P<domain>{_LABEL}(?:(?:\.|{_DOT}|\sdot\s){_LABEL}){{1,4}})"
_IN_DASHES = (
    rf"{_LOCAL_PART}\s[-*]at[-*]\s(?P<domain>{_LABEL}(?:(?:\.|{_DASHED_DOT}){_LABEL}){{1,4}})"
)
# Words of which the text must contain one, a hint of a spelling, and the spelling itself, matched
# around the hint. Hints begin with a character, so that `re` can skip ahead: ten times faster than
# with a set of them, and a hundred times faster than trying every position.
_SPELLINGS = tuple(
    (marks, re.compile(hint), re.compile(spelling, re.IGNORECASE))
    for marks, hint, spelling in (
        *(((mark,), rf"{re.escape(mark)}(?i:{_AT_SIGN})", _IN_BRACKETS) for mark in "[({<"),
        (
            (" dot ", " DOT ", " Dot "),
            r"[aA](?<=\s.)[tT]\s(?=[\w-]{1,63}\s(?i:dot)\s)",
            rf"{_LOCAL_PART}\sat\s(?P<domain>{_LABEL}(?:\sdot\s{_LABEL}){{1,3}})",
        ),
        *(((mark,), rf"{re.escape(mark)}(?i:at)[-*]", _IN_DASHES) for mark in "-*"),
        (
            ("@",),
            r"@(?:(?<=\s@)|\s)",
            rf"mail\b[^\n@]{{0,20}}?[\s:]{_LOCAL_PART}\s?@\s?"
            rf"(?P<domain>{_LABEL}(?:\s?\.\s?{_LABEL}){{1,3}})",
        ),
        (
            (" @", "@ "),
            r"@(?:(?<= @)| )",
            rf"(?:^|(?<=\n)|(?<=[:|;,(] ))(?P<local>{_ROLES}) ?@ ?"
            rf"(?P<domain>{_LABEL}(?: ?\. ?{_LABEL}){{1,3}})",
        ),
        (
            ("\uff20",),
            "\uff20",
            rf"{_LOCAL_PART}\s?\uff20\s?(?P<domain>{_LABEL}(?:[.\uff0e]{_LABEL}){{1,4}})",
        ),
    )
)
_SPELLED_DOT = re.compile(rf"{_DOT}|{_DASHED_DOT}|\sdot\s|\uff0e", re.IGNORECASE)


def from_obfuscated_text(text: str) -> Iterator[FoundEmail]:
    """Yield the addresses spelt out for people."""
    for marks, hint, spelling in _SPELLINGS:
        hints = hint.finditer(text) if any(mark in text for mark in marks) else ()
        for mark in islice(hints, MAX_MARKS):
            address = _spelt_at(text, mark, spelling)
            if address:
                yield FoundEmail(address, "obfuscated", around(text, mark.start(), mark.end()))


def _spelt_at(text: str, mark: re.Match[str], spelling: re.Pattern[str]) -> str:
    """Return the address spelt out around `mark`, not the previous one in a list."""
    start = max(0, mark.start() - 90)
    for match in spelling.finditer(text, start, mark.end() + 200):
        if match.start() <= mark.start() < match.end():
            return _spelt_address(match)
    return ""


def _spelt_address(match: re.Match[str]) -> str:
    domain = _SPELLED_DOT.sub(".", match["domain"]).replace(" ", "")
    return clean_address(f"{match['local']}@{domain}")
