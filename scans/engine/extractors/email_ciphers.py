"""E-mail addresses that a page hides from robots and its scripts show to every visitor.

Each reader yields plain text that holds addresses; what is one is for `emails` to judge.
"""

import codecs
import html as html_entities
import re
from collections.abc import Callable, Iterator
from itertools import islice
from urllib.parse import unquote

# Addresses of one kind that are decoded on a page.
MAX_HIDDEN = 500

# Stands wherever an address is hidden, but for TYPO3's and Joomla's scripts.
_HINT = re.compile(r"mail(?:(?<=cfemail)|-protection#|to-token|(?<=enc-email))")
_CLOUDFLARE = re.compile(
    r'mail(?:(?<=data-cfemail)=["\']?|(?<=/cdn-cgi/l/email)-protection#)([0-9a-fA-F]{6,400})'
)
_TYPO3 = re.compile(
    r"linkTo_UnCryptMailto\((?:'|%27|&#39;|\\')([^'\"()]{8,300}?)(?:'|%27|&#39;|\\')"
    r"|data-mailto-token=[\"']([^\"']{8,300})[\"']"
)
_TYPO3_RANGES = ((0x2B, 0x3A), (0x40, 0x5A), (0x61, 0x7A))
_JOOMLA = re.compile(
    r"var (addy\w{1,60}) ?= ?((?:'[^']{0,200}' ?\+? ?){1,40});\s{0,20}"
    r"\1 ?= ?\1 ?\+ ?((?:'[^']{0,200}' ?\+? ?){1,40});"
)
_QUOTED = re.compile("'([^']*)'")
_WORDPRESS = re.compile(r"data-enc-email=[\"']([^\"']{6,300})[\"']")


def hidden_addresses(html: str) -> Iterator[tuple[str, str]]:
    """Yield (method, text) for every hidden address of a page."""
    hints = set(_HINT.findall(html))
    if hints & {"mail", "mail-protection#"}:
        yield from (("cloudflare", text) for text in _all(_CLOUDFLARE, html, _cloudflare))
    if "UnCryptMailto" in html or "mailto-token" in hints:
        yield from (("obfuscated", text) for text in _all(_TYPO3, html, _typo3))
    if "var addy" in html:
        yield from (("obfuscated", text) for text in _all(_JOOMLA, html, _joomla))
    if "mail" in hints:
        yield from (("obfuscated", text) for text in _all(_WORDPRESS, html, _wordpress))


def _all(
    pattern: re.Pattern[str], html: str, decode: Callable[[re.Match[str]], str]
) -> Iterator[str]:
    return (decode(found) for found in islice(pattern.finditer(html), MAX_HIDDEN))


def _cloudflare(found: re.Match[str]) -> str:
    """Undo the XOR with the first byte; empty where the code is broken."""
    try:
        key, *hidden = bytes.fromhex(found[1])
    except ValueError:
        return ""
    return bytes(byte ^ key for byte in hidden).decode("utf-8", "ignore")


def _typo3(found: re.Match[str]) -> str:
    """Undo the shift of TYPO3's spam protection, whose width each site chooses (-10 to 10)."""
    hidden = html_entities.unescape(unquote(found[1] or found[2])).replace("\\", "")
    for width in (-1, 1, *range(-10, -1), *range(2, 11)):
        for shifted in (_shifted_within_ranges, _shifted_freely):
            if shifted(hidden[:7], width) == "mailto:":
                return shifted(hidden, width)
    return ""


def _shifted_within_ranges(text: str, width: int) -> str:
    return "".join(_shifted(letter, width) for letter in text)


def _shifted(letter: str, width: int) -> str:
    code = ord(letter)
    for first, last in _TYPO3_RANGES:
        if first <= code <= last:
            return chr(first + (code - first + width) % (last - first + 1))
    return letter


def _shifted_freely(text: str, width: int) -> str:
    """Shift every letter alike, as TYPO3 did before version 4."""
    return "".join(chr(max(0, ord(letter) + width)) for letter in text)


def _joomla(found: re.Match[str]) -> str:
    """Join the strings that Joomla's e-mail cloaking adds up in a script."""
    return html_entities.unescape("".join(_QUOTED.findall(found[2] + found[3])))


def _wordpress(found: re.Match[str]) -> str:
    """Undo the ROT13 of WordPress's Email Encoder, which also writes `[at]` for the @."""
    return codecs.decode(found[1].replace("[at]", "@"), "rot13")
