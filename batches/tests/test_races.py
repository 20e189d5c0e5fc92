"""Concurrent transitions of all kinds: the counters are correct at every commit."""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from batches import housekeeping, transitions
from batches.models import Batch, Job, Worker
from batches.runner import recovery
from batches.runner.claims import ShiftLostError
from batches.runner.flush import flush
from batches.scanning.messages import ClaimedJob, Kind, Outcome, failure
from batches.services import create_batch
from batches.tests.outcomes import scanned
from batches.tests.running import claim_jobs
from batches.transitions import TransitionError
from scans.models import Scan
from scrapersky.tenants.models import Tenant
from tests.concurrency.audit import problems
from tests.processes import eventually

pytestmark = pytest.mark.django_db(transaction=True)
Act = Callable[[random.Random], None]
SEED = 11


class Party:
    """Threads that act repeatedly, each on its own connection, until stopped."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.errors: list[BaseException] = []
        self.acts = 0

    @contextmanager
    def of(self, *acts: Act) -> Iterator[None]:
        threads = [
            threading.Thread(target=self._act, args=(act, SEED + number))
            for number, act in enumerate(acts)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.over.set()
            for thread in threads:
                thread.join()

    def _act(self, act: Act, seed: int) -> None:
        chance = random.Random(seed)
        try:
            while not self.over.is_set():
                act(chance)
                self.acts += 1
        except BaseException as error:  # shown by the test
            self.errors.append(error)
            self.over.set()
        finally:
            connection.close()


class WorkerThreads:
    """Workers that claim jobs and end them in every possible way."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.hired = 0

    def work(self, chance: random.Random) -> None:
        self.hired += 1
        worker = Worker.begin(host=f"{threading.get_ident()}-{self.hired}", pid=1)
        assert worker
        with suppress(ShiftLostError):
            for _ in range(4):
                Batch.objects.start()
                jobs = claim_jobs(worker, self.batch, ceiling=3)
                begun = {(job.id, job.claim_no): timezone.now() for job in jobs}
                Job.objects.begin(worker, begun if chance.random() < 0.5 else {})
                flush(worker, [outcome for job in jobs if (outcome := end(job, chance))])
        held = Job.objects.filter(worker=worker)
        if chance.random() < 0.5:
            held.release()
            worker.end()


def end(job: ClaimedJob, chance: random.Random) -> Outcome | None:
    """Complete a job, fail it, lose it with its process, or let its worker die with it."""
    now = datetime.now(UTC)
    ways = [
        lambda: scanned(job),
        lambda: scanned(job),
        lambda: failure(job, "read_timeout", "Late.", now),
        lambda: Outcome(job, Kind.LOST, b"{}", now),
        lambda: None,
    ]
    return chance.choice(ways)()


def silence(chance: random.Random) -> None:
    """Occasionally let a worker fall silent, and recover its jobs."""
    workers = list(Worker.objects.filter(status=Worker.Status.WORKING)[:3])
    if workers:
        silent = timezone.now() - timedelta(minutes=1)
        Worker.objects.filter(pk=chance.choice(workers).pk).update(heartbeat_at=silent)
    recovery.recover()


def retry_cancelled(batch: Batch) -> None:
    transitions.retry_batch(batch, reasons=["cancelled"])


def meddler(batch: Batch) -> Act:
    controlled = [
        transitions.pause_batch,
        transitions.resume_batch,
        transitions.cancel_batch,
        transitions.retry_batch,
        retry_cancelled,
    ]

    def meddle(chance: random.Random) -> None:
        with suppress(TransitionError):
            chance.choice(controlled)(fresh(batch))

    return meddle


def keep(chance: random.Random) -> None:
    transitions.settle_cancelling()
    assert housekeeping.audit() == 0, "the counters had drifted"


@pytest.fixture
def batch(default_tenant: Tenant) -> Batch:
    return create_batch(
        tenant=default_tenant, created_by=None, domains=[f"s{n}.example" for n in range(40)]
    )


def test_claims_ends_take_overs_and_controls_race_and_the_books_agree(batch: Batch) -> None:
    party, crew = Party(), WorkerThreads(batch)
    violations: list[str] = []
    looks = 0

    def look() -> bool:
        nonlocal looks
        looks += 1
        violations.extend(problems())
        return party.over.is_set() or (looks > 40 and party.acts > 150)

    with party.of(crew.work, crew.work, silence, meddler(batch), keep):
        eventually(look, within=90)
    assert party.errors == []
    assert violations == []

    with suppress(TransitionError):
        transitions.resume_batch(batch)
    with suppress(TransitionError):
        retry_cancelled(batch)
    calm = Party()
    with calm.of(crew.work, silence, keep):
        eventually(lambda: ended(batch) or calm.over.is_set(), within=60)
    assert calm.errors == []
    assert problems() == []
    assert batch.ended == batch.total == 40
    assert Scan.objects.count() == batch.completed


def ended(batch: Batch) -> bool:
    batch.refresh_from_db()
    return batch.is_ended


def test_of_two_that_cancel_at_once_one_is_told_it_was_late(batch: Batch) -> None:
    results = Tally()
    at_once([results.trying(lambda: transitions.cancel_batch(fresh(batch))) for _ in range(4)])
    assert (results.done, results.refused) == (1, 3)
    assert problems() == []


def test_of_many_that_retry_at_once_each_job_is_retried_once(batch: Batch) -> None:
    transitions.cancel_batch(batch)
    results = Tally()
    at_once([results.trying(lambda: retry_cancelled(fresh(batch))) for _ in range(4)])
    assert results.done == 1
    assert (fresh(batch).status, fresh(batch).cancelled) == ("running", 0)
    assert problems() == []


def fresh(batch: Batch) -> Batch:
    return Batch.objects.get(pk=batch.pk)


class Tally:
    """Count how often an action succeeded and how often it was refused."""

    def __init__(self) -> None:
        self.done = self.refused = 0
        self._lock = threading.Lock()

    def trying(self, action: Callable[[], object]) -> Callable[[], None]:
        def attempt() -> None:
            try:
                action()
            except TransitionError:
                with self._lock:
                    self.refused += 1
            else:
                with self._lock:
                    self.done += 1

        return attempt


def at_once(actions: list[Callable[[], None]]) -> None:
    """Run actions in threads that start together."""
    gate = threading.Barrier(len(actions))

    def run(action: Callable[[], None]) -> None:
        gate.wait()
        try:
            action()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
