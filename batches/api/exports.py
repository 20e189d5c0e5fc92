"""Exports through the API: create, poll, download."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import FileResponse, HttpRequest
from django.urls import reverse
from ninja import Router, Schema, Status
from pydantic import Field

from batches import background_exports
from batches.export_files import open_finished
from batches.models import Export, ViewExport
from scans.lists import CONTACTS, DOMAINS
from scrapersky.tenants.access import check_writable, get_readable, readable
from scrapersky.tenants.saved_views import get_view
from scrapersky.web.api_auth import caller
from scrapersky.web.api_errors import ConflictError, InputError, Problem
from scrapersky.web.api_input import RequestBody
from scrapersky.web.lists.definition import find_list
from scrapersky.web.lists.formats import Format
from scrapersky.web.lists.outputs import UnknownOutput, find_output

UNKNOWN = {401: Problem, 404: Problem, 422: Problem}

RECIPES = ", ".join(dict.fromkeys(r.name for d in (DOMAINS, CONTACTS) for r in d.recipes))

router = Router()


class ExportIn(RequestBody):
    """What to export: a list or a saved view, a query string, columns and a format."""

    list: str = Field(default="", description="domains, contacts, pages, jobs and so on.")
    query: str = Field(
        default="", max_length=10_000, description="The query string of the list's page."
    )
    columns: tuple[str, ...] = Field(default=(), max_length=100)
    format: str = Field(
        default=Format.CSV.value,
        description=f"{', '.join(kind.value for kind in Format)}, or a recipe: {RECIPES}.",
    )
    view: UUID | None = Field(
        default=None, description="A saved view, instead of list, query and columns."
    )
    only_changes: bool = Field(
        default=False,
        description="Only rows that are new or changed since your last export of the view.",
    )
    tenant: UUID | None = Field(
        default=None,
        description="The tenant whose rows to export; default: the view's, or your first tenant.",
    )


class ExportOut(Schema):
    """The progress of an export; `download_url` is set once it is complete."""

    export_id: UUID
    list: str
    tenant: UUID
    query: str
    format: str
    view: UUID | None
    only_changes: bool
    compared_with: int | None = Field(description="The number of your earlier export of the view.")
    status: str
    rows: int = Field(description="Rows written.")
    rows_read: int = Field(description="Rows read; more than `rows` if only changes are exported.")
    rows_expected: int | None = Field(
        description="Rows to read in all; null until they are counted, or if that takes too long."
    )
    truncated: int = Field(description="Texts cut to the maximum length of an XLSX cell.")
    error: str | None
    as_of: str = Field(description="The filter of the rows, and when they were read.")
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime
    download_url: str | None


class ViewExportOut(Schema):
    """One of your exports of a view; the next one is compared with the baseline."""

    number: int
    rows: int
    only_changes: bool
    created_at: datetime
    is_baseline: bool


class BaselineIn(RequestBody):
    """The export to compare the next one with."""

    number: int = Field(
        ge=0, le=999_999_999, description="0 compares with none, so the export has all rows."
    )


@router.post("", response={201: ExportOut, 403: Problem, **UNKNOWN})
def create_export(request: HttpRequest, payload: ExportIn) -> Status:
    """Start an export; poll it until it is `complete`, `failed` or `cancelled`."""
    user = caller(request)
    view = get_view(user, payload.view) if payload.view else None
    definition = find_list(view.list_name if view else payload.list)
    if definition is None:
        raise InputError("list", "There is no list with this name.")
    if view is None and payload.only_changes:
        raise InputError(
            "only_changes", "Send `view`: the saved view whose last export to compare with."
        )
    if view and (payload.list or payload.query or payload.columns):
        raise InputError("view", "A view has its own list, query and columns. Omit these fields.")
    try:
        export = background_exports.create_export(
            user=user,
            definition=definition,
            query=view.query if view else payload.query,
            columns=list(view.columns if view else payload.columns),
            output=find_output(definition, payload.format),
            view=view,
            only_changes=payload.only_changes,
            tenant_id=payload.tenant,
        )
    except UnknownOutput as error:
        raise InputError("format", str(error)) from error
    except ValidationError as error:
        field = next(iter(set(error.message_dict) & {"tenant", "columns"}), "query")
        raise InputError(field, " ".join(error.messages)) from error
    return Status(201, _out(export))


@router.get("", response={200: list[ExportOut], 401: Problem})
def list_exports(request: HttpRequest) -> list[dict[str, Any]]:
    """List the exports of your tenants, the newest 100."""
    exports = readable(Export.objects.select_related("view_export"), caller(request))
    return [_out(export) for export in exports.order_by("-created_at")[:100]]


@router.get("/views/{uuid:view_id}", response={200: list[ViewExportOut], **UNKNOWN})
def exports_of_view(request: HttpRequest, view_id: UUID) -> list[dict[str, Any]]:
    """List your own complete exports of a saved view, the newest first."""
    user = caller(request)
    view = get_view(user, view_id)
    baseline = ViewExport.objects.baseline(view, user)
    return [
        {
            "number": row.number,
            "rows": row.row_count,
            "only_changes": row.only_changes,
            "created_at": row.created_at,
            "is_baseline": row == baseline,
        }
        for row in ViewExport.objects.of(view, user).complete()[:100]
    ]


@router.post("/views/{uuid:view_id}/baseline", response={204: None, 403: Problem, **UNKNOWN})
def set_baseline(request: HttpRequest, view_id: UUID, payload: BaselineIn) -> Status:
    """Compare your next export of a view with an earlier one, or with none."""
    user = caller(request)
    view = get_view(user, view_id)
    check_writable(user, view.tenant_id)
    if not ViewExport.objects.set_baseline(view, user, payload.number):
        raise InputError("number", "You have no complete export of this view with this number.")
    return Status(204, None)


@router.get("/{uuid:export_id}", response={200: ExportOut, **UNKNOWN})
def export_status(request: HttpRequest, export_id: UUID) -> dict[str, Any]:
    """Return the status of an export."""
    return _out(_find(request, export_id))


@router.get("/{uuid:export_id}/download", response={200: None, **UNKNOWN})
def download_export(request: HttpRequest, export_id: UUID) -> FileResponse:
    """Download a complete export; 404 until then and after it has expired."""
    export = _find(request, export_id)
    return FileResponse(open_finished(export), as_attachment=True, filename=export.file_name)


@router.post("/{uuid:export_id}/cancel", response={200: ExportOut, 409: Problem, **UNKNOWN})
def cancel_export(request: HttpRequest, export_id: UUID) -> dict[str, Any]:
    """Stop an export and delete what it wrote."""
    export = _find(request, export_id)
    check_writable(caller(request), export.tenant_id)
    if not background_exports.cancel_export(export):
        raise ConflictError("export_id", "The export has already ended.")
    export.refresh_from_db()
    return _out(export)


def _find(request: HttpRequest, export_id: UUID) -> Export:
    export: Export = get_readable(
        Export.objects.select_related("view_export"), caller(request), pk=export_id
    )
    return export


def _out(export: Export) -> dict[str, Any]:
    has_file = export.has_file
    return {
        "export_id": export.pk,
        "list": export.list_name,
        "tenant": export.tenant_id,
        "query": export.query,
        "format": export.output.name,
        "view": export.view_export.view_id if export.view_export else None,
        "only_changes": export.only_changes,
        "compared_with": (export.view_export and export.view_export.since) or None,
        "status": export.status,
        "rows": export.row_count,
        "rows_read": export.read_count,
        "rows_expected": export.expected or None,
        "truncated": export.truncated,
        "error": export.error or None,
        "as_of": export.as_of,
        "created_at": export.created_at,
        "finished_at": export.finished_at,
        "expires_at": export.expires_at,
        "download_url": reverse("api:download_export", args=[export.pk]) if has_file else None,
    }
