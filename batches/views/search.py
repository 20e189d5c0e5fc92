"""The search in the header: batches, domains, contacts and jobs, by name or any id."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from batches.lists import BATCHES, JOBS
from batches.models import Job, LegacyId
from batches.models.keys import NO_ROW
from batches.services import initiate_scan
from batches.tenant_limits import LimitReachedError
from scans.engine.hostnames import InvalidDomain, normalise
from scans.lists import CONTACTS, DOMAINS
from scans.models import Domain
from scrapersky.tenants.access import readable, tenant_for_new_rows
from scrapersky.web.http import ConsoleRequest, control_of
from scrapersky.web.lists import ListDefinition, ListQuery, QueryTooSlow
from scrapersky.web.lists.filters import BadValue, clean_text
from scrapersky.web.lists.page import Cell

SHOWN = 8
# The columns that tell a result from the others.
COLUMNS = {
    "batches": ("name", "status", "total", "created_at"),
    "domains": ("host", "title", "outcome", "last_scanned_at"),
    "contacts": ("value", "kind", "domain", "page_url"),
    "jobs": ("domain", "status", "created_at", "id"),
}


@dataclass(frozen=True, slots=True)
class Group:
    """The results of one list: its first rows, and where all of them are."""

    definition: ListDefinition
    rows: list[tuple[Any, list[Cell]]]
    url: str
    message: str = ""


@require_safe
def search(request: ConsoleRequest) -> HttpResponse:
    """Show what a text finds in each list; a text that only one job or domain has leads there."""
    text = clean_text(request.GET.get("q", ""), strip=False)
    groups = _groups(request, text) if text.strip() else []
    rows = [(group.definition.name, row) for group in groups for row, _ in group.rows]
    if len(rows) == 1 and (url := _url_of(*rows[0], text)):
        return redirect(url)
    context = {"text": text, "groups": groups, "host": _host(text)}
    return render(request, "search.html", context)


@control_of("search")
def scan_one(request: ConsoleRequest) -> HttpResponse:
    """Scan one domain, as typed into the search, and show its scan while it runs."""
    tenant = tenant_for_new_rows(request.user)
    try:
        job = initiate_scan(request.POST.get("q", ""), tenant=tenant, created_by=request.user)
    except (InvalidDomain, LimitReachedError) as error:
        messages.error(request, f"Nothing was scanned. {error}")
        return redirect("search")
    return redirect("job_detail", pk=job.pk)


def _host(text: str) -> str:
    """Return the host that a text names, empty if it names none that can be scanned."""
    try:
        return normalise(text, settings.SCAN_ALLOWED_NETWORKS) if text.strip() else ""
    except InvalidDomain:
        return ""


def _groups(request: ConsoleRequest, text: str) -> list[Group]:
    groups = [
        _group(request, BATCHES, "q", text),
        _group(request, DOMAINS, "q", text.strip(), _domains_by_id(request, text)),
        _group(request, CONTACTS, "value", text.strip()),
        _group(request, JOBS, "", text, _jobs_by_id(request, text)),
    ]
    return [group for group in groups if group.rows or group.message]


def _group(
    request: ConsoleRequest,
    definition: ListDefinition,
    param: str,
    text: str,
    by_id: QuerySet | None = None,
) -> Group:
    params = QueryDict(mutable=True)
    params[param] = text
    query = ListQuery(definition, params, request.user)
    columns = [definition.column_by_name[name] for name in COLUMNS[definition.name]]
    rows, message = list(by_id[:SHOWN]) if by_id is not None else [], ""
    if not rows and param:
        try:
            rows = query.page(columns, size=SHOWN).rows
        except (QueryTooSlow, BadValue) as error:
            message = str(error)
    cells = [(row, [Cell(c, c.value_of(row), c.link_of(row)) for c in columns]) for row in rows]
    return Group(definition, cells, f"{definition.url}?{urlencode({param: text})}", message)


def _domains_by_id(request: ConsoleRequest, text: str) -> QuerySet[Domain]:
    """Return the domain (one or none) that has this id, or had it in the older system."""
    keys = _ids("domain", text)
    return readable(Domain.objects.filter(Q(pk__in=keys)), request.user)


def _jobs_by_id(request: ConsoleRequest, text: str) -> QuerySet[Job]:
    return readable(Job.objects.named(text).select_related("domain"), request.user)


def _ids(kind: str, text: str) -> list[Any]:
    keys = [LegacyId.objects.resolve(kind, text) or NO_ROW]  # always query: it must reveal nothing
    with suppress(ValueError):
        keys.append(UUID(text.strip()))
    return keys


def _url_of(name: str, row: Any, text: str) -> str:
    """Return the page of a result that the text names exactly, empty for any other."""
    exact = text.strip().lower()
    if name == "domains" and exact in (row.host, str(row.pk)):
        return reverse("domain_detail", args=[row.pk])
    if name == "jobs":
        return reverse("job_detail", args=[row.pk])
    if name == "batches" and exact in (str(row.pk), row.name.lower()):
        return reverse("batch_detail", args=[row.pk])
    return ""
