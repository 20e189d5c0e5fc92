"""Single scans through the API: creation, status, errors."""

import json
import uuid
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from batches.models import Job
from batches.services import initiate_scan
from batches.tests.api_clients import ROOT, program_of
from batches.tests.outcomes import complete, fail
from batches.tests.running import scan_now
from scrapersky.tenants.models import Tenant, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(user: User) -> Client:
    return program_of(user)


def scan(client: Client, body: Any) -> Any:
    return client.post(f"{ROOT}/scan", json.dumps(body), content_type="application/json")


def test_a_scan_becomes_a_job_outside_batches_with_the_old_default_of_pages(
    program: Client, user: User
) -> None:
    answer = scan(program, {"base_url": "https://www.example.com/contact"})
    assert answer.status_code == 201
    job = Job.objects.select_related("domain").get()
    assert answer.json()["job_id"] == str(job.pk)
    assert job.domain is not None
    assert (job.domain.host, job.batch, job.created_by) == ("example.com", None, user)
    assert job.options["max_pages"] == 100


def test_the_status_url_of_a_scan_works_as_given(program: Client) -> None:
    created = scan(program, {"base_url": "example.com"}).json()
    body = program.get(created["status_url"]).json()
    assert (body["job_id"], body["status"]) == (created["job_id"], "pending")
    assert (body["domain"], body["batch_id"], body["progress"]) == ("example.com", None, 0)


def test_a_second_scan_of_a_domain_is_the_one_that_waits_already(program: Client) -> None:
    first = scan(program, {"base_url": "example.com"}).json()
    assert scan(program, {"base_url": "http://example.com/"}).json() == first


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "base_url"),
        ({"base_url": "localhost"}, "base_url"),
        ({"base_url": "ftp://example.com"}, "base_url"),
        ({"base_url": "example.com", "max_pages": 0}, "max_pages"),
        ({"base_url": 7}, "base_url"),
    ],
)
def test_a_scan_of_what_is_no_site_is_refused(program: Client, body: Any, field: str) -> None:
    answer = scan(program, body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert not Job.objects.exists()


def test_a_complete_scan_hands_out_its_report(program: Client, default_tenant: Tenant) -> None:
    job = complete(initiate_scan("example.com", tenant=default_tenant), title="Bakery")
    body = program.get(f"{ROOT}/status/{job.pk}").json()
    assert (body["status"], body["progress"], body["processing_time"]) == ("completed", 1, 2.5)
    assert body["result"]["title"] == "Bakery"
    assert body["error"] is None


def test_a_failed_scan_names_its_cause(program: Client, default_tenant: Tenant) -> None:
    job = fail(initiate_scan("example.com", tenant=default_tenant), "tls_error", "It is old.")
    body = program.get(f"{ROOT}/status/{job.pk}").json()
    assert (body["status"], body["failure_reason"], body["error"]) == (
        "failed",
        "tls_error",
        "It is old.",
    )


def test_a_running_scan_tells_the_stage_its_worker_reported(
    program: Client, default_tenant: Tenant
) -> None:
    job = initiate_scan("example.com", tenant=default_tenant)
    scan_now(job, "sitemaps", 0.65)
    body = program.get(f"{ROOT}/status/{job.pk}").json()
    assert (body["status"], body["stage"], body["progress"]) == ("running", "sitemaps", 0.65)


def test_a_job_is_found_by_its_legacy_number(program: Client, default_tenant: Tenant) -> None:
    job = initiate_scan("example.com", tenant=default_tenant)
    Job.objects.filter(pk=job.pk).update(legacy_id=4711)
    assert program.get(f"{ROOT}/status/4711").json()["job_id"] == str(job.pk)


def test_an_unknown_job_is_404_and_a_malformed_id_422(program: Client) -> None:
    assert program.get(f"{ROOT}/status/{uuid.uuid4()}").status_code == 404
    answer = program.get(f"{ROOT}/status/job_1234")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "job_id"


def test_the_status_of_a_job_takes_three_queries(
    program: Client,
    default_tenant: Tenant,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    job = complete(initiate_scan("example.com", tenant=default_tenant))
    program.get(f"{ROOT}/status/{job.pk}")  # notes that the token was used
    with django_assert_num_queries(3):  # token, job, what users corrected in its report
        program.get(f"{ROOT}/status/{job.pk}")
