"""Store the reports of finished scans as rows, many sites per transaction."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import Q

from scans import history, storage
from scans.corrections.reading import WrongMarks, right_values
from scans.latest_facts import SiteFailure, SiteResult, update_domains
from scans.models import Contact, Domain, Page, Scan, Sitemap, Technology
from scans.services import hold_tenants, lock_domains, queue_for_sitemaps
from scans.storage import url_hash

Report = dict[str, Any]


def save(results: list[SiteResult], failures: list[SiteFailure], *, now: datetime) -> None:
    """Store scans, findings and the latest facts of their domains, inside a transaction.

    `now` is the aware end time of the scans. Findings of earlier scans that these should have seen
    but did not are marked as gone.
    """
    lock_domains([r.domain_id for r in results] + [f.domain_id for f in failures])
    scanned = [result for result in results if result.scan_id]
    right = right_values(result.domain_id for result in results)
    _save_scans(scanned, right.verdicts)
    marks = _wrong_marks(scanned)
    _save_contacts(scanned, _contact_rows(marks), now)
    technology_rows = _technology_rows(marks)
    _save_findings(Technology, TECHNOLOGY_COLUMNS, scanned, technology_rows, ["name"], now)
    _save_findings(Sitemap, SITEMAP_COLUMNS, results, _sitemap_rows, ["url_hash"], now)
    _save_pages(results, now, right.page_types)
    _mark_gone(results, scanned, now)
    update_domains(results, failures, now, right.verdicts)
    _queue_imports(scanned)


SCAN_COLUMNS = ("id", "tenant_id", "domain_id", "verdict", "report", "started_at", "finished_at")


def _save_scans(results: list[SiteResult], verdicts: Mapping[UUID, str]) -> None:
    """Write scans; the report keeps the scan's verdict if a user has replaced it."""
    rows = (_scan_row(result, verdicts.get(result.domain_id, "")) for result in results)
    storage.upsert(Scan, SCAN_COLUMNS, rows, key=["id"])


def _scan_row(result: SiteResult, right_verdict: str) -> tuple:
    report = {name: value for name, value in result.report.items() if name != "pages"}
    report["page_count"] = len(result.report["pages"])
    return (
        result.scan_id,
        result.tenant_id,
        result.domain_id,
        right_verdict or report["verdict"],
        report,
        _moment(report["started_at"]),
        _moment(report["finished_at"]),
    )


FINDING_COLUMNS = ("tenant_id", "domain_id")
CONTACT_COLUMNS = (
    *("kind", "value", "label", "page_url", "snippet", "method", "confidence", "address", "person"),
)
TECHNOLOGY_COLUMNS = ("name", "category", "website", "version", "evidence")
SITEMAP_COLUMNS = ("url_hash", "url", "kind", "source", "parent_url", "url_count", "bytes", "error")
# Whether a new row starts hidden; existing rows keep their flag.
MARKED = ("is_wrong",)
RowsOf = Callable[[SiteResult], Iterable[tuple]]


def _wrong_marks(results: list[SiteResult]) -> WrongMarks:
    reports = [result.report for result in results]
    tenants = {result.tenant_id for result in results}
    hold_tenants(tenants)
    return WrongMarks(
        tenants,
        {result.domain_id for result in results},
        contacts={contact["value"] for report in reports for contact in report["contacts"]},
        technologies={item["name"] for report in reports for item in report["technologies"]},
    )


def country_of(contact: Report) -> str:
    """Return the country (ISO 3166) of a phone number or address; empty if unknown."""
    if contact["kind"] == "phone":
        region = contact["label"][:2]
        return region if region.isalpha() and region.isupper() else ""
    return (contact.get("address") or {}).get("country", "")


def _save_contacts(results: list[SiteResult], rows_of: RowsOf, now: datetime) -> None:
    """Write contacts; a scan without `person_names` keeps the people that earlier ones found."""
    for looked in (True, False):
        some = [r for r in results if bool(r.report["coverage"].get("people")) is looked]
        kept = () if looked else ("person",)
        columns = (*CONTACT_COLUMNS, "country")
        _save_findings(Contact, columns, some, rows_of, ["kind", "value"], now, kept)


def _contact_rows(marks: WrongMarks) -> RowsOf:
    def rows(result: SiteResult) -> Iterable[tuple]:
        ids = (result.tenant_id, result.domain_id)
        for contact in result.report["contacts"]:
            wrong = marks.hide_contact(*ids, contact["kind"], contact["value"])
            yield (*(contact[name] for name in CONTACT_COLUMNS), country_of(contact), wrong)

    return rows


def _technology_rows(marks: WrongMarks) -> RowsOf:
    def rows(result: SiteResult) -> Iterable[tuple]:
        ids = (result.tenant_id, result.domain_id)
        for item in result.report["technologies"]:
            wrong = marks.hide_technology(*ids, item["name"])
            yield (*(item[name] for name in TECHNOLOGY_COLUMNS), wrong)

    return rows


def _sitemap_rows(result: SiteResult) -> Iterable[tuple]:
    return (
        (url_hash(sitemap["url"]), *(sitemap[name] for name in SITEMAP_COLUMNS[1:]))
        for sitemap in result.report["sitemaps"]
    )


def _save_findings(
    model: type[Contact | Technology | Sitemap],
    columns: tuple[str, ...],
    results: list[SiteResult],
    rows_of: RowsOf,
    key: list[str],
    now: datetime,
    kept: tuple[str, ...] = (),
) -> None:
    """Write findings; those marked as gone reappear.

    Existing rows keep the columns in `kept`.
    """
    rows = [
        (result.tenant_id, result.domain_id, *row) for result in results for row in rows_of(result)
    ]
    updated = [name for name in columns if name not in (*key, *kept)]
    marked = () if model is Sitemap else MARKED
    storage.upsert(
        model,
        (*FINDING_COLUMNS, *columns, *marked),
        rows,
        key=["domain_id", *key],
        update=[*updated, "last_seen", "gone_at"],
        constants={"first_seen": now, "last_seen": now, "gone_at": None},
    )


def _mark_gone(results: list[SiteResult], scanned: list[SiteResult], now: datetime) -> None:
    earlier = Q(last_seen__lt=now, gone_at=None)
    reports = {result.domain_id: result.report for result in scanned}
    history.mark_contacts(Contact.objects.filter(earlier), reports, now)
    history.mark_technologies(Technology.objects.filter(earlier), reports, now)
    reports = {result.domain_id: result.report for result in results}
    history.mark_sitemaps(Sitemap.objects.filter(earlier), reports, now)
    history.mark_pages(Page.objects.filter(gone_at=None), reports, now)


PAGE_COLUMNS = (
    *("url", "source", "page_type", "lastmod", "changefreq", "priority"),
    *("in_sitemap", "is_linked", "is_opened", "disallowed_by"),
)


def _save_pages(
    results: list[SiteResult], now: datetime, right: Mapping[tuple[UUID, bytes], str]
) -> None:
    rows = [
        (
            result.tenant_id,
            result.domain_id,
            url_hash(page["url"]),
            page["url"],
            page["source"],
            page["page_type"],
            _moment(page["lastmod"]),
            page["changefreq"],
            page["priority"],
            page["in_sitemap"],
            page["is_linked"],
            page["is_opened"],
            page["disallowed_by"],
        )
        for result in results
        for page in result.report["pages"]
    ]
    if right:
        rows = [(*row[:5], right.get(row[1:3], row[5]), *row[6:]) for row in rows]
    storage.upsert(
        Page,
        ("tenant_id", "domain_id", "url_hash", *PAGE_COLUMNS),
        rows,
        key=["domain_id", "url_hash"],
        update=[*PAGE_COLUMNS[1:], "last_seen", "gone_at"],
        touch="last_seen",
        constants={"first_seen": now, "last_seen": now, "gone_at": None},
    )


def _queue_imports(scanned: list[SiteResult]) -> None:
    """Queue the scanned domains for sitemap submission if their tenant has that enabled."""
    if scanned:
        ids = [result.domain_id for result in scanned]
        queue_for_sitemaps(Domain.objects.filter(pk__in=ids, tenant__auto_submit_sitemaps=True))


@lru_cache(maxsize=4_096)
def _moment(text: str) -> datetime | None:
    """Parse an ISO 8601 text into an aware datetime; return None for anything else."""
    try:
        moment = datetime.fromisoformat(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
