r"""Keep cells of CSV and spreadsheet files from becoming formulas, reversibly.

A cell is a formula where a spreadsheet finds `=`, `+`, `-`, `@` or `|` (also full width) first in
it, behind any blanks, quotes, invisible characters or control characters. A spreadsheet whose list
separator is `;` or a tab also cuts a comma-separated line inside its values, quoted or not: of
`Shop;=1+1` it makes the formula `=1+1`. So a value is guarded where it starts and behind every
comma, semicolon, tab and line end in it. https://owasp.org/www-community/attacks/CSV_Injection

The rule, as docs/exports.md states it: an apostrophe is put in front of each place that would start
a formula, and of each place that would do so behind apostrophes of its own. Removing one apostrophe
from each such place restores the value.
"""

import re

_SEPARATOR = r"[,;\t\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]"
_FORMULA = "[=+\\-@|\uff1d\uff0b\uff0d\uff20\uff5c\ufe66\ufe62\ufe63\ufe6b\u2212]"
# Blanks, quotes, control and invisible characters, except separators.
_SKIPPED = (
    r"[ \"\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5"
    r"\u180b-\u180f\u2000-\u200f\u202a-\u202f\u205f-\u206f\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0"
    r"\ufff0-\ufffb\U000e0000-\U000e0fff]"
)
_CONTROL = r"[\x00-\x1f\x7f-\x9f]"
_GUARDED = (
    rf"(?:\A(?='*(?:{_CONTROL}|{_SKIPPED}*{_FORMULA}))"
    rf"|(?<={_SEPARATOR})(?='*{_SKIPPED}*{_FORMULA}))"
)
# An E.164 phone number is at worst parsed as a number, and programs want it unchanged.
_PHONE = rf"[ ]*\+[0-9]{{1,15}}[ ]*(?:{_SEPARATOR}|\Z)"
_UNGUARDED_PLACE = re.compile(rf"{_GUARDED}(?!{_PHONE})")
_GUARDED_PLACE = re.compile(rf"{_GUARDED}'")
_STARTS_WITH_PHONE = re.compile(_PHONE)
_SUSPECT = re.compile("[,;](?! ?[A-Za-z0-9])")
_FORMULA_AT_START = re.compile(rf"'*(?:{_CONTROL}|{_SKIPPED}*{_FORMULA})")


def escape(text: str, *, keep_phones: bool = True) -> str:
    """Escape a value so that no spreadsheet treats it as a formula; `unescape` restores it.

    With `keep_phones`, for files read by programs, `+` followed by digits is unchanged. Otherwise
    it is escaped too, because a spreadsheet would show `+49301234567` as 4.93E+10.
    """
    if _is_harmless(text):
        return text
    escaped = _UNGUARDED_PLACE.sub("'", text)
    if not keep_phones and _STARTS_WITH_PHONE.match(text):
        return f"'{escaped}"
    return escaped


def unescape(text: str) -> str:
    """Return the value that `escape` was called with, regardless of `keep_phones`."""
    return _GUARDED_PLACE.sub("", text)


def is_formula(text: str) -> bool:
    """Return whether a spreadsheet would run a value that is typed into it, or hide its start."""
    return _FORMULA_AT_START.match(text) is not None


def _is_harmless(text: str) -> bool:
    """Return whether no place can need an apostrophe, for most values at a fraction of the time.

    Every separator but `,` and `;` is unprintable.
    """
    first = text[:1]
    starts_well = first.isascii() and first.isalnum()
    return not text or (starts_well and text.isprintable() and not _SUSPECT.search(text))
