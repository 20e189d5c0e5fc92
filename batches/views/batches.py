"""Pages of batches: the list, a new one, and one of the demo sites."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from batches.demo import batch as demo_batch
from batches.forms import BatchForm
from batches.lists import BATCHES
from batches.models import Batch, Job
from scans.engine.lists.collection import DomainList
from scrapersky.tenants.access import get_readable, readable, tenant_for_new_rows
from scrapersky.web.http import ConsoleRequest
from scrapersky.web.lists.saved_views import redirect_to_view
from scrapersky.web.lists.selection import uuids
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
    """Create a batch; redisplay the input if nothing in it can be scanned."""
    tenant = tenant_for_new_rows(request.user)
    if request.method == "POST":
        form = BatchForm(request.POST, request.FILES)
    else:
        form = _copy_of(request) or BatchForm()
    if form.is_bound and (batch := form.create(tenant=tenant, created_by=request.user)):
        text = _summary(form.parsed) if form.parsed else LIST_IS_READ
        messages.success(request, text, extra_tags="pending running")
        return redirect("batch_detail", pk=batch.pk)
    context = {
        "form": form,
        "demo_sites": demo_batch.is_served(),
    }
    return render(request, "batches/batch_form.html", context)


def _summary(parsed: DomainList) -> str:
    """Summarise a submitted list in one sentence."""
    count = len(parsed.accepted)
    parts = [f"{count:,} domain{'' if count == 1 else 's'} will be scanned"]
    if parsed.duplicates:
        parts.append(f"{parsed.duplicates:,} appear more than once")
    if parsed.rejected_count:
        parts.append(f"{parsed.rejected_count:,} were rejected and are listed below")
    return "; ".join(parts) + "."


def _copy_of(request: ConsoleRequest) -> BatchForm | None:
    """Return the form filled in with the batch that `copy` names, None without one."""
    ids = uuids([request.GET.get("copy", "")])
    if not ids:
        return None
    batch = get_readable(Batch.objects.all(), request.user, pk=ids[0])
    form = BatchForm.copy_of(batch)
    if not form.initial["domains"]:
        text = "The list is too long to be copied here: paste or upload it, or run the batch again."
        messages.info(request, text)
    return form


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
