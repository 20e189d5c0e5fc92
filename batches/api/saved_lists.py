"""Saved lists through the API: create, read, change, delete."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import AfterValidator, Field

from batches.api.schemas import invalid_lines, within_limit
from batches.sources import check_unused
from scans.domain_lists import services
from scans.domain_lists.models import DomainList
from scans.engine.lists.collection import ParsedList, read_values
from scans.lists import LISTS
from scrapersky.tenants.access import get_readable, get_writable, tenant_for_new_rows
from scrapersky.web.api_auth import caller
from scrapersky.web.api_errors import ConflictError, InputError, Problem, RefusedValue
from scrapersky.web.api_input import RequestBody
from scrapersky.web.lists.api import add_list

READ = {401: Problem, 404: Problem, 422: Problem}
WRITE = {403: Problem, **READ}
Domains = Annotated[list[str], AfterValidator(within_limit)]

router = Router()
add_list(router, "", LISTS)


class ListIn(RequestBody):
    """The name of a new list and its domains; domains that cannot be scanned are left out."""

    name: str = Field(max_length=200)
    domains: Domains = Field(default_factory=list)


class ListChanges(RequestBody):
    name: str = Field(max_length=200)


class ListedIn(RequestBody):
    """Domains to add to a list; `replace` removes all others."""

    domains: Domains
    replace: bool = False


class UnlistedIn(RequestBody):
    """Domains to remove from a list."""

    domains: Domains


class ListOut(Schema):
    """A saved list; `GET /domains?list=<list_id>` returns its domains."""

    list_id: UUID
    name: str
    domain_count: int
    created_by: str | None
    created_at: datetime
    updated_at: datetime


class ListChanged(ListOut):
    """A list after its domains changed, and what happened to the domains that were sent."""

    added: int = 0
    already_there: int = 0
    removed: int = 0
    duplicates: int = 0
    invalid: list[RefusedValue] = Field(
        default_factory=list, description="The first 1,000 that cannot be scanned."
    )
    invalid_count: int = 0


@router.post("", response={201: ListChanged, **WRITE})
def create_list(request: HttpRequest, payload: ListIn) -> Status:
    """Create a list, empty or with domains."""
    user = caller(request)
    tenant = tenant_for_new_rows(user)
    read = _read(payload.domains)
    try:
        row = services.create_list(tenant=tenant, created_by=user, name=payload.name)
    except ValidationError as error:
        raise _name_error(error) from error
    added = services.add_hosts(row, read.hosts, user=user)
    return Status(201, _changed(row, read, added=added))


@router.get("/{uuid:list_id}", response={200: ListOut, **READ})
def get_list(request: HttpRequest, list_id: UUID) -> dict[str, Any]:
    """Return a list."""
    return _out(get_readable(_rows(), caller(request), pk=list_id))


@router.patch("/{uuid:list_id}", response={200: ListOut, **WRITE})
def rename_list(request: HttpRequest, list_id: UUID, payload: ListChanges) -> dict[str, Any]:
    """Rename a list."""
    row = _writable(request, list_id)
    try:
        return _out(services.rename_list(row, payload.name))
    except ValidationError as error:
        raise _name_error(error) from error


@router.delete("/{uuid:list_id}", response={204: None, 409: Problem, **WRITE})
def delete_list(request: HttpRequest, list_id: UUID) -> Status:
    """Delete a list that no schedule uses; its domains and their results are kept."""
    row = _writable(request, list_id)
    try:
        check_unused(row)
    except ValidationError as error:
        raise ConflictError("list_id", " ".join(error.messages)) from error
    services.delete_list(row)
    return Status(204, None)


@router.post("/{uuid:list_id}/domains", response={200: ListChanged, **WRITE})
def add_to_list(request: HttpRequest, list_id: UUID, payload: ListedIn) -> dict[str, Any]:
    """Add domains to a list, or replace all of its domains.

    A list is not replaced if none of the domains can be scanned.
    """
    row, read = _writable(request, list_id), _read(payload.domains)
    if payload.replace and payload.domains and not read.accepted:
        raise InputError("domains", "None of these domains can be scanned.", invalid_lines(read))
    added = services.add_hosts(row, read.hosts, user=caller(request))
    removed = services.remove_others(row, read.hosts) if payload.replace else 0
    return _changed(row, read, added=added, removed=removed)


@router.post("/{uuid:list_id}/domains/remove", response={200: ListChanged, **WRITE})
def remove_from_list(request: HttpRequest, list_id: UUID, payload: UnlistedIn) -> dict[str, Any]:
    """Remove domains from a list; domains that are not in it are ignored."""
    row, read = _writable(request, list_id), _read(payload.domains)
    removed = services.remove_hosts(row, read.hosts)
    return _changed(row, read, removed=removed) | {"already_there": 0}


def _rows() -> Any:
    return DomainList.objects.select_related("created_by", "tenant")


def _writable(request: HttpRequest, list_id: UUID) -> DomainList:
    row: DomainList = get_writable(_rows(), caller(request), pk=list_id)
    return row


def _read(domains: list[str]) -> ParsedList:
    return read_values(domains, allowed_networks=settings.SCAN_ALLOWED_NETWORKS)


def _name_error(error: ValidationError) -> InputError:
    return InputError("name", " ".join(error.messages))


def _out(row: DomainList) -> dict[str, Any]:
    return {
        "list_id": row.pk,
        "name": row.name,
        "domain_count": row.domain_count,
        "created_by": row.created_by.get_username() if row.created_by else None,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def _changed(row: DomainList, read: ParsedList, *, added: int = 0, removed: int = 0) -> dict:
    row.refresh_from_db(fields=["domain_count", "updated_at"])
    return _out(row) | {
        "added": added,
        "already_there": len(read.accepted) - added,
        "removed": removed,
        "duplicates": read.duplicates,
        "invalid": invalid_lines(read),
        "invalid_count": read.rejected_count,
    }
