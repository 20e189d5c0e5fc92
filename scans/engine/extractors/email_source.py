"""E-mail addresses in a page's source, both visible and invisible to visitors.

Browsers drop comments, display reversed text, and run scripts that assemble or decode addresses.
Addresses invisible to visitors (in scripts, attributes) count only if they belong to the site.
"""

import base64
import codecs
import html as html_entities
import re
import string
from collections.abc import Iterator, Set
from dataclasses import dataclass
from itertools import islice
from urllib.parse import unquote

from scans.engine.extractors.emails import MAX_MARKS, FoundEmail, address_at, from_text
from scans.engine.extractors.hints import ESCAPED_AT_SIGNS
from scans.engine.extractors.script_strings import assembled_strings
from scans.engine.extractors.snippets import around
from scans.engine.extractors.text import occurrences, one_line, without_invisible
from scans.engine.extractors.vocabulary import words
from scans.engine.hostnames import registrable_domain, same_site
from scans.engine.public_suffixes import ascii_host

# Maximum number, and characters, of scripts evaluated for assembled addresses per page.
MAX_SCRIPTS = 20
MAX_SCRIPT = 8_000
# Characters around a mark that are searched for its address.
_BEFORE, _BEHIND = 160, 300

_QUOTES = frozenset("\"'`")
_JOINING = frozenset("\"'`$")
_MAY_PRECEDE = frozenset(">;-_+.'")
_MAY_FOLLOW = frozenset("<&\\%")
# `+ "@`, `join("@`, `${user}@` before a mark; `@" +`, `@${host}` after it.
_JOINED_BEFORE = re.compile(r"(?:[+,\[]|(?<![=!<>])=|(?:join|concat|write(?:ln)?)\()\s*[\"'`]\Z")
_JOINED_BEHIND = re.compile(r"[\"'`]\s*(?:[+,\]]|\)\s*;?\s*document\.write)|\$\{")
_CODES = re.compile(r"fromCharCode\((?=[\d\s,x]{0,400}(?:\b64\b|0x40))")
_BASE64 = re.compile(r"atob\(\s*[\"'`]([A-Za-z0-9+/]{8,400})={0,2}[\"'`]")
_COMMENT = re.compile(r"<!--(?:[^-]|-(?!->))*+-->")
_CUT_COMMENT = re.compile(r"^[^<>]*-->|<!--[^>]*\Z")
_ESCAPE = re.compile(r"\\+(?:u\{?([0-9a-fA-F]{4,6})\}?|x([0-9a-fA-F]{2})|([nrtbfv]))")
_ESCAPES = re.compile(r"[&%\\\u00ad]")
_ENDS = " \n\t<>\"'(),"
_TOKEN = re.compile(r"[^\s<>\"'(),]*")
_SCRIPT_ATTRIBUTE = re.compile(r"\s(?:on[a-z]{2,20}|href)\s*=\s*([\"'])", re.IGNORECASE)
_WRITES = re.compile(r"mailto|document\.write|innerHTML|textContent|\.(?:html|text|append)\(", re.I)
_ROT13 = str.maketrans(string.ascii_letters, codecs.encode(string.ascii_letters, "rot13"))
# Endings that no word has when they are reversed, unlike `.de` and `.it`.
_LONG_ENDINGS = (".com", ".org", ".net", ".info", ".biz")
_ROT13_MAILTO = "znvygb:"


@dataclass(frozen=True, slots=True)
class _Source:
    """The source of one page."""

    html: str
    host: str
    # Whether some of its text is displayed reversed.
    is_reversed: bool
    # The name of the site's domain in ROT13.
    turned_name: str

    def is_own(self, address: str) -> bool:
        domain = ascii_host(address.rpartition("@")[2])
        return bool(self.host) and same_site(domain, self.host)


def from_source(html: str, host: str, hints: Set[str]) -> Iterator[FoundEmail]:
    """Yield addresses in the source of a page on `host` that do not appear in its text."""
    source = _Source(
        html,
        host,
        is_reversed=not hints.isdisjoint(["bidi-override", "<bdo"]),
        turned_name=registrable_domain(host).partition(".")[0].translate(_ROT13),
    )
    scripts = dict.fromkeys(_scripts_with_codes(html, hints))
    for start, end in islice(_marks(html, hints), MAX_MARKS):
        if _joins_strings(html, start, end):
            scripts[_script_around(html, start, end)] = None
        elif _may_be_inside_an_address(html, start, end):
            email = _read_mark(source, start, end)
            if email:
                yield email
    for start, end in islice(scripts, MAX_SCRIPTS):
        yield from _from_script(source, html[start:end])


def _marks(html: str, hints: Set[str]) -> Iterator[tuple[int, int]]:
    """Yield the (start, end) of each `@`, or of an equivalent."""
    for mark in ("@", *(escaped for escaped in ESCAPED_AT_SIGNS if escaped in hints)):
        yield from occurrences(html, mark)


def _may_be_inside_an_address(html: str, start: int, end: int) -> bool:
    """Skip `@media`, `"@type"` etc., which are most of the marks on a page."""
    before, after = html[start - 1 : start], html[end : end + 1]
    return (before.isalnum() or before in _MAY_PRECEDE) and (
        after.isalnum() or after in _MAY_FOLLOW
    )


def _read_mark(source: _Source, start: int, end: int) -> FoundEmail | None:
    """Return the address around a mark if visitors see it or it is the site's own."""
    before, after = source.html[max(0, start - _BEFORE) : start], source.html[end : end + _BEHIND]
    if "<!--" in after or "-->" in before:
        shown = _without_comments(before), _without_comments(after)
        address = _address_between(*shown)
        if address and address != _address_between(before, after):
            return FoundEmail(address, "comments", one_line("@".join(shown)[-120:]))
    context, local, domain = _split(before, after)
    address = _address_between(context + local, domain)
    if address and source.is_own(address):
        return FoundEmail(address, "markup", around(source.html, start, end))
    if not local or not domain:
        return None
    return _read_backwards(source, local, domain) or _read_rot13(source, local, domain)


def _address_between(before: str, after: str) -> str:
    return address_at(f"{before}@{after}", len(before))


def _without_comments(text: str) -> str:
    return _CUT_COMMENT.sub("", _COMMENT.sub("", text))


def _split(before: str, after: str) -> tuple[str, str, str]:
    """Return the decoded surroundings of a mark: its context, and both halves of an address."""
    start = max(map(before.rfind, _ENDS)) + 1
    end = _TOKEN.match(after)
    local, domain = before[start:], end[0] if end else ""
    if _ESCAPES.search(local) or _ESCAPES.search(domain):
        local, domain = _decoded(local), _decoded(domain)
    return before[:start], local, domain


def _decoded(text: str) -> str:
    """Undo what escapes the characters around an address: `\\n`, `&shy;`, `%3C`."""
    text = html_entities.unescape(html_entities.unescape(text))
    text = _ESCAPE.sub(_character, text).replace("\\", "")
    return without_invisible(unquote(text))


def _character(escape: re.Match[str]) -> str:
    code = escape[1] or escape[2]
    number = int(code, 16) if code else ord(" ")
    return chr(number) if number < 0xD800 or 0xDFFF < number < 0x110000 else " "


def _read_backwards(source: _Source, local: str, domain: str) -> FoundEmail | None:
    """Read `moc.yrekab@ofni`, which a style displays reversed."""
    if "." not in local:
        return None
    address = _address_between(domain[::-1], local[::-1])
    if not address:
        return None
    domain_read = address.rpartition("@")[2]
    is_certain = domain_read in words("free_domains") or domain_read.endswith(_LONG_ENDINGS)
    if not (source.is_own(address) or source.is_reversed or is_certain):
        return None
    return FoundEmail(address, "reversed", f"{local}@{domain}"[:200])


def _read_rot13(source: _Source, local: str, domain: str) -> FoundEmail | None:
    """Read `vasb@onxrel.pbz`, which a script decodes as ROT13."""
    if _ROT13_MAILTO not in local and source.turned_name not in domain.lower():
        return None
    address = _address_between(local.translate(_ROT13), domain.translate(_ROT13))
    if not address or not (source.is_own(address) or _ROT13_MAILTO in local):
        return None
    return FoundEmail(address, "rot13", f"{local}@{domain}"[:200])


def _joins_strings(html: str, start: int, end: int) -> bool:
    """Return whether a mark stands where a script joins two strings."""
    before, following = html[start - 1 : start], html[end : end + 1]
    if before in _QUOTES and (following in _QUOTES or "+" in html[max(0, start - 5) : start]):
        return bool(_JOINED_BEFORE.search(html[max(0, start - 14) : start]))
    if before == "}" and following not in " {":
        return html.rfind("${", max(0, start - 60), start) >= 0
    return following in _JOINING and bool(_JOINED_BEHIND.match(html, end, end + 40))


def _scripts_with_codes(html: str, hints: Set[str]) -> Iterator[tuple[int, int]]:
    """Yield the ranges of scripts with addresses in character codes or base64."""
    if "fromCharCode(" in hints:
        for codes in islice(_CODES.finditer(html), MAX_SCRIPTS):
            yield _script_around(html, codes.start(), codes.end())
    if "atob(" in hints:
        for encoded in islice(_BASE64.finditer(html), MAX_MARKS):
            if _holds_address(encoded[1]):
                yield _script_around(html, encoded.start(), encoded.end())


def _holds_address(encoded: str) -> bool:
    """Return whether a base64 text contains an `@`."""
    try:
        return b"@" in base64.b64decode(encoded + "=" * (-len(encoded) % 4))
    except ValueError:
        return False


def _script_around(html: str, start: int, end: int) -> tuple[int, int]:
    """Return the range of the script, or script attribute, around a mark."""
    opened = html.rfind("<script", max(0, start - MAX_SCRIPT), start)
    if opened >= 0 and html.find("</script", opened, start) < 0:
        closed = html.find("</script", end, opened + MAX_SCRIPT)
        return html.find(">", opened) + 1, closed if closed >= 0 else opened + MAX_SCRIPT
    opened, quote = -1, ""
    for attribute in _SCRIPT_ATTRIBUTE.finditer(html, max(0, start - _BEHIND), start):
        opened, quote = attribute.end(), attribute[1]
    if opened >= 0:
        closed = html.find(quote, end, end + _BEHIND)
        return opened, closed if closed >= 0 else end + _BEHIND
    return start, start


def _from_script(source: _Source, script: str) -> Iterator[FoundEmail]:
    shown = bool(_WRITES.search(script))
    if "&" in script and "<script" not in script:
        script = html_entities.unescape(script)
    for text in assembled_strings(script):
        for email in from_text(text, "script") if "@" in text else ():
            if shown or source.is_own(email.address):
                yield FoundEmail(email.address, "script", one_line(text, 200))
