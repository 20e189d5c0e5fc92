"""Read the history of a domain: every look at it, the ones that failed included."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scans.models import Domain

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Look:
    """One scan of a domain that ended, or one that is on its way (`at` is None)."""

    at: datetime | None
    outcome: str
    seconds: float | None
    job_id: Any = None
    error: str = ""
    scan_id: Any = None


def looks_at(domain: Domain) -> list[Look]:
    """Return the newest looks at a domain, those on their way first.

    Scans outlive the batches they were made in, and failed looks leave a job but no scan, so
    both are read.
    """
    jobs = list(domain.jobs.order_by("-created_at")[:SHOWN])
    job_of = {job.scan_id: job.pk for job in jobs if job.scan_id}
    looks = [
        Look(scan.finished_at, scan.verdict, scan.seconds, job_of.get(scan.pk), scan_id=scan.pk)
        for scan in domain.scans.defer("report").order_by("-finished_at")[:SHOWN]
    ]
    looks += [
        Look(job.finished_at, job.failure_reason or job.status, job.seconds, job.pk, job.error)
        for job in jobs
        if not job.scan_id
    ]
    return sorted(looks, key=_ended, reverse=True)[:SHOWN]


def _ended(look: Look) -> float:
    return look.at.timestamp() if look.at else float("inf")
