"""Recovery of dead workers' jobs, idle batches and wrong counters."""

import subprocess
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import OperationalError
from django.utils import timezone
from django_q.models import OrmQ, Schedule
from django_q.signals import post_spawn

from batches.housekeeping import audit, keep
from batches.maintenance import MINUTE_KEEPER
from batches.models import Batch, Job, Worker
from batches.runner import recovery
from batches.runner.recovery import recover
from batches.services import create_batch
from batches.tests.running import claim_jobs
from batches.transitions import cancel_job
from scrapersky.tenants.models import Tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def batch(default_tenant: Tenant) -> Batch:
    created = create_batch(
        tenant=default_tenant, created_by=None, domains=["a.example", "b.example"]
    )
    Batch.objects.start()
    OrmQ.objects.all().delete()
    return created


def hire(host: str = "h") -> Worker:
    worker = Worker.begin(host=host, pid=1)
    assert worker
    return worker


def claim_all(worker: Worker, batch: Batch) -> list[str]:
    return [job.key for job in claim_jobs(worker, batch)]


def begin(worker: Worker, key: str) -> None:
    """Start the scan of a claimed job."""
    job = Job.objects.get(pk=key)
    Job.objects.begin(worker, {(job.pk, job.claim_no): timezone.now()})


def fall_silent() -> None:
    Worker.objects.update(heartbeat_at=timezone.now() - timedelta(seconds=31))


def test_jobs_of_a_silent_worker_wait_again_and_only_started_ones_are_charged(
    batch: Batch,
) -> None:
    worker = hire()
    first, _ = claim_all(worker, batch)
    begin(worker, first)
    fall_silent()
    assert recover() == 2
    jobs = batch.jobs.order_by("position").values_list("status", "attempts", "worker")
    assert list(jobs) == [("pending", 1, None), ("pending", 0, None)]
    worker.refresh_from_db()
    assert worker.status == "lost"


def test_the_work_of_a_living_worker_is_left_alone(batch: Batch) -> None:
    claim_all(hire(), batch)
    assert recover() == 0
    assert batch.jobs.filter(worker__isnull=False).count() == 2


def test_a_job_that_was_started_by_three_lost_workers_fails_and_is_counted(batch: Batch) -> None:
    for number in range(3):
        worker = hire(f"h{number}")
        first, *_ = claim_all(worker, batch)
        begin(worker, first)
        fall_silent()
        recover()
    batch.refresh_from_db()
    assert (batch.status, batch.failed) == ("running", 1)
    assert batch.jobs.get(status="failed").failure_reason == "worker_lost"


def test_the_minute_keeper_queues_a_shift_where_its_host_has_none(db: None) -> None:
    hire("another host")
    keep()
    assert OrmQ.objects.count() == 1
    hire(settings.SCAN_WORKER_NAME)
    keep()
    assert OrmQ.objects.count() == 1


def test_a_running_job_without_a_worker_is_recovered(batch: Batch) -> None:
    worker = hire()
    begin(worker, claim_all(worker, batch)[0])
    Worker.objects.all().delete()
    assert recover() == 1
    jobs = batch.jobs.order_by("position").values_list("status", "attempts")
    assert list(jobs) == [("pending", 1), ("pending", 0)]


def test_a_cancelled_job_of_a_lost_worker_lets_its_host_go(batch: Batch) -> None:
    claim_all(hire(), batch)
    for job in batch.jobs.all():
        cancel_job(job)
    fall_silent()
    recover()
    assert set(batch.jobs.values_list("status", "worker", "attempts")) == {("cancelled", None, 0)}


def test_drifted_counters_are_repaired_and_said(
    batch: Batch, caplog: pytest.LogCaptureFixture
) -> None:
    Batch.objects.update(completed=1)
    assert audit() == 1
    batch.refresh_from_db()
    assert batch.completed == 0
    assert f"batch={batch.pk}" in caplog.text
    assert audit() == 0


def test_a_batch_whose_jobs_have_all_ended_is_finished_by_the_keeper(batch: Batch) -> None:
    Job.objects.update(status="complete", finished_at=timezone.now())
    keep()
    batch.refresh_from_db()
    assert (batch.status, batch.completed) == ("complete", 2)


def test_a_batch_whose_jobs_are_gone_ends_cancelled_and_the_keeper_goes_on(batch: Batch) -> None:
    Job.objects.all().delete()
    keep()
    batch.refresh_from_db()
    assert (batch.status, batch.total, batch.cancelled) == ("cancelled", 2, 2)


def test_old_shifts_are_forgotten(batch: Batch) -> None:
    worker = hire()
    worker.end()
    Worker.objects.update(ended_at=timezone.now() - timedelta(days=8))
    keep()
    assert not Worker.objects.exists()


def test_the_keeper_is_scheduled_and_an_edited_schedule_is_kept(default_tenant: Tenant) -> None:
    from batches.apps import make_schedules

    make_schedules(using="default")
    Schedule.objects.filter(name=MINUTE_KEEPER).update(minutes=5)
    make_schedules(using="default")
    assert Schedule.objects.get(name=MINUTE_KEEPER).minutes == 5


def test_the_work_of_a_dead_process_of_this_host_is_recovered_at_once(batch: Batch) -> None:
    worker = hire(settings.SCAN_WORKER_NAME)
    claim_all(worker, batch)
    gone = subprocess.Popen(["true"])
    gone.wait()
    Worker.objects.update(pid=gone.pid)
    assert recover() == 2


def test_a_queue_process_that_starts_queues_a_shift_where_its_host_has_none(batch: Batch) -> None:
    claim_all(hire(settings.SCAN_WORKER_NAME), batch)
    post_spawn.send(sender="django_q", proc_name="another")
    assert not OrmQ.objects.exists()
    fall_silent()
    post_spawn.send(sender="django_q", proc_name="another")
    assert OrmQ.objects.count() == 1
    assert set(batch.jobs.values_list("worker", flat=True)) == {None}


def test_a_worker_process_starts_while_the_database_is_away(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away() -> int:
        raise OperationalError("away")

    monkeypatch.setattr(recovery, "recover", away)
    recovery.resume()
    assert "The database is not available" in caplog.text
