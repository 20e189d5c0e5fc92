"""The history of a domain: its scans, the changes between them, and what is gone.

A scan may mark as gone only what it would have seen if it still existed. A scan that met a bot wall
or an error page saw nothing of the site and marks nothing. One that skipped sitemaps or further
pages, or hit its deadline, marks nothing that it did not check. Everything else stays in every list
(`scans.latest_facts`).
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from scans.engine.report import Verdict
from scans.models import Contact, Domain, Page, Scan, Sitemap, Technology
from scans.storage import url_hash

Report = dict[str, Any]
NO_PAGE_THERE = frozenset({404, 410})
CHUNK = 5_000


# Verdicts of responses that say nothing about the site itself.
STANDS_IN_FOR_THE_SITE = frozenset({Verdict.CHALLENGE.value})


def saw_the_site(report: Report) -> bool:
    """Return whether a scan saw the site itself rather than a bot wall or an error page."""
    return report["verdict"] not in STANDS_IN_FOR_THE_SITE and report.get("http_status", 0) < 400


def covers(report: Report, part: str) -> bool:
    """Return whether a scan covered all of the site's `pages`, `sitemaps` or `inventory`."""
    return saw_the_site(report) and bool(report.get("coverage", {}).get(part))


def mark_contacts(rows: QuerySet[Contact], reports: dict[Any, Report], now: datetime) -> None:
    """Mark contacts in `rows` as gone if none of the pages just read shows them.

    Only if the contact's page was read or no longer exists. `reports` maps domain ids to reports.
    """
    # Most domains have nothing to mark, and the list of pages read is long.
    there = rows.filter(domain__in=list(reports)).order_by().values_list("domain", flat=True)
    if not (readable := {pk: reports[pk] for pk in there if saw_the_site(reports[pk])}):
        return
    urls = {url for report in readable.values() for url in _looked_at(report)}
    looked_at = Q(domain__in=list(readable), page_url__in=urls)
    anywhere = Q(domain__in=_covered(readable, "pages"), page_url="")
    rows.filter(looked_at | anywhere).update(gone_at=now)


def mark_technologies(
    rows: QuerySet[Technology], reports: dict[Any, Report], now: datetime
) -> None:
    """Mark technologies in `rows` as gone on sites whose requested pages were all read."""
    rows.filter(domain__in=_covered(reports, "pages")).update(gone_at=now)


def mark_sitemaps(rows: QuerySet[Sitemap], reports: dict[Any, Report], now: datetime) -> None:
    """Mark sitemaps in `rows` as gone on sites whose sitemaps were all read.

    Sitemaps named by an index that could not be read are left alone.
    """
    unread = [s["url"] for r in reports.values() for s in r["sitemaps"] if s["error"]]
    walked = rows.filter(domain__in=_covered(reports, "sitemaps"))
    walked.exclude(parent_url__in=unread).update(gone_at=now)


def mark_pages(rows: QuerySet[Page], reports: dict[Any, Report], now: datetime) -> None:
    """Mark pages in `rows` as gone if a complete inventory of their site does not list them.

    A page seen again is not rewritten within a week, so its `last_seen` is no indicator. The pages
    of a report are already stored: a domain with that many rows has lost none.
    """
    complete = _covered(reports, "inventory")
    counted = rows.filter(domain__in=complete).order_by().values("domain").annotate(rows=Count("*"))
    for pk, count in counted.values_list("domain", "rows") if complete else ():
        listed = {url_hash(page["url"]) for page in reports[pk]["pages"]}
        if count > len(listed):
            known = rows.filter(domain=pk).values_list("pk", "url_hash")
            unlisted = [page for page, digest in known if bytes(digest) not in listed]
            for start in range(0, len(unlisted), CHUNK):
                rows.filter(pk__in=unlisted[start : start + CHUNK]).update(gone_at=now)


def _covered(reports: dict[Any, Report], part: str) -> list[Any]:
    return [pk for pk, report in reports.items() if covers(report, part)]


def _looked_at(report: Report) -> Iterator[str]:
    """Yield the URLs that were read or no longer exist, as both http and https."""
    for request in report["requests"]:
        if request["status"] // 100 == 2 or request["status"] in NO_PAGE_THERE:
            yield from _schemes(request["url"])
    for url in report["redirects"]:
        yield from _schemes(url)


def _schemes(url: str) -> tuple[str, str]:
    rest = url.partition("://")[2]
    return f"http://{rest}", f"https://{rest}"


FACTS = {
    "verdict": "Verdict",
    "title": "Title",
    "final_url": "Final URL",
    "server_address": "Server",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: `before` and `after` of a fact, or additions and removals of a list."""

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
    """Return the previous scan of the same domain."""
    earlier = Scan.objects.filter(domain=scan.domain_id, finished_at__lt=scan.finished_at)
    return earlier.order_by("-finished_at").first()


def scan_of(domain: Domain, key: str) -> Scan | None:
    """Return the scan of the domain with this id, or else its newest."""
    with suppress(ValueError):
        if named := domain.scans.filter(pk=UUID(key)).first():
            return named
    return domain.latest_scan


def changes_between(before: Report, after: Report) -> list[Change]:
    """Return the differences between two reports of a domain, most important first.

    A list that one of the scans read only partly is compared only for additions, or not at all if
    the earlier scan did not read it.
    """
    changes = [
        Change(field, name, str(before[field]), str(after[field]))
        for field, name in FACTS.items()
        if before[field] != after[field]
    ]
    changes += _list_change("contacts", "Contacts", before, after, _contact)
    changes += _list_change(
        "technologies", "Technologies", before, after, lambda item: item["name"]
    )
    was, now = _sitemap_count(before), _sitemap_count(after)
    if was != now and covers(before, "sitemaps") and covers(after, "sitemaps"):
        changes.append(Change("sitemaps", "Sitemaps", was, now))
    return changes


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


SHOWN = 20


@dataclass(frozen=True, slots=True)
class ScanEvent:
    """One scan of a domain: finished, or in progress (`at` is None)."""

    at: datetime | None
    outcome: str
    seconds: float | None
    job_id: Any = None
    error: str = ""
    scan_id: Any = None


def scan_history(domain: Domain) -> list[ScanEvent]:
    """Return the newest scans of a domain, running ones first.

    Scans outlive their batches, and failed scans leave only a job, so both tables are read.
    """
    jobs = list(domain.jobs.defer("result").order_by("-created_at")[:SHOWN])
    job_of = {job.scan_id: job.pk for job in jobs if job.scan_id}
    looks = [
        ScanEvent(
            scan.finished_at, scan.verdict, scan.seconds, job_of.get(scan.pk), scan_id=scan.pk
        )
        for scan in domain.scans.defer("report").order_by("-finished_at")[:SHOWN]
    ]
    looks += [
        ScanEvent(job.finished_at, job.failure_reason or job.status, job.seconds, job.pk, job.error)
        for job in jobs
        if not job.scan_id
    ]
    return sorted(looks, key=_ended, reverse=True)[:SHOWN]


def _ended(look: ScanEvent) -> float:
    return look.at.timestamp() if look.at else float("inf")
