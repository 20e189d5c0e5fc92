"""A batch that pauses itself when too many of its sites fail."""

import json
from collections import Counter
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from rich.console import Console

from batches.models import Batch, Job
from batches.options import MIN_ENDED
from batches.services import create_batch
from batches.terminal import follow
from batches.tests.outcomes import complete, fail
from batches.tests.running import run_shift
from batches.tests.sites import Sites
from batches.transitions import cancel_batch, resume_batch, retry_after_outage, retry_batch
from scrapersky.tenants.models import Tenant

HALF = 0.5


def make(tenant: Tenant, sites: int = 4 * MIN_ENDED, **options: Any) -> Batch:
    hosts = [f"host{number:03}.example" for number in range(sites)]
    options = {"stop_at_failures": HALF} | options
    return create_batch(tenant=tenant, created_by=None, domains=hosts, options=options)


def end(batch: Batch, *, completed: int = 0, failed: int = 0) -> Batch:
    """End waiting jobs of a batch; return the refreshed batch."""
    waiting = batch.jobs.filter(status=Job.Status.PENDING).order_by("position")
    for number, job in enumerate(waiting[: completed + failed]):
        if number < completed:
            complete(job)
        else:
            fail(job, "http_error", "")
    batch.refresh_from_db()
    return batch


@pytest.mark.django_db
def test_it_pauses_at_its_share_of_failures_and_says_why(
    default_tenant: Tenant, console: Client
) -> None:
    batch = end(make(default_tenant), completed=10, failed=9)
    assert (batch.status, batch.error) == ("running", "")
    end(batch, failed=1)
    assert batch.status == "paused"
    assert batch.error.startswith("Paused because 10 of 20 sites failed; the limit is 50 %")
    for address in ("/", f"/batches/{batch.pk}/"):
        assert batch.error in console.get(address).content.decode()


@pytest.mark.django_db
def test_without_the_option_a_batch_never_pauses(default_tenant: Tenant) -> None:
    batch = end(make(default_tenant, stop_at_failures=0.0), failed=2 * MIN_ENDED)
    assert batch.status == "running"


@pytest.mark.django_db
def test_a_few_failures_at_the_start_pause_nothing(default_tenant: Tenant) -> None:
    batch = end(make(default_tenant), failed=MIN_ENDED - 1)
    assert batch.status == "running"


@pytest.mark.django_db
def test_a_batch_whose_last_site_fails_ends_instead(default_tenant: Tenant) -> None:
    batch = end(make(default_tenant, MIN_ENDED), failed=MIN_ENDED)
    assert batch.status == "failed"


@pytest.mark.django_db
def test_after_it_is_resumed_only_later_failures_count(default_tenant: Tenant) -> None:
    batch = resume_batch(end(make(default_tenant), failed=MIN_ENDED))
    assert batch.error == ""
    end(batch, failed=MIN_ENDED - 1)
    assert batch.status == "running"
    end(batch, failed=1)
    assert batch.status == "paused"


@pytest.mark.django_db
def test_retried_sites_count_anew(default_tenant: Tenant) -> None:
    batch = retry_batch(end(make(default_tenant), failed=MIN_ENDED))
    assert batch.status == "paused"
    resume_batch(batch)
    end(batch, failed=MIN_ENDED - 1)
    assert batch.status == "running"
    end(batch, failed=1)
    assert batch.status == "paused"


@pytest.mark.django_db
def test_a_paused_batch_can_be_cancelled(default_tenant: Tenant) -> None:
    batch = cancel_batch(end(make(default_tenant), failed=MIN_ENDED))
    assert batch.status == "cancelled"


@pytest.mark.django_db
def test_a_batch_that_an_outage_paused_goes_on_after_it(default_tenant: Tenant) -> None:
    batch = end(make(default_tenant), failed=MIN_ENDED)
    failed = batch.jobs.filter(status=Job.Status.FAILED)
    assert retry_after_outage(dict(failed.values_list("pk", "claim_no"))) == MIN_ENDED
    batch.refresh_from_db()
    assert (batch.status, batch.failed, batch.error) == ("running", 0, "")


@pytest.mark.django_db
def test_a_command_that_follows_it_stops_waiting(default_tenant: Tenant) -> None:
    batch = end(make(default_tenant), failed=MIN_ENDED)
    follow(batch, Console(file=StringIO()))
    assert batch.is_paused_by_failures


@pytest.mark.django_db
def test_the_command_takes_the_option(default_tenant: Tenant, tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_text("a.example")
    output = StringIO()
    call_command("create_batch", str(file), "--stop-at-failures=0.3", "--json", stdout=output)
    batch = Batch.objects.get(pk=json.loads(output.getvalue())["batch_id"])
    assert batch.scan_options.stop_at_failures == 0.3


@pytest.mark.django_db(transaction=True)
def test_a_shift_starts_no_further_site_of_it(default_tenant: Tenant, sites: Sites) -> None:
    hosts = [f"gone{number}.none.test" for number in range(200)]
    options = {"stop_at_failures": HALF, "max_concurrent": 2}
    batch = create_batch(tenant=default_tenant, created_by=None, domains=hosts, options=options)
    run_shift()
    batch.refresh_from_db()
    states = Counter(batch.jobs.values_list("status", flat=True))
    assert batch.status == "paused"
    assert states == {"failed": batch.failed, "pending": 200 - batch.failed}
    assert not batch.jobs.filter(worker__isnull=False).exists()
