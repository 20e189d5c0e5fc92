"""Processes and hosts die; the work does not."""

import os
import signal
import threading
from contextlib import suppress
from time import monotonic

from django.db import connection
from django.db.models import Max

from batches.background_exports import create_export
from batches.models import Batch, BatchList, Export, Job, Worker
from batches.transitions import cancel_batch
from scans.lists import DOMAINS
from scans.services import ensure_domains
from scrapersky.tenants.models import DEFAULT_TENANT_ID, Membership, Tenant, User
from scrapersky.web.lists.formats import Format
from scrapersky.web.lists.outputs import Output
from tests.concurrency.audit import audit
from tests.concurrency.installation import Installation
from tests.concurrency.scenarios.common import Figures, audited, latency, names, running, until
from tests.concurrency.sockets import process_at
from tests.concurrency.strikes import Striker, see_through
from tests.processes import eventually


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
    """Kill processes at random while a batch runs: nothing is lost or duplicated."""
    installation.sites.before = latency(0.05)
    installation.start_hosts(hosts)
    batch = installation.create(names(jobs), max_concurrent=20 * hosts)
    striker = Striker(installation, kinds, seed)
    seconds = see_through(striker, batch, strikes=strikes, within=within)
    account = audit()[-1]
    assert striker.problems == []
    assert striker.hits
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
    """Let one site kill every process that opens it: only that site fails, with worker_lost."""
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


def one_of_two_hosts_killed(
    installation: Installation, *, jobs: int, comes_back: bool, within: float
) -> Figures:
    """Let two hosts share a batch and kill one: the other takes over its jobs."""
    installation.sites.before = latency(0.1)
    installation.start_hosts(2)
    # Both start before the batch is created, so that a slow start cannot leave one without work.
    eventually(lambda: Worker.objects.live().count() == 2, within=60)
    batch = installation.create(names(jobs), max_concurrent=20)
    eventually(lambda: len(hosts_at_work()) == 2, within=60)
    victim = installation.hosts[0]
    pids = list(Worker.objects.filter(host=victim.name).values_list("pid", flat=True))
    victim.kill()
    killed_at = monotonic()
    held = Job.objects.filter(worker__host=victim.name)
    orphans = held.count()
    if comes_back:
        victim.restart()
    eventually(lambda: not held.filter(worker__pid__in=pids).exists(), within=120)
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
    """Return the hosts that are scanning."""
    rows = Job.objects.filter(status=Job.Status.RUNNING, worker__ended_at=None)
    return set(rows.values_list("worker__host", flat=True))


def lost_jobs() -> bool:
    """Return whether a lost worker still holds a job."""
    return Job.objects.filter(worker__status=Worker.Status.LOST).exists()


def creator_killed(installation: Installation, *, jobs: int) -> Figures:
    """Kill the process that creates a batch: the batch exists completely or not at all."""
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


def list_reader_killed(installation: Installation, *, domains: int, within: float) -> Figures:
    """Kill the process that creates a large batch: housekeeping resumes at its last chunk."""
    file = installation.folder / "large.txt"
    file.write_text("\n".join(names(domains)))
    process = installation.manage("create_batch", str(file))
    eventually(Batch.objects.filter(total__gt=0).exists, within=within)
    process.kill()
    process.wait()
    eventually(lambda: not is_inserting())
    waiting = BatchList.objects.select_related("batch").get()
    batch = waiting.batch
    at = batch.total
    assert at < domains
    assert (batch.status, batch.is_building, batch.jobs.count()) == ("pending", True, at)
    installation.start_hosts(1)
    began = monotonic()
    eventually(is_list_read, within=within)
    cancel_batch(Batch.objects.get())
    batch.refresh_from_db()
    assert (batch.total, batch.jobs.count()) == (domains, domains)
    assert batch.jobs.aggregate(last=Max("position"))["last"] == domains - 1
    return {"killed": f"after {at:,} of {domains:,}", "resumed": f"{monotonic() - began:.0f} s"}


def is_list_read() -> bool:
    """Return whether all lists have been read; until then, no job may be claimed."""
    is_claimed = Job.objects.filter(worker__isnull=False).exists()
    is_waiting = BatchList.objects.exists()
    assert not (is_claimed and is_waiting)
    return not is_waiting


def is_inserting() -> bool:
    """Return whether another session of this database has uncommitted jobs."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation "
            "JOIN pg_database d ON d.oid = l.database AND d.datname = current_database() "
            "WHERE c.relname = 'batches_job' AND l.mode = 'RowExclusiveLock'"
        )
        return bool(cursor.fetchone()[0])


def lone_worker_killed(installation: Installation, *, jobs: int) -> Figures:
    """Kill the only shift repeatedly: each time its work is taken over."""
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
        started = monotonic()
        eventually(lambda dead=shift: host.shift() not in {None, dead}, within=120)  # type: ignore[misc]
        took.append(monotonic() - started)
    account = audited(batch, within=120)
    assert (account.status, account.completed) == ("complete", jobs)
    return {
        "taken over after": ", ".join(f"{seconds:.1f} s" for seconds in took),
        "account": account,
    }


def cluster_stopped(
    installation: Installation, number: signal.Signals, *, jobs: int, within: float
) -> Figures:
    """Stop a bare `qcluster` under load: it ends in time, and its jobs wait again, uncharged."""
    hold = threading.Event()
    installation.sites.before = until(hold)
    (host,) = installation.start_hosts(1)
    batch = installation.create(names(jobs), max_concurrent=20)
    eventually(lambda: installation.sites.now >= 20, within=60)
    started = monotonic()
    host.process.send_signal(number)
    eventually(lambda: host.process.poll() is not None, within=within)
    took = monotonic() - started
    hold.set()
    jobs_left = set(batch.jobs.values_list("status", "worker", "attempts", "started_at"))
    assert jobs_left == {("pending", None, 0, None)}
    assert set(Worker.objects.values_list("status", flat=True)) == {Worker.Status.ENDED}
    assert not host.processes()
    return {"stopped after": f"{took:.1f} s", "account": audit()[-1]}


def stopped_while_exporting(installation: Installation, *, rows: int, within: float) -> Figures:
    """Stop a cluster that writes a workbook: it ends in time, and the export continues later."""
    tenant, _ = Tenant.objects.get_or_create(pk=DEFAULT_TENANT_ID, defaults={"name": "Default"})
    user = User.objects.create_user("exporter", "exporter@example.com", "secret")
    Membership.objects.create(user=user, tenant=tenant, role=Membership.Role.MEMBER)
    ensure_domains(tenant=tenant, hosts=names(rows))
    (host,) = installation.start_hosts(1)
    output = Output(Format.XLSX)
    export = create_export(user=user, definition=DOMAINS, query="", columns=[], output=output)
    eventually(lambda: Export.objects.get().status == Export.Status.RUNNING, within=60)
    started = monotonic()
    host.process.terminate()
    eventually(lambda: host.process.poll() is not None, within=within)
    took = monotonic() - started
    export.refresh_from_db()
    stopped_at = export.row_count
    assert (export.status, export.leased_until) == (Export.Status.RUNNING, None)
    assert 0 < stopped_at < rows
    host.restart()
    eventually(lambda: not Export.objects.get().is_active, within=600)
    export.refresh_from_db()
    assert (export.status, export.row_count) == (Export.Status.COMPLETE, rows)
    return {"stopped after": f"{took:.1f} s", "rows written by then": f"{stopped_at:,} of {rows:,}"}
