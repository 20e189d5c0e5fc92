"""Concurrent writers of the same rows: no deadlocks, and clear errors on giving up."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection, transaction
from django.test import Client

from batches.models import Batch, Worker
from batches.runner.flush import flush
from batches.services import create_batch
from batches.tests.api_clients import program_of
from batches.tests.outcomes import scanned
from batches.tests.running import claim_jobs
from scans import staging
from scans.models import Domain
from scans.services import ensure_domains
from scrapersky.tenants.models import Tenant, User
from scrapersky.web.database_errors import is_conflict, message_of, retry_on_conflict
from tests.processes import eventually

pytestmark = pytest.mark.django_db(transaction=True)
on_postgres = pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL only")
on_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite only")


def at_once(*acts: Callable[[], Any]) -> list[BaseException]:
    """Run functions concurrently in threads; return the exceptions raised."""
    start, errors = threading.Barrier(len(acts)), []

    def run(act: Callable[[], Any]) -> None:
        try:
            start.wait(10)
            act()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return errors


def test_large_batches_with_the_same_domains_in_other_orders_do_not_deadlock(
    default_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "ROWS_AT_ONCE", 10)
    hosts = [f"d{number:03}.example" for number in range(200)]
    lists = [hosts, hosts[::-1], hosts[100:] + hosts[:100]]

    def create(domains: list[str]) -> None:
        with transaction.atomic():  # without retries
            create_batch(tenant=default_tenant, created_by=None, domains=domains)

    assert at_once(*[lambda domains=domains: create(domains) for domains in lists]) == []

    created = [
        list(batch.jobs.order_by("position").values_list("domain__host", flat=True))
        for batch in Batch.objects.all()
    ]
    assert sorted(created) == sorted(lists)
    assert Domain.objects.count() == 200


def error_with(**cause: Any) -> OperationalError:
    """Return Django's error for a driver error with these attributes."""
    error = OperationalError("internal words of the database")
    error.__cause__ = type("DriverError", (Exception,), cause)()
    return error


@pytest.mark.parametrize(
    ("cause", "message"),
    [
        ({"sqlstate": "40P01"}, "busy with other changes"),
        ({"sqlstate": "55P03"}, "busy with other changes"),
        ({"sqlite_errorcode": sqlite3.SQLITE_BUSY_SNAPSHOT}, "busy with other changes"),
        ({"sqlite_errorcode": sqlite3.SQLITE_LOCKED}, "busy with other changes"),
        ({"sqlstate": "57014"}, "took too long"),
        ({"sqlstate": "57P01"}, "does not respond"),
        ({"sqlite_errorcode": sqlite3.SQLITE_CANTOPEN}, "does not respond"),
        ({}, "does not respond"),
    ],
)
def test_a_busy_database_is_not_one_that_is_away(cause: dict[str, Any], message: str) -> None:
    error = error_with(**cause)
    assert message in message_of(error)
    assert is_conflict(error) == ("busy" in message)


@on_postgres
@pytest.mark.parametrize(("failures", "calls"), [(0, 1), (2, 3), (3, 3)])
def test_a_transaction_that_lost_a_deadlock_is_repeated(failures: int, calls: int) -> None:
    called = 0

    @retry_on_conflict
    def work() -> str:
        nonlocal called
        called += 1
        if called <= failures:
            raise error_with(sqlstate="40P01")
        return "done"

    if failures < 3:
        assert work() == "done"
    else:
        with pytest.raises(OperationalError):
            work()
    assert called == calls


@pytest.mark.parametrize("state", ["57P01", "40P01"])
def test_nothing_is_repeated_inside_a_transaction_or_without_a_database(state: str) -> None:
    called = 0

    @retry_on_conflict
    def work() -> None:
        nonlocal called
        called += 1
        raise error_with(sqlstate=state)

    with pytest.raises(OperationalError), transaction.atomic():
        work()
    assert called == 1


@on_postgres
def test_a_lock_timeout_is_repeated_and_then_succeeds(default_tenant: Tenant) -> None:
    ensure_domains(tenant=default_tenant, hosts=["a.example"])
    with closing(psycopg.connect(**connection.get_connection_params())) as other:
        other.execute("LOCK TABLE batches_batch IN EXCLUSIVE MODE")
        release = threading.Timer(0.3, other.rollback)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '250ms'")
        release.start()
        try:
            create_batch(tenant=default_tenant, created_by=None, domains=["a.example"])
        finally:
            release.join()
            connection.close()
    assert Batch.objects.count() == 1


@on_postgres
def test_a_flush_that_loses_a_deadlock_is_written_at_once(default_tenant: Tenant) -> None:
    batch = create_batch(tenant=default_tenant, created_by=None, domains=["a.example"])
    Batch.objects.start()
    worker = Worker.begin(host="h", pid=1)
    assert worker
    (job,) = claim_jobs(worker, batch)
    with closing(psycopg.connect(**connection.get_connection_params())) as other:
        other.execute("SET deadlock_timeout = '60s'")  # so that the flush notices first
        other.execute("SELECT FROM scans_domain WHERE id = %s FOR UPDATE", [job.domain_id])

        def lock_in_the_other_order() -> None:
            eventually(lambda: is_waited_for(other))
            other.execute("SELECT FROM batches_job WHERE id = %s FOR UPDATE", [job.id])
            other.rollback()

        assert at_once(lambda: flush(worker, [scanned(job)]), lock_in_the_other_order) == []
    batch.refresh_from_db()
    assert (batch.status, batch.completed) == ("complete", 1)


def is_waited_for(session: psycopg.Connection) -> bool:
    pid = session.info.backend_pid
    rows = session.execute("SELECT FROM pg_locks WHERE %s = ANY (pg_blocking_pids(pid))", [pid])
    return bool(rows.fetchall())


@pytest.fixture
def locked(default_tenant: Tenant) -> Iterator[None]:
    """Hold the write lock of the SQLite file, for which writers wait 50 ms."""
    with closing(sqlite3.connect(connection.settings_dict["NAME"])) as other:
        other.isolation_level = None
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout = 50")
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")
    connection.close()


@on_sqlite
def test_a_page_says_that_the_database_is_busy(console: Client, locked: None) -> None:
    console.raise_request_exception = False
    response = console.post("/batches/new/", {"domains": "a.example"})
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"
    body = response.content.decode()
    assert "The database is busy with other changes." in body
    assert "locked" not in body


@pytest.fixture
def program(user: User) -> Client:
    return program_of(user)


@on_sqlite
def test_the_api_says_that_the_database_is_busy(program: Client, locked: None) -> None:
    response = program.post(
        "/api/v3/batch_page_scraper/batch",
        {"domains": ["a.example"]},
        content_type="application/json",
    )
    assert response.status_code == 503
    assert "The database is busy" in response.json()["detail"]


def test_any_other_failure_of_a_page_is_still_a_500(
    console: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise ValueError("an internal fault")

    console.raise_request_exception = False
    monkeypatch.setattr("batches.views.console.statistics", fail)
    response = console.get("/")
    assert (response.status_code, b"internal fault" in response.content) == (500, False)
