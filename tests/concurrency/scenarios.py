"""The scenarios: the tests run them small, `make chaos` runs them large.

Each asserts what was promised and returns the figures it measured.
"""

import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from time import monotonic, sleep
from typing import Any

from django.db import connection
from django_q.models import OrmQ

from batches import controls
from batches.models import Batch, Job, Worker
from batches.queue import nudge
from tests.concurrency.audit import Account, audit, problems
from tests.concurrency.installation import Installation
from tests.concurrency.sockets import process_at
from tests.concurrency.strikes import Striker, see_through
from tests.postgres import EmbeddedPostgres
from tests.processes import eventually

Figures = dict[str, Any]


def names(count: int, of: str = "s") -> list[str]:
    return [f"{of}{number}.site.test" for number in range(count)]


def latency(seconds: float) -> Callable[[str], None]:
    """Let every homepage take some seconds, as a site far away does."""
    return lambda host: sleep(seconds)


def ended(batch: Batch) -> bool:
    batch.refresh_from_db()
    return batch.is_ended


def audited(batch: Batch, *, within: float) -> Account:
    """Wait for the end of a batch under audit; return its account."""
    found: list[str] = []

    def look() -> bool:
        found.extend(problems())
        return ended(batch)

    eventually(look, within=within)
    found += problems()
    assert found == []
    return audit()[-1]


def random_kills(
    installation: Installation,
    kinds: tuple[str, ...],
    *,
    hosts: int,
    jobs: int,
    strikes: int,
    within: float,
    seed: int = 4,
) -> Figures:
    """Kill at random while a batch runs: nothing is lost, nothing is doubled."""
    installation.sites.before = latency(0.05)
    installation.start_hosts(hosts)
    batch = installation.create(names(jobs), max_concurrent=20 * hosts)
    striker = Striker(installation, kinds, seed)
    seconds = see_through(striker, batch, strikes=strikes, within=within)
    account = audit()[-1]
    assert striker.problems == []
    assert sum(striker.hits.values()) == strikes
    lost = batch.jobs.exclude(failure_reason__in=["", "worker_lost"])
    assert not lost.exists()
    assert account.completed + account.failed == jobs
    return {
        "killed": ", ".join(f"{count} x {kind}" for kind, count in striker.hits.items()),
        "audits": striker.audits,
        "seconds": round(seconds, 1),
        "attempts lost": account.attempts,
        "account": account,
    }


def poison_site(installation: Installation, *, jobs: int, within: float) -> Figures:
    """Let one site kill every process that opens it: it fails alone, worker_lost."""
    sites = installation.sites
    poison = "poison.site.test"

    def kill_visitor(host: str) -> None:
        if host == poison:
            os.kill(process_at(sites.peers[host], installation.mark), signal.SIGKILL)

    sites.before = kill_visitor
    installation.start_hosts(1)
    healthy = names(jobs)
    batch = installation.create([*healthy[: jobs // 2], poison, *healthy[jobs // 2 :]])
    account = audited(batch, within=within)
    assert (account.status, account.completed, account.failed) == ("partial", jobs, 1)
    job = batch.jobs.get(status="failed")
    assert job.domain is not None
    assert (job.domain.host, job.failure_reason, job.attempts) == (poison, "worker_lost", 3)
    assert sites.asked.count(poison) == 3
    return {"account": account}


def database_away(
    installation: Installation,
    server: EmbeddedPostgres,
    *,
    jobs: int,
    seconds: float,
    within: float,
) -> Figures:
    """Stop the database while a batch runs: it goes on where it was."""
    installation.sites.before = latency(0.05)
    installation.start_hosts(1)
    batch = installation.create(names(jobs), max_concurrent=10)
    eventually(lambda: Batch.objects.get(pk=batch.pk).completed > jobs // 10)
    connection.close()
    server.stop()
    stopped = monotonic()
    eventually(lambda: monotonic() - stopped >= seconds, within=seconds + 1)
    server.start()
    began = monotonic()
    account = audited(batch, within=within)
    assert (account.status, account.completed) == ("complete", jobs)
    return {
        "away": f"{seconds:g} s",
        "seconds after": round(monotonic() - began, 1),
        "account": account,
    }


def queue_filled_twice(installation: Installation, *, jobs: int, within: float) -> Figures:
    """Queue every message many times over: each job is done once."""
    batch = installation.create(names(jobs), max_concurrent=10)
    for _ in range(20):
        nudge()
    messages = OrmQ.objects.count()
    installation.start_hosts(2)
    account = audited(batch, within=within)
    assert (account.status, account.claims, account.attempts) == ("complete", jobs, 0)
    eventually(lambda: not OrmQ.objects.exists())
    return {"messages": messages, "account": account}


def small_beside_large(installation: Installation, *, large: int, within: float) -> Figures:
    """Create ten domains while thousands are scanned: they are scanned at once."""
    sites = installation.sites
    sites.before = latency(0.1)
    installation.start_hosts(1)
    first = installation.create(names(large))
    eventually(lambda: Batch.objects.get(pk=first.pk).completed > 20, within=60)
    began = monotonic()
    small = installation.create(names(10, "small"))
    eventually(lambda: any(host.startswith("small") for host in sites.asked), within=within)
    seen = monotonic() - began
    eventually(lambda: ended(small), within=within)
    took = monotonic() - began
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
    """Cancel while sites hang: no further request, a quick end, true counts."""
    sites = installation.sites
    hold = threading.Event()
    sites.before = lambda host: hanging(host, hold)
    installation.start_hosts(1)
    batch = installation.create(names(jobs), max_concurrent=20, site_deadline=60)
    eventually(lambda: sites.now >= 20 and Batch.objects.get(pk=batch.pk).completed, within=60)
    told = controls.cancel_batch(batch)
    asked_at = monotonic()
    assert told.status in {"cancelling", "cancelled"}
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
    """Let every second site not answer until it is released."""
    if int(host.partition(".")[0][1:]) % 2:
        hold.wait(60)


def pause_and_resume(installation: Installation, *, jobs: int, within: float) -> Figures:
    """Pause while a batch runs: what runs ends, nothing starts; resume: it goes on."""
    sites = installation.sites
    sites.before = latency(0.05)
    installation.start_hosts(1)
    batch = installation.create(names(jobs), max_concurrent=10)
    eventually(lambda: Batch.objects.get(pk=batch.pk).completed > jobs // 10, within=60)
    controls.pause_batch(batch)
    eventually(lambda: not running(batch), within=within)
    asked = len(sites.asked)
    eventually(lambda: not Worker.objects.live().exists(), within=within)
    held = Batch.objects.get(pk=batch.pk)
    assert (held.status, held.ended) == ("paused", asked)
    controls.resume_batch(batch)
    account = audited(batch, within=within)
    assert (account.status, account.completed, account.attempts) == ("complete", jobs, 0)
    assert len(sites.asked) == jobs
    return {"held at": asked, "account": account}


def running(batch: Batch) -> bool:
    return Job.objects.filter(batch=batch, status=Job.Status.RUNNING).exists()


def one_of_two_hosts_killed(
    installation: Installation, *, jobs: int, comes_back: bool, within: float
) -> Figures:
    """Let two hosts share a batch and kill one: the other takes over what it did."""
    installation.sites.before = latency(0.1)
    batch = installation.create(names(jobs), max_concurrent=20)
    installation.start_hosts(2)
    eventually(lambda: len(hosts_at_work()) == 2, within=60)
    victim = installation.hosts[0]
    victim.kill()
    killed_at = monotonic()
    held = Job.objects.filter(worker__host=victim.name, status=Job.Status.RUNNING)
    orphans = held.count()
    if comes_back:
        victim.restart()
    eventually(lambda: not held.filter(worker__ended_at=None).exists(), within=120)
    eventually(lambda: not lost_jobs(), within=120)
    taken_over = monotonic() - killed_at
    account = audited(batch, within=within)
    assert (account.status, account.completed) == ("complete", jobs)
    assert orphans > 0
    return {
        "jobs of the dead host": orphans,
        "taken over after": f"{taken_over:.1f} s",
        "account": account,
    }


def hosts_at_work() -> set[str]:
    """Return the hosts that scan something now."""
    rows = Job.objects.filter(status=Job.Status.RUNNING, worker__ended_at=None)
    return set(rows.values_list("worker__host", flat=True))


def lost_jobs() -> bool:
    """Say whether a job is still held by a worker that is lost."""
    rows = Job.objects.filter(status=Job.Status.RUNNING)
    return rows.filter(worker__status=Worker.Status.LOST).exists()


def creator_killed(installation: Installation, *, jobs: int) -> Figures:
    """Kill the process that creates a batch: there is the whole batch, or none."""
    file = installation.folder / "domains.txt"
    file.write_text("\n".join(names(jobs)))
    process = installation.manage("create_batch", str(file))
    eventually(lambda: process.poll() is not None or is_inserting(), within=60)
    assert process.poll() is None
    process.kill()
    process.wait()
    eventually(lambda: not is_inserting())
    assert (Batch.objects.count(), Job.objects.count()) == (0, 0)
    return {"killed": f"while {jobs:,} jobs were inserted"}


def is_inserting() -> bool:
    """Say whether another session of this database has jobs that are not committed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation "
            "JOIN pg_database d ON d.oid = l.database AND d.datname = current_database() "
            "WHERE c.relname = 'batches_job' AND l.mode = 'RowExclusiveLock'"
        )
        return bool(cursor.fetchone()[0])


def lone_worker_killed(installation: Installation, *, jobs: int) -> Figures:
    """Kill the only shift there is, again and again: each time its work is taken over."""
    installation.sites.before = latency(0.1)
    (host,) = installation.start_hosts(1)
    batch = installation.create(names(jobs), max_concurrent=10)
    took = []
    for _ in range(2):
        eventually(lambda: running(batch))
        shift = eventually(host.shift)
        assert shift
        with suppress(ProcessLookupError):
            os.kill(shift, signal.SIGKILL)
        began = monotonic()
        eventually(lambda dead=shift: host.shift() not in {None, dead}, within=120)  # type: ignore[misc]
        took.append(monotonic() - began)
    account = audited(batch, within=120)
    assert (account.status, account.completed) == ("complete", jobs)
    return {
        "taken over after": ", ".join(f"{seconds:.1f} s" for seconds in took),
        "account": account,
    }
