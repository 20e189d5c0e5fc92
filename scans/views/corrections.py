"""Correct results on the page of a domain, each with one click, with or without JavaScript."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from scans.corrections import services
from scans.corrections.forms import CorrectionForm, UndoForm
from scans.corrections.models import Correction
from scans.models import Domain
from scrapersky.tenants.access import get_writable
from scrapersky.web.http import ConsoleRequest, control_of

PLACES = ("contacts", "technologies", "pages", "verdict", "corrections")


@control_of("domain_detail")
def domain_correct(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Mark a result of a domain as wrong, or set the correct value."""
    domain = get_writable(Domain.objects.all(), request.user, pk=pk)
    form = CorrectionForm(request.POST, domain=domain)
    if form.is_valid():
        messages.success(request, form.correct(request.user))
    else:
        messages.error(request, "This result no longer exists. Reload the page.")
    return _back(request, pk, request.POST.get("place", ""))


@control_of("domain_detail")
def domain_undo_correction(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Undo a correction of a domain; it is no error if that has already happened."""
    domain = get_writable(Domain.objects.all(), request.user, pk=pk)
    form = UndoForm(request.POST)
    rows = Correction.objects.filter(tenant=domain.tenant_id)
    row = rows.filter(pk=form.cleaned_data["correction"]).first() if form.is_valid() else None
    if row is not None:
        services.undo(row)
        messages.success(request, "The correction is undone.")
    return _back(request, pk, "corrections")


def _back(request: ConsoleRequest, pk: UUID, anchor: str) -> HttpResponse:
    """Return to the corrected part of the page, with the same page of its list."""
    query = request.GET.urlencode()
    url = reverse("domain_detail", args=[pk]) + (f"?{query}" if query else "")
    return redirect(f"{url}#{anchor}" if anchor in PLACES else url)
