"""Exports through the API: create, poll, download."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import FileResponse, Http404, HttpRequest
from django.urls import reverse
from ninja import Router, Schema, Status
from pydantic import Field

from batches import background_exports
from batches.models import Export
from scrapersky.tenants.access import check_writable, get_readable
from scrapersky.web.api_auth import caller
from scrapersky.web.api_errors import ConflictError, InputError, Problem
from scrapersky.web.lists.formats import Format
from scrapersky.web.lists.views import find_list

UNKNOWN = {401: Problem, 404: Problem, 422: Problem}

router = Router()


class ExportIn(Schema):
    """What to export: a list, its query string, its columns, and the format."""

    list: str = Field(description="domains, contacts, pages, technologies, jobs and so on.")
    query: str = Field(default="", max_length=10_000, description="As in the list's address.")
    columns: tuple[str, ...] = Field(default=(), max_length=100)
    format: Format = Format.CSV


class ExportOut(Schema):
    """How far an export is; `download_url` is there once it is complete."""

    export_id: UUID
    list: str
    query: str
    format: Format
    status: str
    rows: int
    truncated: int
    error: str | None
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime
    download_url: str | None


@router.post("", response={201: ExportOut, 403: Problem, **UNKNOWN})
def create_export(request: HttpRequest, payload: ExportIn) -> Status:
    """Start an export; poll it until it is `complete`, `failed` or `cancelled`."""
    definition = find_list(payload.list)
    if definition is None:
        raise InputError("list", "There is no such list.")
    try:
        export = background_exports.create_export(
            user=caller(request),
            definition=definition,
            query=payload.query,
            columns=list(payload.columns),
            kind=payload.format,
        )
    except ValidationError as error:
        raise InputError("query", " ".join(error.messages)) from error
    return Status(201, _out(export))


@router.get("/{uuid:export_id}", response={200: ExportOut, **UNKNOWN})
def export_status(request: HttpRequest, export_id: UUID) -> dict[str, Any]:
    """Say how far an export is."""
    return _out(_find(request, export_id))


@router.get("/{uuid:export_id}/download", response={200: None, **UNKNOWN})
def download_export(request: HttpRequest, export_id: UUID) -> FileResponse:
    """Download a complete export; 404 until then and after it has expired."""
    export = _find(request, export_id)
    if export.status != Export.Status.COMPLETE or not export.path.is_file():
        raise Http404("The export has no file: it is not complete, or it has expired.")
    return FileResponse(export.path.open("rb"), as_attachment=True, filename=export.file_name)


@router.post("/{uuid:export_id}/cancel", response={200: ExportOut, 409: Problem, **UNKNOWN})
def cancel_export(request: HttpRequest, export_id: UUID) -> dict[str, Any]:
    """Stop an export and delete what it wrote."""
    export = _find(request, export_id)
    check_writable(caller(request), export.tenant_id)
    if not background_exports.cancel_export(export):
        raise ConflictError("export_id", "The export has ended already.")
    export.refresh_from_db()
    return _out(export)


def _find(request: HttpRequest, export_id: UUID) -> Export:
    export: Export = get_readable(Export.objects.all(), caller(request), pk=export_id)
    return export


def _out(export: Export) -> dict[str, Any]:
    is_complete = export.status == Export.Status.COMPLETE
    return {
        "export_id": export.pk,
        "list": export.list_name,
        "query": export.query,
        "format": export.format,
        "status": export.status,
        "rows": export.row_count,
        "truncated": export.truncated,
        "error": export.error or None,
        "created_at": export.created_at,
        "finished_at": export.finished_at,
        "expires_at": export.expires_at,
        "download_url": reverse("api:download_export", args=[export.pk]) if is_complete else None,
    }
