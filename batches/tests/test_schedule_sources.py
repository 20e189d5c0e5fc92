"""Schedules of saved lists and views, whose domains are read when a run starts."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from batches.models import Batch, RecurringBatch, RecurringRun
from batches.recurring import Plan, change_recurring, create_recurring, start_due, start_now
from conftest import member_of
from scans.domain_lists import services
from scans.domain_lists.models import DomainList
from scans.services import ensure_domains
from scrapersky.tenants import saved_views
from scrapersky.tenants.models import Tenant, User
from scrapersky.tenants.preferences import SavedView

pytestmark = pytest.mark.django_db
DAILY = {"frequency": "daily", "time_of_day": "06:00", "time_zone": "UTC"}


@pytest.fixture
def leads(default_tenant: Tenant, user: User) -> DomainList:
    row = services.create_list(tenant=default_tenant, created_by=user, name="Leads")
    services.add_hosts(row, ["a.example", "b.example"], user=user)
    return row


@pytest.fixture
def view(leads: DomainList, user: User) -> SavedView:
    ensure_domains(tenant=leads.tenant, hosts=["c.example"])
    query = "no_list=Leads"
    return saved_views.create_view(
        owner=user, list_name="domains", name="Others", query=query, columns=["host"]
    )


def schedule_of(source: str, user: User, tenant: Tenant) -> RecurringBatch:
    now = timezone.now()
    plan = Plan("Weekly", "", "daily", now.time(), source=source, chooser=user)
    return create_recurring(plan, tenant=tenant, created_by=user, now=now)


def hosts_of(batch: Batch | None) -> list[str]:
    assert batch is not None
    return list(batch.jobs.order_by("position").values_list("domain__host", flat=True))


def test_a_run_takes_a_list_as_it_is_then(
    leads: DomainList, user: User, default_tenant: Tenant
) -> None:
    schedule = schedule_of(f"list:{leads.pk}", user, default_tenant)
    assert (schedule.domain_count, schedule.domains) == (2, "")
    services.add_hosts(leads, ["c.example"], user=user)
    start_due(timezone.now() + timedelta(days=1))
    batch = RecurringRun.objects.get().batch
    assert hosts_of(batch) == ["a.example", "b.example", "c.example"]
    schedule.refresh_from_db()
    assert schedule.domain_count == 3
    assert batch is not None
    assert batch.metadata["source"]["name"] == "Leads"


def test_a_run_takes_a_view_as_it_is_then(
    leads: DomainList, view: SavedView, user: User, default_tenant: Tenant, other_tenant: Tenant
) -> None:
    schedule = schedule_of(f"view:{view.pk}", user, default_tenant)
    ensure_domains(tenant=other_tenant, hosts=["theirs.example"])
    services.remove_hosts(leads, ["a.example"])
    run = start_now(schedule, user=user, now=timezone.now())
    assert hosts_of(run.batch) == ["a.example", "c.example"]


def test_a_run_without_domains_fails_with_the_reason(
    leads: DomainList, view: SavedView, user: User, default_tenant: Tenant
) -> None:
    of_list = schedule_of(f"list:{leads.pk}", user, default_tenant)
    of_view = schedule_of(f"view:{view.pk}", user, default_tenant)
    services.remove_hosts(leads, ["a.example", "b.example"])
    saved_views.delete_view(view)
    reasons = []
    for schedule in (of_list, of_view):
        schedule.refresh_from_db()
        run = start_now(schedule, user=user, now=timezone.now())
        assert (run.outcome, run.batch) == ("failed", None)
        reasons.append(run.note)
    assert reasons == [
        "“Leads” holds no domain now.",
        "This list or view does not exist any more. Choose another one.",
    ]


def test_a_list_that_a_schedule_uses_is_not_deleted(
    console: Client, leads: DomainList, user: User, default_tenant: Tenant
) -> None:
    schedule = schedule_of(f"list:{leads.pk}", user, default_tenant)
    page = console.post(f"/lists/{leads.pk}/delete/", follow=True).content.decode()
    assert "The list is used by the schedule “Weekly”." in page
    assert f'href="/schedules/{schedule.pk}/"' in page
    assert console.delete(f"/api/v3/lists/{leads.pk}").status_code == 409
    schedule.delete()
    assert console.delete(f"/api/v3/lists/{leads.pk}").status_code == 204


def test_the_form_saves_a_source_and_goes_back_to_a_list_of_its_own(
    console: Client, leads: DomainList, view: SavedView
) -> None:
    sent = {"name": "Weekly", **DAILY}
    refused = console.post("/schedules/new/", sent | {"source": f"list:{view.pk}"})
    assert "does not exist any more" in refused.content.decode()
    console.post("/schedules/new/", sent | {"source": f"list:{leads.pk}"})
    schedule = RecurringBatch.objects.get()
    url = f"/schedules/{schedule.pk}/"
    assert f'href="/lists/{leads.pk}/"' in console.get(url).content.decode()
    console.post(url, sent | {"source": f"view:{view.pk}"})
    schedule.refresh_from_db()
    assert (schedule.source, schedule.domain_count) == (f"view:{view.pk}", 1)
    console.post(url, sent | {"source": "", "domains": "x.example\ny.example"})
    schedule.refresh_from_db()
    assert (schedule.source, schedule.domain_count) == ("", 2)
    # The stored list is still in its field when a source is chosen instead.
    console.post(url, sent | {"source": f"list:{leads.pk}", "domains": "x.example\ny.example"})
    schedule.refresh_from_db()
    assert (schedule.source, schedule.domains) == (f"list:{leads.pk}", "")


def test_a_colleague_changes_the_times_of_a_schedule_of_a_private_view(
    view: SavedView, user: User, default_tenant: Tenant, client: Client
) -> None:
    schedule = schedule_of(f"view:{view.pk}", user, default_tenant)
    client.force_login(member_of(default_tenant, "colleague"))
    url = f"/schedules/{schedule.pk}/"
    assert "Others" in client.get(url).content.decode()
    sent = {"name": "Weekly", **DAILY, "time_of_day": "09:30", "source": schedule.source}
    assert client.post(url, sent).status_code == 302
    schedule.refresh_from_db()
    assert (schedule.source, f"{schedule.time_of_day:%H:%M}") == (f"view:{view.pk}", "09:30")
    new = client.post("/schedules/new/", sent | {"name": "Copy"})
    assert "does not exist any more" in new.content.decode()


def test_a_schedule_refers_to_no_filter_and_to_no_list_of_another_tenant(
    leads: DomainList, user: User, default_tenant: Tenant, other_tenant: Tenant, stranger: User
) -> None:
    with pytest.raises(ValidationError, match="Save the filters as a view"):
        schedule_of("filter:", user, default_tenant)
    with pytest.raises(ValidationError, match="does not exist any more"):
        schedule_of(f"list:{leads.pk}", stranger, other_tenant)
    schedule = schedule_of(f"list:{leads.pk}", user, default_tenant)
    plan = Plan("Weekly", "", "daily", timezone.now().time(), source="list:x", chooser=user)
    with pytest.raises(ValidationError, match="does not exist any more"):
        change_recurring(schedule, plan, now=timezone.now())


def test_the_api_creates_and_changes_schedules_of_sources(
    console: Client, leads: DomainList, view: SavedView
) -> None:
    def call(method: str, path: str = "", **sent: Any) -> Any:
        url = f"/api/v3/schedules{path}"
        return getattr(console, method)(url, sent, content_type="application/json")

    created = call("post", name="Weekly", source=f"list:{leads.pk}")
    assert created.status_code == 201
    path = f"/{created.json()['schedule_id']}"
    assert created.json()["source"] == f"list:{leads.pk}"
    assert call("patch", path, time_of_day="07:00").json()["source"] == f"list:{leads.pk}"
    assert call("patch", path, source=f"view:{view.pk}").json()["domain_count"] == 1
    changed = call("patch", path, domains="x.example").json()
    assert (changed["source"], changed["domains"]) == ("", "x.example")
    for sent in ({}, {"domains": "x.example", "source": f"list:{leads.pk}"}, {"source": "list:x"}):
        assert call("post", name="Other", **sent).status_code == 422


def test_the_command_creates_a_schedule_of_a_saved_list(leads: DomainList, user: User) -> None:
    out = StringIO()
    call_command("schedule", "create", "Weekly", list="leads", user="member", json=True, stdout=out)
    assert json.loads(out.getvalue())[0]["domains"] == 2
    assert RecurringBatch.objects.get().source == f"list:{leads.pk}"
    with pytest.raises(CommandError, match="There is no list named “Nobody's”"):
        call_command("schedule", "create", "Weekly", list="Nobody's", user="member")
