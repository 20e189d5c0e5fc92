"""Cancel, pause, resume, retry and rerun, and their invariants."""

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError
from django_q.models import OrmQ

from batches import transitions
from batches.models import Batch, Job, Worker
from batches.runner.flush import flush
from batches.scanning.messages import failure
from batches.services import create_batch, initiate_scan
from batches.tests.outcomes import scanned
from batches.tests.running import claim_jobs
from batches.transitions import TransitionError
from scrapersky.tenants.models import Tenant, User

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime.now(UTC)


@pytest.fixture
def batch(default_tenant: Tenant) -> Batch:
    hosts = ["a.example", "b.example", "c.example", "d.example"]
    created = create_batch(
        tenant=default_tenant, created_by=None, domains=hosts, options={"max_pages": 7}, name="Four"
    )
    Batch.objects.start()
    OrmQ.objects.all().delete()
    return created


@pytest.fixture
def worker(db: None) -> Worker:
    worker = Worker.begin(host="h", pid=1)
    assert worker
    return worker


@pytest.fixture
def mixed(batch: Batch, worker: Worker) -> Batch:
    """Return a batch that ended with two completed, a time-out and a refused connection."""
    jobs = claim_jobs(worker, batch, ceiling=9)
    late = failure(jobs[2], "read_timeout", "Late.", NOW)
    refused = failure(jobs[3], "connection_refused", "No.", NOW)
    flush(worker, [scanned(jobs[0]), scanned(jobs[1]), late, refused])
    batch.refresh_from_db()
    assert batch.status == "partial"
    return batch


def counters(batch: Batch) -> tuple[str, int, int, int]:
    batch.refresh_from_db()
    return batch.status, batch.completed, batch.failed, batch.cancelled


def statuses(batch: Batch) -> list[str]:
    return list(batch.jobs.order_by("position").values_list("status", flat=True))


def test_cancelling_a_waiting_batch_ends_it_at_once(batch: Batch) -> None:
    transitions.cancel_batch(batch)
    assert counters(batch) == ("cancelled", 0, 0, 4)
    assert statuses(batch) == ["cancelled"] * 4
    assert batch.finished_at is not None


def test_a_cancelled_batch_keeps_what_is_done_and_waits_for_what_runs(
    batch: Batch, worker: Worker
) -> None:
    first, *rest = claim_jobs(worker, batch, ceiling=1)
    flush(worker, [scanned(first)])
    transitions.cancel_batch(batch)
    assert counters(batch) == ("cancelling", 1, 0, 1)
    flush(worker, [failure(job, "cancelled", "Stopped.", NOW) for job in rest])
    assert counters(batch) == ("cancelled", 1, 0, 3)


def test_a_job_that_ends_well_while_its_batch_is_cancelled_stays_complete(
    batch: Batch, worker: Worker
) -> None:
    jobs = claim_jobs(worker, batch, ceiling=1)
    transitions.cancel_batch(batch)
    flush(worker, [scanned(job) for job in jobs])
    assert counters(batch) == ("cancelled", 3, 0, 1)


def test_a_job_given_back_to_a_batch_that_is_being_cancelled_is_cancelled(
    batch: Batch, worker: Worker
) -> None:
    claim_jobs(worker, batch, ceiling=1)
    transitions.cancel_batch(batch)
    batch.jobs.all().release()
    transitions.settle_cancelling()
    assert counters(batch) == ("cancelled", 0, 0, 4)


def test_a_large_batch_is_cancelled_in_chunks(
    batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transitions, "CANCEL_CHUNK", 3)
    transitions.cancel_batch(batch)
    assert counters(batch) == ("cancelled", 0, 0, 4)


def test_what_has_ended_cannot_be_cancelled_paused_or_resumed(mixed: Batch) -> None:
    for control in (transitions.cancel_batch, transitions.pause_batch, transitions.resume_batch):
        with pytest.raises(TransitionError, match="The batch is partial"):
            control(mixed)
    assert counters(mixed) == ("partial", 2, 2, 0)


def test_a_paused_batch_goes_on_where_it_was(batch: Batch, worker: Worker) -> None:
    transitions.pause_batch(batch)
    assert claim_jobs(worker, batch, ceiling=9) == []
    transitions.resume_batch(batch)
    assert len(claim_jobs(worker, batch, ceiling=9)) == 4


def test_a_batch_that_goes_on_queues_a_shift_where_no_host_has_one(batch: Batch) -> None:
    transitions.pause_batch(batch)
    OrmQ.objects.all().delete()
    transitions.resume_batch(batch)
    assert OrmQ.objects.count() == 1


def test_a_batch_paused_before_it_began_says_when_it_started(default_tenant: Tenant) -> None:
    batch = create_batch(tenant=default_tenant, created_by=None, domains=["a.example"])
    transitions.pause_batch(batch)
    transitions.resume_batch(batch)
    assert batch.started_at is not None


def test_a_batch_whose_last_job_ended_while_it_was_paused_ends_when_it_goes_on(
    batch: Batch, worker: Worker
) -> None:
    jobs = claim_jobs(worker, batch, ceiling=9)
    transitions.pause_batch(batch)
    flush(worker, [scanned(job) for job in jobs])
    assert counters(batch)[0] == "paused"
    transitions.resume_batch(batch)
    assert counters(batch) == ("complete", 4, 0, 0)


def test_a_paused_batch_can_be_cancelled(batch: Batch) -> None:
    transitions.pause_batch(batch)
    transitions.cancel_batch(batch)
    assert counters(batch)[0] == "cancelled"


def test_retry_scans_what_failed_and_leaves_what_is_complete(mixed: Batch) -> None:
    transitions.retry_batch(mixed)
    assert counters(mixed) == ("running", 2, 0, 0)
    assert statuses(mixed) == ["complete", "complete", "pending", "pending"]
    assert mixed.finished_at is None


def test_retry_by_cause_with_other_options(mixed: Batch, worker: Worker) -> None:
    transitions.retry_batch(mixed, reasons=["read_timeout"], options={"site_deadline": 120})
    assert statuses(mixed) == ["complete", "complete", "pending", "failed"]
    (job,) = claim_jobs(worker, mixed, ceiling=9)
    assert (job.options.site_deadline, job.options.max_pages, job.alone) == (120, 7, False)
    flush(worker, [scanned(job)])
    assert counters(mixed) == ("partial", 3, 1, 0)


def test_a_retried_batch_whose_jobs_all_succeed_is_complete(mixed: Batch, worker: Worker) -> None:
    transitions.retry_batch(mixed)
    jobs = claim_jobs(worker, mixed, ceiling=9)
    flush(worker, [scanned(job) for job in jobs])
    assert counters(mixed) == ("complete", 4, 0, 0)


def test_a_cancelled_batch_can_be_taken_up_again(batch: Batch) -> None:
    transitions.cancel_batch(batch)
    transitions.retry_batch(batch, reasons=["cancelled"])
    assert counters(batch) == ("running", 0, 0, 0)


def test_cancelled_jobs_are_retried_only_if_they_are_named(mixed: Batch) -> None:
    refused = mixed.jobs.filter(position=3)
    refused.update(status="cancelled", failure_reason="cancelled")
    Batch.objects.filter(pk=mixed.pk).update(failed=1, cancelled=1)

    transitions.retry_batch(mixed)
    assert statuses(mixed) == ["complete", "complete", "pending", "cancelled"]
    assert counters(mixed) == ("running", 2, 0, 1)

    with pytest.raises(TransitionError, match="use the reason cancelled"):
        transitions.retry_batch(mixed)
    transitions.retry_job(refused.get())
    assert statuses(mixed) == ["complete", "complete", "pending", "pending"]


def test_the_options_of_a_retry_belong_to_its_jobs_only(
    mixed: Batch, user: User, worker: Worker
) -> None:
    before = mixed.options
    changed = {"obey_robots": False, "request_delay": 2}
    transitions.retry_batch(mixed, reasons=["read_timeout"], options=changed)
    late, refused = mixed.jobs.order_by("position")[2:]
    assert late.options == before | changed
    assert refused.options == {}
    assert mixed.options == before

    again = transitions.rerun_batch(mixed, created_by=user)
    assert again.options == before
    assert set(again.jobs.values_list("status", flat=True)) == {"pending"}
    assert not again.jobs.exclude(options={}).exists()


def test_the_options_of_a_retry_do_not_outlive_it(mixed: Batch) -> None:
    transitions.retry_batch(mixed, reasons=["read_timeout"], options={"obey_robots": False})
    late = mixed.jobs.exclude(options={})
    late.update(status="failed", failure_reason="read_timeout", finished_at=NOW)
    Batch.objects.filter(pk=mixed.pk).update(failed=2)
    transitions.retry_batch(mixed, reasons=["read_timeout"])
    assert not late.exists()


def test_fewer_sites_at_once_apply_to_the_batch_at_once_and_to_no_rerun(
    mixed: Batch, user: User
) -> None:
    before = mixed.options
    for cap in (3, 2):
        transitions.retry_batch(mixed, options={"max_concurrent": cap})
        assert mixed.scan_options.max_concurrent == cap
        mixed.jobs.filter(status="pending").update(
            status="failed", failure_reason="read_timeout", finished_at=NOW
        )
        Batch.objects.filter(pk=mixed.pk).update(failed=2)
    assert mixed.options == before | {"max_concurrent": 2}
    assert transitions.rerun_batch(mixed, created_by=user).options == before


@pytest.mark.parametrize("reasons", [["tls_error"], ["nonsense"]])
def test_nothing_to_retry_is_said_and_changes_nothing(mixed: Batch, reasons: list[str]) -> None:
    with pytest.raises(TransitionError):
        transitions.retry_batch(mixed, reasons=reasons)
    assert counters(mixed) == ("partial", 2, 2, 0)


def test_bad_options_are_refused_before_anything_is_retried(mixed: Batch) -> None:
    with pytest.raises(ValidationError):
        transitions.retry_batch(mixed, options={"site_deadline": 0})
    assert counters(mixed) == ("partial", 2, 2, 0)


def test_a_batch_that_is_being_cancelled_is_not_retried(batch: Batch, worker: Worker) -> None:
    jobs = claim_jobs(worker, batch, ceiling=9)
    flush(worker, [failure(jobs[0], "tls_error", "Old.", NOW)])
    transitions.cancel_batch(batch)
    with pytest.raises(TransitionError, match="cancelling"):
        transitions.retry_batch(batch)
    assert statuses(batch) == ["failed", "pending", "pending", "pending"]


def test_one_domain_is_retried_from_its_row(mixed: Batch) -> None:
    job = mixed.jobs.get(failure_reason="read_timeout")
    assert transitions.retry_job(job).status == "pending"
    assert counters(mixed) == ("running", 2, 1, 0)


def test_a_single_scan_is_retried_as_a_job_of_its_own(default_tenant: Tenant) -> None:
    job = initiate_scan("a.example", tenant=default_tenant)
    Job.objects.update(status="failed", failure_reason="tls_error", finished_at=NOW)
    job.refresh_from_db()
    again = transitions.retry_job(job)
    assert (again.pk != job.pk, again.status) == (True, "pending")


def test_a_waiting_job_and_a_running_one_are_cancelled_and_an_ended_one_is_not(
    batch: Batch, worker: Worker
) -> None:
    (running, *_) = claim_jobs(worker, batch, ceiling=1)
    first, *_, last = batch.jobs.order_by("position")
    assert transitions.cancel_job(last).status == "cancelled"
    cancelled = transitions.cancel_job(first)
    assert (cancelled.status, cancelled.failure_reason) == ("cancelled", "cancelled")
    assert cancelled.worker == worker  # until the scan has stopped
    with pytest.raises(TransitionError, match="nothing to cancel"):
        transitions.cancel_job(first)
    assert counters(batch) == ("running", 0, 0, 2)
    flush(worker, [scanned(running)])
    assert counters(batch) == ("running", 0, 0, 2)
    assert statuses(batch)[0] == "cancelled"


def test_a_batch_ends_when_its_last_running_job_is_cancelled(batch: Batch, worker: Worker) -> None:
    jobs = claim_jobs(worker, batch, ceiling=9)
    flush(worker, [scanned(job) for job in jobs[:3]])
    transitions.cancel_job(batch.jobs.get(pk=jobs[3].id))
    assert counters(batch) == ("partial", 3, 0, 1)


def test_rerun_is_a_whole_new_batch_of_the_same_domains(mixed: Batch, user: User) -> None:
    again = transitions.rerun_batch(mixed, created_by=user)
    assert again.pk != mixed.pk
    assert (again.total, again.name, again.options) == (4, "Four (again)", mixed.options)
    order = [list(b.jobs.order_by("position").values_list("domain")) for b in (mixed, again)]
    assert order[0] == order[1]
    assert again.metadata["rerun_of"] == str(mixed.pk)


def test_a_job_of_the_older_system_whose_domain_is_gone_is_not_retried(mixed: Batch) -> None:
    Job.objects.filter(failure_reason="read_timeout").update(domain=None, legacy_id=1)
    transitions.retry_batch(mixed)
    assert statuses(mixed) == ["complete", "complete", "failed", "pending"]
    assert counters(mixed) == ("running", 2, 1, 0)
