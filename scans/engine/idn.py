"""Reject internationalised names that no registry allows.

Browsers map almost any text to some host (WHATWG URL, UTS 46). Registries allow only what IDNA 2008
allows (RFC 5891 to 5893), and no labels that mix scripts as no language does.
"""

import re
import unicodedata
from functools import lru_cache

import idna

# Registries that sell emoji names despite IDNA 2008 (ICANN SSAC advisory SAC095).
_EMOJI_ENDINGS = frozenset(
    ("cf", "fm", "ga", "ge", "gg", "gq", "je", "la", "ml", "st", "tk", "to", "uz", "ws")
)

# Code pages in which UTF-8 is misread, each character as two or three.
_CODE_PAGES = ("cp1252", "latin-1", "cp1250", "cp1251", "mac-roman", "cp437")
# Code pages in which two capitals of a real word may look like misread UTF-8 (`RÓŻA`).
_AMBIGUOUS_CAPITALS = frozenset({"cp1250", "cp1251"})
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_AUTHORITY = re.compile(r"\s*(?:[a-z][a-z0-9+.-]*:)?[\\/]*([^\\/?#]*)", re.IGNORECASE)
_CODE_POINT = re.compile(r"U\+([0-9A-F]{4,6})")

# Decomposition tags of letter and digit forms that are symbols.
_SYMBOL_FORMS = ("<super>", "<sub>", "<circle>", "<square>", "<fraction>")

# Scripts that are used together in one word (UTS 39, "highly restrictive").
_TOGETHER = (
    {"Latin", "Han", "Hiragana", "Katakana"},
    {"Latin", "Han", "Hangul"},
    {"Latin", "Han", "Bopomofo"},
)
# Scripts with Latin lookalikes; no registry allows mixing them with Latin in a label.
_LOOKALIKES = frozenset({"Cyrillic", "Greek", "Armenian", "Cherokee", "Coptic", "Lisu"})
_SCRIPT_NAMES = {
    "Cjk": "Han",
    "Ideographic": "Han",
    "Arabic-indic": "Arabic",
    "Extended": "Arabic",
}
# First words of the names of characters shared by all scripts.
_SHARED = frozenset({"Combining", "Middle", "Katakana-hiragana", "Zero", "Modifier"})


def why_garbled(text: str) -> str:
    """Return the message if a pasted value was decoded in the wrong encoding; empty if not.

    Examines the host in the original value, because half of a garbled character may be invisible
    (`Ã` and a soft hyphen for `í`).
    """
    authority = _authority(text)
    if "\ufffd" in authority:
        return "It contains “�”: the list was saved in the wrong encoding. Save it as UTF-8."
    is_upper = authority == authority.upper()
    for run in _NOT_ASCII.finditer(authority):
        if meant := _decoded_again(run[0], is_upper):
            repaired = (authority[: run.start()] + meant + authority[run.end() :]).strip()
            name = repaired[:100]
            return f"It is in the wrong encoding; it may be “{name}”. Save the list as UTF-8."
    return ""


def _authority(text: str) -> str:
    match = _AUTHORITY.match(text)
    return match[1] if match else text


@lru_cache(maxsize=1_024)
def _decoded_again(run: str, is_upper: bool) -> str:
    """Return the original text of misread UTF-8; empty if it was not misread."""
    for page in _CODE_PAGES:
        if is_upper and page in _AMBIGUOUS_CAPITALS:
            continue
        try:
            meant = run.encode(page).decode()
        except UnicodeError:
            continue
        if _is_plausible(meant):
            return meant
    return ""


def _is_plausible(meant: str) -> bool:
    """Return whether text may have been misread; a single pair of letters may decode by chance."""
    is_latin = all("\xa0" <= character <= "\u024f" for character in meant)
    return is_latin or len(meant) > 1


def why_unregistrable(host: str, text: str) -> str:
    """Return why no registry allows a host that was mapped from `text`; empty if one may.

    A label given in ASCII form (`xn--...`) is accepted as it is.
    """
    ending = host.rpartition(".")[2]
    for character in _authority(text):
        if _is_symbol(character) and ending not in _EMOJI_ENDINGS:
            return _not_allowed(character)
    mapped = (label for label in host.split(".") if label.startswith("xn--"))
    reasons = (_why_no_label(label, ending) for label in mapped if label not in text.lower())
    return next(filter(None, reasons), "")


@lru_cache(maxsize=4_096)
def _is_symbol(character: str) -> bool:
    """Return whether a character is a symbol, including ones that browsers map to letters (`™`)."""
    if character.isascii():
        return False
    if unicodedata.category(character) in ("So", "Sm", "Sc", "Sk", "No"):
        return True
    return unicodedata.decomposition(character).startswith(_SYMBOL_FORMS)


def _not_allowed(character: str) -> str:
    return f"It contains “{character}”, which no registry allows in a name."


@lru_cache(maxsize=4_096)
def _why_no_label(label: str, ending: str) -> str:
    name = label[4:].encode().decode("punycode")
    try:
        idna.check_label(name)
    except idna.IDNAError as error:
        if ending in _EMOJI_ENDINGS and _is_emoji_name(name):
            return ""
        return _why_not_idna(name, error)
    scripts = {script for character in name if (script := _script(character))}
    if _may_mix(scripts):
        return ""
    *others, last = sorted(scripts)
    mixed = f"{', '.join(others)} and {last}"
    return f"It mixes {mixed} letters in “{name[:63]}”, which no registry allows."


def _why_not_idna(name: str, error: idna.IDNAError) -> str:
    if isinstance(error, idna.IDNABidiError):
        return f"“{name[:63]}” mixes writing directions, which no registry allows."
    if match := _CODE_POINT.search(str(error)):
        return _not_allowed(chr(int(match[1], 16)))
    return f"“{name[:63]}” is not a name that a registry allows (IDNA 2008)."


def _is_emoji_name(name: str) -> bool:
    """Return whether a label consists of symbols and possibly ASCII characters."""
    return all(char.isascii() or unicodedata.category(char) in ("So", "Sk") for char in name)


def _may_mix(scripts: set[str]) -> bool:
    if len(scripts) < 2 or any(scripts <= together for together in _TOGETHER):
        return True
    return len(scripts) == 2 and "Latin" in scripts and not scripts & _LOOKALIKES


@lru_cache(maxsize=4_096)
def _script(character: str) -> str:
    """Return the script of a letter from its Unicode name; empty for shared characters."""
    if character.isascii():
        return "Latin" if character.isalpha() else ""
    first = unicodedata.name(character, "").partition(" ")[0].capitalize()
    return "" if first in _SHARED else _SCRIPT_NAMES.get(first, first)
