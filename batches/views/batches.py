"""Pages of batches: the list, a new one, and how far one has come."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from batches.demo import batch as demo_batch
from batches.forms import BatchForm, RetryForm
from batches.lists import BATCHES
from batches.models import Batch, Job
from batches.progress import progress_of
from batches.transitions import deletion_of
from batches.views.jobs import rows_of_batch
from scans.engine.lists.collection import DomainList
from scrapersky.tenants.access import can_write, get_readable, readable, tenant_for_new_rows
from scrapersky.web.http import ConsoleRequest, fragment_of
from scrapersky.web.lists.saved_views import redirect_to_view
from scrapersky.web.lists.views import ListPage

LIST_IS_READ = "The list is long. Scanning starts when all of it has been read."


@require_safe
def batch_list(request: ConsoleRequest) -> HttpResponse:
    """List batches, the newest first; an id of a job leads to the job."""
    if view := redirect_to_view(request, BATCHES):
        return view
    batches = ListPage(request, BATCHES)
    if not batches.rows and (job := _named_job(request)):
        return redirect("job_detail", pk=job.pk)
    return render(request, "batches/batch_list.html", {"list": batches})


def _named_job(request: ConsoleRequest) -> Job | None:
    return readable(Job.objects.named(request.GET.get("q", "")), request.user).first()


@require_http_methods(["GET", "HEAD", "POST"])
def batch_create(request: ConsoleRequest) -> HttpResponse:
    """Take in a new batch; what was typed comes back where nothing of it can be scanned."""
    tenant = tenant_for_new_rows(request.user)
    form = BatchForm(request.POST, request.FILES) if request.method == "POST" else BatchForm()
    if form.is_bound and (batch := form.create(tenant=tenant, created_by=request.user)):
        messages.success(request, _summary(form.parsed) if form.parsed else LIST_IS_READ)
        return redirect("batch_detail", pk=batch.pk)
    context = {
        "form": form,
        "demo_sites": demo_batch.is_served(),
    }
    return render(request, "batches/batch_form.html", context)


def _summary(parsed: DomainList) -> str:
    """Say what became of a list in one sentence."""
    count = len(parsed.accepted)
    parts = [f"{count:,} domain{'' if count == 1 else 's'} will be scanned"]
    if parsed.duplicates:
        parts.append(f"{parsed.duplicates:,} appear more than once")
    if parsed.rejected_count:
        parts.append(f"{parsed.rejected_count:,} were rejected and are listed below")
    return "; ".join(parts) + "."


@require_POST
def batch_demo(request: ConsoleRequest) -> HttpResponse:
    """Scan the demo sites."""
    if not demo_batch.is_served():
        raise Http404(
            "The demo sites are not available here. Set DEMO_SITES=true and restart the console."
        )
    batch = demo_batch.create_demo_batch(
        tenant=tenant_for_new_rows(request.user), created_by=request.user
    )
    return redirect("batch_detail", pk=batch.pk)


@require_safe
def batch_detail(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Show a batch: its progress, its failures by cause and its jobs."""
    batch = get_readable(Batch.objects.select_related("created_by"), request.user, pk=pk)
    context = _moving(request, batch) | rows_of_batch(request, batch)
    context["deletion"] = deletion_of(batch) if batch.is_ended else None
    return render(request, "batches/batch_detail.html", context)


@require_safe
@fragment_of("batch_detail")
def batch_progress(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Return the part of a batch's page that moves; `?watch` is for a page without buttons."""
    batch = get_readable(Batch.objects.all(), request.user, pk=pk)
    return render(request, "batches/_progress.html", _moving(request, batch))


def _moving(request: ConsoleRequest, batch: Batch) -> dict[str, Any]:
    return {
        "batch": batch,
        "progress": progress_of(batch),
        "may_control": "watch" not in request.GET and can_write(request.user, batch.tenant_id),
        "retry_form": RetryForm.of(batch),
    }
