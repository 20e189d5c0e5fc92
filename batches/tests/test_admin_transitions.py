"""Bulk actions of the admin on batches and jobs."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from batches.admin import transition_actions
from batches.models import Batch, Job
from batches.services import create_batch, initiate_scan
from batches.tests.outcomes import complete, fail
from batches.tests.running import scan_now
from scrapersky.tenants.models import Membership, Tenant, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk(user: User) -> Client:
    """Return a client of a member of one tenant with all admin permissions."""
    User.objects.filter(pk=user.pk).update(is_staff=True)
    user.user_permissions.set(Permission.objects.all())
    client = Client()
    client.force_login(user)
    return client


def batch_of(tenant: Tenant, name: str, *, failing: bool | None = None) -> Batch:
    """Return a batch of one job: waiting, or ended with or without a failure."""
    batch = create_batch(
        tenant=tenant, created_by=None, domains=[f"{name.lower()}.example"], name=name
    )
    if failing is not None:
        job = batch.jobs.get()
        fail(job, "tls_error", "Old.") if failing else complete(job)
    return batch


def send(client: Client, action: str, rows: list[Any], *, every: bool = False) -> Any:
    url = f"/admin/batches/{rows[0]._meta.model_name}/"
    sent = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    return client.post(url, sent | {"select_across": str(int(every))}, follow=True)


def act(client: Client, action: str, rows: list[Any], *, every: bool = False) -> list[str]:
    """Return the messages of an action."""
    response = send(client, action, rows, every=every)
    assert response.status_code == 200
    return [str(message) for message in response.context["messages"]]


def state(row: Batch | Job) -> str:
    row.refresh_from_db()
    return row.status


def test_the_actions_count_what_won_and_name_what_did_not(
    clerk: Client, default_tenant: Tenant
) -> None:
    rows = [batch_of(default_tenant, name) for name in ("One", "Two")]
    ended = batch_of(default_tenant, "Three", failing=False)
    refused = "Three: The batch is complete: only a running batch can be paused."
    assert act(clerk, "pause", [*rows, ended]) == [
        "Paused 2 of 3 batches.",
        f"Not paused: {refused}",
    ]
    assert [state(row) for row in (*rows, ended)] == ["paused", "paused", "complete"]
    assert act(clerk, "resume", rows) == ["Resumed 2 of 2 batches."]
    assert act(clerk, "cancel", rows[:1]) == ["Cancelled 1 of 1 batch."]
    assert [state(row) for row in rows] == ["cancelled", "running"]


def test_what_failed_is_retried_in_bulk(clerk: Client, default_tenant: Tenant) -> None:
    failed = batch_of(default_tenant, "One", failing=True)
    good = batch_of(default_tenant, "Two", failing=False)
    won, refused = act(clerk, "retry_failed", [failed, good])
    assert won == "Retried 1 of 2 batches."
    assert refused == "Not retried: Two: There is no failed or cancelled job to retry."
    assert (state(failed), state(good)) == ("running", "complete")


def test_batches_are_run_again_in_bulk(clerk: Client, user: User, default_tenant: Tenant) -> None:
    rows = [batch_of(default_tenant, name, failing=False) for name in ("One", "Two")]
    rows[1].jobs.all().delete()
    won, refused = act(clerk, "run_again", rows)
    assert won == "Started again 1 of 2 batches."
    assert refused.startswith("Not started again: Two: Give 1 to 100,000 domains")
    again = Batch.objects.exclude(pk__in=[row.pk for row in rows]).get()
    assert (again.name, again.created_by) == ("One (again)", user)


def test_jobs_are_retried_where_they_failed(clerk: Client, default_tenant: Tenant) -> None:
    in_batch = batch_of(default_tenant, "One", failing=True).jobs.get()
    single = fail(initiate_scan("single.example", tenant=default_tenant), "tls_error", "Old.")
    good = batch_of(default_tenant, "Two", failing=False).jobs.get()
    won, refused = act(clerk, "retry_jobs", [in_batch, single, good])
    assert won == "Retried 2 of 3 jobs."
    assert "two.example" in refused
    assert (state(in_batch), state(single), state(good)) == ("pending", "failed", "complete")
    assert Job.objects.filter(domain=single.domain, status="pending").count() == 1


def test_jobs_that_wait_or_run_are_cancelled_and_ended_ones_named(
    clerk: Client, default_tenant: Tenant
) -> None:
    waiting = batch_of(default_tenant, "One").jobs.get()
    running = scan_now(batch_of(default_tenant, "Two").jobs.get())
    ended = batch_of(default_tenant, "Three", failing=True).jobs.get()
    won, refused = act(clerk, "cancel_jobs", [waiting, running, ended])
    assert won == "Cancelled 2 of 3 jobs."
    assert "three.example: The job is failed, so there is nothing to cancel." in refused
    assert (state(waiting), state(running), state(ended)) == ("cancelled", "cancelled", "failed")


def test_only_the_first_refusals_are_named(
    clerk: Client, default_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transition_actions, "NAMED", 1)
    rows = [batch_of(default_tenant, name, failing=False) for name in ("One", "Two", "Three")]
    (refused,) = act(clerk, "cancel", rows)
    assert refused.count("nothing to cancel") == 1
    assert refused.endswith("And 2 more.")


def test_more_rows_than_a_request_can_do_are_refused(
    clerk: Client, default_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transition_actions, "MAX_ROWS", 2)
    rows = [batch_of(default_tenant, name) for name in ("One", "Two", "Three")]
    (message,) = act(clerk, "cancel", rows[:1], every=True)
    assert message.startswith("Nothing was done: more than 2")
    assert {state(row) for row in rows} == {"pending"}


def test_no_action_reaches_the_rows_of_another_tenant(
    clerk: Client, default_tenant: Tenant, other_tenant: Tenant
) -> None:
    own, foreign = batch_of(default_tenant, "One"), batch_of(other_tenant, "Two")
    act(clerk, "cancel", [own, foreign])
    act(clerk, "cancel_jobs", [foreign.jobs.get()])
    assert (state(own), state(foreign)) == ("cancelled", "pending")


@pytest.mark.parametrize("action", ["pause", "resume", "cancel", "retry_failed", "run_again"])
def test_a_viewer_controls_no_batch(clerk: Client, default_tenant: Tenant, action: str) -> None:
    Membership.objects.update(role=Membership.Role.VIEWER)
    batch = batch_of(default_tenant, "One", failing=True)
    assert send(clerk, action, [batch]).status_code == 403
    assert (state(batch), Batch.objects.count()) == ("failed", 1)


@pytest.mark.parametrize("action", ["retry_jobs", "cancel_jobs"])
def test_a_viewer_controls_no_job(clerk: Client, default_tenant: Tenant, action: str) -> None:
    Membership.objects.update(role=Membership.Role.VIEWER)
    failed = batch_of(default_tenant, "One", failing=True).jobs.get()
    waiting = batch_of(default_tenant, "Two").jobs.get()
    assert send(clerk, action, [failed, waiting]).status_code == 403
    assert (state(failed), state(waiting)) == ("failed", "pending")


def test_batches_are_not_deleted_in_bulk(clerk: Client, default_tenant: Tenant) -> None:
    batch = batch_of(default_tenant, "One")
    assert "delete_selected" not in clerk.get("/admin/batches/batch/").content.decode()
    send(clerk, "delete_selected", [batch])
    assert Batch.objects.exists()
