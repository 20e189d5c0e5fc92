"""Writing outcomes: all or only the valid ones, once, under the current claim."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from batches.models import Batch, Job, Worker
from batches.options import BatchOptions
from batches.runner import flush as flushing
from batches.runner.flush import flush
from batches.runner.recovery import recover
from batches.scanning.messages import ClaimedJob, Kind, Outcome, failure
from batches.services import create_batch, initiate_scan
from batches.tests.outcomes import scanned
from batches.tests.running import claim_jobs
from scans.engine.report import (
    Contact,
    ContactKind,
    PageEntry,
    SitemapFile,
    Technology,
)
from scans.models import Contact as ContactRow
from scans.models import Domain, Page, Scan, TechnologyCount
from scrapersky.tenants.models import Tenant

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)


@pytest.fixture
def worker(db: None) -> Worker:
    worker = Worker.begin(host="h", pid=1)
    assert worker
    return worker


def make_batch(tenant: Tenant, hosts: str, **options: Any) -> Batch:
    batch = create_batch(tenant=tenant, created_by=None, domains=hosts.split(), options=options)
    Batch.objects.start()
    return batch


def claim_all(worker: Worker, batch: Batch | None) -> list[ClaimedJob]:
    return claim_jobs(worker, batch)


def report(job: ClaimedJob, **facts: Any) -> Outcome:
    """Return the outcome of a scan that found two contacts, a sitemap and a page."""
    values: dict[str, Any] = {
        "title": f"Title of {job.host}",
        "contacts": (
            Contact(ContactKind.EMAIL, f"info@{job.host}", "corporate"),
            Contact(ContactKind.SOCIAL, f"https://x.com/{job.host}", "x"),
        ),
        "technologies": (Technology("WordPress", "CMS", version="6.5"),),
        "sitemaps": (SitemapFile(f"http://{job.host}/sitemap.xml", "urlset", "robots"),),
        "pages": (PageEntry(f"http://{job.host}/", "home"),),
    }
    return scanned(job, **(values | facts))


def counters(batch: Batch) -> tuple[str, int, int, int]:
    batch.refresh_from_db()
    return batch.status, batch.completed, batch.failed, batch.cancelled


def test_everything_a_report_holds_is_stored_and_counted(
    default_tenant: Tenant, worker: Worker
) -> None:
    batch = make_batch(default_tenant, "a.example b.example")
    flush(worker, [report(job) for job in claim_all(worker, batch)])
    assert counters(batch) == ("complete", 2, 0, 0)
    domain = Domain.objects.get(host="a.example")
    assert domain.title == "Title of a.example"
    assert domain.emails == ["info@a.example"]
    assert domain.social == {"x": "https://x.com/a.example"}
    assert domain.technologies == ["WordPress"]
    assert (domain.sitemap_count, domain.page_count, domain.status) == (1, 1, "scanned")
    assert domain.latest_batch == batch
    assert domain.latest_scan == domain.jobs.get().scan == Scan.objects.get(domain=domain)
    assert [c.value for c in domain.contacts.filter(kind="email")] == ["info@a.example"]
    assert [t.version for t in domain.technology_rows.all()] == ["6.5"]
    assert [p.url for p in domain.pages.all()] == ["http://a.example/"]
    assert domain.sitemaps.get().kind == "urlset"


def test_the_technologies_of_a_tenants_first_batch_are_listed_once_it_ends(
    default_tenant: Tenant, worker: Worker, django_capture_on_commit_callbacks: Any
) -> None:
    batch = make_batch(default_tenant, "a.example b.example")
    for job, listed in zip(claim_all(worker, batch), (False, True), strict=True):
        with django_capture_on_commit_callbacks(execute=True):
            flush(worker, [report(job)])
        assert TechnologyCount.objects.filter(tenant=default_tenant).exists() is listed
    assert TechnologyCount.objects.get().domain_count == 2


def test_a_failure_is_counted_as_a_failure_and_names_its_cause(
    default_tenant: Tenant, worker: Worker
) -> None:
    batch = make_batch(default_tenant, "a.example b.example")
    first, second = claim_all(worker, batch)
    flush(worker, [report(first), failure(second, "tls_error", "The certificate is old.", NOW)])
    assert counters(batch) == ("partial", 1, 1, 0)
    job = Job.objects.get(pk=second.id)
    assert (job.status, job.failure_reason) == ("failed", "tls_error")
    assert job.error == "The certificate is old."
    assert job.domain is not None
    assert (job.domain.status, job.domain.failure_reason) == ("failed", "tls_error")


def test_the_same_outcome_twice_is_counted_once(default_tenant: Tenant, worker: Worker) -> None:
    batch = make_batch(default_tenant, "a.example b.example")
    outcome = report(claim_all(worker, batch)[0])
    flush(worker, [outcome])
    flush(worker, [outcome])
    assert counters(batch) == ("running", 1, 0, 0)
    assert Scan.objects.count() == 1


def test_the_result_of_a_job_that_was_taken_over_is_dropped(
    default_tenant: Tenant, worker: Worker
) -> None:
    batch = make_batch(default_tenant, "a.example")
    (old,) = claim_all(worker, batch)
    Worker.objects.update(heartbeat_at=NOW - timedelta(minutes=1))
    assert recover() == 1
    other = Worker.begin(host="other", pid=2)
    assert other
    (new,) = claim_all(other, batch)
    flush(worker, [report(old, title="old")])
    assert counters(batch) == ("running", 0, 0, 0)
    flush(other, [report(new, title="new")])
    assert counters(batch) == ("complete", 1, 0, 0)
    assert Domain.objects.get().title == "new"


def test_a_result_the_database_refuses_fails_its_own_job_only(
    default_tenant: Tenant, worker: Worker
) -> None:
    batch = make_batch(default_tenant, "a.example b.example c.example")
    first, second, third = claim_all(worker, batch)
    broken = report(second, contacts=(Contact(ContactKind.EMAIL, "x@y.de", confidence=7),))
    flush(worker, [report(first), broken, report(third)])
    assert counters(batch) == ("partial", 2, 1, 0)
    job = Job.objects.get(pk=second.id)
    assert job.failure_reason == "internal_error"
    assert "contact_confidence" in job.error


def test_a_report_that_is_no_json_fails_its_own_job_only(
    default_tenant: Tenant, worker: Worker
) -> None:
    batch = make_batch(default_tenant, "a.example b.example")
    first, second = claim_all(worker, batch)
    flush(worker, [report(first), Outcome(second, Kind.REPORT, b"{", NOW)])
    assert counters(batch) == ("partial", 1, 1, 0)


def test_nul_and_a_long_url_in_a_report_harm_nobody(default_tenant: Tenant, worker: Worker) -> None:
    batch = make_batch(default_tenant, "a.example b.example")
    first, second = claim_all(worker, batch)
    long = PageEntry("http://a.example/" + "x" * 8_000, "link")
    flush(worker, [report(first, title="a\x00b\ud800", pages=(long, long)), report(second)])
    assert counters(batch) == ("complete", 2, 0, 0)
    assert Domain.objects.get(host="a.example").title == "ab?"


def test_a_database_that_is_away_raises_and_the_same_flush_succeeds_later(
    default_tenant: Tenant, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = make_batch(default_tenant, "a.example")
    outcomes = [report(job) for job in claim_all(worker, batch)]

    def away(*args: object, **kwargs: object) -> None:
        raise OperationalError("away")

    with monkeypatch.context() as patch:
        patch.setattr(flushing.results, "save", away)
        with pytest.raises(OperationalError):
            flush(worker, outcomes)
    assert counters(batch) == ("running", 0, 0, 0)
    flush(worker, outcomes)
    assert counters(batch) == ("complete", 1, 0, 0)


def test_a_lost_job_waits_again_and_then_is_to_be_scanned_alone(
    default_tenant: Tenant, worker: Worker
) -> None:
    batch = make_batch(default_tenant, "a.example")
    for attempt in range(3):
        (job,) = claim_all(worker, batch)
        assert job.alone == (attempt > 0)
        flush(worker, [Outcome(job, Kind.LOST, b"{}", NOW)])
    assert counters(batch) == ("failed", 0, 1, 0)
    assert Job.objects.get().failure_reason == "worker_lost"


def test_a_test_mode_batch_stores_nothing_but_the_jobs_result(
    default_tenant: Tenant, worker: Worker
) -> None:
    batch = make_batch(default_tenant, "a.example", test_mode=True)
    flush(worker, [report(job) for job in claim_all(worker, batch)])
    assert counters(batch) == ("complete", 1, 0, 0)
    job = batch.jobs.get()
    assert job.result is not None
    assert job.result["title"] == "Title of a.example"
    assert (job.scan, Scan.objects.count(), Page.objects.count()) == (None, 0, 0)
    assert Domain.objects.get().status == "unscanned"


def test_a_single_scan_ends_without_a_batch(
    default_tenant: Tenant, worker: Worker, django_capture_on_commit_callbacks: Any
) -> None:
    job = initiate_scan("a.example", tenant=default_tenant)
    with django_capture_on_commit_callbacks(execute=True):
        flush(worker, [report(claimed) for claimed in claim_all(worker, None)])
    job.refresh_from_db()
    assert (job.status, job.batch) == ("complete", None)
    assert TechnologyCount.objects.filter(tenant=default_tenant).exists()


def test_what_a_second_scan_does_not_see_is_marked_gone_and_first_seen_stays(
    default_tenant: Tenant, worker: Worker
) -> None:
    first = make_batch(default_tenant, "a.example")
    flush(worker, [report(job) for job in claim_all(worker, first)])
    before = ContactRow.objects.get(kind="email")
    again = make_batch(default_tenant, "a.example")
    kept = Contact(ContactKind.EMAIL, "info@a.example", "service")
    flush(worker, [report(job, contacts=(kept,)) for job in claim_all(worker, again)])
    email, social = ContactRow.objects.order_by("kind")
    assert (email.pk, email.first_seen, email.label) == (before.pk, before.first_seen, "service")
    assert email.gone_at is None
    assert social.gone_at is not None
    assert Scan.objects.count() == 2


def test_a_sitemap_import_submits_only_where_a_sitemap_was_stored(
    default_tenant: Tenant, worker: Worker
) -> None:
    batch = create_batch(
        tenant=default_tenant,
        created_by=None,
        domains=["a.example", "b.example", "c.example"],
        processor_type=Batch.ProcessorType.SITEMAP_IMPORT,
    )
    Batch.objects.start()
    first, second, third = claim_all(worker, batch)
    lost = failure(third, "dns_not_found", "There is no such name.", NOW)
    flush(worker, [report(first), report(second, sitemaps=()), lost])
    states = Domain.objects.values_list("sitemap_analysis_status", "sitemap_analysis_error")
    assert list(states) == [
        ("submitted", ""),
        ("failed", "The site has no sitemap."),
        ("failed", "There is no such name."),
    ]
    assert set(Domain.objects.values_list("status", flat=True)) == {"unscanned"}
    assert Scan.objects.count() == 0


def test_jobs_of_many_batches_are_flushed_together(default_tenant: Tenant, worker: Worker) -> None:
    batches = [make_batch(default_tenant, f"a{n}.example b{n}.example") for n in range(3)]
    outcomes = [report(job) for batch in batches for job in claim_all(worker, batch)]
    flush(worker, outcomes)
    assert [counters(batch) for batch in batches] == [("complete", 2, 0, 0)] * 3


def test_a_flush_of_many_batches_takes_as_many_queries_as_one_of_a_single_batch(
    default_tenant: Tenant, worker: Worker
) -> None:
    def queries_of(*lists: str) -> int:
        jobs = [
            job for hosts in lists for job in claim_all(worker, make_batch(default_tenant, hosts))
        ]
        with CaptureQueriesContext(connection) as queries:
            flush(worker, [report(job) for job in jobs])
        return len(queries)

    queries_of("first.example")  # creates the connection's temporary tables
    few = queries_of("a.example b.example c.example")
    assert queries_of("d.example", "e.example", "f.example") == few


def test_the_options_of_a_job_go_before_those_of_its_batch(
    default_tenant: Tenant, worker: Worker
) -> None:
    batch = make_batch(default_tenant, "a.example", max_pages=7)
    Job.objects.update(options=BatchOptions(max_pages=9).as_dict())
    with transaction.atomic():
        (job,) = claim_all(worker, batch)
    assert job.options.max_pages == 9


def test_the_times_of_a_job_are_those_of_its_scan(default_tenant: Tenant, worker: Worker) -> None:
    batch = make_batch(default_tenant, "a.example b.example")
    first, second = claim_all(worker, batch)
    started, ended = NOW - timedelta(seconds=9), NOW - timedelta(seconds=7)
    payload = {
        "reason": "tls_error",
        "error": "",
        "requests": [],
        "started_at": started.isoformat(),
        "finished_at": ended.isoformat(),
    }
    failed = Outcome(second, Kind.FAILURE, json.dumps(payload).encode(), NOW - timedelta(hours=1))
    flush(worker, [report(first), failed])
    one, other = Job.objects.get(pk=first.id), Job.objects.get(pk=second.id)
    assert one.scan is not None
    assert (one.started_at, one.finished_at) == (one.scan.started_at, one.scan.finished_at)
    assert one.seconds == one.scan.seconds == 2.5
    assert (other.started_at, other.finished_at, other.seconds) == (started, ended, 2.0)


def test_a_failure_that_cannot_be_stored_costs_its_job_an_attempt_and_nobody_else(
    default_tenant: Tenant, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = make_batch(default_tenant, "a.example b.example")
    first, second = claim_all(worker, batch)
    save = flushing.results.save

    def refuse_failures(results: list, failures: list, **named: Any) -> None:
        if failures:
            raise IntegrityError("a trigger says no")
        save(results, failures, **named)

    monkeypatch.setattr(flushing.results, "save", refuse_failures)
    flush(worker, [failure(first, "tls_error", "Old.", NOW), report(second)])
    assert counters(batch) == ("running", 1, 0, 0)
    job = Job.objects.get(pk=first.id)
    assert (job.status, job.attempts, job.worker) == ("pending", 1, None)


def test_an_outcome_that_cannot_be_stored_in_any_way_does_not_end_the_shift(
    default_tenant: Tenant, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = make_batch(default_tenant, "a.example")

    def refuse(*args: object, **named: object) -> None:
        raise IntegrityError("a trigger says no")

    monkeypatch.setattr(flushing.results, "save", refuse)
    flush(worker, [failure(job, "tls_error", "", NOW) for job in claim_all(worker, batch)])
    assert counters(batch) == ("running", 0, 0, 0)


def test_a_job_that_runs_is_marked_so_with_the_time_its_scan_began(
    default_tenant: Tenant, worker: Worker
) -> None:
    batch = make_batch(default_tenant, "a.example b.example")
    first, second = claim_all(worker, batch)
    started = NOW - timedelta(seconds=3)
    stale = (second.id, second.claim_no - 1)
    Job.objects.begin(worker, {(first.id, first.claim_no): started, stale: started})
    states = batch.jobs.order_by("position").values_list("status", "started_at")
    assert list(states) == [("running", started), ("pending", None)]
