"""Stop, hold, continue and repeat a batch, and stop one job; each answers how far it got.

What does not fit the state the batch or job is in is 409, with the sentence that says so.
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
    """Stop a batch: scans that run are stopped, no other starts, what is done is kept.

    It is `cancelling` until the last running scan has stopped, then `cancelled`.
    """
    return _control(request, batch_id, transitions.cancel_batch)


@router.post("/{path:batch_id}/pause", response=ANSWERS)
def pause(request: HttpRequest, batch_id: str) -> HttpResponseBase:
    """Start no more scans of a batch; those that run may end."""
    return _control(request, batch_id, transitions.pause_batch)


@router.post("/{path:batch_id}/resume", response=ANSWERS)
def resume(request: HttpRequest, batch_id: str) -> HttpResponseBase:
    """Go on with a paused batch."""
    return _control(request, batch_id, transitions.resume_batch)


@router.post("/{path:batch_id}/retry", response=ANSWERS)
def retry(
    request: HttpRequest, batch_id: str, payload: schemas.RetryIn | None = None
) -> HttpResponseBase:
    """Retry failed jobs; complete ones are not touched.

    `reasons` narrows it down; cancelled jobs are retried only with the reason `cancelled`.
    `options` apply to these jobs in this attempt only, except `max_concurrent`, which applies to
    the batch at once. Without a body, all that failed is scanned again as before.
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
    """Create a whole new batch of the same domains; the answer is about the new one."""
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
    """Cancel one job that waits or runs; its scan is stopped within two seconds."""
    rows = serializers.with_job_status()
    job = find_writable(rows, caller(request), job_id=job_id)
    try:
        return Response(serializers.job_status(transitions.cancel_job(job)))
    except TransitionError as error:
        raise ConflictError("job_id", str(error)) from error
