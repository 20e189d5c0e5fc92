"""Queue domains for sitemap submission: one from its page, many from the list."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from scans.lists import DOMAINS
from scans.models import Domain
from scans.services import queue_for_sitemaps
from scrapersky.tenants.access import get_writable
from scrapersky.web.http import ConsoleRequest, control_of
from scrapersky.web.lists.selection import back_to_list, selected_rows


@control_of("domain_detail")
def domain_sitemaps(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Queue one domain."""
    domain = get_writable(Domain.objects.all(), request.user, pk=pk)
    queueing = queue_for_sitemaps(Domain.objects.filter(pk=domain.pk))
    if queueing.queued:
        messages.success(request, f"{domain.host} is queued: its sitemaps will be read soon.")
    else:
        messages.info(request, f"{domain.host} is already queued or in progress.")
    return redirect("domain_detail", pk=pk)


@control_of("domain_list")
def domain_sitemaps_chosen(request: ConsoleRequest) -> HttpResponse:
    """Queue the domains selected in the list."""
    queueing = queue_for_sitemaps(selected_rows(DOMAINS, request.POST, request.user))
    said = messages.success if queueing.queued else messages.warning
    said(request, queueing.sentence)
    return back_to_list(DOMAINS, request.POST)
