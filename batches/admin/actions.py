"""Actions on selected rows; each calls the same service as the console."""

from typing import cast

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from batches.admin.transition_actions import each_row
from batches.large_lists import create_batch_of_any_size
from batches.models import Job
from batches.services import initiate_scan
from scans.models import Domain
from scans.services import queue_for_sitemaps
from scrapersky.tenants.models import Tenant, User


@admin.action(description="Scan now, as single scans", permissions=["view"])
def scan_each(model_admin: admin.ModelAdmin, request: HttpRequest, rows: QuerySet[Domain]) -> None:
    """Start a scan of each domain outside any batch."""
    _scan_each(model_admin, request, rows)


@admin.action(description="Scan these domains again, as single scans", permissions=["view"])
def scan_again(model_admin: admin.ModelAdmin, request: HttpRequest, rows: QuerySet[Job]) -> None:
    """Start a scan of the domain of each job outside any batch."""
    _scan_each(model_admin, request, Domain.objects.filter(pk__in=rows.order_by().values("domain")))


def _scan_each(
    model_admin: admin.ModelAdmin, request: HttpRequest, domains: QuerySet[Domain]
) -> None:
    user = cast(User, request.user)
    each_row(
        model_admin,
        request,
        domains,
        lambda domain: initiate_scan(domain, created_by=user),
        "Queued scans of",
    )


@admin.action(description="Create a batch of these domains", permissions=["view"])
def make_batch(
    model_admin: admin.ModelAdmin, request: HttpRequest, rows: QuerySet[Domain]
) -> HttpResponse | None:
    """Create a batch of the selected domains of one tenant."""
    tenants = list(Tenant.objects.filter(pk__in=rows.order_by().values("tenant"))[:2])
    if not tenants:
        return None
    if len(tenants) > 1:
        sentence = "These domains belong to several tenants. Filter by one tenant first."
        model_admin.message_user(request, sentence, messages.ERROR)
        return None
    hosts = list(rows.values_list("host", flat=True)[: settings.MAX_DOMAINS_PER_BATCH + 1])
    user = cast(User, request.user)
    try:
        batch = create_batch_of_any_size(tenant=tenants[0], created_by=user, domains=hosts)
    except ValidationError as error:
        model_admin.message_user(request, " ".join(error.messages), messages.ERROR)
        return None
    return redirect("admin:batches_batch_change", batch.pk)


@admin.action(description="Queue for sitemap submission", permissions=["view"])
def queue_sitemaps(
    model_admin: admin.ModelAdmin, request: HttpRequest, rows: QuerySet[Domain]
) -> None:
    """Queue the selected domains for sitemap submission."""
    queueing = queue_for_sitemaps(Domain.objects.filter(pk__in=rows.order_by().values("pk")))
    model_admin.message_user(request, queueing.sentence, messages.SUCCESS)
