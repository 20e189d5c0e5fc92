"""Cancel, pause, resume and repeat a batch, and cancel one job; each returns the progress.

If the current status does not allow a transition, the response is 409 with the reason.
"""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Router
from ninja.responses import Response

from batches import transitions
from batches.api import schemas, serializers
from batches.api.lookup import find_writable
from batches.models import Batch
from batches.transitions import TransitionError
from scrapersky.web.api_auth import caller
from scrapersky.web.api_errors import ConflictError, Problem

REFUSALS = {401: Problem, 403: Problem, 404: Problem, 409: Problem, 422: Problem}
ANSWERS = {200: schemas.BatchStatus, **REFUSALS}

router = Router()
jobs = Router()


@router.post("/{path:batch_id}/cancel", response=ANSWERS)
def cancel(request: HttpRequest, batch_id: str) -> HttpResponseBase:
    """Cancel a batch: running scans are stopped, no new ones start, finished results are kept.

    It is `cancelling` until the last running scan has stopped, then `cancelled`.
    """
    return _control(request, batch_id, transitions.cancel_batch)


@router.post("/{path:batch_id}/pause", response=ANSWERS)
def pause(request: HttpRequest, batch_id: str) -> HttpResponseBase:
    """Pause a batch: no new scans start; running ones finish."""
    return _control(request, batch_id, transitions.pause_batch)


@router.post("/{path:batch_id}/resume", response=ANSWERS)
def resume(request: HttpRequest, batch_id: str) -> HttpResponseBase:
    """Resume a paused batch."""
    return _control(request, batch_id, transitions.resume_batch)


@router.post("/{path:batch_id}/retry", response=ANSWERS)
def retry(
    request: HttpRequest, batch_id: str, payload: schemas.RetryIn | None = None
) -> HttpResponseBase:
    """Retry failed jobs; complete ones are not touched.

    `reasons` limits the retry; cancelled jobs are retried only with the reason `cancelled`.
    `options` apply to these jobs in this attempt only, except `max_concurrent`, which applies to
    the batch at once. Without a body, every failed job is retried with its options.
    """
    params = payload or schemas.RetryIn()
    return _control(
        request,
        batch_id,
        lambda batch: transitions.retry_batch(
            batch, reasons=params.reasons or (), options=params.changed_options()
        ),
    )


@router.post("/{path:batch_id}/rerun", response={201: schemas.BatchStatus, **REFUSALS})
def rerun(request: HttpRequest, batch_id: str) -> HttpResponseBase:
    """Create a new batch of the same domains and return it."""
    user = caller(request)
    return _control(
        request,
        batch_id,
        lambda batch: transitions.rerun_batch(batch, created_by=user),
        status=201,
    )


def _control(
    request: HttpRequest, batch_id: str, control: Callable[[Batch], Batch], status: int = 200
) -> HttpResponseBase:
    rows = Batch.objects.select_related("tenant")
    batch = find_writable(rows, caller(request), batch_id=batch_id)
    try:
        controlled = control(batch)
    except TransitionError as error:
        raise ConflictError("batch_id", str(error)) from error
    return serializers.status_response(controlled, status=status)


@jobs.post("/{path:job_id}/cancel", response={200: schemas.JobStatus, **REFUSALS})
def cancel_job(request: HttpRequest, job_id: str) -> HttpResponseBase:
    """Cancel one waiting or running job; its scan is stopped within two seconds."""
    rows = serializers.with_job_status()
    job = find_writable(rows, caller(request), job_id=job_id)
    try:
        return Response(serializers.job_status(transitions.cancel_job(job)))
    except TransitionError as error:
        raise ConflictError("job_id", str(error)) from error
