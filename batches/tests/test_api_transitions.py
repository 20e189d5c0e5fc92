"""Pausing, resuming, cancelling and retrying batches through the API."""

import json
import uuid
from typing import Any

import pytest
from django.test import Client

from batches.models import Batch, Job
from batches.services import create_batch
from batches.tests.api_clients import program_of
from batches.tests.outcomes import complete, fail
from batches.tests.running import scan_now
from scrapersky.tenants.models import Tenant, User

pytestmark = pytest.mark.django_db
ROOT = "/api/v3/batches"
CONTROLS = ("cancel", "pause", "resume", "retry", "rerun")


@pytest.fixture
def program(user: User) -> Client:
    return program_of(user)


@pytest.fixture
def waiting(default_tenant: Tenant) -> Batch:
    hosts = ["a.example", "b.example"]
    return create_batch(tenant=default_tenant, created_by=None, domains=hosts)


@pytest.fixture
def mixed(default_tenant: Tenant) -> Batch:
    """Return a batch that ended with one completed, a time-out and a TLS error."""
    hosts = ["good.example", "late.example", "old.example"]
    batch = create_batch(tenant=default_tenant, created_by=None, domains=hosts)
    first, second, third = batch.jobs.order_by("position")
    complete(first)
    fail(second, "read_timeout", "Late.")
    fail(third, "tls_error", "Old.")
    batch.refresh_from_db()
    return batch


def control(client: Client, batch: Batch, name: str, body: Any = None) -> Any:
    text = "" if body is None else json.dumps(body)
    return client.post(f"{ROOT}/{batch.pk}/{name}", text, content_type="application/json")


def json_of(answer: Any, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status
    return answer.json()


def statuses(answer: Any) -> list[str]:
    """Return the status of each domain in a response."""
    return [domain["status"] for domain in json_of(answer)["domain_statuses"].values()]


def test_a_batch_is_paused_and_goes_on(program: Client, waiting: Batch) -> None:
    assert json_of(control(program, waiting, "pause"))["status"] == "paused"
    assert json_of(control(program, waiting, "resume"))["status"] == "running"


def test_a_cancelled_batch_tells_what_became_of_each_domain(
    program: Client, waiting: Batch
) -> None:
    answer = control(program, waiting, "cancel")
    assert json_of(answer)["status"] == "cancelled"
    assert statuses(answer) == ["cancelled", "cancelled"]
    assert json_of(answer)["end_time"] is not None


def test_a_batch_with_running_scans_is_cancelling_until_they_have_stopped(
    program: Client, waiting: Batch
) -> None:
    Batch.objects.start()
    scan_now(waiting.jobs.order_by("position")[0])
    answer = control(program, waiting, "cancel")
    assert json_of(answer)["status"] == "cancelling"
    assert statuses(answer) == ["running", "cancelled"]


def test_the_answer_is_that_of_the_status(program: Client, mixed: Batch) -> None:
    answer = json_of(control(program, mixed, "retry"))
    status = f"/api/v3/batch_page_scraper/batch/{mixed.pk}/status"
    polled = program.get(status).json()
    assert polled["metadata"].pop("domain_count") == answer["total_domains"]
    assert {**answer, "processing_time": 0} == {**polled, "processing_time": 0}


def test_without_a_body_everything_that_failed_is_retried(program: Client, mixed: Batch) -> None:
    answer = program.generic("POST", f"{ROOT}/{mixed.pk}/retry")
    assert statuses(answer) == ["completed", "pending", "pending"]
    assert json_of(answer)["status"] == "running"
    assert json_of(answer)["failed_domains"] == 0


def test_causes_and_options_narrow_a_retry(program: Client, mixed: Batch) -> None:
    body = {"reasons": ["read_timeout"], "options": {"site_deadline": 120, "obey_robots": False}}
    assert statuses(control(program, mixed, "retry", body)) == ["completed", "pending", "failed"]
    job = mixed.jobs.exclude(options={}).get()
    own = json_of(program.get(f"/api/v3/batch_page_scraper/status/{job.pk}"))["options"]
    assert (own["site_deadline"], own["obey_robots"], own["max_pages"]) == (120, False, 1_000)


def test_a_retry_without_options_leaves_them_alone(program: Client, mixed: Batch) -> None:
    control(program, mixed, "retry", {"reasons": ["tls_error"], "options": {}})
    assert not Job.objects.exclude(options={}).exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("{", "body"),
        ({"reasons": ["bad_weather"]}, "reasons.0"),
        ({"reasons": []}, "reasons"),
        ({"reasons": "read_timeout"}, "reasons"),
        ({"reason": ["read_timeout"]}, "reason"),
        ({"options": {"site_deadline": 0}}, "options.site_deadline"),
        ({"options": {"max_concurrent": 501}}, "options.max_concurrent"),
        ({"options": {"speed": "slow"}}, "options.speed"),
    ],
)
def test_a_retry_that_cannot_be_read_retries_nothing(
    program: Client, mixed: Batch, body: Any, field: str
) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    answer = program.post(f"{ROOT}/{mixed.pk}/retry", text, content_type="application/json")
    assert [error["field"] for error in json_of(answer, 422)["errors"]] == [field]
    assert not mixed.jobs.filter(status="pending").exists()


def test_run_again_answers_about_the_new_batch(program: Client, user: User, mixed: Batch) -> None:
    body = json_of(control(program, mixed, "rerun"), 201)
    assert body["batch_id"] != str(mixed.pk)
    assert (body["status"], body["total_domains"]) == ("pending", 3)
    assert Batch.objects.get(pk=body["batch_id"]).created_by == user


def test_a_batch_whose_domains_are_gone_cannot_run_again(program: Client, mixed: Batch) -> None:
    mixed.jobs.all().delete()
    assert json_of(control(program, mixed, "rerun"), 422)["errors"][0]["field"] == "domains"


@pytest.mark.parametrize("name", ["cancel", "pause", "resume"])
def test_what_does_not_fit_the_state_is_a_conflict_in_a_sentence(
    program: Client, mixed: Batch, name: str
) -> None:
    body = json_of(control(program, mixed, name), 409)
    assert body["detail"].startswith("The batch is partial")
    assert body["errors"] == [{"field": "batch_id", "reason": body["detail"]}]


def test_nothing_to_retry_is_a_conflict(program: Client, mixed: Batch) -> None:
    answer = control(program, mixed, "retry", {"reasons": ["dns_not_found"]})
    assert "no failed or cancelled job" in json_of(answer, 409)["detail"]


@pytest.mark.parametrize("name", CONTROLS)
def test_an_unknown_batch_is_404_and_a_malformed_id_422(program: Client, name: str) -> None:
    for key, status in ((str(uuid.uuid4()), 404), ("batch_1", 422)):
        answer = program.post(f"{ROOT}/{key}/{name}", "", content_type="application/json")
        json_of(answer, status)


@pytest.mark.parametrize("name", CONTROLS)
def test_another_tenants_batch_does_not_exist(stranger: User, mixed: Batch, name: str) -> None:
    json_of(control(program_of(stranger), mixed, name), 404)
    assert not Job.objects.filter(status="pending").exists()


def test_a_control_is_taken_by_post_only(program: Client, mixed: Batch) -> None:
    answer = program.get(f"{ROOT}/{mixed.pk}/cancel")
    assert json_of(answer, 405)["detail"] == "GET is not allowed here; use POST."


def test_a_batch_is_found_by_its_legacy_number(program: Client, waiting: Batch) -> None:
    Batch.objects.filter(pk=waiting.pk).update(legacy_id=310)
    answer = program.post(f"{ROOT}/310/pause", "", content_type="application/json")
    assert json_of(answer)["batch_id"] == str(waiting.pk)


def test_the_openapi_document_names_the_causes_and_the_conflict() -> None:
    document = Client().get("/api/v3/openapi.json").json()
    operation = document["paths"][f"{ROOT}/{{batch_id}}/retry"]["post"]
    assert set(operation["responses"]) == {"200", "401", "403", "404", "409", "422"}
    assert "read_timeout" in document["components"]["schemas"]["FailureReason"]["enum"]


def test_one_job_is_cancelled_once(program: Client, waiting: Batch) -> None:
    job = waiting.jobs.order_by("position")[0]
    answer = program.post(f"/api/v3/jobs/{job.pk}/cancel")
    assert json_of(answer)["status"] == "cancelled"
    answer = program.post(f"/api/v3/jobs/{job.pk}/cancel")
    assert "nothing to cancel" in json_of(answer, 409)["detail"]
    waiting.refresh_from_db()
    assert (waiting.status, waiting.cancelled) == ("pending", 1)
