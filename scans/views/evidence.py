"""Evidence sheets for printing or saving."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from scans.evidence import contact_sheet, domain_sheet
from scans.models import Contact, Domain
from scrapersky.tenants.access import get_readable
from scrapersky.web.http import ConsoleRequest


@require_safe
def contact_evidence(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Show the evidence for a contact."""
    contacts = Contact.objects.visible().select_related("domain")
    contact = get_readable(contacts, request.user, pk=pk)
    json_url = reverse("api:contact_evidence", args=[contact.pk])
    context = {"sheet": contact_sheet(contact), "title": contact.value, "json_url": json_url}
    return render(request, "scans/evidence.html", context)


@require_safe
def domain_evidence(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Show the evidence for everything about a domain."""
    domains = Domain.objects.select_related("latest_scan")
    domain = get_readable(domains, request.user, pk=pk)
    json_url = reverse("api:domain_evidence", args=[domain.pk])
    context = {"sheet": domain_sheet(domain), "title": domain.host, "json_url": json_url}
    return render(request, "scans/evidence.html", context)
