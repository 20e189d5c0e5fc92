"""Find e-mail addresses and their notation; ignore samples and lookalikes.

Matching starts at each `@` and extends outward in linear time, whereas a pattern over the whole
page would be quadratic in a long run of letters.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any
from urllib.parse import unquote

from scans.engine.extractors.email_junk import is_junk
from scans.engine.extractors.json_ld import walk
from scans.engine.extractors.snippets import around
from scans.engine.extractors.text import without_invisible
from scans.engine.public_suffixes import ascii_host, public_suffix

# Maximum number of marks (`@`, `[at]`) examined per text.
MAX_MARKS = 2_000
# Confidence by method; `markup` is for addresses invisible to visitors.
CONFIDENCE = {
    "mailto": 1.0,
    "cloudflare": 1.0,
    "comments": 0.95,
    "reversed": 0.95,
    "rot13": 0.95,
    "script": 0.95,
    "json_ld": 0.95,
    "microdata": 0.95,
    "meta": 0.95,
    "text": 0.95,
    "obfuscated": 0.8,
    "markup": 0.5,
}

# Combining marks, which belong to the preceding letter.
_MARKS = "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0963\u0966-\u0dff\u0e31-\u0e4e"
_AT_SIGN = re.compile("@")
# Less than RFC 5322 and 6531 allow: other characters occur in URLs, not in addresses. Matched
# backwards from the `@`, because a pattern that ends there would be tried at every earlier
# position.
_LOCAL_BACKWARDS = re.compile(rf"[\w{_MARKS}&'+.%-]*+")
_DOMAIN = re.compile(
    rf"(?:[^\W_][\w{_MARKS}-]{{0,62}}+\.)+"
    rf"(?:xn--[A-Za-z0-9-]{{2,20}}|[A-Za-z][A-Za-z0-9]{{1,23}}|(?:[^\W\d_]|[{_MARKS}]){{2,24}})"
)
_ESCAPED_BLANK = re.compile(r"[nrtbfv]|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}")
# Alphabets that separate words by spaces.
_SCRIPTS = tuple(
    re.compile(letters)  # without IGNORECASE, for which a combining mark is an iota
    for letters in (
        rf"[A-Za-zÀ-ÖØ-öø-ɏ\u1e00-\u1eff{_MARKS}]",
        rf"[\u0370-\u03ff\u1f00-\u1fff{_MARKS}]",
        rf"[\u0400-\u052f{_MARKS}]",
    )
)
# The class of letters of other scripts, and of digits and symbols.
UNPARTED, ANY = -1, -2
_GLUED = re.compile(r"\.[a-z]{2,12}(?=[A-Z])")
_NEXT_SENTENCE = re.compile(r"\.[a-z]{2,12}(?=\.[A-Z][a-z]*\Z)")
# What an address does not begin with, also where a page lost the backslash of `\u003einfo@`.
_LEADING = re.compile(r"^(?:\W|u00(?:0[9ad]|2[0267]|3[ce]|a0))+", re.IGNORECASE)
# `https://lists.example/talk@openstreetmap.org/msg1`, `ssh://git@host`, `https://user:key@host`.
_IN_A_URL = re.compile(r"(?<!mailto)://(?!mailto:)(?:\S{0,200}[/:])?\Z", re.IGNORECASE)
_OTHER_SERVICE = re.compile(
    r"(?:(?<![a-z])(?:sips?|xmpp|acct|im|pres|ssh|sftp|scp|git|svn|rsync):(?://)?|"
    r"(?:mastodon|fediverse|fediverso|fediwersum|jabber|xmpp|matrix|ssh|sftp|scp)(?: ?: ?|\s))\Z",
    re.IGNORECASE,
)
_COMMAND_NAME = re.compile(r"[gmrs](?:(?<=s)(?:sh|cp|ftp)|(?<=r)sync|(?<=m)osh|(?<=g)it)[ -]")
_COMMAND = re.compile(
    r"(?:^|[\s`$#>])(?:ssh|scp|sftp|rsync|mosh|ssh-copy-id|git (?:clone|remote add \w+))"
    r"(?:\s+-\w+(?:\s+\S{1,60})?){0,4}\s+(?:\S{1,80}\s+)?\Z"
)
# `git@host:path`, `deploy@host:/var/www`, `root@host:~#`, `rsync host::module`.
_PATH_BEHIND = re.compile(r"::?(?:[~/a-z]|\d{2,5}(?:/|\b)|[\w.-]+/)")


@dataclass(frozen=True, slots=True)
class FoundEmail:
    """An address as found, in lower case."""

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


def from_json_ld(json_ld: Iterable[Any]) -> Iterator[FoundEmail]:
    """Yield the `email` values of JSON-LD objects."""
    for item in walk(list(json_ld)):
        values = item.get("email")
        for value in values if isinstance(values, list) else [values]:
            if isinstance(value, str):
                yield from from_text(without_invisible(value[:500]), "json_ld")


def address_at(text: str, position: int) -> str:
    """Return the address around the `@` at `position`, or an empty string."""
    domain = _DOMAIN.match(text, position + 1, position + 256)
    if domain is None:
        return ""
    local = _local_before(text, position)
    if not local or _leads_elsewhere(text, position, local, domain.end()):
        return ""
    return clean_address(f"{local}@{domain[0]}")


def _local_before(text: str, position: int) -> str:
    """Return the complete local part before an `@`."""
    local = _local_at_end(text[max(0, position - 65) : position])
    if not local or len(local) > 64:
        return ""
    before = text[position - len(local) - 1 : position - len(local)]
    if before == "\\":
        local = _ESCAPED_BLANK.sub("", local, count=1) if _ESCAPED_BLANK.match(local) else local
    if "%" in local:
        local = _local_at_end(unquote(local).replace("%", " "))
    return local if local.isascii() else _in_one_script(local)


def _local_at_end(text: str) -> str:
    match = _LOCAL_BACKWARDS.match(text[::-1])
    return match[0][::-1] if match else ""


def _in_one_script(local: str) -> str:
    """Cut off words in another script attached to an address: `邮箱info@bakery.com`."""
    scripts = [_script_of(letter) for letter in local]
    unparted = len(scripts) - next((i for i, s in enumerate(scripts[::-1]) if s == UNPARTED), -1)
    if 0 < unparted < len(local):
        local, scripts = local[unparted:], scripts[unparted:]
    own = next((script for script in scripts[::-1] if script != ANY), ANY)
    others = [index for index, script in enumerate(scripts) if script not in (own, ANY)]
    return local[others[-1] + 1 :] if others else local


def _script_of(letter: str) -> int:
    if not letter.isalpha():
        return ANY
    return next((i for i, script in enumerate(_SCRIPTS) if script.match(letter)), UNPARTED)


def _leads_elsewhere(text: str, position: int, local: str, end: int) -> bool:
    """Return whether it is a server, network or web address rather than a mailbox."""
    if text[end : end + 1] == ":" and _PATH_BEHIND.match(text, end):
        return True
    start = position - len(local)
    before = text[start - 1 : start] if start else ""
    if before == "@" or (before == "!" and not text[start - 2 : start - 1].strip()):
        return True  # @name@server and !community@server, handles of the Fediverse
    if before in ("/", ":") and _IN_A_URL.search(text, max(0, start - 200), start):
        return True
    if before != ":" and not before.isspace():
        return False
    preceding = text[max(0, start - 90) : start]
    if _OTHER_SERVICE.search(preceding[-14:]):
        return True
    return _COMMAND_NAME.search(preceding) is not None and _COMMAND.search(preceding) is not None


@lru_cache(maxsize=4_096)
def clean_address(address: str) -> str:
    """Return a lower-case address without attached text; empty if invalid.

    Cached because the pages of a site repeat their addresses.
    """
    local, _, domain = address.strip().rpartition("@")
    local = _LEADING.sub("", local).rstrip(".'`&")
    domain = _known_domain(domain.rstrip("."))
    if not local or not domain or ".." in local or "@" in local or " " in local:
        return ""
    cleaned = f"{local}@{domain}".lower()
    return "" if len(local) > 64 or is_junk(cleaned) else cleaned


def _known_domain(domain: str) -> str:
    """Return the domain if it has a public suffix, without words attached to its end."""
    if "_" in domain or "-." in domain:
        return ""
    if _is_registrable(domain.lower()):
        return domain
    if not domain.isascii():
        return _without_glued_letters(domain)
    glued = _GLUED.search(domain) or _NEXT_SENTENCE.search(domain)
    end = glued.end() if glued else 0
    return domain[:end] if end and _is_registrable(domain[:end].lower()) else ""


def _without_glued_letters(domain: str) -> str:
    """Cut `пример.рфТелефон` at its first capital letter."""
    start = domain.rpartition(".")[0]
    ending = domain[len(start) + 1 :]
    for length in range(2, len(ending)):
        if ending[length].isupper() and _is_registrable(f"{start}.{ending[:length]}".lower()):
            return f"{start}.{ending[:length]}"
    return ""


def _is_registrable(domain: str) -> bool:
    host = ascii_host(domain)
    suffix = public_suffix(host) if host else ""
    return (bool(suffix) and suffix != host) or host.endswith(".test")
