"""Drafts of new batches: the list of drafts, and downloads of their groups."""

import csv
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from batches.draft_forms import DraftForm, shown
from batches.models import Draft
from scrapersky.tenants.access import get_readable, get_writable, readable
from scrapersky.web.http import ConsoleRequest, control_of
from scrapersky.web.spreadsheet import escape

COLUMNS = ("line", "host", "value", "reason", "scanned_at")


@require_safe
def draft_list(request: ConsoleRequest) -> HttpResponse:
    """List the drafts, latest first; they are deleted after 14 days."""
    rows = readable(Draft.objects.defer("document"), request.user).select_related("created_by")
    return render(request, "batches/draft_list.html", {"drafts": rows[:200]})


@require_safe
def draft_lines(request: ConsoleRequest, pk: UUID, group: str) -> HttpResponse:
    """Download the lines of one group of a draft's list as CSV."""
    draft = get_readable(Draft.objects.select_related("tenant"), request.user, pk=pk)
    form = DraftForm.of(draft).offer_sources(request.user, draft.tenant)
    check = form.check(draft.tenant)
    rows = next((g["all"] for g in shown(check) if g["name"] == group), None) if check else None
    if rows is None:
        raise Http404("The draft has no group with this name.")
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{group}.csv"'
    names = [name for name in COLUMNS if not rows or hasattr(rows[0], name)]
    writer = csv.writer(response)
    writer.writerow(names)
    for row in rows:
        values = (getattr(row, name) for name in names)
        writer.writerow([escape("" if value is None else str(value)) for value in values])
    return response


@control_of("draft_list")
def draft_delete(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Delete a draft."""
    get_writable(Draft.objects.all(), request.user, pk=pk).delete()
    messages.success(request, "The draft is deleted.")
    return redirect("draft_list")
