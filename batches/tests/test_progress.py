"""Reading the progress of a batch."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from batches.models import Batch, Job, Worker
from batches.options import option
from batches.progress import Cause, failure_causes, progress_of, with_stages
from batches.services import create_batch
from batches.tests.outcomes import complete, fail
from batches.tests.running import running_batch, scan_now
from scans.engine.errors import FailureReason
from scrapersky.tenants.models import Tenant

pytestmark = pytest.mark.django_db


def queries_of(batch: Batch) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        progress_of(batch)
    return len(queries)


def test_causes_are_counted_the_commonest_first(default_tenant: Tenant) -> None:
    batch = create_batch(
        tenant=default_tenant, created_by=None, domains=["a.com", "b.com", "c.com", "d.com"]
    )
    first, second, third, fourth = batch.jobs.order_by("position")
    fail(first, "tls_error", "")
    fail(second, "dns_not_found", "")
    fail(third, "dns_not_found", "")
    complete(fourth)
    assert failure_causes([batch.pk]) == [Cause("dns_not_found", 2), Cause("tls_error", 1)]


@pytest.mark.parametrize("reason", FailureReason)
def test_every_failure_reason_is_explained_without_advice_to_ignore_robots(
    reason: FailureReason,
) -> None:
    cause = Cause(reason.value, 1)
    assert cause.meaning.endswith(".")
    assert "{" not in cause.advice
    assert "obey_robots" not in reason.advice
    assert option("obey_robots").label not in cause.advice


def test_advice_names_options_as_the_form_does() -> None:
    advice = Cause("deadline_exceeded", 1).advice
    assert f"“{option('site_deadline').label}”" in advice


def test_what_is_scanned_now_comes_from_live_workers(default_tenant: Tenant) -> None:
    progress = progress_of(running_batch(default_tenant))
    assert [(row.stage, row.progress) for row in progress.activities] == [("sitemaps", 0.5)]
    assert progress.active == 1
    assert progress.waiting == 3


def test_a_silent_worker_scans_nothing(default_tenant: Tenant) -> None:
    batch = running_batch(default_tenant)
    Worker.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=2))
    assert progress_of(batch).activities == []


def test_the_rate_is_that_of_the_last_minute(default_tenant: Tenant) -> None:
    batch = running_batch(default_tenant, complete_jobs=15, failed_jobs=5)
    progress = progress_of(batch)
    assert progress.rate == pytest.approx(2.0, rel=0.3)
    assert progress.eta == pytest.approx(2.0, rel=0.3)


def test_the_last_silent_site_is_given_the_time_that_such_scans_took(
    default_tenant: Tenant,
) -> None:
    batch = batch_with_one_left(default_tenant, age=3)
    assert progress_of(batch).eta == pytest.approx(57, abs=1)  # none took as long: its deadline
    ended = Job.objects.filter(batch=batch, status__in=Job.ENDED, position__lt=5)
    ended.update(started_at=timezone.now() - timedelta(seconds=22))
    assert progress_of(batch).eta == pytest.approx(9, abs=1)


def batch_with_one_left(tenant: Tenant, *, age: float) -> Batch:
    """Return a batch with twenty sites that took two seconds, and one that has run longer."""
    batch = running_batch(tenant, complete_jobs=20, failed_jobs=0)
    Job.objects.filter(batch=batch, status="pending").delete()
    started = timezone.now() - timedelta(seconds=age)
    Job.objects.filter(batch=batch, status="running").update(started_at=started)
    Batch.objects.filter(pk=batch.pk).update(total=21)
    batch.refresh_from_db()
    return batch


@pytest.mark.parametrize(("age", "seconds"), [(3, 57), (58, 30)])
def test_the_time_left_is_that_of_the_slowest_scan_or_of_the_waiting_jobs(
    default_tenant: Tenant, age: float, seconds: float
) -> None:
    batch = batch_with_one_left(default_tenant, age=age)
    Batch.objects.filter(pk=batch.pk).update(total=21 + 60)  # at about two a second
    batch.refresh_from_db()
    assert progress_of(batch).eta == pytest.approx(seconds, rel=0.3)


def test_a_scan_may_take_as_long_as_the_options_of_its_retry_allow(default_tenant: Tenant) -> None:
    batch = batch_with_one_left(default_tenant, age=3)
    own = batch.scan_options.as_dict() | {"site_deadline": 600}
    Job.objects.filter(batch=batch, status="running").update(options=own)
    assert progress_of(batch).eta == pytest.approx(597, abs=1)


def test_a_scan_past_its_deadline_may_take_no_longer(default_tenant: Tenant) -> None:
    assert progress_of(batch_with_one_left(default_tenant, age=90)).eta == 0


def test_the_time_left_is_unknown_while_jobs_wait_and_none_is_scanned(
    default_tenant: Tenant,
) -> None:
    batch = running_batch(default_tenant, complete_jobs=15)
    Job.objects.filter(batch=batch, status="running").update(status="pending")
    assert progress_of(batch).eta is None


def test_a_job_whose_host_is_being_scanned_says_so(
    default_tenant: Tenant, other_tenant: Tenant
) -> None:
    hosts = ["www.a.example", "b.example"]
    create_batch(tenant=other_tenant, created_by=None, domains=["a.example"])
    Batch.objects.start()
    scan_now(Job.objects.get())
    later = create_batch(tenant=default_tenant, created_by=None, domains=hosts)
    rows = with_stages(later.jobs.order_by("position"))
    assert [row.stage for row in rows] == ["host_busy", ""]


def test_the_rate_is_unknown_while_too_few_sites_have_ended(default_tenant: Tenant) -> None:
    progress = progress_of(running_batch(default_tenant, complete_jobs=1, failed_jobs=0))
    assert progress.rate is None
    assert progress.eta is None


def test_the_rate_is_unknown_after_a_minute_in_which_nothing_ended(default_tenant: Tenant) -> None:
    batch = running_batch(default_tenant, complete_jobs=15, failed_jobs=5)
    long_ago = timezone.now() - timedelta(minutes=5)
    Job.objects.filter(batch=batch, status__in=Job.ENDED).update(finished_at=long_ago)
    assert progress_of(batch).rate is None


def test_the_queries_do_not_grow_with_the_batch(default_tenant: Tenant) -> None:
    small = running_batch(default_tenant, complete_jobs=3, failed_jobs=1)
    few = queries_of(small)
    Batch.objects.all().delete()
    large = running_batch(default_tenant, complete_jobs=40, failed_jobs=15)
    assert queries_of(large) == few


def test_nothing_that_moves_is_asked_of_a_batch_that_has_ended(default_tenant: Tenant) -> None:
    batch = create_batch(tenant=default_tenant, created_by=None, domains=["a.com"])
    complete(batch.jobs.get())
    batch.refresh_from_db()
    assert queries_of(batch) == 0
