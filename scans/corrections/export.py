"""Export corrections as page labels for scoring `extract_page`.

Each corrected page is one label: its correct e-mail addresses and phone numbers, neutral ones, and
the users' statements about it.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from scans.corrections.models import CHOICES, Correction
from scans.models import Contact

AT_ONCE = 500
# Neutral numbers are identified by their last digits, regardless of region.
LAST_DIGITS = 8
Label = dict[str, Any]
Kind = Correction.Kind


def labels() -> dict[str, Label]:
    """Return the labels of all corrected pages by file name."""
    pages: dict[str, Label] = {}
    for corrections in _in_chunks():
        contacts = _contacts_on({row.seen_on_id for row in corrections if row.seen_on_id})
        for row in corrections:
            label = pages.setdefault(page_name(row.url), _empty(row.url))
            label["corrections"] += _statements(row)
            _add_contacts(label, contacts[row.seen_on_id])
    return {name: _finished(label) for name, label in sorted(pages.items())}


def page_name(url: str) -> str:
    """Return the file name of a page: its host and a hash of its URL."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    safe = "".join(char if char.isalnum() or char in ".-" else "-" for char in host).strip(".")
    return f"{safe[:100] or 'page'}-{hashlib.sha256(url.encode()).hexdigest()[:12]}.html"


def _in_chunks() -> Iterator[list[Correction]]:
    rows = Correction.objects.exclude(url="").order_by("pk")
    chunk = list(rows[:AT_ONCE])
    while chunk:
        yield chunk
        chunk = list(rows.filter(pk__gt=chunk[-1].pk)[:AT_ONCE])


def _contacts_on(domain_ids: Iterable[UUID]) -> dict[UUID | None, list[tuple[str, ...]]]:
    """Return (kind, value, label, URL) of the visible contacts of domains."""
    by_domain: dict[UUID | None, list[tuple[str, ...]]] = defaultdict(list)
    rows = Contact.objects.visible().filter(domain__in=domain_ids, kind__in=["email", "phone"])
    for pk, *contact in rows.values_list("domain_id", "kind", "value", "label", "page_url"):
        by_domain[pk].append(tuple(contact))
    return by_domain


def _empty(url: str) -> Label:
    return {
        "url": url,
        "emails": set(),
        "phones": set(),
        "neutral_emails": set(),
        "neutral_phones": set(),
        "corrections": [],
    }


def _statements(row: Correction) -> Iterator[dict[str, Any]]:
    """Yield the statements of a correction: the wrong value, and the right one."""
    named = {"kind": row.kind} | ({"contact_kind": row.contact_kind} if row.contact_kind else {})
    yield {**named, "value": row.value, "right": False}
    if row.kind in CHOICES:
        yield {**named, "value": row.right_value, "right": True}


def _add_contacts(label: Label, contacts: Iterable[tuple[str, ...]]) -> None:
    """Add a site's contacts: correct on the page that is their evidence, neutral elsewhere.

    A scan keeps one page per contact, though other pages may show it too.
    """
    for kind, value, region, url in contacts:
        is_right = url == label["url"] and "fax" not in region
        if kind == "email":
            label["emails" if is_right else "neutral_emails"].add(value.lower())
        elif is_right:
            label["phones"].add(value)
        else:
            label["neutral_phones"].add(value[-LAST_DIGITS:])


def _finished(label: Label) -> Label:
    label["neutral_emails"] -= label["emails"]
    unique = {tuple(statement.items()): statement for statement in label["corrections"]}
    label["corrections"] = list(unique.values())
    return {k: sorted(v) if isinstance(v, set) else v for k, v in label.items()}
