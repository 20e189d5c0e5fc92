"""The latest facts of a domain, as shown in lists.

They combine what the last scan saw with what earlier scans saw and the last one could not check
(see `scans.history`). So the lists and the page of a domain always agree, whichever scan came last.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, Count, ExpressionWrapper, Q, QuerySet

from scans import history, storage
from scans.corrections.reading import stored_contact, stored_technology
from scans.engine.best_contact import Candidate, best_contacts, hosts_of
from scans.models import Contact, Domain, Page, Sitemap, Technology

Report = dict[str, Any]

FACT_COLUMNS = ("final_url", "title", "description", "language", "favicon_url", "logo_url")
LIST_COLUMNS = ("emails", "phones", "social", "technologies", "best_email", "best_phone")
SCANNED_COLUMNS = (
    "id",
    "status",
    "failure_reason",
    "verdict",
    *FACT_COLUMNS,
    *LIST_COLUMNS,
    "sitemap_count",
    "page_count",
    "page_types",
    "latest_scan_id",
    "latest_batch_id",
    "last_scanned_at",
    "updated_at",
)
FAILED_COLUMNS = (
    "id",
    "status",
    "failure_reason",
    "latest_batch_id",
    "last_scanned_at",
    "updated_at",
)
IMPORT_COLUMNS = (
    "id",
    "sitemap_analysis_status",
    "sitemap_analysis_error",
    "latest_batch_id",
    "updated_at",
)
IMPORTED_COLUMNS = (*IMPORT_COLUMNS, "sitemap_count", "page_count", "page_types")


@dataclass(frozen=True, slots=True)
class SiteResult:
    """The result of a finished scan of one domain."""

    tenant_id: UUID
    domain_id: UUID
    batch_id: UUID | None
    report: Report
    # The scan row to write; None for a sitemap import, which does not scan the whole site.
    scan_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class SiteFailure:
    """A scan of one domain that failed."""

    domain_id: UUID
    batch_id: UUID | None
    reason: str
    error: str = ""
    sitemaps_only: bool = False


def update_domains(
    results: list[SiteResult],
    failures: list[SiteFailure],
    now: datetime,
    verdicts: Mapping[UUID, str],
) -> None:
    """Update the facts of domains whose results were just stored, in the same transaction.

    `now` is the `last_seen` of the stored results, `verdicts` the ones set by users.
    """
    records = _records({result.domain_id: result.report for result in results}, now)
    for pk, verdict in verdicts.items():
        records[pk].verdict = verdict
    scanned = [_scanned_row(r, records[r.domain_id], now) for r in results if r.scan_id]
    storage.update(Domain, SCANNED_COLUMNS, scanned)
    failed = [_failed_row(failure, now) for failure in failures if not failure.sitemaps_only]
    storage.update(Domain, FAILED_COLUMNS, failed)
    _update_imported(
        [result for result in results if not result.scan_id],
        [failure for failure in failures if failure.sitemaps_only],
        records,
        now,
    )


@dataclass(slots=True)
class _Record:
    """Stored facts of one domain that are not in the report of its last scan."""

    # Facts from earlier scans, by column, if the last one saw nothing of the site.
    facts: dict[str, str] = field(default_factory=dict)
    # Contacts, and names of technologies, that still exist but are not in the report.
    contacts: list[Candidate] = field(default_factory=list)
    technologies: list[str] = field(default_factory=list)
    # Kind -> value of pinned contacts.
    pinned: dict[str, str] = field(default_factory=dict)
    # (kind, value) of contacts, and names of technologies, marked as wrong.
    wrong_contacts: set[tuple[str, str]] = field(default_factory=set)
    wrong_technologies: set[str] = field(default_factory=set)
    # The verdict set by a user, if any.
    verdict: str = ""
    sitemap_count: int = 0
    # Page type -> number of pages.
    page_types: dict[str, int] = field(default_factory=dict)

    @property
    def page_count(self) -> int:
        return sum(self.page_types.values())


def _records(reports: dict[UUID, Report], now: datetime) -> dict[UUID, _Record]:
    """Return the record of each domain, in a constant number of queries."""
    records: dict[UUID, _Record] = defaultdict(_Record)
    ids = list(reports)
    if not ids:
        return records
    is_kept_before = ExpressionWrapper(_kept_before(now), BooleanField())
    for pk, is_wrong, is_pinned, is_kept, *values in _beside_report(
        Contact, ids, now, also=Q(is_pinned=True)
    ).values_list("domain_id", "is_wrong", "is_pinned", is_kept_before, *Candidate._fields):
        contact, record = Candidate(*values), records[pk]
        if is_wrong:
            record.wrong_contacts.add((contact.kind, contact.value))
        elif is_kept:
            record.contacts.append(contact)
        if is_pinned:
            record.pinned[contact.kind] = contact.value
    for pk, name, is_wrong in _beside_report(Technology, ids, now).values_list(
        "domain_id", "name", "is_wrong"
    ):
        if is_wrong:
            records[pk].wrong_technologies.add(name)
        else:
            records[pk].technologies.append(name)
    for pk, count in _counts(Sitemap.objects.filter(gone_at=None).exclude(kind=""), ids):
        records[pk].sitemap_count = count
    _count_pages(records, reports)
    _keep_facts(records, reports)
    return records


def _beside_report(
    model: type[Contact | Technology], ids: list[UUID], now: datetime, also: Q | None = None
) -> QuerySet[Any]:
    """Return findings that are not in the report: kept from earlier scans, or marked as wrong."""
    rows = _kept_before(now) | Q(is_wrong=True) | (also or Q())
    return model.objects.filter(rows, domain__in=ids).order_by("pk")


def _kept_before(now: datetime) -> Q:
    return Q(gone_at=None) & ~Q(last_seen=now)


def _counts(rows: QuerySet[Any], ids: Iterable[UUID]) -> Iterable[tuple[UUID, int]]:
    counted = rows.filter(domain__in=ids).order_by().values("domain_id").annotate(rows=Count("*"))
    return counted.values_list("domain_id", "rows")


def _count_pages(records: dict[UUID, _Record], reports: dict[UUID, Report]) -> None:
    """Count pages by type: the stored ones, or all the scan saw if it stored only some."""
    pages = Page.objects.filter(gone_at=None, domain__in=list(reports)).order_by()
    counted = pages.values("domain", "page_type").annotate(number=Count("*"))
    for pk, page_type, number in counted.values_list("domain", "page_type", "number"):
        records[pk].page_types[page_type] = number
    for pk, report in reports.items():
        records[pk].page_types = report.get("page_types") or records[pk].page_types


def _keep_facts(records: dict[UUID, _Record], reports: dict[UUID, Report]) -> None:
    """Keep title, description etc. of domains whose last scan saw nothing of the site."""
    unseen = [pk for pk, report in reports.items() if not history.saw_the_site(report)]
    if unseen:
        for known in Domain.objects.filter(pk__in=unseen).values("pk", *FACT_COLUMNS):
            pk = known.pop("pk")
            records[pk].facts = {name: value for name, value in known.items() if value}


def _scanned_row(result: SiteResult, record: _Record, now: datetime) -> tuple:
    report = result.report
    facts = {name: report[name] for name in FACT_COLUMNS} | record.facts
    contacts = [
        Candidate(*(contact[name] for name in Candidate._fields))
        for contact in report["contacts"]
        if (contact["kind"], stored_contact(contact["value"])) not in record.wrong_contacts
    ] + record.contacts
    technologies = [
        technology["name"]
        for technology in report["technologies"]
        if stored_technology(technology["name"]) not in record.wrong_technologies
    ] + record.technologies
    return (
        result.domain_id,
        Domain.Status.SCANNED,
        "",
        record.verdict or report["verdict"],
        *(facts[name] for name in FACT_COLUMNS),
        *list_values(contacts, technologies),
        *best_contacts(contacts, hosts_of(report["domain"], facts["final_url"]), record.pinned),
        record.sitemap_count,
        record.page_count,
        record.page_types,
        result.scan_id,
        result.batch_id,
        now,
        now,
    )


def list_values(contacts: list[Candidate], technologies: list[str]) -> tuple:
    """Return the values of the multi-valued LIST_COLUMNS; contacts in the report's order."""
    return (
        [contact.value for contact in contacts if contact.kind == "email"],
        [contact.value for contact in contacts if contact.kind == "phone"],
        {row.label: row.value for row in reversed(contacts) if row.kind == "social"},
        technologies,
    )


def _failed_row(failure: SiteFailure, now: datetime) -> tuple:
    status = Domain.Status.FAILED
    return (failure.domain_id, status, failure.reason, failure.batch_id, now, now)


def _update_imported(
    imported: list[SiteResult],
    failures: list[SiteFailure],
    records: dict[UUID, _Record],
    now: datetime,
) -> None:
    """Record the outcome of sitemap imports; domains queued again in the meantime stay queued."""
    ids = [result.domain_id for result in imported] + [f.domain_id for f in failures]
    if not ids:
        return
    queued = set(
        Domain.objects.filter(
            pk__in=ids, sitemap_analysis_status=Domain.SitemapAnalysis.QUEUED
        ).values_list("pk", flat=True)
    )
    rows = [_imported_row(r, records[r.domain_id], now, r.domain_id in queued) for r in imported]
    storage.update(Domain, IMPORTED_COLUMNS, rows)
    not_imported = [
        _not_imported_row(failure, now) for failure in failures if failure.domain_id not in queued
    ]
    storage.update(Domain, IMPORT_COLUMNS, not_imported)


def _imported_row(result: SiteResult, record: _Record, now: datetime, is_queued: bool) -> tuple:
    """Return the outcome: submitted only if at least one sitemap was read and stored."""
    states = Domain.SitemapAnalysis
    errors = [sitemap["error"] for sitemap in result.report["sitemaps"] if sitemap["error"]]
    if is_queued:
        status, error = states.QUEUED, ""
    elif any(sitemap["kind"] for sitemap in result.report["sitemaps"]):
        status, error = states.SUBMITTED, ""
    else:
        status = states.FAILED
        error = f"No sitemap could be read: {errors[0]}" if errors else "The site has no sitemap."
    counts = (record.sitemap_count, record.page_count, record.page_types)
    return (result.domain_id, status, error, result.batch_id, now, *counts)


def _not_imported_row(failure: SiteFailure, now: datetime) -> tuple:
    state = Domain.SitemapAnalysis.FAILED
    return (failure.domain_id, state, failure.error or failure.reason, failure.batch_id, now)
