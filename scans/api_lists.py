"""Results through the API: the lists, one domain with everything about it, one scan's report."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from scans import lists
from scans.best_contacts import pin, unpin
from scans.corrections.reading import corrected_report
from scans.evidence import contact_sheet, domain_sheet
from scans.models import Contact, Domain, Scan
from scans.reports import read_report
from scrapersky.tenants.access import get_readable, get_writable
from scrapersky.web.api_auth import caller
from scrapersky.web.api_errors import InputError, Problem
from scrapersky.web.lists.api import add_list, row_values, rows_schema
from scrapersky.web.lists.definition import ListDefinition

# Maximum number of rows of each kind in the response for a domain; the lists have the rest.
MOST_PARTS = 1_000
UNKNOWN = {401: Problem, 404: Problem, 422: Problem}

domains = Router()
scans = Router()
contacts = Router()
pages = Router()
technologies = Router()
sitemaps = Router()

add_list(domains, "", lists.DOMAINS)
add_list(scans, "", lists.SCANS)
add_list(contacts, "", lists.CONTACTS)
add_list(pages, "", lists.PAGES)
add_list(technologies, "", lists.TECHNOLOGY_NAMES)
add_list(technologies, "/domains", lists.TECHNOLOGIES)
add_list(sitemaps, "", lists.SITEMAPS)

DomainRow = rows_schema(lists.DOMAINS).model_fields["items"].annotation.__args__[0]


class DomainDetail(DomainRow):  # type: ignore[misc,valid-type]
    """A domain with its contacts, technologies and sitemaps; its pages are a separate list."""

    contacts: list[dict[str, Any]]
    technologies_with_evidence: list[dict[str, Any]]
    sitemaps: list[dict[str, Any]]


class ScanDetail(Schema):
    """A finished scan with its full report in the current format."""

    id: UUID
    domain_id: UUID
    domain: str
    report: dict[str, Any]


class EvidenceSheet(Schema):
    """The evidence for a contact or a domain, and the latest scan of it."""

    domain: str
    domain_id: UUID
    printed_at: datetime
    contacts: list[dict[str, Any]]
    is_truncated: bool = Field(
        default=False, description="Whether there are more contacts than these."
    )
    technologies: list[dict[str, Any]] = []
    has_more_technologies: bool = Field(
        default=False, description="Whether there are more technologies than these."
    )
    scan: dict[str, Any] | None
    robots: dict[str, Any]
    requests: list[dict[str, Any]]


@domains.get("/{uuid:domain_id}", response={200: DomainDetail, **UNKNOWN})
def domain(request: HttpRequest, domain_id: UUID) -> dict[str, Any]:
    """Return everything about one domain except its pages (`/pages?domain=`)."""
    row: Domain = get_readable(Domain.objects.all(), caller(request), pk=domain_id)
    return row_values(row, lists.DOMAINS.columns) | {
        "contacts": _parts(lists.CONTACTS, row),
        "technologies_with_evidence": _parts(lists.TECHNOLOGIES, row),
        "sitemaps": _parts(lists.SITEMAPS, row),
    }


class BestContacts(Schema):
    """The best contacts of a domain: pinned by a user, or chosen by the rule."""

    domain_id: UUID
    best_email: str | None
    best_phone: str | None


@contacts.put("/{uuid:contact_id}/pin", response={200: BestContacts, 403: Problem, **UNKNOWN})
def pin_contact(request: HttpRequest, contact_id: UUID) -> BestContacts:
    """Make an e-mail address or phone number the best one of its domain; scans keep it."""
    return _change_best(request, contact_id, pin)


@contacts.delete("/{uuid:contact_id}/pin", response={200: BestContacts, 403: Problem, **UNKNOWN})
def unpin_contact(request: HttpRequest, contact_id: UUID) -> BestContacts:
    """Let the rule choose the best contact again."""
    return _change_best(request, contact_id, unpin)


def _change_best(
    request: HttpRequest, contact_id: UUID, change: Callable[[Contact], None]
) -> BestContacts:
    row = get_writable(Contact.objects.visible(), caller(request), pk=contact_id)
    try:
        change(row)
    except ValidationError as error:
        raise InputError("contact_id", " ".join(error.messages)) from error
    domain = Domain.objects.get(pk=row.domain_id)
    return BestContacts(
        domain_id=domain.pk, best_email=domain.best_email, best_phone=domain.best_phone
    )


@scans.get("/{uuid:scan_id}", response={200: ScanDetail, **UNKNOWN})
def scan(request: HttpRequest, scan_id: UUID) -> dict[str, Any]:
    """Return the report of one scan."""
    rows = Scan.objects.select_related("domain")
    row: Scan = get_readable(rows, caller(request), pk=scan_id)
    return {
        "id": row.pk,
        "domain_id": row.domain_id,
        "domain": row.domain.host,
        "report": corrected_report(row.domain_id, read_report(row.report)),
    }


@domains.get("/{uuid:domain_id}/evidence", response={200: EvidenceSheet, **UNKNOWN})
def domain_evidence(request: HttpRequest, domain_id: UUID) -> dict[str, Any]:
    """Return the evidence for everything about a domain: pages, texts, robots.txt, requests."""
    rows = Domain.objects.select_related("latest_scan")
    return domain_sheet(get_readable(rows, caller(request), pk=domain_id))


@contacts.get("/{uuid:contact_id}/evidence", response={200: EvidenceSheet, **UNKNOWN})
def contact_evidence(request: HttpRequest, contact_id: UUID) -> dict[str, Any]:
    """Return the evidence for a contact: page, text, method, robots.txt, requests."""
    rows = Contact.objects.visible().select_related("domain")
    return contact_sheet(get_readable(rows, caller(request), pk=contact_id))


def _parts(definition: ListDefinition, domain: Domain) -> list[dict[str, Any]]:
    rows = definition.rows().filter(domain=domain).select_related("domain").order_by("pk")
    return [row_values(row, definition.columns) for row in rows[:MOST_PARTS]]
