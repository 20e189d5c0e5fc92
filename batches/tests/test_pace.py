"""Batches whose sites start evenly over several hours."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from batches.models import Batch
from batches.pace import seconds_to_last_start, sites_due
from batches.progress import progress_of
from batches.scanning.messages import Load
from batches.tests.test_claims import by_batch, claim, hire, make
from batches.transitions import pause_batch, retry_batch
from scrapersky.tenants.models import Tenant

pytestmark = pytest.mark.django_db(transaction=True)


def age(batch: Batch, **elapsed: float) -> Batch:
    """Set how long a running batch has run."""
    started = timezone.now() - timedelta(**elapsed)
    Batch.objects.filter(pk=batch.pk).update(started_at=started, active_since=started)
    batch.refresh_from_db()
    return batch


def test_only_the_sites_whose_turn_has_come_are_claimed(default_tenant: Tenant) -> None:
    batch = age(make(default_tenant, 100, spread_hours=10), hours=1)
    claimer = hire()
    assert len(claim(claimer).jobs) == 11  # the first starts at once
    assert claim(claimer, {batch.pk: Load(11)}).jobs == []
    age(batch, hours=2)
    assert len(claim(claimer, {batch.pk: Load(11)}).jobs) == 10


def test_every_site_is_due_when_the_hours_are_over(default_tenant: Tenant) -> None:
    batch = age(make(default_tenant, 7, spread_hours=1), minutes=60)
    assert (sites_due(batch), seconds_to_last_start(batch)) == (7, 0)
    assert len(claim(hire()).jobs) == 7


def test_a_spread_batch_takes_nothing_from_the_others(default_tenant: Tenant) -> None:
    make(default_tenant, 100, of="slow", spread_hours=100)
    make(default_tenant, 100, of="fast", max_concurrent=30)
    claimer = hire(ceiling=10)
    assert by_batch(claim(claimer).jobs) == [1, 29]


def test_the_pace_stands_still_while_the_batch_is_paused(default_tenant: Tenant) -> None:
    batch = age(make(default_tenant, 100, spread_hours=10), hours=1)
    pause_batch(batch)
    Batch.objects.filter(pk=batch.pk).update(started_at=timezone.now() - timedelta(hours=9))
    batch.refresh_from_db()
    assert sites_due(batch) == 11


def test_the_time_left_counts_the_sites_whose_turn_is_still_to_come(default_tenant: Tenant) -> None:
    batch = age(make(default_tenant, 10, spread_hours=10), hours=2)
    progress = progress_of(batch)
    assert progress.due == 3
    assert progress.eta == pytest.approx(7 * 3600, abs=60)


def test_a_failed_site_is_retried_at_once(default_tenant: Tenant) -> None:
    batch = age(make(default_tenant, 10, spread_hours=10), minutes=1)
    claimer = hire()
    (job,) = claim(claimer).jobs
    batch.jobs.filter(pk=job.id).update(
        status="failed", failure_reason="dns_error", worker=None, finished_at=timezone.now()
    )
    Batch.objects.filter(pk=batch.pk).update(failed=1)
    batch.refresh_from_db()
    retry_batch(batch)
    assert [again.id for again in claim(claimer).jobs] == [job.id]


def test_the_page_says_how_many_may_have_started(console: Client, default_tenant: Tenant) -> None:
    batch = age(make(default_tenant, 4, spread_hours=0.5), minutes=10)
    page = console.get(f"/batches/{batch.pk}/").text
    assert "Spread over 0.5 hours: 2 of 4 sites may have started by now." in page


def test_a_schedule_offers_to_spread_its_runs(console: Client) -> None:
    assert 'name="spread_hours"' in console.get("/schedules/new/").text
