"""Saved lists: the overview, a list with its domains, and imports into it."""

import csv
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from batches.models import RecurringBatch
from batches.saved_list_forms import ImportForm, NewListForm
from batches.sources import check_unused
from scans.bulk.models import BulkAction
from scans.bulk.operations import sentence_of
from scans.domain_lists import importing, services
from scans.domain_lists.models import DomainList, ListImport
from scans.lists import DOMAINS, LISTS
from scrapersky.tenants.access import (
    can_write,
    get_readable,
    get_writable,
    tenant_for_new_rows,
)
from scrapersky.web.http import ConsoleRequest, control_of
from scrapersky.web.lists.page import ListPage
from scrapersky.web.lists.saved_views import redirect_to_view
from scrapersky.web.paging import page_of
from scrapersky.web.spreadsheet import escape


@require_safe
def saved_lists(request: ConsoleRequest) -> HttpResponse:
    """List the saved lists, by name."""
    view = redirect_to_view(request, LISTS)
    return view or render(request, "saved_lists/index.html", {"list": ListPage(request, LISTS)})


@require_http_methods(["GET", "HEAD", "POST"])
def saved_list_create(request: ConsoleRequest) -> HttpResponse:
    """Create a list; submitted domains are shown before they are added."""
    tenant = tenant_for_new_rows(request.user)
    form = NewListForm(*_submitted(request))
    row = form.create(tenant=tenant, user=request.user) if form.is_bound else None
    if row is None:
        return render(request, "saved_lists/new.html", {"form": form})
    if form.parsed is None:
        messages.success(request, f"The list “{row}” is created.")
        return redirect("saved_list", pk=row.pk)
    return redirect("list_import", pk=form.prepare(row, user=request.user).pk)


@require_safe
def saved_list(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Show a list and its domains."""
    row = _readable(request, pk)
    return render(request, "saved_lists/detail.html", _context(request, row, ImportForm()))


@require_http_methods(["GET", "HEAD", "POST"])
def saved_list_import(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Read a list to import and show what it would change."""
    if request.method != "POST":
        return redirect("saved_list", pk=_readable(request, pk).pk)
    row = get_writable(_lists(), request.user, pk=pk)
    form = ImportForm(request.POST, request.FILES)
    if not form.is_valid():
        return render(request, "saved_lists/detail.html", _context(request, row, form))
    return redirect("list_import", pk=form.prepare(row, user=request.user).pk)


@control_of("saved_lists")
def saved_list_rename(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Rename a list."""
    row = get_writable(_lists(), request.user, pk=pk)
    try:
        services.rename_list(row, request.POST.get("name", ""))
        messages.success(request, f"The list is now named “{row}”.")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("saved_list", pk=pk)


@control_of("saved_lists")
def saved_list_remove(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Remove a domain from a list."""
    row = get_writable(_lists(), request.user, pk=pk)
    host = request.POST.get("host", "")
    if services.remove_hosts(row, [host]):
        messages.success(request, f"{host} is removed from the list.")
    return redirect("saved_list", pk=pk)


@control_of("saved_lists")
def saved_list_delete(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Delete a list; its domains are kept."""
    row = get_writable(_lists(), request.user, pk=pk)
    try:
        check_unused(row)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("saved_list", pk=pk)
    services.delete_list(row)
    messages.success(request, f"The list “{row}” is deleted. Its domains are kept.")
    return redirect("saved_lists")


@require_safe
def list_import(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Show what an import would change."""
    waiting = get_readable(_imports(), request.user, pk=pk)
    difference = importing.difference(waiting)
    context = {
        "import": waiting,
        "saved_list": waiting.domain_list,
        "difference": difference,
        "groups": _groups(difference),
        "may_write": can_write(request.user, waiting.tenant_id),
    }
    return render(request, "saved_lists/import.html", context)


def _groups(difference: importing.Difference) -> list[dict[str, Any]]:
    groups = [
        ("added", "Added", len(difference.added), difference.added),
        ("present", "Already in the list", len(difference.present), difference.present),
        ("removed", "Only in the list", difference.removed_count, difference.removed),
    ]
    return [
        {"name": name, "label": label, "count": count, "hosts": hosts[: importing.SHOWN]}
        for name, label, count, hosts in groups
    ]


@require_safe
def list_import_hosts(request: ConsoleRequest, pk: UUID, group: str) -> HttpResponse:
    """Download the hosts of one group of an import, or the rejected lines, as CSV."""
    waiting = get_readable(_imports(), request.user, pk=pk)
    if group == "rejected":
        rows = [(line.line, line.value, line.reason) for line in waiting.rejected]
        return _csv(group, ("line", "value", "reason"), rows)
    if group == "removed":
        return _csv(group, ("host",), ((host,) for host in importing.removed_hosts(waiting)))
    if group not in ("added", "present"):
        raise Http404("An import has no group with this name.")
    hosts = getattr(importing.difference(waiting), group)
    return _csv(group, ("host",), ((host,) for host in hosts))


def _csv(name: str, heads: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> HttpResponse:
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    writer = csv.writer(response)
    writer.writerow(heads)
    writer.writerows([escape(str(value)) for value in row] for row in rows)
    return response


@control_of("saved_lists")
def list_import_apply(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Apply an import: add its domains, and with `replace` remove all others."""
    waiting = get_writable(_imports(), request.user, pk=pk)
    replaces = "replace" in request.POST
    action = importing.start_import(waiting, replaces=replaces, user=request.user)
    if not action.is_ended:
        return redirect("bulk_action_detail", pk=action.pk)
    if action.status == BulkAction.Status.COMPLETE:
        messages.success(request, sentence_of(action))
    else:
        messages.error(request, action.error)
    return redirect("saved_list", pk=waiting.domain_list_id)


@control_of("saved_lists")
def list_import_discard(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Discard an import; its list is unchanged."""
    waiting = get_writable(_imports(), request.user, pk=pk)
    waiting.delete()
    messages.success(request, "The import is discarded. The list is unchanged.")
    return redirect("saved_list", pk=waiting.domain_list_id)


def _lists() -> Any:
    return DomainList.objects.select_related("created_by", "tenant")


def _imports() -> Any:
    return ListImport.objects.select_related("domain_list", "created_by")


def _readable(request: ConsoleRequest, pk: UUID) -> DomainList:
    row: DomainList = get_readable(_lists(), request.user, pk=pk)
    return row


def _context(request: ConsoleRequest, row: DomainList, form: ImportForm) -> dict[str, Any]:
    domains = services.domains_of(row.pk).order_by("host")
    shown = domains.only("host", "title", "status", "verdict", "failure_reason", "last_scanned_at")
    imports = ListImport.objects.filter(domain_list=row.pk).defer("document")
    return {
        "saved_list": row,
        "origin": f"{DOMAINS.name}?{urlencode({'list': row.name})}",
        "form": form,
        "page": page_of(request, shown, count=row.domain_count),
        "schedules": RecurringBatch.objects.filter(domain_list=row.pk).defer("domains")[:20],
        "imports": imports.select_related("created_by")[:10],
        "may_write": can_write(request.user, row.tenant_id),
    }


def _submitted(request: ConsoleRequest) -> tuple:
    return (request.POST, request.FILES) if request.method == "POST" else ()
