"""Rewrite the facts of domains after a user corrected the results they derive from."""

from collections import defaultdict
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from scans import storage
from scans.engine.best_contact import Candidate, best_contacts, hosts_of
from scans.latest_facts import LIST_COLUMNS, list_values
from scans.models import Contact, Domain, Technology

PIN = ("kind", "value")


def refresh_lists(domain_ids: list[UUID]) -> None:
    """Rewrite the contact and technology columns of domains after a correction or pin.

    They keep the order of the last report, as if written by a scan; the caller holds the domains'
    locks.
    """
    there = Q(gone_at=None, is_wrong=False, domain__in=domain_ids)
    contacts = _by_domain(Contact.objects.filter(there), *Candidate._fields)
    pinned = _by_domain(Contact.objects.filter(domain__in=domain_ids, is_pinned=True), *PIN)
    technologies = _by_domain(Technology.objects.filter(there), "name")
    domains = Domain.objects.filter(pk__in=domain_ids).select_related("latest_scan")
    rows = []
    for domain in domains.only("host", "final_url", "latest_scan__report"):
        report = domain.latest_scan.report if domain.latest_scan else {}
        order = [(c["kind"], c["label"], c["value"]) for c in report.get("contacts", ())]
        names = [(technology["name"],) for technology in report.get("technologies", ())]
        shown = [Candidate(*row) for row in _in_order(contacts[domain.pk], order)]
        named = [name for (name,) in _in_order(technologies[domain.pk], names)]
        hosts = hosts_of(domain.host, domain.final_url)
        best = best_contacts(shown, hosts, dict(pinned[domain.pk]))
        rows.append((domain.pk, *list_values(shown, named), *best))
    storage.update(Domain, ("id", *LIST_COLUMNS), rows)


def recount_page(domain_id: UUID, before: str, after: str) -> None:
    """Move a page to another type in its domain's counts; the caller holds the domain's lock."""
    counts = dict(Domain.objects.values_list("page_types", flat=True).get(pk=domain_id))
    if counts.get(before):
        counts[before] -= 1
        counts[after] = counts.get(after, 0) + 1
        counts = {page_type: number for page_type, number in counts.items() if number}
        Domain.objects.filter(pk=domain_id).update(page_types=counts)


def _by_domain(rows: QuerySet[Any], *columns: str) -> dict[UUID, list[tuple]]:
    by_domain: dict[UUID, list[tuple]] = defaultdict(list)
    for pk, *values in rows.order_by("pk").values_list("domain_id", *columns):
        by_domain[pk].append(tuple(values))
    return by_domain


def _in_order(rows: list[tuple], order: list[tuple]) -> list[tuple]:
    """Return rows sorted by the position of their first values in `order`, others last."""
    rank = {row: number for number, row in reversed(list(enumerate(order)))}
    width = len(order[0]) if order else 0
    return sorted(rows, key=lambda row: rank.get(row[:width], len(order)))
