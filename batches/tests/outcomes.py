"""Ended jobs for tests, stored as by the runner."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from uuid_utils.compat import uuid7

from batches.models import Batch, Job
from batches.scanning.messages import ClaimedJob, Kind, Outcome
from scans import results
from scans.engine.report import Contact, ContactKind, PageEntry, SitemapFile, SiteReport, Technology
from scans.results import SiteResult

STARTED = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
ENDED = STARTED + timedelta(seconds=2.5)


def report_of(domain: str, **facts: Any) -> SiteReport:
    """Return a report with one of everything; `facts` override its fields."""
    values: dict[str, Any] = {
        "final_url": f"https://{domain}/",
        "title": f"Welcome to {domain}",
        "description": "Bäckerei & more",
        "language": "de",
        "contacts": (
            Contact(ContactKind.EMAIL, f"info@{domain}", label="corporate"),
            Contact(ContactKind.PHONE, "+49301234567", label="DE"),
            Contact(ContactKind.PHONE, "+49307654321", label="DE fax"),
            Contact(ContactKind.SOCIAL, "https://github.com/baker", label="github"),
        ),
        "technologies": (Technology("WordPress", "CMS"), Technology("nginx", "Server")),
        "sitemaps": (SitemapFile(f"https://{domain}/sitemap.xml", kind="urlset", url_count=2),),
        "pages": (PageEntry(f"https://{domain}/"), PageEntry(f"https://{domain}/contact")),
        "coverage": {"pages": True, "sitemaps": True, "inventory": True},
    } | facts
    return SiteReport(domain, STARTED.isoformat(), ENDED.isoformat(), **values)


def scanned(job: ClaimedJob, **facts: Any) -> Outcome:
    """Return the outcome of a claimed job after a successful scan."""
    payload = json.dumps(report_of(job.host, **facts).as_dict()).encode()
    return Outcome(job, Kind.REPORT, payload, datetime.now(UTC))


def complete(job: Job, **facts: Any) -> Job:
    """End a job with a report."""
    assert job.domain is not None
    scan_id = uuid7()
    report = report_of(job.domain.host, **facts).as_dict()
    results.save(
        [SiteResult(job.tenant_id, job.domain.pk, job.batch_id, report, scan_id)], [], now=ENDED
    )
    return _end(job, status=Job.Status.COMPLETE, progress=1, scan=scan_id)


def fail(job: Job, reason: str, error: str) -> Job:
    """End a job with a failure."""
    receipt = {"requests": [{"url": "https://example/", "status": 0}]}
    return _end(job, status=Job.Status.FAILED, failure_reason=reason, error=error, result=receipt)


def _end(job: Job, **columns: Any) -> Job:
    Job.objects.filter(pk=job.pk).update(started_at=STARTED, finished_at=ENDED, **columns)
    if job.batch_id:
        Batch.objects.filter(pk=job.batch_id).start()
        failed = int(columns["status"] == Job.Status.FAILED)
        Batch.objects.count_jobs({job.batch_id: {"completed": 1 - failed, "failed": failed}})
    job.refresh_from_db()
    return job
