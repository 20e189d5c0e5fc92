"""Who may call the API, and its error format."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from batches import services
from batches.models import Batch, Job, Worker
from batches.tests.api_clients import ROOT, program_of
from scrapersky.tenants.models import ApiToken, Membership, Tenant, User

pytestmark = pytest.mark.django_db

BODY = json.dumps({"domains": ["a.example"]})
JSON = "application/json"


@pytest.fixture
def batch(default_tenant: Tenant) -> Batch:
    return services.create_batch(
        tenant=default_tenant, created_by=None, domains=["a.example"], name="Bakers"
    )


@pytest.fixture
def viewer(default_tenant: Tenant) -> User:
    account = User.objects.create_user("viewer")
    Membership.objects.create(user=account, tenant=default_tenant, role=Membership.Role.VIEWER)
    return account


def paths_of(batch: Batch) -> list[str]:
    job = Job.objects.get(batch=batch)
    return [
        f"{ROOT}/batch/{batch.pk}/status",
        f"{ROOT}/batch/{batch.pk}/results.csv",
        f"{ROOT}/batch/{batch.pk}/results.json",
        f"{ROOT}/status/{job.pk}",
    ]


def assert_problem(answer: Any, status: int) -> None:
    assert answer.status_code == status
    assert answer.json().keys() == {"detail", "errors", "invalid"}
    assert answer.json()["detail"]


def test_nobody_gets_in_without_a_token_or_a_session(batch: Batch) -> None:
    for path in paths_of(batch):
        assert_problem(Client().get(path), 401)
    for path in ("batch", "scan"):
        nobody = Client(enforce_csrf_checks=True)
        answer = nobody.post(f"{ROOT}/{path}", BODY, content_type=JSON)
        assert_problem(answer, 401)
        assert answer["WWW-Authenticate"] == "Bearer"
        assert "Authorization: Bearer TOKEN" in answer.json()["detail"]


@pytest.mark.parametrize("header", ["Bearer ssky_wrong", "Bearer", "Basic YTpi", "Bearer ÿ"])
def test_a_wrong_token_is_401(user: User, batch: Batch, header: str) -> None:
    client = Client(headers={"Authorization": header})
    answer = client.get(paths_of(batch)[0])
    assert_problem(answer, 401)
    assert "This token is not valid" in answer.json()["detail"]


def test_the_token_of_a_user_who_was_shut_out_is_401(user: User, batch: Batch) -> None:
    program = program_of(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert_problem(program.get(paths_of(batch)[0]), 401)


def test_the_rows_of_another_tenant_do_not_exist(stranger: User, batch: Batch) -> None:
    program = program_of(stranger)
    for path in paths_of(batch):
        assert_problem(program.get(path), 404)


def test_a_viewer_may_look_but_not_start_anything(viewer: User, batch: Batch) -> None:
    program = program_of(viewer)
    for path in paths_of(batch):
        assert program.get(path).status_code == 200
    assert_problem(program.post(f"{ROOT}/batch", BODY, content_type=JSON), 403)
    scan = json.dumps({"base_url": "b.example"})
    assert_problem(program.post(f"{ROOT}/scan", scan, content_type=JSON), 403)
    assert Job.objects.count() == 1


def test_a_session_may_read_and_needs_the_csrf_token_to_write(user: User, batch: Batch) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    assert client.get(paths_of(batch)[0]).status_code == 200
    assert_problem(client.post(f"{ROOT}/batch", BODY, content_type=JSON), 403)
    client.get("/api/v3/docs")  # sets the cookie
    headers = {"X-CSRFToken": client.cookies["csrftoken"].value}
    answer = client.post(f"{ROOT}/batch", BODY, content_type=JSON, headers=headers)
    assert answer.status_code == 201


def test_the_use_of_a_token_is_noted_once_a_minute(user: User, batch: Batch) -> None:
    program = program_of(user)
    program.get(paths_of(batch)[0])
    noted = ApiToken.objects.get().last_used_at
    assert noted is not None
    program.get(paths_of(batch)[0])
    assert ApiToken.objects.get().last_used_at == noted
    ApiToken.objects.update(last_used_at=timezone.now() - timedelta(hours=1))
    program.get(paths_of(batch)[0])
    again = ApiToken.objects.get().last_used_at
    assert again is not None
    assert again >= noted


@pytest.mark.usefixtures("schedules_on_time")
def test_health_answers_anybody_and_counts_the_workers() -> None:
    assert Client().get(f"{ROOT}/health").json() == {"status": "ok", "workers": 0}
    Worker.objects.create(host="one")
    assert Client().get(f"{ROOT}/health").json()["workers"] == 1


def test_health_is_503_when_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(connection, "ensure_connection", away)
    assert_problem(Client().get(f"{ROOT}/health"), 503)


def test_health_is_503_when_work_waits_and_nobody_scans(batch: Batch) -> None:
    Batch.objects.update(updated_at=timezone.now() - timedelta(hours=1))
    answer = Client().get(f"{ROOT}/health")
    assert_problem(answer, 503)
    assert "no worker is running" in answer.json()["detail"]


def test_a_failure_of_our_own_is_told_in_the_same_shape(
    user: User, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("batches.api.serializers.batch_status", broken)
    assert_problem(program_of(user).get(paths_of(batch)[0]), 500)


def test_an_address_the_api_does_not_have_is_told_in_the_same_shape() -> None:
    for path in ("/api/v3/nothing", "/api/v3/batch_page_scraper/nothing/here"):
        assert_problem(Client().get(path), 404)
        assert_problem(Client().post(path, "{}", content_type=JSON), 404)


def test_a_method_that_is_not_taken_is_told_in_the_same_shape() -> None:
    answer = Client().get(f"{ROOT}/batch")
    assert_problem(answer, 405)
    assert answer["Allow"] == "POST"


def test_the_openapi_document_names_every_address_and_error() -> None:
    document = Client().get("/api/v3/openapi.json").json()
    paths = document["paths"]
    assert set(paths) >= {
        f"{ROOT}/batch",
        f"{ROOT}/batch/{{batch_id}}/status",
        f"{ROOT}/scan",
        f"{ROOT}/status/{{job_id}}",
        f"{ROOT}/health",
    }
    assert set(paths[f"{ROOT}/batch"]["post"]["responses"]) == {"201", "401", "403", "409", "422"}
    bodies = paths[f"{ROOT}/batch"]["post"]["requestBody"]["content"]
    fields = bodies["application/json"]["schema"]["properties"]
    assert fields["max_pages"]["default"] == 1000


def test_the_docs_page_loads_nothing_from_elsewhere_and_runs_no_inline_script() -> None:
    answer = Client().get("/api/v3/docs")
    page = answer.content.decode()
    assert "https://" not in page
    assert "<style" not in page
    assert all("src=" in tag or "application/json" in tag for tag in page.split("<script")[1:])
    assert "default-src 'self'" in answer["Content-Security-Policy"]
