"""Batches through the API: creation, status, errors."""

import json
import uuid
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from batches import transitions
from batches.models import Batch
from batches.services import create_batch
from batches.tests.api_clients import ROOT, program_of
from batches.tests.outcomes import complete, fail
from scrapersky.tenants.models import Tenant, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(user: User) -> Client:
    return program_of(user)


def post(client: Client, path: str, body: Any) -> Any:
    text = body if isinstance(body, str) else json.dumps(body)
    return client.post(f"{ROOT}/{path}", text, content_type="application/json")


def test_a_batch_is_made_with_the_defaults_of_old_clients(program: Client, user: User) -> None:
    answer = post(program, "batch", {"domains": ["https://www.Example.com/about", "b.example"]})
    assert answer.status_code == 201
    batch = Batch.objects.get()
    body = answer.json()
    assert body["batch_id"] == str(batch.pk)
    assert (body["job_count"], body["invalid"]) == (2, [])
    assert datetime.fromisoformat(body["created_at"]).utcoffset() is not None
    assert (batch.created_by, batch.options["max_pages"], batch.options["max_concurrent"]) == (
        user,
        1_000,
        25,
    )


def test_the_status_url_works_as_given(program: Client) -> None:
    created = post(program, "batch", {"domains": ["a.example"]}).json()
    answer = program.get(created["status_url"])
    assert answer.status_code == 200
    assert answer.json()["batch_id"] == created["batch_id"]


def test_an_id_name_and_options_of_the_caller_are_kept(program: Client) -> None:
    batch_id = str(uuid.uuid4())
    body = {
        "domains": ["a.example"],
        "batch_id": batch_id,
        "name": "Bakers",
        "max_pages": 7,
        "max_concurrent": 3,
        "obey_robots": False,
        "an_old_field": "is passed over",
    }
    assert post(program, "batch", body).json()["batch_id"] == batch_id
    batch = Batch.objects.get(pk=batch_id)
    options = batch.scan_options
    assert batch.name == "Bakers"
    assert (options.max_pages, options.max_concurrent, options.obey_robots) == (7, 3, False)


def test_a_taken_batch_id_is_a_conflict(program: Client) -> None:
    body = {"domains": ["a.example"], "batch_id": str(uuid.uuid4())}
    post(program, "batch", body)
    answer = post(program, "batch", body)
    assert answer.status_code == 409
    assert answer.json()["errors"][0]["field"] == "batch_id"
    assert Batch.objects.count() == 1


def test_refused_domains_are_listed_by_their_place_and_the_others_run(program: Client) -> None:
    body = {"domains": ["a.example", "localhost", "b.example", "", "someone@c.example"]}
    answer = post(program, "batch", body).json()
    assert answer["job_count"] == 2
    assert [(line["line"], line["value"]) for line in answer["invalid"]] == [
        (2, "localhost"),
        (4, ""),
        (5, "someone@c.example"),
    ]
    assert all(line["reason"] for line in answer["invalid"])
    status = program.get(answer["status_url"]).json()
    assert status["metadata"]["refused_count"] == 3


def test_a_list_without_one_good_domain_is_refused_and_each_is_named(program: Client) -> None:
    answer = post(program, "batch", {"domains": ["localhost", "10.0.0.1"]})
    assert answer.status_code == 422
    body = answer.json()
    assert [line["value"] for line in body["invalid"]] == ["localhost", "10.0.0.1"]
    assert body["errors"] == [
        {"field": "domains", "reason": "None of these domains can be scanned."}
    ]
    assert not Batch.objects.exists()


def test_of_many_bad_domains_the_first_thousand_are_listed_and_all_counted(
    program: Client,
) -> None:
    bad = [f"bad{number}" for number in range(1_200)]
    created = post(program, "batch", {"domains": ["a.example", *bad]}).json()
    assert (len(created["invalid"]), created["invalid_count"]) == (1_000, 1_200)
    metadata = program.get(created["status_url"]).json()["metadata"]
    assert (len(metadata["refused"]), metadata["refused_count"]) == (1_000, 1_200)
    refused = post(program, "batch", {"domains": bad})
    assert refused.status_code == 422
    assert len(refused.json()["invalid"]) == 1_000
    assert "None of the 1,200 domains" in refused.json()["detail"]


def test_a_value_of_the_list_is_read_as_it_is_pasted(program: Client) -> None:
    body = {"domains": ["a.example、b.example", "[c.example]", "mÃ¼nchen.example", "x\u0000y"]}
    created = post(program, "batch", body).json()
    assert created["job_count"] == 3
    assert [line["value"] for line in created["invalid"]] == ["mÃ¼nchen.example", "xy"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("{", "body"),
        ("[]", "domains"),
        ("", "body"),
        ({}, "domains"),
        ({"domains": []}, "domains"),
        ({"domains": "a.example"}, "domains"),
        ({"domains": ["a.example", 7]}, "domains.1"),
        ({"domains": ["a.example"], "max_pages": 0}, "max_pages"),
        ({"domains": ["a.example"], "max_pages": 50_001}, "max_pages"),
        ({"domains": ["a.example"], "max_concurrent": "many"}, "max_concurrent"),
        ({"domains": ["a.example"], "batch_id": "batch_1"}, "batch_id"),
        ({"domains": ["a.example"], "name": "x" * 201}, "name"),
        ({"domains": ["a.example"], "name": "a\x00b"}, "name"),
        ({"domains": ["a.example"], "name": "\ud800"}, "name"),
    ],
)
def test_bad_input_is_422_with_field_and_reason(program: Client, body: Any, field: str) -> None:
    answer = post(program, "batch", body)
    assert answer.status_code == 422
    status_body = answer.json()
    assert status_body.keys() == {"detail", "errors", "invalid"}
    assert [error["field"] for error in status_body["errors"]] == [field]
    assert status_body["errors"][0]["reason"]
    assert not Batch.objects.exists()


def test_more_domains_than_a_batch_may_have_are_refused(
    program: Client, settings: Settings
) -> None:
    settings.MAX_DOMAINS_PER_BATCH = 10
    answer = post(program, "batch", {"domains": ["a.example"] * 11})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "domains"


def test_the_status_of_a_waiting_batch_says_so(program: Client, default_tenant: Tenant) -> None:
    batch = create_batch(tenant=default_tenant, created_by=None, domains=["b.example", "a.example"])
    body = program.get(f"{ROOT}/batch/{batch.pk}/status").json()
    statuses = body.pop("domain_statuses")
    assert list(statuses) == ["b.example", "a.example"]
    job = batch.jobs.get(domain__host="a.example")
    assert statuses["a.example"] == {
        "status": "pending",
        "job_id": str(job.pk),
        "start_time": None,
        "end_time": None,
        "processing_time": None,
        "error": None,
    }
    for name in ("created_at", "updated_at"):
        assert datetime.fromisoformat(body.pop(name)).utcoffset() is not None
    assert body == {
        "batch_id": str(batch.pk),
        "status": "pending",
        "total_domains": 2,
        "completed_domains": 0,
        "failed_domains": 0,
        "progress": 0,
        "start_time": None,
        "end_time": None,
        "processing_time": None,
        "error": None,
        "metadata": {"domain_count": 2},
    }


def test_a_partial_batch_is_spoken_as_completed_with_its_counts(
    program: Client, default_tenant: Tenant
) -> None:
    batch = create_batch(tenant=default_tenant, created_by=None, domains=["a.example", "b.example"])
    good, bad = batch.jobs.order_by("position")
    complete(good)
    fail(bad, "dns_not_found", "The domain name does not resolve to an address.")
    body = program.get(f"{ROOT}/batch/{batch.pk}/status").json()
    assert (body["status"], body["progress"]) == ("completed", 1)
    assert (body["completed_domains"], body["failed_domains"]) == (1, 1)
    assert body["end_time"] is not None
    assert body["domain_statuses"]["a.example"]["status"] == "completed"
    failed = body["domain_statuses"]["b.example"]
    assert (failed["status"], failed["processing_time"]) == ("failed", 2.5)
    assert failed["error"] == "The domain name does not resolve to an address."


def test_a_batch_is_returned_with_its_counts_and_its_jobs_by_cursor(
    program: Client, default_tenant: Tenant
) -> None:
    hosts = [f"{letter}.example" for letter in "abcdef"]
    batch = create_batch(tenant=default_tenant, created_by=None, domains=hosts)
    first, second, third, *_ = batch.jobs.order_by("position")
    complete(first)
    fail(second, "dns_not_found", "The domain name does not resolve to an address.")
    transitions.cancel_job(third)
    url = f"/api/v3/batches/{batch.pk}"
    body = program.get(url).json()
    expected = {"pending": 3, "running": 0, "complete": 1, "failed": 1, "cancelled": 1}
    assert (body["total"], body["jobs"]) == (6, expected)
    assert body["failures"] == {"dns_not_found": 1, "cancelled": 1}
    domains: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = program.get(f"{url}/jobs?limit=4&fields=domain&cursor={cursor}").json()
        domains += [job["domain"] for job in page["items"]]
        cursor = page["next"]
    assert domains == hosts


@pytest.mark.parametrize(("failures", "word"), [(0, "completed"), (1, "completed"), (2, "failed")])
def test_an_ended_batch_says_a_word_on_which_old_clients_stop(
    program: Client, default_tenant: Tenant, failures: int, word: str
) -> None:
    batch = create_batch(tenant=default_tenant, created_by=None, domains=["a.example", "b.example"])
    for place, job in enumerate(batch.jobs.order_by("position")):
        fail(job, "tls_error", "No.") if place < failures else complete(job)
    assert program.get(f"{ROOT}/batch/{batch.pk}/status").json()["status"] == word


def test_a_batch_is_found_by_its_legacy_number(program: Client, default_tenant: Tenant) -> None:
    batch = create_batch(tenant=default_tenant, created_by=None, domains=["a.example"])
    Batch.objects.filter(pk=batch.pk).update(legacy_id=310)
    assert program.get(f"{ROOT}/batch/310/status").json()["batch_id"] == str(batch.pk)


def test_of_two_batches_with_one_legacy_number_the_visible_one_is_found(
    program: Client, default_tenant: Tenant, other_tenant: Tenant
) -> None:
    for tenant in (other_tenant, default_tenant, other_tenant):
        create_batch(tenant=tenant, created_by=None, domains=["a.example"])
    Batch.objects.update(legacy_id=310)
    own = Batch.objects.get(tenant=default_tenant)
    assert program.get(f"{ROOT}/batch/310/status").json()["batch_id"] == str(own.pk)
    own.delete()
    assert program.get(f"{ROOT}/batch/310/status").status_code == 404


@pytest.mark.parametrize("key", ["6d9f8a52-0b6e-4f0e-9d0c-3f1f6f0f3a11", "999999"])
def test_an_unknown_batch_is_404(program: Client, key: str) -> None:
    answer = program.get(f"{ROOT}/batch/{key}/status")
    assert answer.status_code == 404
    assert key in answer.json()["detail"]


@pytest.mark.parametrize("key", ["nonsense", "batch_1", "9" * 5_000, "-1", "%00"])
def test_a_malformed_batch_id_is_422(program: Client, key: str) -> None:
    answer = program.get(f"{ROOT}/batch/{key}/status")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "batch_id"


@pytest.mark.parametrize("size", [1, 60])
def test_the_status_takes_the_same_queries_for_any_number_of_domains(
    program: Client,
    default_tenant: Tenant,
    django_assert_num_queries: DjangoAssertNumQueries,
    size: int,
) -> None:
    hosts = [f"d{number}.example" for number in range(size)]
    batch = create_batch(tenant=default_tenant, created_by=None, domains=hosts)
    program.get(f"{ROOT}/health")
    program.get(f"{ROOT}/batch/{batch.pk}/status")  # notes that the token was used
    with django_assert_num_queries(3):  # token, batch, jobs
        program.get(f"{ROOT}/batch/{batch.pk}/status")


def test_the_status_can_leave_the_domains_out(
    program: Client, default_tenant: Tenant, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    batch = create_batch(tenant=default_tenant, created_by=None, domains=["a.example"])
    whole = program.get(f"{ROOT}/batch/{batch.pk}/status").json()
    assert list(whole["domain_statuses"]) == ["a.example"]
    with django_assert_num_queries(2):  # token, batch
        short = program.get(f"{ROOT}/batch/{batch.pk}/status?domain_statuses=false").json()
    assert short == whole | {"domain_statuses": {}}


def test_the_status_of_a_large_batch_is_streamed_whole(
    program: Client, default_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batches.api.serializers.READ_AT_ONCE", 7)
    hosts = [f"s{number}.example" for number in range(30)]
    batch = create_batch(tenant=default_tenant, created_by=None, domains=hosts)
    response = program.get(f"/api/v3/batch_page_scraper/batch/{batch.pk}/status")
    assert response.streaming
    body = json.loads(b"".join(response.streaming_content))  # type: ignore[attr-defined]
    assert list(body["domain_statuses"]) == hosts
    assert (body["total_domains"], body["status"]) == (30, "pending")
