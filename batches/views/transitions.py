"""The buttons of batches and jobs: each calls a service, reports the result and redirects."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from batches import transitions
from batches.change_forms import RetryForm
from batches.models import Batch, Job
from batches.transitions import TransitionError
from scans.templatetags.console import readable
from scrapersky.tenants.access import get_writable
from scrapersky.web.http import ConsoleRequest, control_of, redirect_back
from scrapersky.web.regional import grouped

Status = Batch.Status
CANCELLED = {
    Status.CANCELLED: "The batch is cancelled. Finished results are kept.",
    Status.CANCELLING: "The batch is being cancelled. Running scans are being stopped; "
    "finished results are kept.",
}
PAUSED = "The batch is paused. Running scans finish; no new ones start."
RESUMED = {
    Status.RUNNING: "The batch is running again.",
}
RETRIED = {
    Status.RUNNING: "Retrying: {what}.",
    Status.PAUSED: "Will be retried when the batch is resumed: {what}.",
}


@control_of("batch_detail")
def batch_cancel(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Cancel a batch; finished results are kept."""
    batch = _batch(request, pk)
    if _won(request, lambda: transitions.cancel_batch(batch)):
        messages.success(request, _state_of(batch, CANCELLED), extra_tags=batch.status)
    return redirect("batch_detail", pk=pk)


@control_of("batch_detail")
def batch_pause(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Pause a batch: start no further scans."""
    batch = _batch(request, pk)
    if _won(request, lambda: transitions.pause_batch(batch)):
        messages.success(request, PAUSED, extra_tags="paused")
    return redirect("batch_detail", pk=pk)


@control_of("batch_detail")
def batch_resume(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Resume a paused batch."""
    batch = _batch(request, pk)
    if _won(request, lambda: transitions.resume_batch(batch)):
        messages.success(request, _state_of(batch, RESUMED), extra_tags=batch.status)
    return redirect("batch_detail", pk=pk)


@control_of("batch_detail")
def batch_retry(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Retry failed jobs, all of them or by reason, optionally with other options."""
    batch = _batch(request, pk)
    form = RetryForm(request.POST)
    if not form.is_valid():
        messages.error(request, form.refusal())
        return redirect("batch_detail", pk=pk)
    reasons, changed = form.cleaned_data["reasons"], form.changed_options(batch)
    if _won(request, lambda: transitions.retry_batch(batch, reasons=reasons, options=changed)):
        what = ", ".join(map(readable, reasons)) or "all failed jobs"
        text = _state_of(batch, RETRIED).format(what=what)
        messages.success(request, text, extra_tags=batch.status)
    return redirect_back(request, reverse("batch_detail", args=[pk]))


@control_of("batch_detail")
def batch_rerun(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Create a new batch of the same domains and show it."""
    batch = _batch(request, pk)
    again = _won(request, lambda: transitions.rerun_batch(batch, created_by=request.user))
    if again is None:
        return redirect("batch_detail", pk=pk)
    messages.success(request, f"This new batch has the same {grouped(again.total)} domains.")
    return redirect("batch_detail", pk=again.pk)


@control_of("job_detail")
def job_retry(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Retry a job."""
    job = _job(request, pk)
    again = _won(request, lambda: transitions.retry_job(job, created_by=request.user))
    if again is not None:
        messages.success(request, f"{job.domain} is scanned again.")
    return _back(request, again or job)


@control_of("job_detail")
def job_cancel(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Cancel a waiting or running job."""
    job = _job(request, pk)
    has_started = job.started_at is not None
    if _won(request, lambda: transitions.cancel_job(job)):
        what = "no longer" if has_started else "not going to be"
        messages.success(request, f"{job.domain} is {what} scanned.")
    return _back(request, job)


def _batch(request: ConsoleRequest, pk: UUID) -> Batch:
    return get_writable(Batch.objects.select_related("tenant"), request.user, pk=pk)


def _job(request: ConsoleRequest, pk: UUID) -> Job:
    rows = Job.objects.select_related("batch", "domain", "tenant")
    return get_writable(rows, request.user, pk=pk)


def _won(request: ConsoleRequest, control: Callable[[], Any]) -> Any:
    """Return an action's result, or None after showing a message if it was refused."""
    try:
        return control()
    except TransitionError as error:
        messages.error(request, str(error))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return None


def _state_of(batch: Batch, sentences: dict[Batch.Status, str]) -> str:
    """Return the message for a batch's new status; it may have ended at the same moment."""
    status = Status(batch.status)
    return sentences.get(status, f"The batch is {status.label.lower()}.")


def _back(request: ConsoleRequest, job: Job) -> HttpResponse:
    """Return to the list that had the button, or to the page of the job."""
    return redirect_back(request, reverse("job_detail", args=[job.pk]))
