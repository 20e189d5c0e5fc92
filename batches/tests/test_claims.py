"""Seats: max_concurrent holds across hosts, and jobs are claimed a little ahead."""

import threading
from collections import Counter

import pytest
from django.db import connection

from batches.models import Batch, Job, Worker
from batches.runner.claims import ShiftLostError, claim, runnable
from batches.services import create_batch, initiate_scan
from scrapersky.tenants.models import Tenant

pytestmark = pytest.mark.django_db(transaction=True)


def make(tenant: Tenant, count: int, **options: int) -> Batch:
    batch = create_batch(
        tenant=tenant,
        created_by=None,
        domains=[f"s{n}.example" for n in range(count)],
        options=options,
    )
    Batch.objects.start()
    return batch


def hire(host: str) -> Worker:
    worker = Worker.begin(host=host, pid=1)
    assert worker
    return worker


def test_a_job_a_seat_and_two_ahead_are_claimed_and_no_more(default_tenant: Tenant) -> None:
    batch = make(default_tenant, 12, max_concurrent=3)
    worker = hire("h")
    first = claim(worker, batch.pk, executing=0, waiting=0, ceiling=100)
    assert (first.seats, len(first.jobs)) == (3, 9)
    again = claim(worker, batch.pk, executing=3, waiting=6, ceiling=100)
    assert (again.seats, again.jobs) == (3, [])


def test_the_hosts_ceiling_goes_before_the_batchs_wish(default_tenant: Tenant) -> None:
    batch = make(default_tenant, 10, max_concurrent=100)
    assert claim(hire("h"), batch.pk, executing=0, waiting=0, ceiling=2).seats == 2


def test_a_second_host_gets_seats_as_the_first_one_gives_them_up(default_tenant: Tenant) -> None:
    batch = make(default_tenant, 40, max_concurrent=10)
    one, two = hire("one"), hire("two")
    assert claim(one, batch.pk, executing=0, waiting=0, ceiling=100).seats == 5
    assert claim(two, batch.pk, executing=0, waiting=0, ceiling=100).seats == 5


def test_seats_never_exceed_the_cap_while_a_first_host_is_still_busy(
    default_tenant: Tenant,
) -> None:
    batch = make(default_tenant, 40, max_concurrent=10)
    one = hire("one")
    assert claim(one, batch.pk, executing=0, waiting=0, ceiling=100).seats == 10
    two = hire("two")
    assert claim(two, batch.pk, executing=0, waiting=0, ceiling=100).seats == 0
    assert claim(one, batch.pk, executing=8, waiting=0, ceiling=100).seats == 8
    assert claim(two, batch.pk, executing=0, waiting=0, ceiling=100).seats == 2


def test_a_host_that_holds_more_than_its_seats_claims_nothing(default_tenant: Tenant) -> None:
    batch = make(default_tenant, 100, max_concurrent=10)
    one = hire("one")
    held = claim(one, batch.pk, executing=0, waiting=0, ceiling=100).jobs
    hire("two")
    grant = claim(one, batch.pk, executing=5, waiting=len(held) - 5, ceiling=100)
    assert (grant.seats, grant.jobs) == (5, [])


@pytest.mark.parametrize("status", ["pending", "paused", "cancelling"])
def test_a_batch_that_does_not_run_gives_no_jobs(default_tenant: Tenant, status: str) -> None:
    batch = make(default_tenant, 2)
    Batch.objects.update(status=status)
    assert claim(hire("h"), batch.pk, executing=0, waiting=0, ceiling=9).jobs == []


def test_a_lost_worker_claims_nothing(default_tenant: Tenant) -> None:
    batch = make(default_tenant, 2)
    worker = hire("h")
    Worker.objects.update(status="lost")
    with pytest.raises(ShiftLostError):
        claim(worker, batch.pk, executing=0, waiting=0, ceiling=9)
    assert not Job.objects.filter(status="running").exists()


def test_runnable_starts_pending_batches_and_names_single_scans_first(
    default_tenant: Tenant,
) -> None:
    batch = create_batch(tenant=default_tenant, created_by=None, domains=["a.example"])
    initiate_scan("b.example", tenant=default_tenant)
    assert runnable() == [None, batch.pk]
    batch.refresh_from_db()
    assert batch.status == "running"


def test_many_claiming_at_once_never_get_the_same_job(default_tenant: Tenant) -> None:
    batch = make(default_tenant, 200, max_concurrent=400)
    workers = [hire(f"h{n}") for n in range(4)]
    claimed: Counter[str] = Counter()
    lock = threading.Lock()

    def work(worker: Worker) -> None:
        while jobs := claim(worker, batch.pk, executing=0, waiting=0, ceiling=5).jobs:
            with lock:
                claimed.update(job.key for job in jobs)
        connection.close()

    threads = [threading.Thread(target=work, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == 200
    assert set(claimed.values()) == {1}
    assert set(Job.objects.values_list("claim_no", flat=True)) == {1}
