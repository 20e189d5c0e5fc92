"""The domain list: filters by sitemap status, and actions on selected domains."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from batches import services
from batches.models import Batch, Job
from scans.models import Domain
from scrapersky.tenants.models import Membership, Tenant, User

pytestmark = pytest.mark.django_db
MESSAGES = dict.fromkeys(["/domains/scan/", "/domains/sitemaps/"], "Select at least one domain.")


def make(tenant: Tenant, **states: str) -> dict[str, Domain]:
    return {
        name: Domain.objects.create(
            tenant=tenant, host=f"{name}.example", sitemap_analysis_status=state
        )
        for name, state in states.items()
    }


def post(client: Client, url: str, **fields: Any) -> str:
    return client.post(url, fields, follow=True).content.decode()


def queued() -> list[str]:
    rows = Domain.objects.filter(sitemap_analysis_status="queued")
    return list(rows.order_by("host").values_list("host", flat=True))


def test_domains_are_found_by_their_sitemap_state(console: Client, default_tenant: Tenant) -> None:
    make(default_tenant, alpha="queued", beta="failed")
    page = console.get("/domains/", {"sitemaps": "failed"}).content.decode()
    assert "beta.example" in page
    assert "alpha.example" not in page


def test_the_ticked_domains_are_queued_and_counted(console: Client, default_tenant: Tenant) -> None:
    rows = make(default_tenant, a="pending", b="submitted", c="processing", d="pending")
    ticked = [rows[name].pk for name in "abc"]
    page = post(console, "/domains/sitemaps/", pick=ticked)
    assert queued() == ["a.example", "b.example"]
    assert "2 domains are queued; 1 was already queued or in progress." in page


def test_the_ticked_domains_are_scanned_as_one_batch(
    console: Client, default_tenant: Tenant, user: User
) -> None:
    rows = make(default_tenant, a="pending", b="pending", c="pending")
    response = console.post("/domains/scan/", {"pick": [rows["a"].pk, rows["c"].pk]})
    batch = Batch.objects.get()
    assert response.headers["Location"] == f"/batches/{batch.pk}/"
    assert (batch.tenant, batch.created_by, batch.total) == (default_tenant, user, 2)
    hosts = [str(job.domain) for job in batch.jobs.order_by("position")]
    assert hosts == ["a.example", "c.example"]


def test_all_that_match_the_filter_are_taken_beyond_the_page(
    console: Client, default_tenant: Tenant
) -> None:
    make(default_tenant, **{f"s{n}": "failed" for n in range(60)}, other="submitted")
    page = post(console, "/domains/sitemaps/", all="1", query="sitemaps=failed")
    assert len(queued()) == 60
    assert "60 domains are queued." in page


def test_the_list_comes_back_as_it_was_filtered(console: Client, default_tenant: Tenant) -> None:
    make(default_tenant, a="failed")
    fields = {"all": "1", "query": "sitemaps=failed&q=a%26b"}
    response = console.post("/domains/sitemaps/", fields)
    assert response.headers["Location"] == "/domains/?sitemaps=failed&q=a%26b"


def test_a_filter_that_cannot_be_understood_takes_nothing(
    console: Client, default_tenant: Tenant
) -> None:
    make(default_tenant, a="pending")
    page = post(console, "/domains/sitemaps/", all="1", query="sitemaps=blue")
    assert MESSAGES["/domains/sitemaps/"] in page
    assert queued() == []


@pytest.mark.parametrize("url", ["/domains/scan/", "/domains/sitemaps/"])
@pytest.mark.parametrize("pick", [[], ["nonsense"], [uuid4()]])
def test_nothing_chosen_is_said_and_nothing_done(
    console: Client, default_tenant: Tenant, url: str, pick: list[Any]
) -> None:
    make(default_tenant, a="pending")
    assert MESSAGES[url] in post(console, url, pick=pick)
    assert queued() == []
    assert not Job.objects.exists()


def test_more_than_a_batch_takes_becomes_several_batches(
    console: Client, default_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "MAX_DOMAINS", 1)
    make(default_tenant, a="pending", b="pending")
    assert "2 domains are being scanned." in post(console, "/domains/scan/", all="1")
    assert list(Batch.objects.values_list("total", flat=True)) == [1, 1]


def test_domains_of_another_tenant_cannot_be_chosen(
    console: Client, default_tenant: Tenant, other_tenant: Tenant
) -> None:
    make(default_tenant, own="pending")
    foreign = make(other_tenant, foreign="pending")["foreign"]
    post(console, "/domains/sitemaps/", pick=[foreign.pk])
    post(console, "/domains/scan/", pick=[foreign.pk])
    assert queued() == []
    post(console, "/domains/sitemaps/", all="1")
    post(console, "/domains/scan/", all="1")
    assert queued() == ["own.example"]
    assert {job.tenant for job in Job.objects.select_related("tenant")} == {default_tenant}


def test_a_member_who_only_looks_elsewhere_changes_nothing_there(
    console: Client, default_tenant: Tenant, other_tenant: Tenant, user: User
) -> None:
    role = Membership.Role.VIEWER
    Membership.objects.create(user=user, tenant=other_tenant, role=role)
    make(default_tenant, own="pending")
    make(other_tenant, looked="pending")
    post(console, "/domains/sitemaps/", all="1")
    assert queued() == ["own.example"]


def test_a_superuser_scans_each_tenants_domains_as_its_own_batch(
    console: Client, default_tenant: Tenant, other_tenant: Tenant, user: User
) -> None:
    User.objects.filter(pk=user.pk).update(is_superuser=True)
    make(default_tenant, a="pending")
    make(other_tenant, a="pending", b="pending")
    page = post(console, "/domains/scan/", all="1")
    assert "3 domains are being scanned." in page
    totals = dict(Batch.objects.values_list("tenant", "total"))
    assert totals == {default_tenant.pk: 1, other_tenant.pk: 2}


def test_one_domain_is_queued_from_its_page(console: Client, default_tenant: Tenant) -> None:
    domain = make(default_tenant, a="failed")["a"]
    Domain.objects.update(sitemap_analysis_error="The site has no sitemap.")
    url = f"/domains/{domain.pk}/"
    assert "The site has no sitemap." in console.get(url).content.decode()
    assert "a.example is queued." in post(console, f"{url}sitemaps/")
    page = post(console, f"{url}sitemaps/")
    assert "a.example is already queued or in progress." in page
    assert "Queue for sitemaps" not in page
    assert queued() == ["a.example"]
