"""Pages of batches: the list, creating one, and a batch of the demo sites."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.defaultfilters import pluralize
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import replace_url

from batches.checking import Check
from batches.demo import batch as demo_batch
from batches.draft_forms import CHECKS, PICKS, DraftForm, shown, table_of
from batches.lists import BATCHES
from batches.models import Batch, Draft, Job
from batches.outages.notice import outage_notice
from batches.tenant_limits import LimitReachedError, usage_of
from scans.engine.lists.collection import ParsedList
from scrapersky.tenants.access import get_readable, readable, tenant_for_new_rows, writable
from scrapersky.tenants.models import Tenant
from scrapersky.web.http import ConsoleRequest
from scrapersky.web.lists.page import ListPage
from scrapersky.web.lists.saved_views import redirect_to_view
from scrapersky.web.lists.selection import uuids
from scrapersky.web.regional import grouped

LIST_IS_READ = "The list is long. Scanning starts when all of it has been read."
DRAFT_IS_GONE = "This draft no longer exists: its batch was created, or it was deleted."


@require_safe
def batch_list(request: ConsoleRequest) -> HttpResponse:
    """List batches, newest first; searching for the id of a job redirects to the job."""
    if view := redirect_to_view(request, BATCHES):
        return view
    batches = ListPage(request, BATCHES)
    if not batches.rows and (job := _named_job(request)):
        return redirect("job_detail", pk=job.pk)
    context = {
        "list": batches,
        "outage": outage_notice(),
        "demo_sites": demo_batch.is_served(),
    }
    return render(request, "batches/batch_list.html", context)


def _named_job(request: ConsoleRequest) -> Job | None:
    return readable(Job.objects.named(request.GET.get("q", "")), request.user).first()


@require_http_methods(["GET", "HEAD", "POST"])
def batch_create(request: ConsoleRequest) -> HttpResponse:
    """Create a batch, or check its list first; the input is saved as a draft."""
    tenant = tenant_for_new_rows(request.user)
    draft = _draft(request)
    if request.method != "POST":
        if not draft and request.GET.get("draft"):
            messages.info(request, DRAFT_IS_GONE)
        form = DraftForm.of(draft) if draft else (_copy_of(request) or _of_source(request))
        form.offer_sources(request.user, tenant)
        return _page(request, form, form.check(tenant) if draft else None)
    form = DraftForm.submitted(request.POST, request.FILES, draft)
    form.offer_sources(request.user, tenant)
    if not CHECKS.isdisjoint(request.POST):
        return _checked(request, form, tenant)
    batch = form.create(tenant=tenant, created_by=request.user)
    if batch is None:
        form.save_draft(tenant=tenant, user=request.user)
        return _page(request, form, form.check(tenant))
    if draft:
        draft.delete()
    text = _summary(form.parsed, batch) if form.parsed else LIST_IS_READ
    messages.success(request, text, extra_tags="pending running")
    return redirect("batch_detail", pk=batch.pk)


def _draft(request: ConsoleRequest) -> Draft | None:
    """Return the draft that a request continues, if it still exists."""
    ids = uuids([request.POST.get("draft") or request.GET.get("draft", "")])
    return writable(Draft.objects.filter(pk__in=ids), request.user).first()


def _checked(request: ConsoleRequest, form: DraftForm, tenant: Tenant) -> HttpResponse:
    """Save the draft and show its groups: as a fragment for htmx, else on the draft's page."""
    check = form.check(tenant)
    draft = form.save_draft(tenant=tenant, user=request.user)
    address = f"{reverse('batch_create')}?draft={draft.pk}"
    if not request.htmx:
        return redirect(f"{address}#check")
    context = _context(form, check) | {"is_picked": not PICKS.isdisjoint(request.POST)}
    return replace_url(render(request, "batches/_check.html", context), address)


def _page(request: ConsoleRequest, form: DraftForm, check: Check | None) -> HttpResponse:
    drafts = readable(Draft.objects.all(), request.user).count()
    context = _context(form, check) | {
        "limits": usage_of(tenant_for_new_rows(request.user)),
        "demo_sites": demo_batch.is_served(),
        "draft_count": drafts,
    }
    return render(request, "batches/batch_form.html", context)


def _context(form: DraftForm, check: Check | None) -> dict[str, Any]:
    return {
        "form": form,
        "check": check,
        "groups": shown(check) if check else [],
        "fixes": dict(zip(("text", "of"), form.lines_to_correct(), strict=True)),
        "table": table_of(form.structure),
        "is_too_long": form.is_bound and form.large is not None,
    }


def _summary(parsed: ParsedList, batch: Batch) -> str:
    """Summarise a submitted list in one sentence."""
    count = batch.total
    parts = [f"{grouped(count)} domain{pluralize(count)} will be scanned"]
    if repeated := parsed.duplicates:
        parts.append(f"{grouped(repeated)} appear{pluralize(repeated, 's,')} more than once")
    if rejected := parsed.rejected_count:
        verbs = pluralize(rejected, "was rejected and is,were rejected and are")
        parts.append(f"{grouped(rejected)} {verbs} listed below")
    if skipped := len(parsed.accepted) - batch.total:
        verb = pluralize(skipped, "is,are")
        parts.append(f"{grouped(skipped)} known domain{pluralize(skipped)} {verb} skipped")
    return "; ".join(parts) + "."


def _of_source(request: ConsoleRequest) -> DraftForm:
    """Return the form with the list, view or filter named by the parameter `source`."""
    return DraftForm(initial={"source": request.GET.get("source", "")})


def _copy_of(request: ConsoleRequest) -> DraftForm | None:
    """Return the form filled in with the batch named by the parameter `copy`, or None."""
    ids = uuids([request.GET.get("copy", "")])
    if not ids:
        return None
    batch = get_readable(Batch.objects.all(), request.user, pk=ids[0])
    form = DraftForm.copy_of(batch)
    if not form.initial["domains"]:
        text = "The list is too long to copy. Paste or upload it, or run the batch again."
        messages.info(request, text)
    return form


@require_POST
def batch_demo(request: ConsoleRequest) -> HttpResponse:
    """Scan the demo sites."""
    if not demo_batch.is_served():
        raise Http404(
            "The demo sites are not available here. Set DEMO_SITES=true and restart the console."
        )
    tenant = tenant_for_new_rows(request.user)
    try:
        batch = demo_batch.create_demo_batch(tenant=tenant, created_by=request.user)
    except LimitReachedError as error:
        messages.error(request, str(error))
        return redirect("batch_list")
    return redirect("batch_detail", pk=batch.pk)
