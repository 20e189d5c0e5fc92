"""E-mail addresses hidden from robots and revealed to visitors by scripts."""

import base64
import codecs
import html as html_entities
import re
from collections.abc import Callable, Iterator, Set
from itertools import islice
from urllib.parse import unquote

from scans.engine.extractors.emails import FoundEmail, from_text
from scans.engine.extractors.text import one_line

# Maximum number of addresses of each kind decoded per page.
MAX_HIDDEN = 500

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
_JOOMLA_ELEMENT = re.compile(r"<joomla-hidden-mail\b[^>]{0,1000}")
_HALVES = re.compile(r"\b(first|last)=[\"']([A-Za-z0-9+/=]{2,200})[\"']")
_QUOTED = re.compile("'([^']*)'")
# The parts of an address as attributes, which a style (`content: attr(...)`) or a script joins.
_PARTS_TAG = re.compile(
    r"<(?!script\b)[a-z]\w*\s[^<>]{0,500}?\bdata-(?:domain|tld)=[^<>]{0,500}", re.I
)
_PART = re.compile(
    r"\bdata-(user|name|local|mailbox|account|domain|host|tld)=[\"']([^\"'@\s]{1,100})[\"']", re.I
)
_LOCALS = ("user", "name", "local", "mailbox", "account")
_WORDPRESS = re.compile(r"data-enc-email=[\"']([^\"']{6,300})[\"']")


def from_hidden(html: str, hints: Set[str]) -> Iterator[FoundEmail]:
    """Yield the addresses that the page's scripts reveal to visitors."""
    for method, text in _hidden_texts(html, hints):
        for email in from_text(text, method):
            yield FoundEmail(email.address, method, one_line(text, 200))


def _hidden_texts(html: str, hints: Set[str]) -> Iterator[tuple[str, str]]:
    """Yield (method, text) for every hidden address on a page."""
    if "cfemail" in hints or "/email-protection#" in hints:
        yield from (("cloudflare", text) for text in _all(_CLOUDFLARE, html, _cloudflare))
    for marks, pattern, decode in _OTHERS:
        if not hints.isdisjoint(marks):
            yield from (("obfuscated", text) for text in _all(pattern, html, decode))


def _all(
    pattern: re.Pattern[str], html: str, decode: Callable[[re.Match[str]], str]
) -> Iterator[str]:
    return (decode(match) for match in islice(pattern.finditer(html), MAX_HIDDEN))


def _cloudflare(match: re.Match[str]) -> str:
    """Revert the XOR with the first byte; empty if the code is invalid."""
    try:
        key, *hidden = bytes.fromhex(match[1])
    except ValueError:
        return ""
    return bytes(byte ^ key for byte in hidden).decode("utf-8", "ignore")


def _typo3(match: re.Match[str]) -> str:
    """Revert the shift of TYPO3's spam protection, whose width depends on the site (-10 to 10)."""
    hidden = html_entities.unescape(unquote(match[1] or match[2])).replace("\\", "")
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
    """Shift all letters by the same width, as TYPO3 did before version 4."""
    return "".join(chr(max(0, ord(letter) + width)) for letter in text)


def _joomla(match: re.Match[str]) -> str:
    """Join the strings that Joomla's e-mail cloaking concatenates in a script."""
    return html_entities.unescape("".join(_QUOTED.findall(match[2] + match[3])))


def _wordpress(match: re.Match[str]) -> str:
    """Revert the ROT13 of WordPress's Email Encoder, which also replaces @ by `[at]`."""
    return codecs.decode(match[1].replace("[at]", "@"), "rot13")


def _parts(match: re.Match[str]) -> str:
    """Join the parts of an address: `data-user="info" data-domain="bakery" data-tld="com"`."""
    parts = {name.lower(): value for name, value in _PART.findall(match[0])}
    local = next((parts[name] for name in _LOCALS if name in parts), "")
    domain = ".".join(filter(None, [parts.get("domain") or parts.get("host"), parts.get("tld")]))
    return f"{local}@{domain}" if local else ""


def _joomla_element(match: re.Match[str]) -> str:
    """Join the two base64 halves in Joomla's element for e-mail addresses."""
    halves = dict(_HALVES.findall(match[0]))
    try:
        return "@".join(
            base64.b64decode(halves[name]).decode("utf-8") for name in ("first", "last")
        )
    except (KeyError, ValueError):
        return ""


# Hints, of which the page must contain one, the pattern, and how its matches are decoded.
_OTHERS = (
    (("UnCryptMailto", "mailto-token"), _TYPO3, _typo3),
    (("var addy",), _JOOMLA, _joomla),
    (("hidden-mail",), _JOOMLA_ELEMENT, _joomla_element),
    (("enc-email",), _WORDPRESS, _wordpress),
    (("data-domain", "data-tld"), _PARTS_TAG, _parts),
)
