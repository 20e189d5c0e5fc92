"""Remove domains, or the results of individual scans.

The caller must hold the domains' locks until the end of the transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Model, QuerySet

from scans import storage
from scans.corrections.domain_facts import refresh_lists
from scans.corrections.reading import right_values
from scans.curation import Curated, Curation
from scans.domain_lists.services import forget_domains
from scans.history import saw_the_site
from scans.latest_facts import FACT_COLUMNS
from scans.models import Contact, Domain, Page, Scan, Sitemap, Technology

SHOWN_COLUMNS = (
    "id",
    "status",
    "failure_reason",
    "verdict",
    *FACT_COLUMNS,
    "sitemap_count",
    "page_count",
    "page_types",
    "latest_scan_id",
    "latest_batch_id",
    "last_scanned_at",
)


@dataclass(frozen=True, slots=True)
class ScanRecord:
    """A scan or a sitemap import of a domain, and when its results were stored."""

    domain_id: UUID
    scan_id: UUID | None
    stored_at: datetime


@dataclass(frozen=True, slots=True)
class LastScan:
    """The newest remaining scan of a domain: its time, its batch, and why it failed, if it did."""

    at: datetime
    batch_id: UUID | None = None
    failure_reason: str = ""


def lock_for_removal(ids: Iterable[UUID]) -> list[UUID]:
    """Lock domains in id order, also against new rows that refer to them.

    Returns the existing ones.
    """
    rows: QuerySet = Domain.objects.select_for_update().filter(pk__in=set(ids))
    return list(rows.order_by("pk").values_list("pk", flat=True))


def remove_domains(ids: Sequence[UUID]) -> int:
    """Delete domains with everything stored about them; return how many.

    Jobs must no longer refer to them.
    """
    forget_domains(ids)
    _, deleted = Domain.objects.filter(pk__in=ids).delete()
    return deleted.get(Domain._meta.label, 0)


def remove_results(
    records: Sequence[ScanRecord], last: Mapping[UUID, LastScan], *, scanned_later: set[UUID]
) -> None:
    """Remove what only these scans saw, one scan per domain, and refresh the domains' facts.

    Findings that another scan saw stay, as do those that a user curated or pinned. Anything that
    one of these scans marked as gone reappears. `last` maps domains to their newest remaining scan;
    `scanned_later` has the domains that were scanned again after these scans.
    """
    for record in records:
        _remove_findings(record, is_newest=record.domain_id not in scanned_later)
    Scan.objects.filter(pk__in=[record.scan_id for record in records if record.scan_id]).delete()
    refresh_facts([record.domain_id for record in records], last)


def _remove_findings(record: ScanRecord, *, is_newest: bool) -> None:
    models: tuple[type[Model], ...] = (Contact, Technology, Sitemap)
    for model in models:
        of_domain = model._default_manager.filter(domain=record.domain_id)
        seen_once = of_domain.filter(first_seen=record.stored_at, last_seen=record.stored_at)
        _uncurated(seen_once).delete()
        of_domain.filter(gone_at=record.stored_at).update(gone_at=None)
    pages = Page.objects.filter(domain=record.domain_id)
    if is_newest:  # later scans may have seen pages without rewriting them
        _uncurated(pages.filter(first_seen=record.stored_at)).delete()
    pages.filter(gone_at=record.stored_at).update(gone_at=None)


def _uncurated(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Return the rows that no user curated or pinned."""
    if rows.model is Contact:
        rows = rows.filter(is_pinned=False)
    return rows.filter(curation=Curation.NEW) if issubclass(rows.model, Curated) else rows


def refresh_facts(ids: Sequence[UUID], last: Mapping[UUID, LastScan]) -> None:
    """Recompute the facts of domains from the stored scans and findings."""
    sitemaps = _counts(Sitemap.objects.filter(gone_at=None).exclude(kind=""), ids)
    pages: dict[UUID, dict[str, int]] = {pk: {} for pk in ids}
    present = Page.objects.filter(domain__in=ids, gone_at=None).order_by()
    counted = present.values("domain", "page_type").annotate(rows=Count("*"))
    for pk, page_type, number in counted.values_list("domain", "page_type", "rows"):
        pages[pk][page_type] = number
    verdicts = right_values(ids).verdicts
    rows = []
    for pk in ids:
        scan, facts = _newest(pk)
        types = (scan.report.get("page_types") if scan else None) or pages[pk]
        verdict = verdicts.get(pk) or (scan.verdict if scan else "")
        counts = (sitemaps.get(pk, 0), sum(types.values()), types)
        outcome = _outcome(scan, last.get(pk))
        rows.append((pk, *outcome[:2], verdict, *facts, *counts, *outcome[2:]))
    storage.update(Domain, SHOWN_COLUMNS, rows)
    refresh_lists(list(ids))


def _outcome(scan: Scan | None, last: LastScan | None) -> tuple[Any, ...]:
    """Return the status, failure reason, latest scan, latest batch and scan time of a domain."""
    states = Domain.Status
    status = states.SCANNED if scan else states.UNSCANNED
    at = scan.finished_at if scan else None
    reason, batch_id = "", None
    if last is not None:
        at, reason, batch_id = last.at, last.failure_reason, last.batch_id
        status = states.FAILED if reason else status
    return status, reason, scan.pk if scan else None, batch_id, at


def _newest(domain_id: UUID) -> tuple[Scan | None, tuple[str, ...]]:
    """Return the newest scan of a domain, and the facts of the newest one that saw the site."""
    newest = None
    for scan in Scan.objects.filter(domain=domain_id).order_by("-finished_at")[:10]:
        newest = newest or scan
        if saw_the_site(scan.report):
            return newest, tuple(str(scan.report.get(name, "")) for name in FACT_COLUMNS)
    return newest, ("",) * len(FACT_COLUMNS)


def _counts(rows: QuerySet[Any], ids: Sequence[UUID]) -> dict[UUID, int]:
    counted = rows.filter(domain__in=ids).order_by().values("domain").annotate(rows=Count("*"))
    return dict(counted.values_list("domain", "rows"))
