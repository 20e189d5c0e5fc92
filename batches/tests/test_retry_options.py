"""The options of a retry belong to its jobs, are shown there, and are never inherited.

Whatever starts the retry (page, API, admin's service) and whatever is made from the batch later: a
rerun, a duplicate, a second retry, the next run of its schedule.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, time
from typing import Any

import pytest
from django.test import Client

from batches import transitions
from batches.models import Batch, Job, Worker
from batches.models.recurring import RecurringRun
from batches.recurring import Plan, create_recurring, start_now
from batches.scanning.messages import ClaimedJob
from batches.services import create_batch
from batches.tests.api_clients import ROOT, program_of
from batches.tests.outcomes import complete, fail
from batches.tests.running import claim_jobs
from scrapersky.tenants.models import Tenant, User

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
CREATED = {"max_pages": 77, "max_concurrent": 9, "site_deadline": 50.0}
CHANGED = {"obey_robots": False, "site_deadline": 120.0, "max_concurrent": 2}
OF_ITS_JOBS = {"obey_robots": False, "site_deadline": 120.0}


@pytest.fixture
def batch(default_tenant: Tenant, user: User) -> Batch:
    """Return a running batch: a complete job, two that failed, and one that waits."""
    hosts = ["done.example", "late.example", "refused.example", "waiting.example"]
    created = create_batch(tenant=default_tenant, created_by=user, domains=hosts, options=CREATED)
    Batch.objects.start()
    done, late, refused, _ = created.jobs.order_by("position")
    complete(done)
    fail(late, "read_timeout", "Late.")
    fail(refused, "connection_refused", "No.")
    return created


def by_service(batch: Batch, user: User) -> None:
    transitions.retry_batch(batch, reasons=["read_timeout"], options=CHANGED)


def by_page(batch: Batch, user: User) -> None:
    client = Client()
    client.force_login(user)
    sent = {"reasons": "read_timeout", **CHANGED, "obey_robots": "false"}
    client.post(f"/batches/{batch.pk}/retry/", sent)


def by_api(batch: Batch, user: User) -> None:
    body = {"reasons": ["read_timeout"], "options": CHANGED}
    url = f"/api/v3/batches/{batch.pk}/retry"
    response = program_of(user).post(url, body, content_type="application/json")
    assert response.status_code == 200, response.content


WAYS = [by_service, by_page, by_api]
Way = Callable[[Batch, User], None]


def job_of(batch: Batch, host: str) -> Job:
    return batch.jobs.get(domain__host=host)


def claim(batch: Batch) -> list[ClaimedJob]:
    worker = Worker.begin(host="h", pid=1)
    assert worker
    return claim_jobs(worker, batch)


def settled(batch: Batch) -> Batch:
    """Return a batch whose jobs have all ended; the retried one failed again."""
    fail(job_of(batch, "late.example"), "read_timeout", "Late again.")
    complete(job_of(batch, "waiting.example"))
    batch.refresh_from_db()
    assert batch.is_ended
    return batch


@pytest.mark.parametrize("way", WAYS)
def test_only_the_retried_jobs_are_scanned_with_the_options_of_a_retry(
    batch: Batch, user: User, way: Way
) -> None:
    way(batch, user)
    claimed = {job.host: job.options for job in claim(batch)}
    assert set(claimed) == {"late.example", "waiting.example"}
    late, waiting = claimed["late.example"], claimed["waiting.example"]
    assert (late.obey_robots, late.site_deadline, late.max_pages) == (False, 120, 77)
    assert (waiting.obey_robots, waiting.site_deadline, waiting.max_pages) == (True, 50, 77)


@pytest.mark.parametrize("way", WAYS)
def test_the_page_and_the_api_show_them_at_their_job_and_at_no_other(
    batch: Batch, user: User, console: Client, way: Way
) -> None:
    way(batch, user)
    for host, is_own in (("late.example", True), ("waiting.example", False)):
        job = job_of(batch, host)
        page = console.get(f"/jobs/{job.pk}/").text
        assert bool(re.search("Obey robots.txt</div><div[^>]*>no<", page)) == is_own
        shown = program_of(user).get(f"{ROOT}/status/{job.pk}").json()["options"]
        assert {name: shown.get(name) for name in OF_ITS_JOBS if shown} == (
            OF_ITS_JOBS if is_own else {}
        )


def rerun(batch: Batch, user: User) -> dict[str, Any]:
    return transitions.rerun_batch(batch, created_by=user).options


def rerun_by_api(batch: Batch, user: User) -> dict[str, Any]:
    response = program_of(user).post(f"/api/v3/batches/{batch.pk}/rerun")
    assert response.status_code == 201, response.content
    return Batch.objects.latest("created_at").options


def rerun_by_page(batch: Batch, user: User) -> dict[str, Any]:
    client = Client()
    client.force_login(user)
    client.post(f"/batches/{batch.pk}/rerun/")
    return Batch.objects.latest("created_at").options


def duplicate(batch: Batch, user: User) -> dict[str, Any]:
    """Submit the form of a new batch as it is filled in from another one."""
    client = Client()
    client.force_login(user)
    form = client.get("/batches/new/", {"copy": str(batch.pk)}).context["form"]
    sent = {field.name: field.value() for field in form if field.value() not in (None, False)}
    client.post("/batches/new/", sent)
    return Batch.objects.latest("created_at").options


@pytest.mark.parametrize("again", [rerun, rerun_by_page, rerun_by_api, duplicate])
def test_what_is_made_from_the_batch_has_the_options_it_was_created_with(
    batch: Batch, user: User, again: Callable[[Batch, User], dict[str, Any]]
) -> None:
    before = batch.options
    by_service(batch, user)
    options = again(settled(batch), user)
    assert Batch.objects.count() == 2
    assert options == before
    assert not Job.objects.exclude(batch=batch).exclude(options={}).exists()


@pytest.mark.parametrize("way", ["batch", "job"])
def test_a_second_retry_has_the_options_of_the_batch(batch: Batch, user: User, way: str) -> None:
    by_service(batch, user)
    settled(batch)
    if way == "batch":
        transitions.retry_batch(batch)
    else:
        transitions.retry_job(job_of(batch, "late.example"))
    assert not batch.jobs.exclude(options={}).exists()
    assert {job.options.obey_robots for job in claim(batch)} == {True}


def test_the_next_run_of_a_schedule_has_the_options_of_the_schedule(
    default_tenant: Tenant, user: User
) -> None:
    plan = Plan(
        name="Daily",
        domains="late.example\nwaiting.example",
        frequency="daily",
        time_of_day=time(6),
        options=CREATED,
    )
    recurring = create_recurring(plan, tenant=default_tenant, created_by=user, now=NOW)
    first = run_of(start_now(recurring, user=user, now=NOW))
    before = first.options
    Batch.objects.start()
    fail(job_of(first, "late.example"), "read_timeout", "Late.")
    by_service(first, user)
    settled(first)
    second = run_of(start_now(recurring, user=user, now=NOW))
    assert second.options == before
    assert not second.jobs.exclude(options={}).exists()


def run_of(run: RecurringRun) -> Batch:
    assert run.batch is not None
    return run.batch
