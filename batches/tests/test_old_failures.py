"""The failures of the older system, by name: none of them can happen here.

These are the shortest versions of tests in tests/concurrency, test_races.py and test_flush.py.
"""

import threading
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from batches import housekeeping
from batches.models import Batch, Job, LookupKeyError, Worker
from batches.runner import recovery
from batches.runner.flush import flush
from batches.scanning.messages import failure
from batches.services import create_batch, initiate_scan
from batches.tests.api_clients import ROOT, program_of
from batches.tests.outcomes import scanned
from batches.tests.running import claim_jobs, run_shift
from batches.tests.sites import Sites
from scrapersky.tenants.models import Tenant, User
from tests.concurrency.audit import problems
from tests.processes import eventually

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime.now(UTC)
UNKNOWN = "018f0000-0000-7000-8000-000000000000"
QUICK = {"sitemaps": False, "follow": False, "site_deadline": 20}


def make(tenant: Tenant, count: int, **facts: Any) -> Batch:
    names = [f"s{number}.site.test" for number in range(count)]
    return create_batch(tenant=tenant, created_by=None, domains=names, options=QUICK, **facts)


def outcome(batch: Batch) -> tuple[str, int, int, int]:
    batch.refresh_from_db()
    return batch.status, batch.completed, batch.failed, batch.cancelled


def hire(host: str = "h") -> Worker:
    worker = Worker.begin(host=host, pid=1)
    assert worker
    return worker


def claimed(worker: Worker, batch: Batch) -> list[Any]:
    Batch.objects.start()
    return claim_jobs(worker, batch, ceiling=100)


def test_batch_pending_for_ever(default_tenant: Tenant, sites: Sites) -> None:
    batch = make(default_tenant, 2)
    assert OrmQ.objects.count() == 1
    OrmQ.objects.all().delete()
    housekeeping.keep()
    assert OrmQ.objects.count() == 1
    run_shift()
    assert outcome(batch) == ("complete", 2, 0, 0)


def test_tasks_lost_on_restart(default_tenant: Tenant, sites: Sites) -> None:
    batch = make(default_tenant, 3)
    claimed(hire("a host that lost its power"), batch)
    OrmQ.objects.all().delete()
    Worker.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=1))
    recovery.resume()
    assert OrmQ.objects.count() == 1
    run_shift()
    assert outcome(batch) == ("complete", 3, 0, 0)


def test_batch_complete_while_domains_pend(default_tenant: Tenant) -> None:
    batch = make(default_tenant, 2)
    worker = hire()
    first, second = claimed(worker, batch)
    flush(worker, [scanned(first)])
    assert outcome(batch) == ("running", 1, 0, 0)
    with pytest.raises(IntegrityError, match="batch_ends_when_its_jobs_have"), transaction.atomic():
        Batch.objects.update(status=Batch.Status.COMPLETE)
    flush(worker, [scanned(second)])
    assert outcome(batch) == ("complete", 2, 0, 0)


def test_sequential_processing(default_tenant: Tenant, sites: Sites) -> None:
    together = threading.Barrier(4)

    def wait_for_the_others(host: str) -> None:
        together.wait(timeout=15)

    sites.before = wait_for_the_others
    batch = make(default_tenant, 4)
    run_shift()
    assert sites.most == 4
    assert outcome(batch)[0] == "complete"


def test_failures_counted_as_completed(default_tenant: Tenant, sites: Sites) -> None:
    sites.statuses = {"s0.site.test": 500, "s2.site.test": 404}
    batch = make(default_tenant, 4)
    run_shift()
    assert outcome(batch) == ("partial", 2, 2, 0)
    failed = batch.jobs.filter(status="failed").values_list("domain__host", "failure_reason")
    assert dict(failed) == {"s0.site.test": "http_error", "s2.site.test": "http_error"}


def test_partial_overwritten_by_complete(default_tenant: Tenant) -> None:
    batch = make(default_tenant, 3)
    worker = hire()
    first, second, third = claimed(worker, batch)
    flush(worker, [failure(first, "read_timeout", "Late.", NOW), scanned(second)])
    flush(worker, [scanned(third)])
    assert outcome(batch) == ("partial", 2, 1, 0)
    flush(worker, [scanned(first), scanned(third)])
    housekeeping.keep()
    assert outcome(batch) == ("partial", 2, 1, 0)
    with pytest.raises(IntegrityError), transaction.atomic():
        Batch.objects.update(status=Batch.Status.COMPLETE)


def test_metadata_changed_in_place_and_not_saved(default_tenant: Tenant) -> None:
    batch = make(default_tenant, 1, metadata={"asked by": "Kim"})
    worker = hire()
    jobs = claimed(worker, batch)
    batch.metadata["seen"] = ["Lee"]
    batch.save(update_fields=["metadata"])
    batch.metadata["seen"].append("Sam")
    batch.save(update_fields=["metadata"])
    flush(worker, [scanned(job) for job in jobs])
    assert outcome(batch)[0] == "complete"
    assert batch.metadata == {"asked by": "Kim", "seen": ["Lee", "Sam"]}


def test_per_domain_statuses_missing(default_tenant: Tenant, user: User) -> None:
    batch = make(default_tenant, 4)
    worker = hire()
    first, second, third, _fourth = claimed(worker, batch)
    flush(worker, [scanned(first), failure(second, "tls_error", "It is old.", NOW)])
    Job.objects.begin(worker, {(third.id, third.claim_no): NOW})
    body = program_of(user).get(f"{ROOT}/batch/{batch.pk}/status").json()["domain_statuses"]
    assert {host: facts["status"] for host, facts in body.items()} == {
        "s0.site.test": "completed",
        "s1.site.test": "failed",
        "s2.site.test": "running",
        "s3.site.test": "pending",
    }
    assert body["s1.site.test"]["error"] == "It is old."


def test_none_batch_id(default_tenant: Tenant, sites: Sites) -> None:
    job = initiate_scan("s1.site.test", tenant=default_tenant)
    assert Job.objects.filter(pk=job.pk, batch__isnull=True).exists()
    run_shift()
    job.refresh_from_db()
    assert (job.status, job.batch_id) == ("complete", None)
    for nothing in (None, "None", "null", ""):
        with pytest.raises(LookupKeyError):
            Batch.objects.by_key(nothing)


def test_string_ids_in_bulk_insert(default_tenant: Tenant) -> None:
    wanted = uuid.uuid4()
    make(default_tenant, 3, batch_id=wanted)
    ids = list(Job.objects.values_list("batch_id", "domain_id", "tenant_id"))
    assert len(ids) == 3
    assert {type(value) for row in ids for value in row} == {UUID}
    assert {row[0] for row in ids} == {wanted}
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT table_name, column_name, data_type FROM information_schema.columns"
                " WHERE column_name IN ('batch_id', 'latest_batch_id')"
                " AND table_schema = current_schema()"
            )
            assert {row[2] for row in cursor.fetchall()} == {"uuid"}


def test_http_inside_a_transaction(default_tenant: Tenant, sites: Sites) -> None:
    free: list[str] = []

    def wait_until_no_transaction_is_open(host: str) -> None:
        eventually(is_nobody_in_a_transaction, within=15)
        free.append(host)
        connection.close()

    sites.before = wait_until_no_transaction_is_open
    batch = make(default_tenant, 3)
    run_shift()
    assert outcome(batch)[0] == "complete"
    assert len(free) == 3


def is_nobody_in_a_transaction() -> bool:
    """Return whether no other transaction is open; on SQLite, by starting a writing one."""
    if connection.vendor == "sqlite":
        return Tenant.objects.update_or_create(name="A writer")[0].pk is not None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%%'",
            [],
        )
        return not cursor.fetchone()[0]


@pytest.mark.parametrize("name", ["COMPLETE", "Status.COMPLETE", "Complete", "completed", "done"])
def test_enum_name_against_value(default_tenant: Tenant, name: str) -> None:
    make(default_tenant, 1)
    assert f"{Batch.Status.COMPLETE}" == Batch.Status.COMPLETE.value == "complete"
    for rows in (Batch.objects.all(), Job.objects.all()):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(status=name)
    assert set(Batch.objects.values_list("status")) | set(Job.objects.values_list("status")) == {
        ("pending",)
    }


@pytest.mark.parametrize("key", [UNKNOWN, "None", "7", "' OR 1=1 --", "%00"])
def test_a_status_page_that_errs_for_an_unknown_id(
    user: User, console: Client, default_tenant: Tenant, key: str
) -> None:
    batch = make(default_tenant, 1)
    for path in (f"{ROOT}/batch/{key}/status", f"{ROOT}/status/{key}"):
        answer = program_of(user).get(path)
        assert answer.status_code in {404, 422}
        assert answer.headers["Content-Type"].startswith("application/")
    for path in (f"/batches/{key}/", f"/batches/{key}/progress/", f"/jobs/{key}/"):
        assert console.get(path, headers={"HX-Request": "true"}).status_code == 404
    assert outcome(batch)[0] == "pending"


def test_a_status_page_that_is_wrong(user: User, default_tenant: Tenant) -> None:
    batch = make(default_tenant, 5)
    worker = hire()
    jobs = claimed(worker, batch)
    flush(worker, [scanned(jobs[0]), failure(jobs[1], "tls_error", "It is old.", NOW)])
    body = program_of(user).get(f"{ROOT}/batch/{batch.pk}/status").json()
    assert (body["status"], body["progress"]) == ("running", 0.4)
    assert (body["total_domains"], body["completed_domains"], body["failed_domains"]) == (5, 1, 1)
    assert problems() == []
