"""Sitemap submission: queued domains become imports, and no domain stays in progress."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from django_q.models import Schedule
from pytest_django.fixtures import Settings

from batches import tasks, transitions
from batches.housekeeping import keep
from batches.models import Batch, Job, MaintenanceRun, Worker
from batches.models.job import MAX_ATTEMPTS
from batches.runner.flush import flush
from batches.runner.recovery import recover
from batches.scanning.messages import ClaimedJob, Kind, Outcome, failure
from batches.services import create_batch
from batches.sitemap_submission import settle_stranded, submit_queued
from batches.tests.outcomes import scanned
from batches.tests.running import claim_jobs
from scans.engine.errors import FailureReason
from scans.engine.report import PageEntry, SitemapFile
from scans.models import Domain
from scans.services import queue_for_sitemaps
from scrapersky.tenants.models import Tenant

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.fixture
def worker(db: None) -> Worker:
    worker = Worker.begin(host="h", pid=1)
    assert worker
    return worker


def queued(tenant: Tenant, *hosts: str) -> None:
    """Queue domains in order."""
    for minute, host in enumerate(hosts):
        Domain.objects.create(
            tenant=tenant,
            host=host,
            sitemap_analysis_status="queued",
            sitemap_queued_at=NOW + timedelta(minutes=minute),
        )


def state_of(host: str) -> tuple[str, str]:
    domain = Domain.objects.get(host=host)
    return domain.sitemap_analysis_status, domain.sitemap_analysis_error


def submitted(tenant: Tenant, worker: Worker, *hosts: str, **options: Any) -> list[ClaimedJob]:
    """Submit domains and claim their imports."""
    queued(tenant, *hosts)
    submit_queued()
    batch = Batch.objects.get()
    Batch.objects.filter(pk=batch.pk).update(options=batch.options | options)
    Batch.objects.start()
    return claim_jobs(worker, batch, ceiling=100)


# Into work


def test_the_domains_that_waited_longest_become_one_batch_of_imports(
    default_tenant: Tenant,
) -> None:
    queued(default_tenant, "z.example", "a.example", "m.example")
    assert submit_queued(limit=2) == "2 domains submitted."
    batch = Batch.objects.get()
    assert (batch.processor_type, batch.total, batch.tenant) == (
        "sitemap_import",
        2,
        default_tenant,
    )
    jobs = list(batch.jobs.select_related("domain").order_by("position"))
    assert [str(job.domain) for job in jobs] == ["z.example", "a.example"]
    assert {job.job_type for job in jobs} == {"sitemap_import"}
    assert [state_of(h)[0] for h in ("z.example", "a.example", "m.example")] == [
        "processing",
        "processing",
        "queued",
    ]


def test_a_run_takes_no_more_than_the_setting_says(
    default_tenant: Tenant, settings: Settings
) -> None:
    settings.SCAN_SITEMAP_SUBMISSIONS = 1
    queued(default_tenant, "a.example", "b.example")
    assert submit_queued() == "1 domain submitted."
    assert submit_queued() == "1 domain submitted."
    assert submit_queued() == "No domain was queued."
    assert Batch.objects.count() == 2


def test_domains_queued_without_a_time_are_the_oldest(default_tenant: Tenant) -> None:
    queued(default_tenant, "a.example", "b.example")
    Domain.objects.filter(host="b.example").update(sitemap_queued_at=None)
    submit_queued(limit=1)
    assert state_of("b.example")[0] == "processing"


def test_each_tenant_gets_a_batch_of_its_own(default_tenant: Tenant, other_tenant: Tenant) -> None:
    queued(default_tenant, "a.example")
    queued(other_tenant, "a.example", "b.example")
    submit_queued()
    totals = dict(Batch.objects.values_list("tenant", "total"))
    assert totals == {default_tenant.pk: 1, other_tenant.pk: 2}
    for job in Job.objects.select_related("domain", "batch"):
        assert job.domain
        assert job.batch
        assert job.tenant_id == job.domain.tenant_id == job.batch.tenant_id


def test_a_domain_that_cannot_become_a_job_fails_with_the_reason(default_tenant: Tenant) -> None:
    queued(default_tenant, "good.example", "192.168.1.1", "not a domain")
    assert submit_queued() == "1 domain submitted, 2 cannot be scanned."
    assert Batch.objects.get().total == 1
    for host in ("192.168.1.1", "not a domain"):
        state, error = state_of(host)
        assert state == "failed"
        assert error


def test_nothing_but_domains_that_cannot_be_scanned_makes_no_batch(default_tenant: Tenant) -> None:
    queued(default_tenant, "not a domain")
    submit_queued()
    assert not Batch.objects.exists()


def test_an_import_that_cannot_be_created_leaves_its_domains_queued(
    default_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued(default_tenant, "a.example")
    monkeypatch.setattr("batches.services.add_jobs", lambda *a, **k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        submit_queued()
    assert state_of("a.example")[0] == "queued"
    assert not Batch.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_submissions_at_once_take_each_domain_once(default_tenant: Tenant) -> None:
    queued(default_tenant, *(f"s{n}.example" for n in range(40)))
    start = threading.Barrier(4)

    def submit() -> None:
        start.wait()
        submit_queued()
        connection.close()

    threads = [threading.Thread(target=submit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Job.objects.count() == 40
    assert Domain.objects.filter(sitemap_analysis_status="processing").count() == 40
    assert sum(Batch.objects.values_list("total", flat=True)) == 40


# Out of work


def test_an_import_that_stored_a_sitemap_is_submitted(
    default_tenant: Tenant, worker: Worker
) -> None:
    (job,) = submitted(default_tenant, worker, "a.example")
    files = (SitemapFile("https://a.example/sitemap.xml", "urlset", "robots"),)
    pages = (PageEntry("https://a.example/"), PageEntry("https://a.example/b"))
    flush(worker, [scanned(job, sitemaps=files, pages=pages)])
    assert state_of("a.example") == ("submitted", "")
    domain = Domain.objects.get()
    assert (domain.sitemaps.count(), domain.sitemap_count, domain.page_count) == (1, 1, 2)


def test_an_import_without_a_sitemap_is_no_success(default_tenant: Tenant, worker: Worker) -> None:
    none, broken = submitted(default_tenant, worker, "none.example", "broken.example")
    file = SitemapFile("https://broken.example/sitemap.xml", "", "robots", error="It is HTML.")
    flush(worker, [scanned(none, sitemaps=()), scanned(broken, sitemaps=(file,))])
    assert state_of("none.example") == ("failed", "The site has no sitemap.")
    assert state_of("broken.example") == ("failed", "No sitemap could be read: It is HTML.")


def test_an_import_that_failed_says_why(default_tenant: Tenant, worker: Worker) -> None:
    (job,) = submitted(default_tenant, worker, "a.example")
    flush(worker, [failure(job, "tls_error", "The certificate is old.", timezone.now())])
    assert state_of("a.example") == ("failed", "The certificate is old.")


def test_a_domain_queued_again_while_an_import_of_it_ends_stays_queued(
    default_tenant: Tenant, worker: Worker
) -> None:
    jobs = submitted(default_tenant, worker, "a.example", "b.example")
    Domain.objects.update(sitemap_analysis_status="queued", sitemap_queued_at=NOW)
    ends = [scanned(jobs[0]), failure(jobs[1], "tls_error", "", timezone.now())]
    flush(worker, ends)
    assert [state_of(host)[0] for host in ("a.example", "b.example")] == ["queued", "queued"]


def test_the_import_of_a_cancelled_batch_is_settled(default_tenant: Tenant) -> None:
    queued(default_tenant, "a.example", "b.example")
    submit_queued()
    transitions.cancel_batch(Batch.objects.get())
    assert state_of("a.example")[0] == "processing"
    keep()
    assert state_of("a.example") == state_of("b.example")
    assert state_of("a.example") == ("failed", FailureReason.CANCELLED.sentence)


def test_a_cancelled_job_is_settled_and_the_rest_of_its_batch_left_alone(
    default_tenant: Tenant,
) -> None:
    queued(default_tenant, "a.example", "b.example")
    submit_queued()
    transitions.cancel_job(Job.objects.get(domain__host="a.example"))
    assert settle_stranded() == 1
    assert [state_of(host)[0] for host in ("a.example", "b.example")] == ["failed", "processing"]


def test_an_import_that_is_stopped_while_it_runs_is_settled(
    default_tenant: Tenant, worker: Worker
) -> None:
    (job,) = submitted(default_tenant, worker, "a.example")
    flush(worker, [failure(job, FailureReason.CANCELLED, "Cancelled.", timezone.now())])
    keep()
    assert state_of("a.example") == ("failed", "Cancelled.")


def test_an_import_that_killed_its_process_thrice_is_settled(
    default_tenant: Tenant, worker: Worker
) -> None:
    (job,) = submitted(default_tenant, worker, "a.example")
    Job.objects.update(attempts=MAX_ATTEMPTS - 1)
    flush(worker, [Outcome(job, Kind.LOST, b"", timezone.now())])
    assert Job.objects.get().failure_reason == "worker_lost"
    keep()
    assert state_of("a.example") == ("failed", FailureReason.WORKER_LOST.sentence)


def test_an_import_whose_worker_died_for_the_third_time_is_settled(
    default_tenant: Tenant, worker: Worker
) -> None:
    (job,) = submitted(default_tenant, worker, "a.example")
    Job.objects.update(attempts=MAX_ATTEMPTS - 1)
    Job.objects.begin(worker, {(job.id, job.claim_no): timezone.now()})
    Worker.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=1))
    keep()
    assert state_of("a.example") == ("failed", FailureReason.WORKER_LOST.sentence)


def test_an_import_that_is_taken_back_stays_in_work(default_tenant: Tenant, worker: Worker) -> None:
    (job,) = submitted(default_tenant, worker, "a.example")
    silent = timezone.now() - timedelta(minutes=1)
    Worker.objects.update(heartbeat_at=silent, stages={job.key: ["sitemaps", 0.5]})
    assert recover() == 1
    keep()
    assert state_of("a.example") == ("processing", "")


def test_an_import_in_test_mode_stores_nothing_and_is_settled(
    default_tenant: Tenant, worker: Worker
) -> None:
    first, second = submitted(default_tenant, worker, "a.example", "b.example", test_mode=True)
    summary = failure(second, "tls_error", "The certificate is old.", timezone.now())
    flush(worker, [scanned(first), summary])
    keep()
    assert state_of("a.example") == ("failed", "The import stored no results (test mode).")
    assert state_of("b.example") == ("failed", "The certificate is old.")


def test_a_domain_whose_import_was_deleted_is_settled(default_tenant: Tenant) -> None:
    queued(default_tenant, "a.example")
    submit_queued()
    Batch.objects.get().delete()
    keep()
    assert state_of("a.example") == ("failed", "The import job was deleted.")


def test_a_paused_import_stays_in_work(default_tenant: Tenant) -> None:
    queued(default_tenant, "a.example")
    submit_queued()
    transitions.pause_batch(Batch.objects.get())
    keep()
    assert state_of("a.example")[0] == "processing"


def test_a_retried_import_is_in_work_again_and_ends_by_its_result(
    default_tenant: Tenant, worker: Worker
) -> None:
    good, bad, third = submitted(default_tenant, worker, "a.example", "b.example", "c.example")
    summary = [failure(job, "tls_error", "It is old.", timezone.now()) for job in (bad, third)]
    flush(worker, [scanned(good), *summary])
    queue_for_sitemaps(Domain.objects.filter(host="c.example"))
    batch = transitions.retry_batch(Batch.objects.get())
    assert [state_of(f"{name}.example") for name in "abc"] == [
        ("submitted", ""),
        ("processing", ""),
        ("queued", ""),
    ]
    again = claim_jobs(worker, batch, ceiling=100)
    flush(worker, [scanned(job) for job in again])
    assert state_of("b.example") == ("submitted", "")


def test_the_imports_of_a_batch_that_is_run_again_are_in_work(default_tenant: Tenant) -> None:
    queued(default_tenant, "a.example")
    submit_queued()
    batch = Batch.objects.get()
    transitions.cancel_batch(batch)
    settle_stranded()
    transitions.rerun_batch(batch, created_by=None)
    keep()
    assert state_of("a.example") == ("processing", "")


def test_a_retried_website_scan_says_nothing_of_sitemaps(
    default_tenant: Tenant, worker: Worker
) -> None:
    job = website_scan(default_tenant, worker)
    flush(worker, [failure(job, "tls_error", "", timezone.now())])
    transitions.retry_batch(Batch.objects.get())
    assert state_of("a.example")[0] == "pending"


def test_a_website_scan_that_waits_does_not_keep_a_domain_in_work(default_tenant: Tenant) -> None:
    queued(default_tenant, "a.example")
    create_batch(tenant=default_tenant, created_by=None, domains=["a.example"])
    Domain.objects.update(sitemap_analysis_status="processing")
    assert settle_stranded() == 1


def test_the_newest_import_is_the_one_that_is_told_of(default_tenant: Tenant) -> None:
    queued(default_tenant, "a.example")
    submit_queued()
    transitions.cancel_job(Job.objects.get())
    settle_stranded()
    queue_for_sitemaps(Domain.objects.all())
    submit_queued()
    ended = {"failure_reason": "worker_lost", "error": "Lost.", "finished_at": NOW}
    Job.objects.filter(status="pending").update(status="failed", **ended)
    settle_stranded()
    assert state_of("a.example") == ("failed", "Lost.")


def test_many_stranded_domains_are_settled_in_one_go(
    default_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batches.sitemap_submission.SETTLE_CHUNK", 2)
    queued(default_tenant, *(f"s{n}.example" for n in range(5)))
    Domain.objects.update(sitemap_analysis_status="processing")
    assert settle_stranded() == 5
    assert settle_stranded() == 0


# After a scan


def website_scan(tenant: Tenant, worker: Worker, **options: Any) -> ClaimedJob:
    batch = create_batch(
        tenant=tenant, created_by=None, domains=["a.example"], options=options or None
    )
    Batch.objects.start()
    (job,) = claim_jobs(worker, batch, ceiling=100)
    return job


def test_a_completed_scan_queues_its_domain_where_the_tenant_says_so(
    default_tenant: Tenant, worker: Worker
) -> None:
    Tenant.objects.update(auto_submit_sitemaps=True)
    flush(worker, [scanned(website_scan(default_tenant, worker))])
    domain = Domain.objects.get()
    assert domain.sitemap_analysis_status == "queued"
    assert domain.sitemap_queued_at is not None


def test_no_scan_queues_its_domain_where_the_tenant_does_not(
    default_tenant: Tenant, worker: Worker
) -> None:
    flush(worker, [scanned(website_scan(default_tenant, worker))])
    assert state_of("a.example")[0] == "pending"


def test_a_failed_scan_and_one_in_test_mode_queue_nothing(
    default_tenant: Tenant, worker: Worker
) -> None:
    Tenant.objects.update(auto_submit_sitemaps=True)
    failed = website_scan(default_tenant, worker)
    flush(worker, [failure(failed, "tls_error", "", timezone.now())])
    flush(worker, [scanned(website_scan(default_tenant, worker, test_mode=True))])
    assert state_of("a.example")[0] == "pending"


def test_an_import_does_not_queue_its_domain_again(default_tenant: Tenant, worker: Worker) -> None:
    Tenant.objects.update(auto_submit_sitemaps=True)
    (job,) = submitted(default_tenant, worker, "a.example")
    flush(worker, [scanned(job)])
    assert state_of("a.example")[0] == "submitted"


# The schedule


def test_the_schedule_submits_and_says_what_it_did(default_tenant: Tenant) -> None:
    queued(default_tenant, "a.example")
    tasks.submit_sitemaps()
    assert state_of("a.example")[0] == "processing"
    run = MaintenanceRun.objects.get(name="sitemap submission")
    assert (run.outcome, run.note) == ("done", "1 domain submitted.")
    assert Schedule.objects.get(name=run.name).func == "batches.tasks.submit_sitemaps"
