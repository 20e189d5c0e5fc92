"""Curate one row: its status, and a domain's tags, saved lists and note."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from scans import curating
from scans.domain_lists import services
from scans.domain_lists.models import DomainList
from scans.models import Contact, Domain, Page, Sitemap
from scrapersky.tenants.access import get_writable
from scrapersky.web.http import ConsoleRequest, control_of, redirect_back


def _curate(model: type[Domain | Contact | Page | Sitemap], page: str) -> Callable[..., Any]:
    """Return the view that sets the curation status of a row of a model."""

    @control_of(page)
    def view(request: ConsoleRequest, pk: UUID) -> HttpResponse:
        row = get_writable(model._default_manager.all(), request.user, pk=pk)
        rows = model._default_manager.filter(pk=row.pk)
        curation = request.POST.get("curation", "")
        try:
            curating.set_curation(rows, curation=curation, user=request.user)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        if request.htmx:
            fresh = model._default_manager.select_related("curated_by").get(pk=row.pk)
            context = {"row": fresh, "named": str(fresh)}
            return render(request, "scans/_curation_row.html", context)
        domain = row.pk if isinstance(row, Domain) else row.domain_id
        return redirect_back(request, reverse("domain_detail", args=[domain]), f"row-{row.pk}")

    return view


domain_curate = _curate(Domain, "domain_detail")
contact_curate = _curate(Contact, "contact_list")
page_curate = _curate(Page, "page_list")
sitemap_curate = _curate(Sitemap, "sitemap_list")


@control_of("domain_detail")
def domain_tags(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Add tags to a domain, or remove one."""
    domain = get_writable(Domain.objects.all(), request.user, pk=pk)
    rows = Domain.objects.filter(pk=domain.pk)
    try:
        if removed := request.POST.get("remove"):
            curating.remove_tags(rows, [removed])
        else:
            names = curating.read_tags(request.POST.get("add", ""))
            curating.add_tags(rows, names, user=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect_back(request, reverse("domain_detail", args=[pk]), "curation")


@control_of("domain_detail")
def domain_lists(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Add a domain to a saved list, creating it if needed, or remove it from one."""
    domain = get_writable(Domain.objects.select_related("tenant"), request.user, pk=pk)
    rows = Domain.objects.filter(pk=domain.pk)
    try:
        if removed := request.POST.get("remove"):
            for listed in DomainList.objects.filter(tenant=domain.tenant, name=removed):
                services.remove_domains(listed, rows)
        else:
            name = request.POST.get("saved_list", "")
            listed = services.ensure_list(tenant=domain.tenant, created_by=request.user, name=name)
            services.add_domains(listed, rows, user=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect_back(request, reverse("domain_detail", args=[pk]), "curation")


@control_of("domain_detail")
def domain_note(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Write the note of a domain."""
    domain = get_writable(Domain.objects.all(), request.user, pk=pk)
    try:
        if curating.set_note(domain, request.POST.get("note", ""), user=request.user):
            messages.success(request, "The note is saved.")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect_back(request, reverse("domain_detail", args=[pk]), "curation")
