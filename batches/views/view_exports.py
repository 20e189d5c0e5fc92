"""Export a saved view: all rows, or only those new or changed since the user's last export."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from batches import view_exports
from batches.models import ViewExport
from batches.views.exports import (
    TEXT,
    is_small,
    small_download,
    start_export,
    tenants_to_export,
)
from scrapersky.tenants.access import can_write_somewhere
from scrapersky.tenants.preferences import SavedView
from scrapersky.tenants.saved_views import get_view
from scrapersky.web.access import open_to_viewers
from scrapersky.web.http import ConsoleRequest, control_of
from scrapersky.web.lists import ListDefinition, ListQuery
from scrapersky.web.lists.definition import find_list
from scrapersky.web.lists.download import Content
from scrapersky.web.lists.outputs import UnknownOutput, find_output, outputs_of

SHOWN = 20


def _view(request: ConsoleRequest, pk: UUID) -> tuple[SavedView, ListDefinition]:
    view = get_view(request.user, pk)
    definition = find_list(view.list_name)
    if definition is None:
        raise Http404("There is no list with this name.")
    return view, definition


@require_safe
def view_exports_page(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Offer exports of a view, and list the user's earlier ones."""
    view, definition = _view(request, pk)
    context = {
        "view": view,
        "definition": definition,
        "outputs": outputs_of(definition),
        "baseline": ViewExport.objects.baseline(view, request.user),
        "earlier": ViewExport.objects.of(view, request.user).complete()[:SHOWN],
    }
    return render(request, "exports/view.html", context)


@open_to_viewers
@control_of("view_exports")
def view_export(request: ConsoleRequest, pk: UUID) -> HttpResponseBase:
    """Download a view, or start a background export if it is large."""
    view, definition = _view(request, pk)
    try:
        output = find_output(definition, request.POST.get("format", ""))
    except UnknownOutput as error:
        return HttpResponse(str(error), status=422, content_type=TEXT)
    only_changes = "only_changes" in request.POST
    query = ListQuery.of_text(definition, view.query, request.user, output.rows(definition))
    if query.errors:
        return HttpResponse(" ".join(query.problems), status=422, content_type=TEXT)
    if is_small(query):
        changes = view_exports.begin(view, request.user, only_changes=only_changes)
        known = query.definition.column_by_name
        columns = [known[name] for name in view.columns if name in known]
        return small_download(Content(query, output, columns, changes))
    if not can_write_somewhere(request.user):
        messages.error(request, "This view is too large to download directly. Filter it first.")
        return redirect("view_exports", pk)
    tenants = tenants_to_export(request.user)
    if len(tenants) > 1 and not request.POST.get("tenant"):
        context = {
            "definition": definition,
            "output": output,
            "action": request.path,
            "fields": {"only_changes": "1"} if only_changes else {},
            "back": reverse("view_open", args=[pk]),
            "tenants": tenants,
            "tenant_id": view.tenant_id,
        }
        return render(request, "exports/large.html", context)
    return start_export(
        request,
        back=reverse("view_exports", args=[pk]),
        definition=definition,
        query=view.query,
        columns=list(view.columns),
        output=output,
        view=view,
        only_changes=only_changes,
    )


@open_to_viewers
@control_of("view_exports")
def view_baseline(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Set the earlier export with which the user's next one is compared."""
    view, _ = _view(request, pk)
    text = request.POST.get("number", "")
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1
    if ViewExport.objects.set_baseline(view, request.user, number):
        will = f"is compared with export {number}" if number else "has all rows"
        messages.success(request, f"The next export {will}.")
    else:
        messages.error(request, "This export does not exist. Choose one from the list below.")
    return redirect("view_exports", pk)
