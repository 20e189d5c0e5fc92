"""/healthz reports whether the console is able to work."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ, Schedule

from batches.models import Batch, Worker
from batches.services import create_batch
from scrapersky import health
from scrapersky.tenants.models import Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("schedules_on_time")]
LONG_AGO = timedelta(hours=1)


def test_all_is_well_on_a_console_with_nothing_to_do(client: Client) -> None:
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "problems": []}


def test_the_answer_is_never_cached(client: Client) -> None:
    assert "no-store" in client.get("/healthz")["Cache-Control"]


def test_a_message_that_nobody_takes_is_a_problem(client: Client) -> None:
    OrmQ.objects.create(key="scrapersky", payload="", lock=timezone.now() - LONG_AGO)
    response = client.get("/healthz")
    assert response.status_code == 503
    assert "queue" in response.json()["problems"][0]


def test_a_message_that_is_being_worked_on_is_none() -> None:
    OrmQ.objects.create(key="scrapersky", payload="", lock=timezone.now() + LONG_AGO)
    assert health.problems() == []


def test_late_schedules_are_a_problem() -> None:
    Schedule.objects.create(func="nothing", repeats=-1, next_run=timezone.now() - LONG_AGO)
    assert ["schedules are late" in problem for problem in health.problems()] == [True]


def test_a_schedule_that_has_had_all_its_runs_is_none() -> None:
    Schedule.objects.create(func="nothing", repeats=0, next_run=timezone.now() - LONG_AGO)
    assert health.problems() == []


@pytest.fixture
def forgotten(default_tenant: Tenant) -> Batch:
    """Return a batch that has been waiting for a long time."""
    batch = create_batch(tenant=default_tenant, created_by=None, domains=["acme.test"])
    Batch.objects.filter(pk=batch.pk).update(updated_at=timezone.now() - LONG_AGO)
    return batch


def test_more_batches_may_wait_than_a_statement_has_parameters(
    forgotten: Batch, default_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "BATCHES_AT_ONCE", 2)
    columns = {"tenant": default_tenant, "total": 1, "updated_at": forgotten.updated_at - LONG_AGO}
    Batch.objects.bulk_create(Batch(**columns) for _ in range(5))
    with CaptureQueriesContext(connection) as queries:
        assert health.problems() == [
            "Domains are waiting, but no worker is running. Start `manage.py qcluster`."
        ]
    in_batches = [query["sql"] for query in queries if '"batch_id" IN (' in query["sql"]]
    assert in_batches
    assert all(sql.partition('"batch_id" IN (')[2].count(",") < 2 for sql in in_batches)


def test_work_that_waits_without_a_worker_is_a_problem(forgotten: Batch) -> None:
    assert health.problems() == [
        "Domains are waiting, but no worker is running. Start `manage.py qcluster`."
    ]


def test_jobs_of_ended_batches_are_not_searched_for_waiting_ones() -> None:
    with CaptureQueriesContext(connection) as queries:
        assert health.work_problems() == []
    of_jobs = [query["sql"] for query in queries if 'FROM "batches_job"' in query["sql"]]
    assert ['"batch_id" IS NULL' in sql for sql in of_jobs] == [True]


def test_work_that_waits_for_a_living_worker_is_none(forgotten: Batch) -> None:
    Worker.begin(host="here", pid=1)
    assert health.problems() == []


def test_paused_work_is_none(forgotten: Batch) -> None:
    Batch.objects.filter(pk=forgotten.pk).update(status=Batch.Status.PAUSED)
    assert health.problems() == []


def test_a_database_that_is_away_is_one_sentence(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise OperationalError("password of the database and the like")

    monkeypatch.setattr(connection, "ensure_connection", away)
    response = client.get("/healthz")
    assert response.status_code == 503
    assert response.json()["problems"] == ["The database does not respond. Try again in a moment."]


def test_waiting_migrations_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health.MigrationExecutor, "migration_plan", lambda *args: ["one"])
    health._require_migrated.cache_clear()
    assert health.problems() == ["The database is out of date: run `manage.py migrate`."]
    health._require_migrated.cache_clear()
