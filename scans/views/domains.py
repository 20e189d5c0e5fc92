"""Domains: the list, and the page of one domain."""

from itertools import groupby
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Count, F, Q, QuerySet, Sum
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from scans.best_contacts import PINNABLE
from scans.corrections.reading import Corrected, corrected, corrections_on
from scans.curating import tag_names
from scans.curation import DomainTag
from scans.domain_lists.models import ListedDomain
from scans.domain_lists.services import list_names
from scans.engine.report import ContactKind
from scans.filters import PAGE_TYPES, PageFilter
from scans.history import changes_between, scan_before, scan_history, scan_of
from scans.models import VERDICTS, Contact, Domain, Technology
from scans.navigation import position_of
from scans.sitemap_tree import sitemap_tree
from scrapersky.tenants.access import can_write, get_readable
from scrapersky.web.http import ConsoleRequest
from scrapersky.web.paging import page_of

SHOWN_SITEMAPS = 200
THERE_FIRST = F("gone_at").asc(nulls_first=True)
KINDS = {
    ContactKind.EMAIL: ("E-mail addresses", "mail"),
    ContactKind.PHONE: ("Phone numbers", "phone"),
    ContactKind.SOCIAL: ("Social profiles", "share"),
    ContactKind.ADDRESS: ("Postal addresses", "map-pin"),
}


@require_safe
def domain_detail(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Show everything known about a domain."""
    domains = Domain.objects.select_related("latest_scan", "curated_by", "noted_by")
    domain = get_readable(domains, request.user, pk=pk)
    page_filter = PageFilter(request.GET)
    pages = page_filter.apply(domain.pages.select_related("curated_by")).order_by("url")
    known = corrected([domain.pk])[domain.pk]
    report = known.apply(domain.latest_scan.report) if domain.latest_scan else {}
    context = {
        "domain": domain,
        "may_write": can_write(request.user, domain.tenant_id),
        "report": report,
        "contacts": _contacts(domain),
        "pinnable": PINNABLE,
        "technologies": _technologies(domain),
        **_sitemaps(domain),
        "place": position_of(
            domain, request.GET.get("from", ""), request.GET.get("at", ""), request.user
        ),
        "domain_tags": _tags(domain),
        "known_tags": tag_names(request.user),
        "listed": _listed(domain),
        "known_lists": list_names(request.user),
        **_changes(domain, request.GET.get("scan", ""), known),
        "page": page_of(request, pages, size=25, paginator=Paginator),
        "filter": page_filter,
        "looks": scan_history(domain),
        "corrections": corrections_on(domain, known),
        "verdicts": VERDICTS,
        "page_types": [(name, name.capitalize()) for name in PAGE_TYPES],
    }
    return render(request, "scans/domain_detail.html", context)


def _changes(domain: Domain, key: str, known: Corrected) -> dict[str, Any]:
    """Return the requested scan, by default the newest, and the changes since the one before."""
    scan = scan_of(domain, key)
    before = scan_before(scan) if scan else None
    changes = []
    if scan and before:
        changes = changes_between(known.apply(before.report), known.apply(scan.report))
    return {"changed_in": scan, "changed_since": before, "changes": changes}


def _contacts(domain: Domain) -> list[dict[str, Any]]:
    """Return the contacts of a domain grouped by kind, in the order of the kinds."""
    rows: dict[str, list[Contact]] = {kind: [] for kind in KINDS}
    visible_rows = domain.contacts.visible().select_related("curated_by")
    for contact in visible_rows.order_by(THERE_FIRST, "-confidence", "value"):
        rows[contact.kind].append(contact)
    return [
        {"name": name, "icon": icon, "rows": rows[kind]}
        for kind, (name, icon) in KINDS.items()
        if rows[kind]
    ]


def _sitemaps(domain: Domain) -> dict[str, Any]:
    """Return the sitemap tree of a domain, with totals."""
    rows = domain.sitemaps.select_related("curated_by").order_by(THERE_FIRST, "url")
    here = domain.sitemaps.filter(gone_at=None)
    read = Q(error="") & ~Q(kind="")
    urls = Sum("url_count", filter=read & ~Q(kind="index"), default=0)
    return {
        "sitemaps": sitemap_tree(rows[:SHOWN_SITEMAPS]),
        "sitemaps_read": here.aggregate(all=Count("pk"), read=Count("pk", filter=read), urls=urls),
        "shown_sitemaps": SHOWN_SITEMAPS,
    }


def _tags(domain: Domain) -> QuerySet[DomainTag]:
    return domain.domain_tags.select_related("tag", "created_by").order_by("tag__name")


def _listed(domain: Domain) -> QuerySet[ListedDomain]:
    rows = ListedDomain.objects.filter(domain=domain).select_related("domain_list", "created_by")
    return rows.order_by("domain_list__name")


def _technologies(domain: Domain) -> list[tuple[str, list[Technology]]]:
    """Return the technologies of a domain by category."""
    rows = domain.technology_rows.visible().order_by("category", THERE_FIRST, "name")
    return [(category, list(some)) for category, some in groupby(rows, lambda row: row.category)]
