"""The page of a batch: its progress, and its results, failures, activity and settings."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from batches.change_forms import RenameForm, RetryForm
from batches.models import Batch, Job
from batches.progress import WINDOW, failure_causes, progress_of
from batches.transitions import deletion_of
from batches.views.jobs import rows_of_batch
from scrapersky.tenants.access import can_write, get_readable, get_writable
from scrapersky.web.http import ConsoleRequest, control_of, fragment_of

FIRST_HOSTS = 3
LATEST = 12


@require_safe
def batch_detail(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Show the results of a batch: its jobs."""
    batch = _batch(request, pk)
    context = _page(request, batch, "results") | rows_of_batch(request, batch)
    return render(request, "batches/batch_detail.html", context)


@require_safe
@fragment_of("batch_detail")
def batch_jobs(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Return a page of a batch's jobs."""
    batch = _batch(request, pk)
    context = {"batch": batch, "may_control": can_write(request.user, batch.tenant_id)}
    return render(request, "batches/_jobs.html", context | rows_of_batch(request, batch))


@require_safe
@fragment_of("batch_detail")
def batch_progress(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Return the progress of a batch for the page of a `tab`."""
    batch = _batch(request, pk)
    tab = request.GET.get("tab", "results")
    return render(request, "batches/_progress.html", _moving(request, batch, tab))


@require_safe
def batch_failures(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Show why sites of a batch failed."""
    batch = _batch(request, pk)
    context = _page(request, batch, "failures") | _failures(request, batch)
    return render(request, "batches/batch_failures.html", context)


@require_safe
@fragment_of("batch_failures")
def batch_failures_live(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Return the failures of a batch by reason."""
    return render(request, "batches/_failures.html", _failures(request, _batch(request, pk)))


@require_safe
def batch_activity(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Show the running scans of a batch and its most recently ended jobs."""
    batch = _batch(request, pk)
    context = _page(request, batch, "activity") | {"latest": _latest(batch)}
    return render(request, "batches/batch_activity.html", context)


@require_safe
@fragment_of("batch_activity")
def batch_activity_live(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Return the running scans of a batch and its most recently ended jobs."""
    batch = _batch(request, pk)
    context = {"batch": batch, "progress": progress_of(batch), "latest": _latest(batch)}
    return render(request, "batches/_activity.html", context)


@require_safe
def batch_settings(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Show the options and name of a batch, and the actions on the batch as a whole."""
    batch = _batch(request, pk)
    context = _page(request, batch, "settings") | {"rename_form": RenameForm(instance=batch)}
    return render(request, "batches/batch_settings.html", context)


@control_of("batch_settings")
def batch_rename(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Rename a batch."""
    batch = get_writable(Batch.objects.select_related("created_by"), request.user, pk=pk)
    form = RenameForm(request.POST, instance=Batch.objects.get(pk=batch.pk))
    if not form.is_valid():
        context = _page(request, batch, "settings") | {"rename_form": form}
        return render(request, "batches/batch_settings.html", context)
    Batch.objects.filter(pk=batch.pk).update(name=form.cleaned_data["name"].strip())
    messages.success(request, "The batch is renamed.")
    return redirect("batch_settings", pk=pk)


def _batch(request: ConsoleRequest, pk: UUID) -> Batch:
    return get_readable(Batch.objects.select_related("created_by"), request.user, pk=pk)


def _page(request: ConsoleRequest, batch: Batch, tab: str) -> dict[str, Any]:
    """Return the page of a tab, with what all tabs share."""
    jobs = batch.jobs.filter(domain__isnull=False).order_by("position")
    first = list(jobs.values_list("domain__host", flat=True)[:FIRST_HOSTS])
    return _moving(request, batch, tab) | {
        "deletion": deletion_of(batch) if batch.is_ended else None,
        "first_hosts": first,
        "further_hosts": max(batch.total - len(first), 0),
    }


def _moving(request: ConsoleRequest, batch: Batch, tab: str) -> dict[str, Any]:
    return {
        "batch": batch,
        "progress": progress_of(batch),
        "tab": tab,
        "may_control": can_write(request.user, batch.tenant_id),
        "retry_form": RetryForm.of(batch),
    }


def _failures(request: ConsoleRequest, batch: Batch) -> dict[str, Any]:
    return {
        "batch": batch,
        "causes": failure_causes([batch.pk]) if batch.failed else [],
        "may_control": can_write(request.user, batch.tenant_id),
    }


def _latest(batch: Batch) -> list[Job]:
    """Return the most recently ended jobs of a batch.

    Jobs start in order of position, so these are slightly below the last one that has started: only
    that range is read.
    """
    jobs = Job.objects.filter(batch=batch, status__in=Job.ENDED).select_related("domain")
    jobs = jobs.defer("result", "metadata", "options")
    last = _last_started(batch)
    recent = jobs.filter(position__range=(last - WINDOW, last))
    return list(recent.order_by("-finished_at", "-position")[:LATEST])


def _last_started(batch: Batch) -> int:
    """Return the highest position of a started job."""
    if batch.is_ended:
        return batch.total
    running = batch.jobs.filter(status=Job.Status.RUNNING).order_by("-position")
    last = running.values_list("position", flat=True).first()
    return batch.ended if last is None else last
