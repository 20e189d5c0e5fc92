"""E-mail addresses, with how each was found; placeholders and look-alikes are kept out.

Addresses are found at their `@` and grown outward: linear, where a pattern over the whole page is
quadratic in a long run of letters.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any
from urllib.parse import unquote

from scans.engine.extractors.email_ciphers import hidden_addresses
from scans.engine.extractors.email_junk import is_junk
from scans.engine.extractors.json_ld import walk
from scans.engine.extractors.snippets import around
from scans.engine.extractors.text import one_line
from scans.engine.public_suffixes import public_suffix

# Marks that are looked at in one text: an `@`, an `[at]`.
MAX_MARKS = 2_000
# How sure each method is; `markup` are addresses that no visitor sees.
CONFIDENCE = {
    "mailto": 1.0,
    "cloudflare": 1.0,
    "json_ld": 0.95,
    "text": 0.95,
    "obfuscated": 0.8,
    "markup": 0.5,
}

_AT_SIGN = re.compile("@")
# Less than RFC 5322 allows: the rest stands in addresses of the web, not of people.
_LOCAL = re.compile(r"[A-Za-z0-9%&'+_.-]*\Z")
_DOMAIN = re.compile(r"(?:[^\W_](?:(?:[^\W_]|-){0,61}[^\W_])?\.)+[A-Za-z][A-Za-z0-9-]{1,23}")
_GLUED = re.compile(r"\.[a-z]{2,12}(?=[A-Z])")
_NEXT_SENTENCE = re.compile(r"\.[a-z]{2,12}(?=\.[A-Z][a-z]*\Z)")
# `https://lists.example/talk@openstreetmap.org/msg1` is an address of the web.
_IN_A_PATH = re.compile(r"://\S{1,200}/\Z")
_LEADING = re.compile(r"^(?:[^A-Za-z0-9_]|u00[0-9a-f]{2})+", re.IGNORECASE)
_AT_WORD = r"\s?(?:at|@|ät|ad|arroba|chiocciola|a)\s?[\])}>]"
_AT = rf"\s?[\[({{<]{{1,2}}{_AT_WORD}{{1,2}}\s?"
_DOT = r"\s?[\[({<]{1,2}\s?(?:dot|\.|punkt|punto|ponto|point)\s?[\])}>]{1,2}\s?"
_LOCAL_WORD = r"(?P<local>[A-Za-z0-9][A-Za-z0-9._+-]{0,63})"
_LABEL = r"[A-Za-z0-9-]{1,63}"
# Words one of which stands in the text, what betrays a spelling, and the spelling itself, read
# around it. The hints begin with one set of characters, which lets `re` skip to the next of these:
# ten times faster than trying every place.
_SPELLINGS = tuple(
    (words, re.compile(hint), re.compile(spelling, re.IGNORECASE))
    for words, hint, spelling in (
        (
            ("",),
            rf"[\[({{<](?i:{_AT_WORD})",
            rf"{_LOCAL_WORD}{_AT}(?P<domain>{_LABEL}(?:(?:\.|{_DOT}|\sdot\s){_LABEL}){{1,4}})",
        ),
        (
            (" dot ", " DOT ", " Dot "),
            r"[aA](?<=\s.)[tT]\s(?=[\w-]{1,63}\s(?i:dot)\s)",
            rf"{_LOCAL_WORD}\sat\s(?P<domain>{_LABEL}(?:\sdot\s{_LABEL}){{1,3}})",
        ),
        (
            ("@",),
            r"@(?:(?<=\s@)|\s)",
            rf"mail\b[^\n@]{{0,20}}?[\s:]{_LOCAL_WORD}\s?@\s?"
            rf"(?P<domain>{_LABEL}(?:\s?\.\s?{_LABEL}){{1,3}})",
        ),
    )
)
_DOT_WORD = re.compile(rf"{_DOT}|\sdot\s", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FoundEmail:
    """One address as it was found, in lower case."""

    address: str
    method: str
    snippet: str = ""

    @property
    def confidence(self) -> float:
        return CONFIDENCE[self.method]


def from_text(text: str, method: str = "text") -> Iterator[FoundEmail]:
    """Yield the addresses in a text."""
    for mark in islice(_AT_SIGN.finditer(text), MAX_MARKS):
        address = address_at(text, mark.start())
        if address:
            yield FoundEmail(address, method, around(text, mark.start(), mark.end()))


def from_hrefs(hrefs: Iterable[tuple[str, str]]) -> Iterator[FoundEmail]:
    """Yield the addresses of (href, words) pairs that are mailto: links, copies to others too."""
    for href, words in hrefs:
        if href[:7].lower() == "mailto:":
            receivers = _receivers(href[7:])
            found = [*from_text(receivers)] or [*from_obfuscated_text(receivers)]
            for email in found:
                yield FoundEmail(email.address, "mailto", words or receivers)


def _receivers(target: str) -> str:
    """Return who a mailto: link writes to, its subject and body left out."""
    path, _, query = unquote(target).partition("?")
    copies = [part.partition("=")[2] for part in query.split("&") if _is_receiver(part)]
    return " ".join([path, *copies])


def _is_receiver(part: str) -> bool:
    return part.partition("=")[0].lower().removeprefix("amp;") in ("to", "cc", "bcc")


def from_json_ld(json_ld: Iterable[Any]) -> Iterator[FoundEmail]:
    """Yield the addresses that JSON-LD objects give as email."""
    for thing in walk(list(json_ld)):
        values = thing.get("email")
        for value in values if isinstance(values, list) else [values]:
            if isinstance(value, str):
                yield from from_text(value[:500], "json_ld")


def from_obfuscated_text(text: str) -> Iterator[FoundEmail]:
    """Yield the addresses spelt for people only: `info [at] example (dot) com`."""
    for words, hint, spelling in _SPELLINGS:
        hints = hint.finditer(text) if any(word in text for word in words) else ()
        for mark in islice(hints, MAX_MARKS):
            address = _spelt_at(text, mark, spelling)
            if address:
                yield FoundEmail(address, "obfuscated", around(text, mark.start(), mark.end()))


def _spelt_at(text: str, mark: re.Match[str], spelling: re.Pattern[str]) -> str:
    """Return the address spelt around `mark`, not the one that stands before it in a list."""
    start = max(0, mark.start() - 90)
    for found in spelling.finditer(text, start, mark.end() + 200):
        if found.start() <= mark.start() < found.end():
            return _spelt_address(found)
    return ""


def _spelt_address(found: re.Match[str]) -> str:
    domain = _DOT_WORD.sub(".", found["domain"]).replace(" ", "")
    return clean_address(f"{found['local']}@{domain}")


def from_hidden(html: str) -> Iterator[FoundEmail]:
    """Yield the addresses that the page's scripts uncover for its visitors."""
    for method, text in hidden_addresses(html):
        for found in from_text(text, method):
            yield FoundEmail(found.address, method, one_line(text, 200))


def without_glued(found: Iterable[FoundEmail]) -> Iterator[FoundEmail]:
    """Leave out the addresses in text that are a known one with a word stuck before it.

    `<b>E-mail</b><a href="mailto:info@bakery.com">info@bakery.com</a>` is one word to a reader who
    does not know the style sheet; its first letter is large.
    """
    listed = list(found)
    linked = {item.address for item in listed if item.method in ("mailto", "json_ld")}
    for item in listed:
        if item.method != "text" or item.address in linked or not _is_glued(item, linked):
            yield item


def _is_glued(item: FoundEmail, linked: set[str]) -> bool:
    address = item.address
    return any(
        address[end:] in linked and address[:end].capitalize() + address[end:] in item.snippet
        for end in range(1, address.index("@"))
    )


def address_at(text: str, position: int) -> str:
    """Return the address around the `@` at `position`, empty where there is none."""
    local = _LOCAL.search(text, max(0, position - 64), position)
    domain = _DOMAIN.match(text, position + 1, position + 256)
    if local is None or not local[0] or domain is None:
        return ""
    start = local.start()
    if text[start - 1 : start] == "/" and _IN_A_PATH.search(text, max(0, start - 200), start):
        return ""
    return clean_address(f"{local[0]}@{domain[0]}")


@lru_cache(maxsize=4_096)
def clean_address(address: str) -> str:
    """Return an address in lower case, without what got stuck to it; empty if it is none.

    Cached: the pages of a site repeat their addresses.
    """
    local, _, domain = unquote(address).strip().rpartition("@")
    local = _LEADING.sub("", local).rstrip(".'`")
    domain = _known_domain(domain.rstrip("."))
    if not local or not domain or ".." in local or "@" in local or " " in local:
        return ""
    cleaned = f"{local}@{domain}".lower()
    return "" if len(local) > 64 or is_junk(cleaned) else cleaned


def _known_domain(domain: str) -> str:
    """Return the domain if it ends in a public suffix, words glued to its end cut off."""
    if _is_registrable(domain.lower()):
        return domain
    glued = _GLUED.search(domain) or _NEXT_SENTENCE.search(domain)
    end = glued.end() if glued else 0
    return domain[:end] if end and _is_registrable(domain[:end].lower()) else ""


def _is_registrable(domain: str) -> bool:
    suffix = public_suffix(domain)
    return (bool(suffix) and suffix != domain) or domain.endswith(".test")
