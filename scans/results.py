"""Turn the reports of finished scans into rows, many sites in one transaction."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import Q

from scans import history, storage
from scans.models import Contact, Domain, Page, Scan, Sitemap, Technology
from scans.services import lock_domains, queue_for_sitemaps
from scans.storage import url_hash

Report = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SiteResult:
    """What a finished scan of one domain leaves behind."""

    tenant_id: UUID
    domain_id: UUID
    batch_id: UUID | None
    report: Report
    # The scan row to write; None for a sitemap import, which is no look at the whole site.
    scan_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class SiteFailure:
    """A scan of one domain that failed."""

    domain_id: UUID
    batch_id: UUID | None
    reason: str
    error: str = ""
    sitemaps_only: bool = False


def save(results: list[SiteResult], failures: list[SiteFailure], *, now: datetime) -> None:
    """Store scans, findings and the newest facts of their domains, inside a transaction.

    `now` is the end of the scans, aware; a finding that an earlier scan saw and this one looked
    for in vain is marked gone.
    """
    lock_domains([r.domain_id for r in results] + [f.domain_id for f in failures])
    scanned = [result for result in results if result.scan_id]
    storage.upsert(Scan, SCAN_COLUMNS, map(_scan_row, scanned), key=["id"])
    _save_findings(Contact, CONTACT_COLUMNS, scanned, _contact_rows, ["kind", "value"], now)
    _save_findings(Technology, TECHNOLOGY_COLUMNS, scanned, _technology_rows, ["name"], now)
    _save_findings(Sitemap, SITEMAP_COLUMNS, results, _sitemap_rows, ["url_hash"], now)
    _mark_gone(results, scanned, now)
    _save_pages(results, now)
    _update_domains(results, failures, now)
    _queue_where_wanted(scanned)


SCAN_COLUMNS = ("id", "tenant_id", "domain_id", "verdict", "report", "started_at", "finished_at")


def _scan_row(result: SiteResult) -> tuple:
    report = {name: value for name, value in result.report.items() if name != "pages"}
    report["page_count"] = len(result.report["pages"])
    return (
        result.scan_id,
        result.tenant_id,
        result.domain_id,
        report["verdict"],
        report,
        _moment(report["started_at"]),
        _moment(report["finished_at"]),
    )


FINDING_COLUMNS = ("tenant_id", "domain_id")
CONTACT_COLUMNS = ("kind", "value", "label", "page_url", "snippet", "method", "confidence")
TECHNOLOGY_COLUMNS = ("name", "category", "website", "version", "evidence")
SITEMAP_COLUMNS = ("url_hash", "url", "kind", "source", "parent_url", "url_count", "bytes", "error")


def _contact_rows(report: Report) -> Iterable[tuple]:
    return (tuple(contact[name] for name in CONTACT_COLUMNS) for contact in report["contacts"])


def _technology_rows(report: Report) -> Iterable[tuple]:
    return (tuple(found[name] for name in TECHNOLOGY_COLUMNS) for found in report["technologies"])


def _sitemap_rows(report: Report) -> Iterable[tuple]:
    return (
        (url_hash(sitemap["url"]), *(sitemap[name] for name in SITEMAP_COLUMNS[1:]))
        for sitemap in report["sitemaps"]
    )


def _save_findings(
    model: type[Contact | Technology | Sitemap],
    columns: tuple[str, ...],
    results: list[SiteResult],
    rows_of: Callable[[Report], Iterable[tuple]],
    key: list[str],
    now: datetime,
) -> None:
    """Write what was seen; what had been marked gone is there again."""
    rows = [
        (result.tenant_id, result.domain_id, *row)
        for result in results
        for row in rows_of(result.report)
    ]
    seen = [name for name in columns if name not in key]
    storage.upsert(
        model,
        (*FINDING_COLUMNS, *columns),
        rows,
        key=["domain_id", *key],
        update=[*seen, "last_seen", "gone_at"],
        constants={"first_seen": now, "last_seen": now, "gone_at": None},
    )


def _mark_gone(results: list[SiteResult], scanned: list[SiteResult], now: datetime) -> None:
    earlier = Q(last_seen__lt=now, gone_at=None)
    reports = {result.domain_id: result.report for result in scanned}
    history.mark_contacts(Contact.objects.filter(earlier), reports, now)
    history.mark_technologies(Technology.objects.filter(earlier), reports, now)
    reports = {result.domain_id: result.report for result in results}
    history.mark_sitemaps(Sitemap.objects.filter(earlier), reports, now)


PAGE_COLUMNS = ("url", "source", "page_type", "lastmod", "changefreq", "priority")


def _save_pages(results: list[SiteResult], now: datetime) -> None:
    rows = [
        (
            result.domain_id,
            url_hash(page["url"]),
            page["url"],
            page["source"],
            page["page_type"],
            _moment(page["lastmod"]),
            page["changefreq"],
            page["priority"],
        )
        for result in results
        for page in result.report["pages"]
    ]
    storage.upsert(
        Page,
        ("domain_id", "url_hash", *PAGE_COLUMNS),
        rows,
        key=["domain_id", "url_hash"],
        update=[*PAGE_COLUMNS[1:], "last_seen"],
        touch="last_seen",
        constants={"first_seen": now, "last_seen": now},
    )


FACT_COLUMNS = ("final_url", "title", "description", "language", "favicon_url", "logo_url")
SCANNED_COLUMNS = (
    "id",
    "status",
    "failure_reason",
    "verdict",
    *FACT_COLUMNS,
    "emails",
    "phones",
    "social",
    "technologies",
    "sitemap_count",
    "page_count",
    "latest_scan_id",
    "latest_batch_id",
    "last_scanned_at",
    "updated_at",
)


def _update_domains(results: list[SiteResult], failures: list[SiteFailure], now: datetime) -> None:
    scanned = [_scanned_row(result, now) for result in results if result.scan_id]
    storage.update(Domain, SCANNED_COLUMNS, scanned)
    failed = [_failed_row(failure, now) for failure in failures if not failure.sitemaps_only]
    storage.update(Domain, FAILED_COLUMNS, failed)
    imported = [result for result in results if not result.scan_id]
    not_imported = [failure for failure in failures if failure.sitemaps_only]
    if imported or not_imported:
        _update_imported(imported, not_imported, now)


def _update_imported(
    imported: list[SiteResult], not_imported: list[SiteFailure], now: datetime
) -> None:
    """Write how sitemap imports ended; a domain that was queued anew meanwhile stays queued."""
    ids = [result.domain_id for result in imported] + [f.domain_id for f in not_imported]
    known = Domain.objects.only("sitemap_analysis_status", "page_count").in_bulk(ids)
    rows = [_imported_row(result, known[result.domain_id], now) for result in imported]
    storage.update(Domain, IMPORTED_COLUMNS, rows)
    storage.update(
        Domain,
        IMPORT_COLUMNS,
        [
            _not_imported_row(failure, now)
            for failure in not_imported
            if known[failure.domain_id].sitemap_analysis_status != Domain.SitemapAnalysis.QUEUED
        ],
    )


def _queue_where_wanted(scanned: list[SiteResult]) -> None:
    """Queue the domains just scanned for sitemap submission where their tenant wants it so."""
    if scanned:
        ids = [result.domain_id for result in scanned]
        queue_for_sitemaps(Domain.objects.filter(pk__in=ids, tenant__auto_submit_sitemaps=True))


def _scanned_row(result: SiteResult, now: datetime) -> tuple:
    report = result.report
    by_kind: dict[str, list[dict]] = {"email": [], "phone": [], "social": []}
    for contact in report["contacts"]:
        by_kind.setdefault(contact["kind"], []).append(contact)
    return (
        result.domain_id,
        Domain.Status.SCANNED,
        "",
        report["verdict"],
        *(report[name] for name in FACT_COLUMNS),
        [contact["value"] for contact in by_kind["email"]],
        [contact["value"] for contact in by_kind["phone"]],
        {contact["label"]: contact["value"] for contact in reversed(by_kind["social"])},
        [found["name"] for found in report["technologies"]],
        _readable(report),
        len(report["pages"]),
        result.scan_id,
        result.batch_id,
        now,
        now,
    )


FAILED_COLUMNS = (
    "id",
    "status",
    "failure_reason",
    "latest_batch_id",
    "last_scanned_at",
    "updated_at",
)


def _failed_row(failure: SiteFailure, now: datetime) -> tuple:
    status = Domain.Status.FAILED
    return (failure.domain_id, status, failure.reason, failure.batch_id, now, now)


IMPORT_COLUMNS = (
    "id",
    "sitemap_analysis_status",
    "sitemap_analysis_error",
    "latest_batch_id",
    "updated_at",
)


IMPORTED_COLUMNS = (*IMPORT_COLUMNS, "sitemap_count", "page_count")


def _imported_row(result: SiteResult, domain: Domain, now: datetime) -> tuple:
    """Return submitted only where at least one sitemap could be read and was stored."""
    states = Domain.SitemapAnalysis
    readable = _readable(result.report)
    tried = [sitemap["error"] for sitemap in result.report["sitemaps"] if sitemap["error"]]
    error = f"No sitemap could be read: {tried[0]}" if tried else "The site has no sitemap."
    status, told = (states.SUBMITTED, "") if readable else (states.FAILED, error)
    if domain.sitemap_analysis_status == states.QUEUED:
        status, told = states.QUEUED, ""
    pages = max(domain.page_count, len(result.report["pages"]))
    return (result.domain_id, status, told, result.batch_id, now, readable, pages)


def _not_imported_row(failure: SiteFailure, now: datetime) -> tuple:
    state = Domain.SitemapAnalysis.FAILED
    return (failure.domain_id, state, failure.error or failure.reason, failure.batch_id, now)


def _readable(report: Report) -> int:
    """Return how many sitemaps of a report could be read, in part at least."""
    return sum(1 for sitemap in report["sitemaps"] if sitemap["kind"])


@lru_cache(maxsize=4_096)
def _moment(text: str) -> datetime | None:
    """Return an aware datetime of an ISO 8601 text; None for anything else."""
    try:
        moment = datetime.fromisoformat(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
