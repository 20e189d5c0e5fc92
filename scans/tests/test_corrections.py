"""Results that a user marked as wrong."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from batches.services import initiate_scan
from batches.tests.outcomes import complete
from scans.engine.report import Contact, ContactKind, Technology
from scans.models import Domain
from scrapersky.tenants.models import Tenant

pytestmark = pytest.mark.django_db
FACTS: dict[str, Any] = {
    "contacts": (
        Contact(ContactKind.EMAIL, "info@a.example", page_url="https://a.example/"),
        Contact(ContactKind.EMAIL, "ninfo@a.example", page_url="https://a.example/"),
    ),
    "technologies": (Technology("WordPress", "CMS"), Technology("Shopify", "E-commerce")),
}


@pytest.fixture
def domain(default_tenant: Tenant) -> Domain:
    return scan(default_tenant)


def scan(tenant: Tenant, host: str = "a.example", **facts: Any) -> Domain:
    complete(initiate_scan(host, tenant=tenant), **FACTS | facts)
    return Domain.objects.get(tenant=tenant, host=host)


def page(client: Client, domain: Domain) -> str:
    return client.get(reverse("domain_detail", args=[domain.pk])).content.decode()


def test_a_row_marked_as_wrong_is_not_shown(console: Client, domain: Domain) -> None:
    domain.contacts.filter(value="ninfo@a.example").update(is_wrong=True)
    domain.technology_rows.filter(name="Shopify").update(is_wrong=True)
    assert domain.contacts.visible().get().value == "info@a.example"
    assert domain.technology_rows.visible().get().name == "WordPress"
    shown = page(console, domain)
    assert "ninfo@a.example" not in shown
    assert "Shopify" not in shown


def test_a_rescan_leaves_the_mark(domain: Domain) -> None:
    domain.contacts.filter(value="ninfo@a.example").update(is_wrong=True)
    scan(domain.tenant)
    assert domain.contacts.get(value="ninfo@a.example").is_wrong
