"""Scans of selected domains of several tenants: each tenant has its own limits, none is left out.

Whatever the way (page, API, admin), what a limit refuses is reported, and the rest is scanned.
"""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from batches.admin import transition_actions
from batches.models import Batch, Job
from batches.tests.api_clients import program_of
from scans.bulk import running
from scans.bulk.models import BulkAction
from scans.models import Domain
from scrapersky.tenants.models import Membership, Tenant, User

pytestmark = pytest.mark.django_db
REFUSAL = "Default may submit 1 domain a day"


@pytest.fixture
def domains(default_tenant: Tenant, other_tenant: Tenant, user: User) -> list[Domain]:
    """Five domains of the default tenant and three of another; the user may change all of them."""
    Membership.objects.create(user=user, tenant=other_tenant, role=Membership.Role.MEMBER)
    counts = {default_tenant: 5, other_tenant: 3}
    rows = [
        Domain(tenant=tenant, host=f"{number}.example")
        for tenant, count in counts.items()
        for number in range(count)
    ]
    return Domain.objects.bulk_create(rows)


@pytest.fixture
def limited(default_tenant: Tenant) -> None:
    """Let the default tenant submit one domain a day."""
    default_tenant.max_domains_per_day = 1
    default_tenant.save()


def scanned() -> set[Any]:
    """Return the domains that have a job."""
    return set(Job.objects.values_list("domain", flat=True))


def sizes() -> dict[Any, list[int]]:
    """Return the sizes of the batches of each tenant."""
    found: dict[Any, list[int]] = {}
    for tenant, total in Batch.objects.order_by("created_at").values_list("tenant", "total"):
        found.setdefault(tenant, []).append(total)
    return found


def by_page(user: User, rows: list[Domain], *, every: bool) -> str:
    client = Client()
    client.force_login(user)
    sent = {"all": "1"} if every else {"pick": [row.pk for row in rows]}
    return client.post("/domains/scan/", sent, follow=True).text


def by_api(user: User, rows: list[Domain], *, every: bool) -> str:
    chosen = {"query": ""} if every else {"ids": [str(row.pk) for row in rows]}
    body = {"list": "domains", "action": "scan", **chosen}
    response = program_of(user).post("/api/v3/actions", body, content_type="application/json")
    assert response.status_code in (200, 202)
    return response.text


def work_off() -> None:
    """Run what was queued."""
    for action in BulkAction.objects.active():
        running.WORK.run_slice(action.pk)


@pytest.mark.parametrize("every", [True, False])
@pytest.mark.parametrize("way", [by_page, by_api])
@pytest.mark.parametrize("at_once", [running.AT_ONCE, 2])
def test_the_limit_of_a_batch_counts_for_each_tenant_and_leaves_no_domain_out(
    domains: list[Domain],
    user: User,
    monkeypatch: pytest.MonkeyPatch,
    default_tenant: Tenant,
    other_tenant: Tenant,
    settings: Any,
    way: Any,
    every: bool,
    at_once: int,
) -> None:
    monkeypatch.setattr(running, "AT_ONCE", at_once)
    settings.MAX_DOMAINS_PER_BATCH = 3
    way(user, domains, every=every)
    work_off()
    assert sizes() == {default_tenant.pk: [3, 2], other_tenant.pk: [3]}
    assert scanned() == {row.pk for row in domains}


@pytest.mark.parametrize("way", [by_page, by_api])
def test_the_limit_of_one_tenant_holds_no_other_up_and_is_reported(
    domains: list[Domain], user: User, other_tenant: Tenant, limited: None, way: Any
) -> None:
    assert REFUSAL in way(user, domains, every=True)
    assert sizes() == {other_tenant.pk: [3]}


@pytest.mark.parametrize("first", [True, False])
def test_a_refusal_is_reported_while_another_tenant_has_not_finished(
    domains: list[Domain],
    user: User,
    limited: None,
    monkeypatch: pytest.MonkeyPatch,
    default_tenant: Tenant,
    other_tenant: Tenant,
    first: bool,
) -> None:
    def start_in_order(*args: Any) -> list[BulkAction]:
        actions = sorted(start(*args), key=lambda action: action.tenant_id == other_tenant.pk)
        return actions if first else actions[::-1]

    start = running.start
    monkeypatch.setattr(running, "start", start_in_order)
    monkeypatch.setattr(running, "AT_ONCE", 5)
    more = [Domain(tenant=other_tenant, host=f"more{number}.example") for number in range(5)]
    Domain.objects.bulk_create(more)
    page = by_page(user, domains, every=True)
    assert REFUSAL in page
    assert "Creating batches of the selected domains" in page
    work_off()
    assert sizes() == {other_tenant.pk: [8]}


def by_admin(user: User, action: str, rows: list[Domain]) -> list[str]:
    User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(user)
    sent = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    response = client.post("/admin/scans/domain/", sent, follow=True)
    return [str(message) for message in response.context["messages"]]


def test_the_admin_scans_the_domains_of_all_tenants_but_those_that_a_limit_refuses(
    domains: list[Domain], user: User, limited: None
) -> None:
    done, refused = by_admin(user, "scan_each", domains)
    assert done == "Queued scans of 4 of 8 domains."
    assert refused.count(REFUSAL) == 4
    assert Job.objects.filter(batch=None).count() == 4


def test_the_admin_scans_the_domains_of_jobs_of_all_tenants(
    domains: list[Domain], user: User
) -> None:
    by_admin(user, "scan_each", domains)
    Job.objects.update(status="failed", failure_reason="tls_error", finished_at=timezone.now())
    client = Client()
    client.force_login(user)
    sent = {
        "action": "scan_again",
        "_selected_action": list(Job.objects.values_list("pk", flat=True)),
    }
    client.post("/admin/batches/job/", sent)
    assert Job.objects.filter(status="pending").values("domain").distinct().count() == 8


def test_the_admin_scans_none_of_more_domains_than_it_can(
    domains: list[Domain], user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transition_actions, "MAX_ROWS", 7)
    (message,) = by_admin(user, "scan_each", domains)
    assert message.startswith("Nothing was done: more than 7 rows")
    assert scanned() == set()


def test_the_admin_makes_no_batch_of_several_tenants_or_of_too_many_domains(
    domains: list[Domain], user: User, settings: Any
) -> None:
    assert "several tenants" in by_admin(user, "make_batch", domains)[0]
    settings.MAX_DOMAINS_PER_BATCH = 4
    assert "at most 4 domains" in by_admin(user, "make_batch", domains[:5])[0]
    assert scanned() == set()
    by_admin(user, "make_batch", domains[:4])
    assert scanned() == {row.pk for row in domains[:4]}
