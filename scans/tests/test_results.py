"""The rows stored by a finished scan."""

from typing import Any

import pytest

from batches.services import initiate_scan
from batches.tests.outcomes import complete
from scans.engine.report import Contact as ReportContact
from scans.engine.report import ContactKind, PageEntry
from scans.models import Contact, Domain, Page
from scans.results import country_of
from scrapersky.tenants.models import Tenant


@pytest.mark.parametrize(
    ("contact", "country"),
    [
        ({"kind": "phone", "label": "DE"}, "DE"),
        ({"kind": "phone", "label": "GB fax"}, "GB"),
        ({"kind": "phone", "label": "fax"}, ""),
        ({"kind": "phone", "label": ""}, ""),
        ({"kind": "email", "label": "free"}, ""),
        ({"kind": "address", "label": "", "address": {"country": "AT"}}, "AT"),
        ({"kind": "address", "label": ""}, ""),
    ],
)
def test_a_contact_has_the_country_of_its_number_or_place(
    contact: dict[str, Any], country: str
) -> None:
    assert country_of(contact) == country


@pytest.mark.django_db
def test_pages_keep_how_they_are_known_and_domains_count_their_types(
    default_tenant: Tenant,
) -> None:
    url = "https://a.example/contact"
    page = PageEntry(url, "sitemap", "contact", in_sitemap=True, disallowed_by="Disallow: /c")
    phone = ReportContact(ContactKind.PHONE, "+493012345678", label="DE", page_url=url)
    complete(initiate_scan("a.example", tenant=default_tenant), pages=(page,), contacts=(phone,))
    row = Page.objects.get()
    assert (row.in_sitemap, row.is_linked, row.is_opened) == (True, False, False)
    assert (row.disallowed_by, row.tenant) == ("Disallow: /c", default_tenant)
    assert Contact.objects.get().country == "DE"
    assert Domain.objects.get().page_types == {"contact": 1}


@pytest.mark.django_db
def test_a_scan_that_stores_no_pages_still_counts_them(default_tenant: Tenant) -> None:
    numbers = {"contact": 2, "other": 40}
    complete(initiate_scan("a.example", tenant=default_tenant), pages=(), page_types=numbers)
    domain = Domain.objects.get()
    assert (domain.page_count, domain.page_types) == (42, numbers)
    assert not Page.objects.exists()
