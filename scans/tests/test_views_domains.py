"""The list of domains, and the page of a domain."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from batches.models import Job
from batches.services import initiate_scan
from batches.tests.outcomes import complete, fail
from scans.engine.report import PageEntry, RequestRecord, RobotsDecision, Technology, Verdict
from scans.models import Contact, Domain
from scrapersky.tenants.models import Membership, Tenant, User

pytestmark = pytest.mark.django_db


def page(client: Client, url: str, **params: Any) -> str:
    response = client.get(url, params)
    assert response.status_code == 200
    return response.content.decode()


def queries(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as params:
        page(client, url)
    return len(params)


def scanned(tenant: Tenant, host: str, **facts: Any) -> Domain:
    complete(initiate_scan(host, tenant=tenant), **facts)
    return Domain.objects.get(host=host)


# The list


def test_an_empty_list_says_where_domains_come_from(console: Client) -> None:
    assert "No domains yet" in page(console, "/domains/")


def test_domains_are_filtered_by_name_status_and_verdict(
    console: Client, default_tenant: Tenant
) -> None:
    scanned(default_tenant, "harbour-hotel.example")
    scanned(default_tenant, "parked.example", verdict=Verdict.PARKED)
    fail(initiate_scan("broken.example", tenant=default_tenant), "tls_error", "")
    Domain.objects.filter(host="broken.example").update(status="failed", failure_reason="tls_error")
    assert "harbour-hotel" in page(console, "/domains/", q=" HARBOUR-hot ")
    assert "parked.example" not in page(console, "/domains/", q="harbour")
    failed = page(console, "/domains/", status="failed")
    assert "broken.example" in failed
    assert "TLS error" in failed
    assert "harbour" not in failed
    assert "harbour" not in page(console, "/domains/", verdict="parked")
    assert "No domain matches" in page(console, "/domains/", q="nothing-like-this")


def test_the_queries_of_the_list_do_not_grow_with_its_rows(
    console: Client, default_tenant: Tenant
) -> None:
    scanned(default_tenant, "a.example")
    few = queries(console, "/domains/")
    for number in range(10):
        scanned(default_tenant, f"{number}.example")
    assert queries(console, "/domains/") == few


# One domain


def test_a_domain_shows_everything_that_was_found(console: Client, default_tenant: Tenant) -> None:
    domain = scanned(
        default_tenant,
        "a.example",
        technologies=(Technology("WordPress", "CMS", version="6.5", evidence="meta generator"),),
        robots=RobotsDecision(text="Disallow: /secret", status=200, note="Nothing is closed."),
        requests=(RequestRecord("https://a.example/robots.txt", 200, 120, 35),),
    )
    body = page(console, f"/domains/{domain.pk}/")
    for text in (
        "Welcome to a.example",
        "info@a.example",
        "+49307654321",
        "DE fax",
        "https://github.com/baker",
        "WordPress",
        "meta generator",
        "Disallow: /secret",
        "Nothing is closed.",
        "https://a.example/sitemap.xml",
        "https://a.example/contact",
        "https://a.example/robots.txt",
        "35 ms",
    ):
        assert text in body


def test_a_domain_that_was_never_scanned_says_so(console: Client, default_tenant: Tenant) -> None:
    domain = Domain.objects.create(tenant=default_tenant, host="a.example")
    body = page(console, f"/domains/{domain.pk}/")
    assert "This domain has not been scanned yet." in body
    # What is known stands beside the curation, which would leave an empty column otherwise.
    assert body.index("Not checked yet.") < body.index('id="curation"')


def test_the_history_shows_scans_failures_and_what_is_on_its_way(
    console: Client, default_tenant: Tenant
) -> None:
    domain = scanned(default_tenant, "a.example")
    failed = fail(initiate_scan(domain), "tls_error", "Expired in March.")
    Job.objects.filter(pk=failed.pk).update(finished_at=timezone.now())
    initiate_scan(domain)
    history = page(console, f"/domains/{domain.pk}/").split('id="history"')[1]
    assert history.index("in progress") < history.index("Expired in March.") < history.index("OK")


def test_a_contact_that_is_gone_is_marked_so(console: Client, default_tenant: Tenant) -> None:
    domain = scanned(default_tenant, "a.example")
    Contact.objects.filter(kind="email").update(gone_at=timezone.now() - timedelta(days=1))
    assert "gone since" in page(console, f"/domains/{domain.pk}/")


def test_pages_are_paged_and_filtered_by_kind(console: Client, default_tenant: Tenant) -> None:
    entries = [PageEntry(f"https://a.example/blog/{n:02}", "sitemap", "blog") for n in range(30)]
    entries.append(PageEntry("https://a.example/jobs", "link", "careers"))
    domain = scanned(default_tenant, "a.example", pages=tuple(entries))
    url = f"/domains/{domain.pk}/"
    assert "1 to 25 of 31" in page(console, url)
    assert "https://a.example/jobs" in page(console, url, page=2)
    careers = page(console, url, type="careers")
    assert "https://a.example/jobs" in careers
    assert "https://a.example/blog/00" not in careers


def test_the_queries_of_a_domain_do_not_grow_with_what_was_found(
    console: Client, default_tenant: Tenant
) -> None:
    domain = scanned(default_tenant, "a.example")
    few = queries(console, f"/domains/{domain.pk}/")
    for number in range(4):
        pages = tuple(PageEntry(f"https://a.example/{number}/{n}") for n in range(20))
        scanned(default_tenant, "a.example", pages=pages)
    assert queries(console, f"/domains/{domain.pk}/") == few


def test_what_a_site_says_is_never_read_as_markup(console: Client, default_tenant: Tenant) -> None:
    domain = scanned(
        default_tenant,
        "a.example",
        title="<script>alert(1)</script>",
        final_url="javascript:alert(2)",
    )
    body = page(console, f"/domains/{domain.pk}/")
    assert "<script>alert" not in body
    assert 'href="javascript' not in body


def test_a_viewer_is_offered_nothing_that_he_may_not_do(
    client: Client, user: User, default_tenant: Tenant
) -> None:
    domain = Domain.objects.create(tenant=default_tenant, host="a.example")
    address = reverse("domain_detail", args=[domain.pk])
    client.force_login(user)
    assert "Scan now" in client.get(address).content.decode()
    user.memberships.update(role=Membership.Role.VIEWER)
    html = client.get(address).content.decode()
    assert "Scan now" not in html
    assert "Queue for sitemaps" not in html
