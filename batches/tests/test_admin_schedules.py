"""The admin of recurring batches and maintenance runs, and queueing domains there."""

from datetime import UTC, datetime, time
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from batches.models import Batch, MaintenanceRun, RecurringBatch
from batches.recurring import Plan, create_recurring
from scans.models import Domain
from scrapersky.tenants.models import Membership, Tenant, User

pytestmark = pytest.mark.django_db
SUNDAY = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
RECURRING = "/admin/batches/recurringbatch/"
DOMAINS = "/admin/scans/domain/"


@pytest.fixture
def clerk(user: User) -> Client:
    """Return a client of a member of one tenant with all admin permissions."""
    User.objects.filter(pk=user.pk).update(is_staff=True)
    user.user_permissions.set(Permission.objects.all())
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def recurring(default_tenant: Tenant) -> RecurringBatch:
    plan = Plan("Bakers", "a.example", "daily", time(6))
    return create_recurring(plan, tenant=default_tenant, created_by=None, now=SUNDAY)


def act(client: Client, url: str, action: str, *rows: Any) -> tuple[int, str]:
    form = {"action": action, "_selected_action": [row.pk for row in rows]}
    response = client.post(url, form, follow=True)
    return response.status_code, response.content.decode()


def test_a_recurring_batch_is_run_and_its_history_listed(
    clerk: Client, recurring: RecurringBatch
) -> None:
    assert "1 of 1 started." in act(clerk, RECURRING, "run_now", recurring)[1]
    page = act(clerk, RECURRING, "run_now", recurring)[1]
    assert "0 of 1 started." in page
    assert "The previous run" in page
    assert Batch.objects.count() == 1
    runs = clerk.get("/admin/batches/recurringrun/").content.decode()
    assert ("state-started" in runs, "state-skipped" in runs) == (True, True)


def test_a_recurring_batch_is_switched_off_and_on(clerk: Client, recurring: RecurringBatch) -> None:
    assert "1 switched off." in act(clerk, RECURRING, "switch_off", recurring)[1]
    recurring.refresh_from_db()
    assert not recurring.enabled
    assert "1 switched on." in act(clerk, RECURRING, "switch_on", recurring)[1]
    assert "0 switched on." in act(clerk, RECURRING, "switch_on", recurring)[1]


def test_domains_are_queued_for_their_sitemaps(clerk: Client, default_tenant: Tenant) -> None:
    domain = Domain.objects.create(tenant=default_tenant, host="a.example")
    assert "1 domain is queued." in act(clerk, DOMAINS, "queue_sitemaps", domain)[1]
    domain.refresh_from_db()
    assert domain.sitemap_analysis_status == "queued"


def test_who_may_only_look_does_nothing_by_an_action(
    clerk: Client, recurring: RecurringBatch, default_tenant: Tenant
) -> None:
    Membership.objects.update(role=Membership.Role.VIEWER)
    domain = Domain.objects.create(tenant=default_tenant, host="a.example")
    for action in ("run_now", "switch_off", "switch_on"):
        assert act(clerk, RECURRING, action, recurring)[0] == 403
    assert act(clerk, DOMAINS, "queue_sitemaps", domain)[0] == 403
    recurring.refresh_from_db()
    domain.refresh_from_db()
    assert recurring.enabled
    assert domain.sitemap_analysis_status == "pending"
    assert not Batch.objects.exists()


def test_chores_are_for_superusers(clerk: Client, user: User) -> None:
    MaintenanceRun.begin("minute keeper")
    assert clerk.get("/admin/batches/maintenancerun/").status_code == 403
    User.objects.filter(pk=user.pk).update(is_superuser=True)
    assert "minute keeper" in clerk.get("/admin/batches/maintenancerun/").content.decode()
