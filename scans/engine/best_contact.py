"""Choose the best e-mail address and phone number for contacting a site.

The rule, in this order; docs/results.md explains it to users:

1. Never an address that nobody reads (no-reply), never a fax.
2. An address at the site's own domain, then any other, then one of a free mail provider.
3. Anything else before a data protection, abuse or legal desk.
4. One on the contact page or a legal page, before one on any other page.
5. A person or sales, then a general address, then a desk with another job (press, careers).
6. The higher confidence; among equals the first in the report.
"""

import re
from collections.abc import Iterable, Mapping
from enum import IntEnum
from functools import cache, lru_cache
from typing import Any, NamedTuple

from scans.engine.extractors.vocabulary import words
from scans.engine.hostnames import registrable_domain
from scans.engine.links import url_host
from scans.engine.page_types import page_type
from scans.engine.public_suffixes import ascii_host

_BEST_PAGES = frozenset({"contact", "legal"})
_LETTERS = re.compile(r"[^\W\d_]+")
_NAMES = re.compile(r"[^\W\d_]+(?:[._-][^\W\d_]+){1,2}")


class Candidate(NamedTuple):
    """The properties of a contact that the rule considers."""

    kind: str
    label: str
    value: str
    page_url: str = ""
    confidence: float = 1.0


class Owner(IntEnum):
    """The owner of an address's domain, best first."""

    SITE = 0
    OTHER = 1
    FREE_MAIL = 2


class Desk(IntEnum):
    """The desk that reads an address, best first."""

    PERSON_OR_SALES = 0
    GENERAL = 1
    OTHER = 2
    PRIVACY = 3
    NOBODY = 4


def best_contacts(
    candidates: Iterable[Candidate], site_hosts: Iterable[str], pinned: Mapping[str, str]
) -> tuple[str | None, str | None]:
    """Return the best e-mail address and the best phone number of a site, or None if it has none.

    `candidates` are its contacts of any kind, `site_hosts` the hosts at which it responds, and
    `pinned` (kind -> value) the user's choice, which overrides the rule.
    """
    rows = list(candidates)
    emails = [row for row in rows if row.kind == "email" and desk_of(row.value) != Desk.NOBODY]
    phones = [row for row in rows if row.kind == "phone" and not row.label.endswith("fax")]
    if len(emails) > 1:
        own = {registrable_domain(ascii_host(host)) for host in site_hosts if host}
        emails.sort(key=lambda row: _email_rank(row, own))
    if len(phones) > 1:
        phones.sort(key=_page_rank)
    return (
        pinned.get("email") or (emails[0].value if emails else None),
        pinned.get("phone") or (phones[0].value if phones else None),
    )


def best_of_report(report: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return the best contacts in one scan's report."""
    rows = [Candidate(*(row[name] for name in Candidate._fields)) for row in report["contacts"]]
    return best_contacts(rows, hosts_of(report["domain"], report["final_url"]), {})


def _email_rank(row: Candidate, own: set[str]) -> tuple[float, ...]:
    desk = desk_of(row.value)
    elsewhere, doubt = _page_rank(row)
    return (_owner(row.value, own), desk == Desk.PRIVACY, elsewhere, desk, doubt)


def _page_rank(row: Candidate) -> tuple[bool, float]:
    return page_type(row.page_url) not in _BEST_PAGES, -row.confidence


def _owner(address: str, own: set[str]) -> Owner:
    domain = address.rpartition("@")[2]
    if registrable_domain(ascii_host(domain)) in own:
        return Owner.SITE
    return Owner.FREE_MAIL if domain in words("free_domains") else Owner.OTHER


def desk_of(address: str) -> Desk:
    """Return the desk that reads an address, judging by its local part."""
    return _desk_of_local(address.rpartition("@")[0].lower())


@lru_cache(maxsize=4_096)
def _desk_of_local(local: str) -> Desk:
    parts = {local, *_LETTERS.findall(local)}
    joined = "".join(_LETTERS.findall(local))
    if joined.startswith(_no_reply()) or joined.endswith(_no_reply()):
        return Desk.NOBODY
    if parts & words("privacy_locals") or joined in words("privacy_locals"):
        return Desk.PRIVACY
    if parts & words("sales_locals"):
        return Desk.PERSON_OR_SALES
    if parts & words("desk_locals"):
        return Desk.OTHER
    is_name = not parts & words("service_locals") and _NAMES.fullmatch(local)
    return Desk.PERSON_OR_SALES if is_name else Desk.GENERAL


@cache
def _no_reply() -> tuple[str, ...]:
    return tuple(words("no_reply_locals"))


def hosts_of(host: str, final_url: str) -> tuple[str, str]:
    """Return the hosts at which a site responds: the scanned one, and the one it redirects to."""
    return host, url_host(final_url)
