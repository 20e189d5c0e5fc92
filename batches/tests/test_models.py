"""Database constraints and guarded transitions."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from batches.models import Batch, Job, LookupKeyError, Worker, parse_key
from batches.models.job import host_key
from batches.services import create_batch, initiate_scan
from batches.tests.running import claim_jobs
from scrapersky.tenants.models import Tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def batch(default_tenant: Tenant) -> Batch:
    hosts = ["a.example", "b.example", "c.example"]
    return create_batch(tenant=default_tenant, created_by=None, domains=hosts)


@pytest.mark.parametrize(
    "facts",
    [
        {"status": "done"},
        {"processor_type": "magic"},
        {"completed": 4},
        {"completed": 2, "failed": 2},
        {"cancelled": -1},
        {"total": 0},
        {"status": "complete"},
        {"status": "complete", "completed": 2, "failed": 1},
        {"status": "failed", "completed": 1, "failed": 2},
        {"status": "partial", "completed": 1, "failed": 1},
        {"tenant": uuid.uuid4()},
        {"created_by": uuid.uuid4()},
    ],
)
@pytest.mark.django_db(transaction=True)
def test_a_batch_that_lies_cannot_be_stored(batch: Batch, facts: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError):
        Batch.objects.filter(pk=batch.pk).update(**facts)


@pytest.mark.parametrize(
    "facts",
    [
        {"status": "done"},
        {"progress": 1.5},
        {"failure_reason": "bad luck"},
        {"status": "failed", "finished_at": timezone.now()},
        {"status": "complete"},
        {"finished_at": timezone.now()},
        {"batch": uuid.uuid4()},
        {"domain": None},
    ],
)
@pytest.mark.django_db(transaction=True)
def test_a_job_that_lies_cannot_be_stored(batch: Batch, facts: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError):
        batch.jobs.filter(position=0).update(**facts)


def test_a_batch_has_one_job_a_domain(batch: Batch) -> None:
    job = batch.jobs.earliest("position")
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.create(tenant=batch.tenant, batch=batch, domain=job.domain)


def test_a_domain_has_one_active_job_outside_batches(default_tenant: Tenant) -> None:
    job = initiate_scan("a.example", tenant=default_tenant)
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.create(tenant=default_tenant, domain=job.domain)


@pytest.mark.parametrize(
    ("completed", "failed", "cancelled", "status"),
    [
        (3, 0, 0, "complete"),
        (0, 3, 0, "failed"),
        (1, 2, 0, "partial"),
        (2, 0, 1, "partial"),
        (0, 2, 1, "failed"),
        (0, 0, 3, "cancelled"),
        (2, 0, 0, "running"),
    ],
)
def test_a_batch_ends_as_its_jobs_did(
    batch: Batch, completed: int, failed: int, cancelled: int, status: str
) -> None:
    Batch.objects.start()
    Batch.objects.count_jobs(
        {batch.pk: {"completed": completed, "failed": failed, "cancelled": cancelled}}
    )
    batch.refresh_from_db()
    assert batch.status == status
    assert (batch.finished_at is not None) == (status != "running")


def test_a_batch_that_is_being_cancelled_ends_cancelled(batch: Batch) -> None:
    Batch.objects.update(status=Batch.Status.CANCELLING)
    Batch.objects.count_jobs({batch.pk: {"completed": 1, "cancelled": 2}})
    batch.refresh_from_db()
    assert batch.status == Batch.Status.CANCELLED


def test_the_counters_tell_how_many_jobs_a_list_holds(batch: Batch) -> None:
    Batch.objects.filter(pk=batch.pk).update(failed=1, cancelled=1)
    batch.refresh_from_db()
    counts = [batch.count_of(status) for status in ("", "complete", "failed", "cancelled")]
    assert counts == [batch.total, 0, 1, 1]
    assert batch.count_of("pending") is batch.count_of("running") is None


@pytest.mark.parametrize("origin", [{"legacy_id": 7}, {"legacy_batch_id": "batch_7"}])
def test_the_counters_of_an_older_batch_tell_nothing_of_its_rows(
    batch: Batch, origin: dict[str, Any]
) -> None:
    Batch.objects.filter(pk=batch.pk).update(**origin)
    batch.refresh_from_db()
    assert batch.count_of("") is None


def test_a_paused_batch_does_not_end_by_counting(batch: Batch) -> None:
    Batch.objects.update(status=Batch.Status.PAUSED)
    Batch.objects.count_jobs({batch.pk: {"completed": 3}})
    batch.refresh_from_db()
    assert batch.status == Batch.Status.PAUSED


def test_a_job_is_found_by_uuid_its_text_and_its_legacy_id(batch: Batch) -> None:
    job = batch.jobs.earliest("position")
    Job.objects.filter(pk=job.pk).update(legacy_id=310)
    for key in (job.pk, str(job.pk), job.pk.hex, 310, "310", " 310 "):
        assert Job.objects.by_key(key).get() == job


@pytest.mark.parametrize("key", ["", "abc", "-1", None, True, 3.5, "9" * 30, "batch_310", "³"])
def test_any_other_key_is_a_clear_error(key: object) -> None:
    with pytest.raises(LookupKeyError, match="neither a UUID nor a legacy id"):
        parse_key(key)


def test_a_host_has_one_live_worker() -> None:
    first = Worker.begin(host="h", pid=1)
    assert first
    assert Worker.begin(host="h", pid=2) is None
    assert Worker.begin(host="other", pid=2)
    assert first.end()
    assert Worker.begin(host="h", pid=3)


def test_a_lost_worker_can_neither_beat_nor_end() -> None:
    worker = Worker.begin(host="h", pid=1)
    assert worker
    Worker.objects.update(heartbeat_at=timezone.now() - timedelta(seconds=60))
    assert Worker.objects.declare_lost() == 1
    assert not worker.beat()
    assert not worker.end()


@pytest.mark.parametrize(
    ("domain", "host"),
    [
        ("example.com", "example.com"),
        ("www.example.com", "example.com"),
        ("WWW.Example.com:8443", "example.com"),
        ("www2.example.com", "www2.example.com"),
        ("[2001:db8::1]:8080", "[2001:db8::1]"),
    ],
)
def test_two_names_of_one_server_are_one_host(domain: str, host: str) -> None:
    assert host_key(domain) == host


def test_a_new_job_names_its_host(default_tenant: Tenant) -> None:
    job = initiate_scan("www.example.com", tenant=default_tenant)
    assert job.host == "example.com"


@pytest.mark.django_db(transaction=True)
def test_a_claim_takes_the_first_jobs_once(batch: Batch) -> None:
    Batch.objects.start()
    worker = Worker.begin(host="h", pid=1)
    assert worker
    Batch.objects.update(options={"max_concurrent": 1})
    jobs = claim_jobs(worker, batch)
    assert [job.host for job in jobs] == ["a.example", "b.example", "c.example"]
    assert {job.claim_no for job in jobs} == {1}
    assert claim_jobs(worker, batch) == []


def test_a_job_that_was_claimed_again_is_no_longer_held(batch: Batch) -> None:
    Batch.objects.start()
    worker = Worker.begin(host="h", pid=1)
    assert worker
    ids = [job.id for job in claim_jobs(worker, batch)]
    Job.objects.filter(pk=ids[0]).release()
    claim_jobs(worker, batch)
    assert Job.objects.held(worker, dict.fromkeys(ids, 1)) == set(ids[1:])


def test_the_third_loss_fails_a_job_and_the_first_two_do_not(batch: Batch) -> None:
    Batch.objects.start()
    worker = Worker.begin(host="h", pid=1)
    assert worker
    counted = []
    for _ in range(3):
        first = claim_jobs(worker, batch)[0]
        counted.append(Job.objects.filter(pk=first.id).fail_lost())
        batch.jobs.filter(worker__isnull=False).release()
    job = Job.objects.get(pk=first.id)
    assert counted == [[], [], [(batch.tenant_id, batch.pk)]]
    assert (job.status, job.failure_reason, job.attempts) == ("failed", "worker_lost", 3)
