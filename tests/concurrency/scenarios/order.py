"""Requested work is done once, fairly, and only as long as it is wanted."""

import threading
from collections.abc import Callable
from datetime import datetime
from time import monotonic

from django.db import connection
from django.db.models import Count
from django.utils import timezone
from django_q.models import OrmQ

from batches import transitions
from batches.maintenance import MINUTE_KEEPER
from batches.models import Batch, Job, MaintenanceRun, Worker
from batches.outages.notice import outage_notice
from batches.queue import wake_workers
from tests.concurrency.audit import audit, problems
from tests.concurrency.installation import Installation
from tests.concurrency.scenarios.common import Figures, audited, ended, latency, names, until
from tests.postgres import EmbeddedPostgres
from tests.processes import eventually


def queue_filled_twice(installation: Installation, *, jobs: int, within: float) -> Figures:
    """Queue far more messages than needed: each job is done once."""
    batch = installation.create(names(jobs), max_concurrent=10)
    for _ in range(20):
        wake_workers()
    messages = OrmQ.objects.count()
    installation.start_hosts(2)
    account = audited(batch, within=within)
    assert (account.status, account.claims, account.attempts) == ("complete", jobs, 0)
    eventually(lambda: OrmQ.objects.count() == len(installation.hosts))  # their shifts
    return {"messages": messages, "account": account}


def small_beside_large(installation: Installation, *, large: int, within: float) -> Figures:
    """Create ten domains while thousands are scanned: they are scanned immediately."""
    sites = installation.sites
    sites.before = latency(0.1)
    installation.start_hosts(1)
    first = installation.create(names(large))
    eventually(lambda: Batch.objects.get(pk=first.pk).completed > 20, within=60)
    started = monotonic()
    small = installation.create(names(10, "small"))
    eventually(lambda: any(host.startswith("small") for host in sites.asked), within=within)
    seen = monotonic() - started
    eventually(lambda: ended(small), within=within)
    took = monotonic() - started
    first.refresh_from_db()
    assert not first.is_ended
    assert small.status == "complete"
    assert problems() == []
    return {
        "scanned after": f"{seen:.2f} s",
        "ended after": f"{took:.2f} s",
        "large": f"{first.ended} of {large}",
        "account": audit()[-1],
    }


def cancel_while_running(
    installation: Installation, *, jobs: int, quiet_after: float, within: float
) -> Figures:
    """Cancel while sites hang: no further requests, a quick end, correct counters."""
    sites = installation.sites
    hold = threading.Event()
    sites.before = lambda host: hanging(host, hold)
    installation.start_hosts(1)
    batch = installation.create(names(jobs), max_concurrent=20, site_deadline=60)
    eventually(lambda: sites.now >= 20 and Batch.objects.get(pk=batch.pk).completed, within=60)
    result = transitions.cancel_batch(batch)
    asked_at = monotonic()
    assert result.status in {"cancelling", "cancelled"}
    account = audited(batch, within=within)
    took = monotonic() - asked_at
    eventually(lambda: monotonic() - asked_at > quiet_after + 2, within=quiet_after + 3)
    hold.set()
    last = max(at for at, _, _ in sites.requested) - asked_at
    assert last <= quiet_after
    assert account.status == "cancelled"
    assert account.completed > 0
    assert account.cancelled > jobs // 2
    return {
        "last request after": f"{max(last, 0):.2f} s",
        "ended after": f"{took:.2f} s",
        "account": account,
    }


def hanging(host: str, hold: threading.Event) -> None:
    """Make every second site hang until it is released."""
    if int(host.partition(".")[0][1:]) % 2:
        hold.wait(60)


def pause_and_resume(installation: Installation, *, jobs: int, within: float) -> Figures:
    """Pause a running batch: scans finish and none start; after resuming, it continues."""
    sites = installation.sites
    sites.before = latency(0.05)
    installation.start_hosts(1)
    batch = installation.create(names(jobs), max_concurrent=10)
    eventually(lambda: Batch.objects.get(pk=batch.pk).completed > jobs // 10, within=60)
    transitions.pause_batch(batch)
    eventually(lambda: not Job.objects.filter(worker__isnull=False).exists(), within=within)
    count = len(sites.asked)
    held = Batch.objects.get(pk=batch.pk)
    assert (held.status, held.ended) == ("paused", count)
    transitions.resume_batch(batch)
    account = audited(batch, within=within)
    assert (account.status, account.completed, account.attempts) == ("complete", jobs, 0)
    assert len(sites.asked) == jobs
    return {"held at": count, "account": account}


def database_away(
    installation: Installation,
    server: EmbeddedPostgres,
    *,
    jobs: int,
    seconds: float,
    within: float,
) -> Figures:
    """Stop the database while a batch runs: the batch continues where it was."""
    installation.sites.before = latency(0.05)
    installation.start_hosts(1)
    batch = installation.create(names(jobs), max_concurrent=10)
    eventually(lambda: Batch.objects.get(pk=batch.pk).completed > jobs // 10)
    connection.close()
    server.stop()
    stopped = monotonic()
    eventually(lambda: monotonic() - stopped >= seconds, within=seconds + 1)
    server.start()
    started = monotonic()
    account = audited(batch, within=within)
    assert (account.status, account.completed) == ("complete", jobs)
    return {
        "away": f"{seconds:g} s",
        "seconds after": round(monotonic() - started, 1),
        "account": account,
    }


def keeper_beside_slow_sites(installation: Installation, *, jobs: int, within: float) -> Figures:
    """Let every slot of a worker hang in a slow site: housekeeping still runs."""
    hold = threading.Event()
    installation.sites.before = until(hold, 300)
    (host,) = installation.start_hosts(1)
    batch = installation.create(names(jobs), max_concurrent=jobs, site_deadline=300)
    eventually(lambda: installation.sites.now >= jobs, within=60)
    started = timezone.now()
    runs: list[datetime] = []

    def has_run_twice() -> bool:
        assert not host.hangs()
        kept = MaintenanceRun.objects.filter(name=MINUTE_KEEPER, outcome="done")
        runs.extend(kept.filter(started_at__gt=started).values_list("started_at", flat=True))
        return len(set(runs)) >= 2

    eventually(has_run_twice, within=within)
    first = min(runs)
    hold.set()
    account = audited(batch, within=60)
    assert (account.status, account.attempts) == ("complete", 0)
    return {"keeper ran after": f"{(first - started).seconds} s", "account": account}


def network_down(
    installation: Installation, *, jobs: int, seconds: float, within: float
) -> Figures:
    """Cut off the network while a batch runs: it waits, and every site gets its own result."""
    sites = installation.sites
    sites.before = latency(0.05)
    sites.statuses = dict.fromkeys(names(jobs)[::10], 500)
    installation.start_hosts(1)
    batch = installation.create(names(jobs), max_concurrent=10)
    eventually(lambda: Batch.objects.get(pk=batch.pk).completed > jobs // 10)
    sites.is_cut_off = True
    cut = monotonic()
    eventually(outage_notice, within=60)
    noticed = monotonic()
    eventually(lambda: not Job.objects.filter(worker__isnull=False).exists(), within=60)
    held = Batch.objects.get(pk=batch.pk)
    eventually(lambda: monotonic() - cut >= seconds, within=seconds + 1)
    assert Batch.objects.get(pk=batch.pk).ended == held.ended
    assert not held.is_ended
    sites.is_cut_off = False
    restored = monotonic()
    account = audited(batch, within=within)
    failed = batch.jobs.filter(status=Job.Status.FAILED)
    assert {job.domain.host for job in failed if job.domain} == set(sites.statuses)
    assert {job.failure_reason for job in failed} == {"http_error"}
    return {
        "noticed after": f"{noticed - cut:.1f} s",
        "failed until then": held.failed,
        "ended after the restoration": f"{monotonic() - restored:.1f} s",
        "account": account,
    }


def queue_flushed(
    installation: Installation, flush: Callable[[], object], *, jobs: int, within: float
) -> Figures:
    """Empty the broker while a batch runs: it continues, because shifts need no messages."""
    installation.sites.before = latency(0.05)
    installation.start_hosts(1)
    batch = installation.create(names(jobs), max_concurrent=10)
    eventually(lambda: Batch.objects.get(pk=batch.pk).completed > jobs // 10, within=60)
    flush()
    account = audited(batch, within=within)
    assert (account.status, account.completed, account.attempts) == ("complete", jobs, 0)
    again = installation.create(names(10, "again"))
    assert audited(again, within=within).status == "complete"
    return {"account": account}


def many_batches(
    installation: Installation, *, batches: int, each: int, slots: int, within: float
) -> Figures:
    """Give two workers many small batches: both start immediately, and neither hoards jobs."""
    installation.sites.before = latency(0.05)
    for number in range(batches):
        installation.create(names(each, f"b{number}-"))
    started = monotonic()
    installation.start_hosts(2)
    eventually(lambda: Worker.objects.live().count() == 2, within=60)
    alive = monotonic()
    most = 0

    def both_work() -> bool:
        nonlocal most
        held = Job.objects.filter(worker__isnull=False).order_by().values_list("worker")
        counts = [count for _, count in held.annotate(count=Count("*"))]
        most = max([most, *counts])
        return len(counts) == 2

    eventually(both_work, within=5)
    seen = monotonic() - alive
    eventually(lambda: [both_work()] and not Batch.objects.unfinished().exists(), within=within)
    assert problems() == []
    assert most <= 3 * slots
    return {
        "both at work after": f"{seen:.1f} s",
        "most jobs held": most,
        "seconds": round(monotonic() - started, 1),
        "account": audit()[-1],
    }
