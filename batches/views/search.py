"""The search in the header: batches, domains, contacts and jobs, by name or any id."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from batches.lists import BATCHES, JOBS
from batches.models import Batch, Job, LegacyId
from batches.name_search import NameWords
from batches.services import initiate_scan
from batches.tenant_limits import LimitReachedError
from scans.engine.hostnames import InvalidDomain, normalise
from scans.lists import CONTACTS, DOMAINS
from scans.models import Contact, Domain
from scrapersky.tenants.access import NO_ROW, readable, tenant_for_new_rows
from scrapersky.web.http import ConsoleRequest, control_of
from scrapersky.web.lists import ListDefinition, ListQuery, QueryTooSlow
from scrapersky.web.lists.filters import MAX_LENGTH
from scrapersky.web.lists.page import Cell
from scrapersky.web.lists.selection import uuids

SHOWN = 8
# The columns that distinguish one result from another.
COLUMNS = {
    "batches": ("name", "status", "total", "created_at"),
    "domains": ("host", "title", "outcome", "last_scanned_at"),
    "contacts": ("value", "kind", "domain", "page_url"),
    "jobs": ("domain", "status", "created_at", "id"),
}


@dataclass(frozen=True, slots=True)
class Group:
    """The results from one list: its first rows, and a link to all of them, if it finds them."""

    definition: ListDefinition
    rows: list[tuple[Any, list[Cell]]]
    url: str
    message: str = ""


@require_safe
def search(request: ConsoleRequest) -> HttpResponse:
    """Show the matches in each list, or redirect to the only one if the text names it exactly."""
    text = request.GET.get("q", "")[:MAX_LENGTH]
    groups = _groups(request, text) if text.strip() else []
    rows = [(group.definition.name, row) for group in groups for row, _ in group.rows]
    if len(rows) == 1 and (url := _url_of(*rows[0], text)):
        return redirect(url)
    context = {"text": text, "groups": groups, "host": _host(text)}
    return render(request, "search.html", context)


@control_of("search")
def scan_one(request: ConsoleRequest) -> HttpResponse:
    """Scan one domain as typed into the search box, and show its job."""
    tenant = tenant_for_new_rows(request.user)
    try:
        job = initiate_scan(request.POST.get("q", ""), tenant=tenant, created_by=request.user)
    except (InvalidDomain, LimitReachedError) as error:
        messages.error(request, f"Nothing was scanned. {error}")
        return redirect("search")
    return redirect("job_detail", pk=job.pk)


def _host(text: str) -> str:
    """Return the host that a text names; empty if it cannot be scanned."""
    try:
        return normalise(text, settings.SCAN_ALLOWED_NETWORKS) if text.strip() else ""
    except InvalidDomain:
        return ""


def _groups(request: ConsoleRequest, text: str) -> list[Group]:
    """Return the lists with matches; ids of the older system are tried only if there are none."""
    jobs = Job.objects.select_related("domain")
    contacts = Contact.objects.visible().select_related("domain")
    named = Q(legacy_batch_id=text) | NameWords.of(text)
    current = [
        _group(
            request, BATCHES, text, Batch.objects.with_id(text), base=Batch.objects.filter(named)
        ),
        _group(request, DOMAINS, text.strip(), _with_id(Domain.objects.all(), text), param="q"),
        _group(request, CONTACTS, text.strip(), _with_id(contacts, text), param="value"),
        _group(request, JOBS, text, jobs.with_id(text)),
    ]
    if any(group.rows for group in current):
        return [group for group in current if group.rows or group.message]
    former = [
        _group(request, BATCHES, text, Batch.objects.named(text)),
        _group(request, DOMAINS, text, _with_former_id(Domain.objects.all(), "domain", text)),
        _group(request, CONTACTS, text, _with_former_id(contacts, "contact", text)),
        _group(request, JOBS, text, jobs.named(text)),
    ]
    return [group for group in former if group.rows] + [group for group in current if group.message]


def _group(
    request: ConsoleRequest,
    definition: ListDefinition,
    text: str,
    with_id: QuerySet | None = None,
    *,
    param: str = "",
    base: QuerySet | None = None,
) -> Group:
    """Return the rows with an id, or else the list's rows that match `param` or are in `base`."""
    columns = [definition.column_by_name[name] for name in COLUMNS[definition.name]]
    rows = [] if with_id is None else list(readable(with_id, request.user)[:SHOWN])
    url = f"{definition.url}?{urlencode({param or 'q': text})}"
    if rows and definition is not BATCHES:  # the only list that is searched by ids, too
        url = ""
    params, message = QueryDict(mutable=True), ""
    if param:
        params[param] = text
    if not rows and (param or base is not None):
        try:
            query = ListQuery(definition, params, request.user, base=base)
            rows = query.page(columns, size=SHOWN).rows
        except QueryTooSlow as error:
            message = str(error)
    cells = [(row, [Cell(c, c.value_of(row), c.link_of(row)) for c in columns]) for row in rows]
    return Group(definition, cells, url, message)


def _with_id(rows: QuerySet, text: str) -> QuerySet:
    return rows.filter(pk__in=uuids([text.strip()]))


def _with_former_id(rows: QuerySet, kind: str, text: str) -> QuerySet:
    """Return the row (one or none) that had this id in the older system."""
    # Always query: the number of queries must not reveal which ids exist.
    return rows.filter(pk=LegacyId.objects.resolve(kind, text) or NO_ROW)


def _url_of(name: str, row: Any, text: str) -> str:
    """Return the page of a result that the text names exactly; empty for any other."""
    exact = text.strip().lower()
    if name == "domains" and exact in (row.host, str(row.pk)):
        return reverse("domain_detail", args=[row.pk])
    if name == "contacts" and exact == str(row.pk):
        return reverse("contact_evidence", args=[row.pk])
    if name == "jobs":
        return reverse("job_detail", args=[row.pk])
    if name == "batches" and exact in (str(row.pk), row.name.lower()):
        return reverse("batch_detail", args=[row.pk])
    return ""
