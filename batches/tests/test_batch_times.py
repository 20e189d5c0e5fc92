"""How long a batch ran, and why it failed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from batches import transitions
from batches.models import Batch, Job
from batches.services import create_batch
from batches.tests.outcomes import complete, fail
from scrapersky.tenants.models import Tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def batch(default_tenant: Tenant) -> Batch:
    created = create_batch(
        tenant=default_tenant, created_by=None, domains=["a.example", "b.example"]
    )
    Batch.objects.start()
    return created


def ran_for(batch: Batch, **since: float) -> None:
    """Set the start of a batch to some time ago."""
    Batch.objects.filter(pk=batch.pk).update(active_since=timezone.now() - timedelta(**since))


def seconds_of(batch: Batch) -> float:
    batch.refresh_from_db()
    assert batch.seconds is not None
    return batch.seconds


def test_a_pause_does_not_count(batch: Batch) -> None:
    ran_for(batch, seconds=20)
    transitions.pause_batch(batch)
    Batch.objects.update(started_at=timezone.now() - timedelta(hours=2))
    assert seconds_of(batch) == pytest.approx(20, abs=3)
    transitions.resume_batch(batch)
    ran_for(batch, seconds=5)
    assert seconds_of(batch) == pytest.approx(25, abs=3)


def test_a_retry_counts_only_while_it_runs(batch: Batch) -> None:
    ran_for(batch, seconds=10)
    first, second = batch.jobs.order_by("position")
    complete(first)
    fail(second, "read_timeout", "Late.")
    Batch.objects.update(
        started_at=timezone.now() - timedelta(minutes=14),
        finished_at=timezone.now() - timedelta(minutes=13),
    )
    transitions.retry_batch(batch)
    ran_for(batch, seconds=4)
    complete(second)
    assert seconds_of(batch) == pytest.approx(14, abs=3)
    assert batch.active_since is None


def test_a_batch_of_an_earlier_version_counts_from_its_start_to_its_end(batch: Batch) -> None:
    started = timezone.now() - timedelta(hours=1)
    Job.objects.update(status="failed", failure_reason="tls_error", finished_at=started)
    ended = started + timedelta(seconds=30)
    Batch.objects.update(
        status="failed", failed=2, started_at=started, finished_at=ended, active_since=None
    )
    assert seconds_of(batch) == 30
    transitions.retry_batch(batch)
    assert seconds_of(batch) == pytest.approx(30, abs=3)


def test_a_batch_that_has_not_started_has_no_time(default_tenant: Tenant) -> None:
    batch = create_batch(tenant=default_tenant, created_by=None, domains=["a.example"])
    assert batch.seconds is None


def test_a_batch_that_failed_for_one_reason_names_it(batch: Batch) -> None:
    for job in batch.jobs.all():
        fail(job, "dns_not_found", "There is no such name.")
    batch.refresh_from_db()
    assert batch.status == "failed"
    assert batch.error == "All 2 sites failed: The domain name does not resolve to an address."
    transitions.retry_batch(batch)
    batch.refresh_from_db()
    assert batch.error == ""


@pytest.mark.parametrize("second", ["complete", "another reason", "cancelled"])
def test_a_batch_with_other_ends_names_none(batch: Batch, second: str) -> None:
    one, other = batch.jobs.order_by("position")
    fail(one, "dns_not_found", "")
    if second == "complete":
        complete(other)
    elif second == "cancelled":
        transitions.cancel_job(other)
    else:
        fail(other, "tls_error", "")
    batch.refresh_from_db()
    assert batch.is_ended
    assert batch.error == ""
