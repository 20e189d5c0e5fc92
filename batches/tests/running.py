"""Batches in mid-run and shifts, for tests."""

from datetime import timedelta

from django.utils import timezone

from batches.models import Batch, Job, Worker
from batches.runner import flush, shift
from batches.runner.claims import Claimer
from batches.scanning.messages import ClaimedJob
from batches.services import create_batch
from batches.tests.outcomes import complete, fail
from scrapersky.tenants.models import Tenant


def running_batch(tenant: Tenant, *, complete_jobs: int = 2, failed_jobs: int = 1) -> Batch:
    """Return a batch with recently ended jobs, one running job and three waiting ones."""
    total = complete_jobs + failed_jobs + 4
    hosts = [f"host{number:03}.example" for number in range(total)]
    batch = create_batch(tenant=tenant, created_by=None, domains=hosts, name="Spring list")
    jobs = list(batch.jobs.select_related("domain").order_by("position"))
    for job in jobs[:complete_jobs]:
        complete(job)
    for job in jobs[complete_jobs : complete_jobs + failed_jobs]:
        fail(job, "dns_not_found", "The domain name does not resolve to an address.")
    ended_lately(batch)
    scan_now(jobs[complete_jobs + failed_jobs])
    batch.refresh_from_db()
    return batch


def ended_lately(batch: Batch) -> None:
    """Set the end of ended jobs to the last ten seconds."""
    now = timezone.now()
    ended = Job.objects.filter(batch=batch, status__in=Job.ENDED)
    ended.update(started_at=now - timedelta(seconds=12), finished_at=now - timedelta(seconds=10))


def scan_now(job: Job, stage: str = "sitemaps", progress: float = 0.5) -> Job:
    """Make a live worker scan a job."""
    worker = Worker.objects.create(host=f"host-{job.pk}", stages={str(job.pk): [stage, progress]})
    Job.objects.filter(pk=job.pk).update(
        status=Job.Status.RUNNING, worker=worker, started_at=timezone.now()
    )
    job.refresh_from_db()
    return job


def run_shift() -> str:
    """Run a shift until it has been idle briefly."""
    return shift.run_shift(linger=0.3)


def claim_jobs(worker: Worker, batch: Batch | None, *, ceiling: int = 100) -> list[ClaimedJob]:
    """Claim jobs of one batch, or jobs without a batch, for a worker in one round."""
    claim = Claimer(worker, ceiling).claim({})
    jobs = claim.jobs if claim else []
    mine = [job for job in jobs if job.batch_id == (batch.pk if batch else None)]
    flush.release(worker, [job for job in jobs if job not in mine])
    return mine
