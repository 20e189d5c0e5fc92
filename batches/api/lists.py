"""Batches and jobs through the API: lists, one batch with its counts, and its jobs by cursor."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from ninja import Query, Router, Schema, Status

from batches.api.lookup import find_readable
from batches.bulk import start_batch_deletion
from batches.line_list import LINES
from batches.lists import BATCHES, JOBS, jobs_of
from batches.models import Batch, Job
from batches.progress import failure_causes, status_counts
from batches.transitions import TransitionError
from scans.bulk.api import ActionOut, action_out
from scans.engine.errors import FailureReason
from scrapersky.tenants.access import check_writable
from scrapersky.web.api_auth import caller
from scrapersky.web.api_errors import ConflictError, Problem
from scrapersky.web.lists.api import add_list, params_schema, respond, row_values, rows_schema

UNKNOWN = {401: Problem, 404: Problem, 422: Problem}
REFUSALS = {403: Problem, 409: Problem, **UNKNOWN}
BatchRow: Any = rows_schema(BATCHES).model_fields["items"].annotation.__args__[0]
JobParams = params_schema(JOBS)

batches = Router()
jobs = Router()
lines = Router()

add_list(batches, "", BATCHES)
add_list(jobs, "", JOBS)
add_list(lines, "", LINES)


class Results(StrEnum):
    """Whether to delete the results that only this batch produced."""

    KEEP = "keep"
    DELETE = "delete"


class JobCounts(Schema):
    """The number of jobs per status."""

    pending: int = 0
    running: int = 0
    complete: int = 0
    failed: int = 0
    cancelled: int = 0


class BatchDetail(BatchRow):
    """A batch with its counts; its jobs are a separate list."""

    jobs: JobCounts
    failures: dict[str, int]
    metadata: dict[str, Any]
    batch_id: UUID


@batches.get("/{path:batch_id}/jobs", response={200: rows_schema(JOBS), **UNKNOWN})
def batch_jobs(
    request: HttpRequest,
    batch_id: str,
    params: Query[JobParams],  # type: ignore[valid-type]
) -> HttpResponseBase:
    """List the jobs of a batch, with the filters and cursors of every list."""
    batch = find_readable(Batch.objects.all(), caller(request), batch_id=batch_id)
    return respond(
        request, jobs_of(batch), params, Job.objects.filter(batch=batch), default_sort="position"
    )


@batches.delete("/{path:batch_id}", response={200: ActionOut, 202: ActionOut, **REFUSALS})
def delete_batch(request: HttpRequest, batch_id: str, results: Results = Results.KEEP) -> Status:
    """Delete a batch that has ended, a large one in the background: poll `/actions/{action_id}`."""
    batch = find_readable(Batch.objects.all(), caller(request), batch_id=batch_id)
    check_writable(caller(request), batch.tenant_id)
    with_results = results == Results.DELETE
    try:
        action = start_batch_deletion(batch, with_results=with_results, user=caller(request))
    except TransitionError as error:
        raise ConflictError("batch_id", str(error)) from error
    return Status(200 if action.is_ended else 202, action_out(action))


@batches.get("/{path:batch_id}", response={200: BatchDetail, **UNKNOWN})
def batch(request: HttpRequest, batch_id: str) -> dict[str, Any]:
    """Return one batch: its progress and the number of jobs per status."""
    rows = Batch.objects.select_related("created_by")
    row = find_readable(rows, caller(request), batch_id=batch_id)
    counts = status_counts(row)
    failures = {cause.reason: cause.count for cause in failure_causes([row.pk])}
    if cancelled := counts.get(Job.Status.CANCELLED):
        failures[FailureReason.CANCELLED.value] = cancelled
    return row_values(row, BATCHES.columns) | {
        "jobs": counts,
        "failures": failures,
        "metadata": row.metadata,
        "batch_id": row.public_id,
    }
