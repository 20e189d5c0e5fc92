"""Turn the reports of finished scans into rows, many sites in one transaction."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from scans import gone, storage
from scans.models import Contact, Domain, Page, Scan, Sitemap, Technology
from scans.storage import url_hash

Report = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SiteResult:
    """What a finished scan of one domain leaves behind."""

    tenant_id: UUID
    domain_id: UUID
    batch_id: UUID | None
    report: Report
    scan_id: UUID | None = None
    """The scan row to write; None for a sitemap import, which is no look at the whole site."""


@dataclass(frozen=True, slots=True)
class SiteFailure:
    """A scan of one domain that failed."""

    domain_id: UUID
    batch_id: UUID | None
    reason: str
    error: str = ""
    sitemaps_only: bool = False


def lock_domains(ids: Iterable[UUID]) -> None:
    """Lock domain rows in the order of their ids, for the rest of the transaction.

    Everything that is found on a domain is written under its lock.
    """
    rows: QuerySet = Domain.objects.select_for_update(no_key=True).filter(pk__in=set(ids))
    list(rows.order_by("pk").values_list("pk"))


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


FINDING_COLUMNS = ("tenant_id", "domain_id", "first_seen", "last_seen", "gone_at")
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
        (result.tenant_id, result.domain_id, now, now, None, *row)
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
    )


def _mark_gone(results: list[SiteResult], scanned: list[SiteResult], now: datetime) -> None:
    earlier = Q(last_seen__lt=now, gone_at=None)
    reports = {result.domain_id: result.report for result in scanned}
    gone.mark_contacts(Contact.objects.filter(earlier), reports, now)
    gone.mark_technologies(Technology.objects.filter(earlier), reports, now)
    reports = {result.domain_id: result.report for result in results}
    gone.mark_sitemaps(Sitemap.objects.filter(earlier), reports, now)


PAGE_COLUMNS = ("url", "source", "page_type", "lastmod", "changefreq", "priority")


def _save_pages(results: list[SiteResult], now: datetime) -> None:
    rows = [
        (
            result.domain_id,
            url_hash(page["url"]),
            now,
            now,
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
        ("domain_id", "url_hash", "first_seen", "last_seen", *PAGE_COLUMNS),
        rows,
        key=["domain_id", "url_hash"],
        update=[*PAGE_COLUMNS[1:], "last_seen"],
        touch="last_seen",
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
    imported = [_imported_row(result, now) for result in results if not result.scan_id]
    not_imported = [
        _not_imported_row(failure, now) for failure in failures if failure.sitemaps_only
    ]
    storage.update(Domain, IMPORT_COLUMNS, imported + not_imported)


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


def _imported_row(result: SiteResult, now: datetime) -> tuple:
    """Return submitted only where at least one sitemap could be read and was stored."""
    states = Domain.SitemapAnalysis
    if _readable(result.report):
        return (result.domain_id, states.SUBMITTED, "", result.batch_id, now)
    tried = [sitemap["error"] for sitemap in result.report["sitemaps"] if sitemap["error"]]
    error = f"No sitemap could be read: {tried[0]}" if tried else "The site has no sitemap."
    return (result.domain_id, states.FAILED, error, result.batch_id, now)


def _not_imported_row(failure: SiteFailure, now: datetime) -> tuple:
    state = Domain.SitemapAnalysis.FAILED
    return (failure.domain_id, state, failure.error or failure.reason, failure.batch_id, now)


def _readable(report: Report) -> int:
    """Return how many sitemaps of a report could be read, in part at least."""
    return sum(1 for sitemap in report["sitemaps"] if sitemap["kind"])


def _moment(text: str) -> datetime | None:
    """Return an aware datetime of an ISO 8601 text; None for anything else."""
    try:
        moment = datetime.fromisoformat(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
