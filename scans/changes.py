"""Say what changed on a domain from one scan to the next."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from scans.gone import covers
from scans.models import Domain, Scan

Report = dict[str, Any]
FACTS = {
    "verdict": "What it is",
    "title": "Title",
    "final_url": "Final address",
    "server_address": "Server",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs: `before` and `after` of a fact, or what a list gained and lost."""

    field: str
    name: str
    before: str = ""
    after: str = ""
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    @property
    def is_list(self) -> bool:
        return bool(self.added or self.removed)


def scan_before(scan: Scan) -> Scan | None:
    """Return the scan of the same domain that came before this one."""
    earlier = Scan.objects.filter(domain=scan.domain_id, finished_at__lt=scan.finished_at)
    return earlier.order_by("-finished_at").first()


def scan_of(domain: Domain, key: str) -> Scan | None:
    """Return the scan of the domain with this id; its newest one where there is none."""
    with suppress(ValueError):
        if chosen := domain.scans.filter(pk=UUID(key)).first():
            return chosen
    return domain.latest_scan


def changes_between(before: Report, after: Report) -> list[Change]:
    """Return what differs between two reports of one domain, the weightiest first.

    A list that one of the scans did not look at to its end is compared only in what it gained, or
    not at all where the earlier one did not look.
    """
    found = [
        Change(field, name, str(before[field]), str(after[field]))
        for field, name in FACTS.items()
        if before[field] != after[field]
    ]
    found += _list_change("contacts", "Contacts", before, after, _contact)
    found += _list_change("technologies", "Runs on", before, after, lambda item: item["name"])
    was, now = _sitemap_count(before), _sitemap_count(after)
    if was != now and covers(before, "sitemaps") and covers(after, "sitemaps"):
        found.append(Change("sitemaps", "Sitemaps", was, now))
    return found


def _list_change(
    field: str, name: str, before: Report, after: Report, text: Callable[[dict], str]
) -> list[Change]:
    was, now = ({text(item): None for item in report[field]} for report in (before, after))
    added = tuple(item for item in now if item not in was) if covers(before, "pages") else ()
    removed = tuple(item for item in was if item not in now) if covers(after, "pages") else ()
    return [Change(field, name, added=added, removed=removed)] if added or removed else []


def _contact(contact: dict[str, Any]) -> str:
    return str(contact["value"])


def _sitemap_count(report: Report) -> str:
    """Return how many sitemaps could be read."""
    return str(sum(1 for sitemap in report["sitemaps"] if sitemap["kind"]))
