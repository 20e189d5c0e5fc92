"""Claims: a budget per worker, slots across workers, one scan of a host at a time."""

import threading
from collections import Counter
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from batches.models import Batch, Job, Worker
from batches.runner.claims import Claim, Claimer, ShiftLostError
from batches.runner.shift import start_pending
from batches.scanning.messages import ClaimedJob, Load
from batches.services import create_batch, initiate_scan
from batches.transitions import cancel_job, pause_batch
from scrapersky.tenants.models import Tenant

pytestmark = pytest.mark.django_db(transaction=True)


def make(tenant: Tenant, count: int, of: str = "s", **options: float) -> Batch:
    batch = create_batch(
        tenant=tenant,
        created_by=None,
        domains=[f"{of}{n}.example" for n in range(count)],
        options=options,
    )
    Batch.objects.start()
    return batch


def hire(host: str = "h", ceiling: int = 100) -> Claimer:
    worker = Worker.begin(host=host, pid=1)
    assert worker
    return Claimer(worker, ceiling)


def claim(claimer: Claimer, loads: dict[Any, Load] | None = None) -> Claim:
    return claimer.claim(loads or {}) or Claim({}, [])


def by_batch(jobs: list[ClaimedJob]) -> list[int]:
    return sorted(Counter(job.batch_id for job in jobs).values())


def test_three_jobs_a_slot_are_claimed_and_no_more(default_tenant: Tenant) -> None:
    batch = make(default_tenant, 12, max_concurrent=3)
    claimer = hire()
    first = claim(claimer)
    assert (first.slots, len(first.jobs)) == ({batch.pk: 3}, 9)
    again = claim(claimer, {batch.pk: Load(9)})
    assert (again.slots, again.jobs) == ({batch.pk: 3}, [])


def test_the_cap_holds_for_the_last_jobs_of_a_batch_beside_another(default_tenant: Tenant) -> None:
    batch = make(default_tenant, 9, max_concurrent=3)
    claimer = hire()
    assert len(claim(claimer).jobs) == 9
    make(default_tenant, 50, of="other")
    assert claim(claimer, {batch.pk: Load(9)}).slots[batch.pk] == 3


def test_the_cap_holds_for_jobs_held_of_a_batch_that_was_paused(default_tenant: Tenant) -> None:
    batch = make(default_tenant, 9, max_concurrent=3)
    claimer = hire()
    claim(claimer)
    pause_batch(batch)
    make(default_tenant, 50, of="other")
    assert claim(claimer, {batch.pk: Load(9)}).slots[batch.pk] == 3


def test_a_round_may_be_limited_to_fewer_jobs(default_tenant: Tenant) -> None:
    make(default_tenant, 9)
    claimer = hire()
    assert claimer.claim({}, limit=0) is None
    assert len((claimer.claim({}, limit=1) or Claim({}, [])).jobs) == 1


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite claims batch by batch")
def test_a_round_over_many_batches_takes_as_many_queries_as_one_over_one(
    default_tenant: Tenant,
) -> None:
    counts = []
    claimer = hire()
    for number in (1, 20):
        for batch in range(number):
            make(default_tenant, 2, of=f"{number}-{batch}-")
        with CaptureQueriesContext(connection) as queries:
            assert claim(claimer).jobs
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_claimed_job_is_pending_until_its_scan_begins(default_tenant: Tenant) -> None:
    batch = make(default_tenant, 1)
    claimer = hire()
    assert len(claim(claimer).jobs) == 1
    assert batch.jobs.get().status == "pending"
    assert batch.jobs.get().started_at is None


def test_the_workers_slots_go_before_the_batchs_cap(default_tenant: Tenant) -> None:
    batch = make(default_tenant, 10, max_concurrent=100)
    assert claim(hire(ceiling=2)).slots == {batch.pk: 2}


def test_all_batches_together_get_three_jobs_a_slot_of_the_worker(default_tenant: Tenant) -> None:
    for number in range(30):
        make(default_tenant, 10, of=f"b{number}-")
    jobs = claim(hire(ceiling=10)).jobs
    assert by_batch(jobs) == [1] * 30
    assert claim(hire("second", ceiling=10)).jobs


def test_the_batches_served_longest_ago_are_next(default_tenant: Tenant) -> None:
    for number in range(10):
        make(default_tenant, 10, of=f"b{number}-")
    claimer = hire(ceiling=2)
    first = claim(claimer).jobs
    loads = {job.batch_id: Load(1) for job in first[:4]}
    second = claim(claimer, loads).jobs
    assert len(first) == 6
    assert len(second) == 2
    assert not {job.batch_id for job in first} & {job.batch_id for job in second}


def test_a_cap_that_is_lowered_holds_from_the_next_round_on(default_tenant: Tenant) -> None:
    batch = make(default_tenant, 60, max_concurrent=10)
    claimer = hire()
    claim(claimer)
    Batch.objects.filter(pk=batch.pk).update(options={"max_concurrent": 2})
    assert claim(claimer, {batch.pk: Load(28)}) == Claim({batch.pk: 2}, [])


def test_a_second_worker_gets_slots_as_the_first_one_gives_them_up(default_tenant: Tenant) -> None:
    batch = make(default_tenant, 60, max_concurrent=10)
    one, two = hire("one"), hire("two")
    assert claim(one).slots == {batch.pk: 5}
    assert claim(two).slots == {batch.pk: 5}


def test_slots_never_exceed_the_cap_while_a_first_worker_is_still_busy(
    default_tenant: Tenant,
) -> None:
    batch = make(default_tenant, 100, max_concurrent=10)
    one = hire("one")
    assert claim(one).slots == {batch.pk: 10}
    two = hire("two")
    assert claim(two).jobs == []
    # The first lowers its slots, but its pool may still fill ten until it has been told.
    assert claim(one, {batch.pk: Load(8)}).slots == {batch.pk: 5}
    assert claim(two).jobs == []
    one.worker.beat(slots={str(batch.pk): 8})
    assert claim(two).slots == {batch.pk: 2}


def test_slots_that_were_rolled_back_are_written_again(
    default_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = make(default_tenant, 40, max_concurrent=10)
    claimer = hire()

    write = Claimer._write

    def write_and_fail(*args: Any) -> None:
        write(*args)
        raise DatabaseError("the connection is lost")

    with monkeypatch.context() as patch:
        patch.setattr(Claimer, "_write", write_and_fail)
        with pytest.raises(DatabaseError):
            claim(claimer)
    assert Worker.objects.get().slots == {}
    assert not Job.objects.filter(worker__isnull=False).exists()
    claim(claimer)
    assert Worker.objects.get().slots == {str(batch.pk): 10}


@pytest.mark.parametrize("status", ["pending", "paused", "cancelling"])
def test_a_batch_that_does_not_run_gives_no_jobs(default_tenant: Tenant, status: str) -> None:
    make(default_tenant, 2)
    Batch.objects.update(status=status)
    assert claim(hire()).jobs == []


def test_a_lost_worker_claims_nothing(default_tenant: Tenant) -> None:
    make(default_tenant, 2)
    claimer = hire()
    Worker.objects.update(status="lost")
    with pytest.raises(ShiftLostError):
        claim(claimer)
    assert not Job.objects.filter(worker__isnull=False).exists()


def test_pending_batches_are_started_and_single_scans_are_claimed_too(
    default_tenant: Tenant,
) -> None:
    batch = create_batch(tenant=default_tenant, created_by=None, domains=["a.example"])
    initiate_scan("b.example", tenant=default_tenant)
    start_pending()
    batch.refresh_from_db()
    assert batch.status == "running"
    assert {job.host for job in claim(hire()).jobs} == {"a.example", "b.example"}


@pytest.mark.parametrize("spelling", ["a.example", "www.a.example", "a.example:8080"])
def test_a_host_that_is_held_is_claimed_by_nobody_else(
    default_tenant: Tenant, other_tenant: Tenant, spelling: str
) -> None:
    create_batch(tenant=default_tenant, created_by=None, domains=["a.example"])
    later = create_batch(tenant=other_tenant, created_by=None, domains=[spelling, "b.example"])
    Batch.objects.filter(pk=later.pk).update(status="paused")
    Batch.objects.start()
    one, two = hire("one"), hire("two")
    (first,) = claim(one).jobs
    Batch.objects.filter(pk=later.pk).update(status="running")
    assert [job.host for job in claim(two).jobs] == ["b.example"]
    Job.objects.filter(pk=first.id).release()
    cancel_job(Job.objects.get(pk=first.id))
    assert [job.host for job in claim(two).jobs] == [spelling]


def test_two_jobs_of_one_host_are_not_claimed_in_one_round(
    default_tenant: Tenant, other_tenant: Tenant
) -> None:
    hosts = ["a.example", "www.a.example", "b.example"]
    for tenant in (default_tenant, other_tenant):
        create_batch(tenant=tenant, created_by=None, domains=hosts)
    initiate_scan("www.b.example", tenant=default_tenant)
    Batch.objects.start()
    claim(hire())
    held = Job.objects.filter(worker__isnull=False).values_list("host", flat=True)
    assert sorted(held) == ["a.example", "b.example"]


def test_a_cancelled_scan_holds_its_host_until_its_worker_lets_go(default_tenant: Tenant) -> None:
    create_batch(tenant=default_tenant, created_by=None, domains=["a.example"])
    Batch.objects.start()
    claim(hire("one"))
    job = cancel_job(Job.objects.get())
    initiate_scan("a.example", tenant=default_tenant)
    assert claim(hire("two")).jobs == []
    Job.objects.filter(pk=job.pk).release()
    assert len(claim(hire("three")).jobs) == 1


def test_what_waits_for_a_busy_server_does_not_fill_the_budget(default_tenant: Tenant) -> None:
    batch = make(default_tenant, 100, max_concurrent=50)
    claimer = hire(ceiling=20)
    assert len(claim(claimer, {batch.pk: Load(22, blocked=20)}).jobs) == 0
    assert len(claim(claimer, {batch.pk: Load(17, blocked=15)}).jobs) == 5


def test_many_claiming_at_once_never_get_the_same_job(default_tenant: Tenant) -> None:
    make(default_tenant, 200, max_concurrent=400)
    claimers = [hire(f"h{n}", ceiling=5) for n in range(4)]
    claimed: Counter[str] = Counter()
    lock = threading.Lock()

    def work(claimer: Claimer) -> None:
        while jobs := claim(claimer).jobs:
            with lock:
                claimed.update(job.key for job in jobs)
        connection.close()

    threads = [threading.Thread(target=work, args=(claimer,)) for claimer in claimers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == 200
    assert set(claimed.values()) == {1}
    assert set(Job.objects.values_list("claim_no", flat=True)) == {1}


def test_many_claiming_at_once_never_hold_a_host_twice(default_tenant: Tenant) -> None:
    for _ in range(4):
        make(default_tenant, 50)
    claimers = [hire(f"h{n}", ceiling=5) for n in range(4)]
    doubled: list[str] = []

    def work(claimer: Claimer) -> None:
        while jobs := claim(claimer).jobs:
            with transaction.atomic():
                hosts = Job.objects.filter(worker__isnull=False).values_list("host", flat=True)
                doubled.extend(host for host, count in Counter(hosts).items() if count > 1)
                Job.objects.filter(pk__in=[job.id for job in jobs]).release()
                Job.objects.filter(pk__in=[job.id for job in jobs]).cancel()
        connection.close()

    threads = [threading.Thread(target=work, args=(claimer,)) for claimer in claimers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert doubled == []
    assert not Job.objects.exclude(status="cancelled").exists()
