"""Turn a batch or a job into the plain values of an API response.

Built without model instances and without pydantic: a batch has up to 100,000 domains, and clients
poll every few seconds.
"""

from datetime import datetime
from typing import Any

from batches.models import Batch, Job

# Clients of the older system stop polling on `completed` and `failed`, so whatever ended with
# results is `completed` here. Every other status is named as it is stored.
COMPLETED = "completed"
BATCH_STATUS_NAMES = {status.value: status.value for status in Batch.Status} | {
    Batch.Status.COMPLETE.value: COMPLETED,
    Batch.Status.PARTIAL.value: COMPLETED,
}
JOB_STATUS_NAMES = {status.value: status.value for status in Job.Status} | {
    Job.Status.COMPLETE.value: COMPLETED,
}
DOMAIN_COLUMNS = ("domain__host", "status", "pk", "started_at", "finished_at", "error")
READ_AT_ONCE = 5_000


def batch_status(batch: Batch, *, with_domains: bool = True) -> dict[str, Any]:
    """Return the values of `schemas.BatchStatus`."""
    return {
        "batch_id": batch.pk,
        "status": BATCH_STATUS_NAMES[batch.status],
        "total_domains": batch.total,
        "completed_domains": batch.completed,
        "failed_domains": batch.failed,
        "progress": batch.progress,
        "created_at": batch.created_at,
        "updated_at": batch.updated_at,
        "start_time": batch.started_at,
        "end_time": batch.finished_at,
        "processing_time": batch.seconds,
        "domain_statuses": _domain_statuses(batch) if with_domains else {},
        "error": batch.error or None,
        "metadata": batch.metadata,
    }


def _domain_statuses(batch: Batch) -> dict[str, dict[str, Any]]:
    """Return the status of each domain in the order given.

    A job whose domain is gone is named by its id.
    """
    rows = Job.objects.filter(batch=batch).order_by("position").values_list(*DOMAIN_COLUMNS)
    return {
        host or str(job_id): {
            "status": JOB_STATUS_NAMES[status],
            "job_id": str(job_id),
            "start_time": moment(started),
            "end_time": moment(finished),
            "processing_time": _seconds(started, finished),
            "error": error or None,
        }
        for host, status, job_id, started, finished, error in rows.iterator(READ_AT_ONCE)
    }


def moment(time: datetime | None) -> str | None:
    """Return a time as the encoder of every other answer writes it, at a fraction of its cost."""
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z") if time else None


def _seconds(started: datetime | None, finished: datetime | None) -> float | None:
    return (finished - started).total_seconds() if started and finished else None


def job_status(job: Job) -> dict[str, Any]:
    """Return the values of `schemas.JobStatus`; `domain`, `scan` and `worker` are at hand."""
    stage, progress = _live_stage(job)
    return {
        "job_id": job.pk,
        "batch_id": job.batch_id,
        "domain": job.domain.host if job.domain else None,
        "status": JOB_STATUS_NAMES[job.status],
        "progress": progress,
        "stage": stage,
        "attempts": job.attempts,
        "created_at": job.created_at,
        "updated_at": job.updated_at,
        "start_time": job.started_at,
        "end_time": job.finished_at,
        "processing_time": job.seconds,
        "failure_reason": job.failure_reason or None,
        "error": job.error or None,
        "options": job.options,
        "result": job.scan.report if job.scan else job.result,
        "metadata": job.metadata,
    }


def _live_stage(job: Job) -> tuple[str, float]:
    """Return the stage and progress of a job; of a running one its worker knows them."""
    if job.status == Job.Status.RUNNING and job.worker is not None:
        stage, progress = job.worker.stages.get(str(job.pk), (job.stage, job.progress))
        return stage, progress
    return job.stage, job.progress
