"""Shifts with real scanning processes against real servers."""

import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django.fixtures import Settings

from batches import transitions
from batches.models import Batch, Job, Worker
from batches.runner import recovery, shift
from batches.scanning import child, messages
from batches.scanning.pool import Pool
from batches.services import create_batch, initiate_scan
from batches.tests.running import run_shift
from batches.tests.sites import Sites
from scans.models import Domain
from scrapersky.tenants.models import Tenant

pytestmark = pytest.mark.django_db(transaction=True)


def make(tenant: Tenant, hosts: list[str], **options: Any) -> Batch:
    quick = {"sitemaps": False, "follow": False, "site_deadline": 20}
    return create_batch(tenant=tenant, created_by=None, domains=hosts, options=quick | options)


def hosts(count: int) -> list[str]:
    return [f"s{n}.site.test" for n in range(count)]


def outcome(batch: Batch) -> tuple[str, int, int, int]:
    batch.refresh_from_db()
    return batch.status, batch.completed, batch.failed, batch.cancelled


def test_a_batch_is_scanned_stored_and_ended(default_tenant: Tenant, sites: Sites) -> None:
    batch = make(default_tenant, hosts(12))
    run_shift()
    assert outcome(batch) == ("complete", 12, 0, 0)
    assert batch.started_at is not None
    assert batch.finished_at is not None
    assert Domain.objects.get(host="s7.site.test").emails == ["info@s7.site.test"]
    assert not Job.objects.exclude(status="complete").exists()
    assert Worker.objects.get().status == "ended"


def test_one_bad_site_never_harms_the_batch(default_tenant: Tenant, sites: Sites) -> None:
    sites.statuses["s1.site.test"] = 500
    batch = make(default_tenant, [*hosts(3), "gone.none.test"])
    run_shift()
    assert outcome(batch) == ("partial", 2, 2, 0)
    reasons = batch.jobs.filter(status="failed").values_list("domain__host", "failure_reason")
    assert dict(reasons) == {"s1.site.test": "http_error", "gone.none.test": "dns_not_found"}


def test_a_batch_of_failures_is_failed(default_tenant: Tenant, sites: Sites) -> None:
    batch = make(default_tenant, ["a.none.test", "b.none.test"])
    run_shift()
    assert outcome(batch) == ("failed", 0, 2, 0)


def test_a_private_address_is_refused_and_the_setting_is_named(
    default_tenant: Tenant, sites: Sites, settings: Settings
) -> None:
    settings.SCAN_ALLOWED_NETWORKS = ()
    batch = make(default_tenant, hosts(1))
    run_shift()
    job = batch.jobs.get()
    assert job.failure_reason == "blocked_address"
    assert "SCAN_ALLOWED_NETWORKS" in job.error
    assert sites.asked == []
    assert "127.0.0" not in job.error + json.dumps(job.result)
    assert str(job.private_address).startswith("127.0.0")


def test_a_scan_without_a_batch_is_done_too(default_tenant: Tenant, sites: Sites) -> None:
    job = initiate_scan("s1.site.test", tenant=default_tenant)
    run_shift()
    job.refresh_from_db()
    assert (job.status, job.progress) == ("complete", 1.0)


def test_max_concurrent_holds_and_is_reached(default_tenant: Tenant, sites: Sites) -> None:
    gate = threading.Barrier(3)
    sites.before = lambda host: wait_at(gate)
    batch = make(default_tenant, hosts(9), max_concurrent=3)
    run_shift()
    assert outcome(batch) == ("complete", 9, 0, 0)
    assert sites.most == 3


def wait_at(gate: threading.Barrier) -> None:
    """Make sites respond only once as many as the barrier's parties are being read."""
    gate.wait(timeout=4)


def test_a_second_shift_on_the_host_returns_at_once(default_tenant: Tenant, sites: Sites) -> None:
    batch = make(default_tenant, hosts(1))
    assert Worker.begin(host=settings.SCAN_WORKER_NAME, pid=1)
    assert run_shift() == "This host already has a shift."
    assert outcome(batch)[0] == "pending"


def test_a_process_that_is_killed_costs_its_jobs_an_attempt_and_nothing_else(
    default_tenant: Tenant, sites: Sites, monkeypatch: pytest.MonkeyPatch
) -> None:
    pools = watch_pools(monkeypatch)
    killed: list[str] = []

    def kill_once(host: str) -> None:
        if host == "s3.site.test" and not killed:
            killed.append(host)
            kill_process_of(pools, host)

    sites.before = kill_once
    batch = make(default_tenant, hosts(6))
    run_shift()
    assert outcome(batch) == ("complete", 6, 0, 0)
    job = batch.jobs.get(domain__host="s3.site.test")
    assert (job.attempts, job.claim_no) == (1, 2)


def test_a_site_that_kills_its_process_three_times_fails_alone(
    default_tenant: Tenant, sites: Sites, monkeypatch: pytest.MonkeyPatch
) -> None:
    pools = watch_pools(monkeypatch)

    def kill(host: str) -> None:
        if host == "s3.site.test":
            kill_process_of(pools, host)

    sites.before = kill
    batch = make(default_tenant, hosts(6))
    run_shift()
    assert outcome(batch) == ("partial", 5, 1, 0)
    job = batch.jobs.get(status="failed")
    assert (job.failure_reason, job.attempts) == ("worker_lost", 3)


def test_a_scan_that_hangs_is_ended_at_its_deadline(
    default_tenant: Tenant, sites: Sites, monkeypatch: pytest.MonkeyPatch
) -> None:
    pools = watch_pools(monkeypatch)
    monkeypatch.setattr(messages, "GRACE", 0.2)
    sites.before = lambda host: stop_process_of(pools, host) if host == "s0.site.test" else None
    batch = make(default_tenant, hosts(1), site_deadline=1)
    run_shift()
    assert outcome(batch) == ("failed", 0, 1, 0)
    assert batch.jobs.get().failure_reason == "deadline_exceeded"


def test_a_running_job_that_is_cancelled_is_stopped_and_the_others_go_on(
    default_tenant: Tenant, sites: Sites, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = make(default_tenant, hosts(3), max_concurrent=1)
    first = batch.jobs.get(domain__host="s0.site.test")
    requested, stopped = threading.Event(), threading.Event()
    check, cancel = shift.Shift._check, child.Child.cancel
    cancelled: list[Job] = []

    def cancel_once_asked(self: shift.Shift) -> None:
        if requested.is_set() and not cancelled:
            cancelled.append(transitions.cancel_job(first))
        check(self)

    def stop(self: child.Child, key: str) -> None:
        cancel(self, key)
        if key == str(first.pk):
            stopped.set()

    def answer_when_stopped(host: str) -> None:
        if host == "s0.site.test":
            requested.set()
            stopped.wait(timeout=15)

    monkeypatch.setattr(shift.Shift, "_check", cancel_once_asked)
    monkeypatch.setattr(child.Child, "cancel", stop)
    sites.before = answer_when_stopped
    run_shift()
    assert stopped.is_set()
    assert outcome(batch) == ("partial", 2, 0, 1)


def test_a_host_that_is_asked_to_stop_gives_its_jobs_back(
    default_tenant: Tenant, sites: Sites, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shift, "STOP_GRACE", 0.1)
    monkeypatch.setattr(shift, "BEAT_EVERY", 0.1)
    release = threading.Event()
    batch = make(default_tenant, hosts(5), max_concurrent=2)
    requested = threading.Event()

    def ask_to_stop(host: str) -> None:
        requested.set()
        release.wait(timeout=10)

    sites.before = ask_to_stop
    stopper = StopWhen(requested)
    monkeypatch.setattr(shift.Shift, "_is_to_stop", lambda self: stopper.is_set())
    run_shift()
    release.set()
    assert outcome(batch) == ("running", 0, 0, 0)
    jobs = batch.jobs.values_list("status", "attempts", "worker")
    assert set(jobs) == {("pending", 0, None)}


def test_a_batch_created_while_a_shift_is_idle_needs_no_message(
    default_tenant: Tenant, sites: Sites, monkeypatch: pytest.MonkeyPatch
) -> None:
    created: list[Batch] = []
    check = shift.Shift._check

    def create_once(self: shift.Shift) -> None:
        if not created:
            created.append(make(default_tenant, hosts(2)))
        check(self)

    monkeypatch.setattr(shift.Shift, "_check", create_once)
    run_shift()
    assert outcome(created[0]) == ("complete", 2, 0, 0)
    assert not OrmQ.objects.exists()


def test_jobs_are_claimed_at_most_twice_a_second_however_often_outcomes_are_written(
    default_tenant: Tenant, sites: Sites, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(shift, "monotonic", lambda: now)
    claims: list[float] = []
    monkeypatch.setattr(shift.Shift, "_claim", lambda self: claims.append(now))
    with started_shift() as current:
        for _ in range(20):
            current.pool.full.set()
            current._step()
            now += 0.125
    assert claims == [100.0, 100.5, 101.0, 101.5, 102.0]


class Waits:
    """An event that is never set, and records how long it was waited for."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def wait(self, seconds: float) -> None:
        self.seconds.append(seconds)

    def clear(self) -> None:
        """Do nothing: it is not set."""


def test_a_shift_without_work_looks_for_some_once_a_second(
    default_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(shift, "monotonic", lambda: now)
    waits = Waits()
    with started_shift() as current:
        monkeypatch.setattr(current.pool, "full", waits)
        current._step()
        now += 10.0
        current._step()
    assert waits.seconds == [0.5, 1.0]


def test_a_step_that_hangs_ends_the_process(
    default_tenant: Tenant, sites: Sites, monkeypatch: pytest.MonkeyPatch
) -> None:
    timers: list[float] = []
    steps: list[int] = []
    step = shift.Shift._step

    def arm(seconds: float, *, exit: bool, file: int) -> None:
        assert exit
        timers.append(seconds)

    def count_step(self: shift.Shift) -> None:
        steps.append(len(timers))
        step(self)

    monkeypatch.setattr(shift.faulthandler, "dump_traceback_later", arm)
    monkeypatch.setattr(shift.faulthandler, "cancel_dump_traceback_later", timers.clear)
    monkeypatch.setattr(shift.Shift, "_step", count_step)
    make(default_tenant, hosts(1))
    run_shift()
    assert steps == list(range(1, len(steps) + 1))  # a timer for each step
    assert timers == []


@contextmanager
def started_shift() -> Iterator[shift.Shift]:
    worker = Worker.begin(host="h", pid=1)
    assert worker
    current = shift.Shift(worker)
    try:
        yield current
    finally:
        current.pool.close()


class StopWhen:
    """Ask to stop once a site is being read."""

    def __init__(self, event: threading.Event) -> None:
        self.is_set = event.is_set


def test_the_flag_of_the_host_asks_its_shift_to_stop(default_tenant: Tenant) -> None:
    with started_shift() as current:
        assert not current._is_to_stop()
        Worker.objects.stop("h")
        assert current._is_to_stop()


def test_a_shift_that_was_declared_lost_writes_nothing(
    default_tenant: Tenant, sites: Sites, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shift, "BEAT_EVERY", 0.0)
    batch = make(default_tenant, hosts(3))
    claim = shift.Shift._claim

    def claim_then_fall_silent(self: shift.Shift) -> None:
        claim(self)
        Worker.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=1))
        recovery.recover()

    monkeypatch.setattr(shift.Shift, "_claim", claim_then_fall_silent)
    monkeypatch.setattr(shift, "RECOVER_EVERY", 1_000.0)
    assert run_shift() == "The shift missed its heartbeats, so its jobs were recovered."
    monkeypatch.undo()
    assert outcome(batch)[1:] == (0, 0, 0)


def watch_pools(monkeypatch: pytest.MonkeyPatch) -> list[Pool]:
    """Return a list that collects the pools created by shifts."""
    pools: list[Pool] = []

    class Watched(Pool):
        def __init__(self, **kwargs: int) -> None:
            super().__init__(**kwargs)
            pools.append(self)

    monkeypatch.setattr(shift, "Pool", Watched)
    return pools


def process_of(pools: list[Pool], host: str) -> int:
    """Return the id of the process scanning a host."""
    children = list(pools[0]._processes)
    return next(
        c.pid for c in children if any(scan.job.host == host for scan in list(c.running.values()))
    )


def kill_process_of(pools: list[Pool], host: str) -> None:
    os.kill(process_of(pools, host), signal.SIGKILL)


def stop_process_of(pools: list[Pool], host: str) -> None:
    os.kill(process_of(pools, host), signal.SIGSTOP)


def test_a_scanning_process_that_cannot_start_ends_the_shift_and_loses_nothing(
    default_tenant: Tenant, sites: Sites, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child.sys, "executable", "/bin/false")
    batch = make(default_tenant, hosts(3))
    with pytest.raises(RuntimeError, match="scanning processes"):
        run_shift()
    assert outcome(batch) == ("running", 0, 0, 0)
    assert set(batch.jobs.values_list("status", "attempts")) == {("pending", 0)}
    assert Worker.objects.get().status == "ended"
