"""Every log line about a batch, job or domain identifies it."""

import logging
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from batches import transitions
from batches.models import Batch, Job, Worker
from batches.runner.flush import flush
from batches.runner.recovery import recover
from batches.runner.shift import start_pending
from batches.scanning.messages import ClaimedJob, Kind, Outcome, failure
from batches.services import create_batch
from batches.tests.outcomes import scanned
from batches.tests.running import claim_jobs
from scans.engine.report import Contact, ContactKind
from scrapersky.tenants.models import Tenant

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime.now(UTC)


@pytest.fixture
def worker(db: None) -> Worker:
    worker = Worker.begin(host="h", pid=1)
    assert worker
    return worker


@pytest.fixture
def batch(default_tenant: Tenant, caplog: pytest.LogCaptureFixture) -> Batch:
    caplog.set_level(logging.DEBUG, logger="batches")
    return create_batch(tenant=default_tenant, created_by=None, domains=["a.example", "b.example"])


def claim_all(worker: Worker, batch: Batch) -> list[ClaimedJob]:
    start_pending()
    return claim_jobs(worker, batch, ceiling=9)


def ids(job: ClaimedJob) -> str:
    return f"batch={job.batch_id} job={job.id} domain={job.domain_id} host={job.host}"


def lines(caplog: pytest.LogCaptureFixture, words: str) -> list[str]:
    return [line for line in caplog.messages if words in line]


def test_a_batch_that_starts_and_ends_is_named(
    batch: Batch, worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = claim_all(worker, batch)
    flush(worker, [scanned(first), failure(second, "tls_error", "It is old.", NOW)])
    assert f"batch={batch.pk} starts, 2 jobs" in caplog.messages
    assert f"{ids(first)} is complete" in caplog.messages
    assert f"{ids(second)} ends with tls_error: It is old." in caplog.messages
    (end,) = lines(caplog, "has ended")
    assert end.startswith(f"batch={batch.pk} ")
    assert "status=partial, completed=1, failed=1, cancelled=0, total=2" in end


def test_a_batch_that_is_cancelled_is_named(batch: Batch, caplog: pytest.LogCaptureFixture) -> None:
    transitions.cancel_batch(batch)
    assert "status=cancelled" in lines(caplog, f"batch={batch.pk} has ended")[0]


def test_jobs_that_are_lost_dropped_or_written_alone_are_named(
    batch: Batch, worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = claim_all(worker, batch)
    broken = scanned(second, contacts=(Contact(ContactKind.EMAIL, "x@y.de", confidence=7),))
    flush(worker, [Outcome(first, Kind.LOST, b"{}", NOW), broken])
    flush(worker, [scanned(first)])
    assert f"{ids(first)} was lost in attempt 1" in caplog.messages
    assert f"{ids(first)} was taken over; its outcome is dropped" in caplog.messages
    assert len(lines(caplog, "is written alone")) == 2
    assert f"{ids(second)} cannot be stored" in caplog.messages


def test_jobs_that_are_taken_back_are_named(
    batch: Batch, worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = claim_all(worker, batch)
    Job.objects.begin(worker, {(first.id, first.claim_no): NOW})
    Worker.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=1))
    recover()
    matching = lines(caplog, f"worker={worker.pk} is lost")
    assert len(matching) == 2
    assert lines(caplog, "had started it")[0].startswith(f"batch={batch.pk} job={first.id} ")
    assert lines(caplog, "only held it")[0].startswith(f"batch={batch.pk} job={second.id} ")
