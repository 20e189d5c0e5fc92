"""Scans of one small site, for the tests of corrections."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from uuid_utils.compat import uuid7

from batches.services import initiate_scan
from batches.tests.outcomes import complete, report_of
from scans import results
from scans.engine.report import Contact, ContactKind, PageEntry, Technology
from scans.models import Domain
from scans.results import SiteResult
from scrapersky.tenants.models import Tenant

HOST = "a.example"
RIGHT, WRONG = f"info@{HOST}", f"ninfo@{HOST}"
PHONE = "+49301234567"
HOME, ABOUT = f"https://{HOST}/", f"https://{HOST}/about"
CONTACTS = (
    Contact(ContactKind.EMAIL, RIGHT, page_url=HOME),
    Contact(ContactKind.EMAIL, WRONG, page_url=HOME),
    Contact(ContactKind.PHONE, PHONE, label="DE", page_url=ABOUT),
    Contact(ContactKind.PHONE, "+49307654321", label="DE fax", page_url=HOME),
)
FACTS: dict[str, Any] = {
    "contacts": CONTACTS,
    "technologies": (Technology("WordPress", "CMS"), Technology("Shopify", "E-commerce")),
    "pages": (PageEntry(HOME, page_type="home"), PageEntry(ABOUT, page_type="about")),
    "verdict_evidence": "",
}


def scan(tenant: Tenant, host: str = HOST, **facts: Any) -> Domain:
    """Store a first scan through a job, so that exports and the API have it too."""
    with transaction.atomic():
        complete(initiate_scan(host, tenant=tenant), **FACTS | facts)
    return Domain.objects.get(tenant=tenant, host=host)


def rescan(domain: Domain, *, days: int = 7, **facts: Any) -> None:
    """Store a later scan of a domain."""
    now = datetime(2026, 11, 20, tzinfo=UTC) + timedelta(days=days)
    report = report_of(domain.host, **FACTS | facts).as_dict()
    with transaction.atomic():
        results.save([SiteResult(domain.tenant_id, domain.pk, None, report, uuid7())], [], now=now)
    domain.refresh_from_db()
