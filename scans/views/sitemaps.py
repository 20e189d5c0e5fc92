"""Queue a domain for sitemap submission."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from scans.models import Domain
from scans.services import queue_for_sitemaps
from scrapersky.tenants.access import get_writable
from scrapersky.web.http import ConsoleRequest, control_of


@control_of("domain_detail")
def domain_sitemaps(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Queue one domain."""
    domain = get_writable(Domain.objects.all(), request.user, pk=pk)
    queueing = queue_for_sitemaps(Domain.objects.filter(pk=domain.pk))
    if queueing.queued:
        messages.success(request, f"{domain.host} is queued. Its sitemaps will be read soon.")
    else:
        messages.info(request, f"{domain.host} is already queued or in progress.")
    return redirect("domain_detail", pk=pk)
