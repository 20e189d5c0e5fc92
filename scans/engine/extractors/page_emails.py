"""The e-mail addresses on a page, from all sources, without lookalikes."""

import codecs
from collections.abc import Iterable, Iterator, Set
from dataclasses import replace
from itertools import islice

from scans.engine.extractors.contact_markup import EMAIL
from scans.engine.extractors.email_ciphers import from_hidden
from scans.engine.extractors.email_junk import is_named_example, is_ordinary_sample
from scans.engine.extractors.email_links import from_hrefs
from scans.engine.extractors.email_source import from_source
from scans.engine.extractors.email_spellings import from_obfuscated_text
from scans.engine.extractors.emails import FoundEmail, from_json_ld, from_text
from scans.engine.extractors.facts import PageFacts
from scans.engine.extractors.social import is_fediverse_server
from scans.engine.extractors.text import occurrences
from scans.engine.hostnames import same_site
from scans.engine.public_suffixes import ascii_host

# Maximum number of addresses per page, and of places of one, that are searched for in the source.
MAX_GLUED = 50
_LINKED = ("mailto", "json_ld", "microdata", "meta")


def page_emails(
    page: PageFacts, hrefs: Iterable[tuple[str, str]], host: str, hints: Set[str]
) -> Iterator[FoundEmail]:
    """Yield the addresses on a page of `host`; duplicates are kept.

    `hrefs` are (href, text) of links that are not web URLs.
    """
    emails = [
        *from_hrefs(hrefs, host),
        *from_hidden(page.html, hints),
        *from_source(page.html, host, hints),
        *from_json_ld(page.json_ld),
        *_from_markup(page),
        *from_text(page.text),
        *from_obfuscated_text(page.text),
    ]
    for email in without_pieces(without_misread(without_glued(emails, page.html))):
        domain = ascii_host(email.address.rpartition("@")[2])
        is_own = bool(host) and same_site(domain, host)
        if is_own or not (is_ordinary_sample(email.address) or _is_nobody_s(email, domain)):
            yield email


def _from_markup(page: PageFacts) -> Iterator[FoundEmail]:
    """Yield the addresses that markup names."""
    for kind, text, method in page.marked_contacts:
        if kind == EMAIL:
            yield from from_text(text, method)


def without_glued(emails: Iterable[FoundEmail], html: str) -> Iterator[FoundEmail]:
    """Cut off words attached to the front of addresses in text.

    Without the style sheet, `<b>E-mail</b><a href="mailto:info@bakery.com">info@bakery.com</a>`
    and `<span>Telefon 030 390</span><span>info@bakery.com</span>` read as one word. What is
    attached begins with a capital letter or a digit; the address begins right after a tag.
    """
    listed = list(emails)
    linked = {email.address for email in listed if email.method in _LINKED}
    left = MAX_GLUED
    for email in listed:
        if email.method not in ("text", "markup") or email.address in linked:
            yield email
            continue
        written = _as_written(email)
        if not (written[:1].isupper() or written[:1].isdigit()):
            yield email
        elif not _is_glued(email.address, written, linked):
            left -= email.method == "text"
            whole = _after_tag(written, html) if email.method == "text" and left > 0 else ""
            yield replace(email, address=whole) if whole else email


def _is_glued(address: str, written: str, linked: set[str]) -> bool:
    """Return whether an address is a linked one with a capitalised word in front."""
    return written[0].isupper() and any(
        address[end:] in linked and written[end:] == address[end:]
        for end in range(1, address.index("@"))
    )


def _after_tag(written: str, html: str) -> str:
    """Return the part of an address that begins right after a tag in the source; empty if none.

    A single letter before the tag is an initial in another style.
    """
    local, at, domain = written.partition("@")
    for mark, _ in islice(occurrences(html, at + domain), MAX_GLUED):
        after_tag = html.rfind(">", max(0, mark - len(local)), mark) + 1
        own = html[after_tag:mark]
        if 0 < len(own) < len(local) - 1 and local.endswith(own) and own[0].islower():
            return f"{own}{at}{domain}".lower()
    return ""


def _as_written(email: FoundEmail) -> str:
    """Return an address in its original letter case; empty if it is not in its snippet."""
    start = email.snippet.lower().find(email.address)
    return email.snippet[start : start + len(email.address)] if start >= 0 else ""


def without_pieces(emails: Iterable[FoundEmail]) -> Iterator[FoundEmail]:
    """Leave out what stands in the source only as the end of an address that visitors see whole."""
    listed = list(emails)
    seen = {email.address for email in listed if email.method != "markup"}
    for email in listed:
        is_whole = email.method != "markup" or email.address in seen
        if is_whole or not any(address.endswith(email.address) for address in seen):
            yield email


def without_misread(emails: Iterable[FoundEmail]) -> Iterator[FoundEmail]:
    """Drop misread versions of addresses that browsers display differently."""
    listed = list(emails)
    shown = {method: _addresses(listed, method) for method in ("comments", "reversed", "rot13")}
    if not any(shown.values()):
        yield from listed
        return
    for email in listed:
        if email.method in shown or not _is_misread(email.address, shown):
            yield email


def _addresses(emails: list[FoundEmail], method: str) -> set[str]:
    return {email.address for email in emails if email.method == method}


def _is_misread(address: str, shown: dict[str, set[str]]) -> bool:
    if address[::-1] in shown["reversed"] or codecs.decode(address, "rot13") in shown["rot13"]:
        return True
    return any(
        whole != address and (whole.endswith(address) or whole.startswith(address))
        for whole in shown["comments"]
    )


def _is_nobody_s(email: FoundEmail, domain: str) -> bool:
    """Return whether an address in the text is announced as an example or is a Fediverse handle."""
    if email.method in _LINKED:
        return False
    if is_fediverse_server(domain):
        return True
    before = email.snippet.lower().partition(email.address)[0]
    return is_named_example(before)
