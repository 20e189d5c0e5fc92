"""Serialise batches and jobs as plain values for API responses.

Built without model instances and without pydantic: a batch has up to 100,000 domains, and clients
poll every few seconds.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from ninja.responses import NinjaJSONEncoder

from batches.api import older
from batches.models import Batch, Job
from batches.progress import list_read, with_stages
from scans.corrections.reading import corrected_report

# Clients of the older system stop polling on `completed` and `failed`, so every status with results
# is `completed` here. Every other status is named as it is stored.
COMPLETED = "completed"
BATCH_STATUS_NAMES = {status.value: status.value for status in Batch.Status} | {
    Batch.Status.COMPLETE.value: COMPLETED,
    Batch.Status.PARTIAL.value: COMPLETED,
}
JOB_STATUS_NAMES = {status.value: status.value for status in Job.Status} | {
    Job.Status.COMPLETE.value: COMPLETED,
}
DOMAIN_COLUMNS = ("domain__host", "pk", "status", "started_at", "finished_at", "error")
READ_AT_ONCE = 5_000
JSON = "application/json; charset=utf-8"


def batch_status(batch: Batch, *, for_older: bool = False) -> dict[str, Any]:
    """Return the values of `schemas.BatchStatus`, without the statuses of its domains.

    `for_older`: as clients of the older system expect them (`batches.api.older`).
    """
    values = _batch_status(batch)
    return older.batch_values(values, batch) if for_older else values


def _batch_status(batch: Batch) -> dict[str, Any]:
    return {
        "batch_id": batch.public_id,
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
        "error": batch.error or None,
        "metadata": batch.metadata,
        **({"list_read": list_read(batch)} if batch.is_building else {}),
        "domain_statuses": {},
    }


def status_response(
    batch: Batch, *, status: int = 200, for_older: bool = False
) -> HttpResponseBase:
    """Return a batch and the status of each of its domains, streamed if there are many."""
    parts = stream_batch_status(batch, for_older=for_older)
    if batch.total <= READ_AT_ONCE:
        return HttpResponse("".join(parts), content_type=JSON, status=status)
    return StreamingHttpResponse(parts, content_type=JSON, status=status)


def stream_batch_status(batch: Batch, *, for_older: bool = False) -> Iterator[str]:
    """Yield the JSON of `schemas.BatchStatus` with the status of each domain, in parts.

    The domains are in list order; a job whose domain was deleted is identified by its id.
    """
    # The last field is an empty object, to be filled with the domains.
    values = batch_status(batch, for_older=for_older)
    yield json.dumps(values, cls=NinjaJSONEncoder).removesuffix("}}")
    separator = ""
    as_read = older.ended if for_older else dict
    for rows in _parts_of(batch):
        pairs = [
            f"{json.dumps(host or str(pk))}: {json.dumps(as_read(_domain_status(pk, *values)))}"
            for host, pk, *values in rows
        ]
        yield separator + ", ".join(pairs)
        separator = ", "
    yield "}}"


def _parts_of(batch: Batch) -> Iterator[list[tuple]]:
    """Yield the jobs of a batch in parts, by position, so that no cursor stays open in between."""
    jobs = Job.objects.filter(batch=batch).order_by("position", "pk")
    last: tuple[int, Any] | None = None
    while True:
        some = jobs
        if last:
            after = Q(position=last[0], pk__gt=last[1]) | Q(position__gt=last[0])
            some = jobs.filter(after, position__gte=last[0])
        rows = list(some.values_list("position", *DOMAIN_COLUMNS)[:READ_AT_ONCE])
        if rows:
            yield [row[1:] for row in rows]
        if len(rows) < READ_AT_ONCE:
            return
        last = (rows[-1][0], rows[-1][2])


def _domain_status(
    pk: UUID, status: str, started: datetime | None, finished: datetime | None, error: str
) -> dict[str, Any]:
    return {
        "status": JOB_STATUS_NAMES[status],
        "job_id": str(pk),
        "start_time": moment(started),
        "end_time": moment(finished),
        "processing_time": _seconds(started, finished),
        "error": error or None,
    }


def moment(time: datetime | None) -> str | None:
    """Return a time as the JSON encoder writes it, at a fraction of its cost."""
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z") if time else None


def _seconds(started: datetime | None, finished: datetime | None) -> float | None:
    return (finished - started).total_seconds() if started and finished else None


def with_job_status() -> Any:
    """Return jobs with everything that `job_status` reads, without their batches' large columns."""
    rows = Job.objects.select_related("domain", "scan", "worker", "batch")
    return rows.defer("batch__metadata", "batch__options")


def job_status(job: Job) -> dict[str, Any]:
    """Return the values of `schemas.JobStatus` for a job of `with_job_status`."""
    stage, progress = _live_stage(job)
    return {
        "job_id": job.pk,
        "batch_id": job.batch.public_id if job.batch else None,
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
        "result": corrected_report(job.domain_id, job.scan.report if job.scan else job.result),
        "metadata": job.metadata,
    }


def _live_stage(job: Job) -> tuple[str, float]:
    """Return the stage and progress of a job; those of a running job are kept by its worker."""
    if job.status == Job.Status.PENDING:
        row = with_stages([job])[0]
        return row.stage, row.progress
    if job.status == Job.Status.RUNNING and job.worker is not None:
        stage, progress = job.worker.stages.get(str(job.pk), (job.stage, job.progress))
        return stage, progress
    return job.stage, job.progress
