"""Exports: download a list immediately or in the background, and the list of exports."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from batches.background_exports import cancel_export, create_export
from batches.export_files import open_finished
from batches.models import Export
from scrapersky.tenants.access import get_readable, get_writable, readable, writable_tenants
from scrapersky.tenants.models import Tenant, User
from scrapersky.tenants.preferences import list_settings
from scrapersky.web.http import ConsoleRequest, fragment_of
from scrapersky.web.lists import ListQuery, QueryTooSlow
from scrapersky.web.lists.columns import column_names
from scrapersky.web.lists.definition import find_list
from scrapersky.web.lists.download import MOST_STREAMED, Content, stream
from scrapersky.web.lists.formats import Format
from scrapersky.web.lists.outputs import UnknownOutput, find_output
from scrapersky.web.lists.page import selected_columns
from scrapersky.web.lists.query import PAGE_PARAMS
from scrapersky.web.paging import page_of

SHOWN = 50
TEXT = "text/plain; charset=utf-8"


@require_safe
def list_export(request: ConsoleRequest, name: str) -> HttpResponseBase:
    """Download a list as filtered; offer a background export if it is large."""
    definition = find_list(name)
    if definition is None:
        raise Http404("There is no list with this name.")
    try:
        output = find_output(definition, request.GET.get("format") or Format.CSV.value)
    except UnknownOutput as error:
        return HttpResponse(str(error), status=422, content_type=TEXT)
    rows, others = output.rows(definition), PAGE_PARAMS | {"format"}
    query = ListQuery(definition, request.GET, request.user, rows, others=others)
    settings = list_settings(request.user, name)
    names = column_names(request.GET.get("columns", ""))
    columns = selected_columns(query.definition, settings, names)
    unknown = query.definition.unknown_column(names)
    if wrong := " ".join([*query.problems, unknown]).strip():
        return HttpResponse(wrong, status=422, content_type=TEXT)
    if is_small(query):
        return small_download(Content(query, output, columns))
    context = {
        "definition": definition,
        "output": output,
        "action": reverse("export_create", args=[name]),
        "fields": {
            "query": query.filter_query,
            "columns": ",".join(column.name for column in columns),
        },
        "back": f"{definition.url}?{query.filter_query}",
        "tenants": tenants_to_export(request.user),
    }
    return render(request, "exports/large.html", context)


def tenants_to_export(user: User) -> Sequence[Tenant]:
    """Return the tenants of which a user may export one in the background."""
    return list(writable_tenants(user).order_by("name")[:100])


def small_download(content: Content) -> HttpResponseBase:
    """Return a download, or say why there is none."""
    try:
        return stream(content)
    except QueryTooSlow as error:
        return HttpResponse(str(error), status=422, content_type=TEXT)


def is_small(query: ListQuery) -> bool:
    """Return whether a list is small enough to be downloaded immediately."""
    try:
        return query.count().rows <= MOST_STREAMED
    except QueryTooSlow:
        return False


@require_POST
def export_create(request: ConsoleRequest, name: str) -> HttpResponse:
    """Start an export in the background."""
    definition = find_list(name)
    if definition is None:
        raise Http404("There is no list with this name.")
    try:
        output = find_output(definition, request.POST.get("format", ""))
    except UnknownOutput as error:
        messages.error(request, str(error))
        return redirect(definition.url)
    return start_export(
        request,
        back=definition.url,
        definition=definition,
        query=request.POST.get("query", ""),
        columns=[text for text in request.POST.get("columns", "").split(",") if text],
        output=output,
    )


def start_export(request: ConsoleRequest, *, back: str, **params: Any) -> HttpResponse:
    """Start an export of the posted tenant; if it is impossible, say why on the page `back`."""
    tenant = request.POST.get("tenant", "")
    try:
        create_export(user=request.user, tenant_id=UUID(tenant) if tenant else None, **params)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    except ValueError:
        messages.error(request, "Choose one of your tenants.")
    else:
        return redirect("export_list")
    return redirect(back)


@require_safe
def export_list(request: ConsoleRequest) -> HttpResponse:
    """List the exports of the user's tenants, newest first."""
    return render(request, "exports/list.html", _context(request))


@require_safe
@fragment_of("export_list")
def export_rows(request: ConsoleRequest) -> HttpResponse:
    """Return only the rows of the list of exports, for its live updates."""
    return render(request, "exports/_rows.html", _context(request))


def _context(request: ConsoleRequest) -> dict[str, object]:
    rows = Export.objects.select_related("created_by", "tenant", "view_export__view")
    page = page_of(request, readable(rows, request.user).order_by("-created_at"), size=SHOWN)
    return {
        "page": page,
        "has_tenants": len({export.tenant_id for export in page.object_list}) > 1,
        "is_active": any(export.is_active for export in page.object_list),
    }


@require_safe
def export_download(request: ConsoleRequest, pk: UUID) -> FileResponse:
    """Hand out a finished export."""
    export: Export = get_readable(Export.objects.all(), request.user, pk=pk)
    return FileResponse(open_finished(export), as_attachment=True, filename=export.file_name)


@require_POST
def export_cancel(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Stop an export."""
    export = get_writable(Export.objects.all(), request.user, pk=pk)
    if not cancel_export(export):
        messages.info(request, "The export has already ended.")
    return redirect("export_list")
