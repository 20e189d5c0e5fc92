"""The page of a job, and scanning a domain immediately."""

import re

import pytest
from django.test import Client

from batches.exports import results_of
from batches.models import Job
from batches.services import create_batch, initiate_scan
from batches.tests.api_clients import ROOT, program_of
from batches.tests.outcomes import complete, fail
from batches.tests.running import scan_now
from batches.transitions import retry_batch
from scans.models import Domain
from scrapersky.tenants.models import Membership, Tenant, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(default_tenant: Tenant) -> Job:
    """Return a waiting job without a batch."""
    return initiate_scan("a.example", tenant=default_tenant)


def body_of(client: Client, job: Job) -> str:
    response = client.get(f"/jobs/{job.pk}/")
    assert response.status_code == 200
    return response.content.decode()


def test_a_waiting_job_says_so_and_updates_itself(console: Client, job: Job) -> None:
    body = body_of(console, job)
    assert "Waiting" in body
    assert f'hx-get="/jobs/{job.pk}/progress/"' in body


def test_a_running_job_shows_its_live_stage(console: Client, job: Job) -> None:
    scan_now(job, "robots", 0.25)
    body = body_of(console, job)
    assert "Reading robots.txt" in body
    assert 'value="0.250"' in body


def test_a_failed_job_says_why_and_whether_to_try_again(console: Client, job: Job) -> None:
    fail(job, "tls_error", "The certificate expired in March.")
    body = body_of(console, job)
    assert "The certificate expired in March." in body
    assert "will fail the same way" in body
    assert "hx-trigger" not in body


def test_the_options_of_a_retry_are_shown_with_the_job(
    console: Client, default_tenant: Tenant
) -> None:
    batch = create_batch(
        tenant=default_tenant, created_by=None, domains=["a.example"], options={"max_pages": 40}
    )
    job = fail(batch.jobs.get(), "deadline_exceeded", "")
    assert "Seconds per site" not in body_of(console, job)
    retry_batch(batch, options={"site_deadline": 77})
    body = body_of(console, job)
    assert re.search(r"Seconds per site</div><div[^>]*>77<", body)


def test_a_failure_without_particulars_still_has_its_sentence(console: Client, job: Job) -> None:
    fail(job, "dns_not_found", "")
    assert "does not resolve" in body_of(console, job)


def test_a_complete_job_shows_what_was_found(console: Client, job: Job) -> None:
    complete(job)
    assert "Welcome to a.example" in body_of(console, job)


def test_a_job_took_as_long_as_its_scan_wherever_it_is_shown(
    console: Client, user: User, default_tenant: Tenant
) -> None:
    batch = create_batch(tenant=default_tenant, created_by=None, domains=["a.example"])
    job = complete(batch.jobs.get())
    assert job.scan is not None
    assert job.seconds == job.scan.seconds == 2.5
    assert "2.5 s" in body_of(console, job)
    rows = console.get(f"/batches/{batch.pk}/jobs/", headers={"HX-Request": "true"})
    assert "2.5 s" in rows.content.decode()
    assert program_of(user).get(f"{ROOT}/status/{job.pk}").json()["processing_time"] == 2.5
    assert [row["seconds"] for row in results_of(batch)] == [2.5]


def test_a_job_of_a_test_run_shows_the_findings_it_kept(console: Client, job: Job) -> None:
    complete(job)
    report = job.scan.report if job.scan else {}
    Job.objects.filter(pk=job.pk).update(scan=None, result=report)
    assert "Welcome to a.example" in body_of(console, job)


def test_the_fragment_of_a_job_is_a_part_of_its_page(console: Client, job: Job) -> None:
    response = console.get(f"/jobs/{job.pk}/progress/", headers={"HX-Request": "true"})
    assert response.content.decode().strip().startswith('<div id="job"')
    assert console.get(f"/jobs/{job.pk}/progress/").headers["Location"] == f"/jobs/{job.pk}/"


def test_scan_now_makes_a_job_and_shows_it(
    console: Client, user: User, default_tenant: Tenant
) -> None:
    domain = Domain.objects.create(tenant=default_tenant, host="b.example")
    response = console.post(f"/domains/{domain.pk}/scan/")
    job = Job.objects.get(domain=domain)
    assert response.headers["Location"] == f"/jobs/{job.pk}/"
    assert (job.batch, job.created_by) == (None, user)


def test_scan_now_leads_to_the_scan_that_is_on_its_way(console: Client, job: Job) -> None:
    response = console.post(f"/domains/{job.domain_id}/scan/")
    assert response.headers["Location"] == f"/jobs/{job.pk}/"


def test_a_scan_is_never_started_by_a_link(console: Client, job: Job) -> None:
    assert console.get(f"/domains/{job.domain_id}/scan/").status_code == 405


def test_a_viewer_may_not_scan(console: Client, user: User, default_tenant: Tenant) -> None:
    Membership.objects.update(role=Membership.Role.VIEWER)
    domain = Domain.objects.create(tenant=default_tenant, host="b.example")
    assert console.post(f"/domains/{domain.pk}/scan/").status_code == 403
    assert not Job.objects.exists()
